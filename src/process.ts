/* From a request and an image to bytes: resolve, choose the cheapest way, go it. The service and the free function
   `process` share these steps. */
import type { ImageDescription, ImageReader, ImageSource } from './contracts.js'
import { BadRequestError, NotImplementedError, SourceError } from './errors.js'
import { disableOperationCache } from './image/operation-cache.js'
import { planRender, type RenderPlan } from './image/plan.js'
import { render } from './image/render.js'
import { openReader } from './image/sharp-reader.js'
import { type ProcessOptions, type ProcessSettings, resolveProcessOptions } from './options.js'
import { formatCanonical } from './protocol/canonical.js'
import { type Format, isFormat, mediaTypes } from './protocol/format.js'
import type { ImageRequest } from './protocol/request.js'
import { isUnchanged, type ResolvedRequest, resolveRequest } from './protocol/resolved.js'

/** How a result was made: the bytes of the source as they are, or decoded, changed and encoded. */
export type Way = 'source' | 'render'

/** A request that is known to be possible, in absolute terms. */
export interface PreparedRequest {
  /** What is wanted, in pixels. */
  readonly resolved: ResolvedRequest
  /** The canonical `region/size/rotation/quality.format`, in the version of the request. */
  readonly canonical: string
  /** How it will be made. */
  readonly way: Way
  /** What is to be done to pixels, where the way is `render`. @internal */
  readonly plan?: RenderPlan
}

/** The answer to an image request. */
export interface ImageResult extends PreparedRequest {
  /** The bytes of the image; a stream only where they are sent as the source has them. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>
  /** The number of bytes, where it is known. */
  readonly size?: number
  /** The media type of the body. */
  readonly mediaType: string
}

/**
 * Makes the image that a request asks for.
 *
 * @param request - what {@link parseRequest} gave
 * @param source - what {@link resolveSource} gave
 * @throws {@link IIIFError} of the class that says whose turn it is: a bad request, a source that is no image…
 * @example
 * ```ts
 * const request = parseRequest('/iiif/3/cats.tif/square/200,/0/gray.png')
 * const source = await resolveSource('cats.tif', fileSource('./images'))
 * if (request?.kind === 'image') await writeFile('cat.png', (await process(request, source)).body)
 * ```
 */
export async function process(
  request: ImageRequest,
  source: ImageSource,
  options: ProcessOptions & {
    /** Gives the work up. */
    readonly signal?: AbortSignal
  } = {},
): Promise<ImageResult> {
  const settings = resolveProcessOptions(options)
  requireOffered(request, settings)
  disableOperationCache()
  const reader = await openReader(source, settings.read, options.signal)
  try {
    const prepared = prepareRequest(request, reader.description, settings)
    if (prepared.way === 'source') return await sendSource(prepared, source, options.signal)
    return await renderImage(prepared, reader, settings, options.signal)
  } finally {
    await reader.close()
  }
}

/**
 * Refuses what the settings have switched off, before anything is looked up.
 *
 * @throws {@link NotImplementedError} for a format of the specification; {@link BadRequestError} for a quality.
 */
export function requireOffered({ format, quality }: ImageRequest, settings: ProcessSettings): void {
  // 3.0 section 7.3: 501 is for valid requests that are not implemented.
  if (!settings.formats.includes(format)) {
    throw new NotImplementedError(`This server makes no ${format}; it makes ${settings.formats.join(', ')}.`)
  }
  if (!settings.qualities.includes(quality)) {
    const made = settings.qualities.join(', ')
    throw new BadRequestError('invalid-quality', `This server makes no ${quality} images; it makes ${made}.`)
  }
}

/** Resolves a request against an image and chooses how it will be made. */
export function prepareRequest(
  request: ImageRequest,
  description: ImageDescription,
  settings: ProcessSettings,
): PreparedRequest {
  const image = {
    width: description.width,
    height: description.height,
    isGray: description.colour === 'gray',
  }
  const storedFormat = resolveStoredFormat(description)
  const resolved = resolveRequest(request, image, settings.limits, storedFormat)
  const { version } = request
  const canonical = formatCanonical(resolved, { version, image, limits: settings.limits })
  if (isUnchanged(resolved, image, storedFormat)) return { resolved, canonical, way: 'source' }
  return { resolved, canonical, way: 'render', plan: planRender(description, resolved, settings.encode) }
}

// The bytes of a source can stand for the image only when they are one upright picture, in a format of the protocol and
// in colours that every browser shows.
function resolveStoredFormat(description: ImageDescription): Format | undefined {
  const { format, orientation, pages, colour } = description
  const isPlain = orientation === 1 && pages === 1 && colour !== 'cmyk' && colour !== 'lab'
  return isPlain && isFormat(format) ? format : undefined
}

/**
 * Answers a prepared request with the bytes of the source as they are.
 *
 * @throws {@link SourceError} when the source cannot be read: its first bytes are read before anything is promised.
 */
export async function sendSource(
  prepared: PreparedRequest,
  source: ImageSource,
  signal?: AbortSignal,
): Promise<ImageResult> {
  const stream = source.stream?.(signal ? { signal } : {}) ?? readInChunks(source, signal)
  const chunks = stream[Symbol.asyncIterator]()
  const first = await chunks.next()
  return {
    ...prepared,
    mediaType: mediaTypes[prepared.resolved.format],
    ...(source.size === undefined ? {} : { size: source.size }),
    body: countBytes(first, chunks, source.size),
  }
}

// A body that is not as long as was promised breaks off, so that nobody takes it for whole. No generator: of one that
// was never started nothing would be given back.
function countBytes(
  first: IteratorResult<Uint8Array>,
  chunks: AsyncIterator<Uint8Array>,
  size: number | undefined,
): AsyncIterableIterator<Uint8Array> {
  let sent = 0
  let waiting: IteratorResult<Uint8Array> | undefined = first
  return {
    async next() {
      const next = waiting ?? (await chunks.next())
      waiting = undefined
      sent += next.done ? 0 : next.value.byteLength
      if (size === undefined || (next.done ? sent === size : sent <= size)) return next
      await chunks.return?.()
      throw new SourceError(500, 'source-unreadable', 'The source does not have the length that it stated.')
    },
    async return() {
      await chunks.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/** Renders the image of a prepared request. */
export async function renderImage(
  prepared: PreparedRequest,
  reader: ImageReader,
  settings: ProcessSettings,
  signal?: AbortSignal,
): Promise<ImageResult & { readonly body: Uint8Array }> {
  const plan = prepared.plan ?? planRender(reader.description, prepared.resolved, settings.encode)
  const pixels = await reader.pixels(plan.level, plan.box, signal)
  const body = await render(pixels, plan, signal)
  return { ...prepared, mediaType: mediaTypes[prepared.resolved.format], size: body.byteLength, body }
}

const chunkBytes = 256 * 1024

async function* readInChunks(source: ImageSource, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for (let offset = 0; ; ) {
      const chunk = await source.read(offset, chunkBytes, signal)
      if (chunk.byteLength === 0) return
      offset += chunk.byteLength
      yield chunk
    }
  } finally {
    await source.close?.()
  }
}
