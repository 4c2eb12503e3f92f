/* Puts an ICC profile into a WebP file without decoding it (WebP Container Specification, RFC 9649 section 2). */
import { SourceError } from '../../errors.js'
import type { Dimensions } from '../../protocol/geometry.js'

const iccFlag = 0x20
const alphaFlag = 0x10

interface Chunk {
  readonly name: string
  /** Where the chunk begins, with its name. */
  readonly start: number
  /** Where its payload begins. */
  readonly payload: number
  /** Where the next chunk begins: payloads are padded to an even length. */
  readonly end: number
}

function damaged(what: string): SourceError {
  return new SourceError(500, 'source-damaged', `The WebP data is damaged: ${what}.`)
}

function nameAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4))
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function readChunks(bytes: Uint8Array): Chunk[] {
  if (bytes.length < 20 || nameAt(bytes, 0) !== 'RIFF' || nameAt(bytes, 8) !== 'WEBP') {
    throw damaged('it is no WebP file')
  }
  const view = viewOf(bytes)
  const chunks: Chunk[] = []
  for (let start = 12; start + 8 <= bytes.length; ) {
    const length = view.getUint32(start + 4, true)
    if (length > bytes.length - start - 8) throw damaged('a chunk reaches beyond the end')
    const end = Math.min(bytes.length, start + 8 + length + (length & 1))
    chunks.push({ name: nameAt(bytes, start), start, payload: start + 8, end })
    start = end
  }
  return chunks
}

/* The 10 bytes of VP8X: flags, 3 reserved bytes, width and height less one in 24 bits each. */
function formatExtended(flags: number, width: number, height: number): Uint8Array {
  const payload = new Uint8Array(10)
  const view = viewOf(payload)
  view.setUint32(0, flags, true)
  view.setUint16(4, width - 1, true)
  view.setUint16(7, height - 1, true)
  return payload
}

/* Section 2.5 and 2.6: the sizes of a lossy and of a lossless image have 14 bits. */
function describe(bytes: Uint8Array, first: Chunk): Uint8Array {
  const { name, payload, end } = first
  const view = viewOf(bytes)
  if (name === 'VP8X' && end - payload >= 10) {
    const extended = bytes.slice(payload, payload + 10)
    return Uint8Array.from(extended, (byte, i) => (i === 0 ? byte | iccFlag : byte))
  }
  if (name === 'VP8 ' && end - payload >= 10) {
    const width = view.getUint16(payload + 6, true) & 0x3fff
    return formatExtended(iccFlag, width, view.getUint16(payload + 8, true) & 0x3fff)
  }
  if (name === 'VP8L' && end - payload >= 5 && bytes[payload] === 0x2f) {
    const bits = view.getUint32(payload + 1, true)
    const alpha = (bits >>> 28) & 1 ? alphaFlag : 0
    return formatExtended(iccFlag | alpha, (bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1)
  }
  throw damaged('it does not begin with an image')
}

function formatChunk(name: string, payload: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(8 + payload.length + (payload.length & 1))
  for (let i = 0; i < 4; i += 1) chunk[i] = name.charCodeAt(i)
  viewOf(chunk).setUint32(4, payload.length, true)
  chunk.set(payload, 8)
  return chunk
}

/**
 * Refuses a file whose image does not have the expected dimensions.
 *
 * @throws {@link SourceError} (`source-damaged`) when it has others, or is no WebP file.
 */
export function checkWebpSize(webp: Uint8Array, { width, height }: Dimensions): void {
  const [first] = readChunks(webp)
  if (!first) throw damaged('it has no chunks')
  const view = viewOf(describe(webp, first))
  const isSame =
    (view.getUint32(4, true) & 0xffffff) + 1 === width && view.getUint32(6, true) >>> 8 === height - 1
  if (!isSame) throw damaged('it has another size')
}

/**
 * Makes a WebP file of `webp` with `profile` as its ICC profile, in place of any that it has. The image is not touched.
 *
 * @throws {@link SourceError} (`source-damaged`) where `webp` is no WebP file.
 */
export function withIccProfile(webp: Uint8Array, profile: Uint8Array): Uint8Array {
  const chunks = readChunks(webp)
  const [first] = chunks
  if (!first) throw damaged('it has no chunks')
  const kept = chunks.filter(({ name }) => name !== 'VP8X' && name !== 'ICCP')
  const parts = [
    formatChunk('VP8X', describe(webp, first)),
    formatChunk('ICCP', profile),
    ...kept.map(({ start, end }) => webp.subarray(start, end)),
  ]
  const length = parts.reduce((sum, part) => sum + part.length, 12)
  const file = new Uint8Array(length)
  file.set(webp.subarray(0, 12))
  viewOf(file).setUint32(4, length - 8, true)
  let at = 12
  for (const part of parts) {
    file.set(part, at)
    at += part.length
  }
  return file
}
