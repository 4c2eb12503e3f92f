import { describe, expect, it } from 'vitest'
import { SourceError } from '../../src/errors.js'
import { type BlockCache, blockCache } from '../../src/source/block-cache.js'
import { createBlockSource } from '../../src/source/block-source.js'
import { buildChanged } from '../../src/source/failure.js'
import type { RemoteBytes } from '../../src/source/remote-bytes.js'
import { describeSourceContract } from './contract.js'

interface Remote extends RemoteBytes {
  /** The ranges that were fetched, as first byte and byte after the last. */
  readonly fetched: [number, number][]
  /** Lets fetches that wait go on. */
  release(): void
  /** Signals of the fetches. */
  readonly signals: AbortSignal[]
}

let count = 0

const pattern = (size: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, at) => (at * 7 + (at >> 8)) % 251)

/** Bytes elsewhere; with `waits`, each fetch waits until it is released. */
function createRemote(size: number, { waits = false, key = '' } = {}): Remote {
  count += 1
  const bytes = pattern(size)
  const fetched: [number, number][] = []
  const signals: AbortSignal[] = []
  let waiting: (() => void)[] = []
  return {
    key: key || `remote ${count}`,
    size,
    fetched,
    signals,
    release() {
      for (const go of waiting) go()
      waiting = []
    },
    async fetchRange(offset, length, signal) {
      if (offset + length > size || length <= 0) throw new RangeError(`no bytes ${offset} + ${length}`)
      fetched.push([offset, offset + length])
      if (signal) signals.push(signal)
      if (waits) {
        await new Promise<void>((resolve, reject) => {
          waiting.push(resolve)
          signal?.addEventListener('abort', () => reject(new Error('given up')))
        })
      }
      return bytes.slice(offset, offset + length)
    },
  }
}

const noAhead = { blockBytes: 1024, readAheadBytes: 0 }

function expectBytes(found: Uint8Array, offset: number, length: number): void {
  expect(found.length).toBe(length)
  expect(Buffer.compare(found, pattern(offset + length).subarray(offset))).toBe(0)
}

/** Reads here and there, some ranges at once, and compares each byte. */
async function readAnything(
  cache: BlockCache,
  remote: RemoteBytes,
  { seed, rounds, atOnce, longest }: Record<'seed' | 'rounds' | 'atOnce' | 'longest', number>,
): Promise<void> {
  const { size } = remote
  const expected = pattern(size)
  let state = seed
  const random = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
  for (let round = 0; round < rounds; round += 1) {
    const wanted = Array.from({ length: 1 + random(atOnce) }, () => [random(size), random(longest)] as const)
    const found = await Promise.all(
      wanted.map(([offset, length]) => cache.read(remote, { offset: offset, length: length })),
    )
    for (const [index, [offset, length]] of wanted.entries()) {
      expect(found[index]).toHaveLength(Math.min(length, size - offset))
      expect(Buffer.compare(found[index]!, expected.subarray(offset, offset + length))).toBe(0)
    }
  }
}

const settled = () => new Promise(resolve => setImmediate(resolve))

describeSourceContract('a source of blocks', bytes => {
  count += 1
  const remote = {
    key: `contract ${count}`,
    size: bytes.length,
    fetchRange: async (offset: number, length: number) => bytes.slice(offset, offset + length),
  }
  return createBlockSource(remote, { version: `v${bytes.length}` }, blockCache())
})

