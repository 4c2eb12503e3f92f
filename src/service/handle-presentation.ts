/* The way of a request for a manifest or a collection through the service; beside that of images, which it never slows. */
import { LRUCache } from 'lru-cache'
import { noStore } from '../access/cache-control.js'
import type { HttpReply, HttpRequest } from '../contracts.js'
import { AbortedError, isMoved, type MovedError } from '../errors.js'
import type { PublicBase } from '../http/base-uri.js'
import { readHeader } from '../http/header-field.js'
import { negotiatePresentation } from '../http/negotiation.js'
import { buildErrorReply, buildRedirect } from '../http/replies.js'
import {
  formatManifestUri,
  formatSegment,
  matchPresentation,
  type PresentationRequest,
  parsePresentationPath,
} from '../presentation/place.js'
import { withDeadline } from '../schedule/deadline.js'
import { type Admit, createAdmit } from './admit.js'
import { againIfChanged } from './again.js'
import { answerCounted, answerOtherMethod } from './answer-counted.js'
import { answerPresentation, type BuiltDocument, type PresentationContext } from './answer-presentation.js'
import type { Desk } from './desk.js'
import { createFacts } from './presented.js'
import type { Trace } from './report.js'
import { describePlace } from './whereabouts.js'

/** Answers a request; `undefined` when its path is not under the prefix of documents. Never rejects. */
export type HandlePresentation = (http: HttpRequest) => Promise<HttpReply | undefined>

type ResolveBase = (http: HttpRequest) => PublicBase

/** Documents that were built are kept, up to so many characters. */
const maxKeptLength = 8_000_000

/**
 * Creates the function that answers requests for manifests and collections; `undefined` where there are none.
 *
 * @param resolveBase - finds the public root of a request
 * @param admit - who may see what; by default whoever the application lets see info.json
 */
export function createPresentationHandle(
  desk: Desk,
  resolveBase: ResolveBase,
  admit: Admit = createAdmit(desk),
): HandlePresentation | undefined {
  const { presentation } = desk.settings
  if (presentation === undefined) return undefined
  const kept = new LRUCache<string, BuiltDocument>({
    maxSize: maxKeptLength,
    sizeCalculation: ({ text }) => text.length,
  })
  const context: PresentationContext = { desk, presentation, admit, facts: createFacts(desk), kept }
  return async http => {
    const rest = matchPresentation(http.url, presentation.prefix)
    if (rest === undefined) return undefined
    return answerCounted(http, desk, trace => answerRest(http, rest, resolveBase, context, trace))
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
  const other = answerOtherMethod(http, context.desk, trace)
  if (other) return other
  let request: PresentationRequest | undefined
  try {
    if (context.desk.isClosed()) throw new AbortedError('closed', 'This server is closing.')
    const parsed = parsePresentationPath(rest, parse.slashSubstitute)
    request = parsed
    const negotiated = negotiatePresentation(parsed.version, readHeader(http.headers, 'accept'))
    const base = resolveBase(http)
    if (trace && base.clientAddress !== undefined) trace.clientAddress = base.clientAddress
    const { requestMs } = schedule.timeouts
    const ask = () =>
      withDeadline(requestMs, 'to build the document', http.signal, signal =>
        answerPresentation(parsed, { http, base, ...negotiated, signal }, context),
      )
    return parsed.kind === 'manifest'
      ? await againIfChanged(parsed.identifier, context.desk, ask(), ask)
      : await ask()
  } catch (error) {
    if (isMoved(error) && request) return answerMoved(error, request, resolveBase(http), context)
    return buildErrorReply(error, http, true, (status, errorCode) => {
      if (trace) trace.errorCode = errorCode
      return cacheControl.decide({ status, errorCode })
    })
  }
}

/* The image is elsewhere, and with it what is told of it. */
function answerMoved(
  { status, target }: MovedError,
  { version }: PresentationRequest,
  base: PublicBase,
  { desk, presentation }: PresentationContext,
): HttpReply {
  const place = describePlace(base, desk.settings, presentation)
  const location =
    'location' in target
      ? target.location
      : formatManifestUri(place, version, formatSegment(place, target.identifier))
  // Who was not asked for the image is not told where it is.
  const control = desk.settings.access.authorize ? noStore : ''
  return buildRedirect(status as 301 | 302 | 303 | 307, location, control)
}
