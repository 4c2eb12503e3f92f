/* Decodes tiles and strips whose compression is lossless, without opening the file in libvips again: the pixels are
   exactly those that libvips gives. JPEG and WebP tiles are images of their own and are decoded elsewhere. */
import { createDamage } from './damage.js'
import { decompress, decompressNow, isBrief, packers, type Unpacked } from './decompress.js'
import type { TiffDirectory } from './directory.js'
import { rowBytes, tileRows } from './layout.js'
import { isOldLzw } from './lzw.js'
import { invertSamples, isForeignOrder, swapWords, undoDifferences, unpackBits } from './samples.js'
import { compressions, photometrics } from './tags.js'

/** What {@link decodeTile} gives. */
export type DecodedTile =
  | {
      /** Decoded samples, interleaved, as libvips would give them; a tile with its padding. */
      readonly kind: 'samples'
      /** The samples; those of 16 bits in the byte order of this machine, beginning at an even address. */
      readonly data: Uint8Array
      /** The width of the tile. */
      readonly width: number
      /** The height of the tile; the last strip may have fewer rows than the others. */
      readonly height: number
      /** Samples in a pixel: grey or three colours, then perhaps alpha. */
      readonly channels: 1 | 2 | 3 | 4
      /** Bits in a sample; samples of one bit are given as 0 and 255. */
      readonly depth: 8 | 16
    }
  | {
      /** The tile is of a kind that is left to libvips. */
      readonly kind: 'unsupported'
      /** What it is that is not supported, for a log. */
      readonly reason: string
    }

const maxDecodedBytes = 64 * 2 ** 20
// The others ignore the field Predictor.
const predictors: readonly number[] = [
  compressions.lzw,
  compressions.deflate,
  compressions.oldDeflate,
  compressions.zstd,
]

function hasPredictor({ compression, predictor }: TiffDirectory): boolean {
  return predictors.includes(compression) && predictor !== 1
}

/** Says what in the samples of a directory is left to libvips. */
function findSampleObstacle(directory: TiffDirectory): string | undefined {
  const { photometric, samplesPerPixel, bitsPerSample, sampleFormat, extraSamples } = directory
  const bits = bitsPerSample[0] ?? 0
  const colours = photometric === photometrics.rgb ? 3 : 1
  if (photometric > photometrics.rgb) return `photometric interpretation ${photometric}`
  if (samplesPerPixel < colours || samplesPerPixel > colours + 1) return `${samplesPerPixel} samples`
  if (![1, 8, 16].includes(bits) || !bitsPerSample.every(each => each === bits)) return `${bits} bits`
  if (!sampleFormat.every(each => each === 1)) return `sample format ${sampleFormat[0]}`
  // libvips has its own ideas of these; they are too rare to follow them.
  if (extraSamples[0] === 1) return 'colours multiplied with alpha'
  if (photometric === photometrics.whiteIsZero && samplesPerPixel > 1) return 'alpha where white is zero'
  if (bits === 1 && samplesPerPixel > 1) return 'several samples of one bit'
  return undefined
}

/** Says what in a directory is left to libvips; `undefined` where {@link decodeTile} can do it. */
export function findObstacle(directory: TiffDirectory): string | undefined {
  const { compression, predictor, layout, fillOrder, bitsPerSample } = directory
  if (directory.index === undefined) return 'no list of tiles or strips'
  if (!packers.includes(compression)) return `compression ${compression}`
  if (layout.planes > 1) return 'planar configuration 2'
  if (fillOrder !== 1) return `fill order ${fillOrder}`
  if (hasPredictor(directory) && (predictor !== 2 || bitsPerSample[0] === 1)) return `predictor ${predictor}`
  if (rowBytes(layout, bitsPerSample) * layout.height > maxDecodedBytes)
    return 'tiles or strips of more than 64 MiB'
  return findSampleObstacle(directory)
}

