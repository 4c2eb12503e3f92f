/* Opens a TIFF file: its header, the chain of its directories and their SubIFDs (TIFF 6.0 section 2, BigTIFF, Technical
   Note 1). A file may lie about everything here, so what is followed is counted and never followed twice. */
import type { ImageSource } from '../../contracts.js'
import { type ByteRange, createBlockReader, maxCachedBytes } from './blocks.js'
import { createDamage } from './damage.js'
import { buildDirectory, type TiffDirectory, type TiffPlace } from './directory.js'
import {
  createView,
  parseFields,
  parseLong8,
  readNumbers,
  readText,
  type TiffFields,
  type TiffNumbers,
  type TiffScope,
} from './fields.js'
import { tags } from './tags.js'

/** An open TIFF file; it holds nothing that must be given back. */
export interface TiffFile extends TiffScope {
  /** The directories of the main chain in their order; those without an image are left out. */
  readonly directories: readonly TiffDirectory[]
}

const maxDirectories = 4096
const maxEntries = 1024
const maxOpenBytes = 128 * 2 ** 20
const maxRangeBytes = 16 * 2 ** 20

interface Visit {
  readonly scope: TiffScope
  readonly seen: Set<number>
  readonly signal: AbortSignal | undefined
}

interface Parts {
  readonly fields: TiffFields
  readonly numbers: TiffNumbers
  readonly next: number
}

async function readHeader(source: ImageSource, signal?: AbortSignal): Promise<[TiffScope, number]> {
  const bytes = createBlockReader(source)
  const start = await bytes.read({ offset: 0, length: 8 }, signal)
  const order = start[0]
  if (order !== start[1] || (order !== 0x49 && order !== 0x4d)) {
    throw createDamage('it begins neither with "II" nor with "MM"')
  }
  const littleEndian = order === 0x49
  const view = createView(start)
  const version = view.getUint16(2, littleEndian)
  if (version === 42) return [{ littleEndian, bigTiff: false, bytes }, view.getUint32(4, littleEndian)]
  if (version !== 43 || view.getUint16(4, littleEndian) !== 8) {
    throw createDamage(`its version is ${version}; expected 42, or 43 with offsets of 8 bytes`)
  }
  const rest = await bytes.read({ offset: 8, length: 8 }, signal)
  return [{ littleEndian, bigTiff: true, bytes }, parseLong8(createView(rest), 0, littleEndian)]
}

/** Reads the entries of the directory at `offset` and where the next one is. */
async function readParts(offset: number, { scope, seen, signal }: Visit): Promise<Parts> {
  const { littleEndian, bigTiff, bytes } = scope
  if (seen.has(offset)) throw createDamage(`its directories form a loop at byte ${offset}`)
  if (seen.size >= maxDirectories) throw createDamage(`it has more than ${maxDirectories} directories`)
  if (bytes.fetchedBytes() > maxOpenBytes)
    throw createDamage('its directories are scattered over too many bytes')
  seen.add(offset)
  const head = createView(await bytes.read({ offset, length: bigTiff ? 8 : 2 }, signal))
  const count = bigTiff ? parseLong8(head, 0, littleEndian) : head.getUint16(0, littleEndian)
  if (count > maxEntries) throw createDamage(`a directory has ${count} fields, more than ${maxEntries}`)
  const length = count * (bigTiff ? 20 : 12)
  const start = offset + head.byteLength
  const body = await bytes.read({ offset: start, length: length + (bigTiff ? 8 : 4) }, signal)
  const fields = parseFields(body.subarray(0, length), start, scope)
  const view = createView(body)
  const next = bigTiff ? parseLong8(view, length, littleEndian) : view.getUint32(length, littleEndian)
  return { fields, numbers: await readNumbers(fields, scope, signal), next }
}

async function readDirectory(
  { fields, numbers }: Parts,
  place: TiffPlace,
  { scope, signal }: Visit,
): Promise<TiffDirectory> {
  const description = await readText(fields.get(tags.ImageDescription), scope, signal)
  const software = await readText(fields.get(tags.Software), scope, signal)
  const texts = { ...(description && { description }), ...(software && { software }) }
  return buildDirectory(fields, numbers, texts, place)
}

function hasImage({ fields }: Parts): boolean {
  return fields.has(tags.ImageWidth) || fields.has(tags.ImageLength)
}

async function readSubdirectories(parts: Parts, page: number, visit: Visit): Promise<TiffDirectory[]> {
  const found: TiffDirectory[] = []
  const offsets = parts.numbers.get(tags.SubIFDs) ?? []
  const { littleEndian } = visit.scope
  for (const [subifd, offset] of offsets.entries()) {
    if (offset === 0) continue
    const sub = await readParts(offset, visit)
    // SubIFDs of SubIFDs exist in theory only; they are not followed.
    if (!hasImage(sub)) continue
    const place = { offset, littleEndian, page, subifd, subdirectories: [] }
    found.push(await readDirectory(sub, place, visit))
  }
  return found
}

/**
 * Opens a TIFF or BigTIFF file and reads its directories; indexes of tiles and metadata are left where they are.
 *
 * @throws {@link SourceError} when the file is damaged, or larger in structure than any honest file.
 */
export async function openTiff(source: ImageSource, signal?: AbortSignal): Promise<TiffFile> {
  const [scope, first] = await readHeader(source, signal)
  const visit: Visit = { scope, seen: new Set(), signal }
  const directories: TiffDirectory[] = []
  for (let offset = first, page = 0; offset !== 0; page += 1) {
    const parts = await readParts(offset, visit)
    if (hasImage(parts)) {
      const subdirectories = await readSubdirectories(parts, page, visit)
      const place = { offset, littleEndian: scope.littleEndian, page, subdirectories }
      directories.push(await readDirectory(parts, place, visit))
    }
    offset = parts.next
  }
  if (directories.length === 0) throw createDamage('it holds no image')
  return { ...scope, directories }
}

/**
 * Reads a part of the file that a directory points to: JPEG tables, an ICC profile, XMP, IPTC; at most 16 MiB.
 *
 * @throws {@link SourceError} when it is longer, or not inside the file.
 */
export async function readRange(file: TiffFile, range: ByteRange, signal?: AbortSignal): Promise<Uint8Array> {
  if (range.length > maxRangeBytes) throw createDamage(`a part of its metadata has ${range.length} bytes`)
  if (range.length > maxCachedBytes) return file.bytes.readThrough(range, signal)
  // Copied: cached bytes belong to the cache.
  return new Uint8Array(file.bytes.peek(range) ?? (await file.bytes.read(range, signal)))
}
