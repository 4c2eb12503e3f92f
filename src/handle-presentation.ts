/* The way of a request for a manifest or a collection through the service; beside that of images, which it never slows. */
import { LRUCache } from 'lru-cache'
import { answerPresentation, type BuiltDocument, type PresentationContext } from './answer-presentation.js'
import type { HttpReply, HttpRequest } from './contracts.js'
import type { Desk } from './desk.js'
import { AbortedError } from './errors.js'
import type { PublicBase } from './http/base-uri.js'
import { readHeader } from './http/header-field.js'
import { buildPreflight } from './http/headers.js'
import { negotiatePresentation } from './http/negotiation.js'
import { buildErrorReply, buildMethodNotAllowed } from './http/replies.js'
import { matchPresentation, parsePresentationPath } from './presentation/place.js'
import { type Admit, createFacts } from './presented.js'
import { createTrace, reportReply, type Trace } from './report.js'
import { withDeadline } from './schedule/deadline.js'

/** Answers a request; `undefined` when its path is not under the prefix of documents. Never rejects. */
export type HandlePresentation = (http: HttpRequest) => Promise<HttpReply | undefined>

type ResolveBase = (http: HttpRequest) => PublicBase

/** Everybody may see everything. */
const admitAll: Admit = () => ({ kind: 'serve', shared: true })

/** Documents that were built are kept, up to so many characters. */
const maxKeptLength = 8_000_000

/**
 * Creates the function that answers requests for manifests and collections; `undefined` where there are none.
 *
 * @param resolveBase - finds the public root of a request
 * @param admit - who may see what; everybody everything by default
 */
export function createPresentationHandle(
  desk: Desk,
  resolveBase: ResolveBase,
  admit: Admit = admitAll,
): HandlePresentation | undefined {
  const { settings, tally } = desk
  const { presentation } = settings
  if (presentation === undefined) return undefined
  const kept = new LRUCache<string, BuiltDocument>({
    maxSize: maxKeptLength,
    sizeCalculation: ({ text }) => text.length,
  })
  const context: PresentationContext = { desk, presentation, admit, facts: createFacts(desk), kept }
  return async http => {
    const rest = matchPresentation(http.url, presentation.prefix)
    if (rest === undefined) return undefined
    const began = tally.begin()
    const trace = settings.onResponse || settings.serverTiming ? createTrace() : undefined
    const reply = await answerRest(http, rest, resolveBase, context, trace)
    tally.end(began, reply.status)
    return trace ? reportReply(http, reply, trace, settings) : reply
  }
}

async function answerRest(
  http: HttpRequest,
  rest: string,
  resolveBase: ResolveBase,
  context: PresentationContext,
  trace: Trace | undefined,
): Promise<HttpReply> {
  const { parse, schedule, cacheControl } = context.desk.settings
  if (http.method === 'OPTIONS') return buildPreflight()
  if (http.method !== 'GET' && http.method !== 'HEAD') return buildMethodNotAllowed(http)
  try {
    if (context.desk.isClosed()) throw new AbortedError('closed', 'This server is closing.')
    const request = parsePresentationPath(rest, parse.slashSubstitute)
    const negotiated = negotiatePresentation(request.version, readHeader(http.headers, 'accept'))
    const base = resolveBase(http)
    if (trace && base.clientAddress !== undefined) trace.clientAddress = base.clientAddress
    const { requestMs } = schedule.timeouts
    return await withDeadline(requestMs, 'to build the document', http.signal, signal =>
      answerPresentation(request, { http, base, ...negotiated, signal }, context),
    )
  } catch (error) {
    return buildErrorReply(error, http, true, (status, errorCode) => {
      if (trace) trace.errorCode = errorCode
      return cacheControl.decide({ status, errorCode })
    })
  }
}
