/* EXIF (2.32 section 4.6, and 3.0 for UTF-8), as much of it as describes a picture: what is told of places, of serial
   numbers and of makers' own affairs is not read. */
import type { EmbeddedField } from '../../contracts.js'
import { type IfdScope, readIfd, readWhole } from './ifd.js'
import { decodeText, type FoundText, parseDate } from './text.js'

/** What was found for each field. */
export type FoundFields = Partial<Record<EmbeddedField, readonly FoundText[]>>

const tags = {
  documentName: 0x10d,
  imageDescription: 0x10e,
  make: 0x10f,
  model: 0x110,
  software: 0x131,
  dateTime: 0x132,
  artist: 0x13b,
  copyright: 0x8298,
  exif: 0x8769,
  title: 0x9c9b,
} as const

const exifTags = { created: 0x9003, lens: 0xa434 } as const

/** Reads the EXIF block of a JPEG, PNG, WebP or AVIF; what is no EXIF gives nothing. */
export async function parseExif(block: Uint8Array): Promise<FoundFields> {
  // The marker of JPEG, which libvips keeps for all formats.
  const start = String.fromCharCode(...block.subarray(0, 6)) === 'Exif\0\0' ? 6 : 0
  const bytes = block.subarray(start)
  if (bytes.length < 8) return {}
  const littleEndian = bytes[0] === 0x49
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint16(2, littleEndian) !== 42) return {}
  const read = async (offset: number, length: number) =>
    offset + length <= bytes.length ? bytes.subarray(offset, offset + length) : undefined
  return readExif({ littleEndian, bigTiff: false, read }, view.getUint32(4, littleEndian))
}

/** Reads what a directory and its EXIF directory tell; the directories of TIFF files are such too. */
export async function readExif(scope: IfdScope, offset: number): Promise<FoundFields> {
  const main = await readIfd(scope, offset, Object.values(tags))
  const inner = readWhole(main.get(tags.exif), scope.littleEndian)
  const exif = inner === undefined ? undefined : await readIfd(scope, inner, Object.values(exifTags))
  const text = (tag: number): string => textOf(main.get(tag) ?? exif?.get(tag))
  const created = [exifTags.created, tags.dateTime].map(text).map(parseDate).find(Boolean)
  return {
    title: found(readWide(main.get(tags.title), scope) || text(tags.documentName)),
    description: found(text(tags.imageDescription)),
    // "When multiple authors are recorded, they are separated by semicolons" (section 4.6.5).
    creator: text(tags.artist).split(';').flatMap(found),
    // Section 4.6.5: the photographer's copyright, a zero, that of the editor.
    copyright: found(text(tags.copyright)),
    created: found(created ?? ''),
    camera: found(joinCamera(text(tags.make), text(tags.model))),
    lens: found(text(exifTags.lens)),
    software: found(text(tags.software)),
  }
}

/** The name of a camera: many makers say theirs in the name of the model too. */
export function joinCamera(make: string, model: string): string {
  const maker = make.trim()
  return model.toLowerCase().startsWith(maker.toLowerCase()) ? model : `${maker} ${model}`
}

function textOf(value: Uint8Array | undefined): string {
  return value === undefined ? '' : decodeText(value)
}

// Windows writes UTF-16 in the byte order of its machines into files of any order.
function readWide(value: Uint8Array | undefined, { littleEndian }: IfdScope): string {
  if (value === undefined) return ''
  const isBig = !littleEndian && value[0] === 0
  return new TextDecoder(isBig ? 'utf-16be' : 'utf-16le').decode(value).replace(/\0.*$/s, '')
}

function found(text: string): FoundText[] {
  return text.trim() === '' ? [] : [{ text, language: 'none' }]
}
