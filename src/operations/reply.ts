/* Replies of the operations: JSON or text, never kept, never shown to pages of other origins. */
import type { HttpReply, HttpRequest } from '../contracts.js'
import { createDebug } from '../debug.js'
import { IIIFError, isIIIFError } from '../errors.js'
import { buildErrorBody } from '../http/error-body.js'

const debug = createDebug('operations')

/** Headers of a reply. */
export type Headers = Readonly<Record<string, string>>

/** Builds a reply; without its body for HEAD. */
export function buildReply(
  { method }: Pick<HttpRequest, 'method'>,
  status: number,
  contentType: string,
  body: string,
  headers: Headers = {},
): HttpReply {
  const reply = {
    status,
    headers: {
      'Content-Type': contentType,
      'Content-Length': String(Buffer.byteLength(body)),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      // No CORS headers either: what is told here is for operators only.
      'Cross-Origin-Resource-Policy': 'same-origin',
      ...headers,
    },
  }
  return method === 'HEAD' ? reply : { ...reply, body }
}

/** Builds a reply of JSON. */
export function buildJson(
  request: Pick<HttpRequest, 'method'>,
  status: number,
  value: unknown,
  headers?: Headers,
): HttpReply {
  return buildReply(request, status, 'application/json', `${JSON.stringify(value)}\n`, headers)
}

/** Builds the answer to an error: what was thrown on purpose with its own words, anything else as a 500 that tells nothing. */
export function buildFailure(request: HttpRequest, error: unknown): HttpReply {
  debug('%s %s failed: %o', request.method, request.url, error)
  const known = isIIIFError(error)
    ? error
    : new IIIFError(500, 'internal', 'The server could not answer this request.')
  const { status, code, message } = known
  const { body, contentType } = buildErrorBody('json', { status, title: '', message, code })
  const { 'Cache-Control': _kept, ...headers } = known.headers ?? {}
  return buildReply(request, status, contentType, `${body}\n`, headers)
}

/** Builds the answer to a method that a resource does not have, or the list of those that it has. */
export function buildMethods(request: HttpRequest, allowed: readonly string[]): HttpReply {
  const allow = [...allowed, ...(allowed.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
  if (request.method === 'OPTIONS')
    return { status: 204, headers: { Allow: allow, 'Cache-Control': 'no-store' } }
  const error = new IIIFError(405, 'method-not-allowed', `Expected one of ${allow}.`)
  const reply = buildFailure(request, error)
  return { ...reply, headers: { ...reply.headers, Allow: allow } }
}
