/* Writes entropy-coded data: single codes, and whole runs of bits taken over from other data, with byte stuffing
   (ITU-T T.81 section F.1.2.3). */
import { type EntropyData, hasMarkerByte } from './entropy.js'

/** Bytes that are being written, and up to 31 bits that do not make a word yet. */
export interface BitWriter {
  /** The memory; `length` bytes of it are written. */
  bytes: Uint8Array
  /** The same memory. */
  view: DataView
  /** The number of bytes written. */
  length: number
  /** Bits not yet written, the first one in the highest place, zeros behind them. */
  pending: number
  /** How many bits are pending, 0 to 31. */
  pendingCount: number
}

// Small results are copied out of memory that is used again; large ones take their memory with them.
const smallest = 1 << 16
const largestKept = 1 << 20

/** Creates a writer; its memory grows. */
export function createBitWriter(): BitWriter {
  const bytes = new Uint8Array(smallest)
  return { bytes, view: new DataView(bytes.buffer), length: 0, pending: 0, pendingCount: 0 }
}

/** Forgets what is written. */
export function resetBits(writer: BitWriter): void {
  writer.length = 0
  writer.pending = 0
  writer.pendingCount = 0
}

/** Makes room for `count` more bytes. */
export function reserve(writer: BitWriter, count: number): void {
  const needed = writer.length + count
  if (needed <= writer.bytes.length) return
  const bytes = new Uint8Array(Math.max(needed, writer.bytes.length * 2))
  bytes.set(writer.bytes.subarray(0, writer.length))
  writer.bytes = bytes
  writer.view = new DataView(bytes.buffer)
}

/** Writes bytes as they are, without stuffing; no bits may be pending. */
export function writeBytes(writer: BitWriter, bytes: Uint8Array): void {
  reserve(writer, bytes.length)
  writer.bytes.set(bytes, writer.length)
  writer.length += bytes.length
}

/* Writes the four bytes of `word` to `at`, a zero behind each 0xFF; gives the place behind them. */
function putStuffed(bytes: Uint8Array, at: number, word: number): number {
  let to = at
  for (let shift = 24; shift >= 0; shift -= 8) {
    const byte = (word >>> shift) & 255
    bytes[to] = byte
    to += 1
    if (byte === 0xff) {
      bytes[to] = 0
      to += 1
    }
  }
  return to
}

/** Writes the low `count` bits of `bits`, up to 27. */
export function writeBits(writer: BitWriter, bits: number, count: number): void {
  const free = 32 - writer.pendingCount
  if (count < free) {
    writer.pending |= bits << (free - count)
    writer.pendingCount += count
    return
  }
  const over = count - free
  reserve(writer, 8)
  writer.length = putStuffed(writer.bytes, writer.length, writer.pending | (bits >>> over))
  writer.pending = over === 0 ? 0 : bits << (32 - over)
  writer.pendingCount = over
}

/** Writes the bits of `data` from `from` to `to`: first up to a whole word of the output, then word by word. */
export function copyBits(writer: BitWriter, data: EntropyData, from: number, to: number): void {
  let position = from
  const align = Math.min(to - from, (32 - writer.pendingCount) & 31)
  position = copyFew(writer, data, position, position + align)
  reserve(writer, ((to - position) >>> 2) + 8)
  const { view } = data
  const { bytes } = data
  const output = writer.bytes
  const outputView = writer.view
  const left = position & 7
  const right = 8 - left
  let at = writer.length
  for (; to - position >= 32; position += 32) {
    const byte = position >>> 3
    const word = (view.getInt32(byte) << left) | ((bytes[byte + 4] as number) >>> right)
    if (hasMarkerByte(word)) {
      at = putStuffed(output, at, word)
    } else {
      outputView.setInt32(at, word)
      at += 4
    }
  }
  writer.length = at
  copyFew(writer, data, position, to)
}

/* Writes fewer than 32 bits, in two parts because a window has 25; gives `to`. */
function copyFew(writer: BitWriter, data: EntropyData, from: number, to: number): number {
  for (let position = from; position < to; ) {
    const count = Math.min(to - position, 16)
    const window = data.view.getInt32(position >>> 3) << (position & 7)
    writeBits(writer, window >>> (32 - count), count)
    position += count
  }
  return to
}

/** F.1.2.3: fills the last byte with ones, and writes all that is pending. */
export function finishBits(writer: BitWriter): void {
  const count = (writer.pendingCount + 7) & ~7
  if (count > writer.pendingCount) {
    const fill = count - writer.pendingCount
    writer.pending |= ((1 << fill) - 1) << (32 - count)
  }
  reserve(writer, 8)
  for (let shift = 24; shift > 24 - count; shift -= 8) {
    const byte = (writer.pending >>> shift) & 255
    writer.bytes[writer.length] = byte
    writer.length += 1
    if (byte === 0xff) {
      writer.bytes[writer.length] = 0
      writer.length += 1
    }
  }
  writer.pending = 0
  writer.pendingCount = 0
}

/** Gives the bytes written so far; what is written afterwards goes on behind them. */
export function takeBytes(writer: BitWriter): Uint8Array {
  const { bytes, length } = writer
  writer.length = 0
  if (bytes.length <= largestKept) return bytes.slice(0, length)
  writer.bytes = new Uint8Array(smallest)
  writer.view = new DataView(writer.bytes.buffer)
  return bytes.subarray(0, length)
}
