/* A cache in the memory of the process, bounded in bytes; what was not asked for longest goes first. */
import { LRUCache } from 'lru-cache'
import type { Cache, CacheEntry } from '../contracts.js'
import { isKeyOf } from './key.js'

/* What an entry costs beside its bytes and its key: the record, the views, the places in the cache's lists. */
const overheadBytes = 512

/** How much {@link memoryCache} keeps. */
export interface MemoryCacheOptions {
  /** The bound in bytes: bodies, keys and what it costs to keep them. @defaultValue 64 MiB */
  readonly maxBytes?: number
}

/**
 * Creates a cache in memory. An entry larger than the bound is not kept; what was kept under its key is forgotten.
 * Bytes are not copied, unless they are a part of a larger buffer that would be kept alive with them.
 *
 * @throws TypeError when the bound is not a whole number of bytes.
 */
export function memoryCache(options: MemoryCacheOptions = {}): Cache {
  const { maxBytes = 64 * 2 ** 20 } = options
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1)
    throw new TypeError(`maxBytes: expected a whole number of bytes from 1, received ${String(maxBytes)}`)
  const entries = new LRUCache<string, CacheEntry>({ maxSize: maxBytes, sizeCalculation: countBytes })
  return {
    get: key => entries.get(key),
    set(key, { bytes, mediaType }) {
      entries.set(key, { bytes: separate(bytes), mediaType })
    },
    delete(match) {
      if (match.kind === 'all') entries.clear()
      else if (match.kind === 'key') entries.delete(match.key)
      else for (const key of [...entries.keys()]) if (isKeyOf(match.identifier, key)) entries.delete(key)
    },
  }
}

function countBytes(entry: CacheEntry, key: string): number {
  return entry.bytes.byteLength + 2 * (key.length + entry.mediaType.length) + overheadBytes
}

function separate(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
}
