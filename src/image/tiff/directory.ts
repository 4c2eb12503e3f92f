/* One directory of a TIFF file: the facts that decide where its pixels are and how they are decoded (TIFF 6.0 sections
   3 to 6, 8, 14, 15, 20, 21). What it is made from is checked here, so that a record that exists can be computed with. */
import type { Orientation } from '../../contracts.js'
import type { ByteRange } from './blocks.js'
import { createDamage } from './damage.js'
import { fieldRange, maxSamples, parseWhole, type TiffFields, type TiffNumbers } from './fields.js'
import { buildIndex, buildLayout, parseSide, type TiffIndex, type TiffLayout } from './layout.js'
import { compressions, formatTag, photometrics, subfileBits, type Tag, tags } from './tags.js'

/** Pixels in a length. */
export interface TiffResolution {
  /** Pixels in a unit of width. */
  readonly x: number
  /** Pixels in a unit of height. */
  readonly y: number
  /** The unit. */
  readonly unit: 'none' | 'inch' | 'centimetre'
}

/** One image in a TIFF file. Numbers without a unit are the values of the fields of the same name. */
export interface TiffDirectory {
  /** Where the directory is in the file, in bytes. */
  readonly offset: number
  /** The position in the chain of directories, as libvips counts pages; a SubIFD has that of its parent. */
  readonly page: number
  /** The position among the SubIFDs of the page, as libvips counts them. */
  readonly subifd?: number
  /** The width in stored pixels. */
  readonly width: number
  /** The height in stored pixels. */
  readonly height: number
  /** Whether NewSubfileType calls it a reduced-resolution version of another image. */
  readonly reduced: boolean
  /** Whether NewSubfileType calls it a page of several. */
  readonly paged: boolean
  /** Whether NewSubfileType calls it a transparency mask. */
  readonly mask: boolean
  /** Whether samples of more than eight bits have their low byte first. */
  readonly littleEndian: boolean
  /** How the pixels are cut. */
  readonly layout: TiffLayout
  /** Where the tiles or strips are; absent in files that do not list them, which only old-style JPEG may. */
  readonly index?: TiffIndex
  /** Compression. @defaultValue 1 */
  readonly compression: number
  /** PhotometricInterpretation. */
  readonly photometric: number
  /** Predictor. @defaultValue 1 */
  readonly predictor: number
  /** FillOrder. @defaultValue 1 */
  readonly fillOrder: number
  /** SamplesPerPixel. @defaultValue 1 */
  readonly samplesPerPixel: number
  /** BitsPerSample, one for each sample. @defaultValue 1 */
  readonly bitsPerSample: readonly number[]
  /** SampleFormat, one for each sample. @defaultValue 1 */
  readonly sampleFormat: readonly number[]
  /** ExtraSamples: 0 unknown, 1 alpha that colours are multiplied with, 2 alpha. */
  readonly extraSamples: readonly number[]
  /** YCbCrSubSampling, where given; JPEG tiles say it themselves. */
  readonly yCbCrSubSampling?: readonly number[]
  /** YCbCrPositioning. @defaultValue 1 */
  readonly yCbCrPositioning: number
  /** YCbCrCoefficients, where given. */
  readonly yCbCrCoefficients?: readonly number[]
  /** ReferenceBlackWhite, where given. */
  readonly referenceBlackWhite?: readonly number[]
  /** Orientation. @defaultValue 1 */
  readonly orientation: Orientation
  /** The resolution, where given. */
  readonly resolution?: TiffResolution
  /** The first 1024 bytes of ImageDescription. */
  readonly description?: string
  /** The first 1024 bytes of Software. */
  readonly software?: string
  /** Where JPEGTables are: an abbreviated JPEG stream with the tables of all tiles. */
  readonly jpegTables?: ByteRange
  /** Where the ICC profile is. */
  readonly iccProfile?: ByteRange
  /** Where the XMP packet is. */
  readonly xmp?: ByteRange
  /** Where the IPTC record is. */
  readonly iptc?: ByteRange
  /** Where the EXIF directory is, in bytes. */
  readonly exifOffset?: number
  /** The SubIFDs. */
  readonly subdirectories: readonly TiffDirectory[]
}

/** Where a directory stands in the file and among the others, and what hangs on it. */
export type TiffPlace = Pick<TiffDirectory, 'offset' | 'littleEndian' | 'page' | 'subifd' | 'subdirectories'>

/** The texts of a directory. */
export type TiffTexts = Pick<TiffDirectory, 'description' | 'software'>

/** One value for each sample: writers may give one value for all of them. */
function eachSample(numbers: TiffNumbers, tag: Tag, samples: number): readonly number[] {
  const values = numbers.get(tag) ?? [1]
  if (!values.every(value => Number.isInteger(value) && value > 0 && value <= 128)) {
    throw createDamage(`${formatTag(tag)} is ${values.slice(0, 4).join(', ')}`)
  }
  const last = values.at(-1) ?? 1
  return Array.from({ length: samples }, (_, index) => values[index] ?? last)
}

