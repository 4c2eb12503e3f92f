/* The wall between the service and whatever a cache does: a cache that throws, fails, hangs or gives rubbish is a
   miss, and a line on the debug channel. */
import { types } from 'node:util'
import type { Cache, CacheEntry } from '../contracts.js'
import { createDebug } from '../debug.js'

const debug = createDebug('cache')

/* It becomes a header: a type and a subtype, then printable ASCII. */
const mediaTypeGrammar = /^[\w.+-]+\/[\w.+-]+(?:;[\x20-\x7e]*)?$/

/** How long {@link createSafeCache} waits. */
export interface SafeCacheOptions {
  /** The longest wait for one answer, in milliseconds. @defaultValue 1000 */
  readonly timeoutMs?: number
}

/**
 * Creates a cache that answers in time and never fails a request, whatever `cache` does: `get` gives a sound entry or
 * `undefined`, `set` keeps or does not. Only `delete` tells of a failure: who takes an image down must know when a
 * copy may be left. A cache that answers at once, without a promise, is answered for at once.
 *
 * @throws TypeError when the time is not a number of milliseconds that a timer can wait.
 */
export function createSafeCache(cache: Cache, options: SafeCacheOptions = {}): Cache {
  const { timeoutMs = 1000 } = options
  if (!(Number.isFinite(timeoutMs) && timeoutMs > 0 && timeoutMs < 2 ** 31))
    throw new TypeError(`timeoutMs: expected milliseconds above 0, received ${String(timeoutMs)}`)
  const report = (operation: string) => (error: unknown) => {
    debug('%s failed: %o', operation, error)
    return undefined
  }
  return {
    get(key, signal) {
      try {
        const answer = cache.get(key, signal)
        if (!isThenable(answer)) return parseEntry(answer)
        return waitFor(answer, timeoutMs).then(parseEntry).catch(report('get'))
      } catch (error) {
        return report('get')(error)
      }
    },
    set(key, entry) {
      try {
        const answer = cache.set(key, entry)
        return isThenable(answer) ? waitFor(answer, timeoutMs).catch(report('set')) : undefined
      } catch (error) {
        return report('set')(error)
      }
    },
    async delete(match) {
      const answer = cache.delete(match)
      if (isThenable(answer)) await waitFor(answer, timeoutMs)
    },
  }
}

/* An outcome after the time is heard by nobody, and so is a failure: it never becomes an unhandled rejection. */
function waitFor<T>(work: PromiseLike<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    Promise.resolve(work)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
  })
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

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
