/* Images that other servers have, fetched by range where they offer that and as a whole where they do not. */
import { createHash } from 'node:crypto'
import type { ImageSource, OpenResolver, ResolveContext } from '../contracts.js'
import { type BlockCache, blockCache } from './block-cache.js'
import { throwIfAborted } from './failure.js'
import { createHttpClient, type HttpClientOptions, type HttpTarget } from './http-client.js'
import { createHttpImage, type KnownImage, lookUpImage } from './http-image.js'
import { resolveTargets, type TargetOptions } from './http-target.js'
import { createLookUps } from './look-up.js'
import { resolveSpool, type TempOptions } from './temp-options.js'

/** What {@link httpSource} is made with. */
export interface HttpSourceOptions extends TargetOptions, HttpClientOptions, TempOptions {
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
}

/**
 * Creates a resolver for images on other servers. Of tiled TIFF the tiles that a request needs are fetched, and neighbours
 * of theirs, in ranges that are kept in a {@link BlockCache}; other formats, and servers without ranges, cost one download
 * into a temporary file.
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
  const lookUps = createLookUps<KnownImage>(revalidateSeconds)
  const targets = resolveTargets(options)
  const allow = [...(options.allow ?? []), ...(targets.origin === undefined ? [] : [targets.origin])]
  const client = createHttpClient(options, allow)
  const depot = { client, cache, spool: resolveSpool(options) }
  const resolve = async (identifier: string, context: ResolveContext): Promise<ImageSource | undefined> => {
    throwIfAborted(context.signal)
    const target = await targets.find(identifier, context)
    if (target === undefined) return undefined
    const key = formatKey(target)
    const found = await lookUps.find(
      key,
      (before, signal) => lookUpImage(depot, target, before, signal),
      context.signal,
    )
    return found && createHttpImage(depot, found, () => lookUps.forget(key, found))
  }
  return Object.assign(resolve, {
    async close() {
      await lookUps.stop()
      await depot.spool.close()
      client.close()
    },
  })
}

/* What one is told with its credentials is nothing for who has others. */
function formatKey({ url, headers }: HttpTarget): string {
  return `${url.href}\n${createHash('sha256').update(JSON.stringify(headers)).digest('base64url')}`
}
