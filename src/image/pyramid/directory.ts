/* The directories of a TIFF as lists of fields (TIFF 6.0 section 2, BigTIFF), to be read, taken elsewhere and written:
   the Exif data of all formats have this form. Values are kept with their low byte first. */
import { SourceError } from '../../errors.js'

/** Reads bytes; fewer only at the end. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array>

/** One field of a directory. */
export interface Field {
  /** What it is. */
  readonly tag: number
  /** The type of its values. */
  readonly type: number
  /** How many values there are. */
  readonly count: number
  /** The values, with their low byte first. */
  readonly bytes: Uint8Array
}

/** What the header of a file tells. */
export interface Header {
  /** Whether numbers have their low byte first. */
  readonly littleEndian: boolean
  /** Whether offsets have 64 bits. */
  readonly bigTiff: boolean
  /** Where the first directory is. */
  readonly first: number
}

/** A directory that was read. */
export interface Directory {
  /** Its fields, in their order. */
  readonly fields: readonly Field[]
  /** Where the next one is; 0 where there is none. */
  readonly next: number
}

/* No honest directory has more, and no honest value that is a text or a few numbers is longer. */
const maxFields = 1024
const maxFieldBytes = 4 * 2 ** 20

/** The bytes of a value of each type, and of the numbers in it. */
const types: Readonly<Record<number, readonly [value: number, number: number]>> = {
  1: [1, 1], // BYTE
  2: [1, 1], // ASCII
  3: [2, 2], // SHORT
  4: [4, 4], // LONG
  5: [8, 4], // RATIONAL
  6: [1, 1], // SBYTE
  7: [1, 1], // UNDEFINED
  8: [2, 2], // SSHORT
  9: [4, 4], // SLONG
  10: [8, 4], // SRATIONAL
  11: [4, 4], // FLOAT
  12: [8, 8], // DOUBLE
  13: [4, 4], // IFD
  16: [8, 8], // LONG8
  17: [8, 8], // SLONG8
  18: [8, 8], // IFD8
}

/** Reads the header of a TIFF. @throws {@link SourceError} where it is none. */
export async function readHeader(read: ReadAt): Promise<Header> {
  const bytes = await read(0, 16)
  if (bytes.length < 8 || bytes[0] !== bytes[1] || (bytes[0] !== 0x49 && bytes[0] !== 0x4d)) throw damaged()
  const littleEndian = bytes[0] === 0x49
  const view = viewOf(bytes)
  const version = view.getUint16(2, littleEndian)
  if (version === 42) return { littleEndian, bigTiff: false, first: view.getUint32(4, littleEndian) }
  if (version !== 43 || bytes.length < 16) throw damaged()
  return { littleEndian, bigTiff: true, first: Number(view.getBigUint64(8, littleEndian)) }
}

/**
 * Reads the directory at `offset`.
 *
 * @param isOurs - whether every field counts, as in a file of our own; otherwise those whose values are of an unknown
 * type, too long, or outside the file are left out
 */
export async function readDirectory(
  read: ReadAt,
  offset: number,
  { littleEndian, bigTiff }: Omit<Header, 'first'>,
  isOurs = false,
): Promise<Directory> {
  const [countBytes, entryBytes, offsetBytes] = bigTiff ? [8, 20, 8] : [2, 12, 4]
  const head = viewOf(await readExactly(read, offset, countBytes))
  const count = bigTiff ? Number(head.getBigUint64(0, littleEndian)) : head.getUint16(0, littleEndian)
  if (count > maxFields) throw damaged()
  const body = await readExactly(read, offset + countBytes, count * entryBytes + offsetBytes)
  const fields: Field[] = []
  for (let at = 0; at < count * entryBytes; at += entryBytes) {
    const maxBytes = isOurs ? Infinity : maxFieldBytes
    const field = await readField(read, body.subarray(at, at + entryBytes), littleEndian, maxBytes)
    if (field) fields.push(field)
    else if (isOurs) throw damaged()
  }
  return { fields, next: readOffset(viewOf(body), count * entryBytes, { littleEndian, bigTiff }) }
}

