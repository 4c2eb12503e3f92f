/* The rotation parameter: mirror first, then turn clockwise (Image API 3.0 and 2.1 section 4.3).

     rotation = [ "!" ] number        ; 0 to 360 degrees, decimals allowed                                           */
import { BadRequestError } from '../errors.js'
import { formatDecimal, parseDecimal } from './decimal.js'

/** A value of the rotation parameter. */
export interface Rotation {
  /** Whether the image is mirrored on its vertical axis before it is turned. */
  readonly mirror: boolean
  /** Degrees clockwise, from 0 up to, not including, 360. */
  readonly degrees: number
}

/**
 * Reads a rotation parameter; 360 is the same as 0 (our choice: the canonical form is 0).
 *
 * @throws {@link BadRequestError} when it is not a number from 0 to 360.
 */
export function parseRotation(text: string): Rotation {
  const mirror = text.startsWith('!')
  const degrees = parseDecimal(mirror ? text.slice(1) : text)
  if (degrees === undefined || degrees > 360) {
    throw new BadRequestError(
      'invalid-rotation',
      `The rotation "${text}" is not valid; expected degrees from 0 to 360, with "!" before them to mirror.`,
    )
  }
  return { mirror, degrees: degrees % 360 }
}

/** Writes a rotation in its canonical form. */
export function formatRotation(rotation: Rotation): string {
  return `${rotation.mirror ? '!' : ''}${formatDecimal(rotation.degrees)}`
}

/** Tells whether the rotation moves whole pixels only. */
export function isQuarterTurn(rotation: Rotation): boolean {
  return rotation.degrees % 90 === 0
}
