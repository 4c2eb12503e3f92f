/* Pictures with known pixels, made at run time, and the ways in which the tests of this room look at results. */
import { mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import { afterAll } from 'vitest'
import type { ImageDescription, ImageSource } from '../../src/contracts.js'
import { type EncodeOptions, resolveEncodeOptions } from '../../src/image/encode-options.js'
import { planRender, type RenderPlan } from '../../src/image/plan.js'
import { openReader, type ReaderOptions } from '../../src/image/reader.js'
import { render } from '../../src/image/render.js'
import type { ResolvedRequest } from '../../src/protocol/resolved.js'

export interface Pixels {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  readonly channels: number
}

/** A picture whose cells all have their own colour: `(column * 25, row * 25, 128)`. */
export function gridPixels(width: number, height: number, cells = 10): Pixels {
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = (y * width + x) * 3
      data[at] = Math.floor((x * cells) / width) * 25
      data[at + 1] = Math.floor((y * cells) / height) * 25
      data[at + 2] = 128
    }
  }
  return { data, width, height, channels: 3 }
}

/** A picture full of soft detail, without any symmetry. */
export function wavePixels(width: number, height: number): Pixels {
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = (y * width + x) * 3
      data[at] = 128 + 100 * Math.sin(x / 11 + y / 37)
      data[at + 1] = 128 + 100 * Math.sin(y / 13 - x / 61)
      data[at + 2] = 128 + 60 * Math.sin((x + y) / 17) + 40 * Math.sin((x * y) / 9000)
    }
  }
  return { data, width, height, channels: 3 }
}

export function fromPixels({ data, width, height, channels }: Pixels): Sharp {
  return sharp(data, { raw: { width, height, channels: channels as 1 | 2 | 3 | 4 } })
}

/** The pixels of an encoded image: one channel where it is grey, three or four where it is not. */
export async function decode(bytes: Uint8Array): Promise<Pixels> {
  const { channels } = await sharp(bytes).metadata()
  const image = sharp(bytes).toColourspace(channels < 3 ? 'b-w' : 'srgb')
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: info.channels }
}

export function pixelAt(pixels: Pixels, x: number, y: number): number[] {
  const at = (y * pixels.width + x) * pixels.channels
  return [...pixels.data.subarray(at, at + pixels.channels)]
}

/** The largest difference between two colours. */
export function distance(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((sample, i) => Math.abs(sample - b[i]!)))
}

/** Peak signal to noise ratio in decibels; infinite for equal pictures. */
export function psnr(a: Pixels, b: Pixels): number {
  if (a.data.length !== b.data.length) return 0
  let sum = 0
  for (let i = 0; i < a.data.length; i += 1) sum += (a.data[i]! - b.data[i]!) ** 2
  return 10 * Math.log10(255 ** 2 / (sum / a.data.length))
}

const folders: string[] = []

// Not where a folder is made: of what is registered in a hook nobody hears.
afterAll(async () => {
  await Promise.all(folders.splice(0).map(folder => rm(folder, { recursive: true, force: true })))
})

/** A folder of its own, gone after the tests. */
export async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'honeydew-image-'))
  folders.push(folder)
  return folder
}

/** A source of bytes in memory. */
export function bytesSource(bytes: Uint8Array): ImageSource {
  return {
    version: '1',
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  }
}

/** A source of a local file. */
export async function fileSource(path: string): Promise<ImageSource> {
  const { size, mtimeMs } = await stat(path)
  return {
    version: `${mtimeMs}`,
    size,
    path,
    async read(offset, length) {
      const file = await open(path)
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset)
        return buffer.subarray(0, bytesRead)
      } finally {
        await file.close()
      }
    },
  }
}

export async function writeSource(folder: string, name: string, bytes: Uint8Array): Promise<ImageSource> {
  const path = join(folder, name)
  await writeFile(path, bytes)
  return fileSource(path)
}

/** A request with defaults: the whole image at its own size, as PNG. */
export function requestOf(
  description: { readonly width: number; readonly height: number },
  wanted: Partial<ResolvedRequest> = {},
): ResolvedRequest {
  const region = wanted.region ?? { x: 0, y: 0, width: description.width, height: description.height }
  return {
    region,
    size: { width: region.width, height: region.height },
    rotation: { mirror: false, degrees: 0 },
    quality: 'default',
    format: 'png',
    ...wanted,
  }
}

export interface Answer {
  readonly bytes: Uint8Array
  readonly plan: RenderPlan
  readonly description: ImageDescription
}

/** Opens, plans and renders. */
export async function answer(
  source: ImageSource,
  wanted: Partial<ResolvedRequest> = {},
  options: { readonly reader?: ReaderOptions; readonly encode?: EncodeOptions } = {},
): Promise<Answer> {
  const reader = await openReader(source, options.reader)
  const { description } = reader
  const plan = planRender(description, requestOf(description, wanted), resolveEncodeOptions(options.encode))
  const bytes = await render(await reader.pixels(plan.level, plan.box), plan)
  return { bytes, plan, description }
}
