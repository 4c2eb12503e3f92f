/* Waiting for work until it is given up. */
import { buildAborted } from '../errors.js'

/**
 * Waits for `work` until `signal` is aborted; the work itself goes on.
 *
 * @throws what {@link buildAborted} makes of the signal; whatever the work throws.
 */
export function raceSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(buildAborted(signal))
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
