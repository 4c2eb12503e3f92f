/* Whether a pyramid is what it should be: its pixels against those of the source, and whether its tiles can be sent as
   they are stored. */
import { join } from 'node:path'
import sharp from 'sharp'
import type { Box } from '../protocol/geometry.js'
import { throwIfAborted } from './failure.js'
import { localFile } from './local-file.js'
import { type PixelFile, preparePixels, untilAborted, type Watching } from './pyramid-encode.js'
import type { PyramidPlan } from './pyramid-plan.js'
import { openReader } from './reader.js'

/** How far the pixels of two images are apart, in steps of 8 bits: from 0 to 255. */
export interface Comparison {
  /** On average. */
  readonly mean: number
  /** On average in the tile where they are the farthest apart: one broken tile of many hides in the mean of all. */
  readonly worstTile: number
  /** In the sample where they are the farthest apart; JPEG may be far off at the edges of strong colours. */
  readonly max: number
}

/** What is compared. */
export interface Compared {
  /** The source, or its pixels. */
  readonly image: PixelFile
  /** The path of the pyramid. */
  readonly pyramid: string
  /** A folder for the pixels of the source, which take as much space there as they are. */
  readonly workshop: string
}

/** How much the average of one tile may be above the average of all. */
const tileTolerance = 4

/** Whether two images are as close as a bound for their mean difference says. */
export function isWithin({ mean, worstTile }: Comparison, bound: number): boolean {
  return mean <= bound && worstTile <= bound * tileTolerance
}

/**
 * Compares a pyramid with its source, tile by tile. The source is decoded once, into a file without compression, so that
 * memory does not grow with it.
 */
export async function comparePyramid(
  { image, pyramid, workshop }: Compared,
  { onProgress, signal }: Watching,
): Promise<Comparison> {
  const reference = join(workshop, 'reference.tif')
  const { tile, levels, space } = image.plan
  const pixels = preparePixels(image)
  // Without compression files grow beyond 4 GiB where others do not.
  const layout = { tile: true, tileWidth: tile, tileHeight: tile, bigtiff: true } as const
  await untilAborted(pixels.tiff({ compression: 'none', ...layout }).toFile(reference), signal)
  const boxes = [...listBoxes(levels[0], tile)]
  let [sum, samples, worstTile, max] = [0, 0, 0, 0]
  for (const [index, box] of boxes.entries()) {
    throwIfAborted(signal)
    const [one, two] = await Promise.all([reference, pyramid].map(file => readBox(file, box, space)))
    const apart = compareSamples(one ?? noSamples, two ?? noSamples)
    sum += apart.sum
    samples += apart.samples
    worstTile = Math.max(worstTile, apart.sum / apart.samples)
    max = Math.max(max, apart.max)
    onProgress?.((index + 1) / boxes.length)
  }
  const step = isDeep(space) ? 257 : 1
  return { mean: sum / samples / step, worstTile: worstTile / step, max: max / step }
}

/** Tells of which levels honeydew can send tiles as they are stored: tried with one tile of each. */
export async function listServedLevels(pyramid: string): Promise<readonly boolean[]> {
  const reader = await openReader(await localFile(pyramid), { maxInputPixels: Infinity })
  try {
    const served: boolean[] = []
    for (const [index, { tile, coding }] of reader.description.levels.entries()) {
      const box = tile && { x: 0, y: 0, width: tile.width, height: tile.height }
      const bytes = coding && box && (await reader.stored?.(index, box))
      served.push(bytes !== undefined)
    }
    return served
  } finally {
    await reader.close()
  }
}

type Samples = Uint8Array | Uint16Array

const noSamples = new Uint8Array()

function isDeep(space: PyramidPlan['space']): boolean {
  return space === 'rgb16' || space === 'grey16'
}

async function readBox(path: string, box: Box, space: PyramidPlan['space']): Promise<Samples> {
  const data = await sharp(path, { ignoreIcc: true, limitInputPixels: false, failOn: 'warning' })
    .extract({ left: box.x, top: box.y, width: box.width, height: box.height })
    .toColourspace(space)
    .raw({ depth: isDeep(space) ? 'ushort' : 'uchar' })
    .toBuffer()
  return isDeep(space) ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2) : data
}

function compareSamples(one: Samples, two: Samples): { sum: number; samples: number; max: number } {
  if (one.length !== two.length || one.length === 0) return { sum: Infinity, samples: 1, max: Infinity }
  let sum = 0
  let max = 0
  for (let at = 0; at < one.length; at += 1) {
    const apart = Math.abs((one[at] ?? 0) - (two[at] ?? 0))
    sum += apart
    if (apart > max) max = apart
  }
  return { sum, samples: one.length, max }
}

function* listBoxes(
  { width, height }: { readonly width: number; readonly height: number },
  tile: number,
): Generator<Box> {
  for (let y = 0; y < height; y += tile) {
    for (let x = 0; x < width; x += tile)
      yield { x, y, width: Math.min(tile, width - x), height: Math.min(tile, height - y) }
  }
}
