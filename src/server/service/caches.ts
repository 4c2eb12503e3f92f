/* Where results are kept, by the options: memory in front of at most one store, which others share. */
import { fileCache } from '../../cache/file.js'
import { memoryCache } from '../../cache/memory.js'
import { redisCache } from '../../cache/redis.js'
import { s3Cache } from '../../cache/s3.js'
import { tieredCache } from '../../cache/tiered.js'
import type { Cache } from '../../contracts.js'
import type { ServerSettings } from '../options/table.js'
import { type OpenClient, openRedis, openS3 } from './clients.js'
import type { Share } from './share.js'
import { connectS3 } from './sources.js'

/* What is purged on one machine is gone from the memory of another after this time. */
const memorySeconds = 600

/**
 * Creates the cache; `false` where nothing is kept.
 *
 * @param onError - hears when a store fails, each time that it is noticed
 * @throws TypeError or {@link OptionsError} where an option is not what it must be, or a package is missing.
 */
export async function createCache(
  settings: ServerSettings,
  { cacheBytes }: Share,
  onError: (error: Error) => void,
): Promise<Cache | false> {
  const store = await createStore(settings, onError)
  if (cacheBytes === 0) return store ?? false
  if (!store) return memoryCache({ maxBytes: cacheBytes })
  // A folder is of this machine alone, whose workers hear of a purge.
  const isShared = settings.cacheFolder === undefined
  const memory = memoryCache({ maxBytes: cacheBytes, ...(isShared && { ttlSeconds: memorySeconds }) })
  return tieredCache(memory, store)
}

async function createStore(
  settings: ServerSettings,
  onError: (error: Error) => void,
): Promise<Cache | undefined> {
  const {
    cacheFolder: folder,
    cacheSize: maxBytes,
    cacheRedis,
    cacheS3Bucket: bucket,
    cacheSeconds,
  } = settings
  const kept = cacheSeconds === undefined ? {} : { ttlSeconds: cacheSeconds }
  if (folder !== undefined) return fileCache({ folder, maxBytes, ...kept })
  if (cacheRedis !== undefined) {
    const redis = await openRedis(cacheRedis, onError)
    return closing(redisCache({ client: redis.client, ...kept }), redis)
  }
  if (bucket === undefined) return undefined
  const s3 = await openS3(await connectS3(settings))
  return closing(s3Cache({ client: s3.client, bucket, ...kept }), s3)
}

/* A cache leaves a client to who made it: that is the server, which closes the one with the other. */
function closing(cache: Cache, { close }: OpenClient<unknown>): Cache {
  return {
    ...cache,
    async close() {
      await cache.close?.()
      close()
    },
  }
}
