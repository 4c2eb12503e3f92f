/* The URI syntax: from the raw, undecoded path to a request, and back (Image API 3.0 and 2.1 section 3).

     image = prefix "/" identifier "/" region "/" size "/" rotation "/" quality "." format
     info  = prefix "/" identifier "/info.json"
     base  = prefix "/" identifier [ "/" ]

   The slashes are literal: an encoded slash belongs to its part. Each part is decoded once. */
import { BadRequestError, NotFoundError } from '../errors.js'
import { type Format, parseFormat } from './format.js'
import { decodeSegment, formatIdentifier, parseIdentifier } from './identifier.js'
import { parseQuality, type Quality } from './quality.js'
import { formatRegion, parseRegion, type Region } from './region.js'
import { formatRotation, parseRotation, type Rotation } from './rotation.js'
import { formatSize, parseSize, type Size } from './size.js'
import { type ImageApiVersion, versionFacts } from './version.js'

/** Where each version is served; `false` switches a version off. */
export type Prefixes = Readonly<Record<ImageApiVersion, string | false>>

/** How {@link parseRequest} reads a path. */
export interface ParseOptions {
  /** The path in front of the identifier, for each version. @defaultValue `/iiif/2` and `/iiif/3` */
  readonly prefixes?: Partial<Prefixes>
  /** A string in identifiers that stands for a slash, for proxies that decode `%2F`. @defaultValue none */
  readonly slashSubstitute?: string
  /**
   * Whether identifiers may hold literal slashes; the path is then read from its right end, as section 3 allows where
   * a framework has decoded the path already. @defaultValue false
   */
  readonly allowSlashes?: boolean
}

/** What every request has. */
export interface RequestTarget {
  /** The version of the Image API that the path belongs to. */
  readonly version: ImageApiVersion
  /** The decoded identifier. */
  readonly identifier: string
  /** The identifier exactly as the path has it, still encoded. */
  readonly encodedIdentifier: string
}

/** The five parameters of an image request. */
export interface ImageParameters {
  /** Which part of the image. */
  readonly region: Region
  /** What the region is scaled to. */
  readonly size: Size
  /** How the result is mirrored and turned. */
  readonly rotation: Rotation
  /** Which colours the result has. */
  readonly quality: Quality
  /** What the bytes are. */
  readonly format: Format
}

/** A request for pixels. */
export interface ImageRequest extends RequestTarget, ImageParameters {
  /** Tells the kinds of requests apart. */
  readonly kind: 'image'
}

/** A request for info.json. */
export interface InfoRequest extends RequestTarget {
  /** Tells the kinds of requests apart. */
  readonly kind: 'info'
}

/** A request for the base URI, which redirects. */
export interface BaseRequest extends RequestTarget {
  /** Tells the kinds of requests apart. */
  readonly kind: 'base'
  /** Whether the path ends with a slash. */
  readonly trailingSlash: boolean
}

/** Anything that the Image API asks of a server. */
export type IIIFRequest = ImageRequest | InfoRequest | BaseRequest

/**
 * Reads the raw path of a request; a query behind it is no part of the syntax and is ignored.
 *
 * @param path as it came over the wire, not decoded
 * @returns `undefined` when the path lies under no prefix, so that it belongs to somebody else
 * @throws {@link BadRequestError} for a parameter that is not valid; {@link NotFoundError} for a path under a prefix
 * that is no request of the Image API.
 * @example
 * ```ts
 * parseRequest('/iiif/3/ark:%2F1%2F2/square/!200,200/0/default.jpg')
 * ```
 */
export function parseRequest(path: string, options: ParseOptions = {}): IIIFRequest | undefined {
  const match = matchPrefix(path, options.prefixes)
  return match && parseMatch(match, options)
}

/** A path that lies under the prefix of a version. */
export interface PrefixMatch {
  /** The version. */
  readonly version: ImageApiVersion
  /** The path behind the prefix and its slash, without a query. */
  readonly rest: string
}

