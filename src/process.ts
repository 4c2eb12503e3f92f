/* From a request and an image to bytes: resolve, choose the cheapest way, go it. The service and the free function
   `process` share these steps. */

import type { ImageDescription, ImageSource } from './contracts.js'
import { BadRequestError, NotImplementedError } from './errors.js'
import { type Cover, planCovered } from './image/cover.js'
import type { ResolvedEncodeOptions } from './image/encode-options.js'
import { disableOperationCache } from './image/libvips.js'
import { planRender, type RenderPlan } from './image/plan.js'
import { openReader } from './image/reader.js'
import { planStored, type StoredPlan } from './image/stored.js'
import type { ProcessOptions } from './options.js'
import { formatCanonical } from './protocol/canonical.js'
import { type Format, isFormat } from './protocol/format.js'
import type { Dimensions } from './protocol/geometry.js'
import type { Limits } from './protocol/limits.js'
import type { ImageRequest } from './protocol/request.js'
import { type ImageFacts, isUnchanged, type ResolvedRequest, resolveRequest } from './protocol/resolved.js'
import { expandRequest, requireWithinScale, type Scale, type Shrink, shrinkSize } from './protocol/scale.js'
import { freely, makeImage, releaseAfter, sendSource } from './service/make.js'
import { type ProcessSettings, resolveProcessOptions } from './service/settings.js'

/**
 * How a result was made: from the bytes of the source as they are, from stored tiles that were not decoded, or decoded,
 * changed and encoded.
 */
export type Way = 'source' | 'stored' | 'render'

/** A request that is known to be possible, in absolute terms. */
export interface PreparedRequest {
  /** What is wanted, in pixels. */
  readonly resolved: ResolvedRequest
  /** The canonical `region/size/rotation/quality.format`, in the version of the request. */
  readonly canonical: string
  /** How it will be made; stored tiles that turn out to be unusable are rendered after all. */
  readonly way: Way
  /** The stored bytes that are the answer, where the way is `stored`. @internal */
  readonly stored?: StoredPlan
  /** What is to be done to pixels, where the way is `render`. @internal */
  readonly plan?: RenderPlan
  /** What covers the image. @internal */
  readonly cover?: Cover
  /** How it is written, where not as the service does. @internal */
  readonly encode?: ResolvedEncodeOptions
}

/** The answer to an image request. */
export interface ImageResult extends PreparedRequest {
  /** The bytes of the image; a stream where the source is sent as it is, and of large images joined from stored tiles. */
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
  const { signal } = options
  const reader = await openReader(source, settings.read, signal)
  const release = () => void reader.close().catch(() => {})
  return releaseAfter(release, async () => {
    const prepared = prepareRequest(request, reader.description, settings)
    if (prepared.way === 'source') return sendSource(prepared, source, signal ? { signal } : {})
    return makeImage(prepared, reader, settings, { admit: freely, signal })
  })
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

/** As what an image is shown: see `access/view.ts`. */
export interface Shown {
  /** The limits. */
  readonly limits: Limits
  /** Whether the source may be sent as it is. */
  readonly passesSource: boolean
  /** How images are written, where not as the service does. */
  readonly encode?: ResolvedEncodeOptions | undefined
  /** The part of its size that was asked for by name; more than that is refused with 403. */
  readonly scale: Scale | undefined
  /** As how much an image of these dimensions is shown; `undefined` for all of it. */
  shrinkOf(image: Dimensions): Shrink | undefined
}

/**
 * Resolves a request against an image and chooses how it will be made.
 *
 * @param cover - what covers the image; then no bytes are sent as they are that would show what is under it
 * @param shown - as what the image is shown, where not as it is
 */
export function prepareRequest(
  request: ImageRequest,
  description: ImageDescription,
  settings: ProcessSettings,
  cover?: Cover,
  shown?: Shown,
): PreparedRequest {
  const asked = resolveAsked(request, description, settings, cover, shown)
  const encode = shown?.encode
  const prepared = chooseWay(asked, description, encode ?? settings.encode, cover)
  return encode === undefined ? prepared : { ...prepared, encode }
}

function chooseWay(
  { image, asked, resolved, canonical, storedFormat, size }: AskedRequest,
  description: ImageDescription,
  encode: ResolvedEncodeOptions,
  cover: Cover | undefined,
): PreparedRequest {
  if (cover) {
    const placed = size === image ? cover : { ...cover, shown: { ...size, region: asked.region } }
    return { resolved, canonical, ...planCovered(description, resolved, encode, placed) }
  }
  if (isUnchanged(resolved, image, storedFormat)) return { resolved, canonical, way: 'source' }
  const stored = planStored(description, resolved, encode.storedFormats)
  if (stored) return { resolved, canonical, way: 'stored', stored }
  return { resolved, canonical, way: 'render', plan: planRender(description, resolved, encode) }
}

/** A request in absolute terms, of the image as it is shown and of the image itself. */
export interface AskedRequest {
  /** The image itself. */
  readonly image: ImageFacts
  /** The size that it is shown as: that of `image`, and the same record, where it is shown as it is. */
  readonly size: Dimensions
  /** What is wanted of the image as it is shown. */
  readonly asked: ResolvedRequest
  /** The same of the image itself. */
  readonly resolved: ResolvedRequest
  /** The canonical parameters, of the image as it is shown. */
  readonly canonical: string
  /** The format of the source, where it may be sent as it is. */
  readonly storedFormat: Format | undefined
}

/** Resolves a request against an image; see {@link prepareRequest}. */
export function resolveAsked(
  request: ImageRequest,
  description: ImageDescription,
  settings: ProcessSettings,
  cover?: Cover,
  shown?: Shown,
): AskedRequest {
  const { width, height, colour } = description
  const image = { width, height, isGray: colour === 'gray' }
  // A covered image is never its source: that may hold thumbnails, levels and metadata of what must not be seen. Where
  // the source may not be sent, no request is free of limits either.
  const { sendSource } = shown?.encode ?? settings.encode
  const passesSource = sendSource && cover === undefined && (shown === undefined || shown.passesSource)
  const storedFormat = passesSource ? resolveStoredFormat(description) : undefined
  const limits = shown?.limits ?? settings.limits
  const shrink = shown?.shrinkOf(image)
  const size = shrink ? shrinkSize(image, shrink) : image
  if (shown?.scale) requireWithinScale(request, size, shown.scale, request.version)
  const asked = resolveRequest(
    request,
    shrink ? { ...size, isGray: image.isGray } : image,
    limits,
    storedFormat,
  )
  const canonical = formatCanonical(asked, { version: request.version, image: size, limits })
  const resolved = shrink ? expandRequest(asked, image, size, shrink) : asked
  return { image, size, asked, resolved, canonical, storedFormat }
}

// The bytes of a source can stand for the image only when they are one upright picture, in a format of the protocol and
// in colours that every browser shows.
function resolveStoredFormat(description: ImageDescription): Format | undefined {
  const { format, orientation, pages, colour } = description
  const isPlain = orientation === 1 && pages === 1 && colour !== 'cmyk' && colour !== 'lab'
  return isPlain && isFormat(format) ? format : undefined
}
