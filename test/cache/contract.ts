// What every cache must do: run it over each implementation.
import { describe, expect, it } from 'vitest'
import { buildCacheKey } from '../../src/cache/key.js'
import type { Cache, CacheEntry } from '../../src/contracts.js'

const entry = (text: string): CacheEntry => ({ bytes: Buffer.from(text), mediaType: 'image/jpeg' })

/** Describes a cache; `create` gives a new one that is empty and has room for a hundred small entries. */
export function describeCacheContract(name: string, create: () => Cache | Promise<Cache>): void {
  describe(`${name} fulfils the contract of a cache`, () => {
    const fill = async (...keys: string[]): Promise<Cache> => {
      const cache = await create()
      for (const key of keys) await cache.set(key, entry(key))
      return cache
    }
    const read = async (cache: Cache, key: string): Promise<string | undefined> => {
      const found = await cache.get(key)
      return found && `${found.mediaType} ${Buffer.from(found.bytes).toString()}`
    }

    it('has nothing at first', async () => {
      expect(await read(await create(), 'a|1|x')).toBeUndefined()
    })

    it('gives the bytes and the media type that it was given', async () => {
      const cache = await create()
      const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256)
      await cache.set('a|1|x', { bytes, mediaType: 'application/ld+json;profile="http://iiif.io/api"' })
      const found = await cache.get('a|1|x')
      expect(found?.mediaType).toBe('application/ld+json;profile="http://iiif.io/api"')
      expect(Buffer.compare(found?.bytes ?? new Uint8Array(), bytes)).toBe(0)
    })

    it('takes bytes that are part of a larger buffer for what they are', async () => {
      const cache = await create()
      await cache.set('a|1|x', { bytes: Buffer.from('..part..').subarray(2, 6), mediaType: 'image/png' })
      expect(await read(cache, 'a|1|x')).toBe('image/png part')
    })

    it('replaces an entry', async () => {
      const cache = await fill('a|1|x')
      await cache.set('a|1|x', entry('new'))
      expect(await read(cache, 'a|1|x')).toBe('image/jpeg new')
    })

    it('keeps keys apart, whatever they are made of', async () => {
      const keys = [
        buildCacheKey('a', '1', []),
        buildCacheKey('a', '1', ['']),
        buildCacheKey('A', '1', ['']),
        buildCacheKey('a/b', '1', ['full', 'max']),
        buildCacheKey('a%2Fb', '1', ['full', 'max']),
        buildCacheKey('../a', '1', ['full', 'max']),
        buildCacheKey('ü'.repeat(500), '1', ['x']),
        buildCacheKey('ü'.repeat(500), '1', ['y']),
        buildCacheKey('__proto__', 'constructor', []),
      ]
      const cache = await fill(...keys)
      for (const key of keys) expect(await read(cache, key)).toBe(`image/jpeg ${key}`)
    })

    it('forgets one key', async () => {
      const cache = await fill('a|1|x', 'a|1|xy', 'a|1')
      await cache.delete({ kind: 'key', key: 'a|1|x' })
      expect(await read(cache, 'a|1|x')).toBeUndefined()
      expect(await read(cache, 'a|1|xy')).toBe('image/jpeg a|1|xy')
      expect(await read(cache, 'a|1')).toBe('image/jpeg a|1')
    })

    it.each([
      ['a', ['ab', 'a/b', 'A', 'a|b', 'a%7Cb', 'b', 'a*', '']],
      ['a/b', ['a', 'a/b/c', 'a%2Fb', 'a/bc']],
      ['a*', ['a', 'ab', 'a?']],
      ['[ab]', ['a', 'b']],
      ['', ['a', '|']],
      ['ü 50%|', ['ü', 'ü 50%']],
    ])('forgets exactly the entries of %j', async (identifier, others) => {
      const mine = [
        buildCacheKey(identifier, '1', ['full', 'max']),
        buildCacheKey(identifier, '1', ['info']),
        buildCacheKey(identifier, '2', []),
      ]
      const theirs = others.map(other => buildCacheKey(other, '1', ['full', 'max']))
      const cache = await fill(...mine, ...theirs)
      await cache.delete({ kind: 'identifier', identifier })
      for (const key of mine) expect(await read(cache, key)).toBeUndefined()
      for (const key of theirs) expect(await read(cache, key)).toBe(`image/jpeg ${key}`)
    })

    it('forgets everything, and can be filled again', async () => {
      const cache = await fill('a|1|x', 'b|1|x')
      await cache.delete({ kind: 'all' })
      expect(await read(cache, 'a|1|x')).toBeUndefined()
      expect(await read(cache, 'b|1|x')).toBeUndefined()
      await cache.set('a|1|x', entry('again'))
      expect(await read(cache, 'a|1|x')).toBe('image/jpeg again')
    })

    it('does not mind forgetting what it does not have', async () => {
      const cache = await fill('a|1|x')
      await cache.delete({ kind: 'key', key: 'b|1|x' })
      await cache.delete({ kind: 'identifier', identifier: 'b' })
      expect(await read(cache, 'a|1|x')).toBe('image/jpeg a|1|x')
    })

    it('answers calls at the same time', async () => {
      const cache = await create()
      const keys = Array.from({ length: 50 }, (_, index) => buildCacheKey(`image ${index}`, '1', ['x']))
      await Promise.all(keys.map(key => cache.set(key, entry(key))))
      expect(await Promise.all(keys.map(key => read(cache, key)))).toEqual(
        keys.map(key => `image/jpeg ${key}`),
      )
    })
  })
}