/** Finds the version whose prefix a raw path lies under; `undefined` when it belongs to somebody else. */
export function matchPrefix(path: string, prefixes: Partial<Prefixes> = {}): PrefixMatch | undefined {
  const end = path.search(/[?#]/)
  const raw = end === -1 ? path : path.slice(0, end)
  let match: PrefixMatch | undefined
  for (const version of [3, 2] as const) {
    const prefix = prefixes[version] ?? versionFacts[version].defaultPrefix
    if (prefix === false || !raw.startsWith(`${prefix}/`)) continue
    const rest = raw.slice(prefix.length + 1)
    // One prefix may lie under the other: the longer one is meant.
    if (match === undefined || rest.length < match.rest.length) match = { version, rest }
  }
  return match
}

/** An identifier of 2,000 characters, each percent-encoded with three, and the parameters behind it. */
const maxPathLength = 8192

/**
 * Reads the path behind a prefix.
 *
 * @throws {@link BadRequestError} and {@link NotFoundError} as {@link parseRequest}.
 */
export function parseMatch({ rest: path, version }: PrefixMatch, options: ParseOptions): IIIFRequest {
  if (path.length > maxPathLength) {
    throw new BadRequestError('invalid-path', `The path is longer than ${maxPathLength} characters.`)
  }
  const parts = path.split('/')
  const tail = countTail(parts)
  const head = options.allowSlashes ? parts.length - tail : 1
  const encodedIdentifier = parts.slice(0, head).join('/')
  if (encodedIdentifier === '' || parts.length !== head + tail) {
    throw new NotFoundError('not-an-image-request', 'This path is not a request of the IIIF Image API.')
  }
  const identifier = parseIdentifier(encodedIdentifier, options.slashSubstitute)
  const target = { version, identifier, encodedIdentifier }
  if (tail === 4) return buildImageRequest(target, parseParameters(parts.slice(head), version))
  if (tail === 0) return { kind: 'base', ...target, trailingSlash: false }
  return parts.at(-1) === '' ? { kind: 'base', ...target, trailingSlash: true } : { kind: 'info', ...target }
}

// Written out, because every tile comes this way.
function buildImageRequest(target: RequestTarget, parameters: ImageParameters): ImageRequest {
  const { version, identifier, encodedIdentifier } = target
  const { region, size, rotation, quality, format } = parameters
  return { kind: 'image', version, identifier, encodedIdentifier, region, size, rotation, quality, format }
}

// How many segments at the end are not the identifier: the four of an image, info.json or the nothing behind a last slash.
function countTail(parts: readonly string[]): 0 | 1 | 4 {
  const last = parts.length > 1 ? decodeSegment(parts.at(-1) ?? '') : undefined
  if (last === '' || last === 'info.json') return 1
  return parts.length >= 5 ? 4 : 0
}

/**
 * Reads the four last segments of an image request.
 *
 * @throws {@link BadRequestError} for the first parameter that is not valid.
 */
export function parseParameters(segments: readonly string[], version: ImageApiVersion): ImageParameters {
  const [region = '', size = '', rotation = '', last = ''] = segments
  const file = decodeSegment(last)
  const dot = file.lastIndexOf('.')
  if (dot === -1) {
    throw new BadRequestError('invalid-format', `"${file}" lacks a format; expected quality.format.`)
  }
  return {
    region: parseRegion(decodeSegment(region)),
    size: parseSize(decodeSegment(size), version),
    rotation: parseRotation(decodeSegment(rotation)),
    quality: parseQuality(file.slice(0, dot)),
    format: parseFormat(file.slice(dot + 1)),
  }
}

/** Writes the parameters of an image request as they stand, not in canonical form. */
export function formatParameters(parameters: ImageParameters): string {
  const { region, size, rotation, quality, format } = parameters
  return `${formatRegion(region)}/${formatSize(size)}/${formatRotation(rotation)}/${quality}.${format}`
}

/**
 * Writes a request as a path under a prefix; the twin of {@link parseRequest}.
 *
 * @param prefix the path in front of the identifier, without a slash at its end
 */
export function formatRequest(
  request: IIIFRequest,
  prefix: string = versionFacts[request.version].defaultPrefix,
): string {
  const base = `${prefix}/${formatIdentifier(request.identifier)}`
  switch (request.kind) {
    case 'image':
      return `${base}/${formatParameters(request)}`
    case 'info':
      return `${base}/info.json`
    case 'base':
      return request.trailingSlash ? `${base}/` : base
  }
}
