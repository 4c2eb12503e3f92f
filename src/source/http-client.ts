/* Asks other servers: follows redirects under the same policy, tries again what may be tried again, and keeps what was
   given for one origin from every other. */
import type { IncomingMessage } from 'node:http'
import { type AddressPolicyOptions, createAddressPolicy } from './address-policy.js'
import { withDeadline, withRetries } from './deadline.js'
import { createAgents } from './http-agents.js'
import { dropBody, type ExchangeSettings, exchange } from './http-exchange.js'
import { buildUnavailable } from './http-failure.js'
import { type HttpTimeouts, requireCount, resolveTimeouts } from './http-timeouts.js'

/** How other servers are asked. */
export interface HttpClientOptions extends Partial<AddressPolicyOptions> {
  /** The time limits. */
  readonly timeouts?: HttpTimeouts
  /** How often a request is made at most, where the first ones fail. @defaultValue 3 */
  readonly maxAttempts?: number
  /** How many redirects are followed. @defaultValue 5 */
  readonly maxRedirects?: number
  /** How many connections to one origin there are at most. @defaultValue 16 */
  readonly maxSockets?: number
}

/** A URL, and what its origin, and no other, is told. */
export interface HttpTarget {
  /** Where. */
  readonly url: URL
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

/** What is asked of a target. */
export interface HttpAsk {
  /** How. @defaultValue `'GET'` */
  readonly method?: 'GET' | 'HEAD'
  /** Names in lower case; every server on the way is told these. */
  readonly headers?: Readonly<Record<string, string>>
  /** Whether all of a file is asked for, which may take longer. @defaultValue false */
  readonly isWhole?: boolean
}

/**
 * Makes of an answer what was wanted; must read its body or destroy it.
 *
 * @param url - where the answer came from, after redirects
 * @throws {@link IIIFError} for what is final; any other error is worth another try.
 */
export type ReadAnswer<T> = (answer: IncomingMessage, url: URL, signal: AbortSignal) => T | Promise<T>

/** Asks other servers. */
export interface HttpClient {
  /**
   * Asks, and reads the answer.
   *
   * @throws {@link SourceError} of 403, 502 or 504; {@link AbortedError} when `signal` is aborted.
   */
  ask<T>(target: HttpTarget, ask: HttpAsk, read: ReadAnswer<T>, signal?: AbortSignal): Promise<T>
  /** How long a whole file may take, in milliseconds. */
  readonly wholeMs: number
  /** Closes all connections. */
  close(): void
}

/**
 * Creates a client.
 *
 * @param allow - the origins that may be asked
 * @throws TypeError that names the option, where one is not what it must be.
 */
export function createHttpClient(options: HttpClientOptions, allow: readonly string[]): HttpClient {
  const { maxAttempts = 3, maxRedirects = 5, maxSockets = 16 } = options
  requireCount('maxAttempts', maxAttempts, 1)
  requireCount('maxRedirects', maxRedirects, 0)
  requireCount('maxSockets', maxSockets, 1)
  const timeouts = resolveTimeouts(options.timeouts)
  const policy = createAddressPolicy({ ...options, allow })
  const agents = createAgents(maxSockets)
  const settings: ExchangeSettings = { agents, lookup: policy.lookup, timeouts }

  const follow = async <T>(target: HttpTarget, ask: HttpAsk, read: ReadAnswer<T>, signal: AbortSignal) => {
    let { url } = target
    for (let hops = 0; ; hops += 1) {
      policy.checkUrl(url)
      const own = url.origin === target.url.origin ? target.headers : {}
      const headers = { ...own, ...ask.headers }
      const answer = await exchange({ url, method: ask.method ?? 'GET', headers }, settings, signal)
      const next = findRedirect(answer, url)
      if (next === undefined) return read(answer, url, signal)
      dropBody(answer)
      if (hops >= maxRedirects) throw buildUnavailable(new Error('there are too many redirects'))
      url = next
    }
  }
  return {
    ask(target, ask, read, signal) {
      const limit = ask.isWhole ? timeouts.wholeMs : timeouts.totalMs
      return withDeadline(limit, signal, given =>
        withRetries(maxAttempts, given, () => follow(target, ask, read, given)),
      )
    },
    wholeMs: timeouts.wholeMs,
    close: agents.close,
  }
}

function findRedirect({ statusCode, headers }: IncomingMessage, from: URL): URL | undefined {
  if (statusCode === undefined || ![301, 302, 303, 307, 308].includes(statusCode)) return undefined
  const { location } = headers
  if (location === undefined || !URL.canParse(location, from.href)) return undefined
  return new URL(location, from)
}
