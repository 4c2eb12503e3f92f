/* TIFF pyramids on disk and in memory, and the ways to ask their readers, for the tests of stored tiles. */
import sharp, { type TiffOptions } from 'sharp'
import type { ImageReader, ImageSource, StoredBytes } from '../../src/contracts.js'
import { resolveEncodeOptions } from '../../src/image/encode-options.js'
import { planRender } from '../../src/image/plan.js'
import { openReader, type ReaderOptions } from '../../src/image/reader.js'
import { render } from '../../src/image/render.js'
import { planStored } from '../../src/image/stored.js'
import type { Box } from '../../src/protocol/geometry.js'
import type { ResolvedRequest } from '../../src/protocol/resolved.js'
import { bytesSource, decode, type Pixels, requestOf, writeSource } from './picture.js'

/** What libvips writes of a picture with tiles of 128. */
export const tiled: TiffOptions = { tile: true, tileWidth: 128, tileHeight: 128, pyramid: true }

/** A source of which everything that is read is counted, and whether it was given back. */
export interface CountedSource extends ImageSource {
  readonly reads: { readonly offset: number; readonly length: number }[]
  closed: number
}

export function countReads(source: ImageSource): CountedSource {
  const counted: CountedSource = {
    ...source,
    reads: [],
    closed: 0,
    async read(offset, length, signal) {
      const bytes = await source.read(offset, length, signal)
      counted.reads.push({ offset, length: bytes.length })
      return bytes
    },
    async close() {
      counted.closed += 1
      await source.close?.()
    },
  }
  return counted
}

/** The same bytes as a file and without one. */
export async function bothSources(folder: string, name: string, bytes: Uint8Array) {
  return [
    ['a file', await writeSource(folder, name, bytes)],
    ['bytes', bytesSource(bytes)],
  ] as const
}

export async function collect(stored: StoredBytes): Promise<Uint8Array> {
  if (stored instanceof Uint8Array) return stored
  const chunks: Uint8Array[] = []
  for await (const chunk of stored) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The stored bytes of a box, which must be there. */
export async function readStored(reader: ImageReader, level: number, box: Box): Promise<Uint8Array> {
  const stored = await reader.stored?.(level, box)
  if (stored === undefined) throw new Error(`level ${level} has nothing stored for ${JSON.stringify(box)}`)
  return collect(stored)
}

/** How a request is answered by the pieces: stored where that is planned and works, rendered otherwise. */
export async function answerWith(
  reader: ImageReader,
  wanted: Partial<ResolvedRequest>,
): Promise<{ readonly way: 'tile' | 'join' | 'render'; readonly bytes: Uint8Array }> {
  const { description } = reader
  const request = requestOf(description, wanted)
  const settings = resolveEncodeOptions({ png: { compressionLevel: 0 } })
  const stored = planStored(description, request, settings.storedFormats)
  const bytes = stored && (await reader.stored?.(stored.level, stored.box))
  if (stored && bytes) return { way: stored.kind === 'tile' ? 'tile' : 'join', bytes: await collect(bytes) }
  const plan = planRender(description, request, settings)
  return { way: 'render', bytes: await render(await reader.pixels(plan.level, plan.box), plan) }
}

/** The rendered pixels of a box of the full image, through PNG: nothing is lost. */
export async function renderBox(source: ImageSource, region: Box, options?: ReaderOptions): Promise<Pixels> {
  const reader = await openReader(source, options)
  try {
    const request = requestOf(reader.description, { region, format: 'png' })
    const plan = planRender(reader.description, request, resolveEncodeOptions())
    return await decode(await render(await reader.pixels(plan.level, plan.box), plan))
  } finally {
    await reader.close()
  }
}

/** What libvips gives for a box of a page, in sRGB or grey. */
export async function readWithVips(file: Uint8Array | string, box: Box, page = 0): Promise<Pixels> {
  const { channels } = await sharp(file, { page }).metadata()
  const { data, info } = await sharp(file, { page, limitInputPixels: false })
    .extract({ left: box.x, top: box.y, width: box.width, height: box.height })
    .toColourspace(channels < 3 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: info.channels }
}

/** How far two pictures are apart: on average and at worst. */
export function compare(one: Pixels, two: Pixels): { readonly mean: number; readonly worst: number } {
  const isSameShape = one.width === two.width && one.height === two.height && one.channels === two.channels
  if (!isSameShape) return { mean: Infinity, worst: Infinity }
  let sum = 0
  let worst = 0
  for (let at = 0; at < one.data.length; at += 1) {
    const apart = Math.abs(one.data[at]! - two.data[at]!)
    sum += apart
    if (apart > worst) worst = apart
  }
  return { mean: sum / one.data.length, worst }
}

/**
 * How far joined tiles are apart from those that were decoded one by one: at the borders of tiles and of the box, one
 * pixel wide, where colours are interpolated, and everywhere else.
 */
export function compareJoined(
  one: Pixels,
  two: Pixels,
  at: { readonly x: number; readonly y: number },
  tile: number,
): { readonly inside: number; readonly borders: number; readonly mean: number } {
  if (one.width !== two.width || one.height !== two.height || one.channels !== two.channels) {
    return { inside: Infinity, borders: Infinity, mean: Infinity }
  }
  const { width, height, channels } = one
  const isBorder = (place: number, offset: number, length: number) =>
    place === 0 || place === length - 1 || (offset + place) % tile === 0 || (offset + place + 1) % tile === 0
  let [inside, borders, sum] = [0, 0, 0]
  for (let i = 0; i < one.data.length; i += 1) {
    const apart = Math.abs(one.data[i]! - two.data[i]!)
    if (apart === 0) continue
    sum += apart
    const pixel = Math.floor(i / channels)
    const onBorder = isBorder(pixel % width, at.x, width) || isBorder(Math.floor(pixel / width), at.y, height)
    if (onBorder) borders = Math.max(borders, apart)
    else inside = Math.max(inside, apart)
  }
  return { inside, borders, mean: sum / one.data.length }
}
