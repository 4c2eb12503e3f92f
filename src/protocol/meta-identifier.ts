/* Meta-identifiers: an identifier that also names a page and the largest scale that is given, in one segment of a path.
   The Image API knows nothing of them; the form is that of Cantaloupe.

     meta       = identifier [ ";" page ] [ ";" constraint ]
     page       = a whole number from 1
     constraint = n ":" d, whole numbers from 1, n not above d

   It is read from the right, and what does not have one of these forms belongs to the identifier: every text is one.   */
import { BadRequestError } from '../errors.js'
import { formatScale, fullScale, isWithinScale, parseScale, type Scale } from './scale.js'

/** What a meta-identifier names. */
export interface MetaIdentifier {
  /** The identifier of the image. */
  readonly identifier: string
  /** The page or frame, from 1. */
  readonly page: number
  /** The largest scale that is given; 1:1 is no constraint. */
  readonly constraint: Scale
}

/** Reads and writes meta-identifiers: that of {@link createMetaIdentifierCodec}, or one's own. */
export interface MetaIdentifierCodec {
  /** Whether an identifier certainly names neither page nor scale: a quick look, for every tile. @defaultValue never */
  isPlain?(text: string): boolean
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

const pageForm = /^0*[1-9]\d{0,8}$/

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
    isPlain: text => !text.includes(delimiter),
    parse: text => parseMeta(text, delimiter),
    format: meta => formatMeta(meta, delimiter),
  }
}

function parseMeta(text: string, delimiter: string): MetaIdentifier {
  const [beforeConstraint, constraint] = splitLast(text, delimiter, parseScale)
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

function formatMeta(meta: MetaIdentifier, delimiter: string): string {
  const { identifier, page } = meta
  const { constraint } = meta
  const tail = isWithinScale(fullScale, constraint) ? '' : `${delimiter}${formatScale(constraint)}`
  const short = `${identifier}${page === 1 ? '' : `${delimiter}${page}`}${tail}`
  const read = parseMeta(short, delimiter)
  if (read.identifier === identifier && read.page === page) return short
  // The identifier itself ends like a page or a constraint: what follows it must be said.
  const paged = `${identifier}${delimiter}${page}`
  return parseMeta(`${paged}${tail}`, delimiter).identifier === identifier
    ? `${paged}${tail}`
    : `${paged}${delimiter}${formatScale(constraint)}`
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
