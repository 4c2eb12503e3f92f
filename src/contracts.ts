/* The contracts between the workshops, types only: who implements one of them never imports who uses it. */
import type { Box, Dimensions } from './protocol/geometry.js'
import type { LanguageMap } from './protocol/language.js'

/** What a resolver is told about the request that it resolves an identifier for. */
export interface ResolveContext {
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal
}

/**
 * Finds the source of an identifier; `undefined` means "not mine", so that resolvers chain. A resolver that knows better
 * may answer with a {@link SourceRedirect} or a {@link SourceRefusal}; one that never does is a
 * `SourceResolver<ImageSource>`.
 *
 * @throws {@link IIIFError} for an identifier that must not be looked up (400, 403, 404).
 */
export type SourceResolver<Answer extends SourceAnswer = SourceAnswer> = (
  identifier: string,
  context: ResolveContext,
) => Answer | undefined | Promise<Answer | undefined>

/** A resolver that keeps connections and files between requests. */
export interface OpenResolver extends SourceResolver<ImageSource> {
  /** Gives them back; sources that were resolved before fail from now on. */
  close(): Promise<void>
}

/** What a {@link SourceResolver} may know of an identifier. */
export type SourceAnswer = ImageSource | SourceRedirect | SourceRefusal

/** The image is to be had elsewhere: under a URI, or under another identifier of the same service. */
export type SourceRedirect = {
  /** Tells the answers of resolvers apart; a source has none. */
  readonly kind: 'redirect'
  /** The status of the response. */
  readonly status: 301 | 302 | 303 | 307
} & (
  | {
      /** An absolute URI, or one that is relative to the request. */
      readonly location: string
    }
  | {
      /** The identifier, decoded; what stands behind it in the request stays as it is. */
      readonly identifier: string
    }
)

/** The image is not to be had, and why. */
export interface SourceRefusal {
  /** Tells the answers of resolvers apart; a source has none. */
  readonly kind: 'refusal'
  /** The status of the response, from 400 to 499. */
  readonly status: number
  /** What the client is told. @defaultValue a sentence that tells nothing */
  readonly message?: string
}

/** The bytes that {@link ImageSource.stream} gives: all of them, or a range. */
export interface StreamOptions {
  /** The first byte. @defaultValue 0 */
  readonly start?: number
  /** The byte after the last one. @defaultValue the end of the source */
  readonly end?: number
  /** Stops the stream. */
  readonly signal?: AbortSignal
}

/** Where the bytes of one image come from, as they were when it was resolved. */
export interface ImageSource {
  /** Changes whenever the bytes change; part of every cache key and ETag. */
  readonly version: string
  /** When the bytes last changed. */
  readonly lastModified?: Date
  /** The number of bytes, when it is known. */
  readonly size?: number
  /** A local file with these bytes: readers that can seek read only what they need. */
  readonly path?: string
  /** A word for the reader on what the bytes may be, for example `jpg`; the bytes decide. */
  readonly formatHint?: string
  /** Reads up to `length` bytes from `offset`; fewer only at the end of the source. */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>
  /**
   * Fills `target` with the bytes from `offset` without waiting, where that is quicker than a promise: from a file that
   * is open, from memory. `false` where it cannot be done now.
   */
  readSync?(target: Uint8Array, offset: number): boolean
  /** Gives the bytes in order, for sources that can do so without holding them. */
  stream?(options?: StreamOptions): AsyncIterable<Uint8Array>
  /** Rejects when `path` leads to other bytes than those of this source: who read by the path asks afterwards. */
  check?(): Promise<void>
  /** Gives back what `read` opened; called by whoever read from the source. A later `read` opens it again. */
  close?(): Promise<void>
  /**
   * Opens another image service, where that is what the source is: its pixels come from it, ready made, and `read` gives
   * no image.
   */
  openRemote?(signal?: AbortSignal): Promise<RemoteImage>
}

/** An image that another image service has cut into tiles: what a reader needs to make pixels of them. */
export interface RemoteImage {
  /** The width of the whole image. */
  readonly width: number
  /** The height of the whole image. */
  readonly height: number
  /** The scale factors and tiles that can be asked for, the largest first. */
  readonly levels: readonly [RemoteLevel, ...RemoteLevel[]]
  /** The format of the tiles. */
  readonly format: 'jpg' | 'png' | 'webp'
  /** Asks for one tile, encoded. */
  fetchTile(level: number, column: number, row: number, signal?: AbortSignal): Promise<Uint8Array>
}

/** One resolution of a {@link RemoteImage}. */
export interface RemoteLevel extends Dimensions {
  /** How many pixels of the full image one pixel of this level stands for. */
  readonly scaleFactor: number
  /** The size of the tiles; those at the right and bottom edge are smaller. */
  readonly tile: Dimensions
}

/** The formats that sources may have; `iiif` is an image that another image service has. */
export type SourceFormat = 'jpg' | 'png' | 'webp' | 'gif' | 'avif' | 'tif' | 'svg' | 'iiif'

