/* Images that other servers have, fetched by range where they offer that and as a whole where they do not. */
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { resolve as resolvePath } from 'node:path'
import { LRUCache } from 'lru-cache'
import type { ImageSource, OpenResolver } from '../contracts.js'
import { type BlockCache, blockCache } from './block-cache.js'
import { throwIfAborted } from './failure.js'
import { createHttpClient, type HttpClientOptions, type HttpTarget } from './http-client.js'
import { createHttpImage, type KnownImage, lookUpImage } from './http-image.js'
import { resolveTargets, type TargetOptions } from './http-target.js'
import { createWorkTable } from './shared-work.js'
import { createSpool, type Spool } from './spool.js'

/** What {@link httpSource} is made with. */
export interface HttpSourceOptions extends TargetOptions, HttpClientOptions {
  /**
   * The origins that may be asked, also where redirects lead to. The origin of a template is always among them.
   * @defaultValue the origin of the template; with a function it must be given
   */
  readonly allow?: readonly string[]
  /** Where what was fetched by range is kept; several sources may share one. @defaultValue one of 64 MiB */
  readonly cache?: BlockCache
  /**
   * For how long what a server said of an image is believed, in seconds. A change is noticed earlier where bytes have to
   * be fetched. Shorter times cost a request for each image that often. @defaultValue 10
   */
  readonly revalidateSeconds?: number
  /**
   * A folder for files that cannot be read in parts: from servers without ranges, and of formats that are decoded as a
   * whole. @defaultValue that of the system
   */
  readonly tempDirectory?: string
  /** The most bytes of all temporary files together. @defaultValue 10 GiB */
  readonly maxTempBytes?: number
  /** The most bytes of one file that has to be fetched as a whole. @defaultValue 2 GiB */
  readonly maxDownloadBytes?: number
}

const maxKnown = 10_000

/**
 * Creates a resolver for images on other servers. Of tiled TIFF only what a request needs is fetched, in ranges that are
 * kept in a {@link BlockCache}; other formats, and servers without ranges, cost one download into a temporary file.
 *
 * A 404 or 410 means "not mine", so that resolvers chain. Only origins that were named are asked, and no addresses of
 * private networks unless that is allowed; redirects are held to the same.
 *
 * @throws TypeError that names the option, where one is not what it must be.
 * @example
 * ```ts
 * const images = httpSource({ url: 'https://repository.example.org/masters/{identifier}' })
 * const service = createImageService({ source: images })
 * ```
 */
export function httpSource(options: HttpSourceOptions): OpenResolver {
  const { revalidateSeconds = 10, cache = blockCache() } = options
  if (!(revalidateSeconds >= 0)) throw new TypeError('revalidateSeconds: expected a number of seconds from 0')
  const targets = resolveTargets(options)
  const allow = [...(options.allow ?? []), ...(targets.origin === undefined ? [] : [targets.origin])]
  const client = createHttpClient(options, allow)
  const depot = { client, cache, spool: resolveSpool(options) }
  const known = new LRUCache<string, KnownImage>({ max: maxKnown })
  const work = createWorkTable<KnownImage | undefined>()

  const find = async (
    target: HttpTarget,
    key: string,
    signal?: AbortSignal,
  ): Promise<KnownImage | undefined> => {
    const before = known.get(key)
    if (before && Date.now() - before.checkedAt < revalidateSeconds * 1000) return before
    return work.run(
      key,
      async given => {
        const found = await lookUpImage(depot, target, before, given)
        if (found) known.set(key, found)
        else known.delete(key)
        return found
      },
      signal,
    )
  }
  const resolve = async (
    ...[identifier, context]: Parameters<OpenResolver>
  ): Promise<ImageSource | undefined> => {
    throwIfAborted(context.signal)
    const target = await targets.find(identifier, context)
    if (target === undefined) return undefined
    const found = await find(target, formatKey(target), context.signal)
    return found && createHttpImage(depot, found)
  }
  return Object.assign(resolve, {
    async close() {
      await work.stop()
      await depot.spool.close()
      client.close()
    },
  })
}

/* What one is told with its credentials is nothing for who has others. */
function formatKey({ url, headers }: HttpTarget): string {
  return `${url.href}\n${createHash('sha256').update(JSON.stringify(headers)).digest('base64url')}`
}

function resolveSpool(options: HttpSourceOptions): Spool {
  const { tempDirectory = tmpdir(), maxTempBytes = 10 * 2 ** 30, maxDownloadBytes = 2 * 2 ** 30 } = options
  if (typeof tempDirectory !== 'string' || tempDirectory === '' || tempDirectory.includes('\0'))
    throw new TypeError('tempDirectory: expected the path of a folder')
  for (const [name, value] of Object.entries({ maxTempBytes, maxDownloadBytes })) {
    if (!Number.isSafeInteger(value) || value <= 0)
      throw new TypeError(`${name}: expected a whole number of bytes above 0 but received ${value}`)
  }
  return createSpool({
    directory: resolvePath(tempDirectory),
    maxBytes: maxTempBytes,
    maxFileBytes: Math.min(maxDownloadBytes, maxTempBytes),
  })
}
