/* Where documents and images are: every URI of this room is written here, so that it is the same for everybody and at all
   times.

     manifest   = root prefix "/" version "/" identifier "/manifest"
     collection = root prefix "/" version "/" [ folder "/" ] "collection" [ "?after=" identifier ]
     canvas     = root prefix "/3/" identifier "/canvas/" page

   Identifiers and folders are one segment of the path each, encoded. A canvas is the same in both versions: its URI is no
   place, it is what annotations are about.                                                                          */
import { NotFoundError } from '../errors.js'
import { formatIdentifier, parseIdentifier } from '../protocol/identifier.js'
import type { ImageApiVersion } from '../protocol/version.js'

/** A version of the Presentation API: 2 is 2.1, 3 is 3.0. */
export type PresentationApiVersion = 2 | 3

/** Where clients find documents and images. */
export interface Place {
  /** Scheme, host and path of the application, without a slash at its end. */
  readonly root: string
  /** The path of documents behind the root. */
  readonly prefix: string
  /** The paths of images behind the root; `false` where a version is not served. */
  readonly imagePrefixes: Readonly<Record<ImageApiVersion, string | false>>
  /** What stands for a slash in identifiers. */
  readonly slashSubstitute?: string
}

/** A request for a document. */
export type PresentationRequest = ManifestRequest | CollectionRequest

/** A request for a manifest. */
export interface ManifestRequest {
  /** Tells the kinds of requests apart. */
  readonly kind: 'manifest'
  /** The version of the Presentation API that the path belongs to. */
  readonly version: PresentationApiVersion
  /** The identifier, decoded. */
  readonly identifier: string
  /** The identifier exactly as the path has it, still encoded. */
  readonly encodedIdentifier: string
}

/** A request for a page of a collection. */
export interface CollectionRequest {
  /** Tells the kinds of requests apart. */
  readonly kind: 'collection'
  /** The version of the Presentation API that the path belongs to. */
  readonly version: PresentationApiVersion
  /** The folder, decoded; none for everything. */
  readonly folder?: string
  /** The identifier that the page begins behind; none for the first page. */
  readonly after?: string
}

/** The path of a URL behind the prefix, with its query; `undefined` when it belongs to somebody else. */
export function matchPresentation(url: string, prefix: string): string | undefined {
  return url.startsWith(`${prefix}/`) ? url.slice(prefix.length + 1) : undefined
}

const maxPathLength = 8192

/**
 * Reads the path behind the prefix.
 *
 * @throws {@link NotFoundError} for what is no document; {@link BadRequestError} for what is not well encoded.
 */
export function parsePresentationPath(rest: string, slashSubstitute?: string): PresentationRequest {
  const [path = '', query = ''] = rest.length > maxPathLength ? [] : rest.split('?', 2)
  const [versionDigit, ...segments] = path.split('/')
  const kind = segments.pop()
  const [encodedIdentifier, ...others] = segments
  const isKnown = (versionDigit === '2' || versionDigit === '3') && others.length === 0
  if (!isKnown || (kind !== 'manifest' && kind !== 'collection') || encodedIdentifier === '') {
    throw new NotFoundError('not-found', 'This path is no manifest and no collection.')
  }
  const version = versionDigit === '2' ? 2 : 3
  const identifier = encodedIdentifier && parseIdentifier(encodedIdentifier, slashSubstitute)
  if (kind === 'manifest') {
    if (!encodedIdentifier || identifier === undefined)
      throw new NotFoundError('not-found', 'This path names no image; expected its identifier.')
    return { kind, version, identifier, encodedIdentifier }
  }
  const after = new URLSearchParams(query.split('#', 1)[0]).get('after')
  return { kind, version, ...(identifier && { folder: identifier }), ...(after !== null && { after }) }
}

/** Writes an identifier as one segment of a path. */
export function formatSegment(
  { slashSubstitute }: Pick<Place, 'slashSubstitute'>,
  identifier: string,
): string {
  return formatIdentifier(slashSubstitute ? identifier.replaceAll('/', slashSubstitute) : identifier)
}

/** Writes the URI of a manifest; `segment` is the encoded identifier. */
export function formatManifestUri(place: Place, version: PresentationApiVersion, segment: string): string {
  return `${place.root}${place.prefix}/${version}/${segment}/manifest`
}

/** Writes the URI of a canvas; pages count from 1. */
export function formatCanvasUri(place: Place, segment: string, page: number): string {
  return `${place.root}${place.prefix}/3/${segment}/canvas/${page}`
}

/** Writes the URI of a page of a collection. */
export function formatCollectionUri(
  place: Place,
  version: PresentationApiVersion,
  { folder, after }: Pick<CollectionRequest, 'folder' | 'after'>,
): string {
  const within = folder === undefined ? '' : `/${formatSegment(place, folder)}`
  const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}`
  return `${place.root}${place.prefix}/${version}${within}/collection${query}`
}

/** Writes the base URI of an image; `undefined` where the version is not served. */
export function formatImageUri(place: Place, version: ImageApiVersion, segment: string): string | undefined {
  const prefix = place.imagePrefixes[version]
  return prefix === false ? undefined : `${place.root}${prefix}/${segment}`
}
