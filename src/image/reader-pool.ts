/* Keeps readers open between requests, so that a tile does not pay for opening its image again. */
import { LRUCache } from 'lru-cache'
import type { ImageReader } from '../contracts.js'

/** Open readers, the most recently used kept. */
export interface ReaderPool {
  /** Lends the reader of `key` to `work`, opening it first where it is not open; it is never closed while lent. */
  use<T>(key: string, open: () => Promise<ImageReader>, work: (reader: ImageReader) => Promise<T>): Promise<T>
  /** The number of readers that are kept. */
  readonly size: number
  /** Closes every reader as soon as nobody uses it. */
  close(): void
}

interface Held {
  readonly reader: Promise<ImageReader>
  users: number
  isDropped: boolean
}

/**
 * Creates a pool of readers.
 *
 * @param maxReaders how many readers are kept while nobody uses them
 */
export function createReaderPool(maxReaders: number): ReaderPool {
  const pool = new LRUCache<string, Held>({
    max: maxReaders,
    dispose: held => {
      held.isDropped = true
      closeUnused(held)
    },
  })
  const lend = (key: string, open: () => Promise<ImageReader>): Held => {
    const kept = pool.get(key)
    if (kept) return kept
    const held: Held = { reader: open(), users: 0, isDropped: false }
    pool.set(key, held)
    // A reader that could not be opened is not kept: the next request tries again.
    held.reader.catch(() => {
      if (pool.peek(key) === held) pool.delete(key)
    })
    return held
  }
  return {
    async use(key, open, work) {
      const held = lend(key, open)
      held.users += 1
      try {
        return await work(await held.reader)
      } finally {
        held.users -= 1
        closeUnused(held)
      }
    },
    get size() {
      return pool.size
    },
    close: () => pool.clear(),
  }
}

function closeUnused(held: Held): void {
  if (!held.isDropped || held.users > 0) return
  held.reader.then(reader => reader.close()).catch(() => {})
}
