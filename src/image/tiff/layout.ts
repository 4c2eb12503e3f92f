/* How the pixels of a directory are cut into tiles or strips, and where those are listed (TIFF 6.0 sections 3 and 15). */
import { createDamage } from './damage.js'
import { parseWhole, type TiffField, type TiffFields, type TiffNumbers } from './fields.js'
import { formatTag, type Tag, tags } from './tags.js'

/** How the pixels of a directory are cut into tiles or strips; both are counted row by row, plane after plane. */
export interface TiffLayout {
  /** Strips are as wide as the image; the last one ends with it. Tiles are all of one size, the outer ones padded. */
  readonly kind: 'tiles' | 'strips'
  /** The width of a tile or strip. */
  readonly width: number
  /** The height of a tile or of every strip but the last. */
  readonly height: number
  /** The number of tiles in a row; 1 for strips. */
  readonly across: number
  /** The number of rows of tiles, or of strips. */
  readonly down: number
  /** The number of planes: the number of samples where PlanarConfiguration is 2, else 1. */
  readonly planes: number
}

/** Where the positions and lengths of tiles or strips are listed; read when a tile is asked for. */
export interface TiffIndex {
  /** TileOffsets or StripOffsets. */
  readonly offsets: TiffField
  /** TileByteCounts or StripByteCounts. */
  readonly byteCounts: TiffField
}

// 2^26 pixels a side: the area of an image stays a number that is exact.
const maxSide = 2 ** 26
const maxSegments = 2 ** 24

/**
 * Reads a width or height.
 *
 * @throws {@link SourceError} when it is missing, zero or beyond 2^26.
 */
export function parseSide(numbers: TiffNumbers, tag: Tag): number {
  const value = parseWhole(numbers, tag, 0, 1, maxSide)
  if (value === 0) throw createDamage(`${formatTag(tag)} is missing`)
  return value
}

/**
 * Builds the layout of a directory.
 *
 * @throws {@link SourceError} when there is no such image, or when it has more than 2^24 tiles or strips.
 */
export function buildLayout(numbers: TiffNumbers, tiled: boolean, planes: number): TiffLayout {
  const imageWidth = parseSide(numbers, tags.ImageWidth)
  const imageHeight = parseSide(numbers, tags.ImageLength)
  const width = tiled ? parseSide(numbers, tags.TileWidth) : imageWidth
  // RowsPerStrip is 2^32 - 1 by default: all rows are in one strip.
  const height = tiled
    ? parseSide(numbers, tags.TileLength)
    : Math.min(imageHeight, parseWhole(numbers, tags.RowsPerStrip, imageHeight, 1, Number.MAX_SAFE_INTEGER))
  const across = Math.ceil(imageWidth / width)
  const down = Math.ceil(imageHeight / height)
  const count = across * down * planes
  if (count > maxSegments) throw createDamage(`it has ${count} tiles or strips, more than ${maxSegments}`)
  return { kind: tiled ? 'tiles' : 'strips', width, height, across, down, planes }
}

/**
 * Builds the index of a directory; `undefined` where the file has none.
 *
 * @throws {@link SourceError} when it lists fewer tiles than there are.
 */
export function buildIndex(fields: TiffFields, layout: TiffLayout): TiffIndex | undefined {
  const tiled = layout.kind === 'tiles'
  // Some writers list tiles in the fields of strips.
  const offsets = (tiled ? fields.get(tags.TileOffsets) : undefined) ?? fields.get(tags.StripOffsets)
  const byteCounts = (tiled ? fields.get(tags.TileByteCounts) : undefined) ?? fields.get(tags.StripByteCounts)
  if (offsets === undefined || byteCounts === undefined) return undefined
  const count = layout.across * layout.down * layout.planes
  for (const { type, count: listed } of [offsets, byteCounts]) {
    if (![3, 4, 13, 16, 18].includes(type)) throw createDamage(`tiles are listed in a field of type ${type}`)
    if (listed < count) throw createDamage(`it lists ${listed} of ${count} tiles or strips`)
  }
  return { offsets, byteCounts }
}

/** The number of tiles or strips. */
export function countTiles({ across, down, planes }: TiffLayout): number {
  return across * down * planes
}

/** The index of the tile or strip, of the first plane, that holds a pixel. */
export function findTile({ width, height, across }: TiffLayout, x: number, y: number): number {
  return Math.floor(y / height) * across + Math.floor(x / width)
}

/** The rows of the tile or strip `index` of an image of `height` rows: all strips but the last are equally high. */
export function tileRows(layout: TiffLayout, height: number, index: number): number {
  if (layout.kind === 'tiles') return layout.height
  return Math.min(layout.height, height - (index % layout.down) * layout.height)
}

/** The bytes of a decoded row of a tile or strip; every row of a TIFF file has whole bytes. */
export function rowBytes(layout: TiffLayout, bitsPerSample: readonly number[]): number {
  const bits =
    layout.planes > 1 ? Math.max(...bitsPerSample) : bitsPerSample.reduce((sum, each) => sum + each, 0)
  return Math.ceil((layout.width * bits) / 8)
}
