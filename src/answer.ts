/* What each kind of request is answered with, and what the answers share. Whatever depends on nothing but the request,
   the version of the source and the public address is worked out once and remembered with the request. */
import { answerImage } from './answer-image.js'
import { answerInfo } from './answer-info.js'
import type { HttpReply, HttpRequest } from './contracts.js'
import type { Desk } from './desk.js'
import type { RememberedRequest } from './exchange.js'
import type { PublicBase } from './http/base-uri.js'
import { buildErrorReply, buildRedirect } from './http/replies.js'
import type { Located } from './locate.js'
import { requireOffered } from './process.js'
import type { Trace } from './report.js'
import type { ServiceSettings } from './settings.js'

/** Answers a request of any kind; at once where everything is at hand. */
export function answerRequest(
  http: HttpRequest,
  memory: RememberedRequest,
  base: PublicBase,
  desk: Desk,
  trace?: Trace,
): HttpReply | Promise<HttpReply> {
  const { request } = memory
  const client = base.clientAddress ?? ''
  if (trace) Object.assign(trace, { parsed: request, clientAddress: base.clientAddress })
  // 3.0 section 5.2: `id` is the base URI; here and in every link it is what the client called, still encoded.
  const identifier = base.forwardedIdentifier ?? request.encodedIdentifier
  const uri = `${base.origin}${base.path}${desk.settings.publicPrefixes[request.version]}/${identifier}`
  if (request.kind === 'base') {
    // 3.0 section 2: the base URI SHOULD redirect to info.json. Our choice: a last slash is taken off first.
    const status = request.trailingSlash ? 301 : 303
    const cacheControl = desk.settings.cacheControl.decide({ status, request })
    return buildRedirect(status, request.trailingSlash ? uri : `${uri}/info.json`, cacheControl)
  }
  if (request.kind === 'image') requireOffered(request, desk.settings)
  const answer = (image: Located): HttpReply | Promise<HttpReply> => {
    if (trace) trace.phases.resolveMs = performance.now() - trace.began
    return request.kind === 'info'
      ? answerInfo({ http, request, uri, base, client, memory, trace }, image, desk)
      : answerImage({ http, request, uri, base, client, memory, trace }, image, desk)
  }
  const image = desk.locate(request.identifier, http)
  return image instanceof Promise ? image.then(answer) : answer(image)
}

/** Answers with an error. */
export function answerError(
  error: unknown,
  http: HttpRequest,
  { cacheControl }: ServiceSettings,
  trace?: Trace,
): HttpReply {
  const isInfo = /\/info\.json(?:\?|$)/.test(http.url)
  return buildErrorReply(error, http, isInfo, (status, errorCode) => {
    if (trace) trace.errorCode = errorCode
    return cacheControl.decide({ status, errorCode, ...(trace?.parsed && { request: trace.parsed }) })
  })
}
