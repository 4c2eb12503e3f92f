/* Which level of an image a request is answered from, and which of its stored pixels. */
import type { ImageDescription, PyramidLevel } from '../contracts.js'
import { type Box, coversImage, type Dimensions } from '../protocol/geometry.js'
import type { ResolvedRequest } from '../protocol/resolved.js'
import { type AxisPlan, type AxisRequest, planAxis, suffices } from './axis.js'
import { orientDimensions, reversedAxes, type Sides, toStoredBox } from './orientation.js'

/** Which stored pixels are read, and what they need to have the wanted size; in the frame of the stored pixels. */
export interface PartPlan {
  /** The index of the level. */
  readonly level: number
  /** The part of the level. */
  readonly box: Box
  /** Whether the part is all of the level. */
  readonly whole: boolean
  /** The size to scale to; none where the part has it. */
  readonly resize?: Dimensions
  /** How often the outermost rows and columns are repeated. */
  readonly extend?: Sides
}

/** Chooses the level, and the part of it that a request needs. */
export function planPart(description: ImageDescription, request: ResolvedRequest): PartPlan {
  const { orientation, levels } = description
  const region = toStoredBox(request.region, levels[0], orientation)
  const size = orientDimensions(request.size, orientation)
  const reversed = reversedAxes(orientation)
  const axes: readonly [AxisRequest, AxisRequest] = [
    {
      start: region.x,
      length: region.width,
      full: levels[0].width,
      reversed: reversed.x,
      target: size.width,
    },
    {
      start: region.y,
      length: region.height,
      full: levels[0].height,
      reversed: reversed.y,
      target: size.height,
    },
  ]
  const index = levels.findLastIndex(
    ({ scaleFactor }, at) => at === 0 || axes.every(axis => suffices(axis, scaleFactor)),
  )
  const level: PyramidLevel = levels[index] ?? levels[0]
  const x = planAxis(axes[0], level.scaleFactor, level.width)
  const y = planAxis(axes[1], level.scaleFactor, level.height)
  return { level: index, ...joinAxes(x, y, level) }
}

function joinAxes(x: AxisPlan, y: AxisPlan, level: Dimensions): Omit<PartPlan, 'level'> {
  const box = { x: x.start, y: y.start, width: x.length, height: y.length }
  const needsResize = x.scaled !== x.length || y.scaled !== y.length
  const needsExtend = x.before + x.after + y.before + y.after > 0
  return {
    box,
    whole: coversImage(box, level),
    ...(needsResize ? { resize: { width: x.scaled, height: y.scaled } } : {}),
    ...(needsExtend ? { extend: { left: x.before, top: y.before, right: x.after, bottom: y.after } } : {}),
  }
}
