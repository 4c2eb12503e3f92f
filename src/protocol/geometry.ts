/* Boxes, dimensions and THE rounding rule. Regions, sizes, tiles, info.json, canonical URIs and pixels all round here
   and nowhere else (Image API 3.0 section 4.2 leaves the rule open). */

/** A width and a height in pixels. */
export interface Dimensions {
  /** Pixels, at least 1. */
  readonly width: number
  /** Pixels, at least 1. */
  readonly height: number
}

/** A rectangle of whole pixels. */
export interface Box extends Dimensions {
  /** Pixels from the left edge. */
  readonly x: number
  /** Pixels from the top edge. */
  readonly y: number
}

/**
 * Rounds to the nearest whole pixel, halves up. Nine decimals are trusted, so that a value that is a half in
 * decimal arithmetic is a half here too, whatever binary floating point made of it.
 */
export function roundPixels(value: number): number {
  return Math.floor(value + 0.5 + 1e-9)
}

/** Rounds down to a whole pixel, forgiving what floating point lost below nine decimals. */
export function floorPixels(value: number): number {
  return Math.floor(value + 1e-9)
}

/** The side that belongs to `side` when `from` becomes `to`, aspect kept, never less than one pixel. */
export function scaleSide(side: number, from: number, to: number): number {
  return Math.max(1, roundPixels((side * to) / from))
}

/** The number of tiles, or of pixels at a scale factor, that cover `length`. */
export function ceilDivide(length: number, divisor: number): number {
  return Math.ceil(length / divisor)
}

/** Whether `box` is all of an image of these dimensions. */
export function coversImage(box: Box, image: Dimensions): boolean {
  return box.x === 0 && box.y === 0 && box.width === image.width && box.height === image.height
}

/**
 * The dimensions of the canvas that holds an image turned by `degrees` without loss or margin
 * (Image API 3.0 section 4.3: the image content must not be scaled, the canvas grows).
 */
export function rotateDimensions(image: Dimensions, degrees: number): Dimensions {
  const quarter = (degrees / 90) % 4
  if (Number.isInteger(quarter))
    return quarter % 2 === 0 ? image : { width: image.height, height: image.width }
  const angle = (degrees * Math.PI) / 180
  const cos = Math.abs(Math.cos(angle))
  const sin = Math.abs(Math.sin(angle))
  return {
    width: Math.max(1, roundPixels(image.width * cos + image.height * sin)),
    height: Math.max(1, roundPixels(image.width * sin + image.height * cos)),
  }
}
