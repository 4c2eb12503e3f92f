/* sharp called directly, the way somebody does who knows it well: the nearest level of the pyramid, one libvips thread
   for each request, and the same encoder settings as honeydew's own. */
import { join } from 'node:path'
import sharp from 'sharp'
import { createPlainListener, readSettings, serve } from './serve.js'

/** @typedef {{ left: number, top: number, width: number, height: number }} Box */

/** @type {{ folder: string, processes: number }} */
const { folder, processes } = readSettings()

sharp.cache(false)
sharp.concurrency(1)

/** @type {Map<string, Promise<import('../picture.js').Size[]>>} */
const knownLevels = new Map()

await serve(processes, () => createPlainListener(render))

/** @param {string} url */
async function render(url) {
  const [id = '', region = '', size = '', rotation = '', file = ''] = url.split('/').slice(3)
  const path = join(folder, id)
  const levels = await lookUpLevels(path)
  const [image] = levels
  const box = parseRegion(region, image ?? { width: 0, height: 0 })
  const out = resolveSize(size, box)
  const wanted = Math.max(1, box.width / out.width)
  const page = Math.min(levels.length - 1, Math.floor(Math.log2(wanted + 0.01)))
  const part = scaleBox(box, 2 ** page, levels[page] ?? box)
  let pipeline = sharp(path, { page, limitInputPixels: false })
  if (region !== 'full') pipeline = pipeline.extract(part)
  if (part.width !== out.width || part.height !== out.height)
    pipeline = pipeline.resize({ ...out, fit: 'fill' })
  if (rotation !== '0') pipeline = pipeline.rotate(Number(rotation))
  if (file.startsWith('gray')) pipeline = pipeline.grayscale()
  const isWebp = file.endsWith('.webp')
  const encoded = isWebp
    ? pipeline.webp({ quality: 80, effort: 2 })
    : pipeline.jpeg({ quality: 85, optimiseCoding: false })
  return { type: isWebp ? 'image/webp' : 'image/jpeg', body: await encoded.toBuffer() }
}

/** @param {string} path */
function lookUpLevels(path) {
  const known = knownLevels.get(path) ?? readLevels(path)
  knownLevels.set(path, known)
  return known
}

/** @param {string} path */
async function readLevels(path) {
  const { width, height, pages = 1 } = await sharp(path, { limitInputPixels: false }).metadata()
  const others = Array.from({ length: pages - 1 }, (_, i) => sharp(path, { page: i + 1 }).metadata())
  return [{ width, height }, ...(await Promise.all(others))]
}

/**
 * @param {string} region
 * @param {import('../picture.js').Size} image
 * @returns {Box}
 */
function parseRegion(region, image) {
  if (region === 'full') return { left: 0, top: 0, ...image }
  const [left = 0, top = 0, width = 0, height = 0] = region.split(',').map(Number)
  return { left, top, width, height }
}

/**
 * @param {string} size - `max`, `w,`, `w,h` or `!w,h`
 * @param {Box} box
 */
function resolveSize(size, box) {
  const [width = 0, height = 0] = size.replace('!', '').split(',').map(Number)
  if (size === 'max') return { width: box.width, height: box.height }
  if (size.startsWith('!')) {
    const scale = Math.min(width / box.width, height / box.height)
    return { width: Math.round(box.width * scale), height: Math.round(box.height * scale) }
  }
  return { width, height: height || Math.round((box.height * width) / box.width) }
}

/**
 * @param {Box} box
 * @param {number} factor
 * @param {import('../picture.js').Size} level
 */
function scaleBox(box, factor, level) {
  const [left, top] = [Math.floor(box.left / factor), Math.floor(box.top / factor)]
  return {
    left,
    top,
    width: Math.min(Math.ceil(box.width / factor), level.width - left),
    height: Math.min(Math.ceil(box.height / factor), level.height - top),
  }
}
