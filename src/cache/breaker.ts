/* A circuit breaker: what failed several times in a row is left alone for a while, then tried once. */
import { requireCount, requireMilliseconds } from './option.js'

/** When a a breaker opens, and for how long. */
export interface BreakerOptions {
  /** After how many failures in a row the backend is taken for dead. @defaultValue 5 */
  readonly maxFailures?: number
  /**
   * For how long it is then left alone, in milliseconds; afterwards one call tries it, and costs its request up to the
   * time that is waited for an answer. @defaultValue 5000
   */
  readonly pauseMs?: number
  /** The clock, in milliseconds. @internal */
  readonly now?: () => number
}

/** Keeps calls from a backend that is dead. */
export interface Breaker {
  /** Whether the backend may be called now. */
  enter(): boolean
  /** Notes an answer. */
  succeed(): void
  /** Notes a failure; `true` when the backend is left alone from now on. */
  fail(): boolean
}

/**
 * Creates a breaker.
 *
 * @throws TypeError that names the option, where one is not valid.
 */
export function createBreaker(options: BreakerOptions = {}): Breaker {
  const { maxFailures = 5, pauseMs = 5000, now = () => performance.now() } = options
  requireCount('maxFailures', maxFailures)
  requireMilliseconds('pauseMs', pauseMs)
  let failures = 0
  let retryAt = 0
  return {
    enter() {
      if (failures < maxFailures) return true
      if (now() < retryAt) return false
      // This call tries; while it waits for its answer no other does.
      retryAt = now() + pauseMs
      return true
    },
    succeed() {
      failures = 0
    },
    fail() {
      failures += 1
      if (failures < maxFailures) return false
      retryAt = now() + pauseMs
      return true
    },
  }
}
