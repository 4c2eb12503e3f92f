/* A peek into the directories of a TIFF (TIFF 6.0 section 2, and BigTIFF): sizes, tiles and sub-directories of each, and
   nothing else. Every count is bounded, every offset is only ever used to read. */
import { SourceError } from '../errors.js'
import type { Dimensions } from '../protocol/geometry.js'

/** What {@link peekTiff} learns of one directory. */
export interface TiffDirectory extends Dimensions {
  /** Samples for each pixel. */
  readonly samples: number
  /** Whether the directory has an ICC profile of its own. */
  readonly hasProfile: boolean
  /** The size of the tiles; none where the image lies in strips. */
  readonly tile?: Dimensions
  /** The sub-directories, in their order. */
  readonly children: readonly TiffDirectory[]
}

/** Reads up to `length` bytes from `offset`; fewer at the end. */
export type ReadBytes = (offset: number, length: number) => Promise<Uint8Array>

const maxDirectories = 4096
const maxEntries = 4096
const maxChildren = 64
/* Most directories have some twenty entries: one read takes them in. */
const usualEntries = 48

interface Layout {
  readonly little: boolean
  readonly big: boolean
}

interface RawDirectory {
  readonly values: ReadonlyMap<number, number>
  readonly childOffsets: readonly number[]
  readonly next: number
}

const tags = {
  width: 256,
  height: 257,
  samples: 277,
  tileWidth: 322,
  tileHeight: 323,
  children: 330,
  icc: 34675,
}

/**
 * Reads the chain of directories.
 *
 * @throws {@link SourceError} where the chain is broken: an offset outside the file, a loop, no dimensions.
 */
export async function peekTiff(read: ReadBytes): Promise<readonly TiffDirectory[]> {
  const head = viewOf(await read(0, 16))
  if (head.byteLength < 8) throw damaged()
  const little = head.getUint8(0) === 0x49
  const big = head.getUint16(2, little) === 43
  if (big && head.byteLength < 16) throw damaged()
  const layout = { little, big }
  const seen = new Set<number>()
  const directories: TiffDirectory[] = []
  let offset = big ? readUint64(head, 8, little) : head.getUint32(4, little)
  while (offset !== 0 && directories.length < maxDirectories) {
    const raw = await readDirectory(read, offset, layout, seen)
    const children: TiffDirectory[] = []
    for (const child of raw.childOffsets) {
      children.push(toDirectory(await readDirectory(read, child, layout, seen), []))
    }
    directories.push(toDirectory(raw, children))
    offset = raw.next
  }
  if (directories.length === 0) throw damaged()
  return directories
}

async function readDirectory(
  read: ReadBytes,
  offset: number,
  layout: Layout,
  seen: Set<number>,
): Promise<RawDirectory> {
  if (seen.has(offset)) throw damaged()
  seen.add(offset)
  const { little, big } = layout
  const [countSize, entrySize, linkSize] = big ? [8, 20, 8] : [2, 12, 4]
  const sizeFor = (entries: number) => countSize + entries * entrySize + linkSize
  let view = viewOf(await read(offset, sizeFor(usualEntries)))
  if (view.byteLength < countSize) throw damaged()
  const count = big ? readUint64(view, 0, little) : view.getUint16(0, little)
  if (count === 0 || count > maxEntries) throw damaged()
  if (count > usualEntries) view = viewOf(await read(offset, sizeFor(count)))
  if (view.byteLength < sizeFor(count)) throw damaged()
  const values = new Map<number, number>()
  let childOffsets: readonly number[] = []
  for (let at = countSize; at < countSize + count * entrySize; at += entrySize) {
    const tag = view.getUint16(at, little)
    if (tag === tags.children) childOffsets = await readOffsets(read, view, at, layout)
    else values.set(tag, readValue(view, at, layout) ?? 0)
  }
  const link = countSize + count * entrySize
  return { values, childOffsets, next: big ? readUint64(view, link, little) : view.getUint32(link, little) }
}

/* Field types: 3 SHORT, 4 LONG, 13 IFD, 16 LONG8, 18 IFD8. */
const typeSizes: Readonly<Record<number, number>> = { 3: 2, 4: 4, 13: 4, 16: 8, 18: 8 }

/* The value of an entry with one number, which always lies in the entry itself. */
function readValue(view: DataView, at: number, { little, big }: Layout): number | undefined {
  const size = typeSizes[view.getUint16(at + 2, little)]
  return size === undefined || (size === 8 && !big)
    ? undefined
    : readNumber(view, at + (big ? 12 : 8), size, little)
}

async function readOffsets(
  read: ReadBytes,
  view: DataView,
  at: number,
  { little, big }: Layout,
): Promise<readonly number[]> {
  const size = typeSizes[view.getUint16(at + 2, little)]
  const stated = big ? readUint64(view, at + 4, little) : view.getUint32(at + 4, little)
  if (size === undefined || size === 2) return []
  const count = Math.min(stated, maxChildren)
  const slot = at + (big ? 12 : 8)
  const inline = stated * size <= (big ? 8 : 4)
  const from = big ? readUint64(view, slot, little) : view.getUint32(slot, little)
  const list = inline ? view : viewOf(await read(from, count * size))
  const start = inline ? slot : 0
  if (list.byteLength < start + count * size) throw damaged()
  return Array.from({ length: count }, (_, i) => readNumber(list, start + i * size, size, little))
}

function readNumber(view: DataView, at: number, size: number, little: boolean): number {
  if (size === 2) return view.getUint16(at, little)
  return size === 4 ? view.getUint32(at, little) : readUint64(view, at, little)
}

/* No file is so long that an offset into it is not a safe integer. */
function readUint64(view: DataView, at: number, little: boolean): number {
  const value = Number(view.getBigUint64(at, little))
  if (!Number.isSafeInteger(value)) throw damaged()
  return value
}

function toDirectory(raw: RawDirectory, children: readonly TiffDirectory[]): TiffDirectory {
  const value = (tag: number) => raw.values.get(tag) ?? 0
  const width = value(tags.width)
  const height = value(tags.height)
  if (width === 0 || height === 0) throw damaged()
  const tile = { width: value(tags.tileWidth), height: value(tags.tileHeight) }
  return {
    width,
    height,
    samples: value(tags.samples) || 1,
    hasProfile: raw.values.has(tags.icc),
    ...(tile.width > 0 && tile.height > 0 ? { tile } : {}),
    children,
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function damaged(): SourceError {
  return new SourceError(
    500,
    'source-damaged',
    'The image is damaged or cut short: its directories cannot be read.',
  )
}
