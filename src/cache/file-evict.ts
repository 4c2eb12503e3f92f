/* Keeps a folder within its bound: before an entry is written, old ones go. */
import { deleteFile } from './file-folder.js'
import type { Sampler } from './file-sample.js'
import type { Amount, Usage } from './file-usage.js'

/* When room is made, a little more is made than is needed: otherwise every entry would have to make its own. */
const lowWater = 0.98

/** Keeps a folder within its bound. */
export interface Evictor {
  /** Deletes old entries until there are no more than `maxBytes`; does nothing where there are not. */
  makeRoom(maxBytes: number): Promise<void>
  /** What it has deleted. */
  evicted(): Amount
}

/**
 * Creates what keeps a folder within its bound.
 *
 * @param recount - called when nothing is found in a folder that the account says is full
 */
export function createEvictor(sampler: Sampler, usage: Usage, recount: () => Promise<unknown>): Evictor {
  const evicted = { bytes: 0, entries: 0 }
  let running: Promise<unknown> | undefined
  const evict = async (maxBytes: number): Promise<unknown> => {
    await usage.exchange()
    while (usage.current().bytes > maxBytes * lowWater) {
      const old = await sampler.findOld()
      if (!old) return recount()
      if (!(await deleteFile(old.path))) continue
      usage.add(old.diskBytes, -1)
      evicted.bytes += old.diskBytes
      evicted.entries += 1
      // What is not told when a process is killed would count as there.
      if (usage.isDue()) await usage.exchange()
    }
    return undefined
  }
  return {
    async makeRoom(maxBytes) {
      // Who comes while room is made waits; should it not suffice, more is made, but nobody tries for ever.
      for (let round = 0; round < 3 && usage.current().bytes > Math.max(0, maxBytes); round += 1) {
        running ??= evict(Math.max(0, maxBytes)).finally(() => {
          running = undefined
        })
        await running
      }
    },
    evicted: () => ({ ...evicted }),
  }
}