/* An entry is a tag, a type, a count, and the values or where they are. */
async function readField(
  read: ReadAt,
  entry: Uint8Array,
  littleEndian: boolean,
  maxBytes: number,
): Promise<Field | undefined> {
  const bigTiff = entry.length === 20
  const view = viewOf(entry)
  const tag = view.getUint16(0, littleEndian)
  const type = view.getUint16(2, littleEndian)
  const count = readOffset(view, 4, { littleEndian, bigTiff })
  const place = bigTiff ? 12 : 8
  const length = (types[type]?.[0] ?? 0) * count
  if (length === 0 || length > maxBytes) return undefined
  const isHere = length <= entry.length - place
  const bytes = isHere
    ? entry.slice(place, place + length)
    : Uint8Array.from(await read(readOffset(view, place, { littleEndian, bigTiff }), length))
  if (bytes.length < length) return undefined
  return { tag, type, count, bytes: littleEndian ? bytes : swapNumbers(bytes, type) }
}

/**
 * Formats a directory that will stand at `offset`, with the values that do not fit into their fields behind it.
 *
 * @param fields - in any order; of one tag there must be no two
 */
export function formatDirectory(
  { fields, next }: Directory,
  offset: number,
  { littleEndian, bigTiff }: Omit<Header, 'first'>,
): Uint8Array {
  const [countBytes, entryBytes, offsetBytes] = bigTiff ? [8, 20, 8] : [2, 12, 4]
  const valuesAt = countBytes + fields.length * entryBytes + offsetBytes
  const far = fields.map(({ bytes }) => (bytes.length > offsetBytes ? bytes.length + (bytes.length % 2) : 0))
  const result = new Uint8Array(valuesAt + far.reduce((sum, length) => sum + length, 0))
  const view = viewOf(result)
  const writeOffset = (at: number, value: number) =>
    bigTiff ? view.setBigUint64(at, BigInt(value), littleEndian) : view.setUint32(at, value, littleEndian)
  if (bigTiff) writeOffset(0, fields.length)
  else view.setUint16(0, fields.length, littleEndian)
  let free = valuesAt
  const sorted = fields.toSorted((one, two) => one.tag - two.tag)
  for (const [index, { tag, type, count, bytes }] of sorted.entries()) {
    const at = countBytes + index * entryBytes
    view.setUint16(at, tag, littleEndian)
    view.setUint16(at + 2, type, littleEndian)
    writeOffset(at + 4, count)
    const values = littleEndian ? bytes : swapNumbers(bytes, type)
    const place = at + (bigTiff ? 12 : 8)
    if (bytes.length <= offsetBytes) result.set(values, place)
    else {
      writeOffset(place, offset + free)
      result.set(values, free)
      free += bytes.length + (bytes.length % 2)
    }
  }
  writeOffset(countBytes + fields.length * entryBytes, next)
  return result
}

/** The first value of a field of whole numbers. */
export function firstNumber({ type, bytes }: Field): number | undefined {
  const view = viewOf(bytes)
  const size = types[type]?.[1] ?? 0
  if (bytes.length < size) return undefined
  if (size === 8) return Number(view.getBigUint64(0, true))
  if (size === 4) return view.getUint32(0, true)
  return size === 2 ? view.getUint16(0, true) : view.getUint8(0)
}

function readOffset(
  view: DataView,
  at: number,
  { littleEndian, bigTiff }: Pick<Header, 'littleEndian' | 'bigTiff'>,
): number {
  return bigTiff ? Number(view.getBigUint64(at, littleEndian)) : view.getUint32(at, littleEndian)
}

function swapNumbers(bytes: Uint8Array, type: number): Uint8Array {
  const size = types[type]?.[1] ?? 1
  const swapped = Uint8Array.from(bytes)
  for (let at = 0; at < swapped.length; at += size) swapped.subarray(at, at + size).reverse()
  return swapped
}

async function readExactly(read: ReadAt, offset: number, length: number): Promise<Uint8Array> {
  const bytes = await read(offset, length)
  if (bytes.length < length) throw damaged()
  return bytes
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function damaged(): SourceError {
  return new SourceError(500, 'source-damaged', 'The metadata of the image is damaged.')
}
