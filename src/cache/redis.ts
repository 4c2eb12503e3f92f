/* A cache in Redis, which several nodes can share: one round trip for an entry, found or kept. */
import type { Cache } from '../contracts.js'
import { createDebug } from '../debug.js'
import { buildFrame, countFrameBytes, parseFrame } from './frame.js'
import { formatEntryName, formatNamePrefix, isEntryName } from './key.js'
import { requireCount, requireSeconds } from './option.js'
import {
  connectRedis,
  type IORedisClient,
  type NodeRedisClient,
  type RedisConnection,
} from './redis-client.js'

const debug = createDebug('cache:redis')

/* The longest that Redis is asked for: three thousand years. */
const maxTtlMs = 1e14

/** Where and how much {@link redisCache} keeps. */
export interface RedisCacheOptions {
  /**
   * A client of the package `redis` (4, 5, 6) or `ioredis` (5, 6), of one server. It stays yours: to connect, to listen
   * to its errors, and to close.
   */
  readonly client: NodeRedisClient | IORedisClient
  /** What the names of all entries begin with: the cache's own, whoever else uses the server. @defaultValue `honeydew:` */
  readonly prefix?: string
  /** For how long an entry is kept, in seconds. @defaultValue 604,800: a week */
  readonly ttlSeconds?: number
  /** The largest entry, in bytes; a larger one is not kept. @defaultValue 1 MiB */
  readonly maxEntryBytes?: number
}

/**
 * Creates a cache in Redis. How much is kept altogether is the server's to bound: `maxmemory` with an `allkeys` policy.
 *
 * To forget one identifier, or all, the names of all keys of the database are looked through, a thousand at a time, so
 * that the server answers others in between: there is no list that could be lost or disagree with what is there.
 *
 * @throws TypeError that names the option, where one is not valid.
 * @example
 * ```ts
 * const client = await createClient({ url: 'redis://localhost' }).on('error', () => {}).connect()
 * const cache = tieredCache(memoryCache({ ttlSeconds: 600 }), redisCache({ client }))
 * ```
 */
export function redisCache(options: RedisCacheOptions): Cache {
  const { prefix = 'honeydew:', ttlSeconds = 604_800, maxEntryBytes = 2 ** 20 } = options
  if (typeof prefix !== 'string') throw new TypeError('prefix: expected a string')
  requireSeconds('ttlSeconds', ttlSeconds)
  requireCount('maxEntryBytes', maxEntryBytes)
  const redis = connectRedis(options.client)
  const ttlMs = String(Math.min(Math.ceil(ttlSeconds * 1000), maxTtlMs))
  const nameOf = (key: string) => `${prefix}${formatEntryName(key)}`
  const forget = async (...names: string[]): Promise<void> => {
    if (names.length > 0) await redis.send('UNLINK', ...names)
  }
  let damaged = 0
  return {
    async get(key) {
      const frame = await redis.send('GET', nameOf(key))
      if (!(frame instanceof Uint8Array)) return undefined
      const found = parseFrame(frame, key)
      if (found) return found.entry
      damaged += 1
      debug('%s is damaged', nameOf(key))
      await forget(nameOf(key))
      return undefined
    },
    async set(key, entry) {
      if (countFrameBytes(key, entry) > maxEntryBytes) return forget(nameOf(key))
      const frame = Buffer.concat(buildFrame(key, entry, Date.now()))
      await redis.send('SET', nameOf(key), frame, 'PX', ttlMs)
    },
    async delete(match) {
      if (match.kind === 'key') return forget(nameOf(match.key))
      const beginning = match.kind === 'identifier' ? formatNamePrefix(match.identifier) : ''
      for await (const names of scan(redis, `${prefix}${beginning}`))
        await forget(...names.filter(name => isEntryName(name.slice(prefix.length))))
    },
    stats: () => ({ damaged }),
  }
}

/* The names that begin with `beginning`. SCAN gives every key that is there from its beginning to its end. */
async function* scan(redis: RedisConnection, beginning: string): AsyncGenerator<string[]> {
  const pattern = `${beginning.replace(/[*?[\]\\]/g, '\\$&')}*`
  for (let cursor = '0'; ; ) {
    const [next, names] = parseScan(await redis.send('SCAN', cursor, 'MATCH', pattern, 'COUNT', '1000'))
    yield names
    cursor = next
    if (cursor === '0') return
  }
}

function parseScan(reply: unknown): [cursor: string, names: string[]] {
  const [cursor, names]: unknown[] = Array.isArray(reply) ? reply : []
  if (!Array.isArray(names)) throw new Error('the answer to SCAN is none')
  return [String(cursor), names.map(String)]
}
