/* The eight ways a picture can lie: EXIF orientations, mirroring and quarter turns are one group (D4), and each
   element of it is written here as "flop, then turn clockwise". Pure arithmetic, no pixels. */
import type { Orientation } from '../contracts.js'
import type { Box, Dimensions } from '../protocol/geometry.js'
import type { Rotation } from '../protocol/rotation.js'

/** A turn by whole pixels. */
export type QuarterAngle = 0 | 90 | 180 | 270

/** A mirroring on the vertical axis, if any, and then a turn. */
export interface Turn {
  /** Whether left and right change places, before anything is turned. */
  readonly flop: boolean
  /** Degrees clockwise, the whole quarter turns. */
  readonly angle: QuarterAngle
}

/** A turn, and what is left of the degrees after the quarter turns. */
export interface TiltedTurn extends Turn {
  /** Degrees clockwise, from 0 up to, not including, 90. */
  readonly tilt: number
}

/** Widths that belong to the four sides of a picture. */
export interface Sides {
  /** Pixels at the left edge. */
  readonly left: number
  /** Pixels at the top edge. */
  readonly top: number
  /** Pixels at the right edge. */
  readonly right: number
  /** Pixels at the bottom edge. */
  readonly bottom: number
}

const turns: Readonly<Record<Orientation, Turn>> = {
  1: { flop: false, angle: 0 },
  2: { flop: true, angle: 0 },
  3: { flop: false, angle: 180 },
  4: { flop: true, angle: 180 },
  5: { flop: true, angle: 270 },
  6: { flop: false, angle: 90 },
  7: { flop: true, angle: 90 },
  8: { flop: false, angle: 270 },
}

/** What makes stored pixels of an orientation stand upright. */
export function turnOf(orientation: Orientation): Turn {
  return turns[orientation]
}

/**
 * Joins an orientation and the rotation of a request, which applies to the upright picture, into one turn of the
 * stored pixels.
 */
export function combineTurns(orientation: Orientation, rotation: Rotation): TiltedTurn {
  const first = turns[orientation]
  // Mirroring after a turn is the same as mirroring before it and turning the other way.
  const turned = rotation.mirror ? 360 - first.angle : first.angle
  const tilt = rotation.degrees % 90
  const quarters = (turned + rotation.degrees - tilt) / 90
  return { flop: first.flop !== rotation.mirror, angle: quarterAngles[quarters % 4] ?? 0, tilt }
}

const quarterAngles: readonly QuarterAngle[] = [0, 90, 180, 270]

/** Whether width and height change places when stored pixels of this orientation are made upright. */
export function swapsSides(orientation: Orientation): boolean {
  return turns[orientation].angle % 180 !== 0
}

/** The dimensions in the other frame: upright from stored, or stored from upright. */
export function orientDimensions(dimensions: Dimensions, orientation: Orientation): Dimensions {
  const { width, height } = dimensions
  return swapsSides(orientation) ? { width: height, height: width } : { width, height }
}

/** Turns a box of a picture of these dimensions by quarter turns: the box of the same pixels afterwards. */
export function turnBox(box: Box, picture: Dimensions, turn: Turn): Box {
  const { y, width, height } = box
  const x = turn.flop ? picture.width - box.x - width : box.x
  const right = picture.width - x - width
  const bottom = picture.height - y - height
  if (turn.angle === 90) return { x: bottom, y: x, width: height, height: width }
  if (turn.angle === 180) return { x: right, y: bottom, width, height }
  if (turn.angle === 270) return { x: y, y: right, width: height, height: width }
  return { x, y, width, height }
}

/** Maps a box of the stored pixels, whose dimensions are `stored`, to the upright picture. */
export function toUprightBox(box: Box, stored: Dimensions, orientation: Orientation): Box {
  return turnBox(box, stored, turns[orientation])
}

/** Maps a box of the upright picture to the stored pixels, whose dimensions are `stored`. */
export function toStoredBox(box: Box, stored: Dimensions, orientation: Orientation): Box {
  return turnBox(box, orientDimensions(stored, orientation), invertTurn(turns[orientation]))
}

/** The turn that undoes a turn. */
export function invertTurn(turn: Turn): Turn {
  // With a mirroring, the turn is its own inverse: it is a reflection on some axis.
  return turn.flop ? turn : { flop: false, angle: quarterAngles[(4 - turn.angle / 90) % 4] ?? 0 }
}

/** Tells which stored axes run against the upright ones: the first pixel stored is the last one seen. */
export function reversedAxes(orientation: Orientation): { readonly x: boolean; readonly y: boolean } {
  const corner = toUprightBox({ x: 0, y: 0, width: 1, height: 1 }, { width: 2, height: 2 }, orientation)
  const swapped = swapsSides(orientation)
  return { x: (swapped ? corner.y : corner.x) === 1, y: (swapped ? corner.x : corner.y) === 1 }
}

/** Turns the widths at the sides of a picture by quarter turns. */
export function turnSides(sides: Sides, turn: Turn): Sides {
  const { top, bottom } = sides
  const [left, right] = turn.flop ? [sides.right, sides.left] : [sides.left, sides.right]
  if (turn.angle === 90) return { left: bottom, top: left, right: top, bottom: right }
  if (turn.angle === 180) return { left: right, top: bottom, right: left, bottom: top }
  if (turn.angle === 270) return { left: top, top: right, right: bottom, bottom: left }
  return { left, top, right, bottom }
}
