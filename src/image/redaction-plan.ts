/* Where redactions lie in the pixels that a request is answered from. Everything is rounded outwards: a pixel that shows
   anything of a rectangle belongs to it, and so does what compression and scaling have mixed with it. */
import type { ImageDescription, PyramidLevel } from '../contracts.js'
import type { Box, Dimensions } from '../protocol/geometry.js'
import type { Colour } from './check.js'
import { type MosaicPlan, planMosaic } from './mosaic.js'
import { toStoredBox } from './orientation.js'
import type { PartPlan } from './part.js'
import { type Redactions, redactionFailed } from './redaction.js'

/** What is painted over pixels before anything else is done to them. */
export interface RedactionPlan {
  /**
   * The size of the pixels that are painted: that of the part of the level, or less where it would be far more than
   * the result needs. Then the part is scaled to this size first, and what scaling mixes is painted over too.
   */
  readonly frame: Dimensions
  /** What is painted, in this order. */
  readonly paints: readonly Paint[]
  /** The squares that are painted. */
  readonly mosaics: readonly MosaicPlan[]
}

/** One rectangle to be painted, in pixels of the frame. */
export type Paint =
  | { readonly kind: 'fill'; readonly box: Box; readonly colour: Colour }
  | {
      /** The pixels beside the box, to its left or above it, are repeated all over it. */
      readonly kind: 'repeat'
      readonly box: Box
      readonly from: 'left' | 'above'
    }
  | {
      readonly kind: 'pixelate' | 'blur'
      readonly box: Box
      /** The index of the squares. */
      readonly mosaic: number
      /** Where the columns of the frame lie among those of the squares. */
      readonly across: Ruler
      /** Where the rows of the frame lie among those of the squares. */
      readonly down: Ruler
    }

/** Maps the middle of pixel `i` to `start + i * step`. */
export interface Ruler {
  /** Where the middle of the first pixel lies. */
  readonly start: number
  /** How far it is to the next. */
  readonly step: number
}

/** More pixels than this are painted only where the result has more. */
const maxFramePixels = 16_000_000

/** How much larger than the result the pixels may be that are painted. */
const maxFrameScale = 4

/* What libvips mixes into a pixel from beyond its edges when it scales, in pixels of the result: measured, three with the
   widest kernel, whatever a decoder shrank before. */
const scaleReach = 4

/* The kernels that pyramids are made with reach as far as three pixels of their level. */
const levelReach = 3

/* Colours of half the resolution are interpolated across the edges of blocks. */
const blockReach = 2

/* Where compression mixes pixels in ways that are not known: blocks as large as are usual, and the filters over them. */
const unknownBlocks: Dimensions = { width: 32, height: 32 }
const unknownReach = 16

/**
 * Plans what of a part of a level is painted over; `undefined` where no redaction touches it.
 *
 * @throws {@link SourceError} when the redactions are meant for an image of another size.
 */
export function planRedaction(
  description: ImageDescription,
  redactions: Redactions,
  part: PartPlan,
): RedactionPlan | undefined {
  const { levels, orientation } = description
  const [full] = levels
  const level = levels[part.level] ?? full
  const touched = redactions.list.filter(({ box }) =>
    intersects(coverPixels(description, redactions, box, level), part.box),
  )
  const frame = chooseFrame(part.box, part.resize ?? part.box)
  const edges = planEdges(level, part.box, frame)
  if (touched.length + edges.length === 0) return undefined
  const surfaces = redactions.list.filter(({ style }) => style.kind === 'fill').map(({ box }) => box)
  const mosaics: MosaicPlan[] = []
  const paints = touched.map(({ box, style }): Paint => {
    const covered = placeInFrame(coverPixels(description, redactions, box, level), part.box, frame)
    if (style.kind === 'fill') return { kind: style.kind, box: covered, colour: style.colour }
    const mosaic = planMosaic(description, box, style.cells, surfaces)
    const stored = toStoredBox(box, full, orientation)
    const scale = { x: part.box.width / frame.width, y: part.box.height / frame.height }
    const across = measure(part.box.x, scale.x, level.scaleFactor, stored.x, stored.width / mosaic.columns)
    const down = measure(part.box.y, scale.y, level.scaleFactor, stored.y, stored.height / mosaic.rows)
    return { kind: style.kind, box: covered, mosaic: mosaics.push(mosaic) - 1, across, down }
  })
  return { frame, paints: [...paints, ...edges], mosaics }
}

const macroblock = 16
const filterReach = 8
const black: Colour = { r: 0, g: 0, b: 0 }

/* The last tiles are larger than the image, and libvips leaves in them what it wrote before: pixels of other tiles, which
   compression mixes with those that are seen. (In JPEG it leaves nothing.) What is seen of such blocks is the pixels
   beside them, as they are after all else is painted. */
