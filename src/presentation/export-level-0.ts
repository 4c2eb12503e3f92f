/* Exports: an image as a tree of files that any web server can hand out, with the info.json of a level 0 and a manifest
   (Image API 3.0, "Level 0" and section 9). */
import { throwIfAborted } from '../errors.js'
import { type Format, isFormat } from '../protocol/format.js'
import { formatIdentifier } from '../protocol/identifier.js'
import type { InfoDocument } from '../protocol/info.js'
import { type ImageRequest, parseMatch } from '../protocol/request.js'
import type { ImageApiVersion } from '../protocol/version.js'
import type { ManifestAbout } from './about.js'
import { type ExportFolder, openExportFolder } from './export-folder.js'
import { type ExportShape, planExport } from './export-plan.js'
import { type FactsContext, type ImageFactsSource, manifestFor } from './manifest.js'

/** What makes the images of an export; the service of `createImageService` is one. */
export interface ExportService extends ImageFactsSource {
  /** Makes an image. */
  process(
    request: ImageRequest,
    context?: FactsContext,
  ): Promise<{ readonly body: Uint8Array | AsyncIterable<Uint8Array> }>
  /** Tells which version of the source there is. */
  resolveSource(identifier: string, context?: FactsContext): Promise<{ readonly version: string }>
}

/** How {@link exportLevel0} exports. */
export interface ExportOptions {
  /** The URI under which the folder will be found, such as `https://static.example.org/cat`: it stands in the documents. */
  readonly baseUri: string
  /** The version of the Image API, and of the Presentation API. @defaultValue 3 */
  readonly version?: ImageApiVersion
  /** The side of tiles, in pixels; tiles of another size than those of the source are encoded anew. @defaultValue those of the source */
  readonly tileSize?: number
  /** The formats; each costs the time and the room of the others again. @defaultValue `jpg` */
  readonly formats?: readonly Format[]
  /** What the manifest says. @defaultValue what the image tells about itself */
  readonly about?: ManifestAbout
  /** Writes the identifier of a page. @defaultValue none: only the first page is exported */
  readonly formatPageIdentifier?: (identifier: string, page: number) => string
  /** Whether an export of another image, or one that was made otherwise, is overwritten. @defaultValue false */
  readonly overwrite?: boolean
  /** How many images are made at the same time. @defaultValue 4 */
  readonly concurrency?: number
  /** Hears of every file that is there now. */
  readonly onProgress?: (progress: ExportProgress) => void
  /** Gives the export up; called again, it goes on where it was. */
  readonly signal?: AbortSignal
}

/** How far an export has come. */
export interface ExportProgress {
  /** How many files are there. */
  readonly done: number
  /** How many there will be. */
  readonly total: number
  /** How many of them were there before. */
  readonly skipped: number
  /** How many bytes were written. */
  readonly bytes: number
}

/** What an export has made. */
export interface ExportResult extends ExportProgress {
  /** The URI of the info.json, of the first page where there are several. */
  readonly info: string
  /** The URI of the manifest. */
  readonly manifest: string
}

/**
 * Exports an image: tiles and preferred sizes as files, `info.json` and `manifest.json`. Stored JPEG tiles are copied as
 * they are. The documents are written last: a tree that has them is whole. Pages behind the first are in folders `page-2`
 * and so on.
 *
 * @throws TypeError that names the option, where one is not valid; `IIIFError` where the image cannot be made, or where the
 * folder holds an export of something else.
 * @example
 * ```ts
 * await exportLevel0(service, 'cat.tif', './public/cat', { baseUri: 'https://static.example.org/cat' })
 * ```
 */
export async function exportLevel0(
  service: ExportService,
  identifier: string,
  folder: string,
  options: ExportOptions,
): Promise<ExportResult> {
  const shape = resolveShape(options)
  const baseUri = requireBaseUri(options.baseUri)
  const context = options.signal ? { signal: options.signal } : {}
  const { version: source } = await service.resolveSource(identifier, context)
  const pages = await planPages(service, identifier, baseUri, shape, options)
  const state = `${JSON.stringify({ identifier, source, ...shape })}\n`
  const target = await openExportFolder(folder, state, options.overwrite ?? false)
  try {
    const progress = await writeImages(service, pages, target, shape, options)
    for (const { path, info } of pages) await target.write(`${path}info.json`, JSON.stringify(info))
    const manifest = await buildStaticManifest(service, identifier, baseUri, pages, options)
    await target.write('manifest.json', JSON.stringify(manifest))
    return { ...progress, info: `${baseUri}/info.json`, manifest: `${baseUri}/manifest.json` }
  } finally {
    await target.close()
  }
}

interface ExportPage {
  readonly identifier: string
  readonly baseUri: string
  /** The folder of the page in that of the export: empty, or with a slash at its end. */
  readonly path: string
  readonly info: InfoDocument
  readonly paths: readonly string[]
}

