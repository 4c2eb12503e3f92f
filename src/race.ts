/* Waiting for work until it is given up, or for so long and no longer. */
import { buildAborted, TimeoutError } from './errors.js'

/** How long somebody waits. */
export interface Patience {
  /** In milliseconds; `Infinity` for as long as it takes. */
  readonly timeoutMs: number
  /** What takes so long, for the message: "to read the source". */
  readonly what: string
}

/**
 * Waits for `work` until `signal` is aborted or the time has passed; the work itself goes on.
 *
 * @param onLeave - hears that nobody waits here any more, though the work has not ended
 * @throws what {@link buildAborted} makes of the signal; {@link TimeoutError}; whatever the work throws.
 */
export function raceSignal<T>(
  work: Promise<T>,
  signal?: AbortSignal,
  patience?: Patience,
  onLeave?: () => void,
): Promise<T> {
  const isBounded = patience !== undefined && patience.timeoutMs !== Infinity
  if (signal === undefined && !isBounded) return work
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', leave)
    }
    const fail = (error: unknown): void => {
      stop()
      reject(error)
    }
    const quit = (error: Error): void => {
      onLeave?.()
      fail(error)
    }
    const leave = (): void => quit(buildAborted(signal))
    const expire = (): void =>
      quit(new TimeoutError(`The server gave up, because ${patience?.what} took too long.`))
    const timer = isBounded ? setTimeout(expire, patience.timeoutMs) : undefined
    signal?.addEventListener('abort', leave, { once: true })
    if (signal?.aborted) leave()
    work.then(value => {
      stop()
      resolve(value)
    }, fail)
  })
}
