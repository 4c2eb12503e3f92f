/* The decoded samples of a region: the tiles that it touches, decoded side by side and put together. */
import { discard } from '../../discard.js'
import type { Box } from '../../protocol/geometry.js'
import { type DecodedTile, decodeTile, decodeTileNow, isQuicklyDecoded } from './decode.js'
import type { TiffDirectory } from './directory.js'
import type { TiffFile } from './open.js'
import { listTiles, spanTiles } from './subset.js'
import { lendTileBytes, readTileRange } from './tile.js'

/** Decoded samples of a region, interleaved. */
export interface DecodedRegion extends Samples {
  /** Whether nobody else holds the memory. */
  readonly isOwn: boolean
}

type Samples = Extract<DecodedTile, { readonly kind: 'samples' }>

/**
 * Decodes `box`; `undefined` where a tile is not stored, or of a kind that is left to libvips.
 *
 * @throws {@link SourceError} when a tile is damaged or not inside the file.
 */
export async function decodeRegion(
  file: TiffFile,
  directory: TiffDirectory,
  box: Box,
  signal?: AbortSignal,
): Promise<DecodedRegion | undefined> {
  const { layout } = directory
  const span = spanTiles(layout, box)
  const indices = listTiles(layout, span)
  const [only] = indices
  const now = only !== undefined && indices.length === 1 ? decodeNow(file, directory, only) : undefined
  const tiles = now ? [now] : await decodeTiles(file, directory, indices, signal)
  const first = tiles[0]
  if (first === undefined) return undefined
  const { channels, depth } = first
  const isWhole = tiles.length === 1 && first.width === box.width && first.height === box.height
  if (isWhole) return first
  const region = new Uint8Array(box.width * box.height * channels * (depth / 8))
  for (const [at, tile] of tiles.entries()) {
    if (tile === undefined) return undefined
    const x = (span.column + (at % span.columns)) * layout.width - box.x
    const y = (span.row + Math.floor(at / span.columns)) * layout.height - box.y
    place(region, box, tile, x, y)
    if (tile.isOwn) discard(tile.data)
  }
  const { width, height } = box
  return { kind: 'samples', data: region, width, height, channels, depth, isOwn: true }
}

async function decodeTiles(
  file: TiffFile,
  directory: TiffDirectory,
  indices: readonly number[],
  signal?: AbortSignal,
): Promise<(DecodedRegion | undefined)[]> {
  const stored = await readTileRange(file, directory, indices, signal)
  return Promise.all(
    stored.map(async (bytes, at) => {
      const tile = bytes && (await decodeTile(bytes, directory, indices[at] ?? 0))
      return tile?.kind === 'samples' ? { ...tile, isOwn: tile.data.buffer !== bytes?.buffer } : undefined
    }),
  )
}

/* One tile without waiting; `undefined` where that cannot be done. */
function decodeNow(file: TiffFile, directory: TiffDirectory, index: number): DecodedRegion | undefined {
  const bytes = isQuicklyDecoded(directory) ? lendTileBytes(file, directory, index) : undefined
  const tile = bytes && decodeTileNow(bytes, directory, index)
  if (tile?.kind !== 'samples') return undefined
  return { ...tile, data: tile.data.buffer === bytes?.buffer ? tile.data.slice() : tile.data, isOwn: true }
}

/* Copies the rows of `tile`, whose top left lies at `x`, `y` of the region and may lie outside of it. */
function place(region: Uint8Array, box: Box, tile: Samples, x: number, y: number): void {
  const pixel = tile.channels * (tile.depth / 8)
  const left = Math.max(0, -x)
  const right = Math.min(tile.width, box.width - x)
  const bottom = Math.min(tile.height, box.height - y)
  for (let row = Math.max(0, -y); row < bottom; row += 1) {
    const from = (row * tile.width + left) * pixel
    const to = ((y + row) * box.width + x + left) * pixel
    region.set(tile.data.subarray(from, from + (right - left) * pixel), to)
  }
}
