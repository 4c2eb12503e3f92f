/* A request in absolute terms: what the five parameters mean for one image. Two requests that resolve to equal records
   have equal pixels. */
import { BadRequestError } from '../errors.js'
import type { Format } from './format.js'
import { type Box, coversImage, type Dimensions, rotateDimensions } from './geometry.js'
import { type Limits, noLimits } from './limits.js'
import { type Quality, resolveQuality } from './quality.js'
import { resolveRegion } from './region.js'
import type { ImageParameters } from './request.js'
import { formatRotation, type Rotation } from './rotation.js'
import { resolveSize } from './size.js'
import type { ImageApiVersion } from './version.js'

/** What a request is resolved against. */
export interface ImageFacts extends Dimensions {
  /** Whether the image has no colours but greys, so that `gray` is its default. */
  readonly isGray: boolean
}

/** An image request, resolved against the dimensions and limits of one image. */
export interface ResolvedRequest {
  /** The region, in pixels of the full upright image. */
  readonly region: Box
  /** The size that the region is scaled to, before rotation. */
  readonly size: Dimensions
  /** Mirroring and rotation. */
  readonly rotation: Rotation
  /** The quality, by its canonical name. */
  readonly quality: Quality
  /** The format. */
  readonly format: Format
}

/**
 * Resolves the parameters of a request: regions to boxes inside the image, sizes to whole pixels within the limits.
 *
 * @param storedFormat the format of the source when its bytes may be sent as they are: a request for just that, the
 * whole image unchanged, is bound by no limit, because it costs nothing
 * @throws {@link BadRequestError} or {@link NotImplementedError} for what the image or the limits do not allow.
 */
export function resolveRequest(
  request: ImageParameters & { readonly version: ImageApiVersion },
  image: ImageFacts,
  limits: Limits,
  storedFormat?: Format,
): ResolvedRequest {
  const { rotation, format } = request
  const quality = resolveQuality(request.quality, image.isGray)
  const region = resolveRegion(request.region, image)
  const size = resolveWithin({ ...request, quality }, region, image, limits, storedFormat)
  const resolved = { region, size, rotation, quality, format }
  requireBoundedCanvas(resolved, limits)
  return resolved
}

function resolveWithin(
  request: ImageParameters & { readonly version: ImageApiVersion },
  region: Box,
  image: Dimensions,
  limits: Limits,
  storedFormat: Format | undefined,
): Dimensions {
  const isExplicit = request.size.kind !== 'max' && request.size.kind !== 'confined'
  if (isExplicit && storedFormat === request.format) {
    const size = resolveSize(
      request.size,
      region,
      { ...noLimits, maxScale: limits.maxScale },
      request.version,
    )
    if (isUnchanged({ ...request, region, size }, image, storedFormat)) return size
  }
  return resolveSize(request.size, region, limits, request.version)
}

/** Tells whether a request asks for the whole image just as it is stored. */
export function isUnchanged(request: ResolvedRequest, image: Dimensions, storedFormat?: Format): boolean {
  const { region, size, rotation, quality, format } = request
  return (
    format === storedFormat &&
    coversImage(region, image) &&
    size.width === image.width &&
    size.height === image.height &&
    rotation.degrees === 0 &&
    !rotation.mirror &&
    quality === 'default'
  )
}

/** Writes a resolved request in absolute numbers: equal for all requests, of either version, that have equal pixels. */
export function formatResolved({ region, size, rotation, quality, format }: ResolvedRequest): string {
  const box = `${region.x},${region.y},${region.width},${region.height}`
  return `${box}/${size.width},${size.height}/${formatRotation(rotation)}/${quality}.${format}`
}

// The limits bind the image before it is turned (4.2); for safety the canvas that holds it afterwards is bounded too.
// Twice the area is what a square needs at 45 degrees; only long strips turned askew need more.
function requireBoundedCanvas({ size, rotation }: ResolvedRequest, limits: Limits): void {
  if (rotation.degrees % 90 === 0) return
  const canvas = rotateDimensions(size, rotation.degrees)
  if (canvas.width * canvas.height <= 2 * limits.maxArea) return
  throw new BadRequestError(
    'over-limit',
    `Turned by ${rotation.degrees} degrees the image needs ${canvas.width} x ${canvas.height} pixels, which is over the limits of this server.`,
  )
}
