/* Collections: what there is, a page at a time. Version 3.0 knows no pages of collections, so that each page is a
   collection whose last member is the next page (Presentation API 3.0 section 5.1). */
import { type LanguageMap, resolveText } from '../protocol/language.js'
import { type DocumentAbout, type PresentationDocument, resolveAbout } from './about.js'
import type { CollectionDraft, ItemDraft, Picture } from './draft.js'
import { formatCursor, type Listing, type ListingEntry, takePart } from './listing.js'
import { nameOf } from './manifest.js'
import {
  formatCollectionUri,
  formatImageUri,
  formatManifestUri,
  formatSegment,
  type Place,
  type PresentationApiVersion,
} from './place.js'
import { type PlaceOptions, resolvePlace } from './place-options.js'
import { buildCollection2 } from './version-2.js'
import { buildCollection3 } from './version-3.js'

/** How {@link collectionFor} makes a collection. */
export interface CollectionOptions extends PlaceOptions, DocumentAbout {
  /** The version of the Presentation API. @defaultValue 3 */
  readonly version?: PresentationApiVersion
  /** The URI of the collection. @defaultValue the one under which a service with `presentation` has it */
  readonly id?: string
  /** The folder to list. @defaultValue the top */
  readonly folder?: string
  /** The identifier that the page begins behind. @defaultValue none: the first page */
  readonly after?: string
  /** How many entries a page has. @defaultValue 100 */
  readonly pageSize?: number
  /** Decides for each image whether it is listed. @defaultValue all are */
  readonly isListed?: (identifier: string) => boolean | Promise<boolean>
  /** The level that image services comply with, as thumbnails tell it. @defaultValue 2 */
  readonly level?: 0 | 1 | 2
  /** Gives the work up. */
  readonly signal?: AbortSignal
}

/** How many entries a page has where no option says otherwise. */
export const defaultPageSize = 100

/** Larger pages would be slow to build, and no viewer shows them well. */
export const maxPageSize = 1_000

/**
 * Makes a collection of a listing. No image is opened: names and thumbnails follow from identifiers alone.
 *
 * @throws `NotFoundError` where the listing has no such folder or page; TypeError that names the option, where one is
 * not valid.
 * @example
 * ```ts
 * const listing = listingOf(() => listImages('./images'))
 * const collection = await collectionFor(listing, { baseUri: 'https://images.example.org' })
 * ```
 */
export async function collectionFor(
  listing: Listing,
  options: CollectionOptions,
): Promise<PresentationDocument> {
  const { version = 3, pageSize = defaultPageSize, folder, after, signal, isListed } = options
  if (!(Number.isSafeInteger(pageSize) && pageSize > 0 && pageSize <= maxPageSize))
    throw new TypeError(`pageSize: expected a whole number from 1 to ${maxPageSize} but received ${pageSize}`)
  const place = resolvePlace(options)
  const where = { ...(folder !== undefined && { folder }), ...(after !== undefined && { after }) }
  const query = { ...where, limit: pageSize, ...(signal && { signal }) }
  const part = await takePart(listing, query, entry => {
    // Half a surrogate pair has no place in a URI.
    if (!formatCursor(entry).isWellFormed()) return false
    return isFolder(entry) || isListed === undefined || isListed(formatCursor(entry))
  })
  const items = part.entries.map(entry =>
    isFolder(entry) ? draftFolder(entry, place, version) : draftImage(entry, place, version, options.level),
  )
  const more = part.next === undefined ? [] : [draftNext(part.next, place, version, folder)]
  const draft: CollectionDraft = {
    label: folder === undefined ? defaultLabel : nameOf(folder),
    ...resolveAbout(options),
    id: options.id ?? formatCollectionUri(place, version, where),
    partOf: [],
    items: [...items, ...more],
  }
  return version === 2 ? buildCollection2(draft) : buildCollection3(draft)
}

const defaultLabel: LanguageMap = { en: ['All images'] }

type FolderEntry = Extract<ListingEntry, { readonly folder: string }>

function isFolder(entry: ListingEntry): entry is FolderEntry {
  return typeof entry !== 'string' && 'folder' in entry
}

function draftImage(
  entry: Exclude<ListingEntry, FolderEntry>,
  place: Place,
  version: PresentationApiVersion,
  level: 0 | 1 | 2 = 2,
): ItemDraft {
  const identifier = formatCursor(entry)
  const segment = formatSegment(place, identifier)
  const thumbnail = draftThumbnail(segment, place, version, level)
  const label =
    typeof entry === 'string' || entry.label === undefined
      ? nameOf(identifier)
      : resolveText(entry.label, 'label')
  return {
    type: 'Manifest',
    id: formatManifestUri(place, version, segment),
    label,
    ...(thumbnail && { thumbnail }),
  }
}

/* The size is a box, because that of the image is not known: only a level 2 has it. */
function draftThumbnail(
  segment: string,
  place: Place,
  version: PresentationApiVersion,
  level: 0 | 1 | 2,
): Picture | undefined {
  const [third, second] = [formatImageUri(place, 3, segment), formatImageUri(place, 2, segment)]
  const id = version === 2 ? (second ?? third) : (third ?? second)
  if (id === undefined || level < 2) return undefined
  const service3 = { id, type: 'ImageService3', profile: `level${level}` }
  const profile = `http://iiif.io/api/image/2/level${level}.json`
  const type =
    version === 3 ? { '@type': 'ImageService2' } : { '@context': 'http://iiif.io/api/image/2/context.json' }
  const service = id === third ? service3 : { '@id': id, ...type, profile }
  return { id: `${id}/full/!240,240/0/default.jpg`, services: [service] }
}

function draftFolder(
  { folder, label }: FolderEntry,
  place: Place,
  version: PresentationApiVersion,
): ItemDraft {
  return {
    type: 'Collection',
    id: formatCollectionUri(place, version, { folder }),
    label: label === undefined ? nameOf(folder) : resolveText(label, 'label'),
  }
}

function draftNext(
  after: string,
  place: Place,
  version: PresentationApiVersion,
  folder: string | undefined,
): ItemDraft {
  return {
    type: 'Collection',
    id: formatCollectionUri(place, version, { after, ...(folder !== undefined && { folder }) }),
    label: { en: [`More, after ${nameOf(after).none?.[0]}`] },
  }
}
