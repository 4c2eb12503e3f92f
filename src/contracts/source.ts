/* Where the bytes of images come from. */
import type { Dimensions } from '../protocol/geometry.js'

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

/** Some bytes of a source. */
export interface ByteSpan {
  /** The first byte. */
  readonly start: number
  /** The byte after the last one. */
  readonly end: number
}

/**
 * Tells what is likely to be read next around some bytes, and has these bytes in it: the tiles beside a tile.
 *
 * @param sideBytes - how many bytes are of use on either side
 */
export type Surroundings = (sideBytes: number) => ByteSpan

/** How somebody waits for what {@link ImageSource.prefetch} fetches. */
export interface PrefetchOptions {
  /** Tells that he waits no longer. */
  readonly signal?: AbortSignal | undefined
  /** How long he waits, in milliseconds. @defaultValue as long as it takes */
  readonly timeoutMs?: number
  /** Tells what is likely to be read next, as for {@link ImageSource.read}. */
  readonly around?: Surroundings
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
  /**
   * Whether nobody else holds the memory of what `read` gives, so that whoever has read may give it back. Who puts another
   * `read` in the place of one, which remembers what it gives, sets this to `false`.
   * @defaultValue false
   */
  readonly isOwn?: boolean
  /**
   * Reads up to `length` bytes from `offset`; fewer only at the end of the source.
   *
   * @param around - for a source that is far away, which may fetch along what is likely to be read next; others need not
   * ask.
   */
  read(offset: number, length: number, signal?: AbortSignal, around?: Surroundings): Promise<Uint8Array>
  /**
   * Fills `target` with the bytes from `offset` without waiting, where that is quicker than a promise: from a file that
   * is open, from memory. `false` where it cannot be done now.
   */
  readSync?(target: Uint8Array, offset: number): boolean
  /**
   * Fetches the bytes from `offset` to where `readSync` finds them, for a source that is far away and keeps what it has
   * fetched. It promises nothing: bytes that are many may have to be read, and what is kept is forgotten again. Whoever waits
   * has no place in a lane: how many requests a source makes at a time is its own matter.
   */
  prefetch?(offset: number, length: number, options?: PrefetchOptions): Promise<void>
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
