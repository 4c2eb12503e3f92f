/* Random requests over a corpus of pyramids against a slow and simple reference: libvips decodes the page of the level,
   the box is cut out of its pixels, and scaled with the same kernel. */
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp, { type TiffOptions } from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ImageReader, Orientation } from '../../src/contracts.js'
import { resolveEncodeOptions } from '../../src/image/encode-options.js'
import { disableOperationCache } from '../../src/image/libvips.js'
import { planRender } from '../../src/image/plan.js'
import { openReader } from '../../src/image/reader.js'
import { render } from '../../src/image/render.js'
import { planStored } from '../../src/image/stored.js'
import type { Box, Dimensions } from '../../src/protocol/geometry.js'
import type { ResolvedRequest } from '../../src/protocol/resolved.js'
import { createRandom } from './jpeg/coefficients.js'
import { drawPicture } from './jpeg/tiff-tiles.js'
import { bytesSource, createFolder, decode, fileSource, type Pixels, requestOf } from './picture.js'
import { collect, compare, compareJoined } from './stored-files.js'
import { isInstalled } from './tiff/variants.js'

disableOperationCache()

const requests = 2000
const tile = 256
const large = { width: 1500, height: 1100 } as const
const odd = { width: 1201, height: 903 } as const
// All levels are whole: an oriented picture must not leave open on which side pixels are missing.
const even = { width: 1216, height: 928 } as const

interface Image {
  readonly name: string
  readonly reader: ImageReader
  readonly orientation: Orientation
  /** The pixels of the levels as they are stored. */
  readonly levels: readonly (Pixels & { readonly factor: number })[]
  /** Whether the tiles are JPEG with halved colours, which are interpolated at borders of tiles. */
  readonly isHalved: boolean
}

const pyramid: TiffOptions = { tile: true, tileWidth: tile, tileHeight: tile, pyramid: true }
const images: Image[] = []
let folder: string

async function readLevel(path: string, page: number, subifd = -1): Promise<Pixels> {
  const image = sharp(path, { page, tiff: { subifd } })
  const { channels } = await image.metadata()
  const { data, info } = await image
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: info.channels }
}

async function addFile(name: string, path: string, options: { isHalved?: boolean; inMemory?: boolean } = {}) {
  const { readFile } = await import('node:fs/promises')
  const source = options.inMemory ? bytesSource(await readFile(path)) : await fileSource(path)
  const reader = await openReader(source)
  const { pages = 1, subifds = 0, orientation = 1 } = await sharp(path).metadata()
  const found: Pixels[] = [await readLevel(path, 0)]
  for (let page = 1; page < pages; page += 1) found.push(await readLevel(path, page))
  for (let subifd = 0; subifd < subifds; subifd += 1) found.push(await readLevel(path, 0, subifd))
  const levels = found.map((level, at) => ({ ...level, factor: 2 ** at }))
  expect(
    reader.description.levels.map(({ width, height, scaleFactor }) => [width, height, scaleFactor]),
  ).toEqual(levels.map(({ width, height, factor }) => [width, height, factor]))
  const { isHalved = false } = options
  images.push({ name, reader, orientation: orientation as Orientation, levels, isHalved })
}

async function add(name: string, size: Dimensions, coding: TiffOptions, inMemory = false): Promise<void> {
  const channels = name.includes('grey') ? 1 : 3
  const picture = drawPicture(size.width, size.height, channels)
  if (channels === 1) picture.toColourspace('b-w')
  const turn = /orientation (\d)/.exec(name)
  if (turn) picture.withMetadata({ orientation: Number(turn[1]) })
  const path = join(folder, `${name}.tif`)
  await writeFile(path, await picture.tiff(coding).toBuffer())
  const isHalved = coding.compression === 'jpeg' && channels === 3 && (coding.quality ?? 80) < 90
  await addFile(name, path, { isHalved, inMemory })
}

