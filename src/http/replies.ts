/* Replies: from what the service found out to status, headers and body (Image API 3.0 and 2.1 section 7). HEAD and what
   a browser must be told about safety are handled here, once for all. */
import type { HttpReply, HttpRequest } from '../contracts.js'
import { createDebug } from '../debug.js'
import { type ErrorCode, isIIIFError } from '../errors.js'
import type { HttpDate } from './conditional.js'
import { buildErrorBody } from './error-body.js'
import { readHeader } from './header-field.js'
import { addSafetyHeaders, allowedMethods, createHeaders } from './headers.js'
import { negotiateError } from './negotiation.js'
import type { ByteRange } from './range.js'
import { formatHeaderUri } from './uri.js'

const debug = createDebug('http')

/** Tells the Cache-Control header of an error. */
export type ErrorCacheControl = (status: number, code: ErrorCode) => string

/** What a successful reply tells beside its body, each fact as its header says it. */
export interface ReplyHead {
  /** The media type of the body. */
  readonly contentType: string
  /** The ETag. */
  readonly etag: string
  /** When the source last changed. */
  readonly lastModified?: HttpDate | undefined
  /** The Cache-Control header; empty for none. */
  readonly cacheControl: string
  /** The Link header. */
  readonly link: string
  /** The Content-Disposition header. */
  readonly disposition?: string
  /** The request headers that the reply depends on. */
  readonly vary?: string
  /** Whether clients are told that they may ask for parts. @defaultValue false */
  readonly acceptsRanges?: boolean
}

/** Builds the headers that a 200 and a 304 share (RFC 9110 section 15.4.5). */
function buildValidatorHeaders(head: ReplyHead): Record<string, string> {
  const headers = createHeaders()
  headers.ETag = head.etag
  headers.Link = head.link
  if (head.cacheControl !== '') headers['Cache-Control'] = head.cacheControl
  if (head.lastModified?.text !== undefined) headers['Last-Modified'] = head.lastModified.text
  if (head.vary !== undefined) headers.Vary = head.vary
  return headers
}

/** Builds the answer to a request whose client has the current version already. */
export function buildNotModified(head: ReplyHead): HttpReply {
  return { status: 304, headers: buildValidatorHeaders(head) }
}

/**
 * Builds a successful reply.
 *
 * @param body - left out for HEAD
 * @param size - the number of bytes of the body, where it is known
 */
export function buildSuccess(head: ReplyHead, body: HttpReply['body'], size?: number): HttpReply {
  const headers = buildValidatorHeaders(head)
  addSafetyHeaders(headers, head.contentType)
  if (head.disposition !== undefined) headers['Content-Disposition'] = head.disposition
  if (size !== undefined) headers['Content-Length'] = String(size)
  if (head.acceptsRanges) headers['Accept-Ranges'] = 'bytes'
  return body === undefined ? { status: 200, headers } : { status: 200, headers, body }
}

/**
 * Builds a reply with a part of a body.
 *
 * @param body - the part
 * @param size - the number of bytes of the whole
 */
export function buildPartial(
  head: ReplyHead,
  body: HttpReply['body'],
  { start, end }: ByteRange,
  size: number,
): HttpReply {
  const { headers, ...reply } = buildSuccess(head, body, end - start)
  return {
    ...reply,
    status: 206,
    headers: { ...headers, 'Content-Range': `bytes ${start}-${end - 1}/${size}` },
  }
}

/** Builds the answer to a range that has nothing of the body. */
export function buildNotSatisfiable(head: ReplyHead, size: number): HttpReply {
  // It is an error of this request only: caches do not tell requests apart by their Range.
  const headers = {
    ...buildValidatorHeaders({ ...head, cacheControl: 'no-cache' }),
    'Content-Range': `bytes */${size}`,
    'Content-Length': '0',
  }
  return { status: 416, headers }
}

/** Builds a redirect; its body is empty. */
export function buildRedirect(
  status: 301 | 302 | 303 | 307,
  location: string,
  cacheControl: string = '',
): HttpReply {
  const headers = createHeaders()
  headers.Location = formatHeaderUri(location)
  headers['Content-Length'] = '0'
  if (cacheControl !== '') headers['Cache-Control'] = cacheControl
  return { status, headers }
}

/** Builds the answer to a method that no resource has. */
export function buildMethodNotAllowed(request: HttpRequest, decide: ErrorCacheControl): HttpReply {
  const facts = {
    status: 405,
    code: 'method-not-allowed',
    message: `The method is not allowed here; expected one of ${allowedMethods}.`,
  } as const
  const reply = buildFailure(facts, request, false, decide)
  return { ...reply, headers: { ...reply.headers, Allow: allowedMethods } }
}

/**
 * Builds the answer to an error: what honeydew threw on purpose with its own words, anything else as a 500 that tells
 * nothing.
 */
export function buildErrorReply(
  error: unknown,
  request: HttpRequest,
  isInfo: boolean,
  decide: ErrorCacheControl = () => 'no-cache',
): HttpReply {
  if (isIIIFError(error)) {
    if (error.status >= 500) debug('%s: %o', error.code, error)
    const reply = buildFailure(error, request, isInfo, decide)
    return error.headers ? { ...reply, headers: { ...reply.headers, ...error.headers } } : reply
  }
  debug('unforeseen: %o', error)
  const message = 'The server could not answer this request.'
  return buildFailure({ status: 500, code: 'internal', message }, request, isInfo, decide)
}

interface Failure {
  readonly status: number
  readonly code: ErrorCode
  readonly message: string
}

function buildFailure(
  { status, code, message }: Failure,
  request: HttpRequest,
  isInfo: boolean,
  decide: ErrorCacheControl,
): HttpReply {
  const kind = negotiateError(readHeader(request.headers, 'accept'), isInfo)
  const { body, contentType } = buildErrorBody(kind, {
    status,
    title: titles[status] ?? 'Error',
    message,
    code,
  })
  const bytes = new TextEncoder().encode(body)
  const headers = createHeaders()
  headers['Content-Length'] = String(bytes.byteLength)
  const cacheControl = decide(status, code)
  if (cacheControl !== '') headers['Cache-Control'] = cacheControl
  if (!isInfo) headers.Vary = 'Accept'
  addSafetyHeaders(headers, contentType)
  return request.method === 'HEAD' ? { status, headers } : { status, headers, body: bytes }
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Content Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}
