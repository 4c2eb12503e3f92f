/* Pixels to compare with: the image as the server itself gives it, and a coarse picture of any part of it. Two ways of
   scaling and two encoders never agree on pixels, but on what is where. */
import sharp, { type Sharp } from 'sharp'
import type { Box, Dimensions } from '../protocol/geometry.js'
import { fitWithin, isWithinLimits } from '../protocol/limits.js'
import type { Rotation } from '../protocol/rotation.js'
import { readRecords, readWhole } from './info.js'
import type { Subject } from './subject.js'

/** The whole image, decoded. */
export interface Reference extends Dimensions {
  /** Its pixels: red, green, blue. */
  readonly data: Uint8Array
  /** What was asked for it. */
  readonly parameters: string
}

/** A picture of so few pixels that scaling does not matter: red, green, blue, row by row. */
export type Coarse = Uint8Array

const coarseSide = 16
/** A reference larger than this is not needed. */
const maxReferencePixels = 25_000_000
const wantedSide = 2000
/** More is not decoded: a small file may say that it is huge. */
const maxDecodedPixels = 100_000_000

/** A decoded image. */
export interface Decoded extends Dimensions {
  /** The format, by the name of libvips. */
  readonly format: string
  /** Red, green, blue, row by row; what is transparent is white. */
  readonly data: Uint8Array
}

/** Decodes an image; `undefined` where it cannot be decoded. */
export async function decodeImage(bytes: Uint8Array): Promise<Decoded | undefined> {
  try {
    const image = sharp(bytes, { limitInputPixels: maxDecodedPixels })
    const { format } = await image.metadata()
    const { data, info } = await image
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
    const { width, height, channels } = info
    return { format, width, height, data: channels === 3 ? data : spreadGray(data, channels) }
  } catch {
    return undefined
  }
}

function spreadGray(data: Uint8Array, channels: number): Uint8Array {
  const spread = new Uint8Array((data.length / channels) * 3)
  for (let at = 0; at < spread.length; at += 1) spread[at] = data[Math.floor(at / 3) * channels] ?? 0
  return spread
}

/** Fetches the image as large as is useful, in a form that the server promises. */
export async function fetchReference(subject: Subject): Promise<Reference | undefined> {
  for (const size of listReferenceSizes(subject)) {
    const parameters = `full/${size}/0/default.jpg`
    const { status, body, failure } = await subject.ask(`/${parameters}`)
    const decoded = status === 200 && failure === undefined ? await decodeImage(body) : undefined
    if (decoded) return { ...decoded, parameters }
  }
  return undefined
}

function listReferenceSizes({ version, size, limits, info, promises }: Subject): string[] {
  const { width, height } = size
  const isSmall = width * height <= maxReferencePixels
  const listed = readRecords(info, 'sizes')
    .map(entry => ({ width: readWhole(entry.width) ?? 0, height: readWhole(entry.height) ?? 0 }))
    .filter(entry => entry.width * entry.height > 0 && entry.width * entry.height <= maxReferencePixels)
    .sort((one, two) => two.width - one.width)
  const scaled = Math.min(width, Math.round((wantedSide * width) / Math.max(width, height)))
  return [
    ...(isSmall && version === 3 ? ['max'] : []),
    ...(isSmall && version === 2 && isWithinLimits(size, limits) ? ['full'] : []),
    ...(promises({ feature: 'sizeByW' })
      ? [`${Math.max(1, Math.min(scaled, fitWithin(size, size, limits).width))},`]
      : []),
    ...listed
      .slice(0, 1)
      .map(entry => (version === 3 ? `${entry.width},${entry.height}` : `${entry.width},`)),
  ]
}

/** A coarse picture of a part of the reference. */
export interface CoarsePart {
  /** The picture. */
  readonly picture: Coarse
  /** Whether the part has so few pixels there that no more than its colour can be told. */
  readonly isTiny: boolean
}

/** Parts with fewer pixels on a side look different however they are scaled. */
const tinySide = 32

/** A coarse picture of a part of the reference; the box is in pixels of the full image. */
export async function coarsenPart(reference: Reference, box: Box, full: Dimensions): Promise<CoarsePart> {
  const [across, down] = [reference.width / full.width, reference.height / full.height]
  const left = Math.min(reference.width - 1, Math.round(box.x * across))
  const top = Math.min(reference.height - 1, Math.round(box.y * down))
  const width = Math.min(reference.width - left, Math.max(1, Math.round(box.width * across)))
  const height = Math.min(reference.height - top, Math.max(1, Math.round(box.height * down)))
  const { data } = reference
  const raw = { width: reference.width, height: reference.height, channels: 3 } as const
  const picture = await coarsen(sharp(data, { raw }).extract({ left, top, width, height }))
  return { picture, isTiny: Math.min(width, height) < tinySide }
}

/** A coarse picture of a whole image. */
export function coarsenImage({ data, width, height }: Decoded): Promise<Coarse> {
  return coarsen(sharp(data, { raw: { width, height, channels: 3 } }))
}

function coarsen(image: Sharp): Promise<Coarse> {
  return image.resize(coarseSide, coarseSide, { fit: 'fill', kernel: 'cubic' }).raw().toBuffer()
}

/** Mirrors and turns a coarse picture, by quarter turns. */
export function turnCoarse(picture: Coarse, { mirror, degrees }: Rotation): Coarse {
  const last = coarseSide - 1
  const turned = new Uint8Array(picture.length)
  for (let y = 0; y < coarseSide; y += 1) {
    for (let x = 0; x < coarseSide; x += 1) {
      // Where the pixel that ends up here was before it was turned.
      const [column, row] = [
        [x, y],
        [y, last - x],
        [last - x, last - y],
        [last - y, x],
      ][(degrees / 90) % 4] as [number, number]
      const from = (row * coarseSide + (mirror ? last - column : column)) * 3
      turned.set(picture.subarray(from, from + 3), (y * coarseSide + x) * 3)
    }
  }
  return turned
}

/** How far two coarse pictures are apart on average, from 0 to 255. */
export function compareCoarse(one: Coarse, two: Coarse): number {
  let sum = 0
  for (let at = 0; at < one.length; at += 1) sum += Math.abs((one[at] ?? 0) - (two[at] ?? 0))
  return sum / one.length
}

/** The mean colour of a coarse picture, as a picture. */
export function flattenCoarse(picture: Coarse): Coarse {
  const sums = [0, 0, 0]
  for (let at = 0; at < picture.length; at += 1) sums[at % 3] = (sums[at % 3] ?? 0) + (picture[at] ?? 0)
  return Uint8Array.from(sums, sum => Math.round((sum * 3) / picture.length))
}

/** Takes the colours out of a coarse picture. */
export function grayCoarse(picture: Coarse): Coarse {
  const gray = new Uint8Array(picture.length)
  for (let at = 0; at < picture.length; at += 3) {
    const [red = 0, green = 0, blue = 0] = picture.subarray(at, at + 3)
    gray.fill(0.2126 * red + 0.7152 * green + 0.0722 * blue, at, at + 3)
  }
  return gray
}
