/* The answer to a request for pixels. Validators come before work: a client that has the image already, or that asks
   for headers only, costs no pixel. */
import { buildProfileLink } from './answer-info.js'
import type { HttpReply, HttpRequest } from './contracts.js'
import { formatEtag, isFresh } from './http/conditional.js'
import { buildContentDisposition } from './http/content-disposition.js'
import { parseQuery } from './http/query.js'
import { buildHead, buildNotModified, buildRedirect, buildSuccess, type ReplyHead } from './http/replies.js'
import { rendererVersion } from './image/render.js'
import type { ImageStore } from './image-store.js'
import type { Locate, Located } from './locate.js'
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
import { decodeSegment } from './protocol/identifier.js'
import type { ImageRequest } from './protocol/request.js'
import { formatResolved } from './protocol/resolved.js'

/** An image request that was prepared before, and what it was prepared for. */
export interface KnownImage {
  /** The version of the source. */
  readonly version: string
  /** The address of the image as the client knows it. */
  readonly uri: string
  /** What is to be made. */
  readonly prepared: PreparedRequest
  /** The key that the result is kept under. */
  readonly key: string
  /** The headers. */
  readonly head: ReplyHead
}

interface ImageExchange {
  readonly http: HttpRequest
  readonly request: ImageRequest
  readonly uri: string
}

interface ImageDesk {
  readonly settings: ServiceSettings
  readonly store: ImageStore
  readonly locate: Locate
  readonly knownImages: WeakMap<ImageRequest, KnownImage>
}

/** Answers a request for pixels. */
export async function answerImage(exchange: ImageExchange, desk: ImageDesk): Promise<HttpReply> {
  const { http, request, uri } = exchange
  requireOffered(request, desk.settings)
  const image = await desk.locate(request.identifier, http)
  const known = desk.knownImages.get(request)
  const isKnown = known?.version === image.source.version && known.uri === uri
  const { prepared, key, head } = isKnown ? known : await prepareImage(exchange, image, desk)
  if (desk.settings.redirectToCanonical && prepared.canonical !== readParameters(http.url)) {
    return buildRedirect(303, `${uri}/${prepared.canonical}`)
  }
  if (isFresh(http.headers, head)) return buildNotModified(head)
  if (http.method === 'HEAD') {
    return buildSuccess(head, undefined, prepared.way === 'source' ? image.source.size : undefined)
  }
  const { body, size } = await obtainImage(image, prepared, key, desk, http)
  return buildSuccess(head, body, size)
}

async function prepareImage(
  { http, request, uri }: ImageExchange,
  image: Located,
  { settings, store, knownImages }: ImageDesk,
): Promise<KnownImage> {
  const { source, identifier } = image
  const prepared = prepareRequest(request, await store.describe(image, http.signal), settings)
  const name = formatName(prepared, settings)
  const head = buildHead({
    contentType: mediaTypes[request.format],
    etag: formatEtag([source.version, name, rendererVersion]),
    lastModified: source.lastModified,
    cacheControl: settings.cacheControl,
    links: [
      { uri: `${uri}/${prepared.canonical}`, rel: 'canonical' },
      buildProfileLink(request.version, settings),
    ],
    disposition: buildContentDisposition(
      parseQuery(http.url).get('response-content-disposition') ?? undefined,
      formatFilename(identifier, prepared),
    ),
  })
  const answer = { version: source.version, uri, prepared, key: store.formatKey(image, name), head }
  knownImages.set(request, answer)
  return answer
}

/** Makes the image of a request, or takes it from the cache. */
export async function processImage(
  image: Located,
  request: ImageRequest,
  desk: Pick<ImageDesk, 'settings' | 'store'>,
  signal?: AbortSignal,
): Promise<ImageResult> {
  const { settings, store } = desk
  const prepared = prepareRequest(request, await store.describe(image, signal), settings)
  const key = store.formatKey(image, formatName(prepared, settings))
  return obtainImage(image, prepared, key, desk, signal ? { signal } : {})
}

async function obtainImage(
  image: Located,
  prepared: PreparedRequest,
  key: string,
  { settings, store }: Pick<ImageDesk, 'settings' | 'store'>,
  context: { readonly signal?: AbortSignal },
): Promise<ImageResult> {
  if (prepared.way === 'source') return sendSource(prepared, image.source, context.signal)
  const answer = store.getResult(key)
  const kept = answer instanceof Promise ? await answer : answer
  if (kept) {
    return { ...prepared, body: kept.bytes, size: kept.bytes.byteLength, mediaType: kept.mediaType }
  }
  const { signal } = context
  const result = await store.read(image, reader => renderImage(prepared, reader, settings, signal))
  await store.setResult(key, { bytes: result.body, mediaType: result.mediaType })
  return result
}

// The parameters as they were written; encoded or not they are the same, so that no client is sent in circles.
function readParameters(url: string): string {
  const [path = ''] = url.split(/[?#]/, 1)
  return path.split('/').slice(-4).map(decodeSegment).join('/')
}

// Everything that the bytes of a result depend on, but the version of the source.
function formatName({ resolved, way }: PreparedRequest, { encodeKey }: ServiceSettings): string {
  return way === 'source' ? 'source' : `${formatResolved(resolved)} ${encodeKey}`
}

function formatFilename(identifier: string, { canonical, resolved }: PreparedRequest): string {
  const name = identifier.slice(identifier.lastIndexOf('/') + 1).replace(/\.\w{1,5}$/, '')
  const [region, size] = canonical.split('/')
  return `${name}_${region}_${size}.${resolved.format}`
}
