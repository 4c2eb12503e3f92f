/* Work elsewhere, within a time limit and with another try where the first one fails. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createDebug } from '../debug.js'
import { type IIIFError, isIIIFError } from '../errors.js'
import { throwIfAborted } from './failure.js'
import { buildHttpFailure, buildTimeout, StatusError } from './http-failure.js'

const debug = createDebug('source:retry')

/**
 * Does work that must be done after `ms` milliseconds.
 *
 * @param work - is to end when its signal is aborted
 * @param toFailure - makes an error for the client of whatever was thrown
 * @throws {@link SourceError} (504) when the time is over; {@link AbortedError} when `signal` is aborted.
 */
export async function withDeadline<T>(
  ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
  toFailure: (error: unknown) => IIIFError = buildHttpFailure,
): Promise<T> {
  throwIfAborted(signal)
  const given = new AbortController()
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    given.abort()
  }, ms)
  const stop = (): void => given.abort()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    return await work(given.signal)
  } catch (error) {
    throwIfAborted(signal)
    throw isLate ? buildTimeout(error) : toFailure(error)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

const firstPauseMs = 100
const maxRetryAfterMs = 5000

/**
 * Does work again that failed, after a pause.
 *
 * @param work - throws an {@link IIIFError} for what is final; any other error is worth another try
 */
export async function withRetries<T>(
  maxAttempts: number,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await work()
    } catch (error) {
      if (signal.aborted || isIIIFError(error) || attempts >= maxAttempts) throw error
      debug('attempt %d failed: %o', attempts, error)
      await sleep(choosePause(error, attempts), undefined, { signal })
    }
  }
}

/* Requests that all fail at once must not be made again all at once: a pause is as long as chance will have it. */
function choosePause(error: unknown, attempts: number): number {
  const asked = error instanceof StatusError ? Math.min(error.retryAfterMs ?? 0, maxRetryAfterMs) : 0
  return asked + firstPauseMs * 2 ** (attempts - 1) * (0.5 + Math.random())
}
