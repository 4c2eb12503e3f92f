/* What there is to be listed: a part of it at a time, so that a hundred thousand images are never held at once. */
import { NotFoundError } from '../errors.js'
import type { LanguageText } from '../protocol/language.js'

/** An entry of a listing: the identifier of an image, or more. */
export type ListingEntry =
  | string
  | {
      /** The identifier of an image. */
      readonly identifier: string
      /** Its name. @defaultValue the name of the file */
      readonly label?: LanguageText
    }
  | {
      /** A folder with entries of its own, which the listing is asked for by this word. */
      readonly folder: string
      /** Its name. @defaultValue the last part of the folder */
      readonly label?: LanguageText
    }

/** Which part of a listing is wanted. */
export interface ListingQuery {
  /** The folder; none for the top. */
  readonly folder?: string
  /** The identifier or folder of the last entry of the part before; none for the first part. */
  readonly after?: string
  /** How many entries are wanted; more are not looked at. */
  readonly limit: number
  /** Gives the work up. */
  readonly signal?: AbortSignal
}

/**
 * Lists entries in an order that stays the same: those of a folder, behind the one that was the last. `undefined` where
 * there is no such folder. A database answers it with one query by its key.
 */
export type Listing = (
  query: ListingQuery,
) => ListingEntries | undefined | Promise<ListingEntries | undefined>

/** Entries, at once or one after the other. */
export type ListingEntries = Iterable<ListingEntry> | AsyncIterable<ListingEntry>

/** A part of a listing. */
export interface ListingPart {
  /** The entries. */
  readonly entries: readonly ListingEntry[]
  /** The cursor of the part behind it; none where this is the last one. */
  readonly next?: string
}

/**
 * Makes a listing of whatever lists everything from its beginning, such as `listImages`: to come to a part, the names
 * before it are passed over. That costs the time to list them, and no memory.
 *
 * @example
 * ```ts
 * const listing = listingOf(() => listImages('./images'))
 * ```
 */
export function listingOf(list: (options: { readonly signal?: AbortSignal }) => ListingEntries): Listing {
  return ({ folder, after, signal }) => {
    if (folder !== undefined) return undefined
    const entries = list(signal ? { signal } : {})
    return after === undefined ? entries : passOver(entries, after)
  }
}

async function* passOver(entries: ListingEntries, after: string): AsyncGenerator<ListingEntry> {
  let isBehind = false
  for await (const entry of entries) {
    if (isBehind) yield entry
    else isBehind = formatCursor(entry) === after
  }
  // The image may have been taken away since the part before it was listed.
  if (!isBehind) throw new NotFoundError('not-found', 'This page of the collection is not there any more.')
}

/** What an entry is called in `after`. */
export function formatCursor(entry: ListingEntry): string {
  if (typeof entry === 'string') return entry
  return 'folder' in entry ? entry.folder : entry.identifier
}

/**
 * Takes a part of a listing.
 *
 * @param isListed - decides what is left out; of that nothing is told, not even as the beginning of the next part
 * @throws {@link NotFoundError} where there is no such folder.
 */
export async function takePart(
  listing: Listing,
  query: ListingQuery,
  isListed: (entry: ListingEntry) => boolean | Promise<boolean>,
): Promise<ListingPart> {
  const { limit } = query
  const entries: ListingEntry[] = []
  for (let asked = query; ; ) {
    // One more than is shown, to know whether there is more.
    const listed = await listing({ ...asked, limit: limit + 1 })
    if (listed === undefined) throw new NotFoundError('not-found', 'There is no such collection.')
    let count = 0
    for await (const entry of listed) {
      count += 1
      asked = { ...asked, after: formatCursor(entry) }
      if (!(await isListed(entry))) continue
      const last = entries.at(-1)
      if (entries.length === limit && last !== undefined) return { entries, next: formatCursor(last) }
      entries.push(entry)
    }
    if (count <= limit) return { entries }
  }
}
