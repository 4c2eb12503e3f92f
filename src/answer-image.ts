/* The answer to a request for pixels. Validators come before work: a client that has the image already, or that asks
   for headers only, costs no pixel. */
import type { HttpReply, HttpRequest } from './contracts.js'
import { isFresh, joinEtag } from './http/conditional.js'
import { buildContentDisposition } from './http/content-disposition.js'
import { parseQuery } from './http/query.js'
import { buildHead, buildNotModified, buildRedirect, buildSuccess, type ReplyHead } from './http/replies.js'
import type { Desk, ImageStore } from './image-store.js'
import type { Located } from './locate.js'
import type { ServiceSettings } from './options.js'
import {
  type ImageResult,
  makeImage,
  type PreparedRequest,
  prepareRequest,
  releaseAfter,
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
  /** The key of the reader of the image. */
  readonly readerKey: string
  /** The headers. */
  readonly head: ReplyHead
}

interface ImageExchange {
  readonly http: HttpRequest
  readonly request: ImageRequest
  readonly uri: string
  readonly memory: { image?: KnownImage }
}

/** Answers a request for pixels; at once where everything is at hand. */
export function answerImage(
  exchange: ImageExchange,
  image: Located,
  desk: Desk,
): HttpReply | Promise<HttpReply> {
  const known = exchange.memory.image
  if (known?.version === image.source.version && known.uri === exchange.uri) {
    return answerKnown(exchange, image, known, desk)
  }
  return prepareImage(exchange, image, desk).then(prepared => answerKnown(exchange, image, prepared, desk))
}

function answerKnown(
  { http, uri }: ImageExchange,
  image: Located,
  known: KnownImage,
  desk: Desk,
): HttpReply | Promise<HttpReply> {
  const { prepared, head } = known
  if (desk.settings.redirectToCanonical && prepared.canonical !== readParameters(http.url)) {
    return buildRedirect(303, `${uri}/${prepared.canonical}`)
  }
  if (isFresh(http.headers, head)) return buildNotModified(head)
  if (http.method === 'HEAD') {
    return buildSuccess(head, undefined, prepared.way === 'source' ? image.source.size : undefined)
  }
  const tile = takeTile(known, desk.store)
  if (tile) return buildSuccess(head, tile, tile.byteLength)
  const kept = recallResult(known, desk.store)
  if (kept && !(kept instanceof Promise)) return buildSuccess(head, kept.bytes, kept.bytes.byteLength)
  return obtainImage(image, known, kept, desk, http).then(({ body, size }) => buildSuccess(head, body, size))
}

// One tile as it is stored, of an image that is open.
function takeTile(
  { prepared: { stored }, readerKey }: KnownImage,
  store: ImageStore,
): Uint8Array | undefined {
  if (stored?.kind !== 'tile') return undefined
  return store.peek(readerKey)?.storedSync?.(stored.level, stored.box)
}

// What is cheaper to make than to keep is not kept: the source as it is, and one tile as it is stored.
function recallResult({ prepared, key }: ResultName, store: ImageStore): ReturnType<ImageStore['getResult']> {
  return isKept(prepared) ? store.getResult(key) : undefined
}

function isKept({ way, stored }: PreparedRequest): boolean {
  return way === 'render' || (way === 'stored' && stored?.kind === 'join')
}

async function prepareImage(
  { http, request, uri, memory }: ImageExchange,
  image: Located,
  { settings, store }: Desk,
): Promise<KnownImage> {
  const { source, identifier } = image
  const prepared = prepareRequest(request, await store.describe(image, http.signal), settings)
  const name = formatName(prepared, settings)
  const head = buildHead({
    contentType: mediaTypes[request.format],
    etag: joinEtag(store.formatTag(image), name),
    lastModified: source.lastModified,
    cacheControl: settings.cacheControl,
    links: [
      { uri: `${uri}/${prepared.canonical}`, rel: 'canonical' },
      settings.profileLinks[request.version],
    ],
    disposition: buildContentDisposition(
      parseQuery(http.url).get('response-content-disposition') ?? undefined,
      formatFilename(identifier, prepared),
    ),
  })
  const keys = { key: store.formatKey(image, name), readerKey: store.formatReaderKey(image) }
  const answer = { version: source.version, uri, prepared, ...keys, head }
  memory.image = answer
  return answer
}

/** Makes the image of a request, or takes it from the cache. */
export async function processImage(
  image: Located,
  request: ImageRequest,
  desk: Desk,
  signal?: AbortSignal,
): Promise<ImageResult> {
  const { settings, store } = desk
  const prepared = prepareRequest(request, await store.describe(image, signal), settings)
  const name = { prepared, key: store.formatKey(image, formatName(prepared, settings)) }
  return obtainImage(image, name, recallResult(name, store), desk, signal ? { signal } : {})
}

type ResultName = Pick<KnownImage, 'prepared' | 'key'>

async function obtainImage(
  image: Located,
  { prepared, key }: ResultName,
  recalled: ReturnType<ImageStore['getResult']>,
  { settings, store }: Desk,
  { signal }: { readonly signal?: AbortSignal },
): Promise<ImageResult> {
  if (prepared.way === 'source') return sendSource(prepared, image.source, signal)
  const kept = await recalled
  if (kept) {
    return { ...prepared, body: kept.bytes, size: kept.bytes.byteLength, mediaType: kept.mediaType }
  }
  const result = await makeFromReader(image, prepared, settings, store, signal)
  const { body, mediaType } = result
  if (isKept(prepared) && body instanceof Uint8Array) await store.setResult(key, { bytes: body, mediaType })
  return result
}

async function makeFromReader(
  image: Located,
  prepared: PreparedRequest,
  settings: ServiceSettings,
  store: ImageStore,
  signal?: AbortSignal,
): Promise<ImageResult> {
  const { reader, release } = await store.lend(image)
  return releaseAfter(release, () => makeImage(prepared, reader, settings, signal))
}

// The parameters as they were written; encoded or not they are the same, so that no client is sent in circles.
function readParameters(url: string): string {
  const [path = ''] = url.split(/[?#]/, 1)
  return path.split('/').slice(-4).map(decodeSegment).join('/')
}

// Everything that the bytes of a result depend on, but the version of the source.
function formatName({ resolved, way }: PreparedRequest, { encodeKey }: ServiceSettings): string {
  return way === 'source' ? way : `${way} ${formatResolved(resolved)} ${encodeKey}`
}

function formatFilename(identifier: string, { canonical, resolved }: PreparedRequest): string {
  const name = identifier.slice(identifier.lastIndexOf('/') + 1).replace(/\.\w{1,5}$/, '')
  const [region, size] = canonical.split('/')
  return `${name}_${region}_${size}.${resolved.format}`
}
