/* Where results are kept between requests. */

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
