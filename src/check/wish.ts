/* What rows ask for: parameters that the server promises, small enough to be cheap for it. */
import type { Box, Dimensions } from '../protocol/geometry.js'
import { fitWithin, isWithinLimits, type Limits } from '../protocol/limits.js'
import { readRecords, readWhole } from './info.js'
import type { Subject } from './subject.js'

/** The side that a small image has. */
const smallSide = 200

/** The size that asks for all there is of a region: where limits forbid that, what they allow. */
export function wholeSize({ version, limits }: Subject, region: Dimensions): string {
  if (version === 3) return 'max'
  return isWithinLimits(region, limits) ? 'full' : 'max'
}

/** A size parameter for a region: small where a width may be asked for, all there is otherwise. */
export function smallSize(subject: Subject, region: Dimensions): string {
  if (!subject.promises({ feature: 'sizeByW' })) return wholeSize(subject, region)
  return `${Math.min(smallSide, boundWidth(region, subject.limits))},`
}

/** The largest width of a region that the limits allow, its aspect kept. */
export function boundWidth(region: Dimensions, limits: Limits): number {
  return Math.max(1, fitWithin(region, region, limits).width)
}

/** The parameters of a small image of the whole, in a form that every server with this info.json answers. */
export function smallImage(subject: Subject): string {
  const listed = readRecords(subject.info, 'sizes')
    .map(({ width, height }) => ({ width: readWhole(width), height: readWhole(height) }))
    .filter(({ width, height }) => width !== undefined && height !== undefined)
    .sort((one, two) => Math.abs((one.width ?? 0) - smallSide) - Math.abs((two.width ?? 0) - smallSide))[0]
  if (subject.promises({ feature: 'sizeByW' }))
    return `full/${smallSize(subject, subject.size)}/0/default.jpg`
  if (!listed) return `full/${wholeSize(subject, subject.size)}/0/default.jpg`
  const size = subject.version === 3 ? `${listed.width},${listed.height}` : `${listed.width},`
  return `full/${size}/0/default.jpg`
}

/** A part of the image that is nowhere in its middle, so that a wrong one shows. */
export function chooseBox({ width, height }: Dimensions): Box {
  return {
    x: Math.floor(width / 8),
    y: Math.floor(height / 3),
    width: Math.max(1, Math.floor(width / 2)),
    height: Math.max(1, Math.floor(height / 3)),
  }
}

/** Writes a region. */
export function formatBox({ x, y, width, height }: Box): string {
  return `${x},${y},${width},${height}`
}
