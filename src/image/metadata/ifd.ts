/* The fields of one directory of a TIFF structure, read with patience: of metadata nothing has to be there, and what is
   broken is passed over (TIFF 6.0 section 2; EXIF 2.32 section 4.6 has the same structure). */

/** Where a directory is read from. */
export interface IfdScope {
  /** Whether the low byte of a number comes first. */
  readonly littleEndian: boolean
  /** Whether counts and offsets have eight bytes (BigTIFF). */
  readonly bigTiff: boolean
  /** Gives a run of bytes; `undefined` where there is none. */
  read(offset: number, length: number): Promise<Uint8Array | undefined>
}

/** The bytes of the wanted fields, by their tags. */
export type IfdValues = ReadonlyMap<number, Uint8Array>

const maxEntries = 512

/** Longer values are cut, in bytes. */
const maxValueBytes = 16 * 1024

// BYTE ASCII SHORT LONG and the others of TIFF; 129 is the UTF-8 of EXIF 3.0.
const typeBytes: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 4, 7: 1, 13: 4, 129: 1 }

/** Reads the values of fields in the directory at `offset`. Whatever cannot be read is missing. */
export async function readIfd(
  scope: IfdScope,
  offset: number,
  wanted: readonly number[],
): Promise<IfdValues> {
  const values = new Map<number, Uint8Array>()
  const { littleEndian, bigTiff } = scope
  const countBytes = bigTiff ? 8 : 2
  const head = view(await scope.read(offset, countBytes))
  const count = head && (bigTiff ? readLong8(head, 0, littleEndian) : head.getUint16(0, littleEndian))
  if (!count || count > maxEntries) return values
  const entryBytes = bigTiff ? 20 : 12
  const entries = view(await scope.read(offset + countBytes, count * entryBytes))
  if (entries === undefined) return values
  for (let at = 0; at < count * entryBytes; at += entryBytes) {
    const tag = entries.getUint16(at, littleEndian)
    if (!wanted.includes(tag) || values.has(tag)) continue
    const value = await readValue(scope, entries, at)
    if (value !== undefined) values.set(tag, value)
  }
  return values
}

async function readValue(scope: IfdScope, entries: DataView, at: number): Promise<Uint8Array | undefined> {
  const { littleEndian, bigTiff } = scope
  const size = typeBytes[entries.getUint16(at + 2, littleEndian)] ?? 0
  const count = bigTiff ? readLong8(entries, at + 4, littleEndian) : entries.getUint32(at + 4, littleEndian)
  const length = size * count
  const slot = at + (bigTiff ? 12 : 8)
  const slotBytes = bigTiff ? 8 : 4
  if (length === 0) return undefined
  if (length <= slotBytes) return new Uint8Array(entries.buffer, entries.byteOffset + slot, length)
  const offset = bigTiff ? readLong8(entries, slot, littleEndian) : entries.getUint32(slot, littleEndian)
  return scope.read(offset, Math.min(length, maxValueBytes))
}

/** Reads the first whole number of a value of type SHORT, LONG or IFD. */
export function readWhole(value: Uint8Array | undefined, littleEndian: boolean): number | undefined {
  const bytes = view(value)
  if (bytes === undefined) return undefined
  return bytes.byteLength < 4 ? bytes.getUint16(0, littleEndian) : bytes.getUint32(0, littleEndian)
}

function view(bytes: Uint8Array | undefined): DataView | undefined {
  return bytes && new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

// A number that no file reaches has no bytes behind it either.
function readLong8(bytes: DataView, at: number, littleEndian: boolean): number {
  const value = bytes.getBigUint64(at, littleEndian)
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value)
}