describe('a cache of blocks', () => {
  it('fetches whole blocks, once', async () => {
    const [cache, remote] = [blockCache(noAhead), createRemote(10_000)]
    expectBytes(await cache.read(remote, { offset: 1500, length: 100 }), 1500, 100)
    expectBytes(await cache.read(remote, { offset: 1024, length: 1024 }), 1024, 1024)
    expect(remote.fetched).toEqual([[1024, 2048]])
  })

  it('fetches the end of a source that ends within a block', async () => {
    const [cache, remote] = [blockCache(noAhead), createRemote(10_000)]
    expectBytes(await cache.read(remote, { offset: 9990, length: 50 }), 9990, 10)
    expect(remote.fetched).toEqual([[9216, 10_000]])
    expectBytes(await cache.read(remote, { offset: 9900, length: 100 }), 9900, 100)
    expect(remote.fetched).toHaveLength(1)
  })

  it('asks for neighbours that are missing in one request, whatever of them is there', async () => {
    const [cache, remote] = [blockCache(noAhead), createRemote(20_000)]
    await cache.read(remote, { offset: 3072, length: 1024 })
    expectBytes(await cache.read(remote, { offset: 1000, length: 6000 }), 1000, 6000)
    expect(remote.fetched).toEqual([
      [3072, 4096],
      [0, 7168],
    ])
  })

  it('asks only for the part of a read that is missing', async () => {
    const [cache, remote] = [blockCache(noAhead), createRemote(20_000)]
    await cache.read(remote, { offset: 0, length: 4096 })
    expectBytes(await cache.read(remote, { offset: 2000, length: 4000 }), 2000, 4000)
    await cache.read(remote, { offset: 3000, length: 10 })
    expect(remote.fetched).toEqual([
      [0, 4096],
      [4096, 6144],
    ])
  })

  it('gives what is there without waiting, and nothing else', async () => {
    const [cache, remote] = [blockCache(noAhead), createRemote(10_000)]
    const target = new Uint8Array(3000)
    expect(cache.readSync(remote, target, 100)).toBe(false)
    await cache.read(remote, { offset: 0, length: 2048 })
    expect(cache.readSync(remote, target, 100)).toBe(false)
    await cache.read(remote, { offset: 2048, length: 2048 })
    expect(cache.readSync(remote, target, 100)).toBe(true)
    expectBytes(target, 100, 3000)
    expect(cache.readSync(remote, target, 8000)).toBe(false)
    expect(cache.readSync(remote, target, -1)).toBe(false)
    expect(remote.fetched).toHaveLength(2)
  })

  it('takes what came by another way', async () => {
    const [cache, remote] = [blockCache(noAhead), createRemote(10_000)]
    cache.put(remote, pattern(2500))
    expectBytes(await cache.read(remote, { offset: 10, length: 2000 }), 10, 2000)
    expect(remote.fetched).toEqual([])
    expect(cache.heldBytes).toBe(2048)
    const small = createRemote(100)
    cache.put(small, pattern(100))
    expectBytes(await cache.read(small, { offset: 0, length: 100 }), 0, 100)
    expect(small.fetched).toEqual([])
  })

  it('tells sources and versions apart by their keys, and shares what has the same key', async () => {
    const cache = blockCache(noAhead)
    const [one, same, other] = ['a', 'a', 'b'].map(key => createRemote(5000, { key }))
    await cache.read(one!, { offset: 0, length: 100 })
    await cache.read(same!, { offset: 0, length: 100 })
    await cache.read(other!, { offset: 0, length: 100 })
    expect([one, same, other].map(remote => remote?.fetched.length)).toEqual([1, 0, 1])
  })

  it('reads large pieces past what it keeps', async () => {
    const [cache, remote] = [blockCache(), createRemote(3_000_000)]
    expectBytes(await cache.read(remote, { offset: 100, length: 2_000_000 }), 100, 2_000_000)
    expect(remote.fetched).toEqual([[100, 2_000_100]])
    expect(cache.heldBytes).toBe(0)
  })
})

