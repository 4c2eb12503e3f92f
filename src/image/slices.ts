/* Long work of this thread, done in slices: tiles must not wait for it. */
import { setImmediate as letOthersRun } from 'node:timers/promises'

/** About two milliseconds of copying. */
const sliceBytes = 4_000_000

/** Creates a function that is told how many bytes were written, and is to be awaited where it gives a promise. */
export function createSlices(): (bytes: number) => Promise<void> | undefined {
  let written = 0
  return bytes => {
    written += bytes
    if (written < sliceBytes) return undefined
    written = 0
    return letOthersRun()
  }
}
