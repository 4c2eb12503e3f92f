/* The service: the way of a request, from top to bottom, and the same steps as functions for programs. */

import type {
  EmbeddedMetadata,
  HttpReply,
  HttpRequest,
  ImageDescription,
  ImageSource,
  ResolveContext,
  SweepReport,
} from './contracts.js'
import { disableOperationCache, setLibvipsThreads } from './image/libvips.js'
import type { ImageServiceOptions } from './options.js'
import { type ImageResult, requireOffered } from './process.js'
import type { InfoDocument } from './protocol/info.js'
import { type IIIFRequest, type ImageRequest, parseRequest } from './protocol/request.js'
import type { ImageApiVersion } from './protocol/version.js'
import { againIfChanged } from './service/again.js'
import { createDesk } from './service/desk.js'
import { findImage } from './service/find.js'
import { createHandle } from './service/handle.js'
import { createHealth, type Health } from './service/health.js'
import { buildInfoDocument } from './service/info-document.js'
import { readEmbedded } from './service/presented.js'
import { processImage } from './service/produce.js'
import { createProgramQuestion } from './service/program.js'
import { resolveServiceOptions } from './service/settings.js'
import { type ShownSettings, showSettings } from './service/shown-settings.js'
import { formatStats, readStats, type ServiceStats } from './service/stats.js'
import {
  type PurgeTarget,
  purge,
  sweep,
  type WarmOptions,
  type WarmProgress,
  warm,
} from './service/upkeep.js'

/**
 * A IIIF image server without a socket: doors hand it requests, programs call its steps.
 *
 * Nobody is asked whether a program may see an image. What the service does to its images it does for programs too; an
 * identifier with the suffix of a tier, a scale or a page means what it means in a URL.
 */
export interface ImageService {
  /** Answers a request; `undefined` when its path is under no prefix of the service. Never rejects. */
  handle(request: HttpRequest): Promise<HttpReply | undefined>
  /** Reads a raw path with the prefixes of this service; see {@link parseRequest}. */
  parseRequest(path: string): IIIFRequest | undefined
  /** Finds the source of an identifier. @throws {@link NotFoundError} when no resolver knows it. */
  resolveSource(identifier: string, context?: ResolveContext): Promise<ImageSource>
  /** Tells the facts about an image. */
  describe(identifier: string, context?: ResolveContext): Promise<ImageDescription>
  /** Makes an image, or takes it from the cache. */
  process(request: ImageRequest, context?: ResolveContext): Promise<ImageResult>
  /** Builds the info.json of an image; `id` is its base URI. */
  info(
    identifier: string,
    version: ImageApiVersion,
    id: string,
    context?: ResolveContext,
  ): Promise<InfoDocument>
  /** Reads what an image tells about itself in EXIF, IPTC and XMP, by a list of fields; what cannot be read is left out. */
  metadata(identifier: string, context?: ResolveContext): Promise<EmbeddedMetadata>
  /**
   * Makes the service forget what was made from one image, what has expired, or everything. Nothing that was made before is
   * sent when the promise has settled. @throws whatever the cache throws, when a copy may be left.
   */
  purge(target: PurgeTarget): Promise<SweepReport | undefined>
  /** Deletes from the cache what has expired, and what is over its bounds. */
  sweep(signal?: AbortSignal): Promise<SweepReport>
  /**
   * Makes the sizes and tiles of an image before anybody asks for them, one after another and only while nobody waits for
   * anything; nothing is made before the first step of the iteration.
   */
  warm(identifier: string, options?: WarmOptions): AsyncIterable<WarmProgress>
  /** Tells what the service has done and is doing. */
  stats(): ServiceStats
  /** Tells the same to monitors, as OpenMetrics text. */
  metrics(): string
  /**
   * Tells whether images can be made, by making some; see `health` among the options. Calls that overlap are answered by one
   * look, and for a second after it so are all others. Never rejects.
   */
  health(): Promise<Health>
  /** Tells whether new requests should be sent here: not while the service drains, nor when it is closed. */
  isReady(): boolean
  /**
   * Begins to take leave: {@link ImageService.isReady} is `false` from now on, and load balancers send no more. Whoever asks
   * nevertheless is answered as before.
   */
  drain(): void
  /** Tells the settings that may be shown: no addresses, folders, keys or functions of the application. */
  settings(): ShownSettings
  /** Closes what is open; requests from now on are answered with 503. */
  close(): Promise<void>
}

/**
 * Creates an image service.
 *
 * Switches the operation cache of sharp off for the whole process, because it would show files as they were before they
 * changed, and sets how many threads libvips takes for one image.
 *
 * @throws TypeError that names the option, where one is not valid.
 * @example
 * ```ts
 * const service = createImageService({ source: fileSource('./images') })
 * createServer(createNodeHandler(service)).listen(8182)
 * ```
 */
export function createImageService<User = unknown>(options: ImageServiceOptions<User>): ImageService {
  // What the application knows users as is its own affair: it is handed through, and nothing here looks at it.
  const settings = resolveServiceOptions(options as unknown as ImageServiceOptions)
  const desk = createDesk(settings)
  disableOperationCache()
  setLibvipsThreads(settings.schedule.libvipsThreads)
  const health = createHealth(desk, options.health)
  let isDraining = false

  const service: ImageService = {
    handle: createHandle(desk, options),
    parseRequest: path => parseRequest(path, settings.parse),
    resolveSource: async (identifier, context = {}) =>
      (await findImage(identifier, desk, context)).image.source,
    async describe(identifier, context = {}) {
      const { image } = await findImage(identifier, desk, context)
      return desk.store.describe(image, context.signal)
    },
    async process(request, context = {}) {
      requireOffered(request, settings)
      const make = async () =>
        processImage(await findImage(request.identifier, desk, context), request, desk, context)
      return againIfChanged(request.identifier, desk, make(), make)
    },
    async info(identifier, version, id, context = {}) {
      const { variant, image, view } = await findImage(identifier, desk, context)
      const question = createProgramQuestion(variant, version)
      return buildInfoDocument(image, { version, uri: id, view, question }, desk, context)
    },
    metadata: (identifier, context) => readEmbedded(identifier, desk, context),
    purge: target => purge(target, desk),
    sweep: signal => sweep(desk, signal),
    async *warm(identifier, options = {}) {
      const { signal } = options
      yield* warm(await findImage(identifier, desk, signal ? { signal } : {}), desk, options)
    },
    stats: () => readStats(desk),
    metrics: () => formatStats(readStats(desk)),
    health,
    isReady: () => !(isDraining || desk.isClosed()),
    drain() {
      isDraining = true
    },
    settings: () => showSettings(settings),
    close: async () => desk.close(),
  }
  return service
}
