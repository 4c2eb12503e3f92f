import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type S3CacheOptions, s3Cache } from '../../src/cache/s3.js'
import { createSafeCache } from '../../src/cache/safe.js'
import type { CacheEntry } from '../../src/contracts.js'
import { formatKey, isRight, makeEntry } from '../bench/cache-trace.js'
import { describeCacheContract } from './contract.js'
import { bucket, type Fault, type S3Server, startS3Server } from './s3-server.js'

let server: S3Server
beforeAll(async () => {
  server = await startS3Server()
})
afterEach(() => {
  server.fault = 'none'
})
afterAll(() => server.close())

const entry: CacheEntry = { bytes: Buffer.from('a'.repeat(5000)), mediaType: 'image/jpeg' }
// Waits are ample: on a busy machine nothing may fail for want of time but what is meant to.
const create = (options: Partial<S3CacheOptions> = {}) =>
  s3Cache({ client: server.connect(), bucket, timeoutMs: 20_000, setTimeoutMs: 20_000, ...options })
const listKeys = async (Prefix: string): Promise<string[]> => {
  const { Contents = [] } = await server.connect().send(new ListObjectsV2Command({ Bucket: bucket, Prefix }))
  return Contents.map(({ Key = '' }) => Key)
}

// Mostly without slashes: where several objects go at a time, s3rver trips over the folders that it makes of them.
let prefixes = 0
describeCacheContract('a cache in S3', () => {
  prefixes += 1
  return create({ prefix: `contract-${prefixes}-` })
})

describe('a cache in S3', () => {
  it('finds and keeps an entry with one request each', async () => {
    const cache = create({ prefix: 'one/' })
    server.requests.length = 0
    await cache.set('maps%2F1652.tif|1', entry)
    await cache.get('maps%2F1652.tif|1')
    const path = expect.stringMatching(
      /^(?:PUT|GET) \/tiles\/one\/[0-9a-f]{32}-[0-9a-f]{32}-maps_2f1652_tif$/,
    )
    expect(server.requests).toEqual([path, path])
  })

  it('keeps large entries, and none that are too large', async () => {
    const cache = create({ prefix: 'large-', maxEntryBytes: 3_000_000 })
    const large = { bytes: Buffer.alloc(2_900_000, 'ab'), mediaType: 'image/jpeg' }
    await cache.set('a|1', large)
    const found = await cache.get('a|1')
    expect(Buffer.compare(found?.bytes ?? Buffer.alloc(0), large.bytes)).toBe(0)
    expect(await create({ prefix: 'large-', maxEntryBytes: 1_000_000 }).get('a|1')).toBeUndefined()
    await cache.set('a|1', { ...large, bytes: Buffer.alloc(3_000_000) })
    expect(await cache.get('a|1')).toBeUndefined()
  })

  it('forgets more than a listing holds, exactly, and nothing that is not its own', async () => {
    const cache = create({ prefix: 'many-' })
    const client = server.connect()
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'many-mine', Body: 'x' }))
    await cache.set('ab|1', entry)
    const numbers = Array.from({ length: 1100 }, (_, index) => index)
    const put = async (lane: number) => {
      for (const number of numbers) if (number % 16 === lane) await cache.set(`a|1|${number}`, entry)
    }
    await Promise.all(Array.from({ length: 16 }, (_, lane) => put(lane)))
    await cache.delete({ kind: 'identifier', identifier: 'a' })
    expect(await listKeys('many-')).toHaveLength(2)
    expect(await cache.get('ab|1')).toBeDefined()
    await cache.delete({ kind: 'all' })
    expect(await listKeys('many-')).toEqual(['many-mine'])
  })

  it('ends entries after their time, and deletes them when it is swept', async () => {
    const start = Date.now()
    const aged = (seconds: number) =>
      create({ prefix: 'aged-', ttlSeconds: 60, now: () => start + seconds * 1000 })
    await aged(0).set('a|1', entry)
    expect(await aged(50).get('a|1')).toBeDefined()
    expect(await aged(61).get('a|1')).toBeUndefined()
    const [key = ''] = await listKeys('aged-')
    const { ContentLength } = await server.connect().send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    expect(await aged(30).sweep?.()).toEqual({ deletedEntries: 0, deletedBytes: 0 })
    expect(await aged(90).sweep?.()).toEqual({ deletedEntries: 1, deletedBytes: ContentLength })
    expect(await listKeys('aged-')).toEqual([])
  })

  it('is no cache when its bucket is not there: that is a failure, not a miss', async () => {
    await expect(create({ bucket: 'nowhere' }).get('a|1')).rejects.toMatchObject({ name: 'NoSuchBucket' })
  })
})

