/* The wall between the service and whatever a cache does: a cache that throws, fails, hangs or gives rubbish is a
   miss, and a line on the debug channel; one that does so again and again is left alone for a while. */
import { types } from 'node:util'
import type { Cache, CacheEntry, CacheMatch } from '../contracts.js'
import { createDebug } from '../debug.js'
import { type Breaker, type BreakerOptions, createBreaker } from './breaker.js'
import { isKeyOf } from './key.js'
import { requireCount, requireMilliseconds } from './option.js'
import { isThenable, waitFor } from './wait.js'

const debug = createDebug('cache')

/* It becomes a header: a type and a subtype, then printable ASCII. */
const mediaTypeGrammar = /^[\w.+-]+\/[\w.+-]+(?:;[\x20-\x7e]*)?$/

/** How much patience {@link createSafeCache} has. */
export interface SafeCacheOptions extends BreakerOptions {
  /** The longest wait for an entry, in milliseconds: what a hung cache adds to a request. @defaultValue 1000 */
  readonly timeoutMs?: number
  /** The longest wait until an entry is kept, in milliseconds. @defaultValue 10,000 */
  readonly setTimeoutMs?: number
  /** The longest wait until something is forgotten, in milliseconds. @defaultValue 600,000 */
  readonly deleteTimeoutMs?: number
  /**
   * How many bytes may wait to be kept; what comes on top of them is not kept. It bounds the memory that a slow cache
   * costs. @defaultValue 64 MiB
   */
  readonly maxPendingBytes?: number
}

const mark = Symbol('safe')

/** Says of a cache that it never fails and never hangs: it is made of caches that do not. */
export function markSafe(cache: Cache): Cache {
  return Object.assign(cache, { [mark]: true })
}

/**
 * Creates a cache that answers in time and never fails a request, whatever `cache` does: `get` gives a sound entry or
 * `undefined`, `set` keeps or does not. Only `delete` and `sweep` tell of a failure: who takes an image down must know
 * when a copy may be left. A cache that answers at once, without a promise, is answered for at once; one that is safe
 * already is given back.
 *
 * @throws TypeError that names the option, where one is not valid.
 */
export function createSafeCache(cache: Cache, options: SafeCacheOptions = {}): Cache {
  const { timeoutMs = 1000, setTimeoutMs = 10_000, deleteTimeoutMs = 600_000 } = options
  const { maxPendingBytes = 64 * 2 ** 20 } = options
  for (const [name, value] of Object.entries({ timeoutMs, setTimeoutMs, deleteTimeoutMs }))
    requireMilliseconds(name, value)
  requireCount('maxPendingBytes', maxPendingBytes)
  const [reads, writes] = [createBreaker(options), createBreaker(options)]
  if (mark in cache) return cache
  const counts = { hits: 0, misses: 0, failures: 0, skipped: 0 }
  const pending: Pending = new Map()
  return markSafe({
    get: guardGet(cache, timeoutMs, reads, counts),
    set: guardSet(cache, setTimeoutMs, maxPendingBytes, writes, counts, pending),
    async delete(match) {
      // What is being kept would otherwise come after it was to be forgotten.
      await Promise.all([...pending].filter(([, key]) => isMatch(match, key)).map(([work]) => work))
      const answer = cache.delete(match)
      if (isThenable(answer)) await waitFor(answer, deleteTimeoutMs)
    },
    sweep: async signal => (await cache.sweep?.(signal)) ?? { deletedEntries: 0, deletedBytes: 0 },
    stats: () => ({ ...cache.stats?.(), ...counts }),
    ...(cache.tiers && { tiers: cache.tiers }),
    async close() {
      await cache.close?.()
    },
  })
}

type Counts = Record<'hits' | 'misses' | 'failures' | 'skipped', number>

function guardGet(cache: Cache, timeoutMs: number, breaker: Breaker, counts: Counts): Cache['get'] {
  const give = (entry: CacheEntry | undefined) => {
    counts[entry ? 'hits' : 'misses'] += 1
    return entry
  }
  const accept = (answer: unknown) => {
    const entry = parseEntry(answer)
    breaker.succeed()
    return give(entry)
  }
  const excuse = (error: unknown, signal: AbortSignal | undefined) => {
    // Who gave the request up is no reason to think badly of the cache.
    if (!signal?.aborted) report('get', error, breaker, counts)
    return give(undefined)
  }
  return (key, signal) => {
    if (!breaker.enter()) {
      counts.skipped += 1
      return give(undefined)
    }
    try {
      const answer = cache.get(key, signal)
      if (!isThenable(answer)) return accept(answer)
      return waitFor(answer, timeoutMs)
        .then(accept)
        .catch(error => excuse(error, signal))
    } catch (error) {
      return excuse(error, signal)
    }
  }
}

/* Entries that are being kept. */
type Pending = Map<Promise<unknown>, string>

function guardSet(
  cache: Cache,
  timeoutMs: number,
  maxPendingBytes: number,
  breaker: Breaker,
  counts: Counts,
  pending: Pending,
): Cache['set'] {
  let pendingBytes = 0
  const excuse = (error: unknown) => report('set', error, breaker, counts)
  const wait = (work: PromiseLike<void>, key: string, bytes: number): Promise<void> => {
    pendingBytes += bytes
    const done = waitFor(work, timeoutMs)
      .then(breaker.succeed, excuse)
      .finally(() => {
        pendingBytes -= bytes
        pending.delete(done)
      })
    pending.set(done, key)
    return done
  }
  return (key, entry) => {
    const { byteLength } = entry.bytes
    const isFull = pendingBytes > 0 && pendingBytes + byteLength > maxPendingBytes
    if (isFull || !breaker.enter()) {
      counts.skipped += 1
      return undefined
    }
    try {
      const answer = cache.set(key, entry)
      return isThenable(answer) ? wait(answer, key, byteLength) : breaker.succeed()
    } catch (error) {
      return excuse(error)
    }
  }
}

function report(operation: string, error: unknown, breaker: Breaker, counts: Counts): void {
  counts.failures += 1
  debug('%s failed: %o', operation, error)
  if (breaker.fail()) debug('%s failed too often: it is not tried for a while', operation)
}

function isMatch(match: CacheMatch, key: string): boolean {
  if (match.kind === 'identifier') return isKeyOf(match.identifier, key)
  return match.kind === 'all' || match.key === key
}

/* `null` is how many stores say "nothing". No body that is worth keeping is empty: that is a write that broke off. */
function parseEntry(answer: unknown): CacheEntry | undefined {
  if (answer === undefined || answer === null) return undefined
  if (isEntry(answer)) return answer
  debug('get gave what is no entry')
  return undefined
}

function isEntry(value: unknown): value is CacheEntry {
  if (typeof value !== 'object' || value === null || !('bytes' in value && 'mediaType' in value)) return false
  const { bytes, mediaType } = value
  if (!types.isUint8Array(bytes) || bytes.byteLength === 0) return false
  return typeof mediaType === 'string' && mediaTypeGrammar.test(mediaType)
}
