/* The answer to a request for info.json. */

import type { HttpReply, HttpRequest } from '../contracts.js'
import { formatEtag, formatHttpDate, isFresh } from '../http/conditional.js'
import { readHeader } from '../http/header-field.js'
import { formatLink } from '../http/headers.js'
import { negotiateInfo } from '../http/negotiation.js'
import { buildNotModified, buildSuccess } from '../http/replies.js'
import type { InfoRequest } from '../protocol/request.js'
import { type Asked, decideCacheControl } from './asked.js'
import type { Desk } from './desk.js'
import type { Exchange, KnownInfo } from './exchange.js'
import { buildInfoDocument } from './info-document.js'
import type { Located } from './locate.js'
import { timeOpening } from './report.js'
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
  return prepareInfo(exchange, image, accept, desk).then(info => answerKnown(http, info, exchange.asked))
}

function answerKnown(http: HttpRequest, { head, body, size }: KnownInfo, asked?: Asked): HttpReply {
  const { status, headers } = asked?.outcome ?? { status: 200, headers: {} }
  // The document depends on settings too, so that only the ETag can tell whether it is the same.
  if (status === 200 && isFresh(http.headers, { etag: head.etag })) return buildNotModified(head)
  const reply = buildSuccess(head, http.method === 'HEAD' ? undefined : body, size)
  return status === 200 ? reply : { ...reply, status, headers: { ...reply.headers, ...headers } }
}

async function prepareInfo(
  { http, request, uri, base, memory, asked, trace }: Exchange<InfoRequest>,
  image: Located,
  accept: string | undefined,
  desk: Desk,
): Promise<KnownInfo> {
  const { settings } = desk
  const extras = addPartOf(asked?.extras ?? {}, request, base, settings)
  const target = { version: request.version, uri, ...asked, extras }
  const text = JSON.stringify(await timeOpening(buildInfoDocument(image, target, desk, http), trace))
  const contentType = negotiateInfo(request.version, accept)
  const { lastModified } = image.source
  const head = {
    contentType,
    etag: formatEtag([contentType, text]),
    lastModified: lastModified && formatHttpDate(lastModified),
    cacheControl: decideCacheControl(settings, request, asked),
    link: formatLink([settings.profileLinks[request.version]]),
    vary: 'Accept',
  }
  const size = Buffer.byteLength(text)
  const answer = { version: image.source.version, uri, accept, head, body: text, size }
  // What a function tells may be another thing the next time.
  const isFixed = typeof settings.info !== 'function' && settings.cacheControl.fixed !== undefined
  if (isFixed && asked === undefined) memory.info = answer
  return answer
}
