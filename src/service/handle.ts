/* The way of a request through the service: whether it is ours, what it asks for, where its client believes to be, the
   answer, and what is told about it. */

import type { HttpReply, HttpRequest } from '../contracts.js'
import { AbortedError } from '../errors.js'
import { type BaseUriOptions, createBaseUri } from '../http/base-uri.js'
import type { IIIFRequest, PrefixMatch } from '../protocol/request.js'
import { againIfChanged } from './again.js'
import { answerError, answerMoved, answerRequest } from './answer.js'
import { answerCounted, answerOtherMethod } from './answer-counted.js'
import type { Desk } from './desk.js'
import type { RememberedRequest } from './exchange.js'
import { createFlowDoor, type FlowDoor } from './flow.js'
import { createPresentationHandle } from './handle-presentation.js'
import { createVersion1Handle } from './handle-version-1.js'
import { createParser } from './parser.js'
import type { Trace } from './report.js'

/** Answers a request; `undefined` when its path is under no prefix of the service. Never rejects. */
export type Handle = (request: HttpRequest) => Promise<HttpReply | undefined>

/**
 * Creates the function that answers requests.
 *
 * @param desk - what they are answered with
 * @param options - how the public root is found
 */
export function createHandle(desk: Desk, options: BaseUriOptions): Handle {
  const { settings } = desk
  const resolveBase = createBaseUri(options)
  const parser = createParser(settings.parse)
  const present = createPresentationHandle(desk, resolveBase)
  const redirectVersion1 = createVersion1Handle(desk, resolveBase)

  const answer = async (http: HttpRequest, match: RememberedRequest | PrefixMatch, trace?: Trace) => {
    const other = answerOtherMethod(http, desk, trace)
    if (other) return other
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

  const answerElsewhere = async (http: HttpRequest): Promise<HttpReply | undefined> =>
    (await present?.(http)) ?? redirectVersion1?.(http)

  // No async function: it would only wait for what it returns, for each tile.
  return http => {
    // First, because the prefix of images may lie above them.
    const door = flow?.owns(http.url) ? flow : undefined
    const match = door ?? parser.recall(http.url) ?? parser.match(http.url)
    if (match === undefined) return answerElsewhere(http)
    return answerCounted(http, desk, trace =>
      'owns' in match ? answerFlow(http, match, trace) : answer(http, match, trace),
    )
  }
}

function requireOpen(desk: Desk): void {
  if (desk.isClosed()) throw new AbortedError('closed', 'This server is closing.')
}
