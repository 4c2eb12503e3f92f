/* Overlays as pixels. One that is laid on a large image is drawn no larger than a bound, and enlarged where it is cut. */
import { open } from 'node:fs/promises'
import sharp, { type Sharp } from 'sharp'
import type { Dimensions } from '../protocol/geometry.js'
import { type ImageOverlay, maxOverlayBytes, maxOverlayPixels, type Overlay } from './overlay.js'
import type { OverlayTone } from './overlay-plan.js'
import { formatTextSvg, type TextLayout } from './overlay-text.js'
import { sniffFormat } from './sniff.js'

/** An overlay, drawn. */
export interface Raster {
  /** The size that it has on the canvas. */
  readonly size: Dimensions
  /** How much larger than drawn that is: a power of two, so that parts are enlarged as the whole is. */
  readonly enlargement: number
  /** The size that it is drawn in. */
  readonly drawn: Dimensions
  /** Red, green, blue and alpha of what is drawn. */
  readonly data: Uint8Array
}

/** An image that is laid over others, in memory, its size known. */
export interface OverlayImage extends Dimensions {
  /** The bytes. */
  readonly bytes: Uint8Array
}

/** How an overlay is drawn. */
export type Motif =
  | { readonly kind: 'image'; readonly image: OverlayImage }
  | { readonly kind: 'text'; readonly svg: (size: Dimensions) => string }

/** Larger ones are drawn smaller, and enlarged where they are cut. */
export const maxDrawnPixels = 4_000_000
const maxDrawnSide = 16_384

/**
 * Reads the image of an overlay and its size; nothing is decoded.
 *
 * @throws Error when it cannot be read, is no image, or is over a bound.
 */
export async function loadOverlayImage({ image }: ImageOverlay): Promise<OverlayImage> {
  const bytes = typeof image === 'string' ? await readBounded(image) : image
  if (sniffFormat(bytes) === undefined) throw new Error('overlay: it is no image')
  const { width, height, autoOrient } = await sharp(bytes, { limitInputPixels: false }).metadata()
  if (width * height > maxOverlayPixels) throw new RangeError(`overlay: it has ${width} × ${height} pixels`)
  return { bytes, width: autoOrient.width, height: autoOrient.height }
}

async function readBounded(path: string): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    if (size > maxOverlayBytes) throw new RangeError(`overlay: it has ${size} bytes`)
    // One byte more than expected, to see that there is none.
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size + 1), 0, size + 1, 0)
    if (bytesRead !== size) throw new Error('overlay: it changed while it was read')
    return buffer.subarray(0, size)
  } finally {
    await file.close()
  }
}

/** Tells how text is drawn. */
export function describeText(
  overlay: Extract<Overlay, { readonly kind: 'text' }>,
  layout: TextLayout,
  tone: OverlayTone,
): Motif {
  return { kind: 'text', svg: size => formatTextSvg(overlay, layout, size, tone) }
}

/** Draws an overlay for a size on the canvas. @throws Error when it cannot be drawn. */
export async function drawOverlay(motif: Motif, size: Dimensions, opacity: number): Promise<Raster> {
  const enlargement = chooseEnlargement(size)
  const drawn = { width: Math.ceil(size.width / enlargement), height: Math.ceil(size.height / enlargement) }
  const { data, info } = await openMotif(motif, drawn)
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  if (info.channels !== 4 || info.width !== drawn.width || info.height !== drawn.height) {
    throw new Error('overlay: it was drawn in another size')
  }
  if (opacity < 1) {
    for (let at = 3; at < data.length; at += 4) data[at] = Math.round((data[at] ?? 0) * opacity)
  }
  return { size, enlargement, drawn, data }
}

function openMotif(motif: Motif, drawn: Dimensions): Sharp {
  if (motif.kind === 'text') return sharp(Buffer.from(motif.svg(drawn)))
  const image = sharp(motif.image.bytes, { limitInputPixels: maxOverlayPixels, failOn: 'error' })
  return image.autoOrient().resize(drawn.width, drawn.height, { fit: 'fill' })
}

function chooseEnlargement({ width, height }: Dimensions): number {
  let factor = 1
  while (
    (width / factor) * (height / factor) > maxDrawnPixels ||
    Math.max(width, height) / factor > maxDrawnSide
  ) {
    factor *= 2
  }
  return factor
}
