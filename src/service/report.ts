/* What became of a request, for whoever keeps a log or looks for what is slow. Nothing of it is gathered unless somebody
   asked for it. */
import { pipeline, Readable, Transform } from 'node:stream'
import type { HttpReply, HttpRequest } from '../contracts.js'
import { createDebug } from '../debug.js'
import type { ErrorCode } from '../errors.js'
import type { Way } from '../process.js'
import type { IIIFRequest } from '../protocol/request.js'
import type { Meter } from './guard.js'
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
  /** What was thrown, where the answer is an error: it may tell of paths and hosts, and is nothing for clients. */
  readonly error?: unknown
  /** The canonical `region/size/rotation/quality.format` of an image. */
  readonly canonical?: string
  /** How an image was made. */
  readonly way?: Way
  /** Where an image came from. */
  readonly cache?: CacheOutcome
  /**
   * How many bytes were read from the source. What libvips reads of local files by itself is not counted; a stored tile
   * that is sent without waiting counts as what is sent.
   */
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
  /** What counts the bytes that are read from the source, for as long as the answer is sent. */
  meter: Meter
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
  /** What was thrown. */
  error?: unknown
}

/** Begins a trace. */
export function createTrace(): Trace {
  return { began: performance.now(), phases: createPhases(), meter: { bytes: 0 } }
}

/** Waits for an image to be opened, and notes how long that took. */
export async function timeOpening<T>(opening: Promise<T>, trace: Trace | undefined): Promise<T> {
  const began = performance.now()
  try {
    return await opening
  } finally {
    if (trace) trace.phases.openMs += performance.now() - began
  }
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
    const { began, meter, ...facts } = trace
    const totalMs = performance.now() - began
    const { status } = reply
    const bytesRead = meter.bytes
    const told = {
      ...facts,
      request: http,
      status,
      headers,
      bytesSent,
      bytesRead,
      isComplete,
      answerMs,
      totalMs,
    }
    // It may be a function that rejects: nobody hears of that, and nothing ends of it.
    void (async () => onResponse(told))().catch(error => debug('onResponse failed: %o', error))
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