/** Checks options before anything is done. @throws TypeError that names the option. @internal */
export function checkExportOptions(options: ExportOptions): void {
  resolveShape(options)
  requireBaseUri(options.baseUri)
}

function resolveShape({
  version = 3,
  tileSize,
  formats = ['jpg'],
  concurrency = 4,
}: ExportOptions): ExportShape {
  if (!(Number.isSafeInteger(concurrency) && concurrency >= 1 && concurrency <= 64))
    throw new TypeError(`concurrency: expected a whole number from 1 to 64 but received ${concurrency}`)
  if (tileSize !== undefined && !(Number.isSafeInteger(tileSize) && tileSize >= 16))
    throw new TypeError(`tileSize: expected a whole number from 16 but received ${tileSize}`)
  if (!formats.every(isFormat) || !formats.includes('jpg'))
    throw new TypeError(`formats: expected formats, "jpg" among them, but received ${String(formats)}`)
  if (version !== 2 && version !== 3)
    throw new TypeError(`version: expected 2 or 3 but received ${String(version)}`)
  return { version, ...(tileSize !== undefined && { tileSize }), formats: [...new Set(formats)] }
}

function requireBaseUri(baseUri: unknown): string {
  if (typeof baseUri === 'string' && /^https?:\/\/[^/\s?#]+(?:\/[^\s?#]*)?$/.test(baseUri))
    return baseUri.replace(/\/+$/, '')
  throw new TypeError('baseUri: expected the http or https URI of the folder, without query')
}

async function planPages(
  service: ExportService,
  identifier: string,
  baseUri: string,
  shape: ExportShape,
  { formatPageIdentifier, signal }: ExportOptions,
): Promise<ExportPage[]> {
  const context = signal ? { signal } : {}
  const { pages } = await service.describe(identifier, context)
  const count = formatPageIdentifier ? pages : 1
  const planned: ExportPage[] = []
  for (let page = 1; page <= count; page += 1) {
    const of = page === 1 || !formatPageIdentifier ? identifier : formatPageIdentifier(identifier, page)
    const path = page === 1 ? '' : `page-${page}/`
    const id = page === 1 ? baseUri : `${baseUri}/page-${page}`
    const info = await service.info(of, shape.version, id, context)
    planned.push({ identifier: of, baseUri: id, path, ...planExport(info, shape) })
  }
  return planned
}

async function writeImages(
  service: ExportService,
  pages: readonly ExportPage[],
  target: ExportFolder,
  { version }: ExportShape,
  { concurrency = 4, onProgress, signal }: ExportOptions,
): Promise<ExportProgress> {
  const files = pages.flatMap(({ identifier, path, paths }) =>
    paths.map(name => ({ identifier, name, target: `${path}${name}` })),
  )
  let [done, skipped, bytes] = [0, 0, 0]
  let hasFailed = false
  const progress = (): ExportProgress => ({ done, total: files.length, skipped, bytes })
  const waiting = files.values()
  const work = async (): Promise<void> => {
    for (const file of waiting) {
      if (hasFailed) return
      throwIfAborted(signal)
      if (await target.has(file.target)) skipped += 1
      else {
        const request = parseImage(file.identifier, file.name, version)
        const { body } = await service.process(request, signal ? { signal } : {})
        const written = await target.write(file.target, body)
        bytes += written
      }
      done += 1
      onProgress?.(progress())
    }
  }
  const fail = (error: unknown): never => {
    hasFailed = true
    throw error
  }
  // All are waited for even where one fails: nobody is to write into a folder that was given up.
  const works = Array.from({ length: concurrency }, () => work().catch(fail))
  const results = await Promise.allSettled(works)
  const failed = results.find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
  return progress()
}

function parseImage(identifier: string, name: string, version: ImageApiVersion): ImageRequest {
  const request = parseMatch({ rest: `${formatIdentifier(identifier)}/${name}`, version }, {})
  if (request.kind !== 'image') throw new TypeError(`${name}: expected the path of an image`)
  return request
}

async function buildStaticManifest(
  service: ExportService,
  identifier: string,
  baseUri: string,
  pages: readonly ExportPage[],
  options: ExportOptions,
): Promise<unknown> {
  const { version = 3, about, formatPageIdentifier, signal } = options
  const infos = new Map(pages.map(page => [page.identifier, page.info]))
  return manifestFor(identifier, {
    ...about,
    service: {
      ...(service.metadata && {
        metadata: (of, context) => service.metadata?.(of, context) ?? Promise.resolve({}),
      }),
      describe: (of, context) => service.describe(of, context),
      info: async of => infos.get(of) ?? {},
    },
    baseUri,
    version,
    id: `${baseUri}/manifest.json`,
    imagePrefixes: { 2: version === 2 && '', 3: version === 3 && '' },
    formatCanvasUri: (_, page) => `${baseUri}/canvas/${page}`,
    maxCanvases: pages.length,
    ...(formatPageIdentifier && { formatPageIdentifier }),
    ...(signal && { signal }),
  })
}
