/* Manifests: one canvas for each image, or for each page of an image (Presentation API 3.0 sections 5.2 and 5.3). */
import type { EmbeddedField, EmbeddedMetadata, ImageDescription } from '../contracts.js'
import type { InfoDocument } from '../protocol/info.js'
import type { LanguageMap } from '../protocol/language.js'
import type { ImageApiVersion } from '../protocol/version.js'
import { type ManifestAbout, type PresentationDocument, type ResolvedAbout, resolveAbout } from './about.js'
import type { CanvasDraft, ManifestDraft, Reference } from './draft.js'
import { defaultEmbeddedFields, describeEmbedded } from './embedded.js'
import { buildBody, buildThumbnail, type Infos } from './picture.js'
import {
  formatCanvasUri,
  formatImageUri,
  formatManifestUri,
  formatSegment,
  type Place,
  type PresentationApiVersion,
} from './place.js'
import { type PlaceOptions, resolvePlace } from './place-options.js'
import { buildManifest2 } from './version-2.js'
import { buildManifest3 } from './version-3.js'

/** What tells the facts about images; the service of `createImageService` is one. */
export interface ImageFactsSource {
  /** Tells the facts about an image. */
  describe(identifier: string, context?: FactsContext): Promise<ImageDescription>
  /** Builds the info.json of an image; `id` is its base URI. */
  info(
    identifier: string,
    version: ImageApiVersion,
    id: string,
    context?: FactsContext,
  ): Promise<InfoDocument>
  /** Reads what an image tells about itself. @defaultValue nothing */
  metadata?(identifier: string, context?: FactsContext): Promise<EmbeddedMetadata>
}

/** What belongs to the question for a fact. */
export interface FactsContext {
  /** Gives the work up. */
  readonly signal?: AbortSignal
}

/** How {@link manifestFor} makes a manifest. */
export interface ManifestOptions extends PlaceOptions, ManifestAbout {
  /** What tells the facts about images; a service. */
  readonly service: ImageFactsSource
  /** The version of the Presentation API. @defaultValue 3 */
  readonly version?: PresentationApiVersion
  /** The URI of the manifest. @defaultValue the one under which a service with `presentation` has it */
  readonly id?: string
  /**
   * Writes the identifier of a page of an image, for example `(identifier, page) => identifier + ';' + page`; pages count
   * from 1. @defaultValue none: only the first page of each image is shown
   */
  readonly formatPageIdentifier?: (identifier: string, page: number) => string
  /** The most canvases; what an image or a list has beyond them is left out. Each costs about two kilobytes. @defaultValue 1,000 */
  readonly maxCanvases?: number
  /** What images may tell about themselves. @defaultValue what describes them: no camera, no software, never a place */
  readonly embedded?: readonly EmbeddedField[] | false
  /** Whether canvases say how large a pixel is in the world, from the density of images. @defaultValue true */
  readonly physicalDimensions?: boolean
  /** What the manifest is part of. */
  readonly partOf?: readonly Reference[]
  /** Writes the identifier of a page as clients write it in paths. @defaultValue percent-encoded */
  readonly formatSegment?: (identifier: string, page: number) => string
  /** Writes the URI of a canvas; it is no place. @defaultValue the one of a service with `presentation` */
  readonly formatCanvasUri?: (identifier: string, page: number) => string
  /** Gives the work up. */
  readonly signal?: AbortSignal
}

/** How many images are asked about at the same time. */
const maxAtOnce = 4

/** The most canvases where no option says otherwise. */
export const defaultMaxCanvases = 1_000

/**
 * Makes the manifest of an image, or of several in their order.
 *
 * @throws `IIIFError` where an image cannot be described; TypeError that names the option, where one is not valid.
 * @example
 * ```ts
 * const manifest = await manifestFor('cat.tif', { service, baseUri: 'https://images.example.org' })
 * ```
 */
export async function manifestFor(
  identifiers: string | readonly string[],
  options: ManifestOptions,
): Promise<PresentationDocument> {
  const { version = 3 } = options
  const draft = await draftManifest([identifiers].flat(), version, options)
  return version === 2 ? buildManifest2(draft) : buildManifest3(draft)
}

async function draftManifest(
  identifiers: readonly string[],
  version: PresentationApiVersion,
  options: ManifestOptions,
): Promise<ManifestDraft> {
  const [first] = identifiers
  if (first === undefined) throw new TypeError('identifiers: expected at least one')
  const { partOf = [], maxCanvases = defaultMaxCanvases } = options
  if (!(Number.isSafeInteger(maxCanvases) && maxCanvases > 0))
    throw new TypeError(`maxCanvases: expected a whole number from 1 but received ${maxCanvases}`)
  const place = resolvePlace(options)
  const pages = await listPages(identifiers, options)
  const canvases = await mapInOrder(pages, page => draftCanvas(page, place, version, options))
  const about = await describeManifest(first, identifiers.length === 1, canvases[0], options)
  return {
    ...about,
    id: options.id ?? formatManifestUri(place, version, resolveSegment(first, 1, options)),
    partOf,
    canvases: canvases.map(({ canvas }) => canvas),
  }
}

