/* The table segments DQT and DHT (ITU-T T.81 sections B.2.4.1 and B.2.4.2), of a tile or of the stream that the tiles
   of a TIFF share (tag 347, JPEGTables). */
import { damaged } from './failure.js'
import { byteAt, firstSegment, marker, readSegment, type Segment } from './segments.js'

/**
 * The tables in force, by destination (0 to 3); a table is its payload, without the destination byte, and a copy: it
 * outlives the tile that it was read from.
 */
export interface JpegTables {
  /** Quantisation tables in zigzag order: 64 bytes, or 128 for 16-bit values. */
  readonly quantisation: readonly (Uint8Array | undefined)[]
  /** Huffman tables of the DC differences: 16 counts of codes, then the symbols. */
  readonly dc: readonly (Uint8Array | undefined)[]
  /** Huffman tables of the AC coefficients: 16 counts of codes, then the symbols. */
  readonly ac: readonly (Uint8Array | undefined)[]
}

/** No tables at all: what a stream starts with. */
export const noTables: JpegTables = { quantisation: [], dc: [], ac: [] }

function destination(value: number): number {
  if (value > 3) throw damaged(`a table has the destination ${value}`)
  return value
}

function withQuantisation(tables: JpegTables, bytes: Uint8Array, segment: Segment): JpegTables {
  const quantisation = [...tables.quantisation]
  let at = segment.start
  while (at < segment.end) {
    const head = byteAt(bytes, at)
    const end = at + 1 + (head >> 4 === 0 ? 64 : 128)
    if (head >> 4 > 1 || end > segment.end) throw damaged('a quantisation table has a wrong length')
    quantisation[destination(head & 15)] = new Uint8Array(bytes.subarray(at + 1, end))
    at = end
  }
  return { ...tables, quantisation }
}

function withHuffman(tables: JpegTables, bytes: Uint8Array, segment: Segment): JpegTables {
  const dc = [...tables.dc]
  const ac = [...tables.ac]
  let at = segment.start
  while (at < segment.end) {
    const head = byteAt(bytes, at)
    let end = at + 17
    for (let i = at + 1; i < at + 17; i += 1) end += byteAt(bytes, i)
    if (head >> 4 > 1 || end > segment.end) throw damaged('a Huffman table has a wrong length')
    const kind = head >> 4 === 0 ? dc : ac
    kind[destination(head & 15)] = new Uint8Array(bytes.subarray(at + 1, end))
    at = end
  }
  return { ...tables, dc, ac }
}

/** The tables in force after `segment`: those before it, and what it defines if it is DQT or DHT. */
export function readTables(tables: JpegTables, bytes: Uint8Array, segment: Segment): JpegTables {
  if (segment.marker === marker.dqt) return withQuantisation(tables, bytes, segment)
  if (segment.marker === marker.dht) return withHuffman(tables, bytes, segment)
  return tables
}

/**
 * Reads an abbreviated stream that holds tables only (T.81 section B.5), for example JPEGTables of a TIFF.
 *
 * @throws {@link SourceError} (`source-damaged`)
 */
export function parseTables(bytes: Uint8Array): JpegTables {
  let tables = noTables
  let segment = readSegment(bytes, firstSegment(bytes))
  while (segment.marker !== marker.eoi) {
    if (segment.marker === marker.sos) throw damaged('a stream of tables has a scan')
    tables = readTables(tables, bytes, segment)
    segment = readSegment(bytes, segment.end)
  }
  return tables
}
