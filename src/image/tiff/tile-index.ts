/* Where tiles and strips are stored. The lists of their positions may be megabytes long: only the entries that are asked
   for are read, in blocks. */
import { type ByteRange, checkRange, maxCachedBytes } from './blocks.js'
import { createDamage } from './damage.js'
import type { TiffDirectory } from './directory.js'
import { createView, fieldRange, parseValue, type TiffField, valueBytes } from './fields.js'
import { countTiles, rowBytes } from './layout.js'
import type { TiffFile } from './open.js'

/** What no tile, nor tiles that are read together, may have more of. */
export const maxTileBytes: number = 256 * 2 ** 20
// A compressed tile may be larger than its pixels, but not by much: headers, tables, a profile in each tile.
const tileOverheadBytes = 64 * 1024

function entryRange(field: TiffField, index: number): ByteRange {
  const length = valueBytes(field)
  return { offset: field.offset + index * length, length }
}

/** Brings the list entries at `one` and `two` in: together where one read holds both. */
async function readEntries(
  { bytes }: TiffFile,
  one: ByteRange,
  two: ByteRange,
  signal?: AbortSignal,
): Promise<[Uint8Array, Uint8Array]> {
  const start = Math.min(one.offset, two.offset)
  const end = Math.max(one.offset + one.length, two.offset + two.length)
  if (end - start > maxCachedBytes) return Promise.all([bytes.read(one, signal), bytes.read(two, signal)])
  const both = await bytes.read({ offset: start, length: end - start }, signal)
  const cut = ({ offset, length }: ByteRange) => both.subarray(offset - start, offset - start + length)
  return [cut(one), cut(two)]
}

/**
 * Finds where the tile or strip `index` is stored; `undefined` for a tile that is not stored at all (sparse files).
 *
 * @throws {@link SourceError} when it is not inside the file, or longer than its pixels could ever make it.
 */
export async function locateTile(
  file: TiffFile,
  directory: TiffDirectory,
  index: number,
  signal?: AbortSignal,
): Promise<ByteRange | undefined> {
  const { one, two } = findEntries(directory, index)
  const here = file.bytes.peek(one)
  const long = file.bytes.peek(two)
  if (here && long) return parseEntries(file, directory, index, here, long)
  return parseEntries(file, directory, index, ...(await readEntries(file, one, two, signal)))
}

/* Where the position and the length of a tile are listed. */
function findEntries(
  { index: lists, layout }: TiffDirectory,
  index: number,
): Record<'one' | 'two', ByteRange> {
  if (lists === undefined) throw createDamage('it does not list its tiles or strips')
  if (!(index >= 0 && index < countTiles(layout))) throw createDamage(`it has no tile ${index}`)
  return { one: entryRange(lists.offsets, index), two: entryRange(lists.byteCounts, index) }
}

function parseEntries(
  { bytes, littleEndian }: TiffFile,
  { index: lists, layout, bitsPerSample }: TiffDirectory,
  index: number,
  here: Uint8Array,
  long: Uint8Array,
): ByteRange | undefined {
  if (lists === undefined) return undefined
  const offset = parseValue(createView(here), 0, lists.offsets.type, littleEndian)
  const length = parseValue(createView(long), 0, lists.byteCounts.type, littleEndian)
  if (offset === 0 || length === 0) return undefined
  checkRange({ offset, length }, bytes.size, `tile ${index}`)
  const pixelBytes = rowBytes(layout, bitsPerSample) * layout.height
  if (length > Math.min(2 * pixelBytes + tileOverheadBytes, maxTileBytes)) {
    throw createDamage(`tile ${index} has ${length} bytes for ${pixelBytes} bytes of pixels`)
  }
  return { offset, length }
}

/* Lists that are longer than this together are left where they are: an image with so many tiles is seldom seen whole. */
const maxListBytes = 2 ** 20

/**
 * Reads the lists of all tiles of some directories once, so that a source that is far away and keeps what it has fetched
 * has them at hand when a tile is asked for.
 *
 * @throws {@link SourceError} when they are not inside the file.
 */
export async function fetchLists(
  { bytes }: TiffFile,
  directories: readonly TiffDirectory[],
  signal?: AbortSignal,
): Promise<void> {
  const ranges = directories.flatMap(({ index }) =>
    index ? [fieldRange(index.offsets), fieldRange(index.byteCounts)] : [],
  )
  if (ranges.reduce((sum, { length }) => sum + length, 0) > maxListBytes) return
  for (const { offset, length } of ranges) {
    for (let read = 0; read < length; read += maxCachedBytes) {
      const range = { offset: offset + read, length: Math.min(maxCachedBytes, length - read) }
      if (bytes.peek(range) === undefined) await bytes.read(range, signal)
    }
  }
}

/**
 * As {@link locateTile}, without waiting; `undefined` also where the lists are not at hand.
 *
 * @throws {@link SourceError} as {@link locateTile}.
 */
export function locateTileSync(
  file: TiffFile,
  directory: TiffDirectory,
  index: number,
): ByteRange | undefined {
  const { one, two } = findEntries(directory, index)
  const here = file.bytes.peek(one)
  const long = here && file.bytes.peek(two)
  return here && long && parseEntries(file, directory, index, here, long)
}
