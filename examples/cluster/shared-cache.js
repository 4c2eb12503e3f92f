/* The store that replicas share, and in front of it the memory of each. */
import { memoryCache, redisCache, tieredCache } from 'honeydew'

// What one replica purges the memory of the others forgets only after this time. Nothing else is bound by it: the tiles of
// a file that has changed have other keys.
const ttlSeconds = 60

/**
 * @param {Readonly<Record<string, string | undefined>>} environment
 * @returns {Promise<{ cache: import('honeydew').Cache, close: () => Promise<void> }>}
 */
export async function createSharedCache({ REDIS_URL, CACHE_BUCKET, PATH_STYLE }) {
  const memory = memoryCache({ maxBytes: 64 * 2 ** 20, ttlSeconds })
  if (CACHE_BUCKET) {
    const { S3Client } = await import('@aws-sdk/client-s3')
    const { s3Cache } = await import('honeydew/s3')
    const client = new S3Client({ forcePathStyle: PATH_STYLE === 'yes' })
    const bucket = s3Cache({ client, bucket: CACHE_BUCKET, ttlSeconds: 30 * 86_400 })
    return { cache: tieredCache(memory, bucket), close: async () => client.destroy() }
  }
  if (!REDIS_URL) return { cache: memory, close: async () => {} }
  const { createClient } = await import('redis')
  const client = createClient({ url: REDIS_URL, disableOfflineQueue: true })
  // Without Redis images are made anew; it is looked for again all the time.
  client.on('error', error => console.error(`Redis: ${error.message}`))
  client.connect().catch(() => {})
  return {
    cache: tieredCache(memory, redisCache({ client })),
    close: async () => client.destroy(),
  }
}
