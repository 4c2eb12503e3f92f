/* The fields of a directory: from the bytes of its entries to plain numbers and text (TIFF 6.0 section 2, "IFD Entry";
   BigTIFF has the same entries with eight-byte counts and offsets). */
import { type BlockReader, type ByteRange, checkRange } from './blocks.js'
import { createDamage } from './damage.js'
import { formatTag, isTag, type Tag, tags } from './tags.js'

/** How the numbers of a file are written, and where its bytes come from. */
export interface TiffScope {
  /** Whether the low byte of a number comes first ("II"). */
  readonly littleEndian: boolean
  /** Whether counts and offsets have eight bytes (BigTIFF). */
  readonly bigTiff: boolean
  /** The bytes of the file. */
  readonly bytes: BlockReader
}

/** Where the values of a field are. */
export interface TiffField {
  /** The field type: a key of the table of TIFF 6.0 section 2 and of BigTIFF. */
  readonly type: number
  /** The number of values. */
  readonly count: number
  /** The first byte of the first value. */
  readonly offset: number
}

/** The fields of one directory. */
export type TiffFields = ReadonlyMap<Tag, TiffField>

/** The numbers of the fields of one directory that have numbers. */
export type TiffNumbers = ReadonlyMap<Tag, readonly number[]>

// BYTE ASCII SHORT LONG RATIONAL SBYTE UNDEFINED SSHORT SLONG SRATIONAL FLOAT DOUBLE IFD – – LONG8 SLONG8 IFD8
const typeBytes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8] as const

/** The bands that a pixel may have at most. */
export const maxSamples = 256
/** The SubIFDs that a directory may have at most. */
export const maxSubdirectories = 256
const maxTextBytes = 1024

// How many values are read; what a field has beyond them means nothing to us.
const numberCounts: Readonly<Partial<Record<Tag, number>>> = {
  [tags.NewSubfileType]: 1,
  [tags.SubfileType]: 1,
  [tags.ImageWidth]: 1,
  [tags.ImageLength]: 1,
  [tags.BitsPerSample]: maxSamples,
  [tags.Compression]: 1,
  [tags.PhotometricInterpretation]: 1,
  [tags.FillOrder]: 1,
  [tags.Orientation]: 1,
  [tags.SamplesPerPixel]: 1,
  [tags.RowsPerStrip]: 1,
  [tags.XResolution]: 1,
  [tags.YResolution]: 1,
  [tags.PlanarConfiguration]: 1,
  [tags.ResolutionUnit]: 1,
  [tags.Predictor]: 1,
  [tags.TileWidth]: 1,
  [tags.TileLength]: 1,
  [tags.SubIFDs]: maxSubdirectories,
  [tags.ExtraSamples]: maxSamples,
  [tags.SampleFormat]: maxSamples,
  [tags.YCbCrCoefficients]: 3,
  [tags.YCbCrSubSampling]: 2,
  [tags.YCbCrPositioning]: 1,
  [tags.ReferenceBlackWhite]: 6,
  [tags.ExifIFD]: 1,
}

/** The bytes of one value of `field`. */
export function valueBytes(field: TiffField): number {
  return typeBytes[field.type] ?? 0
}

/** The run of bytes that all values of `field` fill. */
export function fieldRange(field: TiffField): ByteRange {
  return { offset: field.offset, length: field.count * valueBytes(field) }
}

/** Looks at `bytes` as numbers. */
export function createView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/**
 * Reads an unsigned number of eight bytes.
 *
 * @throws {@link SourceError} when it is too large to be exact: no file is that long.
 */
export function parseLong8(view: DataView, at: number, littleEndian: boolean): number {
  const high = view.getUint32(littleEndian ? at + 4 : at, littleEndian)
  const low = view.getUint32(littleEndian ? at : at + 4, littleEndian)
  if (high >= 2 ** 21) throw createDamage('a number is larger than any file')
  return high * 2 ** 32 + low
}

/**
 * Reads one value of a field; 0/0 and the like give NaN or Infinity, which whoever uses the value refuses.
 *
 * @throws {@link SourceError} when the number is too large to be exact.
 */
