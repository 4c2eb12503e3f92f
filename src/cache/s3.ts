/* A cache in a bucket of S3, or of whatever speaks its language: for results that several machines share, or that are
   too many for a disk. */
import type { Cache, CacheMatch } from '../contracts.js'
import { createDebug } from '../debug.js'
import { buildFrame, countFrameBytes, parseFrame } from './frame.js'
import { formatEntryName, formatNamePrefix, isEntryName } from './key.js'
import { requireCount, requireMilliseconds, requireSeconds } from './option.js'
import { type ListedObject, openBucket, type S3ClientLike } from './s3-bucket.js'

const debug = createDebug('cache:s3')

/** Where and how much {@link s3Cache} keeps. */
export interface S3CacheOptions {
  /** A client of the package `@aws-sdk/client-s3`, for any endpoint. It stays yours to close. */
  readonly client: S3ClientLike
  /** The name of the bucket. */
  readonly bucket: string
  /** What the keys of all objects begin with. @defaultValue `honeydew/` */
  readonly prefix?: string
  /**
   * For how long an entry is kept, in seconds. `sweep` deletes what is older, for which it lists all objects; a
   * lifecycle rule of the bucket costs less. @defaultValue without end
   */
  readonly ttlSeconds?: number
  /** The largest entry, in bytes; a larger one is not kept. It is read whole. @defaultValue 64 MiB */
  readonly maxEntryBytes?: number
  /** The longest wait for an entry, in milliseconds; then its request is given up. @defaultValue 1000 */
  readonly timeoutMs?: number
  /** The longest wait until an entry is kept, and for each step of a purge, in milliseconds. @defaultValue 10,000 */
  readonly setTimeoutMs?: number
  /** The clock, in milliseconds of Unix time. @internal */
  readonly now?: () => number
}

/**
 * Creates a cache in a bucket. One request for an entry, found or kept; a purge lists what belongs to the identifier,
 * which its keys begin with, and deletes a thousand objects a request.
 *
 * @throws TypeError that names the option, where one is not valid.
 * @example
 * ```ts
 * const cache = tieredCache(memoryCache({ ttlSeconds: 600 }), s3Cache({ client: new S3Client({}), bucket: 'tiles' }))
 * ```
 */
export function s3Cache(options: S3CacheOptions): Cache {
  const { prefix, ttlSeconds = Infinity, maxEntryBytes, now = Date.now, ...rest } = resolveOptions(options)
  const bucket = openBucket(rest)
  const nameOf = (key: string) => `${prefix}${formatEntryName(key)}`
  const expiresBefore = () => now() - ttlSeconds * 1000
  const isOurs = ({ key }: ListedObject) => isEntryName(key.slice(prefix.length))
  let damaged = 0
  return {
    async get(key, signal) {
      const frame = await bucket.get(nameOf(key), maxEntryBytes, signal)
      if (!frame) return undefined
      const found = parseFrame(frame, key)
      if (found && found.storedAt >= expiresBefore()) return found.entry
      // It is not deleted: what arrived damaged may be whole in the bucket, and is made anew in any case.
      if (!found) damaged += 1
      debug('%s is %s', nameOf(key), found ? 'expired' : 'damaged')
      return undefined
    },
    async set(key, entry) {
      if (countFrameBytes(key, entry) > maxEntryBytes) return bucket.delete([nameOf(key)])
      await bucket.put(nameOf(key), Buffer.concat(buildFrame(key, entry, now())))
    },
    async delete(match) {
      if (match.kind === 'key') return bucket.delete([nameOf(match.key)])
      for await (const objects of bucket.list(`${prefix}${formatBeginning(match)}`))
        await bucket.delete(objects.filter(isOurs).map(({ key }) => key))
    },
    async sweep(signal) {
      const deleted = { deletedEntries: 0, deletedBytes: 0 }
      if (ttlSeconds === Infinity) return deleted
      for await (const objects of bucket.list(prefix)) {
        if (signal?.aborted) break
        const expired = objects.filter(object => isOurs(object) && object.storedAt < expiresBefore())
        await bucket.delete(expired.map(({ key }) => key))
        deleted.deletedEntries += expired.length
        deleted.deletedBytes += expired.reduce((sum, { bytes }) => sum + bytes, 0)
      }
      return deleted
    },
    stats: () => ({ damaged }),
  }
}

function formatBeginning(match: Exclude<CacheMatch, { readonly kind: 'key' }>): string {
  return match.kind === 'identifier' ? formatNamePrefix(match.identifier) : ''
}

function resolveOptions(options: S3CacheOptions) {
  const {
    prefix = 'honeydew/',
    maxEntryBytes = 64 * 2 ** 20,
    timeoutMs = 1000,
    setTimeoutMs = 10_000,
  } = options
  if (
    typeof options.client !== 'object' ||
    options.client === null ||
    typeof options.client.send !== 'function'
  )
    throw new TypeError('client: expected a client of the package @aws-sdk/client-s3')
  if (typeof options.bucket !== 'string' || options.bucket === '')
    throw new TypeError('bucket: expected the name of a bucket')
  if (typeof prefix !== 'string') throw new TypeError('prefix: expected a string')
  requireSeconds('ttlSeconds', options.ttlSeconds)
  requireCount('maxEntryBytes', maxEntryBytes)
  requireMilliseconds('timeoutMs', timeoutMs)
  requireMilliseconds('setTimeoutMs', setTimeoutMs)
  return { ...options, prefix, maxEntryBytes, timeoutMs, setTimeoutMs }
}
