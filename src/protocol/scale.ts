/* Less than the whole resolution: an image is shown as a smaller image, with its own width, height, sizes and tiles, at
   every region. Limits cannot do that: they bind one response, and full-size tiles would add up to the whole (Image API
   3.0 section 5.2 and its implementation notes). */
import { IIIFError } from '../errors.js'
import { type Dimensions, roundPixels, scaleSide } from './geometry.js'
import type { InfoFacts } from './info.js'
import { type Limits, noLimits } from './limits.js'
import { resolveRegion } from './region.js'
import type { ImageParameters } from './request.js'
import type { ResolvedRequest } from './resolved.js'
import { resolveSize } from './size.js'
import type { ImageApiVersion } from './version.js'

/** A part of the width and of the height of an image, not above one. */
export interface Scale {
  /** At least 1. */
  readonly numerator: number
  /** At least the numerator. */
  readonly denominator: number
}

/** What an image is shown as at most: a part of its size, or what fits into a box. */
export type Shrink = Scale | Dimensions

const largest = 1_000_000

/** Reduces a scale to its lowest terms; `undefined` for whatever is no scale, or above one. */
export function reduceScale(numerator: unknown, denominator: unknown): Scale | undefined {
  if (!isTerm(numerator) || !isTerm(denominator) || numerator > denominator) return undefined
  let [divisor, rest] = [denominator, numerator]
  while (rest > 0) [divisor, rest] = [rest, divisor % rest]
  return { numerator: numerator / divisor, denominator: denominator / divisor }
}

function isTerm(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= largest
}

/** No less than the whole. */
export const fullScale: Scale = { numerator: 1, denominator: 1 }

/** Reads `n:d` and reduces it; `undefined` for whatever is no scale. */
export function parseScale(text: string): Scale | undefined {
  const [, numerator, denominator] = /^([0-9]{1,7}):([0-9]{1,7})$/.exec(text) ?? []
  return reduceScale(Number(numerator), Number(denominator))
}

/** Writes a scale; the twin of {@link parseScale}. */
export function formatScale({ numerator, denominator }: Scale): string {
  return `${numerator}:${denominator}`
}

/** Tells whether a scale shows no more than another one. */
export function isWithinScale(scale: Scale, other: Scale): boolean {
  return scale.numerator * other.denominator <= other.numerator * scale.denominator
}

/** The size that an image is shown as: never larger than it is, and at least one pixel. */
export function shrinkSize(image: Dimensions, shrink: Shrink): Dimensions {
  if ('numerator' in shrink) {
    const { numerator, denominator } = shrink
    return {
      width: scaleSide(image.width, denominator, numerator),
      height: scaleSide(image.height, denominator, numerator),
    }
  }
  const byWidth = image.width * shrink.height >= image.height * shrink.width
  if (byWidth) {
    const width = Math.min(image.width, shrink.width)
    return { width, height: Math.min(image.height, scaleSide(image.height, image.width, width)) }
  }
  const height = Math.min(image.height, shrink.height)
  return { width: Math.min(image.width, scaleSide(image.width, image.height, height)), height }
}

/**
 * The limits of an image that is shown as a smaller one. They stay what they are, because its width and height bound it
 * already, but for one: nothing is scaled up, which would give back what is held back.
 */
export function shrinkLimits(limits: Limits): Limits {
  return { ...limits, maxScale: 1 }
}

/* How many pixels of the image one pixel of what is shown stands for: exact where the scale is, so that tiles of what is
   shown are tiles of the image where a level of that scale is stored. */
function ratioOf(full: number, shown: number, shrink: Shrink | undefined): number {
  return shrink && 'numerator' in shrink ? shrink.denominator / shrink.numerator : full / shown
}

/** The facts of an image that is shown as a smaller one, for its info.json. */
export function shrinkFacts(facts: InfoFacts, shown: Dimensions, shrink?: Shrink): InfoFacts {
  if (facts.width === shown.width && facts.height === shown.height) return facts
  const { levels = [], ...rest } = facts
  const ratio = ratioOf(facts.width, shown.width, shrink)
  const kept = levels
    .map(level => ({ ...level, scaleFactor: level.scaleFactor / ratio }))
    .filter(({ scaleFactor }) => scaleFactor > 1)
  // What is stored helps only where its levels are whole steps of what is shown.
  const isWhole = kept.length > 0 && kept.every(level => Number.isInteger(level.scaleFactor))
  return { ...rest, ...shown, ...(isWhole && { levels: [{ ...shown, scaleFactor: 1 }, ...kept] }) }
}

/**
 * Turns a request about the smaller image that is shown into one about the image itself: the same result, its region in
 * pixels of the full image. Neighbouring regions stay neighbours, and the whole stays the whole.
 */
export function expandRequest(
  request: ResolvedRequest,
  image: Dimensions,
  shown: Dimensions,
  shrink?: Shrink,
): ResolvedRequest {
  if (image.width === shown.width && image.height === shown.height) return request
  const { region } = request
  const [x, width] = expandSpan(region.x, region.width, shown.width, image.width, shrink)
  const [y, height] = expandSpan(region.y, region.height, shown.height, image.height, shrink)
  return { ...request, region: { x, y, width, height } }
}

function expandSpan(
  start: number,
  length: number,
  shown: number,
  full: number,
  shrink: Shrink | undefined,
): readonly [start: number, length: number] {
  const ratio = ratioOf(full, shown, shrink)
  const expand = (at: number): number => Math.min(roundPixels(at * ratio), full)
  const first = Math.min(expand(start), full - 1)
  const end = start + length >= shown ? full : expand(start + length)
  return [first, Math.max(1, end - first)]
}

/**
 * Refuses a request for more than an image is given at.
 *
 * @param region - in pixels of the image as it is shown
 * @throws {@link IIIFError} (403) when the size would be larger than the region.
 */
export function requireWithinScale(
  { size, region }: Pick<ImageParameters, 'size' | 'region'>,
  shown: Dimensions,
  scale: Scale,
  version: ImageApiVersion,
): void {
  const box = resolveRegion(region, shown)
  const wanted = resolveSize({ ...size, upscale: true }, box, { ...noLimits, maxScale: Infinity }, version)
  const isBounded = size.kind === 'max' || size.kind === 'confined' || size.kind === 'full'
  if (isBounded || (wanted.width <= box.width && wanted.height <= box.height)) return
  throw new IIIFError(
    403,
    'scale-constrained',
    `This image is given at ${formatScale(scale)} of its size; ${wanted.width} x ${wanted.height} pixels are more.`,
  )
}
