/* Writes small TIFF files of any kind: both byte orders, BigTIFF, SubIFDs, and lies where a test wants them. */

/** A field; `count` and `offset` replace what an honest writer would write. */
export interface WrittenField {
  readonly tag: number
  readonly type: number
  readonly values: readonly number[]
  readonly count?: number
  readonly offset?: number
}

/** A directory with its tiles or strips. */
export interface WrittenPage {
  readonly fields: readonly WrittenField[]
  readonly tiles?: readonly Uint8Array[]
  /** Lists `tiles` as strips. */
  readonly strips?: boolean
  readonly subifds?: readonly WrittenPage[]
  /** Where the next directory is, when that is a lie. */
  readonly next?: number
}

/** How a file is written. */
export interface WriterOptions {
  readonly bigEndian?: boolean
  readonly bigTiff?: boolean
}

const sizes: readonly number[] = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8]

/** A field of whole numbers of two bytes. */
export function short(tag: number, ...values: number[]): WrittenField {
  return { tag, type: 3, values }
}

/** A field of whole numbers of four bytes. */
export function long(tag: number, ...values: number[]): WrittenField {
  return { tag, type: 4, values }
}

/** A field of one rational number. */
export function rational(tag: number, numerator: number, denominator: number): WrittenField {
  return { tag, type: 5, values: [numerator, denominator], count: 1 }
}

/** A field of text. */
export function ascii(tag: number, text: string): WrittenField {
  return { tag, type: 2, values: [...Buffer.from(`${text}\0`)] }
}

/** A field of bytes. */
export function bytes(tag: number, values: Uint8Array): WrittenField {
  return { tag, type: 7, values: [...values] }
}

/** What an image of {@link imageFields} is like. */
export interface ImageOptions {
  readonly samples?: number
  readonly bits?: number
  readonly compression?: number
  readonly photometric?: number
  readonly tile?: number
  readonly rows?: number
}

/** The fields of a grey or colour image in strips or tiles. */
export function imageFields(width: number, height: number, options: ImageOptions = {}): WrittenField[] {
  const { samples = 1, bits = 8, compression = 1, tile = 0, rows = height } = options
  return [
    long(256, width),
    long(257, height),
    short(258, ...Array.from({ length: samples }, () => bits)),
    short(259, compression),
    short(262, options.photometric ?? (samples < 3 ? 1 : 2)),
    short(277, samples),
    ...(tile > 0 ? [long(322, tile), long(323, tile)] : [long(278, rows)]),
  ]
}

/** The bytes of one value, or of half a rational number. */
function sizeOf(type: number): number {
  return type === 5 || type === 10 ? 4 : (sizes[type] ?? 1)
}

/** A file that grows; numbers are put in its byte order. */
interface Sheet {
  readonly bigTiff: boolean
  bytes: Buffer
  end: number
  put(at: number, type: number, values: readonly number[]): void
  reserve(length: number): number
}

function createSheet(bigEndian: boolean, bigTiff: boolean): Sheet {
  function putOne(view: DataView, at: number, type: number, value: number): void {
    if (type === 11) view.setFloat32(at, value, !bigEndian)
    else if (type === 12) view.setFloat64(at, value, !bigEndian)
    else if (sizeOf(type) === 8) view.setBigUint64(at, BigInt(value), !bigEndian)
    else if (sizeOf(type) === 4) view.setUint32(at, value, !bigEndian)
    else if (sizeOf(type) === 2) view.setUint16(at, value, !bigEndian)
    else view.setUint8(at, value)
  }
  return {
    bigTiff,
    bytes: Buffer.alloc(1 << 16),
    end: bigTiff ? 16 : 8,
    put(at, type, values) {
      const view = new DataView(this.bytes.buffer, this.bytes.byteOffset)
      for (const [index, value] of values.entries()) putOne(view, at + index * sizeOf(type), type, value)
    },
    reserve(length) {
      const at = this.end + (this.end % 2)
      this.end = at + length
      if (this.end + 64 > this.bytes.length) {
        this.bytes = Buffer.concat([this.bytes, Buffer.alloc(this.end + this.bytes.length)])
      }
      return at
    },
  }
}

function putEntry(sheet: Sheet, entry: number, { tag, type, values, count, offset }: WrittenField): void {
  const { bigTiff } = sheet
  const wide = bigTiff ? 16 : 4
  const length = values.length * sizeOf(type)
  sheet.put(entry, 3, [tag, type])
  sheet.put(entry + 4, wide, [count ?? values.length])
  const slot = entry + (bigTiff ? 12 : 8)
  const inline = length <= (bigTiff ? 8 : 4)
  const place = inline ? slot : sheet.reserve(length)
  sheet.put(place, type, values)
  if (!inline || offset !== undefined) sheet.put(slot, wide, [offset ?? place])
}

function putTile(sheet: Sheet, tile: Uint8Array): number {
  if (tile.length === 0) return 0
  const at = sheet.reserve(tile.length)
  sheet.bytes.set(tile, at)
  return at
}

/** Puts a directory and all that hangs on it; gives its position and that of its link to the next one. */
function putDirectory(sheet: Sheet, page: WrittenPage): [number, number] {
  const { bigTiff } = sheet
  const wide = bigTiff ? 16 : 4
  const fields = [...page.fields]
  if (page.tiles) {
    const offsets = page.tiles.map(tile => putTile(sheet, tile))
    fields.push({ tag: page.strips ? 273 : 324, type: wide, values: offsets })
    fields.push({ tag: page.strips ? 279 : 325, type: wide, values: page.tiles.map(tile => tile.length) })
  }
  const subifds = (page.subifds ?? []).map(sub => putDirectory(sheet, sub)[0])
  if (subifds.length > 0) fields.push({ tag: 330, type: bigTiff ? 18 : 13, values: subifds })
  fields.sort((a, b) => a.tag - b.tag)
  const entryBytes = bigTiff ? 20 : 12
  const head = bigTiff ? 8 : 2
  const link = head + fields.length * entryBytes
  const at = sheet.reserve(link + (bigTiff ? 8 : 4))
  sheet.put(at, bigTiff ? 16 : 3, [fields.length])
  for (const [index, field] of fields.entries()) putEntry(sheet, at + head + index * entryBytes, field)
  return [at, at + link]
}

/** Writes a file. */
export function writeTiff(
  pages: readonly WrittenPage[],
  { bigEndian = false, bigTiff = false }: WriterOptions = {},
): Uint8Array {
  const sheet = createSheet(bigEndian, bigTiff)
  const wide = bigTiff ? 16 : 4
  let link = bigTiff ? 8 : 4
  sheet.bytes.write(bigEndian ? 'MM' : 'II', 0, 'latin1')
  sheet.put(2, 3, bigTiff ? [43, 8, 0] : [42])
  for (const page of pages) {
    const [at, next] = putDirectory(sheet, page)
    sheet.put(link, wide, [at])
    if (page.next !== undefined) sheet.put(next, wide, [page.next])
    link = next
  }
  return new Uint8Array(sheet.bytes.subarray(0, sheet.end))
}

/** 256 equal bytes: a grey tile of 16 pixels a side. */
export const greyTile: Uint8Array = new Uint8Array(256).fill(9)

/** A grey image of one strip. */
export const greyPage: WrittenPage = { fields: imageFields(16, 16), tiles: [greyTile], strips: true }

/** A grey image of nine tiles. */
export const tiledPage: WrittenPage = {
  fields: imageFields(40, 40, { tile: 16 }),
  tiles: Array(9).fill(greyTile),
}
