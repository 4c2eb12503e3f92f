/* The options of an image service, as programs write them. */
import type { AccessOptions } from './access/access.js'
import type { AuthorizeContext } from './access/authorize.js'
import type { MemoryCacheOptions } from './cache/memory.js'
import type { Cache, HttpRequest, SourceResolver } from './contracts.js'
import type { BaseUriOptions } from './http/base-uri.js'
import type { CacheControlOption } from './http/cache-control.js'
import type { EncodeOptions } from './image/encode-options.js'
import type { OverlayOptions } from './image/overlay.js'
import type { RedactionOptions } from './image/redaction.js'
import type { PresentationOptions } from './presentation/service-options.js'
import type { Format } from './protocol/format.js'
import type { InfoDocument } from './protocol/info.js'
import type { InfoAdditions } from './protocol/info-hook.js'
import type { LimitOptions } from './protocol/limits.js'
import type { MetaIdentifierCodec, MetaIdentifierOptions } from './protocol/meta-identifier.js'
import type { Quality } from './protocol/quality.js'
import type { ParseOptions } from './protocol/request.js'
import type { ImageApiVersion } from './protocol/version.js'
import type { ScheduleOptions } from './schedule/options.js'
import type { HealthOptions } from './service/health.js'
import type { ResponseReport } from './service/report.js'

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
  /**
   * The largest source that must be held in memory because it is no local file, in bytes; of all that are open, and of
   * all that are being read, no more than this is held. @defaultValue 512 MiB
   */
  readonly maxInputBytes?: number
}

/** How sources are looked at again that are slow to look up. */
export interface RevalidateOptions {
  /** For how long a source is believed without another look, in seconds. */
  readonly afterSeconds: number
  /** For how long after that it is still believed while another look is taken, in seconds. @defaultValue 0 */
  readonly staleSeconds?: number
}

/** How a cache is kept in order. */
export interface MaintenanceOptions {
  /** The time from one sweep to the next, in seconds; a fifth more or less, by chance. */
  readonly intervalSeconds: number
}

/**
 * What covers images: what must not be seen, and what must. Whatever fails here refuses the image.
 *
 * Functions are told who asks, so that only the browser of who asked keeps their images, and asks again each time. Where
 * they tell everybody the same, `authorize: () => allow({ shared: true })` lets caches keep them.
 */
export interface CoverOptions<User = unknown> {
  /**
   * What is laid over images, the same over all of them or told for each request; a tier may have its own.
   * @defaultValue nothing
   */
  readonly overlay?: OverlayOptions | ImageHook<User, OverlayOptions | undefined>
  /**
   * The parts of an image that are not shown, told for each request. Bytes that hold any of them are never sent as they
   * are stored. @defaultValue none
   */
  readonly redactions?: ImageHook<User, readonly RedactionOptions[] | undefined>
}

/** What the application tells about an image and who asks for it, each time that it is asked for. */
export type ImageHook<User, T> = (context: ImageContext<User>) => T | PromiseLike<T>

/** What is known of a request for pixels when sizes are known. */
export type ImageContext<User = unknown> = Extract<AuthorizeContext<User>, { readonly stage: 'image' }>

/** What the application adds to an info.json, each time that it is built. */
export type InfoHook<User> = (
  context: ImageContext<User>,
  document: InfoDocument,
) => InfoAdditions | undefined | PromiseLike<InfoAdditions | undefined>

/** The options of {@link createImageService}; `User` is whatever the application knows users as. */
export interface ImageServiceOptions<User = unknown>
  extends ProcessOptions,
    BaseUriOptions,
    ParseOptions,
    AccessOptions<User, EncodeOptions, OverlayOptions>,
    CoverOptions<User> {
  /** Where images come from; of several resolvers the first that knows the identifier answers. */
  readonly source: SourceResolver | readonly SourceResolver[]
  /**
   * The paths that clients see in front of the identifier, where a proxy rewrites them.
   * @defaultValue those of `prefixes`
   */
  readonly publicPrefixes?: Partial<Readonly<Record<ImageApiVersion, string>>>
  /**
   * The path of version 1.1 of the Image API, whose requests are redirected (301) to the requests of version 2 that ask for
   * the same; `false` leaves them to others. @defaultValue `/iiif/1`, where version 2 is served
   */
  readonly version1Prefix?: string | false
  /** Where results are kept between requests; `false` keeps nothing. @defaultValue 64 MiB of memory */
  readonly cache?: Cache | MemoryCacheOptions | false
  /**
   * Sweeps the cache at intervals: deletes what has expired and keeps its bounds, where the cache can do so. Several nodes
   * that share a cache need it on one; on more it only costs time. @defaultValue true: each hour
   */
  readonly maintenance?: boolean | MaintenanceOptions
  /**
   * Tells whose requests may go past the cache, by a query argument: `cache=nocache` (or `false`) neither takes from it
   * nor keeps, `cache=recache` makes anew and keeps. @defaultValue nobody's: the argument has no effect
   */
  readonly allowCacheBypass?: (request: HttpRequest) => boolean
  /**
   * For how long a source that was looked up is believed to be unchanged, in seconds; `always` looks it up for every
   * request, which costs two system calls for a file, `never` only once. Once it is known that a source has changed, or is
   * gone, nothing that was made of it is sent any more. @defaultValue 1
   */
  readonly revalidate?: 'always' | 'never' | number | RevalidateOptions
  /** How many images are kept open. Each costs a few kilobytes, and a file handle in some formats. @defaultValue 200 */
  readonly maxOpenImages?: number
  /**
   * Whether identifiers may name a page and the largest scale that is given, as in `book.tif;3;1:2`; with another delimiter,
   * or read by a codec of your own. Other spellings are redirected (301). @defaultValue true
   */
  readonly metaIdentifiers?: boolean | MetaIdentifierOptions | MetaIdentifierCodec
  /** How much is done at the same time, how much memory that takes, and for how long anything may take. */
  readonly schedule?: ScheduleOptions
  /** The side of tiles in info.json for sources that have none of their own, in pixels. @defaultValue 512 */
  readonly tileSize?: number
  /** Formats in the order that clients should prefer, for info.json of version 3. @defaultValue none */
  readonly preferredFormats?: readonly Format[]
  /**
   * Rights, links, services and more for info.json: for all images alike, or told for each. What the Image API demands
   * cannot be changed: what would break it is left out, with a line on the debug channel.
   */
  readonly info?: InfoAdditions | InfoHook<User>
  /** Whether there are manifests and collections, under a path of their own, and what they say. @defaultValue false */
  readonly presentation?: PresentationOptions | boolean
  /**
   * The Cache-Control header. @defaultValue `public, max-age=86400` for images and documents, `no-cache` for errors, none
   * for redirects
   */
  readonly cacheControl?: CacheControlOption
  /** What the state of health is told by. */
  readonly health?: HealthOptions
  /** Hears of every answer when it was given, for logs and for finding out what is slow. What it throws is ignored. */
  readonly onResponse?: (report: ResponseReport) => void
  /** Whether a Server-Timing header tells what became of time, to everybody. @defaultValue false */
  readonly serverTiming?: boolean
  /** Whether image requests are redirected (303) to their canonical form. @defaultValue false: a Link header tells it */
  readonly redirectToCanonical?: boolean
}
