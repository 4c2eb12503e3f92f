/* What each kind of request is answered with. Validators come before work: a client that has the image already, or
   that asks for headers only, costs no pixel. */
import type { HttpReply, HttpRequest, ImageDescription } from './contracts.js'
import type { PublicBase } from './http/base-uri.js'
import { formatEtag, isFresh } from './http/conditional.js'
import { buildContentDisposition } from './http/content-disposition.js'
import { readHeader } from './http/header-field.js'
import type { Link } from './http/headers.js'
import { negotiateInfo } from './http/negotiation.js'
import { parseQuery } from './http/query.js'
import { buildNotModified, buildRedirect, buildSuccess, type ReplyFacts } from './http/replies.js'
import { rendererVersion } from './image/render.js'
import type { ImageStore, Located } from './image-store.js'
import type { ServiceSettings } from './options.js'
import {
  type ImageResult,
  type PreparedRequest,
  prepareRequest,
  renderImage,
  requireOffered,
  sendSource,
} from './process.js'
import { mediaTypes } from './protocol/format.js'
import type { Dimensions } from './protocol/geometry.js'
import { buildInfo, type InfoFacts, resolveLevel } from './protocol/info.js'
import {
  formatParameters,
  type IIIFRequest,
  type ImageRequest,
  type InfoRequest,
} from './protocol/request.js'
import { formatResolved } from './protocol/resolved.js'
import { formatProfileUri } from './protocol/version.js'

/** One request on its way, and what the service has to answer it with. */
export interface Exchange<Request extends IIIFRequest = IIIFRequest> {
  /** The request as it came through the door. */
  readonly http: HttpRequest
  /** What it asks for. */
  readonly request: Request
  /** Where the client believes itself to be. */
  readonly base: PublicBase
  /** The settings of the service. */
  readonly settings: ServiceSettings
  /** The memory of the service. */
  readonly store: ImageStore
  /** Finds the source of an identifier. */
  readonly locate: (identifier: string, context: { readonly signal?: AbortSignal }) => Promise<Located>
}

/** Answers a request of any kind. */
export async function answerRequest(exchange: Exchange): Promise<HttpReply> {
  const { request } = exchange
  switch (request.kind) {
    case 'base':
      // 3.0 section 2: the base URI SHOULD redirect to info.json. Our choice: a last slash is taken off first.
      return request.trailingSlash
        ? buildRedirect(301, formatPublicUri(exchange))
        : buildRedirect(303, `${formatPublicUri(exchange)}/info.json`)
    case 'info':
      return answerInfo({ ...exchange, request })
    case 'image':
      return answerImage({ ...exchange, request })
  }
}

async function answerInfo(exchange: Exchange<InfoRequest>): Promise<HttpReply> {
  const { http, request, settings, store } = exchange
  const image = await exchange.locate(request.identifier, contextOf(http))
  const description = await store.describe(image, http.signal)
  const extras = await settings.info(request.identifier)
  const uri = formatPublicUri(exchange)
  const document = buildInfo(request.version, uri, describeFacts(description), settings, extras)
  const body = new TextEncoder().encode(JSON.stringify(document))
  const contentType = negotiateInfo(request.version, readHeader(http.headers, 'accept'))
  const facts: ReplyFacts = {
    contentType,
    etag: formatEtag([contentType, JSON.stringify(document)]),
    lastModified: image.source.lastModified,
    cacheControl: settings.cacheControl,
    links: [profileLink(exchange)],
    vary: 'Accept',
  }
  // The document depends on settings too, so that only the ETag can tell whether it is the same.
  if (isFresh(http.headers, { etag: facts.etag })) return buildNotModified(facts)
  return buildSuccess(facts, http.method === 'HEAD' ? undefined : body, body.byteLength)
}

