/* Limits: how large a response may be (Image API 3.0 section 5.2, maxWidth, maxHeight, maxArea; maxScale is ours).
   They bind the scaled region, not the scale of the whole image: a tile is never refused because its image is large. */
import { type Dimensions, floorPixels, scaleSide } from './geometry.js'
import type { Names } from './option-names.js'

/**
 * The largest responses that a server makes. They bound work: a whole source that is sent as it is stored is no work, and
 * exempt from them when its exact size is asked for.
 */
export interface LimitOptions {
  /** The largest width, in pixels. @defaultValue none */
  readonly maxWidth?: number
  /** The largest height, in pixels; needs `maxWidth`. @defaultValue `maxWidth` */
  readonly maxHeight?: number
  /** The largest number of pixels; `Infinity` for no limit. @defaultValue 50,000,000 */
  readonly maxArea?: number
  /**
   * How far a region may be scaled up: 1 is not at all, 2 is to twice its width and height.
   * The cost of a response grows with its square. @defaultValue 1
   */
  readonly maxScale?: number
}

/** The names of {@link LimitOptions}. */
export const limitNames: Names<LimitOptions> = {
  maxWidth: true,
  maxHeight: true,
  maxArea: true,
  maxScale: true,
}

/** Limits with every value in place; `Infinity` where there is none. */
export interface Limits {
  /** The largest width, in pixels. */
  readonly maxWidth: number
  /** The largest height, in pixels. */
  readonly maxHeight: number
  /** The largest number of pixels. */
  readonly maxArea: number
  /** How far a region may be scaled up; 1 is not at all. */
  readonly maxScale: number
}

/** No limits but one: nothing is scaled up. */
export const noLimits: Limits = { maxWidth: Infinity, maxHeight: Infinity, maxArea: Infinity, maxScale: 1 }

/** The number of pixels of a response that no option allows to pass: about half a second of work for a JPEG. */
export const defaultMaxArea = 50_000_000

/**
 * Checks limits and puts the defaults in place.
 *
 * @throws TypeError that names the option, for values that are not above zero and for `maxHeight` without `maxWidth`.
 */
export function resolveLimits(options: LimitOptions = {}): Limits {
  const { maxWidth, maxHeight, maxArea = defaultMaxArea, maxScale = 1 } = options
  for (const [name, value] of Object.entries({ maxWidth, maxHeight, maxArea })) {
    if (value === undefined || (name === 'maxArea' && value === Infinity)) continue
    if (!Number.isSafeInteger(value) || value <= 0) {
      throw new TypeError(`limits.${name}: expected a whole number of pixels above 0 but received ${value}`)
    }
  }
  if (!(Number.isFinite(maxScale) && maxScale >= 1)) {
    throw new TypeError(`limits.maxScale: expected a number from 1 upwards but received ${maxScale}`)
  }
  // 3.0 section 5.2: maxHeight MUST come with maxWidth.
  if (maxHeight !== undefined && maxWidth === undefined) {
    throw new TypeError('limits.maxHeight: expected maxWidth beside it, as the Image API demands')
  }
  // 3.0 section 5.7: sizeUpscaling MUST come with maxWidth or maxArea.
  if (maxScale > 1 && maxWidth === undefined && maxArea === Infinity) {
    throw new TypeError('limits.maxScale: expected maxWidth or maxArea beside it, as the Image API demands')
  }
  return { maxWidth: maxWidth ?? Infinity, maxHeight: maxHeight ?? maxWidth ?? Infinity, maxArea, maxScale }
}

/** Tells whether dimensions keep within the limits. */
export function isWithinLimits(size: Dimensions, limits: Limits): boolean {
  return (
    size.width <= limits.maxWidth &&
    size.height <= limits.maxHeight &&
    size.width * size.height <= limits.maxArea
  )
}

/**
 * The largest dimensions with the aspect of `region` that keep within a box and within the limits.
 * Area first, then width, then height; the other side always from the original aspect, so that rounding does not
 * compound (Image API 3.0, implementation note 5.3).
 */
export function fitWithin(region: Dimensions, box: Dimensions, limits: Limits): Dimensions {
  const maxWidth = Math.min(box.width, limits.maxWidth)
  const maxHeight = Math.min(box.height, limits.maxHeight)
  const scale = Math.sqrt(limits.maxArea / (region.width * region.height))
  const shrink = (side: number) => Math.min(limits.maxArea, Math.max(1, floorPixels(side * scale)))
  let width = shrink(region.width)
  let height = shrink(region.height)
  if (width > maxWidth) {
    width = maxWidth
    height = Math.min(height, scaleSide(region.height, region.width, width))
  }
  if (height > maxHeight) {
    height = maxHeight
    width = Math.min(width, scaleSide(region.width, region.height, height))
  }
  return { width, height }
}