export function parseValue(view: DataView, at: number, type: number, littleEndian: boolean): number {
  switch (type) {
    case 6:
      return view.getInt8(at)
    case 3:
      return view.getUint16(at, littleEndian)
    case 8:
      return view.getInt16(at, littleEndian)
    case 4:
    case 13:
      return view.getUint32(at, littleEndian)
    case 9:
      return view.getInt32(at, littleEndian)
    case 5:
      return view.getUint32(at, littleEndian) / view.getUint32(at + 4, littleEndian)
    case 10:
      return view.getInt32(at, littleEndian) / view.getInt32(at + 4, littleEndian)
    case 11:
      return view.getFloat32(at, littleEndian)
    case 12:
      return view.getFloat64(at, littleEndian)
    case 16:
    case 18:
      return parseLong8(view, at, littleEndian)
    case 17:
      return Number(view.getBigInt64(at, littleEndian))
    default:
      return view.getUint8(at)
  }
}

/**
 * Reads the entries of a directory; `at` is where the bytes of the entries begin in the file.
 *
 * @throws {@link SourceError} when the values of a field that we read are not inside the file.
 */
export function parseFields(entries: Uint8Array, at: number, scope: TiffScope): TiffFields {
  const { littleEndian, bigTiff, bytes } = scope
  const view = createView(entries)
  const entryBytes = bigTiff ? 20 : 12
  const fields = new Map<Tag, TiffField>()
  for (let entry = 0; entry + entryBytes <= entries.length; entry += entryBytes) {
    const tag = view.getUint16(entry, littleEndian)
    const type = view.getUint16(entry + 2, littleEndian)
    const size = typeBytes[type] ?? 0
    // "Readers should skip over fields containing an unexpected field type." Of two equal tags the first one counts.
    if (size === 0 || !isTag(tag) || fields.has(tag)) continue
    const count = bigTiff
      ? parseLong8(view, entry + 4, littleEndian)
      : view.getUint32(entry + 4, littleEndian)
    if (count === 0) continue
    const slot = entry + (bigTiff ? 12 : 8)
    const inline = count * size <= (bigTiff ? 8 : 4)
    const away = bigTiff
      ? parseLong8Slot(view, slot, littleEndian, inline)
      : view.getUint32(slot, littleEndian)
    const field = { type, count, offset: inline ? at + slot : away }
    checkRange(fieldRange(field), bytes.size, `the field ${formatTag(tag)}`)
    fields.set(tag, field)
  }
  return fields
}

// A slot that holds values may look like a number larger than any file.
function parseLong8Slot(view: DataView, slot: number, littleEndian: boolean, inline: boolean): number {
  return inline ? 0 : parseLong8(view, slot, littleEndian)
}

/**
 * Reads the numbers of every field that has a small, known number of them.
 *
 * @throws {@link SourceError} when a value cannot be read.
 */
export async function readNumbers(
  fields: TiffFields,
  scope: TiffScope,
  signal?: AbortSignal,
): Promise<TiffNumbers> {
  const numbers = new Map<Tag, readonly number[]>()
  for (const [tag, field] of fields) {
    const count = Math.min(field.count, numberCounts[tag] ?? 0)
    if (count === 0) continue
    const range = fieldRange({ ...field, count })
    const view = createView(scope.bytes.peek(range) ?? (await scope.bytes.read(range, signal)))
    const size = valueBytes(field)
    const values: number[] = []
    for (let index = 0; index < count; index += 1) {
      values.push(parseValue(view, index * size, field.type, scope.littleEndian))
    }
    numbers.set(tag, values)
  }
  return numbers
}

/**
 * Reads the beginning of a text, at most 1024 bytes: enough to know who wrote a file.
 *
 * @throws {@link SourceError} when it cannot be read.
 */
export async function readText(
  field: TiffField | undefined,
  scope: TiffScope,
  signal?: AbortSignal,
): Promise<string | undefined> {
  if (field === undefined || valueBytes(field) !== 1) return undefined
  const range = fieldRange({ ...field, count: Math.min(field.count, maxTextBytes) })
  const bytes = scope.bytes.peek(range) ?? (await scope.bytes.read(range, signal))
  const end = bytes.indexOf(0)
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end))
}

/**
 * Gives the whole number of a field, or `fallback` where the field is missing.
 *
 * @throws {@link SourceError} when the number is not whole, or not between `min` and `max`.
 */
export function parseWhole(
  numbers: TiffNumbers,
  tag: Tag,
  fallback: number,
  min = 0,
  max: number = 2 ** 32,
): number {
  const value = numbers.get(tag)?.[0]
  if (value === undefined) return fallback
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw createDamage(`${formatTag(tag)} is ${value}`)
}