/** One page of one image. */
interface Page {
  /** The identifier that it is asked for by. */
  readonly identifier: string
  /** The identifier of the whole image. */
  readonly of: string
  /** Counts from 1. */
  readonly number: number
  readonly label: LanguageMap
  /** Where it is known already. */
  readonly description?: ImageDescription
}

async function listPages(identifiers: readonly string[], options: ManifestOptions): Promise<Page[]> {
  const { service, formatPageIdentifier, maxCanvases = defaultMaxCanvases, signal } = options
  const wanted = identifiers.slice(0, maxCanvases)
  const descriptions = await mapInOrder(wanted, identifier => service.describe(identifier, contextOf(signal)))
  const pages = wanted.flatMap((of, index): Page[] => {
    const description = descriptions[index]
    const count = formatPageIdentifier ? (description?.pages ?? 1) : 1
    const first = { identifier: of, of, number: 1, label: nameOf(of), ...(description && { description }) }
    if (count === 1 || !formatPageIdentifier) return [first]
    return Array.from({ length: Math.min(count, maxCanvases) }, (_, at) => {
      const label = { none: [String(at + 1)] }
      return at === 0
        ? { ...first, label }
        : { identifier: formatPageIdentifier(of, at + 1), of, number: at + 1, label }
    })
  })
  return pages.slice(0, maxCanvases)
}

/** A canvas, and the rights that its info.json tells. */
interface DraftedCanvas {
  readonly canvas: CanvasDraft
  readonly rights: unknown
}

async function draftCanvas(
  { identifier, of, number, label, description }: Page,
  place: Place,
  version: PresentationApiVersion,
  options: ManifestOptions,
): Promise<DraftedCanvas> {
  const { service, signal, physicalDimensions = true } = options
  const context = contextOf(signal)
  const segment = resolveSegment(of, number, options)
  const infos: { -readonly [Version in keyof Infos]: Infos[Version] } = {}
  for (const each of [3, 2] as const) {
    const id = formatImageUri(place, each, segment)
    if (id !== undefined) infos[each] = await service.info(identifier, each, id, context)
  }
  const [info = {}] = [infos[3], infos[2]].filter(each => each !== undefined)
  const { density } = description ?? (await service.describe(identifier, context))
  const body = buildBody(infos, version)
  if (body === undefined) throw new TypeError('imagePrefixes: expected one version of the Image API at least')
  const thumbnail = buildThumbnail(infos, version)
  return {
    canvas: {
      id:
        options.formatCanvasUri?.(of, number) ??
        formatCanvasUri(place, resolveSegment(of, 1, options), number),
      label,
      width: Number(info.width),
      height: Number(info.height),
      body,
      ...(thumbnail && { thumbnail }),
      ...(physicalDimensions && isMeasured(density) && { inchesPerPixel: 1 / density }),
    },
    rights: infos[3]?.rights ?? infos[2]?.license,
  }
}

function resolveSegment(identifier: string, page: number, options: ManifestOptions): string {
  const { formatSegment: write, formatPageIdentifier } = options
  if (write) return write(identifier, page)
  const named = page > 1 && formatPageIdentifier ? formatPageIdentifier(identifier, page) : identifier
  return formatSegment(options, named)
}

/* Programs that know no density write that of old screens. */
function isMeasured(density: number | undefined): density is number {
  return density !== undefined && density > 0 && density !== 72 && density !== 96
}

async function describeManifest(
  identifier: string,
  isAlone: boolean,
  first: DraftedCanvas | undefined,
  options: ManifestOptions,
): Promise<ResolvedAbout & { readonly label: LanguageMap }> {
  const { service, embedded = defaultEmbeddedFields, signal } = options
  const given = resolveAbout(options)
  const found =
    isAlone && embedded !== false && service.metadata
      ? describeEmbedded(await service.metadata(identifier, contextOf(signal)), embedded)
      : { metadata: [] }
  const rights = given.rights ?? (typeof first?.rights === 'string' ? first.rights : found.rights)
  const { rights: _, ...others } = { label: nameOf(identifier), ...found, ...given }
  const metadata = [...given.metadata, ...found.metadata]
  return { ...others, metadata, ...(rights !== undefined && { rights }) }
}

/** The name of a file: people know images by it. */
export function nameOf(identifier: string): LanguageMap {
  return { none: [identifier.slice(identifier.lastIndexOf('/') + 1) || identifier] }
}

function contextOf(signal: AbortSignal | undefined): FactsContext {
  return signal ? { signal } : {}
}

async function mapInOrder<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let start = 0; start < items.length; start += maxAtOnce) {
    results.push(...(await Promise.all(items.slice(start, start + maxAtOnce).map(work))))
  }
  return results
}
