/* One request over HTTP/1.1 and its answer, within time limits; redirects, retries and meaning are the client's. */
import { IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { Readable } from 'node:stream'
import { discard } from '../discard.js'
import { copyShared, type HttpAgents } from './http-agents.js'
import type { HttpTimeouts } from './http-timeouts.js'

/** What is asked. */
export interface Exchange {
  /** Where. */
  readonly url: URL
  /** How. */
  readonly method: 'GET' | 'HEAD'
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

/** What an exchange needs. */
export interface ExchangeSettings {
  /** The connections. */
  readonly agents: HttpAgents
  /** Resolves names. */
  readonly lookup: LookupFunction
  /** The time limits. */
  readonly timeouts: Required<HttpTimeouts>
}

/** The system code of the errors for what took too long. */
export const timeoutCode = 'HTTP_TIMEOUT'

function buildTimeout(what: string): Error {
  return Object.assign(new Error(`${what} took too long`), { code: timeoutCode })
}

/**
 * Sends a request and waits for the headers of the answer. Its body must be read or destroyed.
 *
 * @throws Error with the code of the system, or {@link timeoutCode}.
 */
export function exchange(
  { url, method, headers }: Exchange,
  { agents, lookup, timeouts }: ExchangeSettings,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const isHttps = url.protocol === 'https:'
  const send = isHttps ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const request = send({
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      ...(url.port !== '' && { port: url.port }),
      path: `${url.pathname}${url.search}`,
      method,
      headers: { host: url.host, 'accept-encoding': 'identity', accept: 'image/*, */*;q=0.5', ...headers },
      agent: isHttps ? agents.https : agents.http,
      lookup,
    })
    // The option of the same name does as much, at three times the cost.
    const giveUp = (): void => void request.destroy(new Error('given up'))
    signal.addEventListener('abort', giveUp, { once: true })
    request.once('close', () => signal.removeEventListener('abort', giveUp))
    if (signal.aborted) giveUp()
    const stop = (what: string) => () => request.destroy(buildTimeout(what))
    // A request that waits for a free connection is not late.
    let timer: NodeJS.Timeout | undefined
    request.once('socket', socket => {
      const awaitHeaders = (): void => {
        clearTimeout(timer)
        timer = setTimeout(stop('the answer'), timeouts.headersMs)
      }
      if (!socket.connecting) return awaitHeaders()
      timer = setTimeout(stop('the connection'), timeouts.connectMs)
      socket.once(isHttps ? 'secureConnect' : 'connect', awaitHeaders)
    })
    request.once('response', answer => {
      clearTimeout(timer)
      copyShared(answer)
      answer.setTimeout(timeouts.idleMs, () => answer.destroy(buildTimeout('the next piece')))
      resolve(answer)
    })
    request.on('error', error => {
      clearTimeout(timer)
      // A connection that was kept may be closed at the other end just when it is used again: that is nobody's fault.
      const isStale =
        request.reusedSocket && 'code' in error && error.code === 'ECONNRESET' && !signal.aborted
      if (isStale)
        exchange({ url, method, headers }, { agents, lookup, timeouts }, signal).then(resolve, reject)
      else reject(error)
    })
    request.end()
  })
}

/**
 * Reads a body that must have `length` bytes.
 *
 * @throws Error when it is shorter, longer, or breaks off.
 */
export function readBody(answer: Readable, length: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.allocUnsafeSlow(length)
    let filled = 0
    answer.on('data', (chunk: Buffer) => {
      if (filled + chunk.length > length) {
        answer.destroy(new Error('the body is longer than was announced'))
        return
      }
      chunk.copy(bytes, filled)
      filled += chunk.length
      // Node copies each piece of a body for its listeners, and nobody else listens.
      if (answer instanceof IncomingMessage) discard(chunk)
    })
    answer.once('error', reject)
    answer.once('end', () => {
      if (filled === length) resolve(bytes)
      else reject(new Error('the body is shorter than was announced'))
    })
    // A connection that breaks off without an error of its own.
    answer.once('close', () => reject(new Error('the body broke off')))
  })
}

/** Lets go of a body that nobody wants: a short one is read, so that its connection can be used again. */
export function dropBody(answer: IncomingMessage): void {
  answer.on('error', () => {})
  const length = Number(answer.headers['content-length'] ?? Number.NaN)
  if (length <= maxDrainBytes) answer.resume()
  else answer.destroy()
}

const maxDrainBytes = 16 * 1024
