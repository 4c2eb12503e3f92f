/* Positions on a stored level, one axis at a time. Sizes of levels are rounded, mostly down; tiles are asked for in sizes
   that are rounded up. Positions therefore go by the nominal scale factor, never by the ratio of the sizes, and a pixel
   that rounding took from the level is made good by its neighbour: the picture must not move. */
import { roundPixels } from '../protocol/geometry.js'

/** What is wanted along one axis, in stored pixels of the full image. */
export interface AxisRequest {
  /** The first pixel. */
  readonly start: number
  /** The number of pixels. */
  readonly length: number
  /** The length of the full image. */
  readonly full: number
  /** Whether the upright picture counts from the other end. */
  readonly reversed: boolean
  /** The number of pixels in the result. */
  readonly target: number
}

/** What is taken from a level along one axis. */
export interface AxisPlan {
  /** The first pixel of the level. */
  readonly start: number
  /** The number of pixels of the level. */
  readonly length: number
  /** The number of pixels after scaling; `before + scaled + after` is the target. */
  readonly scaled: number
  /** How often the first pixel is repeated. */
  readonly before: number
  /** How often the last pixel is repeated. */
  readonly after: number
}

/** Whether a level of this scale factor has at least the wanted resolution. */
export function suffices(axis: AxisRequest, scaleFactor: number): boolean {
  const pixels = axis.length / scaleFactor
  // On the grid of tiles the last one may have one pixel more than its share: it is rounded up.
  return axis.target <= (isOnGrid(axis, scaleFactor) ? Math.ceil(pixels) : pixels)
}

/** Plans one axis on a level that has `stored` pixels. */
export function planAxis(axis: AxisRequest, scaleFactor: number, stored: number): AxisPlan {
  const { start, length, target } = axis
  const isExact = isOnGrid(axis, scaleFactor) && Math.abs(target - length / scaleFactor) < 1
  if (isExact) return takeExactly(gridStart(axis, scaleFactor), target, stored)
  const first = Math.min(roundPixels(start / scaleFactor), stored - 1)
  const end = Math.min(Math.max(roundPixels((start + length) / scaleFactor), first + 1), stored)
  return { start: first, length: end - first, scaled: target, before: 0, after: 0 }
}

/* The grid begins where the upright picture begins, and ends with it wherever that is. */
function isOnGrid(axis: AxisRequest, scaleFactor: number): boolean {
  const first = uprightStart(axis)
  const end = first + axis.length
  return first % scaleFactor === 0 && (end % scaleFactor === 0 || end === axis.full)
}

function uprightStart({ start, length, full, reversed }: AxisRequest): number {
  return reversed ? full - start - length : start
}

/* Where the wanted pixels begin on the level if it had all of its pixels; can be outside of it by one. */
function gridStart(axis: AxisRequest, scaleFactor: number): number {
  const first = uprightStart(axis) / scaleFactor
  return axis.reversed ? roundPixels(axis.full / scaleFactor) - first - axis.target : first
}

function takeExactly(first: number, target: number, stored: number): AxisPlan {
  const start = Math.min(Math.max(first, 0), stored - 1)
  const end = Math.max(Math.min(first + target, stored), start + 1)
  const length = Math.min(end - start, target)
  const before = Math.min(Math.max(start - first, 0), target - length)
  return { start, length, scaled: length, before, after: target - length - before }
}
