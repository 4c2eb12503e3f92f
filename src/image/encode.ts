/* The record that one format's encoder gets, and what each format can hold. */
import { NotImplementedError } from '../errors.js'
import type { Format } from '../protocol/format.js'
import type {
  AvifOptions,
  GifOptions,
  JpgOptions,
  PngOptions,
  ResolvedEncodeOptions,
  TifOptions,
  WebpOptions,
} from './encode-options.js'

/** What one encoder is told. `bilevel` asks for black and white samples of one bit, or at least without loss. */
export type Encoding =
  | ({ readonly format: 'jpg' } & Required<JpgOptions>)
  | ({ readonly format: 'png'; readonly bilevel: boolean } & Required<PngOptions>)
  | ({ readonly format: 'webp' } & Required<WebpOptions>)
  | ({ readonly format: 'tif'; readonly bilevel: boolean } & Required<TifOptions>)
  | ({ readonly format: 'gif' } & Required<GifOptions>)
  | ({ readonly format: 'avif'; readonly lossless: boolean } & Required<AvifOptions>)

/**
 * The record for the encoder of one format.
 *
 * @throws {@link NotImplementedError} for the formats that cannot be written.
 */
export function planEncoding(format: Format, bitonal: boolean, options: ResolvedEncodeOptions): Encoding {
  switch (format) {
    case 'jpg':
      return { format, ...options.jpg }
    case 'png':
      return { format, bilevel: bitonal, ...options.png }
    case 'webp':
      return { format, ...options.webp, lossless: bitonal || options.webp.lossless }
    case 'tif':
      return { format, bilevel: bitonal, ...options.tif }
    case 'gif':
      return { format, ...options.gif }
    case 'avif':
      return { format, lossless: bitonal, ...options.avif }
    case 'jp2':
    case 'pdf':
      throw new NotImplementedError(`The format ${format} cannot be written by this server.`)
  }
}

/** The largest width and height that each format can hold, where that is a limit at all. */
export const maxSides: Readonly<Partial<Record<Format, number>>> = {
  jpg: 65_535,
  webp: 16_383,
  gif: 65_535,
  avif: 16_384,
}
