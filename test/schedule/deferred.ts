/* Promises that tests settle by hand, and what is left behind when all is done. */
import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, vi } from 'vitest'

/** A promise and what settles it. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: unknown): void
}

export function createDeferred<T = void>(): Deferred<T> {
  let settle: Omit<Deferred<T>, 'promise'> | undefined
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject }
  })
  return { promise, ...settle! }
}

/** Lets everything go on that waits for nothing but its turn. */
export function settleAll(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

/** What has become of a promise by now. */
export async function stateOf(promise: Promise<unknown>): Promise<'pending' | 'resolved' | 'rejected'> {
  let state: 'pending' | 'resolved' | 'rejected' = 'pending'
  promise.then(
    () => {
      state = 'resolved'
    },
    () => {
      state = 'rejected'
    },
  )
  await settleAll()
  return state
}

/** How many listen for a signal. */
export function countListeners(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length
}

/** Gives the tests of a file a clock of their own, of which `vi.getTimerCount` tells what is running. */
export function useOwnClock(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })
}
