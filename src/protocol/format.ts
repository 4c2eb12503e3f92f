/* The format parameter: what the bytes of the response are (Image API 3.0 and 2.1 section 4.5).

     format = "jpg" / "tif" / "png" / "gif" / "jp2" / "pdf" / "webp" / "avif"

   `avif` is our extension. The names are lower case and have no synonyms: `jpeg` and `tiff` are refused. */
import { BadRequestError } from '../errors.js'

/** The formats of both versions and their media types, and `avif`. */
export const mediaTypes = {
  jpg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  tif: 'image/tiff',
  gif: 'image/gif',
  avif: 'image/avif',
  jp2: 'image/jp2',
  pdf: 'application/pdf',
} as const

/** A value of the format parameter. */
export type Format = keyof typeof mediaTypes

const formats: ReadonlySet<string> = new Set(Object.keys(mediaTypes))

const preferred: ReadonlyMap<string, Format> = new Map([
  ['jpeg', 'jpg'],
  ['jpe', 'jpg'],
  ['tiff', 'tif'],
])

/** Tells whether `text` names a format. */
export function isFormat(text: string): text is Format {
  return formats.has(text)
}

/**
 * Reads a format parameter.
 *
 * @throws {@link BadRequestError} when the format is unknown or not written in its one spelling.
 */
export function parseFormat(text: string): Format {
  if (isFormat(text)) return text
  const known = preferred.get(text.toLowerCase()) ?? text.toLowerCase()
  const hint = isFormat(known) ? `write ${known}` : `expected one of ${[...formats].join(', ')}`
  throw new BadRequestError('invalid-format', `The format "${text}" is unknown; ${hint}.`)
}
