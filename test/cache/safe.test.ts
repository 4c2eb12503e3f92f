import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryCache } from '../../src/cache/memory.js'
import { createSafeCache } from '../../src/cache/safe.js'
import type { Cache, CacheEntry } from '../../src/contracts.js'
import { describeCacheContract } from './contract.js'

describeCacheContract('a safe cache', () => createSafeCache(memoryCache()))

const entry: CacheEntry = { bytes: Uint8Array.of(1), mediaType: 'image/jpeg' }
const safe = (cache: Partial<Record<keyof Cache, unknown>>): Cache =>
  createSafeCache({ get: () => undefined, set() {}, delete() {}, ...cache } as Cache, { timeoutMs: 20 })
const never = (): Promise<never> => new Promise(() => {})
const fail = (): never => {
  throw new Error('thrown')
}
const reject = (): Promise<never> => Promise.reject(new Error('rejected'))

// A failure that comes late must not end the process: nobody waits for it any more.
const unhandled: unknown[] = []
const note = (error: unknown): void => {
  unhandled.push(error)
}
beforeAll(() => {
  process.on('unhandledRejection', note)
})
afterAll(() => {
  process.off('unhandledRejection', note)
})

describe('a safe cache', () => {
  it.each([
    ['throws', fail],
    ['rejects', reject],
    ['never answers', never],
    ['is no function', 7],
    ['gives null', () => null],
    ['gives a string', async () => 'bytes'],
    ['gives an empty record', () => ({})],
    ['gives no media type', async () => ({ bytes: entry.bytes })],
    ['gives a media type that is none', () => ({ ...entry, mediaType: 'jpeg' })],
    ['gives a media type that would split a header', () => ({ ...entry, mediaType: 'image/jpeg\r\nx: y' })],
    ['gives text for bytes', () => ({ ...entry, bytes: 'text' })],
    ['gives an array for bytes', () => ({ ...entry, bytes: [1, 2] })],
    ['gives no bytes', async () => ({ ...entry, bytes: new Uint8Array() })],
    ['gives a thenable that throws', () => Object.fromEntries([['then', fail]])],
    [
      'gives a record that throws when it is looked at',
      () => ({
        mediaType: 'image/jpeg',
        get bytes() {
          return fail()
        },
      }),
    ],
  ])('misses when the cache %s', async (_, get) => {
    expect(await safe({ get }).get('a|1')).toBeUndefined()
  })

  it.each([
    ['throws', fail],
    ['rejects', reject],
    ['never answers', never],
  ])('goes on when the cache %s while it is given an entry', async (_, set) => {
    expect(await safe({ set }).set('a|1', entry)).toBeUndefined()
  })

  it.each([
    ['throws', fail, 'thrown'],
    ['rejects', reject, 'rejected'],
    ['never answers', never, 'no answer within 20 ms'],
  ])('tells of it when the cache %s while it forgets', async (_, forget, message) => {
    await expect(safe({ delete: forget }).delete({ kind: 'all' })).rejects.toThrow(message)
  })

  it('hands on what it is asked, and what is sound', async () => {
    const asked: unknown[] = []
    const { signal } = new AbortController()
    const get = async (...words: unknown[]): Promise<CacheEntry> => {
      asked.push(...words)
      return entry
    }
    expect(await safe({ get }).get('a|1', signal)).toBe(entry)
    expect(asked).toEqual(['a|1', signal])
  })

  it('answers at once for a cache that does', () => {
    expect(safe({ get: () => entry }).get('a|1')).toBe(entry)
    expect(safe({ get: fail }).get('a|1')).toBeUndefined()
  })

  it('leaves no timer behind when the cache has answered', async () => {
    const countTimers = (): number =>
      process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
    const cache = createSafeCache({ get: async () => entry, set() {}, delete() {} }, { timeoutMs: 60_000 })
    const before = countTimers()
    for (let round = 0; round < 100; round += 1) await cache.get('a|1')
    expect(countTimers()).toBeLessThan(before + 50)
  })

  it('does not mind an answer or a failure that comes too late', async () => {
    let failLate = (_: Error): void => {}
    const get = (): Promise<never> =>
      new Promise((_, reject) => {
        failLate = reject
      })
    expect(await safe({ get }).get('a|1')).toBeUndefined()
    failLate(new Error('late'))
    await new Promise(done => {
      setTimeout(done, 20)
    })
    expect(unhandled).toEqual([])
  })

  it.each([[0], [-5], [Number.NaN], [2 ** 31]])('cannot wait for %s ms', timeoutMs => {
    expect(() => createSafeCache(memoryCache(), { timeoutMs })).toThrow(/^timeoutMs: expected /)
  })
})
