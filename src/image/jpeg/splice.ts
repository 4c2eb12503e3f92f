/* Makes a JPEG file of a tile that is stored without tables (TIFF Technical Note 2): a copy of bytes, nothing decoded. */

import type { Dimensions } from '../../protocol/geometry.js'
import { formatColour, type JpegColour } from './colour.js'
import { unsupported } from './failure.js'
import { byteAt, concatenate, firstSegment, isFrameMarker, marker, readSegment, wordAt } from './segments.js'

const startOfImage = Uint8Array.of(0xff, marker.soi)

function tableSegments(tables: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = []
  let segment = readSegment(tables, firstSegment(tables))
  while (segment.marker !== marker.eoi) {
    const { offset, end } = segment
    if (segment.marker === marker.dqt || segment.marker === marker.dht)
      parts.push(tables.subarray(offset, end))
    segment = readSegment(tables, end)
  }
  return parts
}

/** What {@link spliceTables} can be told. */
export interface SpliceOptions {
  /** The dimensions that the tile must have. @defaultValue any */
  readonly size?: Dimensions
  /** Gives the memory of the result. @defaultValue a buffer of its own */
  readonly allocate?: (length: number) => Uint8Array
}

/**
 * Makes a complete JPEG file of `tile`, with `tables` (an abbreviated stream, TIFF tag 347) and with the colour told so
 * that decoders do what a TIFF decoder does. Application data and comments of the tile are left out: a TIFF decoder
 * does not listen to them. Costs one allocation of the result.
 *
 * @throws {@link SourceError} where the header is broken, or has other components than the colour, or another size.
 */
export function spliceTables(
  tile: Uint8Array,
  tables: Uint8Array | undefined,
  colour: JpegColour,
  { size, allocate }: SpliceOptions = {},
): Uint8Array {
  const own: Uint8Array[] = []
  let components = 0
  let segment = readSegment(tile, firstSegment(tile))
  while (segment.marker !== marker.sos) {
    const { offset, start, end, marker: code } = segment
    if (code === marker.eoi) throw unsupported('it has no scan')
    if (isFrameMarker(code)) {
      components = byteAt(tile, start + 5)
      const isOther =
        size && (wordAt(tile, start + 1) !== size.height || wordAt(tile, start + 3) !== size.width)
      if (isOther) throw unsupported('it has another size')
    }
    if (code < marker.app0) own.push(tile.subarray(offset, end))
    segment = readSegment(tile, end)
  }
  const parts = [
    startOfImage,
    ...formatColour(colour, components),
    ...(tables ? tableSegments(tables) : []),
    ...own,
    tile.subarray(segment.offset),
  ]
  return concatenate(parts, allocate)
}

/**
 * Makes what stands in front of the tiles of a level: SOI, their colour, their shared tables.
 *
 * @throws {@link SourceError} where the tables are broken.
 */
export function formatPrefix(tables: Uint8Array | undefined, colour: JpegColour): Uint8Array {
  const components = colour.photometric === 'gray' ? 1 : 3
  return concatenate([
    startOfImage,
    ...formatColour(colour, components),
    ...(tables ? tableSegments(tables) : []),
  ])
}

/**
 * Whether the tile that begins at `start` can follow a prefix as it is, without its SOI: it has the dimensions and
 * components that it must have, and nothing that a TIFF decoder would not listen to.
 *
 * @throws {@link SourceError} where the header is broken.
 */
export function isPlainTile(
  bytes: Uint8Array,
  start: number,
  { width, height }: Dimensions,
  { photometric }: JpegColour,
): boolean {
  if (wordAt(bytes, start) !== ((0xff << 8) | marker.soi)) return false
  let isRight = false
  for (let segment = readSegment(bytes, start + 2); segment.marker !== marker.sos; ) {
    const { start: at, end, marker: code } = segment
    if (code >= marker.app0 || code === marker.eoi) return false
    if (isFrameMarker(code)) {
      const components = photometric === 'gray' ? 1 : 3
      const isSize = wordAt(bytes, at + 1) === height && wordAt(bytes, at + 3) === width
      isRight = isSize && byteAt(bytes, at + 5) === components
    }
    segment = readSegment(bytes, end)
  }
  return isRight
}