describe('a fetch that several wait for', () => {
  it('is one', async () => {
    const [cache, remote] = [blockCache(noAhead), createRemote(10_000, { waits: true })]
    const reads = [0, 500, 1000].map(offset => cache.read(remote, { offset: offset, length: 800 }))
    await settled()
    remote.release()
    for (const [index, bytes] of (await Promise.all(reads)).entries()) expectBytes(bytes, index * 500, 800)
    expect(remote.fetched).toEqual([
      [0, 1024],
      [1024, 2048],
    ])
  })

  it('goes on when one of them leaves, and is given up when all have left', async () => {
    const [cache, remote] = [blockCache(noAhead), createRemote(10_000, { waits: true })]
    const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()]
    const reads = [first, second].map(({ signal }) => cache.read(remote, { offset: 0, length: 100 }, signal))
    await settled()
    first.abort()
    await expect(reads[0]).rejects.toMatchObject({ code: 'aborted' })
    expect(remote.signals[0]?.aborted).toBe(false)
    remote.release()
    expectBytes((await reads[1])!, 0, 100)

    const lonely = cache.read(remote, { offset: 5000, length: 100 }, third.signal)
    await settled()
    third.abort()
    await expect(lonely).rejects.toMatchObject({ code: 'aborted' })
    expect(remote.signals[1]?.aborted).toBe(true)
  })

  it('that was given up is not joined: the next who wants the blocks fetches them', async () => {
    const [cache, remote] = [blockCache(noAhead), createRemote(10_000, { waits: true })]
    const given = new AbortController()
    const lost = expect(cache.read(remote, { offset: 0, length: 100 }, given.signal)).rejects.toMatchObject({
      code: 'aborted',
    })
    await settled()
    given.abort()
    const read = cache.read(remote, { offset: 0, length: 100 })
    await settled()
    remote.release()
    expectBytes(await read, 0, 100)
    await lost
    expect(remote.fetched).toHaveLength(2)
  })

  it('that fails, fails for all of them, and is tried again by the next', async () => {
    const cache = blockCache(noAhead)
    let isBroken = true
    const remote: RemoteBytes = {
      key: 'broken',
      size: 5000,
      async fetchRange(offset, length) {
        if (isBroken) throw new SourceError(502, 'source-unavailable', 'no')
        return pattern(5000).slice(offset, offset + length)
      },
    }
    const reads = await Promise.allSettled([
      cache.read(remote, { offset: 0, length: 10 }),
      cache.read(remote, { offset: 5, length: 10 }),
    ])
    expect(reads.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    isBroken = false
    expectBytes(await cache.read(remote, { offset: 0, length: 10 }), 0, 10)
  })
})

describe('the memory of a cache', () => {
  it('is bounded for all sources together, and the oldest goes first', async () => {
    const cache = blockCache({ ...noAhead, maxBytes: 8192 })
    const remotes = Array.from({ length: 6 }, () => createRemote(4096))
    for (const remote of remotes) await cache.read(remote, { offset: 0, length: 2048 })
    expect(cache.heldBytes).toBe(8192)
    for (const remote of remotes) await cache.read(remote, { offset: 0, length: 2048 })
    expect(cache.heldBytes).toBe(8192)
    await cache.read(remotes[5]!, { offset: 0, length: 2048 })
    expect(remotes[5]!.fetched).toHaveLength(2)
  })

  it('keeps what was used last', async () => {
    const cache = blockCache({ ...noAhead, maxBytes: 4096 })
    const [a, b, c] = [createRemote(2048), createRemote(2048), createRemote(2048)]
    await cache.read(a, { offset: 0, length: 2048 })
    await cache.read(b, { offset: 0, length: 2048 })
    await cache.read(a, { offset: 0, length: 1 })
    await cache.read(c, { offset: 0, length: 2048 })
    await cache.read(a, { offset: 0, length: 1 })
    await cache.read(b, { offset: 0, length: 1 })
    expect([a, b].map(({ fetched }) => fetched.length)).toEqual([1, 2])
  })

  it('gives right bytes also where it holds less than one read', async () => {
    const cache = blockCache({ ...noAhead, maxBytes: 1024 })
    const remote = createRemote(50_000)
    const reads = [0, 3000, 700, 20_000].map(offset => cache.read(remote, { offset: offset, length: 9000 }))
    for (const [index, offset] of [0, 3000, 700, 20_000].entries())
      expectBytes((await reads[index])!, offset, 9000)
    expect(cache.heldBytes).toBeLessThanOrEqual(1024)
  })

  it('forgets a source that changed: its old blocks are of no use', async () => {
    const cache = blockCache(noAhead)
    const remote = createRemote(10_000)
    await cache.read(remote, { offset: 0, length: 4096 })
    const changed: RemoteBytes = { ...remote, fetchRange: () => Promise.reject(buildChanged()) }
    await expect(cache.read(changed, { offset: 5000, length: 100 })).rejects.toMatchObject({
      code: 'source-changed',
      status: 503,
    })
    expect(cache.heldBytes).toBe(0)
  })
})

