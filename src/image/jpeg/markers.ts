/* The header of a JPEG stream as a record (ITU-T T.81 annex B): frame, tables, application data, and where the
   entropy-coded data lies. Only sequential Huffman streams of 8 bits with one scan are described; others are named. */
import { damaged } from './failure.js'
import {
  byteAt,
  concatenate,
  firstSegment,
  isFrameMarker,
  marker,
  readSegment,
  type Segment,
  wordAt,
} from './segments.js'
import { type JpegTables, noTables, readTables } from './tables.js'

/** One component of the frame, with the tables that its scan uses. */
export interface JpegComponent {
  /** The identifier of the component. */
  readonly id: number
  /** The horizontal sampling factor, 1 to 4. */
  readonly h: number
  /** The vertical sampling factor, 1 to 4. */
  readonly v: number
  /** The quantisation table: 64 values in zigzag order, of one byte or of two. */
  readonly quantisation: Uint8Array
  /** The Huffman table of the DC differences: 16 counts of codes, then the symbols. */
  readonly dc: Uint8Array
  /** The Huffman table of the AC coefficients: 16 counts of codes, then the symbols. */
  readonly ac: Uint8Array
}

/** A sequential Huffman stream of 8 bits a sample whose components are all in one scan. */
export interface BaselineJpeg {
  /** Tells this record from {@link OtherJpeg}. */
  readonly kind: 'baseline'
  /** Whether the frame is SOF1 (extended sequential) and not SOF0. */
  readonly extended: boolean
  /** The width of the frame in pixels. */
  readonly width: number
  /** The height of the frame in pixels. */
  readonly height: number
  /** The components in the order of the frame and of the scan. */
  readonly components: readonly JpegComponent[]
  /** The MCUs between restart markers; 0 for none. */
  readonly restartInterval: number
  /** Whether there is a JFIF segment. */
  readonly hasJfif: boolean
  /** The colour transform of the Adobe segment: 0 none, 1 YCbCr, 2 YCCK. */
  readonly adobeTransform?: number
  /** The ICC profile, put together from its APP2 segments. */
  readonly profile?: Uint8Array
  /** The first byte of the entropy-coded data. */
  readonly dataStart: number
  /** The byte after the entropy-coded data: where EOI is. */
  readonly dataEnd: number
}

/** A stream that is not {@link BaselineJpeg}. */
export interface OtherJpeg {
  /** Tells this record from {@link BaselineJpeg}. */
  readonly kind: 'other'
  /** What it is, in a few words. */
  readonly reason: string
}

/** What {@link parseJpeg} tells about a stream. */
export type JpegHeader = BaselineJpeg | OtherJpeg

interface FrameComponent {
  readonly id: number
  readonly h: number
  readonly v: number
  readonly quantisation: number
}

interface Frame {
  readonly extended: boolean
  readonly width: number
  readonly height: number
  readonly components: readonly FrameComponent[]
}

interface Facts {
  tables: JpegTables
  frame?: Frame
  restartInterval: number
  hasJfif: boolean
  adobeTransform?: number
  readonly profile: (Uint8Array | undefined)[]
}

function other(reason: string): OtherJpeg {
  return { kind: 'other', reason }
}

function startsWith(bytes: Uint8Array, segment: Segment, word: string): boolean {
  if (segment.end - segment.start < word.length) return false
  for (let i = 0; i < word.length; i += 1) {
    if (bytes[segment.start + i] !== word.charCodeAt(i)) return false
  }
  return true
}

/* B.2.2: precision, lines, samples per line, then three bytes for each component. */
function readFrame(bytes: Uint8Array, segment: Segment): Frame | OtherJpeg {
  const { start, end } = segment
  const height = wordAt(bytes, start + 1)
  const width = wordAt(bytes, start + 3)
  const count = byteAt(bytes, start + 5)
  if (byteAt(bytes, start) !== 8) return other(`${byteAt(bytes, start)} bits a sample`)
  if (height === 0) return other('the height is told behind the scan')
  if (width === 0 || count < 1 || count > 4 || end - start !== 6 + 3 * count) {
    throw damaged('the frame header is wrong')
  }
  const components = Array.from({ length: count }, (_, i) => {
    const at = start + 6 + 3 * i
    const sampling = byteAt(bytes, at + 1)
    return { id: byteAt(bytes, at), h: sampling >> 4, v: sampling & 15, quantisation: byteAt(bytes, at + 2) }
  })
  if (components.some(({ h, v }) => h < 1 || h > 4 || v < 1 || v > 4))
    throw damaged('a sampling factor is wrong')
  return { extended: segment.marker === marker.sof1, width, height, components }
}