async function answerImage(exchange: Exchange<ImageRequest>): Promise<HttpReply> {
  const { http, request, settings, store } = exchange
  requireOffered(request, settings)
  const image = await exchange.locate(request.identifier, contextOf(http))
  const prepared = prepareRequest(request, await store.describe(image, http.signal), settings)
  const canonical = `${formatPublicUri(exchange)}/${prepared.canonical}`
  if (settings.redirectToCanonical && prepared.canonical !== formatParameters(request)) {
    return buildRedirect(303, canonical)
  }
  const facts: Omit<ReplyFacts, 'contentType'> = {
    etag: formatEtag([image.source.version, formatName(prepared, settings), rendererVersion]),
    lastModified: image.source.lastModified,
    cacheControl: settings.cacheControl,
    links: [{ uri: canonical, rel: 'canonical' }, profileLink(exchange)],
    disposition: buildContentDisposition(
      parseQuery(http.url).get('response-content-disposition') ?? undefined,
      formatFilename(request.identifier, prepared),
    ),
  }
  const contentType = mediaTypes[request.format]
  if (isFresh(http.headers, facts)) {
    return buildNotModified({ ...facts, contentType })
  }
  if (http.method === 'HEAD') return buildSuccess({ ...facts, contentType }, undefined)
  const { body, size } = await obtainImage(image, prepared, settings, store, http.signal)
  return buildSuccess({ ...facts, contentType }, body, size)
}

/** Gives the image of a prepared request: from the source as it is, from the cache, or rendered and then kept. */
export async function obtainImage(
  image: Located,
  prepared: PreparedRequest,
  settings: ServiceSettings,
  store: ImageStore,
  signal?: AbortSignal,
): Promise<ImageResult> {
  if (prepared.way === 'source') return sendSource(prepared, image.source, signal)
  const name = formatName(prepared, settings)
  const kept = await store.getResult(image, name, signal)
  if (kept) {
    return { ...prepared, body: kept.bytes, size: kept.bytes.byteLength, mediaType: kept.mediaType }
  }
  const result = await store.read(image, reader => renderImage(prepared, reader, settings, signal))
  await store.setResult(image, name, { bytes: result.body, mediaType: result.mediaType })
  return result
}

/** What an info.json tells of a description; the levels are those of the upright image. */
export function describeFacts(description: ImageDescription): InfoFacts {
  const { width, height, levels, orientation, colour } = description
  const upright = <T extends Dimensions>(size: T): T =>
    orientation >= 5 ? { ...size, width: size.height, height: size.width } : size
  const tile = levels[0].tile
  return {
    width,
    height,
    isGray: colour === 'gray',
    levels: levels.map(({ width, height, scaleFactor }) => upright({ width, height, scaleFactor })),
    ...(tile === undefined ? {} : { tile: upright(tile) }),
  }
}

// Everything that the bytes of a result depend on, but the version of the source.
function formatName({ resolved, way }: PreparedRequest, { encodeKey }: ServiceSettings): string {
  return way === 'source' ? 'source' : `${formatResolved(resolved)} ${encodeKey}`
}

// The address of the image as the client knows it; section 5.2: `id` is the base URI exactly as it was called.
function formatPublicUri({ base, request, settings }: Exchange): string {
  const identifier = base.forwardedIdentifier ?? request.encodedIdentifier
  return `${base.origin}${base.path}${settings.publicPrefixes[request.version]}/${identifier}`
}

function profileLink({ request, settings }: Exchange): Link {
  const { version } = request
  return { uri: formatProfileUri(version, resolveLevel(version, settings)), rel: 'profile' }
}

function formatFilename(identifier: string, { canonical, resolved }: PreparedRequest): string {
  const name = identifier.slice(identifier.lastIndexOf('/') + 1).replace(/\.\w{1,5}$/, '')
  const [region, size] = canonical.split('/')
  return `${name}_${region}_${size}.${resolved.format}`
}

function contextOf({ signal }: HttpRequest): { readonly signal?: AbortSignal } {
  return signal ? { signal } : {}
}