beforeAll(async () => {
  folder = await createFolder()
  await add('jpeg 4:2:0', large, { ...pyramid, compression: 'jpeg', quality: 85 })
  await add('jpeg 4:2:0, odd', odd, { ...pyramid, compression: 'jpeg', quality: 85 })
  await add('jpeg 4:2:0, odd, no file', odd, { ...pyramid, compression: 'jpeg', quality: 80 }, true)
  await add('jpeg rgb 4:4:4', odd, { ...pyramid, compression: 'jpeg', quality: 90 })
  await add('jpeg grey', odd, { ...pyramid, compression: 'jpeg', quality: 85 })
  await add('deflate', odd, { ...pyramid, compression: 'deflate', predictor: 'horizontal' })
  await add('lzw', large, { ...pyramid, compression: 'lzw', predictor: 'horizontal' })
  await add('lzw, no file', odd, { ...pyramid, compression: 'lzw', predictor: 'none' }, true)
  await add('webp', odd, { ...pyramid, compression: 'webp', quality: 80 })
  await add('webp, no file', large, { ...pyramid, compression: 'webp', quality: 80 }, true)
  await add('strips', large, { compression: 'deflate', predictor: 'horizontal', tile: false })
  await add('strips, no file', odd, { compression: 'lzw', predictor: 'none', tile: false }, true)
  await add('orientation 6', even, { ...pyramid, compression: 'deflate' })
  await add('orientation 3, jpeg', even, { ...pyramid, compression: 'jpeg', quality: 85 })
  await add('orientation 8, no file', even, { ...pyramid, compression: 'lzw' }, true)
  if (isInstalled('vips')) {
    const plain = join(folder, 'plain.tif')
    await writeFile(
      plain,
      await drawPicture(odd.width, odd.height, 3).tiff({ compression: 'none' }).toBuffer(),
    )
    for (const compression of ['jpeg', 'deflate']) {
      const path = join(folder, `subifd-${compression}.tif`)
      const shape = `tile,pyramid,subifd,tile-width=${tile},tile-height=${tile},Q=85`
      execFileSync('vips', ['copy', plain, `${path}[${shape},compression=${compression}]`])
      await addFile(`SubIFDs, ${compression}`, path, { isHalved: compression === 'jpeg' })
    }
  }
}, 60_000)

const settings = resolveEncodeOptions({
  storedTiles: 'always',
  png: { compressionLevel: 0 },
  // What has to be encoded loses next to nothing.
  jpg: { quality: 100, chromaSubsampling: '4:4:4' },
  webp: { lossless: true },
})

async function answer({ reader }: Image, wanted: ResolvedRequest) {
  const { description } = reader
  const stored = planStored(description, wanted, settings.storedFormats)
  const bytes = stored && (await reader.stored?.(stored.level, stored.box))
  if (stored && bytes) {
    const way = stored.kind === 'tile' ? ('tile' as const) : ('join' as const)
    return { way, level: stored.level, bytes: await collect(bytes) }
  }
  const plan = planRender(description, wanted, settings)
  const pixels = await reader.pixels(plan.level, plan.box)
  return { way: 'render' as const, level: plan.level, bytes: await render(pixels, plan) }
}

const turns: Readonly<Record<number, number>> = { 1: 0, 3: 180, 6: 90, 8: 270 }

/** A box of the upright picture among the stored pixels. */
function toStored({ x, y, width, height }: Box, full: Dimensions, orientation: Orientation): Box {
  if (orientation === 3) return { x: full.width - x - width, y: full.height - y - height, width, height }
  if (orientation === 6) return { x: y, y: full.height - x - width, width: height, height: width }
  if (orientation === 8) return { x: full.width - y - height, y: x, width: height, height: width }
  return { x, y, width, height }
}

