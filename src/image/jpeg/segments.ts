/* The marker segments of a JPEG stream, one after another (ITU-T T.81 section B.1.1); what they mean is for markers.ts. */
import { damaged } from './failure.js'

/** The second bytes of the markers that are known by name. */
export const marker = {
  sof0: 0xc0,
  sof1: 0xc1,
  dht: 0xc4,
  jpg: 0xc8,
  dac: 0xcc,
  sof15: 0xcf,
  rst0: 0xd0,
  rst7: 0xd7,
  soi: 0xd8,
  eoi: 0xd9,
  sos: 0xda,
  dqt: 0xdb,
  dnl: 0xdc,
  dri: 0xdd,
  dhp: 0xde,
  exp: 0xdf,
  app0: 0xe0,
  app2: 0xe2,
  app14: 0xee,
} as const

/** One marker segment. */
export interface Segment {
  /** The second byte of the marker. */
  readonly marker: number
  /** Where the first 0xFF of the marker is. */
  readonly offset: number
  /** Where the payload begins: behind the length. */
  readonly start: number
  /** The byte after the payload. */
  readonly end: number
}

/** The byte at `index`, or an error where the stream has ended. */
export function byteAt(bytes: Uint8Array, index: number): number {
  const byte = bytes[index]
  if (byte === undefined) throw damaged('it ends too early')
  return byte
}

/** The 16 bits at `index`, high byte first. */
export function wordAt(bytes: Uint8Array, index: number): number {
  return (byteAt(bytes, index) << 8) | byteAt(bytes, index + 1)
}

/**
 * Reads the segment at `offset`; that of EOI has no payload.
 *
 * @throws {@link SourceError} (`source-damaged`) where there is none, or where it reaches beyond the end.
 */
export function readSegment(bytes: Uint8Array, offset: number): Segment {
  if (byteAt(bytes, offset) !== 0xff) throw damaged(`expected a marker at byte ${offset}`)
  let at = offset + 1
  // B.1.1.2: any marker may optionally be preceded by any number of fill bytes, which are X'FF'.
  while (byteAt(bytes, at) === 0xff) at += 1
  const code = byteAt(bytes, at)
  if (code === marker.eoi) return { marker: code, offset, start: at + 1, end: at + 1 }
  if (code < marker.sof0 || (code >= marker.rst0 && code <= marker.soi)) {
    throw damaged(`a marker ${code} at byte ${offset} has no place in the header`)
  }
  const end = at + 1 + wordAt(bytes, at + 1)
  if (end < at + 3 || end > bytes.length) throw damaged(`the segment at byte ${offset} has a wrong length`)
  return { marker: code, offset, start: at + 3, end }
}

/** Where the first segment behind SOI is. */
export function firstSegment(bytes: Uint8Array): number {
  if (wordAt(bytes, 0) !== (0xff00 | marker.soi)) throw damaged('it does not begin with SOI')
  return 2
}

/** Whether the marker opens a frame: SOF0 to SOF15 without DHT, JPG and DAC, which lie among them. */
export function isFrameMarker(code: number): boolean {
  const among = code === marker.dht || code === marker.jpg || code === marker.dac
  return code >= marker.sof0 && code <= marker.sof15 && !among
}

/** Puts `parts` one behind the other, into memory from `allocate`. */
export function concatenate(
  parts: readonly Uint8Array[],
  allocate: (length: number) => Uint8Array = length => new Uint8Array(length),
): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const whole = allocate(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Whether both hold the same bytes. */
export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i += 1) {
    if (a[i] !== b[i]) return false
  }
  return true
}
