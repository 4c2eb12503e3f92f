/* Clients of stores that are packages of their own: loaded when an option names a store, and told of where they are not
   installed. */
import type { IORedisClient, NodeRedisClient } from '../../cache/redis-client.js'
import type { S3ClientLike } from '../../cache/s3-bucket.js'
import type { S3Connection } from '../../source/s3-client.js'
import { OptionsError } from '../options-error.js'

/** A client, and what ends it. */
export interface OpenClient<Client> {
  /** The client. */
  readonly client: Client
  /** Closes its connections. */
  close(): void
}

type Listener = (error: Error) => void

interface NodeRedis extends NodeRedisClient {
  on(event: 'error', listener: Listener): unknown
  connect(): Promise<unknown>
  destroy?(): void
  disconnect?(): Promise<void>
}

interface IORedis extends IORedisClient {
  on(event: 'error', listener: Listener): unknown
  disconnect(): void
}

/**
 * Connects to a Redis server. It need not be there yet: until it is, nothing is found and nothing is kept.
 *
 * @param onError - hears of every failure
 * @throws {@link OptionsError} where neither package is installed.
 */
export async function openRedis(
  url: string,
  onError: Listener,
): Promise<OpenClient<NodeRedisClient | IORedisClient>> {
  const packages = { redis: await load('redis'), ioredis: await load('ioredis') }
  if (packages.redis) {
    const { createClient } = packages.redis as { createClient(options: object): NodeRedis }
    const client = createClient({ url, disableOfflineQueue: true })
    client.on('error', onError)
    client.connect().catch(onError)
    return { client, close: () => void (client.destroy?.() ?? client.disconnect?.().catch(onError)) }
  }
  if (packages.ioredis) {
    const { Redis } = packages.ioredis as { Redis: new (url: string, options: object) => IORedis }
    const client = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0 })
    client.on('error', onError)
    return { client, close: () => client.disconnect() }
  }
  throw new OptionsError(['cacheRedis: the package redis, or ioredis, is not installed: npm install redis'])
}

/**
 * Creates a client for a cache in a bucket.
 *
 * @throws {@link OptionsError} where the package is not installed.
 */
export async function openS3({
  credentials,
  ...connection
}: S3Connection): Promise<OpenClient<S3ClientLike>> {
  const sdk = await load('@aws-sdk/client-s3')
  if (!sdk)
    throw new OptionsError([
      'cacheS3Bucket: the package @aws-sdk/client-s3 is not installed: npm install @aws-sdk/client-s3',
    ])
  const { S3Client } = sdk as { S3Client: new (options: object) => S3ClientLike & { destroy(): void } }
  const client = new S3Client({
    ...connection,
    forcePathStyle: connection.endpoint !== undefined,
    // As for images: whoever tells keys means no place that the SDK would look up.
    ...(typeof credentials === 'object' && { region: connection.region ?? 'us-east-1' }),
    ...(typeof credentials === 'object' && { credentials }),
    // Checksums of stores that do not know them would fail what is whole; the cache has its own.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  return { client, close: () => client.destroy() }
}

/* The name is no literal, so that neither types nor bundlers look for what need not be there. */
async function load(name: string): Promise<object | undefined> {
  try {
    return (await import(name)) as object
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  }
}