function buildResolution(numbers: TiffNumbers): TiffResolution | undefined {
  const x = numbers.get(tags.XResolution)?.[0] ?? Number.NaN
  const y = numbers.get(tags.YResolution)?.[0] ?? x
  if (!(x > 0 && y > 0 && Number.isFinite(x) && Number.isFinite(y))) return undefined
  const unit = numbers.get(tags.ResolutionUnit)?.[0] ?? 2
  return { x, y, unit: unit === 2 ? 'inch' : unit === 3 ? 'centimetre' : 'none' }
}

function buildPurpose(numbers: TiffNumbers): Pick<TiffDirectory, 'reduced' | 'paged' | 'mask'> {
  const bits = parseWhole(numbers, tags.NewSubfileType, 0)
  // SubfileType, its predecessor: 2 is a reduced image, 3 a page.
  const old = parseWhole(numbers, tags.SubfileType, 0)
  return {
    reduced: (bits & subfileBits.reduced) !== 0 || old === 2,
    paged: (bits & subfileBits.page) !== 0 || old === 3,
    mask:
      (bits & subfileBits.mask) !== 0 ||
      parseWhole(numbers, tags.PhotometricInterpretation, 0) === photometrics.mask,
  }
}

function isOrientation(value: number | undefined): value is Orientation {
  return value !== undefined && Number.isInteger(value) && value >= 1 && value <= 8
}

function buildColour(numbers: TiffNumbers, samples: number) {
  const subSampling = numbers.get(tags.YCbCrSubSampling)
  const coefficients = numbers.get(tags.YCbCrCoefficients)
  const reference = numbers.get(tags.ReferenceBlackWhite)
  return {
    photometric: parseWhole(numbers, tags.PhotometricInterpretation, samples < 3 ? 1 : 2),
    bitsPerSample: eachSample(numbers, tags.BitsPerSample, samples),
    sampleFormat: eachSample(numbers, tags.SampleFormat, samples),
    extraSamples: numbers.get(tags.ExtraSamples)?.slice(0, samples) ?? [],
    yCbCrPositioning: parseWhole(numbers, tags.YCbCrPositioning, 1),
    ...(subSampling && { yCbCrSubSampling: subSampling }),
    ...(coefficients && { yCbCrCoefficients: coefficients }),
    ...(reference && { referenceBlackWhite: reference }),
  }
}

function buildRanges(fields: TiffFields, numbers: TiffNumbers) {
  const [jpegTables, iccProfile, xmp, iptc] = [tags.JPEGTables, tags.ICCProfile, tags.XMP, tags.IPTC].map(
    tag => {
      const field = fields.get(tag)
      return field && fieldRange(field)
    },
  )
  const exifOffset = parseWhole(numbers, tags.ExifIFD, 0, 0, Number.MAX_SAFE_INTEGER)
  return {
    ...(jpegTables && { jpegTables }),
    ...(iccProfile && { iccProfile }),
    ...(xmp && { xmp }),
    ...(iptc && { iptc }),
    ...(exifOffset > 0 && { exifOffset }),
  }
}

/**
 * Builds the record of a directory from its fields.
 *
 * @throws {@link SourceError} when they contradict each other or describe what cannot be.
 */
export function buildDirectory(
  fields: TiffFields,
  numbers: TiffNumbers,
  texts: TiffTexts,
  place: TiffPlace,
): TiffDirectory {
  const samplesPerPixel = parseWhole(numbers, tags.SamplesPerPixel, 1, 1, maxSamples)
  const planes = parseWhole(numbers, tags.PlanarConfiguration, 1) === 2 ? samplesPerPixel : 1
  const layout = buildLayout(numbers, fields.has(tags.TileWidth) || fields.has(tags.TileOffsets), planes)
  const index = buildIndex(fields, layout)
  const orientation = numbers.get(tags.Orientation)?.[0]
  const resolution = buildResolution(numbers)
  return {
    ...place,
    ...texts,
    width: parseSide(numbers, tags.ImageWidth),
    height: parseSide(numbers, tags.ImageLength),
    ...buildPurpose(numbers),
    layout,
    ...(index && { index }),
    compression: parseWhole(numbers, tags.Compression, compressions.none),
    predictor: parseWhole(numbers, tags.Predictor, 1),
    fillOrder: parseWhole(numbers, tags.FillOrder, 1),
    samplesPerPixel,
    ...buildColour(numbers, samplesPerPixel),
    orientation: isOrientation(orientation) ? orientation : 1,
    ...(resolution && { resolution }),
    ...buildRanges(fields, numbers),
  }
}
