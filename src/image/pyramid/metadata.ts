/* What a source says about its picture, carried into a pyramid: Exif and GPS (Exif 2.32), XMP and IPTC as TIFF stores
   them (XMP part 3, IIM 4.2). libvips writes none of it into TIFF. What speaks of the stored pixels is corrected. */
import type { Dimensions } from '../../protocol/geometry.js'
import {
  type Field,
  firstNumber,
  formatDirectory,
  type ReadAt,
  readDirectory,
  readHeader,
} from './directory.js'

/** What is carried over. */
export interface CarriedMetadata {
  /** Fields of the first directory. */
  readonly fields: readonly Field[]
  /** Fields of the Exif directory. */
  readonly exif: readonly Field[]
  /** Fields of the GPS directory. */
  readonly gps: readonly Field[]
}

/** Where the metadata of a source is. */
export interface MetadataSource {
  /** Reads the TIFF structure that holds the Exif data: the block of another format, or a TIFF file itself. */
  readonly exif?: ReadAt
  /** The XMP packet. */
  readonly xmp?: Uint8Array | undefined
  /** The IPTC record, or the resources of Photoshop that hold it. */
  readonly iptc?: Uint8Array | undefined
}

/** What became of the picture. */
export interface PictureChange {
  /** Its upright size. */
  readonly size: Dimensions
  /** Whether its colours were brought to sRGB. */
  readonly isConverted: boolean
}

/** A file that metadata is added to. */
export interface OpenFile {
  /** Reads bytes. */
  readonly read: ReadAt
  /** Writes bytes. */
  write(bytes: Uint8Array, offset: number): Promise<unknown>
  /** How long it is. */
  readonly size: number
}

const tag = {
  processingSoftware: 11,
  xmp: 700,
  iptc: 33723,
  exif: 34665,
  gps: 34853,
  colourSpace: 40961,
  pixelWidth: 40962,
  pixelHeight: 40963,
  interoperability: 40965,
} as const

/** ImageDescription, Make, Model, Software, DateTime, Artist, HostComputer, Copyright, and the name of the document. */
const descriptive: readonly number[] = [269, 270, 271, 272, 305, 306, 315, 316, 33432]

/* A description in XML tells the readers of microscopes how the file is built: it would not be true any more. */
const imageDescription = 270
const xmlStart = 0x3c

/** Reads what can be carried over. @throws {@link SourceError} where the Exif data are damaged. */
export async function readCarried(source: MetadataSource, change: PictureChange): Promise<CarriedMetadata> {
  const { fields, exif, gps } = source.exif
    ? await readExif(source.exif, change)
    : { fields: [], exif: [], gps: [] }
  const iptc = source.iptc && findIptc(source.iptc)
  return {
    fields: [
      ...fields,
      ...(source.xmp ? [bytesField(tag.xmp, 1, uprightXmp(source.xmp))] : []),
      ...(iptc ? [bytesField(tag.iptc, 7, iptc)] : []),
    ],
    exif,
    gps,
  }
}

/** What a pyramid says of who made it, so that it may be made anew without being mistaken for somebody's original. */
const mark = Buffer.from('honeydew\0')

/** Whether a TIFF says that it was made here. */
export async function hasMark(read: ReadAt): Promise<boolean> {
  const header = await readHeader(read)
  const { fields } = await readDirectory(read, header.first, header)
  return fields.some(field => field.tag === tag.processingSoftware && mark.equals(field.bytes))
}

/**
 * Adds metadata, and who made it, to the first directory of a TIFF: what is new stands at the end, and the directory
 * after it.
 */
