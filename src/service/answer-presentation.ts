/* The answers to requests for manifests and collections. They are documents about images, so that everything holds that
   holds for info.json: who may see them, validators, errors in JSON, and the public address. */
import type { LRUCache } from 'lru-cache'
import { privateCacheControl } from '../access/cache-control.js'
import type { HttpReply, HttpRequest } from '../contracts.js'
import { isIIIFError } from '../errors.js'
import type { PublicBase } from '../http/base-uri.js'
import { formatEtag, formatHttpDate, type HttpDate, isFresh } from '../http/conditional.js'
import { formatLink } from '../http/headers.js'
import { buildNotModified, buildRedirect, buildSuccess } from '../http/replies.js'
import type { PresentationDocument } from '../presentation/about.js'
import { collectionFor } from '../presentation/collection.js'
import { type ImageFactsSource, manifestFor } from '../presentation/manifest.js'
import {
  type CollectionRequest,
  formatCollectionUri,
  formatManifestUri,
  formatSegment,
  type ManifestRequest,
  type PresentationApiVersion,
  type PresentationRequest,
} from '../presentation/place.js'
import type { PresentationSettings } from '../presentation/service-options.js'
import { formatIdentifier, parseIdentifier } from '../protocol/identifier.js'
import { resolveLevel } from '../protocol/info.js'
import type { InfoRequest } from '../protocol/request.js'
import type { Admit } from './admit.js'
import type { Desk } from './desk.js'
import { findImage } from './find.js'
import { describePlace, findWhole, findWholeSegment } from './whereabouts.js'

/** A document that was built. */
export interface BuiltDocument {
  /** The document, written. */
  readonly text: string
  /** Stands for the text. */
  readonly digest: string
}

/** What documents are answered with. */
export interface PresentationContext {
  /** What all requests are answered with. */
  readonly desk: Desk
  /** What the service was told about documents. */
  readonly presentation: PresentationSettings
  /** Decides who may see what. */
  readonly admit: Admit
  /** What is known of images. */
  readonly facts: ImageFactsSource
  /** Documents that were built before. */
  readonly kept: LRUCache<string, BuiltDocument>
}

/** A request on its way to a document. */
export interface PresentationExchange {
  /** The request as it came. */
  readonly http: HttpRequest
  /** Where its client believes to be. */
  readonly base: PublicBase
  /** The version of the Presentation API that is wanted. */
  readonly version: PresentationApiVersion
  /** The media type that is wanted. */
  readonly contentType: string
  /** Gives the work up. */
  readonly signal: AbortSignal
}

/** Answers a request for a document. */
export function answerPresentation(
  request: PresentationRequest,
  exchange: PresentationExchange,
  context: PresentationContext,
): Promise<HttpReply> {
  return request.kind === 'manifest'
    ? answerManifest(request, exchange, context)
    : answerCollection(request, exchange, context)
}

async function answerManifest(
  request: ManifestRequest,
  exchange: PresentationExchange,
  context: PresentationContext,
): Promise<HttpReply> {
  const { http, base, signal } = exchange
  const { desk, presentation, admit } = context
  const { encodedIdentifier } = request
  const { codec } = desk.settings.access
  const identifier = findWhole(request.identifier, codec)
  const segment = base.forwardedIdentifier ?? encodedIdentifier
  const place = describePlace(base, desk.settings, presentation)
  const whole = findWholeSegment(segment, codec, place)
  if (whole !== segment) return buildRedirect(303, formatManifestUri(place, request.version, whole))
  const asked: InfoRequest = { kind: 'info', version: 3, identifier, encodedIdentifier }
  const admission = await admit({ http, base, request: asked, isListed: false })
  if (admission.kind === 'reply') return admission.reply
  const { source } = (await findImage(identifier, desk, { signal })).image
  const lastModified = source.lastModified && formatHttpDate(source.lastModified)
  const built = await takeManifest(identifier, segment, source.version, exchange, context)
  const configured = desk.settings.cacheControl.decide({ status: 200, request: asked })
  return answerWith(built, exchange, {
    alternate: formatManifestUri(place, otherThan(exchange.version), segment),
    cacheControl: admission.shared ? configured : privateCacheControl,
    lastModified,
  })
}

