/* What became of a request, for whoever keeps a log or looks for what is slow. Nothing of it is gathered unless somebody
   asked for it. */
import { pipeline, Readable, Transform } from 'node:stream'
import type { HttpReply, HttpRequest } from './contracts.js'
import { createDebug } from './debug.js'
import type { ErrorCode } from './errors.js'
import type { Way } from './process.js'
import type { IIIFRequest } from './protocol/request.js'
import type { ServiceSettings } from './settings.js'

const debug = createDebug('report')

/** What became of time on the way to a result, in milliseconds; 0 for what was not needed. */
export interface Phases {
  /** Finding the source. */
  resolveMs: number
  /** Waiting for the turn. */
  queueMs: number
  /** Opening the image: reading its headers and directories. */
  openMs: number
  /** Reading the pixels or the stored tiles, and joining these. */
  readMs: number
  /** Decoding, scaling and encoding, which libvips does in one: where it opens the file by itself, reading too. */
  renderMs: number
}

/** Where a result came from: out of the cache, made for it, or one that is never kept because it costs nothing. */
export type CacheOutcome = 'hit' | 'miss' | 'none'

/** What became of a request. */
export interface ResponseReport {
  /** The request. */
  readonly request: HttpRequest
  /** What the request was understood as; none where its path was not. */
  readonly parsed?: IIIFRequest
  /** The address of the client, where it can be told. */
  readonly clientAddress?: string
  /** The status of the answer. */
  readonly status: number
  /** The headers of the answer. */
  readonly headers: HttpReply['headers']
  /** How many bytes of the body were taken. */
  readonly bytesSent: number
  /** Whether the whole answer was taken; of one that is given at once nobody can tell. */
  readonly isComplete: boolean
  /** The cause, where the answer is an error. */
  readonly errorCode?: ErrorCode
  /** The canonical `region/size/rotation/quality.format` of an image. */
  readonly canonical?: string
  /** How an image was made. */
  readonly way?: Way
  /** Where an image came from. */
  readonly cache?: CacheOutcome
  /** How many bytes were read from the source; what libvips reads of local files by itself is not counted. */
  readonly bytesRead: number
  /** From the request to the end of the answer, in milliseconds. */
  readonly totalMs: number
  /** From the request to the beginning of the answer, in milliseconds. */
  readonly answerMs: number
  /** What became of that time. */
  readonly phases: Readonly<Phases>
}

/** What is gathered while a request is answered. */
export interface Trace {
  /** When the request came, by the clock of `performance`. */
  readonly began: number
  /** What became of the time. */
  readonly phases: Phases
  /** How many bytes were read from the source. */
  bytesRead: number
  /** What the request was understood as. */
  parsed?: IIIFRequest
  /** The address of the client. */
  clientAddress?: string
  /** The canonical parameters of an image. */
  canonical?: string
  /** How an image was made. */
  way?: Way
  /** Where an image came from. */
  cache?: CacheOutcome
  /** The cause of an error. */
  errorCode?: ErrorCode
}

/** Begins a trace. */
export function createTrace(): Trace {
  return { began: performance.now(), phases: createPhases(), bytesRead: 0 }
}

/** Nothing done yet. */
export function createPhases(): Phases {
  return { resolveMs: 0, queueMs: 0, openMs: 0, readMs: 0, renderMs: 0 }
}

/**
 * Completes an answer with what was gathered: a Server-Timing header, and the report when the answer was given.
 *
 * @param http - the request
 * @param reply - its answer
 */
export function reportReply(
  http: HttpRequest,
  reply: HttpReply,
  trace: Trace,
  { onResponse, serverTiming }: Pick<ServiceSettings, 'onResponse' | 'serverTiming'>,
): HttpReply {
  const answerMs = performance.now() - trace.began
  const headers = serverTiming ? { ...reply.headers, ...buildTimingHeaders(trace, answerMs) } : reply.headers
  if (!onResponse) return { ...reply, headers }
  const report = (bytesSent: number, isComplete: boolean): void => {
    const { began, ...facts } = trace
    const totalMs = performance.now() - began
    try {
      onResponse({
        ...facts,
        request: http,
        status: reply.status,
        headers,
        bytesSent,
        isComplete,
        answerMs,
        totalMs,
      })
    } catch (error) {
      debug('onResponse failed: %o', error)
    }
  }
  const { body } = reply
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    report(body === undefined ? 0 : Buffer.byteLength(body), true)
    return { ...reply, headers }
  }
  return { ...reply, headers, body: watchBytes(body, report) }
}

/* Pages of other origins may read it too: what was made for one of them is no secret. */
function buildTimingHeaders({ phases, cache }: Trace, answerMs: number): Record<string, string> {
  const times = Object.entries(phases).filter(([, milliseconds]) => milliseconds > 0)
  const entries = times.map(([name, milliseconds]) => `${name.slice(0, -2)};dur=${milliseconds.toFixed(2)}`)
  const cached = cache === undefined ? [] : [`cache;desc=${cache}`]
  return {
    'Server-Timing': [...entries, ...cached, `total;dur=${answerMs.toFixed(2)}`].join(', '),
    'Timing-Allow-Origin': '*',
  }
}

/* A stream stays what it is, so that whoever sends it can still end it. */
function watchBytes(
  body: AsyncIterable<Uint8Array>,
  report: (bytes: number, isComplete: boolean) => void,
): AsyncIterable<Uint8Array> {
  const stream = body instanceof Readable ? body : Readable.from(body, { objectMode: false })
  let bytes = 0
  const count = new Transform({
    transform(chunk: Uint8Array, _encoding, callback) {
      bytes += chunk.byteLength
      callback(null, chunk)
    },
  })
  return pipeline(stream, count, error => report(bytes, !error))
}