/** One axis: which pixels of the level are taken, one index for each; `undefined` where they must be scaled. */
function takeExactly(
  start: number,
  length: number,
  full: number,
  target: number,
  factor: number,
  stored: number,
) {
  const isOnGrid = start % factor === 0 && ((start + length) % factor === 0 || start + length === full)
  if (!isOnGrid || Math.abs(target - length / factor) >= 1) return undefined
  return Array.from({ length: target }, (_, at) => Math.min(start / factor + at, stored - 1))
}

function takeNear(start: number, length: number, factor: number, stored: number): number[] {
  const from = Math.min(Math.round(start / factor), stored - 1)
  const to = Math.min(Math.max(Math.round((start + length) / factor), from + 1), stored)
  return Array.from({ length: to - from }, (_, at) => from + at)
}

function cut(level: Pixels, columns: readonly number[], rows: readonly number[]): Pixels {
  const { channels } = level
  const data = new Uint8Array(columns.length * rows.length * channels)
  let to = 0
  for (const row of rows) {
    for (const column of columns) {
      const from = (row * level.width + column) * channels
      for (let channel = 0; channel < channels; channel += 1) data[to++] = level.data[from + channel]!
    }
  }
  return { data, width: columns.length, height: rows.length, channels }
}

async function reference(image: Image, wanted: ResolvedRequest): Promise<{ pixels: Pixels; at: number }> {
  const { levels, orientation } = image
  const full = levels[0]!
  const box = toStored(wanted.region, full, orientation)
  const isTurned = orientation > 4
  const { width, height } = wanted.size
  const size = isTurned ? { width: height, height: width } : wanted.size
  const suffices = (start: number, length: number, end: number, target: number, factor: number) => {
    const isOnGrid = start % factor === 0 && ((start + length) % factor === 0 || start + length === end)
    return target <= (isOnGrid ? Math.ceil(length / factor) : length / factor)
  }
  const at = levels.findLastIndex(
    ({ factor }, index) =>
      index === 0 ||
      (suffices(box.x, box.width, full.width, size.width, factor) &&
        suffices(box.y, box.height, full.height, size.height, factor)),
  )
  const level = levels[at]!
  const { factor } = level
  const columns = takeExactly(box.x, box.width, full.width, size.width, factor, level.width)
  const rows = takeExactly(box.y, box.height, full.height, size.height, factor, level.height)
  const taken = cut(
    level,
    columns ?? takeNear(box.x, box.width, factor, level.width),
    rows ?? takeNear(box.y, box.height, factor, level.height),
  )
  const raw = { width: taken.width, height: taken.height, channels: taken.channels as 1 | 3 }
  const needsScale = taken.width !== size.width || taken.height !== size.height
  const degrees = turns[orientation]!
  if (!needsScale && degrees === 0) return { pixels: taken, at }
  let picture = sharp(taken.data, { raw })
  if (needsScale) picture = picture.resize(size.width, size.height, { fit: 'fill', kernel: 'lanczos3' })
  if (degrees) picture = picture.rotate(degrees)
  const space = taken.channels === 1 ? 'b-w' : 'srgb'
  const { data, info } = await picture.toColourspace(space).raw().toBuffer({ resolveWithObject: true })
  return { pixels: { data, width: info.width, height: info.height, channels: info.channels }, at }
}

