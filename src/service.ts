/* The service: the way of a request, from top to bottom, and the same steps as functions for programs. */
import { answerRequest, describeFacts, obtainImage } from './answer.js'
import type {
  HttpReply,
  HttpRequest,
  ImageDescription,
  ImageSource,
  ResolveContext,
  SourceResolver,
} from './contracts.js'
import { AbortedError, NotFoundError } from './errors.js'
import { checkRenderer, type Health } from './health.js'
import { createBaseUri } from './http/base-uri.js'
import { buildPreflight } from './http/headers.js'
import { buildErrorReply, buildMethodNotAllowed } from './http/replies.js'
import { disableOperationCache } from './image/operation-cache.js'
import { createImageStore } from './image-store.js'
import { type ImageServiceOptions, resolveServiceOptions } from './options.js'
import { type ImageResult, prepareRequest, requireOffered } from './process.js'
import type { InfoDocument } from './protocol/info.js'
import { buildInfo } from './protocol/info.js'
import { type IIIFRequest, type ImageRequest, matchPrefix, parseRequest } from './protocol/request.js'
import type { ImageApiVersion } from './protocol/version.js'

/** A IIIF image server without a socket: doors hand it requests, programs call its steps. */
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
  /** Tells whether images can be made. */
  health(): Promise<Health>
  /** Closes what is open; requests from now on are answered with 503. */
  close(): Promise<void>
}

/**
 * Creates an image service.
 *
 * Switches the operation cache of sharp off for the whole process: it would show files as they were before they changed.
 *
 * @throws TypeError that names the option, where one is not valid.
 * @example
 * ```ts
 * const service = createImageService({ source: fileSource('./images') })
 * createServer(createNodeHandler(service)).listen(8182)
 * ```
 */
export function createImageService(options: ImageServiceOptions): ImageService {
  const settings = resolveServiceOptions(options)
  const resolveBase = createBaseUri(options)
  disableOperationCache()
  const store = createImageStore(settings)
  const locate = async (identifier: string, context: ResolveContext = {}) => ({
    identifier,
    source: await resolveSource(identifier, settings.source, context),
  })
  let isClosed = false

  const service: ImageService = {
    async handle(http) {
      const match = matchPrefix(http.url, settings.parse.prefixes)
      if (match === undefined) return undefined
      // 3.0 section 7.2: OPTIONS for preflights; RFC 9110 section 15.5.6 for the methods that there are not.
      if (http.method === 'OPTIONS') return buildPreflight()
      if (http.method !== 'GET' && http.method !== 'HEAD') return buildMethodNotAllowed(http)
      try {
        if (isClosed) throw new AbortedError('closed', 'This server is closing.')
        const request = parseRequest(http.url, settings.parse)
        return (
          request &&
          (await answerRequest({ http, request, base: resolveBase(http), settings, store, locate }))
        )
      } catch (error) {
        return buildErrorReply(error, http, match.rest.endsWith('/info.json'))
      }
    },
    parseRequest: path => parseRequest(path, settings.parse),
    resolveSource: async (identifier, context) => (await locate(identifier, context)).source,
    describe: async (identifier, context) =>
      store.describe(await locate(identifier, context), context?.signal),
    async process(request, context) {
      requireOffered(request, settings)
      const image = await locate(request.identifier, context)
      const description = await store.describe(image, context?.signal)
      const prepared = prepareRequest(request, description, settings)
      return obtainImage(image, prepared, settings, store, context?.signal)
    },
    async info(identifier, version, id, context) {
      const description = await service.describe(identifier, context)
      return buildInfo(version, id, describeFacts(description), settings, await settings.info(identifier))
    },
    health: async () => (isClosed ? { color: 'RED', message: 'Closed.' } : checkRenderer(settings)),
    async close() {
      isClosed = true
      store.close()
    },
  }
  return service
}

/**
 * Finds the source of an identifier.
 *
 * @throws {@link NotFoundError} when the resolver does not know it.
 */
export async function resolveSource(
  identifier: string,
  resolver: SourceResolver,
  context: ResolveContext = {},
): Promise<ImageSource> {
  const source = await resolver(identifier, context)
  if (source === undefined) throw new NotFoundError('not-found', 'There is no image with this identifier.')
  return source
}