export async function appendMetadata(file: OpenFile, { fields, exif, gps }: CarriedMetadata): Promise<void> {
  const header = await readHeader(file.read)
  const { littleEndian, bigTiff } = header
  const { fields: own, next } = await readDirectory(file.read, header.first, header, true)
  let end = file.size + (file.size % 2)
  const append = async (bytes: Uint8Array): Promise<number> => {
    const at = end
    await file.write(bytes, at)
    end += bytes.length + (bytes.length % 2)
    return at
  }
  const added = [...fields, bytesField(tag.processingSoftware, 2, mark)]
  for (const [pointer, list] of [
    [tag.exif, exif],
    [tag.gps, gps],
  ] as const) {
    if (list.length === 0) continue
    const at = await append(formatDirectory({ fields: list, next: 0 }, end, header))
    added.push(offsetField(pointer, at, bigTiff))
  }
  const isNew = ({ tag }: Field) => !added.some(field => field.tag === tag)
  const first = await append(formatDirectory({ fields: [...own.filter(isNew), ...added], next }, end, header))
  const pointer = new DataView(new ArrayBuffer(bigTiff ? 8 : 4))
  if (bigTiff) pointer.setBigUint64(0, BigInt(first), littleEndian)
  else pointer.setUint32(0, first, littleEndian)
  await file.write(new Uint8Array(pointer.buffer), bigTiff ? 8 : 4)
}

async function readExif(read: ReadAt, change: PictureChange): Promise<CarriedMetadata> {
  const header = await readHeader(read)
  const { fields } = await readDirectory(read, header.first, header)
  const readAt = async (pointer: number): Promise<readonly Field[]> => {
    const field = fields.find(({ tag }) => tag === pointer)
    const offset = field && firstNumber(field)
    return offset ? (await readDirectory(read, offset, header)).fields : []
  }
  const exif = await readAt(tag.exif)
  return {
    fields: fields.filter(isDescriptive),
    exif: exif.filter(field => field.tag !== tag.interoperability).map(field => correct(field, change)),
    gps: await readAt(tag.gps),
  }
}

function isDescriptive(field: Field): boolean {
  if (field.tag === imageDescription && field.bytes[0] === xmlStart) return false
  return descriptive.includes(field.tag)
}

function correct(field: Field, { size, isConverted }: PictureChange): Field {
  if (field.tag === tag.pixelWidth) return longField(field.tag, size.width)
  if (field.tag === tag.pixelHeight) return longField(field.tag, size.height)
  // 1 is sRGB.
  return field.tag === tag.colourSpace && isConverted
    ? bytesField(field.tag, 3, Uint8Array.of(1, 0), 1)
    : field
}

/* The orientation stands in XMP a second time, and the pixels are upright now. */
function uprightXmp(packet: Uint8Array): Uint8Array {
  const text = Buffer.from(packet).toString('latin1')
  const upright = text
    .replace(/(\btiff:Orientation\s*=\s*["'])[2-8](["'])/g, '$11$2')
    .replace(/(<tiff:Orientation>\s*)[2-8](\s*<\/tiff:Orientation>)/g, '$11$2')
  return Buffer.from(upright, 'latin1')
}

const photoshopStart = 'Photoshop 3.0\0'
const iptcResource = 0x0404
const iptcMarker = 0x1c

/* The record itself; in JPEG it is one of the resources of Photoshop, each with a type, a number, a name and a length. */
function findIptc(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes[0] === iptcMarker) return bytes
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = data.toString('latin1', 0, photoshopStart.length) === photoshopStart ? photoshopStart.length : 0
  while (at + 12 <= data.length && data.toString('latin1', at, at + 4) === '8BIM') {
    const name = (data[at + 6] ?? 0) + 1
    const start = at + 6 + name + (name % 2) + 4
    if (start > data.length) return undefined
    const length = data.readUInt32BE(start - 4)
    if (start + length > data.length) return undefined
    if (data.readUInt16BE(at + 4) === iptcResource) return data.subarray(start, start + length)
    at = start + length + (length % 2)
  }
  return undefined
}

function bytesField(tag: number, type: number, bytes: Uint8Array, count: number = bytes.length): Field {
  return { tag, type, count, bytes }
}

function longField(tag: number, value: number): Field {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return { tag, type: 4, count: 1, bytes }
}

/* IFD8 in BigTIFF, LONG elsewhere: readers take it for both. */
function offsetField(tag: number, value: number, bigTiff: boolean): Field {
  if (!bigTiff) return longField(tag, value)
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true)
  return { tag, type: 18, count: 1, bytes }
}
