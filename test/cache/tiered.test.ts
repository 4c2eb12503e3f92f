import { describe, expect, it } from 'vitest'
import { memoryCache } from '../../src/cache/memory.js'
import { tieredCache } from '../../src/cache/tiered.js'
import type { Cache, CacheEntry } from '../../src/contracts.js'
import { describeCacheContract } from './contract.js'

const entry: CacheEntry = { bytes: Uint8Array.of(1), mediaType: 'image/jpeg' }

/** A memory cache that answers later, as a store elsewhere does. */
const remote = (): Cache => {
  const cache = memoryCache()
  return {
    get: async key => cache.get(key),
    set: async (key, kept) => cache.set(key, kept),
    delete: async match => cache.delete(match),
  }
}
const dead: Cache = {
  get: () => Promise.reject(new Error('dead')),
  set: () => Promise.reject(new Error('dead')),
  delete: () => Promise.reject(new Error('dead')),
}

describeCacheContract('a cache of two in memory', () => tieredCache(memoryCache(), memoryCache()))
describeCacheContract('a cache of memory and a store elsewhere', () => tieredCache(memoryCache(), remote()))
describeCacheContract('a cache of two elsewhere', () => tieredCache(remote(), remote()))

describe('a cache of two', () => {
  it('writes to both', async () => {
    const [first, second] = [memoryCache(), remote()]
    await tieredCache(first, second).set('a|1', entry)
    expect(await first.get('a|1')).toBeDefined()
    expect(await second.get('a|1')).toBeDefined()
  })

  it('gives the first what only the second had', async () => {
    const [first, second] = [memoryCache(), remote()]
    const cache = tieredCache(first, second)
    await second.set('a|1', entry)
    expect(await cache.get('a|1')).toEqual(entry)
    expect(first.get('a|1')).toEqual(entry)
    expect(cache.stats?.()).toMatchObject({ hits: 1, misses: 0, tiers: [{ misses: 1 }, { hits: 1 }] })
  })

  it('answers at once for a first that does', async () => {
    const cache = tieredCache(memoryCache(), remote())
    await cache.set('a|1', entry)
    expect(cache.get('a|1')).toEqual(entry)
  })

  it('does not give the first what was purged while the second was asked', async () => {
    const first = memoryCache()
    let answer = (_: CacheEntry | undefined): void => {}
    const get = (): Promise<CacheEntry | undefined> =>
      new Promise(resolve => {
        answer = resolve
      })
    const cache = tieredCache(first, { get, set() {}, delete() {} })
    const asked = cache.get('a|1')
    await cache.delete({ kind: 'identifier', identifier: 'a' })
    answer(entry)
    await asked
    expect(first.get('a|1')).toBeUndefined()
  })

  it.each([
    ['first', tieredCache(dead, memoryCache())],
    ['second', tieredCache(memoryCache(), dead)],
  ])('goes on when its %s is dead, but tells of it when it is to forget', async (_, cache) => {
    await cache.set('a|1', entry)
    expect(await cache.get('a|1')).toEqual(entry)
    expect(await cache.get('b|1')).toBeUndefined()
    await expect(cache.delete({ kind: 'all' })).rejects.toThrow('dead')
    expect(await cache.get('a|1')).toBeUndefined()
  })

  it('sweeps and closes both', async () => {
    const calls: string[] = []
    const part = (name: string): Cache => ({
      ...remote(),
      sweep: async () => {
        calls.push(`sweep ${name}`)
        return { deletedEntries: 1, deletedBytes: 10, deletedLeftovers: 2 }
      },
      close() {
        calls.push(`close ${name}`)
      },
    })
    const cache = tieredCache(part('first'), part('second'))
    expect(await cache.sweep?.()).toEqual({ deletedEntries: 2, deletedBytes: 20, deletedLeftovers: 4 })
    await cache.close?.()
    expect(calls.toSorted()).toEqual(['close first', 'close second', 'sweep first', 'sweep second'])
  })

  it('can be made of three', async () => {
    const [first, second, third] = [memoryCache(), remote(), remote()]
    await third.set('a|1', entry)
    expect(await tieredCache(first, tieredCache(second, third)).get('a|1')).toEqual(entry)
    expect(first.get('a|1')).toEqual(entry)
    expect(await second.get('a|1')).toEqual(entry)
  })

  it('names an option that is not valid', () => {
    expect(() => tieredCache(memoryCache(), memoryCache(), { timeoutMs: 0 })).toThrow(/^timeoutMs: expected /)
  })
})