/** A request of the kinds that viewers make, and of those that they do not. */
function pickRequest(image: Image, random: () => number): ResolvedRequest {
  const { description } = image.reader
  const { width, height } = description
  const pick = (end: number) => Math.floor(random() * end)
  const { coding } = description.levels[0]
  const format = random() < 0.3 ? 'png' : (coding?.format ?? 'jpg')
  const kind = random()
  const factor = 2 ** [0, 0, 0, 1, 1, 2, 3][pick(7)]!
  const scaled = (region: Box) => ({
    width: Math.ceil(region.width / factor),
    height: Math.ceil(region.height / factor),
  })
  const crop = (x: number, y: number, across: number, down: number): Box => ({
    x,
    y,
    width: Math.min(across, width - x),
    height: Math.min(down, height - y),
  })
  if (kind < 0.45) {
    const side = tile * factor * [1, 1, 1, 1, 2][pick(5)]!
    const region = crop(
      pick(Math.ceil(width / side)) * side,
      pick(Math.ceil(height / side)) * side,
      side,
      side,
    )
    return requestOf(description, { region, size: scaled(region), format })
  }
  if (kind < 0.6) {
    const step = 16 * factor
    const x = pick(Math.ceil(width / step)) * step
    const y = pick(Math.ceil(height / step)) * step
    const region = crop(x, y, (1 + pick(300)) * factor, (1 + pick(300)) * factor)
    return requestOf(description, { region, size: scaled(region), format })
  }
  const region = crop(pick(width), pick(height), 1 + pick(400), 1 + pick(400))
  if (kind < 0.8) return requestOf(description, { region, format: 'png' })
  if (kind < 0.85) {
    const across = 20 + pick(300)
    const size = { width: across, height: Math.max(1, Math.round((across * height) / width)) }
    return requestOf(description, { size, format: 'png' })
  }
  const size = { width: 1 + pick(region.width), height: 1 + pick(region.height) }
  return requestOf(description, { region, size, format: 'png' })
}

interface Finding {
  readonly way: 'tile' | 'join' | 'render'
  readonly fault?: string
}

/** Where an answer goes beyond what is allowed. */
async function check(image: Image, wanted: ResolvedRequest): Promise<Finding> {
  const expected = await reference(image, wanted)
  const { way, level, bytes } = await answer(image, wanted)
  const found = await decode(bytes)
  const { mean, worst } = compare(found, expected.pixels)
  const faults: string[] = []
  if (level !== expected.at) faults.push(`level ${level} instead of ${expected.at}`)
  // Colours of the last row and column: libvips lets in the padding of the tile, which is cut off here.
  const isThin = image.isHalved && Math.min(found.width, found.height) <= 2
  if (mean > (isThin ? 4 : 2) || worst > 16) faults.push(`mean ${mean.toFixed(2)}, worst ${worst}`)
  if (way === 'tile' && worst > 0) faults.push(`a stored tile is not the same: worst ${worst}`)
  const isExact = way === 'render' && wanted.format === 'png'
  if (way === 'join') {
    const { factor } = image.levels[level]!
    const start = { x: wanted.region.x / factor, y: wanted.region.y / factor }
    const { inside, borders } = compareJoined(found, expected.pixels, start, tile)
    if (inside > 0 || (borders > 0 && !image.isHalved))
      faults.push(`joined: inside ${inside}, borders ${borders}`)
  } else if (isExact && !image.isHalved && worst > 1) {
    faults.push(`rendered without loss: worst ${worst}`)
  }
  if (faults.length === 0) return { way }
  const { region, size, format } = wanted
  const text = `${Object.values(region).join()} to ${Object.values(size).join()} ${format}`
  return { way, fault: `${image.name}: ${text}, ${way}: ${faults.join('; ')}` }
}

describe('random requests', () => {
  it(`have the pixels of libvips, ${requests} of them`, { timeout: 180_000 }, async () => {
    expect(images.length).toBeGreaterThanOrEqual(15)
    const random = createRandom(20261103)
    const faults: string[] = []
    const ways: Record<Finding['way'], number> = { tile: 0, join: 0, render: 0 }
    let begun = 0
    const work = async () => {
      while (begun < requests) {
        const image = images[begun % images.length]!
        begun += 1
        const { way, fault } = await check(image, pickRequest(image, random))
        ways[way] += 1
        if (fault) faults.push(fault)
      }
    }
    await Promise.all([work(), work(), work()])
    expect(faults).toEqual([])
    expect(ways.tile).toBeGreaterThan(50)
    expect(ways.join).toBeGreaterThan(100)
    expect(ways.tile + ways.join + ways.render).toBe(requests)
  })
})
