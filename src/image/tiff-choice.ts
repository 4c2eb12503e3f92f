/* Who decodes the tiles of a TIFF: this library where that is quicker and does the same, libvips otherwise; and what
   neither can. */
import { NotImplementedError } from '../errors.js'
import type { Box, Dimensions } from '../protocol/geometry.js'
import { isBundledLibvips } from './libvips.js'
import { isDecodable } from './tiff/decode.js'
import type { TiffDirectory } from './tiff/directory.js'
import { compressions } from './tiff/tags.js'

/* Decoded samples are held in memory; libvips holds a few rows of them. */
const maxQuickPixels = 4_000_000

const quickCompressions: readonly number[] = [
  compressions.none,
  compressions.deflate,
  compressions.oldDeflate,
  compressions.packBits,
  compressions.zstd,
]

/* What the libvips that comes with sharp was built without. */
const foreignCompressions: Readonly<Record<number, string>> = {
  [compressions.jpeg2000YCbCr]: 'JPEG 2000',
  [compressions.jpeg2000Any]: 'JPEG 2000',
  [compressions.jpeg2000Rgb]: 'JPEG 2000',
  [compressions.jpeg2000]: 'JPEG 2000',
  [compressions.lerc]: 'LERC',
  [compressions.lzma]: 'LZMA',
  [compressions.zstd]: 'Zstandard',
  [compressions.jpegXl]: 'JPEG XL',
}

/** Whether decoding a part here is quicker than libvips, or the only way; `isPlain` says that no profile is to be applied. */
export function isQuick(directory: TiffDirectory, box: Box, isPlain: boolean): boolean {
  return (
    isPlain &&
    directory.layout.kind === 'tiles' &&
    quickCompressions.includes(directory.compression) &&
    countPixels(box) <= maxQuickPixels &&
    isDecodable(directory)
  )
}

/** Whether nothing but this library can decode the tiles, so that a file is no use to libvips. */
export function isForeign({ compression }: TiffDirectory): boolean {
  return isBundledLibvips && foreignCompressions[compression] !== undefined
}

/** Refuses an image of which no part can be decoded. @throws {@link NotImplementedError} */
export function requireReadable(directory: TiffDirectory): void {
  if (!isForeign(directory)) return
  if (directory.layout.kind === 'tiles' && isDecodable(directory)) return
  throw unreadable(`The image is compressed with ${foreignCompressions[directory.compression]}`)
}

/** Refuses a part that only libvips could decode. @throws {@link NotImplementedError} */
export function requireLibvips(directory: TiffDirectory): void {
  if (isForeign(directory))
    throw unreadable(`So large a part is compressed with ${foreignCompressions[directory.compression]}`)
}

/** How many pixels there are. */
export function countPixels({ width, height }: Dimensions): number {
  return width * height
}

/* No word that would have the whole file tried by libvips. */
function unreadable(what: string): NotImplementedError {
  return new NotImplementedError(`${what}, which cannot be read here.`)
}
