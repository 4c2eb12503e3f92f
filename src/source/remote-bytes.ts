/* Bytes that are elsewhere and fetched by range, as the cache of blocks knows them. */
import type { Surroundings } from '../contracts.js'

/** One version of some bytes that are elsewhere. */
export interface RemoteBytes {
  /** Tells these bytes apart from all others, also from those of other versions. */
  readonly key: string
  /** How many there are. */
  readonly size: number
  /**
   * Fetches bytes that are there.
   *
   * @returns exactly `length` bytes
   * @throws {@link SourceError} (`source-changed`) when they are no longer those of the version.
   */
  fetchRange(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>
  /**
   * Whether nobody else holds the memory of what `fetchRange` gives: the cache gives it back then as soon as it has
   * forgotten it. @defaultValue false, which leaves it to the garbage collector
   */
  readonly isOwn?: boolean
}

/** Bytes that are wanted of a source. */
export interface BlockRange {
  /** The first byte. */
  readonly offset: number
  /** How many. */
  readonly length: number
  /** Tells what is likely to be wanted next. @defaultValue nobody knows */
  readonly around?: Surroundings | undefined
}
