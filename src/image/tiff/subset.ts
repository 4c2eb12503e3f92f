/* A part of a TIFF file as a small TIFF file in memory: the tiles that a region touches, as they are stored, under a
   directory that says no more than what decoding needs. With it libvips decodes any compression of any source, and
   reads nothing but what is wanted. */
import { type Box, ceilDivide, type Dimensions } from '../../protocol/geometry.js'
import type { TiffDirectory } from './directory.js'
import type { TiffLayout } from './layout.js'
import { readRange, type TiffFile } from './open.js'
import { compressions, photometrics, tags } from './tags.js'
import { readTileRange } from './tile.js'

/** A part of an image: a file of its own and where the wanted box lies in it. */
export interface TiffSubset {
  /** A TIFF file. */
  readonly bytes: Uint8Array
  /** The dimensions of its image. */
  readonly size: Dimensions
  /** The wanted box, in its pixels. */
  readonly box: Box
}

/** The tiles or strips that a box touches, and the pixels that they cover. */
export interface TileSpan {
  /** The column of the first tile. */
  readonly column: number
  /** The row of the first tile. */
  readonly row: number
  /** The number of tiles side by side. */
  readonly columns: number
  /** The number of rows of tiles. */
  readonly rows: number
}

/** Finds the tiles or strips that a box touches. */
export function spanTiles({ width, height }: Dimensions, box: Box): TileSpan {
  const column = Math.floor(box.x / width)
  const row = Math.floor(box.y / height)
  return {
    column,
    row,
    columns: ceilDivide(box.x + box.width, width) - column,
    rows: ceilDivide(box.y + box.height, height) - row,
  }
}

/** Lists the indices of the tiles of a span, row by row, in one plane. */
export function listTiles({ across, down }: TiffLayout, span: TileSpan, plane = 0): number[] {
  const indices: number[] = []
  for (let row = span.row; row < span.row + span.rows; row += 1) {
    for (let column = span.column; column < span.column + span.columns; column += 1) {
      indices.push(plane * across * down + row * across + column)
    }
  }
  return indices
}

/** Whether a directory can be cut: not where tiles mean nothing without tables, options or palettes outside of them. */
export function isCuttable({ compression, photometric, index }: TiffDirectory): boolean {
  const isAlone = compression !== compressions.oldJpeg && compression !== compressions.fax3
  return index !== undefined && isAlone && photometric !== photometrics.palette
}

/**
 * Cuts `box` out of an image, in whole tiles or strips.
 *
 * @param profile - the ICC profile that the pixels are in; smaller levels often have none of their own
 * @throws {@link SourceError} when a tile is not inside the file, or when the tiles have more than 256 MiB.
 */
export async function cutTiff(
  file: TiffFile,
  directory: TiffDirectory,
  box: Box,
  profile?: Uint8Array,
  signal?: AbortSignal,
): Promise<TiffSubset> {
  const { layout, width, height } = directory
  const span = spanTiles(layout, box)
  const indices = Array.from({ length: layout.planes }, (_, plane) => listTiles(layout, span, plane)).flat()
  const tiles = await readTileRange(file, directory, indices, signal)
  const x = span.column * layout.width
  const y = span.row * layout.height
  const size = {
    width: Math.min(span.columns * layout.width, width - x),
    height: Math.min(span.rows * layout.height, height - y),
  }
  const tables = directory.jpegTables && (await readRange(file, directory.jpegTables, signal))
  const bytes = writeTiff(directory, size, tiles, { tables, profile })
  return { bytes, size, box: { ...box, x: box.x - x, y: box.y - y } }
}

interface Blobs {
  readonly tables: Uint8Array | undefined
  readonly profile: Uint8Array | undefined
}

type Values = readonly number[] | Uint8Array

// The types of values: bytes without meaning, whole numbers of 16 and of 32 bits.
const undefinedType = 7
const shortType = 3
const longType = 4

