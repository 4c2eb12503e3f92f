/* Pictures in pairs that differ in nothing but what redactions must hide, in every format and layout that has a way of its
   own: what is made of the two must be the same. */
import sharp, { type Sharp } from 'sharp'
import type { ImageReader, Orientation } from '../../src/contracts.js'
import { type Cover, planCovered, renderCovered } from '../../src/image/cover.js'
import { type EncodeOptions, resolveEncodeOptions } from '../../src/image/encode-options.js'
import type { RedactionOptions } from '../../src/image/redaction.js'
import type { Box, Dimensions } from '../../src/protocol/geometry.js'
import type { ResolvedRequest } from '../../src/protocol/resolved.js'
import { locateTile } from '../../src/protocol/tiles.js'
import { createRandom } from './jpeg/coefficients.js'
import { fromPixels, type Pixels, requestOf } from './picture.js'
import { collect, tiled } from './stored-files.js'
import { buildTiff } from './tiff-file.js'

/** What is hidden: of one picture a colour that is nowhere else, of the other a noise of all colours. */
export type Hidden = 'marker' | 'noise'

/** Grey detail, and in each box what is hidden: magenta, or colours at random. */
export function secretPixels({ width, height }: Dimensions, boxes: readonly Box[], hidden: Hidden): Pixels {
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const light = 128 + 60 * Math.sin(x / 7 + y / 23) + 40 * Math.sin(y / 5 - x / 31)
      data.fill(light, (y * width + x) * 3, (y * width + x) * 3 + 3)
    }
  }
  const random = createRandom(11)
  for (const box of boxes) {
    for (let y = box.y; y < box.y + box.height; y += 1) {
      for (let x = box.x; x < box.x + box.width; x += 1) {
        const colour = hidden === 'marker' ? [255, 0, 255] : [random() * 256, random() * 256, random() * 256]
        data.set(colour, (y * width + x) * 3)
      }
    }
  }
  return { data, width, height, channels: 3 }
}

/* What a camera that was held so would have stored. */
const undo: Readonly<Record<Orientation, (image: Sharp) => Sharp>> = {
  1: image => image,
  2: image => image.flop(),
  3: image => image.rotate(180),
  4: image => image.flip(),
  5: image => image.flop().rotate(270),
  6: image => image.rotate(270),
  7: image => image.flop().rotate(90),
  8: image => image.rotate(90),
}

async function layDown(pixels: Pixels, orientation: Orientation): Promise<Sharp> {
  const stored = await undo[orientation](fromPixels(pixels)).png({ compressionLevel: 0 }).toBuffer()
  return sharp(stored).withMetadata({ orientation })
}

/** A way to write a picture. */
export interface Writer {
  readonly name: string
  /** Whether what is beside a box depends in nothing on what is in it: true of all but a few encoders. */
  readonly isIndependent: boolean
  /** Whether greys stay greys. */
  readonly isNeutral: boolean
  /** Whether a tag can say how the picture lies. */
  readonly isOriented: boolean
  write(image: Sharp): Promise<Buffer>
}

const plain = { isIndependent: true, isNeutral: true, isOriented: true }
const pyramid = { ...tiled, tileWidth: 64, tileHeight: 64 }

export const writers: readonly Writer[] = [
  { ...plain, name: 'png', write: image => image.png({ compressionLevel: 1 }).toBuffer() },
  { ...plain, name: 'png with alpha', write: image => image.ensureAlpha(0.6).png().toBuffer() },
  { ...plain, name: 'png of 16 bits', write: image => image.toColourspace('rgb16').png().toBuffer() },
  { ...plain, name: 'jpg', write: image => image.jpeg({ quality: 80 }).toBuffer() },
  {
    ...plain,
    name: 'jpg with all its colours',
    write: image => image.jpeg({ quality: 80, chromaSubsampling: '4:4:4', progressive: true }).toBuffer(),
  },
  {
    ...plain,
    name: 'jpg in CMYK',
    isNeutral: false,
    write: image => image.toColourspace('cmyk').jpeg({ quality: 90 }).toBuffer(),
  },
  {
    ...plain,
    name: 'webp',
    isIndependent: false,
    write: image => image.webp({ quality: 80, effort: 1 }).toBuffer(),
  },
  {
    ...plain,
    name: 'avif',
    isIndependent: false,
    isOriented: false,
    write: image => image.avif({ quality: 60, effort: 0 }).toBuffer(),
  },
  {
    ...plain,
    name: 'gif',
    isIndependent: false,
    isOriented: false,
    write: image => image.gif({ effort: 1 }).toBuffer(),
  },
  { ...plain, name: 'tif in strips', write: image => image.tiff({ compression: 'lzw' }).toBuffer() },
  {
    ...plain,
    name: 'tif of jpg in strips',
    write: image => image.tiff({ compression: 'jpeg', quality: 80 }).toBuffer(),
  },
  {
    ...plain,
    name: 'pyramid of deflate',
    write: image => image.tiff({ compression: 'deflate', ...pyramid }).toBuffer(),
  },
  {
    ...plain,
    name: 'pyramid of jpg',
    write: image => image.tiff({ compression: 'jpeg', quality: 80, ...pyramid }).toBuffer(),
  },
  {
    ...plain,
    name: 'pyramid of jpg in RGB',
    write: image => image.tiff({ compression: 'jpeg', quality: 92, ...pyramid }).toBuffer(),
  },
  {
    ...plain,
    name: 'pyramid of webp',
    isIndependent: false,
    write: image => image.tiff({ compression: 'webp', quality: 80, ...pyramid }).toBuffer(),
  },
  {
    ...plain,
    name: 'pyramid with the widest kernel',
    isOriented: false,
    write: writeWidePyramid,
  },
]

