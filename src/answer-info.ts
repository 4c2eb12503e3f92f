/* The answer to a request for info.json. */
import type { HttpReply, HttpRequest, ImageDescription } from './contracts.js'
import type { Desk } from './desk.js'
import type { Exchange, KnownInfo } from './exchange.js'
import { formatEtag, formatHttpDate, isFresh } from './http/conditional.js'

import { readHeader } from './http/header-field.js'
import { formatLink } from './http/headers.js'
import { negotiateInfo } from './http/negotiation.js'
import { buildNotModified, buildSuccess } from './http/replies.js'
import type { Located } from './locate.js'
import type { Dimensions } from './protocol/geometry.js'
import { buildInfo, type InfoExtras, type InfoFacts } from './protocol/info.js'
import type { InfoRequest } from './protocol/request.js'
import type { ServiceSettings } from './settings.js'
import { addPartOf } from './whereabouts.js'

/** Answers a request for info.json; at once where it was built before. */
export function answerInfo(
  exchange: Exchange<InfoRequest>,
  image: Located,
  desk: Desk,
): HttpReply | Promise<HttpReply> {
  const { http, uri, memory } = exchange
  const accept = readHeader(http.headers, 'accept')
  const known = memory.info
  if (known?.version === image.source.version && known.uri === uri && known.accept === accept) {
    return answerKnown(http, known)
  }
  return prepareInfo(exchange, image, accept, desk).then(info => answerKnown(http, info))
}

function answerKnown(http: HttpRequest, { head, body, size }: KnownInfo): HttpReply {
  // The document depends on settings too, so that only the ETag can tell whether it is the same.
  if (isFresh(http.headers, { etag: head.etag })) return buildNotModified(head)
  return buildSuccess(head, http.method === 'HEAD' ? undefined : body, size)
}

async function prepareInfo(
  { http, request, uri, base, memory }: Exchange<InfoRequest>,
  image: Located,
  accept: string | undefined,
  { settings, store }: Desk,
): Promise<KnownInfo> {
  const description = await store.describe(image, http.signal)
  const extras = addPartOf(await resolveInfoExtras(request.identifier, settings), request, base, settings)
  const text = JSON.stringify(buildInfo(request.version, uri, describeFacts(description), settings, extras))
  const contentType = negotiateInfo(request.version, accept)
  const { lastModified } = image.source
  const head = {
    contentType,
    etag: formatEtag([contentType, text]),
    lastModified: lastModified && formatHttpDate(lastModified),
    cacheControl: settings.cacheControl.decide({ status: 200, request }),
    link: formatLink([settings.profileLinks[request.version]]),
    vary: 'Accept',
  }
  const size = Buffer.byteLength(text)
  const answer = { version: image.source.version, uri, accept, head, body: text, size }
  // What a function tells may be another thing the next time.
  if (typeof settings.info !== 'function' && settings.cacheControl.fixed !== undefined) memory.info = answer
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
