/* What each kind of request is answered with, and what the answers share. Whatever depends on nothing but the request,
   the version of the source and the public address is worked out once and remembered with the request. */
import { answerImage, type KnownImage } from './answer-image.js'
import { answerInfo, type KnownInfo } from './answer-info.js'
import type { HttpReply, HttpRequest } from './contracts.js'
import type { PublicBase } from './http/base-uri.js'
import { buildRedirect } from './http/replies.js'
import type { ImageStore } from './image-store.js'
import type { Locate } from './locate.js'
import type { ServiceSettings } from './options.js'
import type { IIIFRequest } from './protocol/request.js'

/** What the service answers requests with. */
export interface Desk {
  /** The settings of the service. */
  readonly settings: ServiceSettings
  /** The memory of the service. */
  readonly store: ImageStore
  /** Finds the source of an identifier. */
  readonly locate: Locate
}

/** A request that was parsed before, and what was worked out for its answer. */
export interface RememberedRequest {
  /** The request. */
  readonly request: IIIFRequest
  /** What was worked out for an image. */
  image?: KnownImage
  /** What was worked out for an info.json. */
  info?: KnownInfo
}

/** Answers a request of any kind. */
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
  switch (request.kind) {
    case 'base':
      // 3.0 section 2: the base URI SHOULD redirect to info.json. Our choice: a last slash is taken off first.
      return request.trailingSlash ? buildRedirect(301, uri) : buildRedirect(303, `${uri}/info.json`)
    case 'info':
      return answerInfo({ http, request, uri, memory }, desk)
    case 'image':
      return answerImage({ http, request, uri, memory }, desk)
  }
}
