/* The work of libvips for a pyramid, and a look at how far it is. */
import { stat } from 'node:fs/promises'
import sharp, { type Sharp } from 'sharp'
import type { SourceFormat } from '../contracts.js'
import { failOnOf, throwIfAborted } from './failure.js'
import { readFrom } from './local-file.js'
import { createTileCounter } from './pyramid/tile-counter.js'
import type { PyramidPlan } from './pyramid-plan.js'

/** Who hears how far the work is, and who ends it. */
export interface Watching {
  /** Hears how much is done, from 0 to 1. */
  readonly onProgress?: ((part: number) => void) | undefined
  /** Gives the work up; libvips itself goes on for a while. */
  readonly signal?: AbortSignal | undefined
}

/** Pixels in a file, and what a pyramid shall make of them. */
export interface PixelFile {
  /** The path. */
  readonly path: string
  /** The format. */
  readonly format: SourceFormat
  /** What is made of them. */
  readonly plan: PyramidPlan
}

/** Prepares the pixels of an image as the pyramid shall have them: upright, in its colours. */
export function preparePixels({ path, format, plan }: PixelFile): Sharp {
  const image = sharp(path, {
    ignoreIcc: plan.profile !== 'convert',
    // The plan has been held against the limit.
    limitInputPixels: false,
    failOn: failOnOf(format),
  })
  if (plan.orientation !== 1) image.autoOrient()
  if (plan.isFlattened) image.flatten({ background: '#ffffff' })
  if (plan.profile === 'keep') image.keepIccProfile()
  return image.toColourspace(plan.space)
}

/** Writes the pyramid of an image. */
export async function encodePyramid(image: PixelFile, output: string, watching: Watching): Promise<void> {
  const { compression, quality, tile, bigTiff, density } = image.plan
  const perMillimetre = density === undefined ? {} : { xres: density / 25.4, yres: density / 25.4 }
  const writing = preparePixels(image)
    .tiff({
      compression,
      quality,
      predictor: 'horizontal',
      tile: true,
      tileWidth: tile,
      tileHeight: tile,
      pyramid: true,
      bigtiff: bigTiff,
      resolutionUnit: 'inch',
      ...perMillimetre,
    })
    .toFile(output)
  const stop = watchTiles(output, image.plan, watching.onProgress)
  try {
    await untilAborted(writing, watching.signal)
  } finally {
    stop()
  }
}

/** Waits for a work that cannot be stopped, and no longer than until a signal is given. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  // What becomes of the work when it was given up does not matter any more.
  work.catch(() => {})
  throwIfAborted(signal)
  let stop = () => {}
  const aborted = new Promise<void>(resolve => {
    stop = () => resolve()
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    const done = await Promise.race([work.then(value => ({ value })), aborted])
    if (done) return done.value
  } finally {
    signal.removeEventListener('abort', stop)
  }
  throwIfAborted(signal)
  return work
}

const lookMs = 200
const readBytes = 4 * 2 ** 20

/* The first level is written while the source is read; the others are copied behind it, which takes a moment. */
const firstShare = 0.95

/* Looks at what was added to the file, again and again. */
function watchTiles(
  path: string,
  { compression, levels, tile }: PyramidPlan,
  onProgress: Watching['onProgress'],
): () => void {
  const counts = levels.map(({ width, height }) => Math.ceil(width / tile) * Math.ceil(height / tile))
  const [first = 1] = counts
  const others = counts.reduce((sum, count) => sum + count, 0) - first
  const counter = createTileCounter(compression)
  let offset = 0
  return lookRepeatedly(async () => {
    let bytes: Uint8Array
    let tiles = 0
    do {
      bytes = await readFrom(path, offset, readBytes)
      offset += bytes.length
      tiles = counter.count(bytes)
    } while (bytes.length === readBytes)
    const beyond = others > 0 ? Math.max(0, tiles - first) / others : 0
    return (firstShare * Math.min(tiles, first)) / first + (1 - firstShare) * beyond
  }, onProgress)
}

/** Looks how long a file is of which it is known how long it will be. */
export function watchSize(path: string, bytes: number, onProgress: Watching['onProgress']): () => void {
  return lookRepeatedly(async () => (await stat(path)).size / bytes, onProgress)
}

function lookRepeatedly(look: () => Promise<number>, onProgress: Watching['onProgress']): () => void {
  if (!onProgress) return () => {}
  let isLooking = false
  let hasStopped = false
  const timer = setInterval(() => {
    if (isLooking) return
    isLooking = true
    look()
      .then(part => {
        if (!hasStopped) onProgress(Math.min(0.99, part))
      })
      // The file is not there yet, or not any more.
      .catch(() => {})
      .finally(() => {
        isLooking = false
      })
  }, lookMs)
  onProgress(0)
  return () => {
    hasStopped = true
    clearInterval(timer)
  }
}
