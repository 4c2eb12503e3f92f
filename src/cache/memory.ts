/* A cache in the memory of the process, bounded in bytes; what was not asked for longest goes first. */
import { LRUCache } from 'lru-cache'
import type { Cache, CacheEntry } from '../contracts.js'
import { isKeyOf } from './key.js'
import { requireCount, requireSeconds } from './option.js'

/* What an entry costs beside its bytes and its key: the record, the views, the places in the cache's lists. Measured as
   the growth of the process: with it, what is counted is within 5 % of that for entries from 100 bytes to 100 KB. */
const overheadBytes = 820

/** How much {@link memoryCache} keeps, and for how long. */
export interface MemoryCacheOptions {
  /** The bound in bytes: bodies, keys and what it costs to keep them. @defaultValue 64 MiB */
  readonly maxBytes?: number
  /**
   * For how long an entry is kept, in seconds. Keys change with their sources, so nothing grows stale; but what another
   * process purges from a store that they share is forgotten here only then. @defaultValue without end
   */
  readonly ttlSeconds?: number
  /** The clock, in milliseconds. @internal */
  readonly now?: () => number
}

/**
 * Creates a cache in memory. An entry larger than the bound is not kept; what was kept under its key is forgotten.
 * Bytes are not copied, unless they are a part of a larger buffer that would be kept alive with them.
 *
 * @throws TypeError when the bound is not a whole number of bytes, or the time no number of seconds.
 */
export function memoryCache(options: MemoryCacheOptions = {}): Cache {
  const { maxBytes = 64 * 2 ** 20, ttlSeconds, now = () => performance.now() } = options
  requireCount('maxBytes', maxBytes)
  requireSeconds('ttlSeconds', ttlSeconds)
  let evicted = 0
  const entries = new LRUCache<string, CacheEntry>({
    maxSize: maxBytes,
    sizeCalculation: countBytes,
    dispose(_entry, _key, reason) {
      if (reason === 'evict') evicted += 1
    },
    ...(ttlSeconds !== undefined && {
      ttl: Math.min(Math.ceil(ttlSeconds * 1000), Number.MAX_SAFE_INTEGER),
      perf: { now },
      ttlResolution: 0,
    }),
  })
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
    sweep() {
      const [count, bytes] = [entries.size, entries.calculatedSize]
      entries.purgeStale()
      return { deletedEntries: count - entries.size, deletedBytes: bytes - entries.calculatedSize }
    },
    stats: () => ({ entries: entries.size, bytes: entries.calculatedSize, evicted }),
  }
}

function countBytes(entry: CacheEntry, key: string): number {
  return entry.bytes.byteLength + key.length + entry.mediaType.length + overheadBytes
}

function separate(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
}
