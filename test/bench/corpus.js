/* The pictures that the benchmark serves: made once, into a folder for temporary files, and kept for the next run. */
import { execFile } from 'node:child_process'
import { link, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import sharp from 'sharp'
import { tiffHeader } from '../../examples/start/strips.js'

/** @typedef {24 | 108} Megapixels */

// Whoever changes what the pictures are gives them a new number, so that nobody measures the old ones.
const version = 2
const threads = 2

/** Where the pictures are. */
export const corpusFolder = join(tmpdir(), `honeydew-bench-${version}`)

/** @type {Record<Megapixels, import('./picture.js').Size>} */
export const sizes = { 24: { width: 6000, height: 4000 }, 108: { width: 12_000, height: 9000 } }

/** How many names each picture has, so that a session has more URLs than a server would remember. */
export const names = { 24: 12, 108: 4 }

/** @type {Record<string, (strips: string, path: string) => Promise<unknown>>} */
const writers = {
  'q90.jpg': (strips, path) => read(strips).jpeg({ quality: 90 }).toFile(path),
  'progressive.jpg': (strips, path) => read(strips).jpeg({ quality: 90, progressive: true }).toFile(path),
  'plain.png': (strips, path) => read(strips).png().toFile(path),
  'plain.webp': (strips, path) => read(strips).webp({ effort: 2 }).toFile(path),
  'jpeg85-256.tif': pyramid({ compression: 'jpeg', quality: 85 }, 256),
  'jpeg85-512.tif': pyramid({ compression: 'jpeg', quality: 85 }, 512),
  'jpeg90-256.tif': pyramid({ compression: 'jpeg', quality: 90 }, 256),
  'jpeg90-512.tif': pyramid({ compression: 'jpeg', quality: 90 }, 512),
  'deflate-256.tif': pyramid({ compression: 'deflate', predictor: 'horizontal' }, 256),
  'deflate-512.tif': pyramid({ compression: 'deflate', predictor: 'horizontal' }, 512),
  'webp-256.tif': pyramid({ compression: 'webp', quality: 80 }, 256),
  'webp-512.tif': pyramid({ compression: 'webp', quality: 80 }, 512),
  'subifd-256.tif': saveSubIfds,
}

/** All pictures; WebP stops at 16,383 pixels, and the larger one would only take long. */
export const allPictures = [24, 108]
  .flatMap(size => ['strip.tif', ...Object.keys(writers)].map(kind => `${size}-${kind}`))
  .filter(name => name !== '108-plain.webp')

/**
 * Makes those of the pictures that are missing.
 *
 * @param {readonly string[]} wanted - file names
 * @param {(text: string) => void} tell - hears what is being made
 * @param {AbortSignal} signal
 * @returns {Promise<string[]>} those that cannot be made on this machine, each with the reason
 */
export async function ensureCorpus(wanted, tell, signal) {
  await mkdir(corpusFolder, { recursive: true })
  const leftOut = []
  for (const name of wanted) {
    signal.throwIfAborted()
    try {
      await ensurePicture(name, tell)
      await linkNames(name)
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (!isMissing || !name.includes('subifd')) throw error
      leftOut.push(`${name} (the program vips is not installed)`)
    }
  }
  return leftOut
}

/**
 * The names of a picture: one file, as many images.
 *
 * @param {string} name
 * @returns {string[]}
 */
export function listNames(name) {
  const count = name.startsWith('24-') ? names[24] : names[108]
  return Array.from({ length: count }, (_, i) => (i === 0 ? name : name.replace('.', `~${i}.`)))
}

/** @param {string} name */
async function linkNames(name) {
  const [first = name, ...others] = listNames(name)
  for (const other of others) {
    if (!(await exists(other))) await link(join(corpusFolder, first), join(corpusFolder, other))
  }
}

/**
 * @param {string} name
 * @param {(text: string) => void} tell
 */
async function ensurePicture(name, tell) {
  if (await exists(name)) return
  const [size = '', kind = ''] = name.split(/-(.*)/)
  const strips = `${size}-strip.tif`
  if (name !== strips) await ensurePicture(strips, tell)
  const started = performance.now()
  const part = join(corpusFolder, `${process.pid}.part`)
  try {
    if (name === strips) await paint(sizes[size === '24' ? 24 : 108], part)
    else await writers[kind]?.(join(corpusFolder, strips), part)
    await rename(part, join(corpusFolder, name))
  } finally {
    await rm(part, { force: true })
  }
  tell(`made ${name} in ${((performance.now() - started) / 1000).toFixed(1)} s`)
}

/** @param {string} name */
async function exists(name) {
  return stat(join(corpusFolder, name)).then(
    () => true,
    () => false,
  )
}

/** @param {string} path */
function read(path) {
  return sharp(path, { sequentialRead: true, limitInputPixels: false })
}

/**
 * @param {import('sharp').TiffOptions} options
 * @param {number} side
 * @returns {(strips: string, path: string) => Promise<unknown>}
 */
function pyramid(options, side) {
  const layout = { tile: true, tileWidth: side, tileHeight: side, pyramid: true }
  return (strips, path) =>
    read(strips)
      .tiff({ ...options, ...layout })
      .toFile(path)
}

/**
 * @param {string} strips
 * @param {string} path
 */
async function saveSubIfds(strips, path) {
  // vips tells the format by the extension, the atomic name has none.
  const options = 'tile,tile-width=256,tile-height=256,pyramid,subifd,compression=jpeg,Q=85'
  const named = `${path}.tif`
  await promisify(execFile)('vips', ['copy', strips, `${named}[${options}]`])
  await rename(named, path)
}

/**
 * Paints the picture without compression, in threads, strip by strip; then softens its edges as a lens does.
 *
 * @param {import('./picture.js').Size} size
 * @param {string} path
 */
async function paint(size, path) {
  const hard = `${path}.hard`
  try {
    const header = tiffHeader(size)
    const file = await open(hard, 'w')
    await file.write(header)
    await file.close()
    await Promise.all(
      Array.from({ length: threads }, (_, first) => run({ path: hard, size, first, start: header.length })),
    )
    await read(hard).blur(0.6).tiff({ compression: 'none' }).toFile(path)
  } finally {
    await rm(hard, { force: true })
  }
}

/** @param {{ path: string, size: import('./picture.js').Size, first: number, start: number }} job */
function run(job) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./picture-worker.js', import.meta.url), {
      workerData: { ...job, every: threads },
    })
    worker.once('error', reject)
    worker.once('exit', code => (code === 0 ? resolve(code) : reject(new Error('Painting was interrupted.'))))
  })
}
