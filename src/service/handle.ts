/* The way of a request through the service: whether it is ours, what it asks for, where its client believes to be, the
   answer, and what is told about it. */

import type { HttpReply, HttpRequest } from '../contracts.js'
import { AbortedError } from '../errors.js'
import { type BaseUriOptions, createBaseUri } from '../http/base-uri.js'
import { buildPreflight } from '../http/headers.js'
import type { IIIFRequest, PrefixMatch } from '../protocol/request.js'
import { againIfChanged } from './again.js'
import { answerError, answerMethod, answerMoved, answerRequest } from './answer.js'
import type { Desk } from './desk.js'
import type { RememberedRequest } from './exchange.js'
import { createFlowDoor, type FlowDoor } from './flow.js'
import { createPresentationHandle } from './handle-presentation.js'
import { createVersion1Handle } from './handle-version-1.js'
import { createParser } from './parser.js'
import { createTrace, reportReply, type Trace } from './report.js'

/** Answers a request; `undefined` when its path is under no prefix of the service. Never rejects. */
export type Handle = (request: HttpRequest) => Promise<HttpReply | undefined>

/**
 * Creates the function that answers requests.
 *
 * @param desk - what they are answered with
 * @param options - how the public root is found
 */
export function createHandle(desk: Desk, options: BaseUriOptions): Handle {
  const { settings, tally } = desk
  const resolveBase = createBaseUri(options)
  const parser = createParser(settings.parse)
  const present = createPresentationHandle(desk, resolveBase)
  const redirectVersion1 = createVersion1Handle(desk, resolveBase)

  const answer = async (http: HttpRequest, match: RememberedRequest | PrefixMatch, trace?: Trace) => {
    // 3.0 section 7: GET MUST, OPTIONS and HEAD SHOULD be answered; RFC 9110 section 15.5.6 for all others.
    if (http.method === 'OPTIONS') return buildPreflight()
    if (http.method !== 'GET' && http.method !== 'HEAD') return answerMethod(http, settings, { trace })
    let request: IIIFRequest | undefined
    try {
      requireOpen(desk)
      const parsed = 'request' in match ? match : parser.parse(http.url, match)
      request = parsed.request
      const base = resolveBase(http)
      const ask = () => answerRequest(http, parsed, base, desk, trace)
      const reply = ask()
      if (!(reply instanceof Promise)) return reply
      return await againIfChanged(parsed.request.identifier, desk, reply, ask).catch(error =>
        answerMoved(error, http, parsed.request, base, settings),
      )
    } catch (error) {
      if (trace) trace.error = error
      return answerError(error, http, settings, { request, trace })
    }
  }

  const answerFlow = async (http: HttpRequest, door: FlowDoor, trace?: Trace): Promise<HttpReply> => {
    try {
      requireOpen(desk)
      return await door.answer(http)
    } catch (error) {
      return answerError(error, http, settings, { trace })
    }
  }

  const flow = createFlowDoor(desk, resolveBase)

  return async http => {
    // First, because the prefix of images may lie above them.
    const door = flow?.owns(http.url) ? flow : undefined
    const match = door ?? parser.recall(http.url) ?? parser.match(http.url)
    if (match === undefined) return (await present?.(http)) ?? redirectVersion1?.(http)
    const began = tally.begin()
    const trace = settings.onResponse || settings.serverTiming ? createTrace() : undefined
    const reply = await ('owns' in match ? answerFlow(http, match, trace) : answer(http, match, trace))
    tally.end(began, reply.status)
    return trace ? reportReply(http, reply, trace, settings) : reply
  }
}

function requireOpen(desk: Desk): void {
  if (desk.isClosed()) throw new AbortedError('closed', 'This server is closing.')
}
