/* Work that may take only so long. What does not heed its signal goes on, but nobody waits for it any more. */
import { throwIfAborted } from '../errors.js'
import { raceSignal } from '../race.js'

/**
 * Waits for work until a time has passed or `signal` is aborted; the signal that the work is given is aborted
 * then, and when the work fails.
 *
 * @param timeoutMs - `Infinity` for as long as it takes
 * @param what - what takes so long, for the message: "reading the source"
 * @throws {@link TimeoutError} when the time has passed; {@link AbortedError} when the signal is aborted; whatever the work
 * throws.
 */
export async function withDeadline<T>(
  timeoutMs: number,
  what: string,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => T | Promise<T>,
): Promise<T> {
  throwIfAborted(signal)
  const controller = new AbortController()
  try {
    return await raceSignal(Promise.resolve(work(controller.signal)), signal, { timeoutMs, what })
  } catch (error) {
    // Also what still goes on of work that has failed.
    controller.abort(error)
    throw error
  }
}
