import { Redis as IORedis } from 'ioredis'
import { Redis as IORedis5 } from 'ioredis5'
import { createClient } from 'redis'
import { createClient as createClient4 } from 'redis4'
import { createClient as createClient5 } from 'redis5'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisCache } from '../../src/cache/redis.js'
import type { IORedisClient, NodeRedisClient } from '../../src/cache/redis-client.js'
import { createSafeCache } from '../../src/cache/safe.js'
import type { CacheEntry } from '../../src/contracts.js'
import { formatKey, isRight, makeEntry } from '../bench/cache-trace.js'
import { describeCacheContract } from './contract.js'
import { createRedisServer, hasRedis } from './redis-server.js'

const server = createRedisServer()
const closers: (() => unknown)[] = []
const entry: CacheEntry = { bytes: Buffer.from([0, 255, 13, 10, 0x24]), mediaType: 'image/jpeg' }

const connect6 = async () => {
  const client = createClient({ socket: { path: server.path, reconnectStrategy: 20 } }).on('error', () => {})
  closers.push(() => client.destroy())
  return client.connect()
}
const connectIO6 = async () => {
  const client = new IORedis({ path: server.path, lazyConnect: true, retryStrategy: () => 20 }).on(
    'error',
    () => {},
  )
  closers.push(() => client.disconnect())
  await client.connect()
  return client
}
const clients: Readonly<Record<string, () => Promise<NodeRedisClient | IORedisClient>>> = {
  'redis 4': async () => {
    const client = createClient4({ socket: { path: server.path, tls: false } }).on('error', () => {})
    closers.push(() => client.disconnect().catch(() => {}))
    return client.connect()
  },
  'redis 5': async () => {
    const client = createClient5({ socket: { path: server.path, tls: false } }).on('error', () => {})
    closers.push(() => client.destroy())
    return client.connect()
  },
  'redis 6': connect6,
  'ioredis 5': async () => {
    const client = new IORedis5({ path: server.path, lazyConnect: true }).on('error', () => {})
    closers.push(() => client.disconnect())
    await client.connect()
    return client
  },
  'ioredis 6': connectIO6,
}

