/* The options of an image service, as programs write them. */
import type { MemoryCacheOptions } from './cache/memory.js'
import type { Cache, SourceResolver } from './contracts.js'
import type { BaseUriOptions } from './http/base-uri.js'
import type { CacheControlOption } from './http/cache-control.js'
import type { EncodeOptions } from './image/encode-options.js'
import type { PresentationOptions } from './presentation/service-options.js'
import type { Format } from './protocol/format.js'
import type { InfoExtras } from './protocol/info.js'
import type { LimitOptions } from './protocol/limits.js'
import type { Quality } from './protocol/quality.js'
import type { ParseOptions } from './protocol/request.js'
import type { ImageApiVersion } from './protocol/version.js'
import type { ResponseReport } from './report.js'
import type { ScheduleOptions } from './schedule/options.js'

/** What can be made, and how. */
export interface ProcessOptions {
  /** The largest responses. @defaultValue at most 50,000,000 pixels, nothing scaled up */
  readonly limits?: LimitOptions
  /** The formats of responses; `jpg` is always one. @defaultValue jpg, png, webp, tif, gif, avif */
  readonly formats?: readonly Format[]
  /** The qualities of responses; `default` is always one. @defaultValue all four */
  readonly qualities?: readonly Quality[]
  /** How images are scaled and written. */
  readonly encode?: EncodeOptions
  /** What may be read. */
  readonly read?: ReadOptions
}

/** What may be read as a source. */
export interface ReadOptions {
  /** Whether SVG is read; a drawing can cost far more time than its size tells. @defaultValue false */
  readonly svg?: boolean
  /**
   * The largest source that must be decoded whole, in pixels: everything but tiled TIFF, of which only the tiles that
   * are wanted are read. It bounds the memory of one request. @defaultValue 300,000,000
   */
  readonly maxInputPixels?: number
  /** The largest source that must be held in memory because it is no local file, in bytes. @defaultValue 512 MiB */
  readonly maxInputBytes?: number
}

/** The options of {@link createImageService}. */
export interface ImageServiceOptions extends ProcessOptions, BaseUriOptions, ParseOptions {
  /** Where images come from; of several resolvers the first that knows the identifier answers. */
  readonly source: SourceResolver | readonly SourceResolver[]
  /**
   * The paths that clients see in front of the identifier, where a proxy rewrites them.
   * @defaultValue those of `prefixes`
   */
  readonly publicPrefixes?: Partial<Readonly<Record<ImageApiVersion, string>>>
  /** Where results are kept between requests; `false` keeps nothing. @defaultValue 64 MiB of memory */
  readonly cache?: Cache | MemoryCacheOptions | false
  /**
   * For how long a source that was looked up is believed to be unchanged, in seconds; `always` looks it up for every
   * request, which costs two system calls for a file, `never` only once. @defaultValue 1
   */
  readonly revalidate?: 'always' | 'never' | number
  /** How many images are kept open. Each costs a few kilobytes, and a file handle in some formats. @defaultValue 200 */
  readonly maxOpenImages?: number
  /** How much is done at the same time, how much memory that takes, and for how long anything may take. */
  readonly schedule?: ScheduleOptions
  /** The side of tiles in info.json for sources that have none of their own, in pixels. @defaultValue 512 */
  readonly tileSize?: number
  /** Formats in the order that clients should prefer, for info.json of version 3. @defaultValue none */
  readonly preferredFormats?: readonly Format[]
  /** Rights, links and services for info.json: for all images alike, or told for each identifier. */
  readonly info?: InfoExtras | ((identifier: string) => InfoExtras | Promise<InfoExtras>)
  /** Whether there are manifests and collections, under a path of their own, and what they say. @defaultValue false */
  readonly presentation?: PresentationOptions | boolean
  /**
   * The Cache-Control header. @defaultValue `public, max-age=86400` for images and documents, `no-cache` for errors, none
   * for redirects
   */
  readonly cacheControl?: CacheControlOption
  /** Hears of every answer when it was given, for logs and for finding out what is slow. What it throws is ignored. */
  readonly onResponse?: (report: ResponseReport) => void
  /** Whether a Server-Timing header tells what became of time, to everybody. @defaultValue false */
  readonly serverTiming?: boolean
  /** Whether image requests are redirected (303) to their canonical form. @defaultValue false: a Link header tells it */
  readonly redirectToCanonical?: boolean
}
