/* The size parameter: what the region is scaled to (Image API 3.0 and 2.1 section 4.2).

     3.0:   size = [ "^" ] ( "max" / w "," / "," h / "pct:" n / w "," h / "!" w "," h )
     2.1.1: size = "full" / "max" / w "," / "," h / "pct:" n / w "," h / "!" w "," h
     w and h are whole pixels above zero, n is a decimal above zero                                                  */
import { BadRequestError, NotImplementedError } from '../errors.js'
import { formatDecimal, parseDecimal, parseInteger } from './decimal.js'
import { type Dimensions, roundPixels, scaleSide } from './geometry.js'
import { fitWithin, isWithinLimits, type Limits } from './limits.js'
import type { ImageApiVersion } from './version.js'

/** A value of the size parameter; `upscale` is the caret of version 3. */
export type Size = SizeForm & {
  /** Whether the caret allows a result larger than the region. */
  readonly upscale: boolean
}

/** The forms of the size parameter. */
export type SizeForm =
  | { readonly kind: 'max' }
  | { readonly kind: 'full' }
  | { readonly kind: 'width'; readonly width: number }
  | { readonly kind: 'height'; readonly height: number }
  | { readonly kind: 'percent'; readonly percent: number }
  | ({ readonly kind: 'exact' } & Dimensions)
  | ({ readonly kind: 'confined' } & Dimensions)

const forms: Readonly<Record<ImageApiVersion, string>> = {
  2: 'expected full, max, w,  ,h  pct:n  w,h or !w,h',
  3: 'expected max, w,  ,h  pct:n  w,h or !w,h, with ^ before it to scale up',
}

/**
 * Reads a size parameter.
 *
 * @throws {@link BadRequestError} when it breaks the grammar of the version, or asks for less than a pixel.
 */
export function parseSize(text: string, version: ImageApiVersion): Size {
  const upscale = version === 3 && text.startsWith('^')
  const size = parseForm(upscale ? text.slice(1) : text, version, upscale)
  if (size === undefined) {
    throw new BadRequestError('invalid-size', `The size "${text}" is not valid; ${forms[version]}.`)
  }
  return size
}

function parseForm(text: string, version: ImageApiVersion, upscale: boolean): Size | undefined {
  if (text === 'max') return { kind: 'max', upscale }
  if (text === 'full') return version === 2 ? { kind: 'full', upscale } : undefined
  if (text.startsWith('pct:')) {
    const percent = parseDecimal(text.slice(4))
    return percent ? { kind: 'percent', percent, upscale } : undefined
  }
  return text.startsWith('!') ? parseSides(text.slice(1), true, upscale) : parseSides(text, false, upscale)
}

function parseSides(text: string, isConfined: boolean, upscale: boolean): Size | undefined {
  const comma = text.indexOf(',')
  const width = parseSide(text.slice(0, Math.max(comma, 0)))
  const height = parseSide(text.slice(comma + 1))
  if (comma === -1 || width === undefined || height === undefined) return undefined
  if (width !== 'open' && height !== 'open') {
    return { kind: isConfined ? 'confined' : 'exact', width, height, upscale }
  }
  if (isConfined) return undefined
  if (width !== 'open') return { kind: 'width', width, upscale }
  return height === 'open' ? undefined : { kind: 'height', height, upscale }
}

function parseSide(text: string): number | 'open' | undefined {
  return text === '' ? 'open' : parseInteger(text) || undefined
}

/** Writes a size; the twin of {@link parseSize}. */
export function formatSize(size: Size): string {
  const caret = size.upscale ? '^' : ''
  switch (size.kind) {
    case 'max':
    case 'full':
      return caret + size.kind
    case 'width':
      return `${caret}${size.width},`
    case 'height':
      return `${caret},${size.height}`
    case 'percent':
      return `${caret}pct:${formatDecimal(size.percent)}`
    case 'exact':
      return `${caret}${size.width},${size.height}`
    case 'confined':
      return `${caret}!${size.width},${size.height}`
  }
}

/**
 * The dimensions that a region is scaled to.
 *
 * A derived side is rounded by {@link roundPixels} and is at least one pixel, so that a thumbnail of a very long scroll
 * exists (our choice: read strictly, 4.2 would refuse it).
 *
 * @throws {@link BadRequestError} when the result would be over a limit, or larger than the region without a caret;
 * {@link NotImplementedError} when the caret asks for upscaling and `limits.maxScale` is 1.
 */
export function resolveSize(
  size: Size,
  region: Dimensions,
  limits: Limits,
  version: ImageApiVersion,
): Dimensions {
  if (size.kind === 'max' || size.kind === 'confined') {
    // 4.2: as large as the region, the box and the limits allow, never an error. Our choice: where nothing is scaled up
    // at all, ^max and ^!w,h give what there is.
    const scale = size.upscale ? limits.maxScale : 1
    const largest = {
      width: roundPixels(region.width * scale),
      height: roundPixels(region.height * scale),
    }
    const box = size.kind === 'max' ? largest : smaller(largest, size)
    return fitWithin(region, box, limits)
  }
  const result = scaleRegion(size, region)
  const above = size.kind === 'percent' && size.percent > 100
  if (above || result.width > region.width || result.height > region.height) {
    requireUpscaling(size, result, region, limits, version)
  }
  // 4.2: sizes over the limits are refused; of 400 and 404, which the specification both names, ours is 400.
  if (!isWithinLimits(result, limits)) throw overLimit(size, result)
  return result
}

type ExplicitForm = Exclude<SizeForm, { readonly kind: 'max' | 'confined' }>

function scaleRegion(size: ExplicitForm, region: Dimensions): Dimensions {
  switch (size.kind) {
    case 'width':
      return { width: size.width, height: scaleSide(region.height, region.width, size.width) }
    case 'height':
      return { width: scaleSide(region.width, region.height, size.height), height: size.height }
    case 'percent':
      return {
        width: Math.max(1, roundPixels((region.width * size.percent) / 100)),
        height: Math.max(1, roundPixels((region.height * size.percent) / 100)),
      }
    case 'exact':
      return { width: size.width, height: size.height }
    case 'full':
      return { width: region.width, height: region.height }
  }
}

function requireUpscaling(
  size: Size,
  result: Dimensions,
  region: Dimensions,
  limits: Limits,
  version: ImageApiVersion,
): void {
  const what = `The size "${formatSize(size)}" is larger than the region of ${region.width} x ${region.height} pixels`
  // 3.0 section 4.2: without a caret, what is larger than the region is an error, and SHOULD be a 400.
  if (version === 3 && !size.upscale) {
    throw new BadRequestError('invalid-size', `${what}; put ^ before it to scale up.`)
  }
  if (limits.maxScale <= 1) {
    // 3.0 section 4.2: a caret where upscaling is not supported SHOULD result in a 501.
    if (version === 3) throw new NotImplementedError(`${what}, and this server does not scale up.`)
    throw new BadRequestError('invalid-size', `${what}, and this server does not scale up.`)
  }
  const widest = roundPixels(region.width * limits.maxScale)
  const highest = roundPixels(region.height * limits.maxScale)
  if (result.width > widest || result.height > highest) throw overLimit(size, result)
}

function smaller(a: Dimensions, b: Dimensions): Dimensions {
  return { width: Math.min(a.width, b.width), height: Math.min(a.height, b.height) }
}

function overLimit(size: Size, result: Dimensions): BadRequestError {
  return new BadRequestError(
    'over-limit',
    `The size "${formatSize(size)}" (${result.width} x ${result.height} pixels) is over the limits of this server; ask for max or less.`,
  )
}
