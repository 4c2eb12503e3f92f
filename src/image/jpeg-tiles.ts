/* JPEG tiles of a TIFF, sent as they are, cut and joined: reads the bytes and leaves the joining to a joiner, in this
   thread where it is short, in another where it would hold up others. */
import type { StoredBytes } from '../contracts.js'
import type { Box, Dimensions } from '../protocol/geometry.js'
import type { Allocate } from './allocator.js'
import type { Joiner } from './joiner.js'
import type { JpegColour } from './jpeg/colour.js'
import type { JoinPlan } from './jpeg/join.js'
import { isPlainTile, spliceTables } from './jpeg/splice.js'
import { maxWholePixels } from './stored.js'
import type { TiffDirectory } from './tiff/directory.js'
import { findTile } from './tiff/layout.js'
import type { TiffFile } from './tiff/open.js'
import { listTiles, spanTiles, type TileSpan } from './tiff/subset.js'
import { lendTileBytes, prefetchTile, readTileBytes, readTileRange } from './tiff/tile.js'
import { locateTileSync } from './tiff/tile-index.js'

/** The tiles of one level and what is needed to make images of them. */
export interface JpegTiles {
  /** The file. */
  readonly file: TiffFile
  /** The directory of the level. */
  readonly directory: TiffDirectory
  /** What the components of the tiles are. */
  readonly colour: JpegColour
  /** The tables that the tiles share. */
  readonly tables: Uint8Array | undefined
  /** What stands in front of each tile when it is sent. */
  readonly prefix: Uint8Array
}

/**
 * Makes a JPEG of `box` without decoding; `undefined` where a tile is not stored.
 *
 * @param wholePixels - beyond this many pixels the bytes come in pieces
 * @throws {@link SourceError} where tiles are damaged or cannot be joined without decoding.
 */
export async function assembleJpeg(
  tiles: JpegTiles,
  box: Box,
  joiner: Joiner,
  signal?: AbortSignal,
  wholePixels: number = maxWholePixels,
): Promise<StoredBytes | undefined> {
  const { file, directory, colour, tables } = tiles
  const { layout } = directory
  if (isWholeTile(layout, box)) {
    const bytes = await readTileBytes(file, directory, findTile(layout, box.x, box.y), signal)
    return bytes && spliceTables(bytes, tables, colour, { size: layout })
  }
  const span = spanTiles(layout, box)
  const plan = createPlan(layout, span, box, tiles)
  if (box.width * box.height > wholePixels) return streamRows(tiles, span, plan, joiner, signal)
  return joinStored(tiles, span, stored => joiner.join(stored, plan, signal), signal)
}

/**
 * Gives one tile, or a part that is cut out of one, without waiting; `undefined` where that cannot be done now.
 *
 * @throws {@link SourceError} where the tile is damaged, or cannot be cut without decoding.
 */
export function takeJpeg(
  tiles: JpegTiles,
  box: Box,
  joiner: Joiner,
  allocate: Allocate = joiner.allocate,
): Uint8Array | undefined {
  return isWholeTile(tiles.directory.layout, box)
    ? takeTile(tiles, box, allocate)
    : cutTile(tiles, box, joiner)
}

/** Fetches what {@link takeJpeg} needs; `undefined` where that is of no use, or more than one tile. */
export function prefetchJpeg(
  { file, directory }: JpegTiles,
  box: Box,
  signal?: AbortSignal,
): Promise<void> | undefined {
  const { layout } = directory
  const { columns, rows } = spanTiles(layout, box)
  if (columns !== 1 || rows !== 1) return undefined
  return prefetchTile(file, directory, findTile(layout, box.x, box.y), signal)
}

function isWholeTile({ width, height }: Dimensions, box: Box): boolean {
  return box.width === width && box.height === height && box.x % width === 0 && box.y % height === 0
}