function readApplicationData(facts: Facts, bytes: Uint8Array, segment: Segment): void {
  const { start, end } = segment
  if (segment.marker === marker.app0 && startsWith(bytes, segment, 'JFIF\0')) facts.hasJfif = true
  if (segment.marker === marker.app14 && startsWith(bytes, segment, 'Adobe') && end - start >= 12) {
    facts.adobeTransform = byteAt(bytes, start + 11)
  }
  if (segment.marker === marker.app2 && startsWith(bytes, segment, 'ICC_PROFILE\0') && end - start >= 14) {
    facts.profile[byteAt(bytes, start + 12)] = bytes.subarray(start + 14, end)
  }
}

/* Encoders put EOI last; where something follows it (TIFF tiles may be padded) the data is searched for it. */
function findEnd(bytes: Uint8Array, start: number): number {
  const last = bytes.length - 2
  if (last >= start && bytes[last] === 0xff && bytes[last + 1] === marker.eoi) return last
  let at = bytes.indexOf(0xff, start)
  while (at >= 0 && at <= last) {
    if (bytes[at + 1] === marker.eoi) return at
    at = bytes.indexOf(0xff, at + 1)
  }
  throw damaged('it has no end')
}

/* B.2.3: for each component its identifier and its two Huffman tables, then spectral selection and approximation. */
function readScan(facts: Facts, frame: Frame, bytes: Uint8Array, segment: Segment): JpegHeader {
  const { start, end } = segment
  const count = byteAt(bytes, start)
  if (end - start !== 4 + 2 * count) throw damaged('the scan header is wrong')
  if (count !== frame.components.length) return other('the components are in several scans')
  if (wordAt(bytes, end - 3) !== 0x003f || byteAt(bytes, end - 1) !== 0)
    throw damaged('the scan header is wrong')
  const components = frame.components.map((component, i): JpegComponent => {
    const { id, h, v } = component
    const destinations = byteAt(bytes, start + 2 + 2 * i)
    const quantisation = facts.tables.quantisation[component.quantisation]
    const dc = facts.tables.dc[destinations >> 4]
    const ac = facts.tables.ac[destinations & 15]
    if (byteAt(bytes, start + 1 + 2 * i) !== id) throw damaged('scan and frame have different components')
    if (!quantisation || !dc || !ac) throw damaged('a table is missing')
    return { id, h, v, quantisation, dc, ac }
  })
  // B.2.3: where more than one component is in the scan, an MCU has at most ten blocks.
  if (count > 1 && components.reduce((sum, { h, v }) => sum + h * v, 0) > 10)
    throw damaged('an MCU is too large')
  const { extended, width, height } = frame
  const { restartInterval, hasJfif, adobeTransform, profile } = facts
  return {
    kind: 'baseline',
    extended,
    width,
    height,
    components,
    restartInterval,
    hasJfif,
    ...(adobeTransform === undefined ? {} : { adobeTransform }),
    ...(profile.length > 1
      ? { profile: concatenate(profile.slice(1).map(chunk => chunk ?? new Uint8Array())) }
      : {}),
    dataStart: end,
    dataEnd: findEnd(bytes, end),
  }
}

/* Takes up what a segment before the scan says; a record when the stream turns out not to be baseline. */
function readHeaderSegment(facts: Facts, bytes: Uint8Array, segment: Segment): OtherJpeg | undefined {
  const code = segment.marker
  if (code === marker.eoi || code === marker.dnl) throw damaged('it has no scan')
  if (code === marker.dhp || code === marker.exp) return other('hierarchical')
  if (code === marker.sof0 || code === marker.sof1) {
    if (facts.frame) throw damaged('it has two frames')
    const frame = readFrame(bytes, segment)
    if ('kind' in frame) return frame
    facts.frame = frame
  } else if (isFrameMarker(code) || code === marker.dac) {
    return other('not sequential Huffman coding')
  } else if (code === marker.dri) {
    if (segment.end - segment.start !== 2) throw damaged('the restart interval is wrong')
    facts.restartInterval = wordAt(bytes, segment.start)
  } else {
    facts.tables = readTables(facts.tables, bytes, segment)
    readApplicationData(facts, bytes, segment)
  }
  return undefined
}

/**
 * Reads the header of `bytes`, a JPEG stream; `tables` are those of a separate stream, for abbreviated tiles.
 *
 * @throws {@link SourceError} (`source-damaged`) for what is no JPEG stream, or a broken one.
 */
export function parseJpeg(bytes: Uint8Array, tables: JpegTables = noTables): JpegHeader {
  const facts: Facts = { tables, restartInterval: 0, hasJfif: false, profile: [] }
  let segment = readSegment(bytes, firstSegment(bytes))
  while (segment.marker !== marker.sos) {
    const found = readHeaderSegment(facts, bytes, segment)
    if (found) return found
    segment = readSegment(bytes, segment.end)
  }
  if (!facts.frame) throw damaged('it has no frame')
  return readScan(facts, facts.frame, bytes, segment)
}
