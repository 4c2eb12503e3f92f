/* Meta-identifiers: an identifier that also names a page and the largest scale that is given, in one segment of a path.
   The Image API knows nothing of them; the form is that of Cantaloupe.

     meta       = identifier [ ";" page ] [ ";" constraint ]
     page       = a whole number from 1
     constraint = n ":" d, whole numbers from 1, n not above d

   It is read from the right, and what does not have one of these forms belongs to the identifier: every text is one.   */
import { BadRequestError, IIIFError } from '../errors.js'
import { type Box, type Dimensions, roundPixels, scaleSide } from './geometry.js'
import type { StoredSizes } from './tiles.js'

/** The largest scale at which an image is given: `numerator / denominator` of its size, at most 1. */
export interface ScaleConstraint {
  /** At least 1. */
  readonly numerator: number
  /** At least the numerator. */
  readonly denominator: number
}

/** What a meta-identifier names. */
export interface MetaIdentifier {
  /** The identifier of the image. */
  readonly identifier: string
  /** The page or frame, from 1. */
  readonly page: number
  /** The largest scale that is given; 1:1 is no constraint. */
  readonly constraint: ScaleConstraint
}

/** Reads and writes meta-identifiers: that of {@link createMetaIdentifierCodec}, or one's own. */
export interface MetaIdentifierCodec {
  /** Reads an identifier that was decoded. @throws {@link BadRequestError} when it cannot be one. */
  parse(text: string): MetaIdentifier
  /** Writes a meta-identifier in its shortest form; the twin of `parse`. */
  format(meta: MetaIdentifier): string
}

/** How {@link createMetaIdentifierCodec} reads and writes. */
export interface MetaIdentifierOptions {
  /** What stands between the parts. @defaultValue `;` */
  readonly delimiter?: string
}

/** No constraint. */
export const fullScale: ScaleConstraint = { numerator: 1, denominator: 1 }

const pageForm = /^0*[1-9]\d{0,8}$/
const constraintForm = /^(0*[1-9]\d{0,8}):(0*[1-9]\d{0,8})$/

/**
 * Creates the codec for `identifier;page;n:d`.
 *
 * @throws TypeError when the delimiter could be part of a page or constraint, or of the path around it.
 */
