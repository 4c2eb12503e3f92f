/* The service: the way of a request, from top to bottom, and the same steps as functions for programs. */
import { answerRequest } from './answer.js'
import { processImage } from './answer-image.js'
import { describeFacts, resolveInfoExtras } from './answer-info.js'
import type { HttpReply, HttpRequest, ImageDescription, ImageSource, ResolveContext } from './contracts.js'
import { createDesk } from './desk.js'
import { AbortedError } from './errors.js'
import { checkRenderer, type Health } from './health.js'
import { createBaseUri } from './http/base-uri.js'
import { buildPreflight } from './http/headers.js'
import { buildErrorReply, buildMethodNotAllowed } from './http/replies.js'
import { disableOperationCache } from './image/operation-cache.js'
import { type ImageServiceOptions, resolveServiceOptions } from './options.js'
import { createParser } from './parser.js'
import { type ImageResult, requireOffered } from './process.js'
import { buildInfo, type InfoDocument } from './protocol/info.js'
import { type IIIFRequest, type ImageRequest, parseRequest } from './protocol/request.js'
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
  const desk = createDesk(settings)
  const parser = createParser(settings.parse)
  let isClosed = false
  disableOperationCache()

  const service: ImageService = {
    async handle(http) {
      const known = parser.recall(http.url)
      const match = known ?? parser.match(http.url)
      if (match === undefined) return undefined
      // 3.0 section 7: GET MUST, OPTIONS and HEAD SHOULD be answered; RFC 9110 section 15.5.6 for all others.
      if (http.method === 'OPTIONS') return buildPreflight()
      if (http.method !== 'GET' && http.method !== 'HEAD') return buildMethodNotAllowed(http)
      try {
        if (isClosed) throw new AbortedError('closed', 'This server is closing.')
        const memory = 'request' in match ? match : parser.parse(http.url, match)
        const reply = answerRequest(http, memory, resolveBase(http), desk)
        return reply instanceof Promise ? await reply : reply
      } catch (error) {
        return buildErrorReply(error, http, /\/info\.json(?:\?|$)/.test(http.url))
      }
    },
    parseRequest: path => parseRequest(path, settings.parse),
    resolveSource: async (identifier, context = {}) => (await desk.locate(identifier, context)).source,
    describe: async (identifier, context = {}) =>
      desk.store.describe(await desk.locate(identifier, context), context.signal),
    async process(request, context = {}) {
      requireOffered(request, settings)
      return processImage(await desk.locate(request.identifier, context), request, desk, context.signal)
    },
    async info(identifier, version, id, context) {
      const facts = describeFacts(await service.describe(identifier, context))
      return buildInfo(version, id, facts, settings, await resolveInfoExtras(identifier, settings))
    },
    health: async () => (isClosed ? { color: 'RED', message: 'Closed.' } : checkRenderer(settings)),
    async close() {
      isClosed = true
      desk.store.close()
    },
  }
  return service
}