/* The tile is read to where it belongs, right behind what stands in front of all tiles: most often nothing is copied. */
function takeTile(
  { file, directory, colour, tables, prefix }: JpegTiles,
  box: Box,
  allocate: Allocate,
): Uint8Array | undefined {
  const { layout } = directory
  const range = locateTileSync(file, directory, findTile(layout, box.x, box.y))
  if (range === undefined || range.length < 4) return undefined
  // The SOI of the tile falls on the last two bytes of the prefix, and these are written over it again.
  const start = prefix.length - 2
  const bytes = allocate(start + range.length)
  const tile = bytes.subarray(start)
  if (!file.bytes.fillSync(tile, range.offset)) return undefined
  if (!isPlainTile(bytes, start, layout, colour)) {
    return spliceTables(tile, tables, colour, { size: layout, allocate })
  }
  bytes.set(prefix)
  return bytes
}

/** A tile of more bytes is cut when it is its turn: half a millisecond of work is the most that goes before others. */
const maxCutBytes = 100_000

function cutTile(tiles: JpegTiles, box: Box, joiner: Joiner): Uint8Array | undefined {
  const { file, directory } = tiles
  const { layout } = directory
  const span = spanTiles(layout, box)
  if (span.columns !== 1 || span.rows !== 1) return undefined
  const tile = lendTileBytes(file, directory, findTile(layout, box.x, box.y), maxCutBytes)
  return tile && joiner.joinNow([tile], createPlan(layout, span, box, tiles))
}

function createPlan(tile: Dimensions, span: TileSpan, box: Box, { colour, tables }: JpegTiles): JoinPlan {
  return {
    tile: { width: tile.width, height: tile.height },
    columns: span.columns,
    box: { ...box, x: box.x - span.column * tile.width, y: box.y - span.row * tile.height },
    colour,
    ...(tables ? { tables } : {}),
  }
}

async function readStored(
  { file, directory }: JpegTiles,
  span: TileSpan,
  signal?: AbortSignal,
): Promise<Uint8Array[] | undefined> {
  const stored = await readTileRange(file, directory, listTiles(directory.layout, span), signal)
  return stored.every(tile => tile !== undefined) ? stored : undefined
}

/* What is joined is a copy: the tiles themselves are given back when it is made. */
async function joinStored(
  tiles: JpegTiles,
  span: TileSpan,
  join: (stored: readonly Uint8Array[]) => Promise<Uint8Array>,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  const stored = await readStored(tiles, span, signal)
  try {
    return stored && (await join(stored))
  } finally {
    for (const tile of stored ?? []) tiles.file.bytes.release(tile)
  }
}

/* The first row is made before anything is promised: what cannot be joined mostly shows there. */
async function streamRows(
  tiles: JpegTiles,
  span: TileSpan,
  plan: JoinPlan,
  joiner: Joiner,
  signal?: AbortSignal,
): Promise<StoredBytes | undefined> {
  const join = joiner.begin(plan)
  const addRow = (row: number): Promise<Uint8Array | undefined> => {
    const part = { ...span, row: span.row + row, rows: 1 }
    return joinStored(tiles, part, stored => join.addRow(stored, signal), signal)
  }
  try {
    const first = await addRow(0)
    if (first === undefined) join.end()
    return first && iterateRows(first, span.rows, addRow, join.end)
  } catch (error) {
    join.end()
    throw error
  }
}

/* No generator: of one that was never started nothing would be given back. */
function iterateRows(
  first: Uint8Array,
  rows: number,
  addRow: (row: number) => Promise<Uint8Array | undefined>,
  end: () => void,
): AsyncIterableIterator<Uint8Array> {
  const done: IteratorResult<Uint8Array> = { done: true, value: undefined }
  let row = 0
  const nextRow = async (): Promise<Uint8Array> => {
    const bytes = row === 0 ? first : await addRow(row)
    row += 1
    // A body that has begun cannot be made another way: it breaks off, and the connection with it.
    if (bytes === undefined) throw new Error(`row ${row} of the tiles is not stored`)
    return bytes
  }
  let hasEnded = false
  const stop = async (): Promise<IteratorResult<Uint8Array>> => {
    row = rows
    if (!hasEnded) end()
    hasEnded = true
    return done
  }
  return {
    async next() {
      if (row >= rows) return stop()
      try {
        return { done: false, value: await nextRow() }
      } catch (error) {
        await stop()
        throw error
      }
    },
    return: stop,
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
