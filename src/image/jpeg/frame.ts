/* What tiles must have in common to be joined, and the header of what they are joined to (ITU-T T.81 annexes A and B). */
import type { Dimensions } from '../../protocol/geometry.js'
import type { CodingSpecs } from './codings.js'
import { formatColour, type JpegColour } from './colour.js'
import type { BaselineJpeg, JpegHeader } from './markers.js'
import { concatenate, isEqual, marker } from './segments.js'

/** Whether tiles with this header can be cut and joined without decoding: baseline, grey or three components. */
export function isJoinable(header: JpegHeader): header is BaselineJpeg {
  return header.kind === 'baseline' && (header.components.length === 1 || header.components.length === 3)
}

/** Whether `tile` can be joined with `first`: the same size, sampling and quantisation. */
export function isSameFrame(first: BaselineJpeg, tile: BaselineJpeg): boolean {
  if (tile.width !== first.width || tile.height !== first.height) return false
  if (tile.components.length !== first.components.length) return false
  return first.components.every((a, i) => {
    const b = tile.components[i]
    return b !== undefined && a.h === b.h && a.v === b.v && isEqual(a.quantisation, b.quantisation)
  })
}

/** The size of an MCU in pixels: what the left and top edges of a box must be a multiple of. */
export function mcuSize(header: BaselineJpeg): Dimensions {
  // A.2.2: where there is one component, an MCU is one block, whatever the sampling factors are.
  if (header.components.length === 1) return { width: 8, height: 8 }
  return {
    width: 8 * Math.max(...header.components.map(({ h }) => h)),
    height: 8 * Math.max(...header.components.map(({ v }) => v)),
  }
}

/** How many blocks of each component an MCU has. */
export function blockCounts(header: BaselineJpeg): number[] {
  return header.components.length === 1 ? [1] : header.components.map(({ h, v }) => h * v)
}

/* The place of a table among those that are different; a new one is added. */
function destinationOf(tables: Uint8Array[], table: Uint8Array): number {
  const found = tables.findIndex(known => isEqual(known, table))
  return found < 0 ? tables.push(table) - 1 : found
}

function formatSegment(code: number, payload: readonly number[]): Uint8Array {
  const length = payload.length + 2
  return Uint8Array.of(0xff, code, length >> 8, length & 255, ...payload)
}

function formatFrame(header: BaselineJpeg, size: Dimensions, destinations: readonly number[]): Uint8Array {
  const { width, height } = size
  const components = header.components.flatMap(({ id, h, v }, i) => {
    const sampling = header.components.length === 1 ? 0x11 : (h << 4) | v
    return [id, sampling, destinations[i] ?? 0]
  })
  const code = header.extended ? marker.sof1 : marker.sof0
  const count = header.components.length
  return formatSegment(code, [8, height >> 8, height & 255, width >> 8, width & 255, count, ...components])
}

/**
 * Formats the header of a JPEG of `size`, from SOI to the scan header, for data like that of the tile `header`.
 *
 * @throws {@link SourceError} (`source-unsupported`) where the tile does not have the components of `colour`.
 */
export function formatHeader(
  header: BaselineJpeg,
  specs: readonly CodingSpecs[],
  size: Dimensions,
  colour: JpegColour,
): Uint8Array {
  const quantisation: Uint8Array[] = []
  const dc: Uint8Array[] = []
  const ac: Uint8Array[] = []
  const destinations = header.components.map(component => destinationOf(quantisation, component.quantisation))
  const scan = header.components.flatMap(({ id }, i) => {
    const spec = specs[i] ?? header.components[i]
    return spec ? [id, (destinationOf(dc, spec.dc) << 4) | destinationOf(ac, spec.ac)] : []
  })
  return concatenate([
    Uint8Array.of(0xff, marker.soi),
    ...formatColour(colour, header.components.length),
    ...quantisation.map((table, i) =>
      formatSegment(marker.dqt, [(table.length === 128 ? 16 : 0) | i, ...table]),
    ),
    formatFrame(header, size, destinations),
    ...dc.map((table, i) => formatSegment(marker.dht, [i, ...table])),
    ...ac.map((table, i) => formatSegment(marker.dht, [16 | i, ...table])),
    formatSegment(marker.sos, [header.components.length, ...scan, 0, 63, 0]),
  ])
}
