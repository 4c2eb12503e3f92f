/* What a failing server means to the client. Messages name no address: the cause does, for the log. */
import type { IncomingMessage } from 'node:http'
import { type IIIFError, isIIIFError, SourceError } from '../errors.js'
import { buildFailure } from './failure.js'
import { timeoutCode } from './http-exchange.js'

/** A server that answered with a status that may be another one the next time. */
export class StatusError extends Error {
  /** How long the server wants to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined

  constructor({ statusCode, headers }: IncomingMessage) {
    super(`the server answered with ${statusCode}`)
    const seconds = Number(headers['retry-after'] ?? Number.NaN)
    this.retryAfterMs = seconds >= 0 ? seconds * 1000 : undefined
  }
}

const passing: ReadonlySet<number | undefined> = new Set([408, 425, 429, 500, 502, 503, 504])

/**
 * Builds the error for an answer that is none of those that were hoped for.
 *
 * @returns a {@link StatusError}, which is worth another try, or a {@link SourceError}
 */
export function buildStatusFailure(answer: IncomingMessage): Error {
  const { statusCode } = answer
  if (passing.has(statusCode)) return new StatusError(answer)
  const cause = new Error(`the server answered with ${statusCode}`)
  if (statusCode === 401 || statusCode === 403)
    return new SourceError(403, 'source-forbidden', 'This server may not read the source.', { cause })
  return buildUnavailable(cause)
}

/** Builds the error for a server that failed, or answered with something else than was asked for. */
export function buildUnavailable(cause: unknown): SourceError {
  return new SourceError(502, 'source-unavailable', 'The server that has the source cannot be read from.', {
    cause,
  })
}

/** Builds the error for a server that took too long. */
export function buildTimeout(cause?: unknown): SourceError {
  return new SourceError(504, 'source-timeout', 'The server that has the source took too long.', { cause })
}

const timeouts: ReadonlySet<unknown> = new Set([timeoutCode, 'ETIMEDOUT'])
const local: ReadonlySet<unknown> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EMFILE',
  'ENFILE',
  'EROFS',
  'EACCES',
  'EPERM',
])

/** Builds the error that a failed exchange becomes; errors of our own stay what they are. */
export function buildHttpFailure(error: unknown): IIIFError {
  if (isIIIFError(error)) return error
  const { code, syscall }: NodeJS.ErrnoException = error instanceof Error ? error : new Error('not an error')
  // A connection that the system forbids says nothing about files.
  if (local.has(code) && syscall !== 'connect') return buildFailure(error)
  return timeouts.has(code) ? buildTimeout(error) : buildUnavailable(error)
}
