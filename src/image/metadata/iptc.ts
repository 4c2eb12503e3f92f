/* IPTC-IIM (4.2, record 2 "Application"), alone or in the image resources that Photoshop writes into JPEG and TIFF. */
import type { FoundFields } from './exif.js'
import { type FoundText, parseDate } from './text.js'

const maxDatasets = 2_000

/* Record 1 dataset 90 says which character set the texts are in: ESC % G is UTF-8. */
const utf8Mark = '\x1b%G'

const datasets: Readonly<Record<number, keyof FoundFields>> = {
  5: 'title',
  25: 'keywords',
  55: 'created',
  80: 'creator',
  110: 'credit',
  115: 'source',
  116: 'copyright',
  120: 'description',
}

/** Reads an IPTC record or a block of image resources; what is neither gives nothing. */
export function parseIptc(block: Uint8Array): FoundFields {
  const record = block[0] === 0x1c ? block : findResource(block)
  if (record === undefined) return {}
  const found: Partial<Record<keyof FoundFields, FoundText[]>> = {}
  let isUtf8 = false
  for (const { record: number, dataset, value } of listDatasets(record)) {
    if (number === 1 && dataset === 90) isUtf8 = String.fromCharCode(...value.subarray(0, 8)) === utf8Mark
    const field = number === 2 ? datasets[dataset] : undefined
    if (field === undefined) continue
    const text = decode(value, isUtf8)
    const shown = field === 'created' ? parseDate(text) : text
    if (shown) found[field] = [...(found[field] ?? []), { text: shown, language: 'none' }]
  }
  return found
}

interface Dataset {
  readonly record: number
  readonly dataset: number
  readonly value: Uint8Array
}

/* 0x1c, the record, the dataset, two bytes of length, the value. Lengths of more than 32,767 have a form of their own, which
   no text needs: there the list ends. */
function* listDatasets(bytes: Uint8Array): Generator<Dataset> {
  let at = 0
  for (let count = 0; count < maxDatasets && bytes[at] === 0x1c; count += 1) {
    const [record = 0, dataset = 0, high = 0xff, low = 0] = bytes.subarray(at + 1, at + 5)
    const length = high * 256 + low
    if (high >= 0x80 || at + 5 + length > bytes.length) return
    yield { record, dataset, value: bytes.subarray(at + 5, at + 5 + length) }
    at += 5 + length
  }
}

/* "8BIM", the number of the resource, a name of even length, four bytes of length, the data of even length (Adobe Photoshop
   File Formats Specification, "Image Resource Blocks"). 0x0404 is the IPTC record. */
function findResource(bytes: Uint8Array): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isMark = (at: number) => at + 12 <= bytes.length && view.getUint32(at) === 0x3842494d
  let at = Math.max(0, new TextDecoder('latin1').decode(bytes.subarray(0, 64)).indexOf('8BIM'))
  for (let count = 0; count < maxDatasets && isMark(at); count += 1) {
    const nameBytes = ((bytes[at + 6] ?? 0) + 2) & ~1
    const lengthAt = at + 6 + nameBytes
    if (lengthAt + 4 > bytes.length) return undefined
    const length = view.getUint32(lengthAt)
    const start = lengthAt + 4
    if (view.getUint16(at + 4) === 0x0404) return bytes.subarray(start, start + length)
    at = start + length + (length % 2)
  }
  return undefined
}

// Many programs write UTF-8 and do not say so.
function decode(value: Uint8Array, isUtf8: boolean): string {
  try {
    return new TextDecoder('utf-8', { fatal: !isUtf8 }).decode(value)
  } catch {
    return new TextDecoder('windows-1252').decode(value)
  }
}
