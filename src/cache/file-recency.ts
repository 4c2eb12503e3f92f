/* When entries were last asked for. In memory to the millisecond, for as many as fit; on the disk as the time of access
   of the file, which is set by hand, since most systems do not keep it, and at most once a minute for each entry. */
import { utimes } from 'node:fs/promises'
import { LRUCache } from 'lru-cache'

const maxEntries = 10_000
const writeEveryMs = 60_000

/** When entries were last asked for. */
export interface Recency {
  /** Notes that an entry was given. */
  note(name: string, path: string, storedAt: number): void
  /** When this process last gave an entry, in milliseconds of Unix time; 0 where it does not know. */
  lastUse(name: string): number
}

/** Creates a memory of when entries were last asked for. */
export function createRecency(now: () => number): Recency {
  const uses = new LRUCache<string, { usedAt: number; readonly writtenAt: number }>({ max: maxEntries })
  return {
    note(name, path, storedAt) {
      const usedAt = now()
      const known = uses.get(name)
      if (known && usedAt - known.writtenAt < writeEveryMs) {
        known.usedAt = usedAt
        return
      }
      uses.set(name, { usedAt, writtenAt: usedAt })
      // Where this fails, entries go in the order in which they came.
      utimes(path, usedAt / 1000, storedAt / 1000).catch(() => {})
    },
    lastUse: name => uses.peek(name)?.usedAt ?? 0,
  }
}
