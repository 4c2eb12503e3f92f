/* The image that is laid over others: a file, bytes, or a source of any kind; looked up when options are checked, read
   when it is drawn, and never other bytes than those that were looked up. */
import { statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import sharp from 'sharp'
import type { ImageSource } from '../contracts.js'
import type { Dimensions } from '../protocol/geometry.js'
import { mismatch } from './check.js'
import { digest } from './digest.js'
import type { ImageOverlay, Overlay, ResolvedPlacement } from './overlay.js'
import { sniffFormat } from './sniff.js'

/** An image that is laid over others, in memory, its size known. */
export interface OverlayImage extends Dimensions {
  /** The bytes. */
  readonly bytes: Uint8Array
}

/** The most bytes that an image may have that is laid over others. */
export const maxOverlayBytes: number = 10 * 2 ** 20

/** The most pixels that it may have. */
export const maxOverlayPixels = 16_000_000

/** Checks the image of an overlay. @throws TypeError that names the option. */
export function createImageOverlay(image: unknown, placement: ResolvedPlacement): ImageOverlay {
  if (!isImage(image)) throw mismatch('overlay.image', 'the path of a file, bytes, or a source', image)
  const { size, version, name } = lookUp(image)
  if (size !== undefined && (size === 0 || size > maxOverlayBytes)) {
    throw new TypeError(`overlay.image: expected 1 to ${maxOverlayBytes} bytes but received ${size}`)
  }
  return Object.freeze({ kind: 'image', ...placement, image, key: keyOf(name, version, placement) })
}

/**
 * The overlay as it is now: a file may have been replaced since. That costs one system call.
 *
 * @throws TypeError when the file is gone, or too large.
 */
export function refreshOverlay(overlay: Overlay): Overlay {
  if (overlay.kind !== 'image' || typeof overlay.image !== 'string') return overlay
  return createImageOverlay(overlay.image, placementOf(overlay))
}

/**
 * Reads the image of an overlay and its size; nothing is decoded.
 *
 * @throws Error when it cannot be read, has changed, is no image, or is over a bound.
 */
export async function loadOverlayImage(overlay: ImageOverlay): Promise<OverlayImage> {
  const bytes = await readImage(overlay)
  if (sniffFormat(bytes) === undefined) throw new Error('overlay: it is no image')
  const { width, height, autoOrient } = await sharp(bytes, { limitInputPixels: false }).metadata()
  if (width * height > maxOverlayPixels) throw new RangeError(`overlay: it has ${width} × ${height} pixels`)
  return { bytes, width: autoOrient.width, height: autoOrient.height }
}

function isImage(image: unknown): image is ImageOverlay['image'] {
  if (typeof image === 'string' || image instanceof Uint8Array) return true
  if (typeof image !== 'object' || image === null) return false
  return 'version' in image && 'read' in image && typeof image.read === 'function'
}

interface Facts {
  readonly size: number | undefined
  readonly version: string | Uint8Array
  readonly name: string
}

function lookUp(image: ImageOverlay['image']): Facts {
  if (image instanceof Uint8Array) return { size: image.byteLength, version: image, name: '' }
  if (typeof image !== 'string') return { size: image.size, version: image.version, name: 'source' }
  const stats = statSync(image, { throwIfNoEntry: false })
  if (!stats?.isFile()) throw new TypeError(`overlay.image: there is no file "${image}"`)
  return { size: stats.size, version: formatVersion(stats), name: image }
}

function formatVersion({ size, mtimeMs }: { readonly size: number; readonly mtimeMs: number }): string {
  return `${size} ${mtimeMs}`
}

function placementOf(overlay: ImageOverlay): ResolvedPlacement {
  const { relativeTo, position, inset, opacity, minWidth, minHeight } = overlay
  return { relativeTo, position, inset, opacity, minWidth, minHeight }
}

function keyOf(name: string, version: string | Uint8Array, placement: ResolvedPlacement): string {
  return digest('image', placement, name, version)
}

function readImage(overlay: ImageOverlay): Promise<Uint8Array> {
  const { image } = overlay
  if (image instanceof Uint8Array) return Promise.resolve(image)
  return typeof image === 'string' ? readFile(image, overlay) : readSource(image)
}

async function readFile(path: string, overlay: ImageOverlay): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const stats = await file.stat()
    const { size } = stats
    if (keyOf(path, formatVersion(stats), placementOf(overlay)) !== overlay.key)
      throw new Error('overlay: it has changed since it was looked up')
    // One byte more than expected, to see that there is none.
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size + 1), 0, size + 1, 0)
    if (bytesRead !== size) throw new Error('overlay: it changed while it was read')
    return buffer.subarray(0, size)
  } finally {
    await file.close()
  }
}

async function readSource(source: ImageSource): Promise<Uint8Array> {
  try {
    const bytes = await source.read(0, maxOverlayBytes + 1)
    if (bytes.byteLength > maxOverlayBytes) throw new RangeError('overlay: it has too many bytes')
    return bytes
  } finally {
    await source.close?.()
  }
}