function listFields(
  directory: TiffDirectory,
  size: Dimensions,
  tiles: readonly (Uint8Array | undefined)[],
  { tables, profile }: Blobs,
): [tag: number, type: number, values: Values][] {
  const { layout } = directory
  const isTiled = layout.kind === 'tiles'
  const fields: [tag: number, type: number, values: Values][] = [
    [tags.ImageWidth, longType, [size.width]],
    [tags.ImageLength, longType, [size.height]],
    [tags.BitsPerSample, shortType, directory.bitsPerSample],
    [tags.Compression, shortType, [directory.compression]],
    [tags.PhotometricInterpretation, shortType, [directory.photometric]],
    [tags.FillOrder, shortType, [directory.fillOrder]],
    [tags.SamplesPerPixel, shortType, [directory.samplesPerPixel]],
    [tags.PlanarConfiguration, shortType, [layout.planes > 1 ? 2 : 1]],
    [tags.Predictor, shortType, [directory.predictor]],
    [tags.SampleFormat, shortType, directory.sampleFormat],
    [isTiled ? tags.TileOffsets : tags.StripOffsets, longType, tiles.map(() => 0)],
    [isTiled ? tags.TileByteCounts : tags.StripByteCounts, longType, tiles.map(tile => tile?.length ?? 0)],
  ]
  if (isTiled) {
    fields.push([tags.TileWidth, longType, [layout.width]], [tags.TileLength, longType, [layout.height]])
  } else {
    fields.push([tags.RowsPerStrip, longType, [layout.height]])
  }
  const { extraSamples, yCbCrSubSampling, yCbCrPositioning, photometric } = directory
  if (extraSamples.length > 0) fields.push([tags.ExtraSamples, shortType, extraSamples])
  if (yCbCrSubSampling) fields.push([tags.YCbCrSubSampling, shortType, yCbCrSubSampling])
  if (photometric === photometrics.yCbCr) fields.push([tags.YCbCrPositioning, shortType, [yCbCrPositioning]])
  if (tables) fields.push([tags.JPEGTables, undefinedType, tables])
  if (profile) fields.push([tags.ICCProfile, undefinedType, profile])
  // TIFF 6.0 section 2: the entries of a directory are in ascending order of their tags.
  return fields.sort(([one], [two]) => one - two)
}

const valueSizes: Readonly<Record<number, number>> = { [undefinedType]: 1, [shortType]: 2, [longType]: 4 }

function even(length: number): number {
  return length + (length % 2)
}

/* A header, one directory, the values that do not fit into it, the tiles. Samples of 16 bits are as they were, so the
   byte order is that of the file. */
function writeTiff(
  directory: TiffDirectory,
  size: Dimensions,
  tiles: readonly (Uint8Array | undefined)[],
  blobs: Blobs,
): Uint8Array {
  const fields = listFields(directory, size, tiles, blobs)
  const little = directory.littleEndian
  const byteLength = (type: number, values: Values) => values.length * (valueSizes[type] ?? 1)
  const directoryEnd = 8 + 2 + fields.length * 12 + 4
  const valueBytes = fields.reduce((sum, [, type, values]) => sum + even(byteLength(type, values)), 0)
  const tileBytes = tiles.reduce((sum, tile) => sum + even(tile?.length ?? 0), 0)
  const bytes = new Uint8Array(directoryEnd + valueBytes + tileBytes)
  const view = new DataView(bytes.buffer)
  bytes.set(little ? [0x49, 0x49] : [0x4d, 0x4d])
  view.setUint16(2, 42, little)
  view.setUint32(4, 8, little)
  view.setUint16(8, fields.length, little)

  let end = directoryEnd + valueBytes
  const offsets = tiles.map(tile => {
    if (tile === undefined) return 0
    bytes.set(tile, end)
    end += even(tile.length)
    return end - even(tile.length)
  })

  let free = directoryEnd
  fields.forEach(([tag, type, values], index) => {
    const entry = 10 + index * 12
    const length = byteLength(type, values)
    view.setUint16(entry, tag, little)
    view.setUint16(entry + 2, type, little)
    view.setUint32(entry + 4, values.length, little)
    const at = length <= 4 ? entry + 8 : free
    if (length > 4) {
      view.setUint32(entry + 8, free, little)
      free += even(length)
    }
    const isOffsets = tag === tags.TileOffsets || tag === tags.StripOffsets
    writeValues(view, at, type, isOffsets ? offsets : values, little)
  })
  return bytes
}

function writeValues(view: DataView, at: number, type: number, values: Values, little: boolean): void {
  values.forEach((value, index) => {
    if (type === undefinedType) view.setUint8(at + index, value)
    else if (type === shortType) view.setUint16(at + 2 * index, value, little)
    else view.setUint32(at + 4 * index, value, little)
  })
}
