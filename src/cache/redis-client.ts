/* The clients that the Redis cache can be given, as far as it needs them. Neither is imported: who has none pays nothing. */

/** A client of node-redis (`redis` 4, 5 or 6), made by `createClient` and connected. */
export interface NodeRedisClient {
  /** Whether commands are sent at once. */
  readonly isReady?: boolean
  /** Sends a command. */
  sendCommand(words: (string | Buffer)[], options?: object): Promise<unknown>
}

/** A client of ioredis (5 or later). */
export interface IORedisClient {
  /** `ready` when commands are sent at once. */
  readonly status: string
  /** Sends a command; strings come back as buffers. */
  callBuffer(command: string, ...words: (string | Buffer | number)[]): Promise<unknown>
}

/** Sends commands to one Redis server. */
export interface RedisConnection {
  /**
   * Sends a command; strings come back as buffers. A client that has lost its server would keep commands until the
   * server is back: that is a failure here.
   */
  send(command: string, ...words: (string | Buffer)[]): Promise<unknown>
}

/**
 * Tells which client it is.
 *
 * @throws TypeError when it is none that can be used.
 */
export function connectRedis(client: NodeRedisClient | IORedisClient): RedisConnection {
  if (typeof client !== 'object' || client === null || !('sendCommand' in client || 'callBuffer' in client))
    throw new TypeError(
      'client: expected a client of the package "redis" (4 or later) or "ioredis" (5 or later)',
    )
  // A purge looks through all keys; in a cluster each server has only its own.
  if ('masters' in client || ('isCluster' in client && client.isCluster === true))
    throw new TypeError('client: expected the client of one Redis server, not of a cluster')
  if ('callBuffer' in client) return connectIORedis(client)
  return {
    async send(command, ...words) {
      if (client.isReady === false) throw new Error('the client of Redis is not connected')
      return client.sendCommand([command, ...words], nodeRedisOptions)
    },
  }
}

/* Strings as buffers: in the words of version 4, and of versions 5 and 6, where 36 is `$`, the mark of a string. */
const nodeRedisOptions = { returnBuffers: true, typeMapping: { 36: Buffer } }

function connectIORedis(client: IORedisClient): RedisConnection {
  // ioredis puts it before keys, but neither before patterns nor off the keys that it gives.
  if ('options' in client && hasKeyPrefix(client.options))
    throw new TypeError(
      'client: expected one without `keyPrefix`; the cache has an option `prefix` of its own',
    )
  return {
    async send(command, ...words) {
      if (client.status !== 'ready') throw new Error('the client of Redis is not connected')
      return client.callBuffer(command, ...words)
    },
  }
}

function hasKeyPrefix(options: unknown): boolean {
  return (
    typeof options === 'object' && options !== null && 'keyPrefix' in options && Boolean(options.keyPrefix)
  )
}