export function createMetaIdentifierCodec(options: MetaIdentifierOptions = {}): MetaIdentifierCodec {
  const { delimiter = ';' } = options
  if (typeof delimiter !== 'string' || !/^[^\d:/?#\p{Cc}]+$/u.test(delimiter))
    throw new TypeError('delimiter: expected a string without digits, colons and slashes that is not empty')
  return {
    parse: text => parseMeta(text, delimiter),
    format: meta => formatMeta(meta, delimiter),
  }
}

function parseMeta(text: string, delimiter: string): MetaIdentifier {
  const [beforeConstraint, constraint] = splitLast(text, delimiter, parseConstraint)
  const [identifier, page] = splitLast(beforeConstraint, delimiter, parsePageNumber)
  return { identifier, page: page ?? 1, constraint: constraint ?? fullScale }
}

/* Takes the part behind the last delimiter off, where it has the form that is looked for. An identifier must be left. */
function splitLast<T>(
  text: string,
  delimiter: string,
  parse: (part: string) => T | undefined,
): [rest: string, value: T | undefined] {
  const at = text.lastIndexOf(delimiter)
  const value = at > 0 ? parse(text.slice(at + delimiter.length)) : undefined
  return value === undefined ? [text, undefined] : [text.slice(0, at), value]
}

function parsePageNumber(text: string): number | undefined {
  return pageForm.test(text) ? Number(text) : undefined
}

function parseConstraint(text: string): ScaleConstraint | undefined {
  const [, numerator, denominator] = constraintForm.exec(text) ?? []
  if (numerator === undefined || Number(numerator) > Number(denominator)) return undefined
  return reduceConstraint({ numerator: Number(numerator), denominator: Number(denominator) })
}

/** The same scale in lowest terms. */
export function reduceConstraint({ numerator, denominator }: ScaleConstraint): ScaleConstraint {
  let [divisor, rest] = [denominator, numerator]
  while (rest > 0) [divisor, rest] = [rest, divisor % rest]
  return { numerator: numerator / divisor, denominator: denominator / divisor }
}

/** Whether an image is given at its full scale. */
export function isFullScale({ numerator, denominator }: ScaleConstraint): boolean {
  return numerator === denominator
}

function formatMeta(meta: MetaIdentifier, delimiter: string): string {
  const { identifier, page } = meta
  const { numerator, denominator } = reduceConstraint(meta.constraint)
  const tail = numerator === denominator ? '' : `${delimiter}${numerator}:${denominator}`
  const short = `${identifier}${page === 1 ? '' : `${delimiter}${page}`}${tail}`
  const read = parseMeta(short, delimiter)
  if (read.identifier === identifier && read.page === page) return short
  // The identifier itself ends like a page or a constraint: what follows it must be said.
  const paged = `${identifier}${delimiter}${page}`
  return parseMeta(`${paged}${tail}`, delimiter).identifier === identifier
    ? `${paged}${tail}`
    : `${paged}${delimiter}${numerator}:${denominator}`
}

/**
 * Reads the page of a query, `page=2`.
 *
 * @throws {@link BadRequestError} when it is no whole number from 1.
 */
export function parsePage(text: string): number {
  const page = parsePageNumber(text)
  if (page !== undefined) return page
  throw new BadRequestError('invalid-identifier', 'The page must be a whole number from 1.')
}

/** The size of an image under a constraint: what its info.json tells, and what regions and sizes refer to. */
export function constrainDimensions(image: Dimensions, constraint: ScaleConstraint): Dimensions {
  const { numerator, denominator } = constraint
  return {
    width: scaleSide(image.width, denominator, numerator),
    height: scaleSide(image.height, denominator, numerator),
  }
}

/**
 * What info.json tells of an image under a constraint. Levels that are larger are left out, and the others stay where
 * their scale factors come out even, so that viewers still ask for stored tiles.
 */
export function constrainSizes<T extends StoredSizes>(image: T, constraint: ScaleConstraint): T {
  if (isFullScale(constraint)) return image
  const { numerator, denominator } = constraint
  const size = constrainDimensions(image, constraint)
  const { levels = [], tile, ...others } = image
  const kept = levels
    .map(level => ({ ...level, scaleFactor: (level.scaleFactor * numerator) / denominator }))
    .filter(({ scaleFactor }) => scaleFactor >= 1)
  const [first] = kept
  const isStored = first?.width === size.width && first.height === size.height
  const stored = isStored ? { levels: kept, ...(tile === undefined ? {} : { tile }) } : {}
  return { ...others, ...size, ...stored } as T
}

/**
 * Which pixels of the whole image a box of the constrained one stands for; neighbours neither gap nor overlap. Where the
 * constraint is the scale of a stored level, tiles of the one are tiles of the other.
 */
export function expandBox(box: Box, image: Dimensions, constraint: ScaleConstraint): Box {
  const shown = constrainDimensions(image, constraint)
  const [x, width] = expandSide(box.x, box.width, shown.width, image.width, constraint)
  const [y, height] = expandSide(box.y, box.height, shown.height, image.height, constraint)
  return { x, y, width, height }
}

function expandSide(
  start: number,
  length: number,
  shown: number,
  full: number,
  { numerator, denominator }: ScaleConstraint,
): [start: number, length: number] {
  const expand = (at: number): number => Math.min(roundPixels((at * denominator) / numerator), full)
  const first = Math.min(expand(start), full - 1)
  const end = start + length >= shown ? full : expand(start + length)
  return [first, Math.max(1, end - first)]
}

/**
 * Refuses a result at a larger scale than the constraint allows.
 *
 * @param region - in pixels of the constrained image
 * @throws {@link IIIFError} (403) when the size is larger than the region.
 */
export function requireConstrained(region: Dimensions, size: Dimensions, constraint: ScaleConstraint): void {
  if (isFullScale(constraint) || (size.width <= region.width && size.height <= region.height)) return
  const { numerator, denominator } = constraint
  throw new IIIFError(
    403,
    'scale-constrained',
    `This image is given at ${numerator}:${denominator} of its size; ${size.width} x ${size.height} pixels are more.`,
  )
}