/** Tells whether {@link decodeTile} can decode the tiles of a directory; LZW of before 1988 shows only in its bytes. */
export function isDecodable(directory: TiffDirectory): boolean {
  return findObstacle(directory) === undefined
}

/** Makes samples of decompressed bytes; they are changed in place unless they are the stored bytes themselves. */
function buildSamples(found: Uint8Array, directory: TiffDirectory, height: number): Uint8Array {
  const { layout, littleEndian, photometric, samplesPerPixel, bitsPerSample, compression } = directory
  const bits = bitsPerSample[0] ?? 8
  const inverted = photometric === photometrics.whiteIsZero
  const swapped = bits === 16 && isForeignOrder(littleEndian)
  const odd = bits === 16 && found.byteOffset % 2 !== 0
  const stored = compression === compressions.none
  const bytes = odd || (stored && (inverted || swapped)) ? new Uint8Array(found) : found
  if (swapped) swapWords(bytes)
  if (hasPredictor(directory) && bits !== 1) {
    undoDifferences(bytes, bits === 16 ? 16 : 8, layout.width * samplesPerPixel, samplesPerPixel)
  }
  if (inverted) invertSamples(bytes)
  return bits === 1 ? unpackBits(bytes, layout.width, height) : bytes
}

interface Task extends Unpacked {
  /** The rows of the tile or strip. */
  readonly height: number
}

/* Says what is to be done, or why it is left to libvips. */
function planTask(bytes: Uint8Array, directory: TiffDirectory, index: number): Task | string {
  const { layout, compression, bitsPerSample } = directory
  const oldLzw = compression === compressions.lzw && isOldLzw(bytes)
  const reason = findObstacle(directory) ?? (oldLzw ? 'LZW of before 1988' : undefined)
  if (reason !== undefined) return reason
  const height = tileRows(layout, directory.height, index)
  // A whole number for the machine too: decoders count to it, and numbers of a file arrive as floating point.
  const length = (rowBytes(layout, bitsPerSample) * height) | 0
  return { length, maxBytes: rowBytes(layout, bitsPerSample) * layout.height, height }
}

function finishTile(
  found: Uint8Array,
  { length, height }: Task,
  directory: TiffDirectory,
  index: number,
): DecodedTile {
  if (found.length < length) throw createDamage(`tile ${index} has ${found.length} of ${length} bytes`)
  return {
    kind: 'samples',
    data: buildSamples(found.subarray(0, length), directory, height),
    width: directory.layout.width,
    height,
    channels: directory.samplesPerPixel as 1 | 2 | 3 | 4,
    depth: directory.bitsPerSample[0] === 16 ? 16 : 8,
  }
}

/** Whether {@link decodeTileNow} may decode the tiles of a directory. */
export function isQuicklyDecoded({ compression, layout, bitsPerSample }: TiffDirectory): boolean {
  return isBrief(compression, rowBytes(layout, bitsPerSample) * layout.height)
}

/**
 * As {@link decodeTile}, at once; only where that holds up nobody: {@link isQuicklyDecoded}.
 *
 * @throws {@link SourceError} when the bytes are damaged.
 */
export function decodeTileNow(bytes: Uint8Array, directory: TiffDirectory, index: number): DecodedTile {
  const task = planTask(bytes, directory, index)
  if (typeof task === 'string') return { kind: 'unsupported', reason: task }
  return finishTile(decompressNow(bytes, directory.compression, task), task, directory, index)
}

/**
 * Decodes the stored bytes of the tile or strip `index`. Bytes of an uncompressed file that are right already are given
 * back without a copy.
 *
 * @throws {@link SourceError} when the bytes are damaged.
 */
export async function decodeTile(
  bytes: Uint8Array,
  directory: TiffDirectory,
  index: number,
): Promise<DecodedTile> {
  const task = planTask(bytes, directory, index)
  if (typeof task === 'string') return { kind: 'unsupported', reason: task }
  return finishTile(await decompress(bytes, directory.compression, task), task, directory, index)
}
