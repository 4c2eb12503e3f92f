/* Less than the whole resolution: an image is shown as a smaller image, with its own width, height, sizes and tiles, at
   every region. Limits cannot do that: they bind one response, and full-size tiles would add up to the whole (Image API
   3.0 section 5.2 and its implementation notes). */
import { type Dimensions, roundPixels, scaleSide } from '../protocol/geometry.js'
import type { InfoFacts } from '../protocol/info.js'
import type { Limits } from '../protocol/limits.js'
import type { ResolvedRequest } from '../protocol/resolved.js'

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

/** The facts of an image that is shown as a smaller one, for its info.json. */
export function shrinkFacts(facts: InfoFacts, shown: Dimensions): InfoFacts {
  if (facts.width === shown.width && facts.height === shown.height) return facts
  const { levels = [], ...rest } = facts
  const ratio = facts.width / shown.width
  const kept = levels
    .filter(level => level.width < shown.width)
    .map(level => ({ ...level, scaleFactor: level.scaleFactor / ratio }))
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
): ResolvedRequest {
  if (image.width === shown.width && image.height === shown.height) return request
  const { x, y, width, height } = request.region
  const [left, right] = expandSpan(x, x + width, image.width, shown.width)
  const [top, bottom] = expandSpan(y, y + height, image.height, shown.height)
  return { ...request, region: { x: left, y: top, width: right - left, height: bottom - top } }
}

function expandSpan(start: number, end: number, full: number, shown: number): readonly [number, number] {
  // A side that is shown larger than it is does not happen: then the span could be empty.
  return [roundPixels((start * full) / shown), roundPixels((end * full) / shown)]
}
