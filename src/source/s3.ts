/* Images in stores that speak S3, read by range. */
import type { ImageSource, OpenResolver, ResolveContext } from '../contracts.js'
import { BadRequestError } from '../errors.js'
import { type BlockCache, blockCache } from './block-cache.js'
import { resolveFormatHint } from './extension.js'
import { throwIfAborted } from './failure.js'
import { createLookUps, type LookedUp } from './look-up.js'
import { chooseWay, createRemoteImage, type RemoteDepot, type RemoteWay } from './remote-image.js'
import { createS3Clients, type S3Client, type S3Connection, type S3Input } from './s3-client.js'
import {
  createObjectFetch,
  createObjectSave,
  probeObject,
  type S3Facts,
  type S3Limits,
  type S3Place,
} from './s3-object.js'
import { resolveSpool, type TempOptions } from './temp-options.js'

/** An object that a function gives for an identifier. */
export interface S3Location {
  /** The key. */
  readonly key: string
  /** The bucket. @defaultValue that of the source */
  readonly bucket?: string
  /** The version, in a bucket that has versions. @defaultValue the newest */
  readonly versionId?: string
  /** Who asks, or how to reach the store. @defaultValue that of the source */
  readonly client?: S3Client | S3Connection
}

/** Gives the object of an identifier; `undefined` means "not mine". */
export type LocateObject = (
  identifier: string,
  context: ResolveContext,
) => string | S3Location | undefined | Promise<string | S3Location | undefined>

/** What {@link s3Source} is made with. */
export interface S3SourceOptions extends TempOptions {
  /** The bucket. @defaultValue none: the function for the key must name one */
  readonly bucket?: string
  /** The key, with `{identifier}` where the identifier belongs; or a function. @defaultValue `{identifier}` */
  readonly key?: string | LocateObject
  /**
   * The client `S3` of @aws-sdk/client-s3, or how to reach the store; then that package is loaded and must be installed.
   * @defaultValue what the environment and the files of the SDK tell
   */
  readonly client?: S3Client | S3Connection
  /** Where what was fetched by range is kept; several sources may share one. @defaultValue one of 64 MiB */
  readonly cache?: BlockCache
  /**
   * For how long what the store said of an object is believed, in seconds. A change is noticed earlier where bytes have
   * to be fetched. @defaultValue 10
   */
  readonly revalidateSeconds?: number
  /** How long a request may take, in milliseconds. */
  readonly timeouts?: {
    /** For one range. @defaultValue 60,000 */
    readonly totalMs?: number
    /** For a whole object. @defaultValue 900,000 */
    readonly wholeMs?: number
  }
}

interface KnownObject extends LookedUp {
  readonly facts: S3Facts
  readonly way: RemoteWay
}

/**
 * Creates a resolver for images in a store that speaks S3. Of tiled TIFF the tiles that a request needs are fetched, and
 * neighbours of theirs; other formats cost one download into a temporary file. A missing object means "not mine", so that
 * resolvers chain.
 *
 * @throws TypeError that names the option, where one is not what it must be.
 * @example
 * ```ts
 * const masters = s3Source({ bucket: 'masters', key: 'scans/{identifier}.tif', client: { region: 'eu-central-1' } })
 * const service = createImageService({ source: masters })
 * ```
 */
export function s3Source(options: S3SourceOptions): OpenResolver {
  const { client = {}, cache = blockCache(), revalidateSeconds = 10, bucket } = options
  const locate = resolveKey(options)
  const store = { limits: resolveLimits(options.timeouts), cache, spool: resolveSpool(options) }
  const lookUps = createLookUps<KnownObject>(revalidateSeconds)
  const clients = createS3Clients()
  const formatKey = createKeys()
  const resolve = async (identifier: string, context: ResolveContext): Promise<ImageSource | undefined> => {
    throwIfAborted(context.signal)
    const found = await locate(identifier, context)
    if (found === undefined) return undefined
    const location: S3Location = typeof found === 'string' ? { key: found } : found
    const input = buildInput(location, bucket)
    const place = { client: await clients.find(location.client ?? client), input }
    const key = formatKey(place)
    const known = await lookUps.find(
      key,
      (before, signal) => lookUp(store, place, key, before, signal),
      context.signal,
    )
    return known && createImage(store, known, key, () => lookUps.forget(key, known))
  }
  return Object.assign(resolve, {
    async close() {
      await lookUps.stop()
      await store.spool.close()
      clients.close()
    },
  })
}

