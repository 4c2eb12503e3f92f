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
  /** Closes the readers whose keys match as soon as nobody uses them; they are opened anew when they are wanted. */
  drop(isMatch: (key: string) => boolean): void
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

/** What any reader takes, in bytes. */
const readerBytes = 4_096

interface Held {
  readonly reader: Promise<ImageReader>
  opened?: ImageReader
  users: number
  isDropped: boolean
}

interface Place {
  readonly held: Held
  readonly bytes: number
}

/**
 * Creates a pool of readers.
 *
 * @param maxReaders how many readers are kept while nobody uses them
 * @param maxBytes how much memory these hold, in bytes
 */
export function createReaderPool(maxReaders: number, maxBytes: number): ReaderPool {
  const pool = new LRUCache<string, Place>({
    max: maxReaders,
    maxSize: maxBytes,
    sizeCalculation: ({ bytes }) => Math.min(maxBytes, bytes),
    // A reader that has become larger is still the same.
    noDisposeOnSet: true,
    dispose: ({ held }) => {
      held.isDropped = true
      closeUnused(held)
    },
  })
  const keep = (key: string, held: Held, heldBytes = 0): void => {
    pool.set(key, { held, bytes: readerBytes + heldBytes })
  }
  const hold = (key: string, open: () => Promise<ImageReader>): Held => {
    const kept = pool.get(key)
    if (kept) return kept.held
    const held: Held = { reader: open(), users: 0, isDropped: false }
    keep(key, held)
    const isKept = (): boolean => pool.peek(key)?.held === held
    // A reader that could not be opened is not kept: the next request tries again.
    held.reader.then(
      reader => {
        held.opened = reader
        if (reader.heldBytes !== undefined && isKept()) keep(key, held, reader.heldBytes)
      },
      () => {
        if (isKept()) pool.delete(key)
      },
    )
    return held
  }
  return {
    lend: (key, open) => lendHeld(hold(key, open)),
    peek: key => pool.get(key)?.held.opened,
    get size() {
      return pool.size
    },
    drop(isMatch) {
      for (const key of [...pool.keys()]) if (isMatch(key)) pool.delete(key)
    },
    close: () => pool.clear(),
  }
}

async function lendHeld(held: Held): Promise<Lease> {
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
}

function closeUnused(held: Held): void {
  if (!held.isDropped || held.users > 0) return
  held.reader.then(reader => reader.close()).catch(() => {})
}
