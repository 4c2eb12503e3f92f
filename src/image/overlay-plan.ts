/* Where an overlay lies in a response. Relative to the whole image, all tiles of a size must agree on one canvas, to the
   pixel: that of the whole image at their scale factor, as the sizes of tiles are rounded. */
import type { ImageDescription } from '../contracts.js'
import { type Box, ceilDivide, type Dimensions, roundPixels } from '../protocol/geometry.js'
import type { ResolvedRequest } from '../protocol/resolved.js'
import { combineTurns, type Turn } from './orientation.js'
import type { Overlay } from './overlay.js'
import { maxOverlayPixels } from './overlay-image.js'

/** What is laid over a response, and where. */
export interface OverlayPlan {
  /** The key of the overlay. */
  readonly key: string
  /** What it is placed on: the response when all else is done, or the image before it is turned askew. */
  readonly relativeTo: 'output' | 'image'
  /** The size that positions are counted in: of the response, or of the whole image at the scale of the response. */
  readonly canvas: Dimensions
  /** The size that the lengths of the overlay are counted in. */
  readonly frame: Dimensions
  /** How many pixels of the canvas one of the frame is. */
  readonly scale: number
  /** The part of the canvas that is seen. */
  readonly window: Box
  /** What is done to the part then. */
  readonly turn: Turn
  /** The colours of the result, which text must be readable in. */
  readonly tone: OverlayTone
  /** Whether what it is laid on has no alpha. */
  readonly opaque: boolean
  /** How many pixels of the canvas it covers at the most; `Infinity` where that is as many as there are. */
  readonly maxPixels: number
}

/** The size that an image is shown as, and the region of it that is wanted, in pixels of that. */
export interface ShownPart extends Dimensions {
  /** The region. */
  readonly region: Box
}

/** The colours of a result. */
export type OverlayTone = 'rgb' | 'gray' | 'bitonal'

/** What is known of the result when the overlay is planned. */
export interface OverlayResult {
  /** The size of the response. */
  readonly output: Dimensions
  /** Its colours. */
  readonly colour: OverlayTone
  /** Whether the pixels of the image have alpha, still. */
  readonly hasAlpha: boolean
  /** Whether corners that a tilt lays open have alpha. */
  readonly transparent: boolean
  /** As what the image is shown, where it is shown smaller than it is: what its tiles are counted in. */
  readonly shown?: ShownPart | undefined
}

const unturned: Turn = { flop: false, angle: 0 }

/** Plans an overlay; `undefined` where the response is too small to have it. */
export function planOverlay(
  description: ImageDescription,
  request: ResolvedRequest,
  overlay: Overlay,
  result: OverlayResult,
): OverlayPlan | undefined {
  const { key, relativeTo, minWidth, minHeight } = overlay
  const { output, colour, hasAlpha, transparent, shown } = result
  const place = relativeTo === 'image' ? placeOnImage(description, request, shown) : placeOnOutput(output)
  if (place.canvas.width < minWidth || place.canvas.height < minHeight) return undefined
  const opaque = !hasAlpha && (relativeTo === 'image' || !transparent)
  const maxPixels = countCovered(overlay) * place.scale ** 2
  return { key, relativeTo, ...place, tone: colour, opaque, maxPixels }
}

/** No letter is wider than this, in sizes of its font, and no line higher, line and space around it included. */
const letterWidth = 2
const lineHeight = 2

/* In pixels of the frame. */
function countCovered(overlay: Overlay): number {
  if (overlay.position === 'repeat' || overlay.position === 'scaled') return Infinity
  if (overlay.kind === 'image') return maxOverlayPixels
  const { lines, size, style } = overlay
  const side = size + 2 * style.stroke.width
  const longest = Math.max(...lines.map(line => line.length))
  // Lines that are broken cover as much as they did before.
  return Math.max(1, longest) * lines.length * side ** 2 * letterWidth * lineHeight
}

type Place = Pick<OverlayPlan, 'canvas' | 'frame' | 'scale' | 'window' | 'turn'>

function placeOnOutput(output: Dimensions): Place {
  const canvas = { width: output.width, height: output.height }
  return { canvas, frame: canvas, scale: 1, window: { x: 0, y: 0, ...canvas }, turn: unturned }
}

function placeOnImage(
  { width, height, levels }: ImageDescription,
  { region, size, rotation }: ResolvedRequest,
  shown: ShownPart = { width, height, region },
): Place {
  const { flop, angle } = combineTurns(1, rotation)
  const common = { frame: { width, height }, turn: { flop, angle } }
  // The lengths of the overlay are pixels of the full image, however small it is shown.
  const ratio = Math.min(shown.width / width, shown.height / height)
  const factors = ratio === 1 ? levels.map(level => level.scaleFactor) : []
  const part = shown.region
  const factor = findScaleFactor(part, size, shown, factors)
  if (factor !== undefined) {
    const canvas = { width: ceilDivide(shown.width, factor), height: ceilDivide(shown.height, factor) }
    const window = { x: part.x / factor, y: part.y / factor, ...sizeOf(size) }
    return { ...common, canvas, scale: ratio / factor, window }
  }
  const [across, down] = [size.width / part.width, size.height / part.height]
  const canvas = {
    width: Math.max(size.width, roundPixels(shown.width * across)),
    height: Math.max(size.height, roundPixels(shown.height * down)),
  }
  const window = {
    x: Math.min(roundPixels(part.x * across), canvas.width - size.width),
    y: Math.min(roundPixels(part.y * down), canvas.height - size.height),
    ...sizeOf(size),
  }
  return { ...common, canvas, scale: Math.min(across, down) * ratio, window }
}

function sizeOf({ width, height }: Dimensions): Dimensions {
  return { width, height }
}

/* The factor of a tile, whose last column and row are rounded up. A last tile of one pixel fits several factors, and its
   pixel belongs to all of them. */
function findScaleFactor(
  region: Box,
  size: Dimensions,
  image: Dimensions,
  factors: readonly number[],
): number | undefined {
  const powers = Array.from({ length: 24 }, (_, exponent) => 2 ** exponent)
  const candidates = [...factors, ...powers, region.width / size.width, region.height / size.height]
  const fits = (start: number, length: number, full: number, target: number, factor: number) =>
    start % factor === 0 &&
    ((start + length) % factor === 0 || start + length === full) &&
    target === ceilDivide(length, factor)
  return candidates.find(
    factor =>
      Number.isInteger(factor) &&
      fits(region.x, region.width, image.width, size.width, factor) &&
      fits(region.y, region.height, image.height, size.height, factor),
  )
}