describe.skipIf(!hasRedis)('in Redis', () => {
  beforeAll(() => server.start())
  afterAll(async () => {
    for (const close of closers) await close()
    await server.remove()
  })

  for (const [name, connect] of Object.entries(clients)) {
    let client: NodeRedisClient | IORedisClient
    beforeAll(async () => {
      client = await connect()
    })
    let caches = 0
    describeCacheContract(`a cache with ${name}`, () => {
      caches += 1
      return redisCache({ client, prefix: `${name} *[${caches}]:` })
    })
  }

  it('all clients read what one of them wrote', async () => {
    for (const [writer, connectWriter] of Object.entries(clients)) {
      await redisCache({ client: await connectWriter(), prefix: 'shared:' }).set(`${writer}|1`, entry)
      for (const connectReader of Object.values(clients)) {
        const found = await redisCache({ client: await connectReader(), prefix: 'shared:' }).get(
          `${writer}|1`,
        )
        expect(Buffer.compare(found?.bytes ?? Buffer.alloc(0), entry.bytes)).toBe(0)
      }
    }
  })

  it('an entry expires by itself', async () => {
    const client = await connect6()
    await redisCache({ client, ttlSeconds: 90 }).set('ttl|1', entry)
    const [key = ''] = await client.keys('honeydew:*-ttl')
    const left = await client.pTTL(key)
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(90_000)
  })

  it('one round trip finds an entry, and one keeps it', async () => {
    const client = await connect6()
    const commands: string[] = []
    const counted: NodeRedisClient = {
      sendCommand(words, options) {
        commands.push(String(words[0]))
        return client.sendCommand(words, options)
      },
    }
    const cache = redisCache({ client: counted })
    await cache.set('trip|1', entry)
    await cache.get('trip|1')
    expect(commands).toEqual(['SET', 'GET'])
  })

  it('a purge of thousands takes exactly those, a thousand keys at a time', async () => {
    const client = await connect6()
    const cache = redisCache({ client, prefix: 'many:' })
    const keys = Array.from({ length: 5000 }, (_, index) => `${index % 2 ? 'a' : 'ab'}|1|${index}`)
    await Promise.all(keys.map(key => cache.set(key, entry)))
    await client.set('many:mine', 'x')
    await client.set('manyother', 'x')
    await cache.delete({ kind: 'identifier', identifier: 'a' })
    const found = await Promise.all(keys.map(key => cache.get(key)))
    expect(found.map(each => each !== undefined)).toEqual(keys.map((_, index) => index % 2 === 0))
    await cache.delete({ kind: 'all' })
    expect((await client.keys('many*')).toSorted()).toEqual(['many:mine', 'manyother'])
  })

  it('a damaged entry is a miss and is deleted', async () => {
    const client = await connect6()
    const cache = redisCache({ client, prefix: 'bad:' })
    await cache.set('a|1', entry)
    const [name = ''] = await client.keys('bad:*')
    await client.setRange(name, 50, 'xx')
    expect(await cache.get('a|1')).toBeUndefined()
    expect(await client.exists(name)).toBe(0)
    expect(cache.stats?.()).toEqual({ damaged: 1 })
  })

  it('an entry that is too large is not kept, and what was there is forgotten', async () => {
    const cache = redisCache({ client: await connect6(), prefix: 'large:', maxEntryBytes: 1000 })
    await cache.set('a|1', entry)
    await cache.set('a|1', { ...entry, bytes: Buffer.alloc(1000) })
    expect(await cache.get('a|1')).toBeUndefined()
  })

  it.each([
    ['redis', connect6],
    ['ioredis', connectIO6],
  ])('with %s requests go on when the server is killed and comes back in the middle', async (_, connect) => {
    const cache = createSafeCache(redisCache({ client: await connect() }), { timeoutMs: 5000, pauseMs: 20 })
    const counts = { hits: 0, misses: 0, wrong: 0 }
    let isOver = false
    const lane = async (first: number): Promise<void> => {
      for (let number = first; !isOver; number += 1) {
        const key = formatKey(number % 50)
        const found = await cache.get(key)
        if (!found) await cache.set(key, makeEntry(key))
        counts[!found ? 'misses' : isRight(key, found) ? 'hits' : 'wrong'] += 1
        await new Promise(setImmediate)
      }
    }
    const until = async (isTrue: () => boolean): Promise<void> => {
      while (!isTrue()) await new Promise(later => setTimeout(later, 5))
    }
    const lanes = [0, 10, 20, 30].map(lane)
    for (let round = 0; round < 3; round += 1) {
      const { hits } = counts
      await until(() => counts.hits > hits + 100)
      await server.stop()
      const { misses } = counts
      await until(() => counts.misses > misses + 100)
      await server.start()
    }
    const { hits } = counts
    await until(() => counts.hits > hits + 100)
    isOver = true
    await Promise.all(lanes)
    expect(counts.wrong).toBe(0)
    const { failures = 0, skipped = 0 } = cache.stats?.() ?? {}
    expect(failures).toBeGreaterThan(0)
    expect(skipped).toBeGreaterThan(failures)
  })

  it('a server that hangs is a miss after the time, then costs nothing, and is asked again when it goes on', async () => {
    let now = 0
    const options = { timeoutMs: 30, pauseMs: 1000, maxFailures: 2, now: () => now }
    const cache = createSafeCache(redisCache({ client: await connect6() }), options)
    await cache.set('hang|1', entry)
    server.freeze()
    for (let turn = 0; turn < 10; turn += 1) expect(await cache.get('hang|1')).toBeUndefined()
    expect(cache.stats?.()).toMatchObject({ failures: 2, skipped: 8 })
    server.thaw()
    // On a busy machine an answer may take longer than is waited for: then the next pause ends, and so on.
    let found: CacheEntry | undefined
    while (!found) {
      now += 1001
      found = await cache.get('hang|1')
    }
    expect(found.bytes).toHaveLength(entry.bytes.byteLength)
  })
})

describe('the options of a Redis cache', () => {
  const client: NodeRedisClient = { sendCommand: async () => null }
  it.each([
    ['client', undefined],
    ['client', {}],
    ['client', { sendCommand() {}, masters: [] }],
    ['client', { callBuffer() {}, status: 'ready', isCluster: true }],
    ['client', { callBuffer() {}, status: 'ready', options: { keyPrefix: 'x' } }],
    ['prefix', 5],
    ['ttlSeconds', 0],
    ['maxEntryBytes', 0.5],
  ])('are named: %s cannot be %j', (name, value) => {
    const options = { client, [name]: value }
    expect(() => redisCache(options as never)).toThrow(new RegExp(`^${name}: expected `))
  })

  it('may be a client that is not connected: that is a failure, and nothing waits', async () => {
    const unconnected: NodeRedisClient = { ...client, isReady: false }
    await expect(redisCache({ client: unconnected }).get('a|1')).rejects.toThrow('not connected')
  })
})