/* libvips makes levels of the means of four pixels; others use kernels that reach further. */
async function writeWidePyramid(image: Sharp): Promise<Buffer> {
  const full = await image.raw().toBuffer({ resolveWithObject: true })
  const { width, height } = full.info
  const levels = await Promise.all(
    [2, 4, 8].map(async factor => {
      const [across, down] = [Math.floor(width / factor), Math.floor(height / factor)]
      const small = sharp(full.data, { raw: { width, height, channels: 3 } })
      const data = await small.resize(across, down, { fit: 'fill', kernel: 'lanczos3' }).raw().toBuffer()
      return { width: across, height: down, data }
    }),
  )
  return buildTiff([{ width, height, data: full.data, children: levels }])
}

/** Writes the picture with what is hidden in it. */
export async function writeSecret(
  writer: Writer,
  size: Dimensions,
  boxes: readonly Box[],
  hidden: Hidden,
  orientation: Orientation = 1,
): Promise<Buffer> {
  return writer.write(await layDown(secretPixels(size, boxes, hidden), orientation))
}

/** The rectangle of a redaction alone. */
export function boxOf({ x, y, width, height }: RedactionOptions): Box {
  return { x, y, width, height }
}

/** How a request for a covered image is answered: stored where that is planned and works, rendered otherwise. */
export async function answerCovered(
  reader: ImageReader,
  wanted: Partial<ResolvedRequest>,
  cover: Cover,
  encode: EncodeOptions = {},
): Promise<{ readonly way: 'tile' | 'join' | 'render'; readonly bytes: Uint8Array }> {
  const { description } = reader
  const settings = resolveEncodeOptions(encode)
  const planned = planCovered(description, requestOf(description, wanted), settings, cover)
  if (planned.way === 'render') {
    return { way: 'render', bytes: await renderCovered(reader, planned.plan, cover) }
  }
  const { kind, level, box } = planned.stored
  const stored = await reader.stored?.(level, box)
  if (stored === undefined) throw new Error('what was planned is not stored')
  return { way: kind === 'tile' ? 'tile' : 'join', bytes: await collect(stored) }
}

/** Requests of all kinds, the same for the same seed: tiles of all levels, regions and sizes of all kinds, and turns. */
export function createRequests(
  image: Dimensions,
  tile: number,
  seed: number,
): () => Partial<ResolvedRequest> {
  const random = createRandom(seed)
  const below = (count: number) => Math.floor(random() * count)
  const one = <T>(...values: readonly T[]): T => values[below(values.length)]!
  const tileOf = () => {
    const factor = 2 ** below(4)
    const step = tile * factor
    const [column, row] = [below(Math.ceil(image.width / step)), below(Math.ceil(image.height / step))]
    return locateTile(image, { width: tile, height: tile }, factor, column, row)
  }
  const regionOf = () => {
    const [x, y] = [below(image.width), below(image.height)]
    const part = { x, y, width: 1 + below(image.width - x), height: 1 + below(image.height - y) }
    const region = random() < 0.3 ? { x: 0, y: 0, width: image.width, height: image.height } : part
    const size = { width: 1 + below(200), height: 1 + below(150) }
    return { region, size: random() < 0.3 ? { width: region.width, height: region.height } : size }
  }
  return () => ({
    ...(random() < 0.4 ? tileOf() : regionOf()),
    rotation: {
      mirror: random() < 0.3,
      degrees: one(0, 0, 0, 90, 180, 270, Math.round(random() * 35_999) / 100),
    },
    quality: one('default', 'default', 'default', 'gray', 'bitonal'),
    format: one('png', 'png', 'png', 'png', 'jpg', 'jpg', 'jpg', 'webp', 'tif', 'tif', 'gif', 'avif'),
  })
}

/** The largest difference between the colours of a pixel: grey has none. */
export function saturation({ data, channels }: Pixels): number {
  if (channels < 3) return 0
  let most = 0
  for (let at = 0; at < data.length; at += channels) {
    const [r = 0, g = 0, b = 0, alpha = 255] = data.subarray(at, at + channels)
    if (alpha > 0) most = Math.max(most, Math.max(r, g, b) - Math.min(r, g, b))
  }
  return most
}