/* What functions of the application say may be another thing the next time. */
async function takeManifest(
  identifier: string,
  segment: string,
  sourceVersion: string,
  exchange: PresentationExchange,
  context: PresentationContext,
): Promise<BuiltDocument> {
  const { desk, presentation, kept } = context
  const isSteady = typeof presentation.about !== 'function' && typeof desk.settings.info !== 'function'
  if (!isSteady) return buildManifest(identifier, segment, exchange, context)
  const { origin, path } = exchange.base
  const key = JSON.stringify([origin, path, exchange.version, segment, identifier, sourceVersion])
  const known = kept.get(key) ?? (await buildManifest(identifier, segment, exchange, context))
  kept.set(key, known)
  return known
}

async function buildManifest(
  identifier: string,
  segment: string,
  { base, version, signal }: PresentationExchange,
  { desk, presentation, facts }: PresentationContext,
): Promise<BuiltDocument> {
  const { about, listing, embedded, physicalDimensions, maxCanvases } = presentation
  const place = describePlace(base, desk.settings, presentation)
  const collection = { id: formatCollectionUri(place, version, {}), type: 'Collection' } as const
  const known = parseIdentifier(segment, place.slashSubstitute)
  const { codec } = desk.settings.access
  const formatPage = (of: string, page: number): string =>
    page > 1 ? codec.format({ identifier: codec.parse(of).identifier, page }) : of
  // Without meta-identifiers pages have no identifiers.
  const hasPages = formatPage(identifier, 2) !== identifier
  const document = await manifestFor(identifier, {
    ...(typeof about === 'function' ? await about(identifier) : about),
    ...place,
    baseUri: place.root,
    service: facts,
    version,
    embedded,
    physicalDimensions,
    maxCanvases,
    // Whoever knows the image by another name knows its pages by that name too.
    formatSegment: (_, page) => (page > 1 ? formatSegment(place, formatPage(known, page)) : segment),
    ...(hasPages && { formatPageIdentifier: formatPage }),
    ...(listing && { partOf: [collection] }),
    signal,
  })
  return write(document)
}

async function answerCollection(
  { folder, after }: CollectionRequest,
  exchange: PresentationExchange,
  { desk, presentation, admit }: PresentationContext,
): Promise<HttpReply> {
  const { http, base, version, signal } = exchange
  const { listing = () => undefined, pageSize, collection } = presentation
  const place = describePlace(base, desk.settings, presentation)
  const where = { ...(folder !== undefined && { folder }), ...(after !== undefined && { after }) }
  let isShared = true
  const isListed = async (identifier: string): Promise<boolean> => {
    const request = {
      kind: 'info',
      version: 3,
      identifier,
      encodedIdentifier: formatIdentifier(identifier),
    } as const
    try {
      const admission = await admit({ http, base, request, isListed: true })
      isShared &&= admission.kind === 'serve' && admission.shared
      return admission.kind === 'serve'
    } catch (error) {
      if (!isIIIFError(error)) throw error
      // What is hidden from one is shown to another.
      isShared = false
      return false
    }
  }
  const document = await collectionFor(listing, {
    ...collection,
    ...place,
    baseUri: place.root,
    version,
    pageSize,
    level: resolveLevel(3, desk.settings),
    isListed,
    ...where,
    signal,
  })
  const configured = desk.settings.cacheControl.decide({ status: 200 })
  return answerWith(write(document), exchange, {
    alternate: formatCollectionUri(place, otherThan(version), where),
    cacheControl: isShared ? configured : privateCacheControl,
  })
}

function write(document: PresentationDocument): BuiltDocument {
  const text = JSON.stringify(document)
  return { text, digest: formatEtag([text]) }
}

/** What is told of a document beside itself. */
interface Told {
  /** The URI of the document in the other version. */
  readonly alternate: string
  readonly cacheControl: string
  readonly lastModified?: HttpDate | undefined
}

function answerWith(
  { text, digest }: BuiltDocument,
  { http, contentType }: PresentationExchange,
  told: Told,
): HttpReply {
  const { alternate, cacheControl, lastModified } = told
  const link = formatLink([{ uri: alternate, rel: 'alternate' }])
  const etag = formatEtag([contentType, digest])
  const head = { contentType, etag, lastModified, cacheControl, link, vary: 'Accept' }
  // The document depends on settings too, so that only the ETag can tell whether it is the same.
  if (isFresh(http.headers, { etag })) return buildNotModified(head)
  return buildSuccess(head, http.method === 'HEAD' ? undefined : text, Buffer.byteLength(text))
}

function otherThan(version: PresentationApiVersion): PresentationApiVersion {
  return version === 3 ? 2 : 3
}
