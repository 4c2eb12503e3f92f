/* The canonical form of a request: one URI for each result (Image API 3.0 section 4.8, 2.1 section 4.7). */
import type { Dimensions } from './geometry.js'
import { scaleSide } from './geometry.js'
import type { Limits } from './limits.js'
import { formatBox } from './region.js'
import type { ResolvedRequest } from './resolved.js'
import { formatRotation } from './rotation.js'
import { resolveSize } from './size.js'
import type { ImageApiVersion } from './version.js'

/** What the canonical form depends on beside the request. */
export interface CanonicalContext {
  /** The version whose form is wanted. */
  readonly version: ImageApiVersion
  /** The dimensions of the full image. */
  readonly image: Dimensions
  /** The limits that `max` depends on. */
  readonly limits: Limits
}

/** Writes the canonical `region/size/rotation/quality.format` of a resolved request. */
export function formatCanonical(request: ResolvedRequest, context: CanonicalContext): string {
  const region = formatBox(request.region, context.image)
  const size = context.version === 2 ? formatSize2(request) : formatSize3(request, context.limits)
  return `${region}/${size}/${formatRotation(request.rotation)}/${request.quality}.${request.format}`
}

// 3.0: "max" if the maximum size without upscaling, "^max" if the maximum upscaled size, else "w,h" or "^w,h".
function formatSize3({ region, size }: ResolvedRequest, limits: Limits): string {
  if (isEqual(size, resolveSize({ kind: 'max', upscale: false }, region, limits, 3))) return 'max'
  const upscaled = size.width > region.width || size.height > region.height
  if (!upscaled) return `${size.width},${size.height}`
  const isLargest = isEqual(size, resolveSize({ kind: 'max', upscale: true }, region, limits, 3))
  return isLargest ? '^max' : `^${size.width},${size.height}`
}

// 2.1: "full" if the default size, "w," if the aspect is kept, else "w,h".
function formatSize2({ region, size }: ResolvedRequest): string {
  if (isEqual(size, region)) return 'full'
  const isKept = scaleSide(region.height, region.width, size.width) === size.height
  return isKept ? `${size.width},` : `${size.width},${size.height}`
}

function isEqual(a: Dimensions, b: Dimensions): boolean {
  return a.width === b.width && a.height === b.height
}