describe('a cache in S3 whose server', () => {
  const faults: readonly Fault[] = [
    'answers 500',
    'answers 503',
    'hangs',
    'hangs in the body',
    'cuts bodies',
    'cuts bodies and says that they are whole',
    'changes a bit',
  ]

  it.each(faults)('%s gives nothing wrong, and is asked again when it is well', async fault => {
    let now = 0
    const inner = create({
      prefix: `${fault}-`,
      timeoutMs: fault.startsWith('hangs') ? 100 : 20_000,
      setTimeoutMs: 100,
    })
    const cache = createSafeCache(inner, { timeoutMs: 20_000, now: () => now })
    const well = create({ prefix: `${fault}-` })
    await well.set('a|1', entry)
    server.fault = fault
    for (let turn = 0; turn < 7; turn += 1) {
      const found = await cache.get('a|1')
      expect(found?.bytes.byteLength ?? 0).toBe(0)
      await cache.set('b|1', entry)
    }
    expect(server.requests.length).toBeGreaterThan(0)
    server.fault = 'none'
    expect((await well.get('a|1'))?.bytes).toEqual(entry.bytes)
    let found: CacheEntry | undefined
    while (!found) {
      now += 5001
      found = await cache.get('a|1')
    }
    expect(found.bytes).toEqual(entry.bytes)
  })

  it('hangs does not keep connections: they are given up', async () => {
    const cache = create({ prefix: 'hang-', timeoutMs: 50 })
    server.fault = 'hangs'
    for (let turn = 0; turn < 60; turn += 1) await expect(cache.get(`a|${turn}`)).rejects.toThrow()
    server.fault = 'none'
    const well = create({ prefix: 'hang-' })
    await well.set('a|1', entry)
    expect(await well.get('a|1')).toBeDefined()
  })

  it('fails tells of it when it is to forget', async () => {
    const cache = create({ prefix: 'forget-' })
    await cache.set('a|1', entry)
    server.fault = 'answers 500'
    await expect(cache.delete({ kind: 'identifier', identifier: 'a' })).rejects.toThrow()
    server.fault = 'none'
    await cache.delete({ kind: 'identifier', identifier: 'a' })
    expect(await cache.get('a|1')).toBeUndefined()
  })

  it('fails now and then under load is right all the same', async () => {
    const cache = createSafeCache(create({ prefix: 'load-' }), {
      timeoutMs: 20_000,
    })
    const seen = { hits: 0, misses: 0, wrong: 0 }
    const faulty = faults.filter(fault => !fault.startsWith('hangs'))
    const request = async (key: string): Promise<void> => {
      const found = await cache.get(key)
      if (!found) await cache.set(key, makeEntry(key))
      seen[!found ? 'misses' : isRight(key, found) ? 'hits' : 'wrong'] += 1
    }
    const lane = async (first: number) => {
      for (let turn = 0; turn < 60; turn += 1) {
        server.fault = (turn % 3 === 0 ? faulty[turn % faulty.length] : undefined) ?? 'none'
        await request(formatKey((first + turn) % 20))
      }
    }
    await Promise.all([0, 7, 13].map(lane))
    expect(seen.wrong).toBe(0)
    expect(seen.hits).toBeGreaterThan(0)
    expect(seen.misses).toBeGreaterThan(0)
    expect(cache.stats?.().failures).toBeGreaterThan(0)
  })
})

describe('the options of a cache in S3', () => {
  it.each([
    ['client', undefined],
    ['client', {}],
    ['bucket', ''],
    ['prefix', 7],
    ['ttlSeconds', -1],
    ['maxEntryBytes', 0],
    ['timeoutMs', 0],
    ['setTimeoutMs', Number.NaN],
  ])('are named: %s cannot be %j', (name, value) => {
    const options = { client: { send: async () => ({}) }, bucket, [name]: value }
    expect(() => s3Cache(options as never)).toThrow(new RegExp(`^${name}: expected `))
  })
})