/** What the colours of an image are before anything is done to them. */
export type SourceColour = 'gray' | 'rgb' | 'cmyk' | 'lab'

/** One of the eight EXIF orientations: what must be done to the stored pixels to stand upright. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

/** One stored resolution of an image; level 0 is the largest. Sizes are those of the stored, not yet upright pixels. */
export interface PyramidLevel {
  /** The true width of the stored pixels. */
  readonly width: number
  /** The true height of the stored pixels. */
  readonly height: number
  /** How many pixels of the full image one pixel of this level stands for: a power of two where the sizes allow it. */
  readonly scaleFactor: number
  /** The size of the stored tiles, where the level is tiled. */
  readonly tile?: Dimensions
  /** How the tiles are encoded, where their bytes can be sent as they are. */
  readonly coding?: StoredCoding
  /**
   * The sides of the blocks, counted from the top left, that lossy compression mixes the pixels of; 1 × 1 where every
   * sample is stored as it was. Absent where the compression reaches further, or where that is not known.
   */
  readonly blocks?: Dimensions
}

/** How stored tiles are encoded that are images by themselves. */
export interface StoredCoding {
  /** The format of the tiles. */
  readonly format: 'jpg' | 'webp'
  /** Where tiles can be cut and joined without decoding: positions that are multiples of these; absent if nowhere. */
  readonly grid?: Dimensions
  /**
   * Whether the tiles come from another image service: those at the edges are then cut to the image, and all of them are
   * worth keeping. @defaultValue false
   */
  readonly isRemote?: boolean
}

/** The facts about an image that everything else is decided by. */
export interface ImageDescription {
  /** The upright width: after the EXIF orientation. */
  readonly width: number
  /** The upright height: after the EXIF orientation. */
  readonly height: number
  /** The format of the source, told by its bytes. */
  readonly format: SourceFormat
  /** The number of pages or frames that are images of their own (not levels of a pyramid). */
  readonly pages: number
  /** The stored resolutions, the largest first. */
  readonly levels: readonly [PyramidLevel, ...PyramidLevel[]]
  /** The number of colour bands, alpha not counted. */
  readonly bands: number
  /** Bits per sample. */
  readonly depth: number
  /** Whether there is an alpha channel. */
  readonly hasAlpha: boolean
  /** The colour family of the samples. */
  readonly colour: SourceColour
  /** What must be done to stored pixels to stand upright. */
  readonly orientation: Orientation
  /** Pixels per inch, where the source tells. */
  readonly density?: number
  /** Whether an ICC profile is embedded. */
  readonly hasProfile: boolean
  /** Whether the image is stored in passes, so that a decoder must hold all of it. @defaultValue false */
  readonly isProgressive?: boolean
}

/** Where the pixels of a region can be had: what {@link ImageReader.pixels} gives to the renderer. */
export type PixelInput =
  | {
      /** The encoded image, in a file or in memory; `box` of it is wanted. */
      readonly kind: 'encoded'
      readonly data: string | Uint8Array
      /** The page of a multi-page format. */
      readonly page?: number
      /** The SubIFD of a TIFF page. */
      readonly subifd?: number
      /** The wanted part, in stored pixels of the level. */
      readonly box: Box
      /** Whether `box` is the whole level, so that the decoder may shrink while it loads. */
      readonly whole: boolean
      /** How many pixels the decoder may be asked for. */
      readonly maxPixels: number
      /** Rejects when a file is not the one any more that was opened; to be called when its pixels were read. */
      check?(): Promise<void>
    }
  | {
      /** Decoded samples, interleaved, of just the wanted part. */
      readonly kind: 'raw'
      readonly data: Uint8Array
      readonly width: number
      readonly height: number
      readonly channels: 1 | 2 | 3 | 4
      readonly depth: 8 | 16
    }

/** What an image may tell about itself in EXIF, IPTC and XMP. What tells of a place or of a device's owner is not read. */
export type EmbeddedField =
  | 'title'
  | 'description'
  | 'creator'
  | 'created'
  | 'copyright'
  | 'credit'
  | 'source'
  | 'keywords'
  | 'license'
  | 'camera'
  | 'lens'
  | 'software'

/** What an image tells about itself: plain text, as whoever wrote the file claims it; dates by ISO 8601. */
export type EmbeddedMetadata = Readonly<Partial<Record<EmbeddedField, LanguageMap>>>

/** An open image: made once for each version of a source, closed when it is no longer kept. */
export interface ImageReader {
  /** The facts about the image. */
  readonly description: ImageDescription
  /**
   * The bytes of `box` of a level as they are stored: of one tile, or, where {@link StoredCoding.grid} allows it, cut
   * and joined without decoding. A large result comes in pieces. `undefined` where it cannot be done after all.
   */
  stored?(level: number, box: Box, signal?: AbortSignal): Promise<StoredBytes | undefined>
  /** As `stored`, of one tile and without waiting; `undefined` where it cannot be done now. */
  storedSync?(level: number, box: Box): Uint8Array | undefined
  /** The pixels of `box`, given in stored pixels of `level`. */
  pixels(level: number, box: Box, signal?: AbortSignal): Promise<PixelInput>
  /** Reads what the image tells about itself; what cannot be read is left out. */
  metadata?(signal?: AbortSignal): Promise<EmbeddedMetadata>
  /** How much memory it holds while it is open, in bytes. @defaultValue a few kilobytes */
  readonly heldBytes?: number
  /** Gives back files and memory. */
  close(): Promise<void>
}

