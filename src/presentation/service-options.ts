/* What a service is told about manifests and collections, checked once. */
import type { EmbeddedField } from '../contracts.js'
import type { ImageApiVersion } from '../protocol/version.js'
import { type DocumentAbout, type ManifestAbout, resolveAbout } from './about.js'
import { defaultPageSize, maxPageSize } from './collection.js'
import { defaultEmbeddedFields, isEmbeddedField } from './embedded.js'
import type { Listing } from './listing.js'
import { defaultMaxCanvases } from './manifest.js'
import { defaultPrefix, requirePath } from './place-options.js'

/** Manifests and collections that a service answers with, under `prefix/3/…`, and in version 2.1 under `prefix/2/…`. */
export interface PresentationOptions {
  /** The path of documents; it must be under no prefix of the Image API. @defaultValue `/presentation` */
  readonly prefix?: string
  /** The path of documents as clients see it, where a proxy rewrites it. @defaultValue that of `prefix` */
  readonly publicPrefix?: string
  /** What manifests say, for all images alike or told for each. @defaultValue what images tell about themselves */
  readonly about?: ManifestAbout | ((identifier: string) => ManifestAbout | Promise<ManifestAbout>)
  /** What images may tell about themselves. @defaultValue what describes them: no camera, no software, never a place */
  readonly embedded?: readonly EmbeddedField[] | false
  /** Whether canvases say how large a pixel is in the world, from the density of images. @defaultValue true */
  readonly physicalDimensions?: boolean
  /** The most canvases of a manifest. Each costs about two kilobytes. @defaultValue 1,000 */
  readonly maxCanvases?: number
  /** What the collection lists. @defaultValue nothing: there is no collection */
  readonly listing?: Listing
  /** What the collection says. */
  readonly collection?: DocumentAbout
  /** How many entries a page of the collection has. @defaultValue 100 */
  readonly pageSize?: number
  /** Whether info.json leads back to the manifest; version 3 only. @defaultValue true */
  readonly partOf?: boolean
}

/** {@link PresentationOptions}, checked and complete. */
export interface PresentationSettings {
  /** The path of documents. */
  readonly prefix: string
  /** The path of documents as clients see it. */
  readonly publicPrefix: string
  /** What manifests say. */
  readonly about: ManifestAbout | ((identifier: string) => ManifestAbout | Promise<ManifestAbout>)
  /** What images may tell about themselves. */
  readonly embedded: readonly EmbeddedField[] | false
  /** Whether canvases say how large a pixel is. */
  readonly physicalDimensions: boolean
  /** The most canvases of a manifest. */
  readonly maxCanvases: number
  /** What the collection lists. */
  readonly listing: Listing | undefined
  /** What the collection says. */
  readonly collection: DocumentAbout
  /** How many entries a page of the collection has. */
  readonly pageSize: number
  /** Whether info.json leads back to the manifest. */
  readonly partOf: boolean
}

/**
 * Checks what a service is told about manifests.
 *
 * @param imagePrefixes - the paths of images: none of them may lead to documents
 * @throws TypeError that names the option.
 */
export function resolvePresentation(
  given: PresentationOptions | boolean,
  imagePrefixes: Readonly<Record<ImageApiVersion, string | false>>,
): PresentationSettings | undefined {
  if (given === false) return undefined
  const options = given === true ? {} : given
  const { prefix = defaultPrefix, embedded = defaultEmbeddedFields, about = {}, collection = {} } = options
  requirePath('presentation.prefix', prefix)
  const publicPrefix = options.publicPrefix ?? prefix
  requirePath('presentation.publicPrefix', publicPrefix)
  for (const path of Object.values(imagePrefixes)) {
    if (path !== false && `${prefix}/`.startsWith(`${path}/`))
      throw new TypeError(`presentation.prefix: ${prefix} lies under ${path || '/'}, where images are`)
  }
  if (embedded !== false && !embedded.every(isEmbeddedField))
    throw new TypeError(`presentation.embedded: expected names of fields but received ${String(embedded)}`)
  requireFunction('presentation.listing', options.listing)
  if (typeof about !== 'function') resolveAbout(about)
  resolveAbout(collection)
  return Object.freeze({
    prefix,
    publicPrefix,
    about,
    embedded,
    physicalDimensions: options.physicalDimensions ?? true,
    maxCanvases: requireCount('presentation.maxCanvases', options.maxCanvases ?? defaultMaxCanvases),
    listing: options.listing,
    collection,
    pageSize: requireCount('presentation.pageSize', options.pageSize ?? defaultPageSize, maxPageSize),
    partOf: options.partOf ?? true,
  })
}

function requireCount(name: string, value: number, max = 100_000): number {
  if (Number.isSafeInteger(value) && value > 0 && value <= max) return value
  throw new TypeError(`${name}: expected a whole number from 1 to ${max} but received ${value}`)
}

function requireFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function')
    throw new TypeError(`${name}: expected a function but received ${typeof value}`)
}
