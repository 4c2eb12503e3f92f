/* Tiles and sizes: what info.json tells viewers to ask for (Image API 3.0 sections 5.3 and 5.4, implementation note on
   tiles). Where the source is a pyramid these are its own tiles and its own sizes, so that viewers ask for what is
   stored. */
import { type Box, ceilDivide, type Dimensions, scaleSide } from './geometry.js'
import { isWithinLimits, type Limits } from './limits.js'

/** One entry of `tiles`. */
export interface TileSet {
  /** The width of a tile, in pixels. */
  readonly width: number
  /** The height of a tile, in pixels. */
  readonly height: number
  /** How many pixels of the full image one pixel of a tile stands for. */
  readonly scaleFactors: readonly number[]
}

/** What an image tells about how it is stored; sizes are upright. */
export interface StoredSizes extends Dimensions {
  /** The stored resolutions, the largest first; absent or one where the image is no pyramid. */
  readonly levels?: readonly (Dimensions & { readonly scaleFactor: number })[]
  /** The size of the stored tiles. */
  readonly tile?: Dimensions
}

/** The side of tiles where the source has none of its own, in pixels. */
export const defaultTileSize = 512

/** Sizes are listed down to the one whose longer side is the last of at least this many pixels. */
const smallestListed = 64

/** The tiles of an image, no larger than the limits allow. */
export function listTiles(image: StoredSizes, limits: Limits, tileSize: number = defaultTileSize): TileSet[] {
  const tile = boundTile(image.tile ?? { width: tileSize, height: tileSize }, limits)
  const stored =
    image.levels && image.levels.length > 1 ? image.levels.map(level => level.scaleFactor) : undefined
  const whole = stored?.every(Number.isInteger) ? stored : undefined
  return [{ ...tile, scaleFactors: whole ?? listScaleFactors(image, tile) }]
}

// 5.2: sizes and tiles MUST keep within the limits; a tile that does not shrinks to the largest square that does.
function boundTile(tile: Dimensions, limits: Limits): Dimensions {
  if (isWithinLimits(tile, limits)) return tile
  const side = Math.min(limits.maxWidth, limits.maxHeight, Math.floor(Math.sqrt(limits.maxArea)))
  return { width: Math.min(tile.width, side), height: Math.min(tile.height, side) }
}

/** Powers of two, until one tile holds the whole image. */
export function listScaleFactors(image: Dimensions, tile: Dimensions): number[] {
  const factors = [1]
  for (let factor = 1; image.width > tile.width * factor || image.height > tile.height * factor; ) {
    factor *= 2
    factors.push(factor)
  }
  return factors
}

/** The preferred sizes of the whole image within the limits, the smallest first. */
export function listSizes(image: StoredSizes, limits: Limits): Dimensions[] {
  const sizes: Dimensions[] = []
  if (image.levels && image.levels.length > 1) {
    for (const { width, height } of image.levels) sizes.unshift({ width, height })
  } else {
    for (
      let factor = 1;
      factor === 1 || Math.max(image.width, image.height) / factor >= smallestListed;
      factor *= 2
    ) {
      const width = ceilDivide(image.width, factor)
      sizes.unshift({ width, height: scaleSide(image.height, image.width, width) })
    }
  }
  return sizes.filter(size => isWithinLimits(size, limits))
}

/** One tile of an image: what a viewer asks for. */
export interface Tile {
  /** The region, in pixels of the full image. */
  readonly region: Box
  /** The size to ask for. */
  readonly size: Dimensions
}

/** The tile in a column and a row at a scale factor, by the arithmetic that viewers use (3.0, implementation notes). */
export function locateTile(
  image: Dimensions,
  tile: Dimensions,
  scaleFactor: number,
  column: number,
  row: number,
): Tile {
  const x = column * tile.width * scaleFactor
  const y = row * tile.height * scaleFactor
  const width = Math.min(tile.width * scaleFactor, image.width - x)
  const height = Math.min(tile.height * scaleFactor, image.height - y)
  return {
    region: { x, y, width, height },
    size: { width: ceilDivide(width, scaleFactor), height: ceilDivide(height, scaleFactor) },
  }
}

/** All tiles of an image at a scale factor, row by row. */
export function* listTileGrid(image: Dimensions, tile: Dimensions, scaleFactor: number): Generator<Tile> {
  const columns = ceilDivide(image.width, tile.width * scaleFactor)
  const rows = ceilDivide(image.height, tile.height * scaleFactor)
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1)
      yield locateTile(image, tile, scaleFactor, column, row)
  }
}