/** Encoded bytes: at once, or piece by piece. */
export type StoredBytes = Uint8Array | AsyncIterable<Uint8Array>

/** One entry of a {@link Cache}. */
export interface CacheEntry {
  /** The bytes of the body. */
  readonly bytes: Uint8Array
  /** The media type of the body. */
  readonly mediaType: string
}

/**
 * What {@link Cache.delete} deletes. The key of an entry begins with its identifier and a bar:
 * `<encodeURIComponent(identifier)>|`; no other key begins so.
 */
export type CacheMatch =
  | { readonly kind: 'identifier'; readonly identifier: string }
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'all' }

/** What {@link Cache.sweep} did. */
export interface SweepReport {
  /** How many entries were deleted: expired, damaged, or over the bound. */
  readonly deletedEntries: number
  /** The bytes that they took. */
  readonly deletedBytes: number
  /** How many leftovers of writers that ended in the middle were deleted. */
  readonly deletedLeftovers?: number
}

/** The figures of a cache since it was created; each is there where it costs nothing to tell. */
export interface CacheStats {
  /** How many entries are kept; of a store that is shared, as far as it is known here. */
  readonly entries?: number
  /** The bytes that they take. */
  readonly bytes?: number
  /** How often an entry was found. */
  readonly hits?: number
  /** How often none was given, for whatever reason. */
  readonly misses?: number
  /** How often the backend failed, or did not answer in time. */
  readonly failures?: number
  /** How often the backend was not even asked, because it had failed again and again or had too much to write. */
  readonly skipped?: number
  /** How many entries were found damaged. */
  readonly damaged?: number
  /** How many entries were deleted to stay within the bound. */
  readonly evicted?: number
  /** The figures of its parts, where a cache is made of several. */
  readonly tiers?: readonly CacheStats[]
}

/**
 * Keeps results between requests. A cache that fails is a miss, never an error of the request.
 *
 * An entry is kept and given whole: what is read from outside is checked before its first byte is sent, and that needs
 * its last one. Caches therefore bound the size of an entry; a larger one is not kept.
 */
export interface Cache {
  /** The entry of `key`, or `undefined`. */
  get(key: string, signal?: AbortSignal): CacheEntry | undefined | Promise<CacheEntry | undefined>
  /** Keeps `entry`; when the promise settles the entry may be read. */
  set(key: string, entry: CacheEntry): void | Promise<void>
  /** Forgets what matches. */
  delete(match: CacheMatch): void | Promise<void>
  /** Deletes what has expired or is left over, and enforces the bound; may take long. */
  sweep?(signal?: AbortSignal): SweepReport | Promise<SweepReport>
  /** Tells the figures. */
  stats?(): CacheStats
  /** The caches that it is made of, for who must look at each of them. */
  readonly tiers?: readonly Cache[]
  /** Writes down what is in hand and gives back what the cache itself opened. */
  close?(): void | Promise<void>
}

/** A request as every door hands it on: plain values, header names in lower case. */
export interface HttpRequest {
  /** The method, in upper case. */
  readonly method: string
  /** Path and query as they came, not decoded, relative to the mount path. */
  readonly url: string
  /** Where the application has mounted the door: empty, or starting with a slash and ending without one. */
  readonly mountPath: string
  /** The headers; names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The scheme of the connection itself. */
  readonly scheme: 'http' | 'https'
  /** `Host` or `:authority`. */
  readonly authority?: string
  /** The address of the peer of the socket. */
  readonly remoteAddress?: string
  /** Aborted when the client is gone before the answer was sent. */
  readonly signal?: AbortSignal
  /**
   * The request of the framework itself, for hooks of the application that know what it is: that of Node or of Express,
   * the context of Koa, the web `Request`.
   */
  readonly native?: unknown
  /** The body as it came, to be read once; a service of images never does. Absent where there is none. */
  readonly body?: AsyncIterable<Uint8Array> | undefined
}

/** The answer to an {@link HttpRequest}, ready to be written. */
export interface HttpReply {
  /** The status code. */
  readonly status: number
  /** The headers, names in the usual spelling. */
  readonly headers: Readonly<Record<string, string>>
  /** The body; none for HEAD, 204 and 304. Its memory may be shared with other replies: it is not to be transferred. */
  readonly body?: Uint8Array | string | AsyncIterable<Uint8Array>
}

/** What a door puts on a server: a service of images, its operations, or anything else that answers requests. */
export interface HttpHandler {
  /** Answers a request; `undefined` when its path is none of those that are answered here. Never rejects. */
  handle(request: HttpRequest): Promise<HttpReply | undefined>
}
