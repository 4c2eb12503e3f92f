import { describe, expect, it } from 'vitest'
import { memoryCache } from '../../src/cache/memory.js'
import type { Cache, CacheEntry } from '../../src/contracts.js'
import { describeCacheContract } from './contract.js'

describeCacheContract('the memory cache', () => memoryCache())

const entry = (length: number): CacheEntry => ({ bytes: new Uint8Array(length), mediaType: 'image/jpeg' })
const found = async (cache: Cache, ...keys: string[]): Promise<string[]> => {
  const hits: string[] = []
  for (const key of keys) if (await cache.get(key)) hits.push(key)
  return hits
}

describe('the bound of the memory cache', () => {
  it('drops what was not asked for longest', async () => {
    const cache = memoryCache({ maxBytes: 25_000 })
    await cache.set('a|1', entry(10_000))
    await cache.set('b|1', entry(10_000))
    await cache.get('a|1')
    await cache.set('c|1', entry(10_000))
    expect(await found(cache, 'a|1', 'b|1', 'c|1')).toEqual(['a|1', 'c|1'])
  })

  it('counts keys and what an entry costs beside its bytes: a million empty ones do not fit', async () => {
    const cache = memoryCache({ maxBytes: 100_000 })
    const keys = Array.from({ length: 1000 }, (_, index) => `image-${index}|1`)
    for (const key of keys) await cache.set(key, entry(1))
    const kept = await found(cache, ...keys)
    expect(kept.length).toBeGreaterThan(0)
    expect(kept.length).toBeLessThan(100_000 / 512)
    const long = `${'k'.repeat(100_000)}|1`
    await cache.set(long, entry(1))
    expect(await found(cache, long)).toHaveLength(0)
  })

  it('does not keep an entry that is larger, loses nothing for it, and forgets what it would replace', async () => {
    const cache = memoryCache({ maxBytes: 10_000 })
    await cache.set('a|1', entry(1000))
    await cache.set('b|1', entry(1000))
    await cache.set('b|1', entry(10_000))
    expect(await found(cache, 'a|1', 'b|1')).toEqual(['a|1'])
  })

  it('counts anew when an entry is replaced, and has all its room again after a purge', async () => {
    const cache = memoryCache({ maxBytes: 12_000 })
    for (let round = 0; round < 20; round += 1) await cache.set('a|1', entry(5000))
    await cache.set('b|1', entry(5000))
    expect(await found(cache, 'a|1', 'b|1')).toEqual(['a|1', 'b|1'])
    await cache.delete({ kind: 'identifier', identifier: 'a' })
    await cache.set('c|1', entry(5000))
    expect(await found(cache, 'a|1', 'b|1', 'c|1')).toEqual(['b|1', 'c|1'])
  })

  it.each([[0], [-1], [1.5], [Number.NaN], [Number.POSITIVE_INFINITY]])('cannot be %s', maxBytes => {
    expect(() => memoryCache({ maxBytes })).toThrow(/^maxBytes: expected /)
  })
})

describe('the time in the memory cache', () => {
  it('ends an entry, and asking for it does not put that off', async () => {
    let now = 1
    const cache = memoryCache({ ttlSeconds: 60, now: () => now })
    await cache.set('a|1', entry(1))
    now = 59_001
    expect(await found(cache, 'a|1')).toEqual(['a|1'])
    now = 61_001
    expect(await found(cache, 'a|1')).toEqual([])
  })

  it('begins again for an entry that is replaced', async () => {
    let now = 1
    const cache = memoryCache({ ttlSeconds: 60, now: () => now })
    await cache.set('a|1', entry(1))
    now = 59_001
    await cache.set('a|1', entry(2))
    now = 118_000
    expect(await found(cache, 'a|1')).toEqual(['a|1'])
  })

  it('gives room back when it is swept', async () => {
    let now = 1
    const cache = memoryCache({ ttlSeconds: 60, now: () => now })
    await cache.set('a|1', entry(1000))
    now = 30_000
    await cache.set('b|1', entry(1000))
    now = 61_001
    const { bytes = 0 } = cache.stats?.() ?? {}
    const report = await cache.sweep?.()
    expect(report?.deletedEntries).toBe(1)
    expect(report?.deletedBytes).toBe(bytes / 2)
    expect(cache.stats?.()).toMatchObject({ entries: 1, bytes: bytes / 2 })
  })

  it.each([[0], [-1], [Number.NaN]])('cannot be %s seconds', ttlSeconds => {
    expect(() => memoryCache({ ttlSeconds })).toThrow(/^ttlSeconds: expected /)
  })
})

describe('the figures of the memory cache', () => {
  it('tell what is there and how much had to go', async () => {
    const cache = memoryCache({ maxBytes: 25_000 })
    for (const key of ['a|1', 'b|1', 'c|1', 'd|1']) await cache.set(key, entry(10_000))
    await cache.delete({ kind: 'key', key: 'd|1' })
    const { entries, bytes = 0, evicted } = cache.stats?.() ?? {}
    expect({ entries, evicted }).toEqual({ entries: 1, evicted: 2 })
    expect(bytes).toBeGreaterThan(10_000)
    expect(bytes).toBeLessThan(12_000)
  })
})

describe('the bytes in the memory cache', () => {
  it('are not copied when they are a buffer of their own', async () => {
    const cache = memoryCache()
    const { bytes, mediaType } = entry(100)
    await cache.set('a|1', { bytes, mediaType })
    expect((await cache.get('a|1'))?.bytes).toBe(bytes)
  })

  it('do not keep a larger buffer alive', async () => {
    const cache = memoryCache()
    await cache.set('a|1', { bytes: new Uint8Array(1_000_000).subarray(5, 10), mediaType: 'image/jpeg' })
    expect((await cache.get('a|1'))?.bytes.buffer.byteLength).toBe(5)
  })
})
