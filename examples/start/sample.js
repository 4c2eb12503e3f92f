/* The sample file: the picture of picture.js as a tiled pyramid, made once. It is made in a folder of its own and moved
   to its name when it is whole, so that a run that was killed leaves nothing half behind. */
import { once } from 'node:events'
import { access, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import sharp from 'sharp'
import { stripRows, tiffHeader } from './strips.js'

/**
 * @typedef {object} SampleOptions
 * @property {import('./picture.js').Size} [size] - 113 megapixels, unless told otherwise
 * @property {(part: number) => void} [onProgress] - hears how much is done, from 0 to 1
 * @property {AbortSignal} [signal] - stops the work
 */

const fullSize = { width: 12_288, height: 9_216 }
// What remains after the last row is rendered: encoding the tiles of all levels.
const renderingShare = 0.95
const leftoverAgeMs = 60 * 60 * 1000

/**
 * Makes `sample.tif` in `folder`, unless it is there.
 *
 * @param {string} folder
 * @param {SampleOptions} [options]
 * @returns {Promise<string>} the path of the file
 */
export async function createSample(folder, { size = fullSize, onProgress, signal } = {}) {
  const path = join(folder, 'sample.tif')
  if (await exists(path)) return path
  await removeLeftovers(folder)
  const workshop = await mkdtemp(`${folder}-`)
  try {
    const strips = join(workshop, 'strips.tif')
    const pyramid = join(workshop, 'pyramid.tif')
    await renderStrips(strips, size, done => onProgress?.(done * renderingShare), signal)
    await writePyramid(strips, pyramid)
    signal?.throwIfAborted()
    await mkdir(folder, { recursive: true })
    await rename(pyramid, path)
    onProgress?.(1)
    return path
  } finally {
    await rm(workshop, { recursive: true, force: true })
  }
}

/**
 * Renders the picture into an uncompressed TIFF. Each worker takes every n-th strip and writes it to its place, so that
 * the memory in use is a few strips, however large the picture is.
 *
 * @param {string} path
 * @param {import('./picture.js').Size} size
 * @param {(part: number) => void} onProgress
 * @param {AbortSignal | undefined} signal
 */
async function renderStrips(path, size, onProgress, signal) {
  signal?.throwIfAborted()
  const header = tiffHeader(size)
  await writeFile(path, header)
  const count = Math.ceil(size.height / stripRows)
  const every = Math.min(count, availableParallelism())
  const workers = Array.from({ length: every }, (_, first) => {
    const workerData = { path, size, first, every, start: header.length }
    return new Worker(new URL('./strips-worker.js', import.meta.url), { workerData, execArgv: [] })
  })
  const stop = () => workers.map(worker => worker.terminate())
  signal?.addEventListener('abort', stop)
  let done = 0
  for (const worker of workers) worker.on('message', () => onProgress(++done / count))
  try {
    await Promise.all(workers.map(worker => once(worker, 'exit')))
    signal?.throwIfAborted()
  } finally {
    signal?.removeEventListener('abort', stop)
    await Promise.all(stop())
  }
}

/**
 * Stores the picture as what a IIIF server likes best: JPEG tiles of 256 pixels, at every power of two.
 *
 * @param {string} from
 * @param {string} to
 */
async function writePyramid(from, to) {
  const tiles = { tile: true, tileWidth: 256, tileHeight: 256, pyramid: true }
  await sharp(from, { limitInputPixels: false })
    .tiff({ compression: 'jpeg', quality: 85, ...tiles })
    .toFile(to)
}

/**
 * Removes what killed runs have left; younger folders may belong to a run that still works.
 *
 * @param {string} folder
 */
async function removeLeftovers(folder) {
  const parent = dirname(folder)
  for (const name of await readdir(parent).catch(() => [])) {
    if (!name.startsWith(`${basename(folder)}-`)) continue
    const leftover = join(parent, name)
    const modified = await stat(leftover).then(facts => facts.mtimeMs, Date.now)
    if (Date.now() - modified > leftoverAgeMs) await rm(leftover, { recursive: true, force: true })
  }
}

/** @param {string} path */
function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  )
}
