/**
 * Manifests and collections of the IIIF Presentation API 3.0 and 2.1, and exports that need no server.
 *
 * @module
 */

export type { EmbeddedField, EmbeddedMetadata } from '../contracts.js'
export type { LanguageMap, LanguageText } from '../protocol/language.js'
export type {
  DocumentAbout,
  LabelledText,
  ManifestAbout,
  PresentationDocument,
  ViewingDirection,
} from './about.js'
// Collections
export { type CollectionOptions, collectionFor } from './collection.js'
export type { Reference } from './draft.js'
// Exports
export {
  type ExportOptions,
  type ExportProgress,
  type ExportResult,
  type ExportService,
  exportLevel0,
} from './export-level-0.js'
export {
  type Listing,
  type ListingEntries,
  type ListingEntry,
  type ListingQuery,
  listingOf,
} from './listing.js'
// Manifests
export { type FactsContext, type ImageFactsSource, type ManifestOptions, manifestFor } from './manifest.js'
export type { PresentationApiVersion } from './place.js'
export type { PlaceOptions } from './place-options.js'
export type { PresentationOptions } from './service-options.js'
