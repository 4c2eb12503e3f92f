/* What each kind of request is answered with, and what the answers share. Whatever depends on nothing but the request,
   the version of the source and the public address is worked out once and remembered with the request. */
import { noStore } from '../access/cache-control.js'
import { formatMoved } from '../access/variant.js'
import type { HttpReply, HttpRequest } from '../contracts.js'
import { isMoved } from '../errors.js'
import type { PublicBase } from '../http/base-uri.js'
import { splitQuery } from '../http/query.js'
import {
  buildErrorReply,
  buildMethodNotAllowed,
  buildRedirect,
  type ErrorCacheControl,
} from '../http/replies.js'
import { requireOffered } from '../process.js'
import type { IIIFRequest } from '../protocol/request.js'
import { answerGuarded } from './answer-guarded.js'
import { answerImage } from './answer-image.js'
import { answerInfo } from './answer-info.js'
import type { Desk } from './desk.js'
import type { RememberedRequest } from './exchange.js'
import type { Located } from './locate.js'
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
  const { access, publicPrefixes } = desk.settings
  const client = base.clientAddress ?? ''
  if (trace) Object.assign(trace, { parsed: request, clientAddress: base.clientAddress })
  // 3.0 section 5.2: `id` is the base URI; here and in every link it is what the client called, still encoded.
  const identifier = base.forwardedIdentifier ?? request.encodedIdentifier
  const uri = `${base.origin}${base.path}${publicPrefixes[request.version]}/${identifier}`
  if (request.kind === 'base') {
    // 3.0 section 2: the base URI SHOULD redirect to info.json. Our choice: a last slash is taken off first.
    const status = request.trailingSlash ? 301 : 303
    const cacheControl = desk.settings.cacheControl.decide({ status, request })
    return buildRedirect(status, request.trailingSlash ? uri : `${uri}/info.json`, cacheControl)
  }
  if (request.kind === 'image') requireOffered(request, desk.settings)
  if (!desk.settings.isPlain || !access.codec.isPlain(request.identifier) || http.url.includes('page=')) {
    const exchange = { http, uri, base, client, memory: { request }, trace }
    return request.kind === 'info'
      ? answerGuarded({ ...exchange, request }, base, desk)
      : answerGuarded({ ...exchange, request }, base, desk)
  }
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
  settings: ServiceSettings,
  unanswered: Unanswered = {},
): HttpReply {
  const isInfo = /\/info\.json(?:\?|$)/.test(http.url)
  return buildErrorReply(error, http, isInfo, decideOnError(settings, unanswered))
}

/** What is known of a request that cannot be answered. */
export interface Unanswered {
  /** What it was understood as, where it was. */
  readonly request?: IIIFRequest | undefined
  /** What is gathered for a report. */
  readonly trace?: Trace | undefined
}

/** Answers a request with a method that no resource has. */
export function answerMethod(
  http: HttpRequest,
  settings: ServiceSettings,
  unanswered: Unanswered,
): HttpReply {
  return buildMethodNotAllowed(http, decideOnError(settings, unanswered))
}

function decideOnError({ cacheControl }: ServiceSettings, { request, trace }: Unanswered): ErrorCacheControl {
  return (status, errorCode) => {
    if (trace) trace.errorCode = errorCode
    return cacheControl.decide({ status, errorCode, ...(request && { request }) })
  }
}

/**
 * Answers with the address where the image is, when that is what the error says.
 *
 * @throws any other error.
 */
export function answerMoved(
  error: unknown,
  http: HttpRequest,
  request: IIIFRequest,
  { origin, path }: PublicBase,
  { access, cacheControl, publicPrefixes }: ServiceSettings,
): HttpReply {
  if (!isMoved(error)) throw error
  const { target } = error
  const status = error.status as 301 | 302 | 303 | 307
  // Who was not asked for the image is not told where it is.
  const control = access.authorize ? noStore : cacheControl.decide({ status, request })
  if ('location' in target) return buildRedirect(status, target.location, control)
  const { path: asked, query } = splitQuery(http.url)
  const parameters = asked.split('/').slice(request.kind === 'image' ? -4 : -1)
  const prefix = `${origin}${path}${publicPrefixes[request.version]}`
  const identifier = formatMoved(access.codec, request.identifier, target.identifier)
  return buildRedirect(status, [prefix, identifier, ...parameters].join('/') + query, control)
}
