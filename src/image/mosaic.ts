/* The squares of pixelated and blurred redactions. They belong to the rectangle, not to the request: always the same
   pixels of the same level are read, and few enough colours come of them that all requests together tell no more than
   one. */
import type { ImageDescription } from '../contracts.js'
import type { Box, Dimensions } from '../protocol/geometry.js'
import type { Colour } from './check.js'
import { toStoredBox } from './orientation.js'

/** Which pixels the squares of one rectangle are made of. */
export interface MosaicPlan {
  /** The index of the level that is read. */
  readonly level: number
  /** The pixels of the level. */
  readonly box: Box
  /** The size that they are read at. */
  readonly grid: Dimensions
  /** The number of squares side by side, in the frame of the stored pixels. */
  readonly columns: number
  /** The number of squares one above the other. */
  readonly rows: number
  /** What does not count because a surface is painted over it, in pixels of the grid. */
  readonly hidden: readonly Box[]
}

/** Pixels of eight bits in sRGB. */
export interface RgbPixels extends Dimensions {
  /** The samples, row by row. */
  readonly data: Uint8Array
  /** Samples in a pixel: three colours, and perhaps alpha. */
  readonly channels: 3 | 4
}

/** The colours of the squares, row by row. */
export type Mosaic = readonly Colour[]

/** The least side of a square, in pixels of the full image. */
const minSide = 16

/** How many pixels a square should have across on the level that is read. */
const fineness = 4

/** How many pixels a square is read at, across, at most. */
const maxFineness = 16

/**
 * Plans the squares of a rectangle.
 *
 * @param box - the rectangle, in pixels of the full upright image
 * @param cells - the most squares along its longer side
 * @param surfaces - the rectangles that are filled
 */
export function planMosaic(
  { levels, orientation }: ImageDescription,
  box: Box,
  cells: number,
  surfaces: readonly Box[],
): MosaicPlan {
  const [full] = levels
  const stored = toStoredBox(box, full, orientation)
  const side = Math.max(minSide, Math.max(stored.width, stored.height) / cells)
  const columns = Math.max(1, Math.floor(stored.width / side))
  const rows = Math.max(1, Math.floor(stored.height / side))
  const level = levels.findLastIndex(
    ({ scaleFactor }, at) =>
      at === 0 ||
      (stored.width / scaleFactor >= columns * fineness && stored.height / scaleFactor >= rows * fineness),
  )
  const part = scaleOutwards(stored, levels[level] ?? full, (levels[level] ?? full).scaleFactor)
  const grid = {
    width: Math.min(part.width, columns * maxFineness),
    height: Math.min(part.height, rows * maxFineness),
  }
  const hidden = surfaces.map(surface => toStoredBox(surface, full, orientation))
  return { level, box: part, grid, columns, rows, hidden: hidden.flatMap(at => hide(at, stored, grid)) }
}

function scaleOutwards({ x, y, width, height }: Box, level: Dimensions, factor: number): Box {
  const left = Math.min(Math.floor(x / factor), level.width - 1)
  const top = Math.min(Math.floor(y / factor), level.height - 1)
  const right = Math.max(Math.min(Math.ceil((x + width) / factor), level.width), left + 1)
  const bottom = Math.max(Math.min(Math.ceil((y + height) / factor), level.height), top + 1)
  return { x: left, y: top, width: right - left, height: bottom - top }
}

/* A surface in the grid, and what scaling to the grid mixes in around it. */
function hide(surface: Box, stored: Box, grid: Dimensions): readonly Box[] {
  const margin = 4
  const [across, down] = [grid.width / stored.width, grid.height / stored.height]
  const left = Math.max(Math.floor((surface.x - stored.x) * across) - margin, 0)
  const top = Math.max(Math.floor((surface.y - stored.y) * down) - margin, 0)
  const right = Math.min(Math.ceil((surface.x + surface.width - stored.x) * across) + margin, grid.width)
  const bottom = Math.min(Math.ceil((surface.y + surface.height - stored.y) * down) + margin, grid.height)
  if (right <= left || bottom <= top) return []
  return [{ x: left, y: top, width: right - left, height: bottom - top }]
}

/** The colours of the squares: means, in eight steps a channel. A square of which nothing counts is grey. */
export function averageMosaic({ columns, rows, hidden }: MosaicPlan, pixels: RgbPixels): Mosaic {
  const { data, width, height, channels } = pixels
  const sums = new Float64Array(columns * rows * 4)
  const isHidden = (x: number, y: number) =>
    hidden.some(box => x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height)
  for (let y = 0; y < height; y += 1) {
    const row = Math.floor(((y + 0.5) / height) * rows) * columns
    for (let x = 0; x < width; x += 1) {
      if (isHidden(x, y)) continue
      const cell = (row + Math.floor(((x + 0.5) / width) * columns)) * 4
      const at = (y * width + x) * channels
      for (let channel = 0; channel < 3; channel += 1) add(sums, cell + channel, data[at + channel])
      add(sums, cell + 3, 1)
    }
  }
  return Array.from({ length: columns * rows }, (_, cell) => {
    const [r = 0, g = 0, b = 0, count = 0] = sums.subarray(cell * 4, cell * 4 + 4)
    const mean = (sum: number) => quantise(count === 0 ? 128 : sum / count)
    return { r: mean(r), g: mean(g), b: mean(b) }
  })
}

function add(sums: Float64Array, at: number, value = 0): void {
  sums[at] = (sums[at] ?? 0) + value
}

function quantise(sample: number): number {
  return Math.round((Math.min(7, Math.floor(sample / 32)) * 255) / 7)
}
