/* Overlays as pixels. One that is laid on a large image is drawn no larger than a bound, and enlarged where it is cut. */
import sharp, { type Sharp } from 'sharp'
import type { Dimensions } from '../protocol/geometry.js'
import type { Overlay } from './overlay.js'
import { maxOverlayPixels, type OverlayImage } from './overlay-image.js'
import type { OverlayTone } from './overlay-plan.js'
import { formatTextSvg, type TextLayout } from './overlay-text.js'

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

/** How an overlay is drawn. */
export type Motif =
  | { readonly kind: 'image'; readonly image: OverlayImage }
  | { readonly kind: 'text'; readonly svg: (size: Dimensions) => string }

/** Larger ones are drawn smaller, and enlarged where they are cut. */
export const maxDrawnPixels = 4_000_000
const maxDrawnSide = 16_384

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
