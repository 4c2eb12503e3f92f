/* The answer to a request for pixels. Validators come before work: a client that has the image already, or that asks
   for headers only, costs no pixel. */
import type { HttpReply, HttpRequest } from './contracts.js'
import type { Desk } from './desk.js'
import { isFresh } from './http/conditional.js'
import { buildContentDisposition } from './http/content-disposition.js'
import { parseQuery } from './http/query.js'
import { buildNotModified, buildRedirect, buildSuccess, type ReplyHead } from './http/replies.js'
import type { ImageStore } from './image-store.js'
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
import type { Sheet } from './sheet.js'

/** An image request that was prepared before, and what it was prepared for. */
export interface KnownImage {
  /** The version of the source. */
  readonly version: string
  /** The address of the image as the client knows it. */
  readonly uri: string
  /** What is to be made. */
  readonly prepared: PreparedRequest
  /** The name of the result: everything that its bytes depend on, but the version of the source. */
  readonly name: string
  /** What is told about the result. */
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
  const { http, request, uri, memory } = exchange
  const answer = (sheet: Sheet): HttpReply | Promise<HttpReply> => {
    memory.image = prepareImage(http, request, sheet, desk.settings)
    return answerKnown(exchange, image, memory.image, desk)
  }
  const profile = desk.settings.profileLinks[request.version]
  const sheet = desk.takeSheet(image, { uri, profile }, http)
  return sheet instanceof Promise ? sheet.then(answer) : answer(sheet)
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
  const tile = takeTile(prepared, image, desk.store)
  if (tile) return buildSuccess(head, tile, tile.byteLength)
  const kept = recallResult(image, known, desk.store)
  if (kept && !(kept instanceof Promise)) return buildSuccess(head, kept.bytes, kept.bytes.byteLength)
  return obtainImage(image, known, kept, desk, http).then(({ body, size }) => buildSuccess(head, body, size))
}

// One tile as it is stored, of an image that is open.
function takeTile({ stored }: PreparedRequest, image: Located, store: ImageStore): Uint8Array | undefined {
  return stored?.kind === 'tile' ? store.peek(image)?.storedSync?.(stored.level, stored.box) : undefined
}

// What is cheaper to make than to keep is not kept: the source as it is, and one tile as it is stored.
function recallResult(
  image: Located,
  { prepared, name }: NamedResult,
  store: ImageStore,
): ReturnType<ImageStore['getResult']> {
  return isKept(prepared) ? store.getResult(store.formatKey(image, name)) : undefined
}

function isKept({ way, stored }: PreparedRequest): boolean {
  return way === 'render' || (way === 'stored' && stored?.kind === 'join')
}

function prepareImage(
  http: HttpRequest,
  request: ImageRequest,
  sheet: Sheet,
  settings: ServiceSettings,
): KnownImage {
  const { image, description, uri, lastModified } = sheet
  const prepared = prepareRequest(request, description, settings)
  const { canonical } = prepared
  const name = formatName(prepared, settings)
  const head = {
    contentType: mediaTypes[request.format],
    etag: `${sheet.tagStart}${name}"`,
    lastModified,
    cacheControl: settings.cacheControl,
    // The parameters of a canonical URI have no character that a header could not hold.
    link: `${sheet.linkStart}${canonical}${sheet.linkEnd}`,
    disposition: buildContentDisposition(readDisposition(http.url), formatFilename(sheet, prepared)),
  }
  return { version: image.source.version, uri, prepared, name, head }
}

function readDisposition(url: string): string | undefined {
  return url.includes('?') ? (parseQuery(url).get('response-content-disposition') ?? undefined) : undefined
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
  const result = { prepared, name: formatName(prepared, settings) }
  return obtainImage(image, result, recallResult(image, result, store), desk, signal ? { signal } : {})
}

type NamedResult = Pick<KnownImage, 'prepared' | 'name'>

async function obtainImage(
  image: Located,
  { prepared, name }: NamedResult,
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
  if (isKept(prepared) && body instanceof Uint8Array) {
    await store.setResult(store.formatKey(image, name), { bytes: body, mediaType })
  }
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

// Everything that the bytes of a result depend on, but the version of the source; fit for an ETag as it is.
function formatName({ resolved, way }: PreparedRequest, { encodeKey }: ServiceSettings): string {
  return way === 'source' ? way : `${way}_${formatResolved(resolved)}_${encodeKey}`
}

function formatFilename({ filename }: Sheet, { canonical, resolved }: PreparedRequest): string {
  const [region, size] = canonical.split('/', 2)
  return `${filename}_${region}_${size}.${resolved.format}`
}