describe('what is fetched before it is read', () => {
  const place = { offset: 1500, length: 1000 }

  it('is found without waiting, and was fetched once for all who asked', async () => {
    const [cache, remote] = [blockCache(noAhead), createRemote(10_000, { waits: true })]
    const target = new Uint8Array(1000)
    const asked = [cache.prefetch(remote, place), cache.prefetch(remote, place), cache.read(remote, place)]
    await settled()
    expect(cache.readSync(remote, target, 1500)).toBe(false)
    remote.release()
    await Promise.all(asked)
    expect(cache.readSync(remote, target, 1500)).toBe(true)
    expectBytes(target, 1500, 1000)
    await cache.prefetch(remote, place)
    expect(remote.fetched).toEqual([[1024, 3072]])
  })

  it('is nothing where it could not be kept, nor behind the end', async () => {
    const [cache, remote] = [blockCache(noAhead), createRemote(3_000_000)]
    await cache.prefetch(remote, { offset: 0, length: 2_000_000 })
    await cache.prefetch(remote, { offset: 3_000_000, length: 10 })
    expect(remote.fetched).toEqual([])
  })

  it('is given up when the last who waits has left, or has no more time', async () => {
    const [cache, remote] = [blockCache(noAhead), createRemote(10_000, { waits: true })]
    const client = new AbortController()
    const first = cache.prefetch(remote, place, client.signal)
    const second = cache.prefetch(remote, place, undefined, 30)
    const refused = expect(second).rejects.toMatchObject({ status: 504, code: 'timeout' })
    await settled()
    client.abort()
    await expect(first).rejects.toMatchObject({ code: 'aborted' })
    expect(remote.signals[0]?.aborted).toBe(false)
    await refused
    expect(remote.signals[0]?.aborted).toBe(true)
  })
})

describe('reading ahead', () => {
  // Of which a quarter is fetched where the reader tells nothing.
  const options = { blockBytes: 1024, readAheadBytes: 4 * 8192 }

  it('brings what comes before and what follows, and all of one where the other is there already', async () => {
    const [cache, remote] = [blockCache(options), createRemote(100_000)]
    await cache.read(remote, { offset: 40_000, length: 100 })
    await cache.read(remote, { offset: 35_000, length: 100 })
    await cache.read(remote, { offset: 45_500, length: 100 })
    expect(remote.fetched).toEqual([
      [35_840, 45_056],
      [26_624, 35_840],
      [45_056, 54_272],
    ])
    expectBytes(await cache.read(remote, { offset: 27_000, length: 27_000 }), 27_000, 27_000)
    expect(remote.fetched).toHaveLength(3)
  })

  it('brings what the reader expects to want, as far as that is allowed on either side', async () => {
    const [cache, remote] = [blockCache({ ...options, readAheadBytes: 8192 }), createRemote(100_000)]
    await cache.read(remote, { offset: 40_000, length: 100, around: () => ({ start: 37_000, end: 41_000 }) })
    await cache.read(remote, { offset: 50_000, length: 100, around: () => ({ start: 0, end: 100_000 }) })
    // On its left side something is there already.
    await cache.read(remote, { offset: 41_000, length: 50, around: () => ({ start: 40_500, end: 43_000 }) })
    await cache.read(remote, { offset: 80_000, length: 100, around: () => ({ start: 80_000, end: 80_100 }) })
    expect(remote.fetched).toEqual([
      [36_864, 41_984],
      [41_984, 58_368],
      [79_872, 80_896],
    ])
  })

  it('brings nothing that the reader expects where it was told to read no more than is needed', async () => {
    const [cache, remote] = [blockCache({ ...options, readAheadBytes: 0 }), createRemote(100_000)]
    await cache.read(remote, { offset: 40_000, length: 100, around: () => ({ start: 37_000, end: 45_000 }) })
    expect(remote.fetched).toEqual([[39_936, 40_960]])
  })

  it('is no more than an eighth of what is kept, where nothing else is said', async () => {
    const remote = createRemote(100_000)
    const cache = blockCache({ blockBytes: 1024, maxBytes: 16_384 })
    await cache.read(remote, { offset: 50_000, length: 100, around: () => ({ start: 0, end: 100_000 }) })
    expect(remote.fetched).toEqual([[47_104, 52_224]])
    expect(cache.heldBytes).toBe(5120)
  })

  it('begins and ends with the source', async () => {
    const [cache, remote] = [blockCache(options), createRemote(20_000)]
    await cache.read(remote, { offset: 19_000, length: 10 })
    await cache.read(remote, { offset: 1000, length: 10 })
    expect(remote.fetched).toEqual([
      [11_264, 20_000],
      [0, 9216],
    ])
  })

  it('stops for a source that is read here and there, and begins again where neighbours are read', async () => {
    const [cache, remote] = [blockCache(options), createRemote(4_000_000)]
    for (let at = 0; at < 40; at += 1) await cache.read(remote, { offset: at * 50_000, length: 10 })
    const lengths = remote.fetched.map(([start, end]) => end - start)
    expect(lengths.slice(-20)).toEqual(Array.from({ length: 20 }, () => 1024))
    for (let at = 0; at < 40; at += 1)
      await cache.read(remote, { offset: 2_100_000 + at * 1024, length: 1024 })
    expect(remote.fetched.length).toBeLessThan(40 + 30)
    const [start = 0, end = 0] = remote.fetched.at(-1) ?? []
    expect(end - start).toBeGreaterThan(8192)
  })
})

