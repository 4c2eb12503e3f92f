/* What all answers of a service share, whatever they are about: they are counted, and told of. */
import type { HttpReply, HttpRequest } from '../contracts.js'
import { buildPreflight } from '../http/headers.js'
import { answerMethod } from './answer.js'
import type { Desk } from './desk.js'
import { createTrace, reportReply, type Trace } from './report.js'

/** Counts a request and its answer, and tells of it where somebody wants to hear. */
export async function answerCounted(
  http: HttpRequest,
  { settings, tally }: Desk,
  answer: (trace: Trace | undefined) => HttpReply | Promise<HttpReply>,
): Promise<HttpReply> {
  const began = tally.begin()
  const trace = settings.onResponse || settings.serverTiming ? createTrace() : undefined
  const reply = await answer(trace)
  tally.end(began, reply.status)
  return trace ? reportReply(http, reply, trace, settings) : reply
}

/**
 * Answers a request that asks for nothing that can be read; `undefined` for GET and HEAD. 3.0 section 7: GET MUST, OPTIONS
 * and HEAD SHOULD be answered; RFC 9110 section 15.5.6 for all others.
 */
export function answerOtherMethod(
  http: HttpRequest,
  { settings }: Desk,
  trace: Trace | undefined,
): HttpReply | undefined {
  if (http.method === 'GET' || http.method === 'HEAD') return undefined
  return http.method === 'OPTIONS' ? buildPreflight() : answerMethod(http, settings, { trace })
}
