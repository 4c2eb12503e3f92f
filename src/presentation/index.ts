/**
 * Manifests and collections of the IIIF Presentation API 3.0 and 2.1, and exports that need no server.
 *
 * @module
 */

export type {
  DocumentAbout,
  LabelledText,
  ManifestAbout,
  PresentationDocument,
  ViewingDirection,
} from './about.js'
export { type CollectionOptions, collectionFor } from './collection.js'
export type { Reference } from './draft.js'
export {
  type Listing,
  type ListingEntries,
  type ListingEntry,
  type ListingQuery,
  listingOf,
} from './listing.js'
export { type FactsContext, type ImageFactsSource, type ManifestOptions, manifestFor } from './manifest.js'
export type { PresentationApiVersion } from './place.js'
export type { PlaceOptions } from './place-options.js'