describe('any reads of any bytes', () => {
  it('are right in any order, at once or one after the other, in little memory', async () => {
    const cache = blockCache({ blockBytes: 512, readAheadBytes: 2048, maxBytes: 12_000 })
    await readAnything(cache, createRemote(60_000), { seed: 1, rounds: 60, atOnce: 6, longest: 5000 })
  })
})

describe('memory that nobody else holds', () => {
  const options = { blockBytes: 4096, readAheadBytes: 65_536, maxBytes: 300_000 }

  /** Remembers what it gave. */
  const createGiving = (size: number, isOwn: boolean): Remote & { readonly given: Uint8Array[] } => {
    const remote = createRemote(size)
    const given: Uint8Array[] = []
    return {
      ...remote,
      isOwn,
      given,
      async fetchRange(offset, length, signal) {
        const bytes = await remote.fetchRange(offset, length, signal)
        given.push(bytes)
        return bytes
      },
    }
  }

  it('is given back when the cache forgets it, and no sooner', async () => {
    const [cache, remote] = [blockCache(options), createGiving(4_000_000, true)]
    for (let at = 0; at < 20; at += 1) await cache.read(remote, { offset: at * 150_000, length: 100 })
    const held = remote.given.filter(({ length }) => length > 0)
    expect(held.reduce((sum, { length }) => sum + length, 0)).toBe(cache.heldBytes)
    expect(held.length).toBeLessThan(20)
  })

  it('is left to others where they may hold it', async () => {
    const [cache, remote] = [blockCache(options), createGiving(4_000_000, false)]
    for (let at = 0; at < 20; at += 1) await cache.read(remote, { offset: at * 150_000, length: 100 })
    expect(remote.given.every(({ length }) => length > 0)).toBe(true)
  })

  it('is right for all who wait for it, however soon it is forgotten', async () => {
    const cache = blockCache({ ...options, maxBytes: 150_000 })
    const remote = createGiving(1_500_000, true)
    await readAnything(cache, remote, { seed: 7, rounds: 80, atOnce: 8, longest: 90_000 })
    expect(remote.given.some(({ length }) => length === 0)).toBe(true)
  })
})

describe('the options of a cache', () => {
  it.each([
    ['maxBytes', { maxBytes: 0 }],
    ['maxBytes', { maxBytes: 1.5 }],
    ['blockBytes', { blockBytes: 1000 }],
    ['blockBytes', { blockBytes: 256 }],
    ['readAheadBytes', { readAheadBytes: 1000 }],
    ['readAheadBytes', { readAheadBytes: -4096 }],
  ])('a wrong %s is told by its name', (name, options) => {
    expect(() => blockCache(options)).toThrow(new RegExp(`^${name}: expected `))
  })
})