interface Store extends RemoteDepot {
  readonly limits: S3Limits
}

async function lookUp(
  store: Store,
  place: S3Place,
  key: string,
  before: KnownObject | undefined,
  signal: AbortSignal,
): Promise<KnownObject | undefined> {
  const found = await probeObject(place, before?.facts, store.limits, signal)
  const checkedAt = Date.now()
  if (found.kind === 'missing') return undefined
  if (found.kind === 'same') return before && { ...before, checkedAt }
  const { facts, head } = found
  const way = chooseWay(head, facts.validators.size)
  const known = { facts, way, checkedAt }
  if (way === 'ranges') store.cache.put(bytesOf(store, known, key), head)
  return known
}

function bytesOf({ limits }: Store, { facts }: KnownObject, key: string) {
  const { version, validators } = facts
  return {
    key: `${key}\n${version}`,
    size: validators.size,
    fetchRange: createObjectFetch(facts, limits),
  }
}

function createImage(store: Store, known: KnownObject, key: string, onChange: () => void): ImageSource {
  const { version, lastModified, input } = known.facts
  const formatHint = resolveFormatHint(input.Key)
  const save = createObjectSave(known.facts, store.limits)
  const bytes = { ...bytesOf(store, known, key), way: known.way, save, onChange }
  return createRemoteImage(store, bytes, {
    version,
    ...(lastModified && { lastModified }),
    ...(formatHint !== undefined && { formatHint }),
  })
}

/* The same key may lie in two stores. */
function createKeys(): (place: S3Place) => string {
  const numbers = new WeakMap<S3Client, number>()
  let count = 0
  return ({ client, input }) => {
    let number = numbers.get(client)
    if (number === undefined) {
      count += 1
      number = count
      numbers.set(client, number)
    }
    return JSON.stringify(['s3', number, input.Bucket, input.Key, input.VersionId])
  }
}

function buildInput({ bucket, key, versionId }: S3Location, common: string | undefined): S3Input {
  const Bucket = bucket ?? common
  // It may become part of the name of a host.
  if (Bucket === undefined || !/^\w[\w.-]{1,254}$/.test(Bucket))
    throw new TypeError('bucket: expected the name of a bucket, of the source or of the location')
  // The key of nothing is the list of everything.
  if (key === '')
    throw new BadRequestError('invalid-identifier', 'The identifier leads to a key that is empty.')
  return { Bucket, Key: key, ...(versionId !== undefined && { VersionId: versionId }) }
}

function resolveKey({ key = '{identifier}', bucket }: S3SourceOptions): LocateObject {
  if (typeof key === 'function') return key
  const parts = typeof key === 'string' ? key.split('{identifier}') : []
  if (parts.length !== 2) throw new TypeError('key: expected a key with "{identifier}" in it, or a function')
  if (typeof bucket !== 'string' || bucket === '')
    throw new TypeError('bucket: expected the name of a bucket')
  return identifier => {
    // Some stores keep objects as files: what means something to a file system is refused here.
    if (/\p{Cc}|\\|(?:^|\/)\.{0,2}(?:\/|$)/u.test(identifier))
      throw new BadRequestError('invalid-identifier', 'The identifier has a segment that no key may have.')
    return parts.join(identifier)
  }
}

function resolveLimits({ totalMs = 60_000, wholeMs = 900_000 }: S3SourceOptions['timeouts'] = {}): S3Limits {
  for (const [name, value] of Object.entries({ totalMs, wholeMs })) {
    if (!Number.isSafeInteger(value) || value <= 0)
      throw new TypeError(`timeouts.${name}: expected a whole number above 0 but received ${value}`)
  }
  return { totalMs, wholeMs }
}
