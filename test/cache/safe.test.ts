import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryCache } from '../../src/cache/memory.js'
import { createSafeCache } from '../../src/cache/safe.js'
import type { Cache, CacheEntry } from '../../src/contracts.js'
import { describeCacheContract } from './contract.js'

describeCacheContract('a safe cache', () => createSafeCache(memoryCache()))

const entry: CacheEntry = { bytes: Uint8Array.of(1), mediaType: 'image/jpeg' }
const safe = (cache: Partial<Record<keyof Cache, unknown>>): Cache =>
  createSafeCache({ get: () => undefined, set() {}, delete() {}, ...cache } as Cache, {
    timeoutMs: 20,
    setTimeoutMs: 20,
    deleteTimeoutMs: 20,
  })
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

  it.each(['timeoutMs', 'setTimeoutMs', 'deleteTimeoutMs', 'pauseMs', 'maxFailures', 'maxPendingBytes'])(
    'cannot work with any %s',
    name => {
      for (const value of [0, -5, Number.NaN, 2 ** 53])
        expect(() => createSafeCache(memoryCache(), { [name]: value })).toThrow(
          new RegExp(`^${name}: expected `),
        )
    },
  )

  it('is not made safe twice', () => {
    const cache = createSafeCache(memoryCache())
    expect(createSafeCache(cache)).toBe(cache)
  })
})

describe('a cache that is dead', () => {
  const dead = (options: object = {}) => {
    const calls: string[] = []
    const state = { now: 0, isDead: true }
    const answer = (name: string) => async () => {
      calls.push(name)
      if (state.isDead) throw new Error('dead')
      return entry
    }
    const backend = { get: answer('get'), set: answer('set'), delete: answer('delete') } as unknown as Cache
    const cache = createSafeCache(backend, {
      maxFailures: 3,
      pauseMs: 1000,
      now: () => state.now,
      ...options,
    })
    return { cache, calls, state }
  }

  it('is not asked any more after some failures in a row', async () => {
    const { cache, calls } = dead()
    for (let turn = 0; turn < 10; turn += 1) expect(await cache.get('a|1')).toBeUndefined()
    expect(calls).toHaveLength(3)
    expect(cache.stats?.()).toEqual({ hits: 0, misses: 10, failures: 3, skipped: 7 })
  })

  it('answers at once then, without a promise', async () => {
    const { cache } = dead()
    for (let turn = 0; turn < 3; turn += 1) await cache.get('a|1')
    expect(cache.get('a|1')).toBeUndefined()
  })

  it('is tried once after the pause, and again only after another', async () => {
    const { cache, calls, state } = dead()
    for (let turn = 0; turn < 3; turn += 1) await cache.get('a|1')
    state.now = 1001
    await Promise.all([cache.get('a|1'), cache.get('b|1'), cache.get('c|1')])
    expect(calls).toHaveLength(4)
    state.now = 2003
    await cache.get('a|1')
    expect(calls).toHaveLength(5)
  })

  it('is asked for everything again when it answers', async () => {
    const { cache, calls, state } = dead()
    for (let turn = 0; turn < 3; turn += 1) await cache.get('a|1')
    Object.assign(state, { now: 1001, isDead: false })
    for (let turn = 0; turn < 5; turn += 1) expect(await cache.get('a|1')).toBe(entry)
    expect(calls).toHaveLength(8)
  })

  it('is still given entries while only reading fails, and read while only writing fails', async () => {
    const { cache, calls } = dead()
    for (let turn = 0; turn < 9; turn += 1) await cache.set('a|1', entry)
    expect(calls).toEqual(['set', 'set', 'set'])
    await cache.get('a|1')
    expect(calls).toHaveLength(4)
  })

  it('is told to forget all the same', async () => {
    const { cache, calls, state } = dead()
    for (let turn = 0; turn < 9; turn += 1) await cache.get('a|1')
    await expect(cache.delete({ kind: 'all' })).rejects.toThrow('dead')
    state.isDead = false
    await cache.delete({ kind: 'all' })
    expect(calls.slice(3)).toEqual(['delete', 'delete'])
  })

  it('is not taken for dead because of failures between successes', async () => {
    const { cache, calls, state } = dead()
    for (let turn = 0; turn < 12; turn += 1) {
      state.isDead = turn % 3 !== 0
      await cache.get('a|1')
    }
    expect(calls).toHaveLength(12)
  })

  it('is not blamed for requests that were given up', async () => {
    const { cache, calls } = dead()
    for (let turn = 0; turn < 9; turn += 1) await cache.get('a|1', AbortSignal.abort())
    expect(calls).toHaveLength(9)
    expect(cache.stats?.()).toMatchObject({ failures: 0, misses: 9 })
  })
})

describe('entries that are being kept', () => {
  const slow = (options: object = {}) => {
    const finish: (() => void)[] = []
    const done: string[] = []
    const keep = (key: string): Promise<void> =>
      new Promise(resolve => {
        finish.push(() => {
          done.push(key)
          resolve()
        })
      })
    const forget = () => {
      done.push('forgotten')
    }
    const backend: Cache = { get: () => undefined, set: keep, delete: forget }
    return { cache: createSafeCache(backend, options), finish, done }
  }
  const large: CacheEntry = { bytes: new Uint8Array(600), mediaType: 'image/jpeg' }

  it('do not pile up: what is too much for a slow cache is not kept', async () => {
    const { cache, finish } = slow({ maxPendingBytes: 1000 })
    const first = cache.set('a|1', large)
    expect(cache.set('b|1', large)).toBeUndefined()
    expect(finish).toHaveLength(1)
    expect(cache.stats?.()).toMatchObject({ skipped: 1 })
    finish[0]?.()
    await first
    void cache.set('c|1', large)
    expect(finish).toHaveLength(2)
  })

  it('may be larger than all that may wait, if nothing else does', () => {
    const { cache, finish } = slow({ maxPendingBytes: 100 })
    void cache.set('a|1', large)
    expect(finish).toHaveLength(1)
  })

  it('are forgotten after they were kept, not before', async () => {
    const { cache, finish, done } = slow()
    void cache.set('a|1', entry)
    void cache.set('ab|1', entry)
    const forgotten = cache.delete({ kind: 'identifier', identifier: 'a' })
    await Promise.resolve()
    expect(done).toEqual([])
    finish[0]?.()
    await forgotten
    expect(done).toEqual(['a|1', 'forgotten'])
  })
})

describe('the figures of a safe cache', () => {
  it('are those of the cache, and what was found and missed', async () => {
    const cache = createSafeCache(memoryCache())
    await cache.set('a|1', entry)
    await cache.get('a|1')
    await cache.get('b|1')
    expect(cache.stats?.()).toMatchObject({ entries: 1, hits: 1, misses: 1, failures: 0, skipped: 0 })
  })

  it('can be had of a cache that has none, and it can be swept and closed', async () => {
    const cache = safe({})
    expect(cache.stats?.()).toEqual({ hits: 0, misses: 0, failures: 0, skipped: 0 })
    expect(await cache.sweep?.()).toEqual({ deletedEntries: 0, deletedBytes: 0 })
    await cache.close?.()
  })
})
