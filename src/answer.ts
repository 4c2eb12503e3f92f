/* What each kind of request is answered with, and what the answers share. Whatever depends on nothing but the request,
   the version of the source and the public address is worked out once and remembered with the request. */
import { answerImage, type KnownImage } from './answer-image.js'
import { answerInfo, type KnownInfo } from './answer-info.js'
import type { HttpReply, HttpRequest } from './contracts.js'
import type { Desk } from './desk.js'
import type { PublicBase } from './http/base-uri.js'
import { buildRedirect } from './http/replies.js'
import type { Located } from './locate.js'
import { requireOffered } from './process.js'
import type { IIIFRequest } from './protocol/request.js'

/** A request that was parsed before, and what was worked out for its answer. */
export interface RememberedRequest {
  /** The request. */
  readonly request: IIIFRequest
  /** What was worked out for an image. */
  image?: KnownImage
  /** What was worked out for an info.json. */
  info?: KnownInfo
}

/** Answers a request of any kind; at once where everything is at hand. */
export function answerRequest(
  http: HttpRequest,
  memory: RememberedRequest,
  base: PublicBase,
  desk: Desk,
): HttpReply | Promise<HttpReply> {
  const { request } = memory
  // 3.0 section 5.2: `id` is the base URI; here and in every link it is what the client called, still encoded.
  const identifier = base.forwardedIdentifier ?? request.encodedIdentifier
  const uri = `${base.origin}${base.path}${desk.settings.publicPrefixes[request.version]}/${identifier}`
  if (request.kind === 'base') {
    // 3.0 section 2: the base URI SHOULD redirect to info.json. Our choice: a last slash is taken off first.
    return request.trailingSlash ? buildRedirect(301, uri) : buildRedirect(303, `${uri}/info.json`)
  }
  if (request.kind === 'image') requireOffered(request, desk.settings)
  const answer = (image: Located): HttpReply | Promise<HttpReply> =>
    request.kind === 'info'
      ? answerInfo({ http, request, uri, memory }, image, desk)
      : answerImage({ http, request, uri, memory }, image, desk)
  const image = desk.locate(request.identifier, http)
  return image instanceof Promise ? image.then(answer) : answer(image)
}