function planEdges({ tile, blocks, width, height }: PyramidLevel, part: Box, frame: Dimensions): Paint[] {
  if (tile === undefined || blocks !== undefined) return []
  const edges: Paint[] = []
  const startOf = (length: number) => Math.max(0, Math.floor(length / macroblock) * macroblock - filterReach)
  const [right, bottom] = [startOf(width), startOf(height)]
  if (width % tile.width !== 0 && part.x + part.width > right) {
    const box = placeInFrame({ ...part, x: right, width: width - right }, part, frame)
    edges.push(box.x > 0 ? { kind: 'repeat', box, from: 'left' } : { kind: 'fill', box, colour: black })
  }
  if (height % tile.height !== 0 && part.y + part.height > bottom) {
    const box = placeInFrame({ ...part, y: bottom, height: height - bottom }, part, frame)
    edges.push(box.y > 0 ? { kind: 'repeat', box, from: 'above' } : { kind: 'fill', box, colour: black })
  }
  return edges
}

/**
 * Whether a redaction touches a box of a level, so that its stored bytes cannot be sent.
 *
 * @throws {@link SourceError} when the redactions are meant for an image of another size.
 */
export function isRedacted(
  description: ImageDescription,
  redactions: Redactions,
  level: number,
  box: Box,
): boolean {
  const at = description.levels[level] ?? description.levels[0]
  return redactions.list.some(item => intersects(coverPixels(description, redactions, item.box, at), box))
}

/* The pixels of a level that show something of a box of the full upright image. */
function coverPixels(
  { width, height, levels, orientation }: ImageDescription,
  { image }: Redactions,
  box: Box,
  level: PyramidLevel,
): Box {
  if (image.width !== width || image.height !== height) {
    throw redactionFailed(new RangeError('redactions: they are meant for an image of another size'))
  }
  const [full] = levels
  const stored = toStoredBox(box, full, orientation)
  const blocks = level.blocks ?? unknownBlocks
  const [reach, isFull] = [level.blocks ? blockReach : unknownReach, level === full]
  const rules = { reach, isFull, scaleFactor: level.scaleFactor }
  const x = coverAxis(stored.x, stored.width, full.width, level.width, { ...rules, block: blocks.width })
  const y = coverAxis(stored.y, stored.height, full.height, level.height, { ...rules, block: blocks.height })
  return { x: x.start, y: y.start, width: x.length, height: y.length }
}

interface AxisRules {
  readonly scaleFactor: number
  readonly isFull: boolean
  readonly block: number
  readonly reach: number
}

/* A level may have been made by its nominal factor or by the ratio of the sizes: it is covered for both. */
function coverAxis(
  start: number,
  length: number,
  full: number,
  stored: number,
  { scaleFactor, isFull, block, reach }: AxisRules,
): { readonly start: number; readonly length: number } {
  const factors = [scaleFactor, full / stored]
  const margin = isFull ? 0 : levelReach
  let low = Math.floor(Math.min(...factors.map(factor => start / factor))) - margin
  let high = Math.ceil(Math.max(...factors.map(factor => (start + length) / factor))) + margin
  if (block > 1) {
    low = Math.floor(low / block) * block - reach
    high = Math.ceil(high / block) * block + reach
  }
  // What rounding took from the level is seen in its last pixel.
  low = Math.min(Math.max(low, 0), stored - 1)
  return { start: low, length: Math.min(Math.max(high, low + 1), stored) - low }
}

function chooseFrame(box: Dimensions, target: Dimensions): Dimensions {
  const wanted = {
    width: Math.min(box.width, target.width * maxFrameScale),
    height: Math.min(box.height, target.height * maxFrameScale),
  }
  const scale = Math.min(1, Math.sqrt(maxFramePixels / (wanted.width * wanted.height)))
  return {
    width: Math.min(box.width, Math.max(target.width, Math.floor(wanted.width * scale))),
    height: Math.min(box.height, Math.max(target.height, Math.floor(wanted.height * scale))),
  }
}

function placeInFrame(covered: Box, part: Box, frame: Dimensions): Box {
  const isScaled = frame.width !== part.width || frame.height !== part.height
  const margin = isScaled ? scaleReach : 0
  const [across, down] = [frame.width / part.width, frame.height / part.height]
  const left = Math.max(Math.floor((covered.x - part.x) * across) - margin, 0)
  const top = Math.max(Math.floor((covered.y - part.y) * down) - margin, 0)
  const right = Math.min(Math.ceil((covered.x + covered.width - part.x) * across) + margin, frame.width)
  const bottom = Math.min(Math.ceil((covered.y + covered.height - part.y) * down) + margin, frame.height)
  return { x: left, y: top, width: right - left, height: bottom - top }
}

/* The frame begins at `first` of the level; `scale` of its pixels are one of the frame. */
function measure(first: number, scale: number, scaleFactor: number, origin: number, cell: number): Ruler {
  return {
    start: ((first + scale / 2) * scaleFactor - origin) / cell,
    step: (scale * scaleFactor) / cell,
  }
}

function intersects(one: Box, two: Box): boolean {
  return (
    one.x < two.x + two.width &&
    two.x < one.x + one.width &&
    one.y < two.y + two.height &&
    two.y < one.y + one.height
  )
}
