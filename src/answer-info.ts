/* The answer to a request for info.json. */
import type { HttpReply, HttpRequest, ImageDescription } from './contracts.js'
import { formatEtag, isFresh } from './http/conditional.js'
import { readHeader } from './http/header-field.js'
import type { Link } from './http/headers.js'
import { negotiateInfo } from './http/negotiation.js'
import { buildHead, buildNotModified, buildSuccess, type ReplyHead } from './http/replies.js'
import type { ImageStore } from './image-store.js'
import type { Locate, Located } from './locate.js'
import type { ServiceSettings } from './options.js'
import type { Dimensions } from './protocol/geometry.js'
import { buildInfo, type InfoExtras, type InfoFacts, resolveLevel } from './protocol/info.js'
import type { InfoRequest } from './protocol/request.js'
import { formatProfileUri, type ImageApiVersion } from './protocol/version.js'

/** An info.json that was built before, and what it was built for. */
export interface KnownInfo {
  /** The version of the source. */
  readonly version: string
  /** The address of the image as the client knows it. */
  readonly uri: string
  /** The Accept header. */
  readonly accept: string | undefined
  /** The headers. */
  readonly head: ReplyHead
  /** The document. */
  readonly body: Uint8Array
}

interface InfoExchange {
  readonly http: HttpRequest
  readonly request: InfoRequest
  readonly uri: string
}

interface InfoDesk {
  readonly settings: ServiceSettings
  readonly store: ImageStore
  readonly locate: Locate
  readonly knownInfos: WeakMap<InfoRequest, KnownInfo>
}

/** Answers a request for info.json. */
export async function answerInfo(exchange: InfoExchange, desk: InfoDesk): Promise<HttpReply> {
  const { http, request, uri } = exchange
  const image = await desk.locate(request.identifier, http)
  const accept = readHeader(http.headers, 'accept')
  const known = desk.knownInfos.get(request)
  const isKnown = known?.version === image.source.version && known.uri === uri && known.accept === accept
  const { head, body } = isKnown ? known : await prepareInfo(exchange, image, accept, desk)
  // The document depends on settings too, so that only the ETag can tell whether it is the same.
  if (isFresh(http.headers, { etag: head.etag })) return buildNotModified(head)
  return buildSuccess(head, http.method === 'HEAD' ? undefined : body, body.byteLength)
}

async function prepareInfo(
  { http, request, uri }: InfoExchange,
  image: Located,
  accept: string | undefined,
  { settings, store, knownInfos }: InfoDesk,
): Promise<KnownInfo> {
  const description = await store.describe(image, http.signal)
  const extras = await resolveInfoExtras(request.identifier, settings)
  const text = JSON.stringify(buildInfo(request.version, uri, describeFacts(description), settings, extras))
  const contentType = negotiateInfo(request.version, accept)
  const head = buildHead({
    contentType,
    etag: formatEtag([contentType, text]),
    lastModified: image.source.lastModified,
    cacheControl: settings.cacheControl,
    links: [buildProfileLink(request.version, settings)],
    vary: 'Accept',
  })
  const answer = { version: image.source.version, uri, accept, head, body: new TextEncoder().encode(text) }
  // What a function tells may be another thing the next time.
  if (typeof settings.info !== 'function') knownInfos.set(request, answer)
  return answer
}

/** What the owner adds to an info.json. */
export function resolveInfoExtras(
  identifier: string,
  { info }: ServiceSettings,
): InfoExtras | Promise<InfoExtras> {
  return typeof info === 'function' ? info(identifier) : info
}

/** What an info.json tells of a description; the levels are those of the upright image. */
export function describeFacts(description: ImageDescription): InfoFacts {
  const { width, height, levels, orientation, colour } = description
  const upright = <T extends Dimensions>(size: T): T =>
    orientation >= 5 ? { ...size, width: size.height, height: size.width } : size
  const { tile } = levels[0]
  return {
    width,
    height,
    isGray: colour === 'gray',
    levels: levels.map(level =>
      upright({ width: level.width, height: level.height, scaleFactor: level.scaleFactor }),
    ),
    ...(tile === undefined ? {} : { tile: upright(tile) }),
  }
}

/** Builds the link to the level that the service complies with. */
export function buildProfileLink(version: ImageApiVersion, settings: ServiceSettings): Link {
  return { uri: formatProfileUri(version, resolveLevel(version, settings)), rel: 'profile' }
}
