/* Keeps readers open between requests, so that a tile does not pay for opening its image again. */
import { LRUCache } from 'lru-cache'
import type { ImageReader } from '../contracts.js'

/** Open readers, the most recently used kept. */
export interface ReaderPool {
  /** Lends the reader of `key`, opening it first where it is not open; it is never closed while it is lent. */
  lend(key: string, open: () => Promise<ImageReader>): Promise<Lease>
  /** The reader of `key` if it is open; it may be used until something is waited for. */
  peek(key: string): ImageReader | undefined
  /** The number of readers that are kept. */
  readonly size: number
  /** Closes every reader as soon as nobody uses it. */
  close(): void
}

/** A reader that was lent. */
export interface Lease {
  /** The reader. */
  readonly reader: ImageReader
  /** Gives the reader back; to be called once, and may be called again. */
  release(): void
}

interface Held {
  readonly reader: Promise<ImageReader>
  opened?: ImageReader
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
  const hold = (key: string, open: () => Promise<ImageReader>): Held => {
    const kept = pool.get(key)
    if (kept) return kept
    const held: Held = { reader: open(), users: 0, isDropped: false }
    pool.set(key, held)
    // A reader that could not be opened is not kept: the next request tries again.
    held.reader.then(
      reader => {
        held.opened = reader
      },
      () => {
        if (pool.peek(key) === held) pool.delete(key)
      },
    )
    return held
  }
  return {
    async lend(key, open) {
      const held = hold(key, open)
      held.users += 1
      let isLent = true
      const release = () => {
        if (!isLent) return
        isLent = false
        held.users -= 1
        closeUnused(held)
      }
      try {
        return { reader: await held.reader, release }
      } catch (error) {
        release()
        throw error
      }
    },
    peek: key => pool.get(key)?.opened,
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
