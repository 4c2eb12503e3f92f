/* Memory that bytes are read into, taken before the first of them is read. */
import { throwIfAborted } from '../errors.js'
import { createLane, type LaneSettings } from './lane.js'

/**
 * Waits until there is memory, and takes it.
 *
 * @param bytes - how much; more than there is counts as all of it
 * @returns what gives it back; to be called once
 * @throws {@link OverloadedError} when too many wait, or for too long; {@link AbortedError} when the signal is aborted.
 */
export type Reserve = (bytes: number, signal?: AbortSignal) => Promise<() => void>

/** Creates a reserve of `maxBytes`; first come, first served. */
export function createReserve(maxBytes: number, settings: Omit<LaneSettings, 'concurrency'>): Reserve {
  const lane = createLane({ ...settings, concurrency: Infinity })
  let left = maxBytes
  return async (asked, signal) => {
    throwIfAborted(signal)
    const bytes = Math.min(asked, maxBytes)
    const take = (): boolean => {
      if (bytes > left) return false
      left -= bytes
      return true
    }
    const leave = await lane.enter({ client: '', take, resumes: false, signal })
    return () => {
      left += bytes
      leave()
    }
  }
}
