/* The quality parameter: which colours the response has (Image API 3.0 and 2.1 section 4.4).

     quality = "color" / "gray" / "bitonal" / "default"                                                              */
import { BadRequestError } from '../errors.js'

/** The values of the quality parameter. */
export const qualities = ['default', 'color', 'gray', 'bitonal'] as const

/** A value of the quality parameter. */
export type Quality = (typeof qualities)[number]

/** Tells whether `text` names a quality. */
export function isQuality(text: string): text is Quality {
  return (qualities as readonly string[]).includes(text)
}

/**
 * Reads a quality parameter.
 *
 * @throws {@link BadRequestError} when the quality is unknown; `native` and `grey` are those of version 1.
 */
export function parseQuality(text: string): Quality {
  if (isQuality(text)) return text
  throw new BadRequestError(
    'invalid-quality',
    `The quality "${text}" is unknown; expected one of ${qualities.join(', ')}.`,
  )
}

/**
 * The quality that makes the same pixels under its canonical name, which is `default` where that is what is asked for
 * (3.0 section 4.8). The default of a grey image is `gray`, that of all others
 * `color`; the colours of a grey image are its greys.
 */
export function resolveQuality(quality: Quality, isGray: boolean): Quality {
  return quality === 'color' || (quality === 'gray' && isGray) ? 'default' : quality
}
