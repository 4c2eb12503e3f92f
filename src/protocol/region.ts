/* The region parameter: which part of the image (Image API 3.0 and 2.1 section 4.1).

     region  = "full" / "square" / x "," y "," w "," h / "pct:" x "," y "," w "," h
     x, y, w, h are whole pixels, or decimals after "pct:"; w and h are above zero                                   */
import { BadRequestError } from '../errors.js'
import { formatDecimal, parseDecimal, parseInteger } from './decimal.js'
import { type Box, coversImage, type Dimensions, floorPixels, roundPixels } from './geometry.js'

/** A value of the region parameter. */
export type Region =
  | { readonly kind: 'full' }
  | { readonly kind: 'square' }
  | ({ readonly kind: 'pixels' } & Box)
  | ({ readonly kind: 'percent' } & Box)

const form = 'expected full, square, x,y,w,h in whole pixels, or pct:x,y,w,h'

/**
 * Reads a region parameter.
 *
 * @throws {@link BadRequestError} when it breaks the grammar, is empty, or starts beyond 100 percent.
 */
export function parseRegion(text: string): Region {
  if (text === 'full') return { kind: 'full' }
  if (text === 'square') return { kind: 'square' }
  const isPercent = text.startsWith('pct:')
  const parse = isPercent ? parseDecimal : parseInteger
  const numbers = (isPercent ? text.slice(4) : text).split(',')
  const x = parse(numbers[0] ?? '')
  const y = parse(numbers[1] ?? '')
  const width = parse(numbers[2] ?? '')
  const height = parse(numbers[3] ?? '')
  const isWhole = x !== undefined && y !== undefined && width !== undefined && height !== undefined
  if (!isWhole || numbers.length !== 4) {
    throw new BadRequestError('invalid-region', `The region "${text}" is not valid; ${form}.`)
  }
  // 4.1: a region without width or height, or entirely outside the image, SHOULD be a 400.
  if (width === 0 || height === 0) throw emptyRegion(text)
  if (isPercent && (x >= 100 || y >= 100)) throw outside(text)
  return { kind: isPercent ? 'percent' : 'pixels', x, y, width, height }
}

/** Writes a region; the twin of {@link parseRegion}. */
export function formatRegion(region: Region): string {
  if (region.kind === 'full' || region.kind === 'square') return region.kind
  const numbers = [region.x, region.y, region.width, region.height].map(formatDecimal).join(',')
  return region.kind === 'percent' ? `pct:${numbers}` : numbers
}

/** Writes the box of a resolved region in canonical form (3.0 section 4.8, 2.1 section 4.7): `full` where it is the whole image. */
export function formatBox(box: Box, image: Dimensions): string {
  return coversImage(box, image) ? 'full' : `${box.x},${box.y},${box.width},${box.height}`
}

/**
 * The box of whole pixels that a region means in an image: cut at the right and bottom edge, never padded.
 *
 * A square is centred, and percentages are rounded edge by edge, so that neighbouring regions neither gap nor overlap;
 * a percentage above zero is at least one pixel (our choices where the specification leaves them open).
 *
 * @throws {@link BadRequestError} when the region lies outside the image.
 */
export function resolveRegion(region: Region, image: Dimensions): Box {
  switch (region.kind) {
    case 'full':
      return { x: 0, y: 0, width: image.width, height: image.height }
    case 'square': {
      const side = Math.min(image.width, image.height)
      return {
        x: floorPixels((image.width - side) / 2),
        y: floorPixels((image.height - side) / 2),
        width: side,
        height: side,
      }
    }
    case 'pixels':
      if (region.x >= image.width || region.y >= image.height) throw outside(formatRegion(region), image)
      return {
        x: region.x,
        y: region.y,
        width: Math.min(region.width, image.width - region.x),
        height: Math.min(region.height, image.height - region.y),
      }
    case 'percent': {
      const [x, width] = resolvePercent(region.x, region.width, image.width)
      const [y, height] = resolvePercent(region.y, region.height, image.height)
      return { x, y, width, height }
    }
  }
}

function resolvePercent(start: number, extent: number, length: number): [start: number, extent: number] {
  const first = Math.min(roundPixels((start / 100) * length), length - 1)
  const end = Math.min(roundPixels(((start + extent) / 100) * length), length)
  return [first, Math.max(1, end - first)]
}

function emptyRegion(text: string): BadRequestError {
  return new BadRequestError(
    'invalid-region',
    `The region "${text}" is empty; width and height must be above 0.`,
  )
}

function outside(text: string, image?: Dimensions): BadRequestError {
  const where = image ? `, which is ${image.width} x ${image.height} pixels` : ''
  return new BadRequestError('invalid-region', `The region "${text}" is outside the image${where}.`)
}
