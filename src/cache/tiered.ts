/* Two caches as one: a quick one in front of a large one, which may be shared with other processes. */
import type { Cache, CacheEntry } from '../contracts.js'
import { createSafeCache, markSafe, type SafeCacheOptions } from './safe.js'

/**
 * Creates a cache of two: the first is asked first, and is given what only the second had; both are given what is new.
 * Each stands behind a wall of its own: while one fails, or does not answer, the other goes on. Waits add up: an entry
 * that neither gives in time costs twice `timeoutMs`.
 *
 * What is purged is gone from both, but not from the first tiers of other processes: give a memory cache in front of a
 * store that is shared a `ttlSeconds`.
 *
 * @throws TypeError that names the option, where one is not valid.
 * @example
 * ```ts
 * const cache = tieredCache(memoryCache({ maxBytes: 2 ** 28, ttlSeconds: 600 }), fileCache({ folder: './cache', maxBytes: 2 ** 36 }))
 * ```
 */
export function tieredCache(first: Cache, second: Cache, options: SafeCacheOptions = {}): Cache {
  const [front, back] = [createSafeCache(first, options), createSafeCache(second, options)]
  // What was asked for before a purge must not come to the front after it.
  let purges = 0
  const ask = (key: string, signal?: AbortSignal): ReturnType<Cache['get']> => {
    const purgesBefore = purges
    const promote = (entry: CacheEntry | undefined) => {
      if (entry && purges === purgesBefore) void front.set(key, entry)
      return entry
    }
    const answer = back.get(key, signal)
    return answer instanceof Promise ? answer.then(promote) : promote(answer)
  }
  return markSafe({
    tiers: [front, back],
    get(key, signal) {
      const answer = front.get(key, signal)
      if (answer instanceof Promise) return answer.then(entry => entry ?? ask(key, signal))
      return answer ?? ask(key, signal)
    },
    set(key, entry) {
      const answers = [front.set(key, entry), back.set(key, entry)].filter(
        answer => answer instanceof Promise,
      )
      return answers.length > 0 ? Promise.all(answers).then(() => {}) : undefined
    },
    async delete(match) {
      purges += 1
      // The second first: what is still in it could come to the first again.
      const [lower] = await Promise.allSettled([back.delete(match)])
      purges += 1
      await front.delete(match)
      if (lower.status === 'rejected') throw lower.reason
    },
    async sweep(signal) {
      const reports = await Promise.all([front.sweep?.(signal), back.sweep?.(signal)])
      return {
        deletedEntries: sum(reports.map(report => report?.deletedEntries)),
        deletedBytes: sum(reports.map(report => report?.deletedBytes)),
        deletedLeftovers: sum(reports.map(report => report?.deletedLeftovers)),
      }
    },
    stats() {
      const tiers = [front, back].map(tier => tier.stats?.() ?? {})
      return { hits: sum(tiers.map(({ hits }) => hits)), misses: tiers[1]?.misses ?? 0, tiers }
    },
    async close() {
      await Promise.all([front.close?.(), back.close?.()])
    },
  })
}

function sum(counts: readonly (number | undefined)[]): number {
  return counts.reduce<number>((total, count) => total + (count ?? 0), 0)
}
