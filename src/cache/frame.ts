/* An entry as it lies in a file, in Redis, in S3: a head that says what follows, and a checksum over all of it. What is
   cut, mixed up with another entry, or differs in one bit is told from what was written, and so is never served. */
import { crc32 } from 'node:zlib'
import type { CacheEntry } from '../contracts.js'

/* magic (4) · checksum of everything after it (4) · bytes of the key (4) · of the media type (2) · unused (2) ·
   of the body (8) · when it was stored, in milliseconds of Unix time (8); then the three. Numbers are little-endian. */
const headBytes = 32
const magic = 0x31_63_64_68 // "hdc1"

/** The parts of a frame, one after the other: two, so that the body need not be copied. */
export type Frame = readonly [head: Uint8Array, body: Uint8Array]

/** What a frame holds. */
export interface FramedEntry {
  /** The entry; its bytes are a view of the frame. */
  readonly entry: CacheEntry
  /** When it was stored, in milliseconds of Unix time. */
  readonly storedAt: number
}

/** Builds the frame of an entry. */
export function buildFrame(key: string, { bytes, mediaType }: CacheEntry, storedAt: number): Frame {
  const [keyBytes, typeBytes] = [Buffer.from(key), Buffer.from(mediaType)]
  const head = Buffer.concat([Buffer.alloc(headBytes), keyBytes, typeBytes])
  head.writeUInt32LE(magic, 0)
  head.writeUInt32LE(keyBytes.byteLength, 8)
  head.writeUInt16LE(typeBytes.byteLength, 12)
  head.writeDoubleLE(bytes.byteLength, 16)
  head.writeDoubleLE(storedAt, 24)
  head.writeUInt32LE(crc32(bytes, crc32(head.subarray(8))), 4)
  return [head, bytes]
}

/** The number of bytes that the frame of an entry takes. */
export function countFrameBytes(key: string, { bytes, mediaType }: CacheEntry): number {
  return headBytes + Buffer.byteLength(key) + Buffer.byteLength(mediaType) + bytes.byteLength
}

/** The length that the beginning of a frame promises for the whole; `undefined` where it is the beginning of none. */
export function readFrameBytes(start: Uint8Array): number | undefined {
  const head = asBuffer(start)
  if (head.byteLength < headBytes || head.readUInt32LE(0) !== magic) return undefined
  const total = headBytes + head.readUInt32LE(8) + head.readUInt16LE(12) + head.readDoubleLE(16)
  return Number.isSafeInteger(total) && total >= headBytes ? total : undefined
}

/** Reads a frame; `undefined` where it is damaged, or is that of another key. */
export function parseFrame(frame: Uint8Array, key: string): FramedEntry | undefined {
  const buffer = asBuffer(frame)
  if (readFrameBytes(frame) !== frame.byteLength) return undefined
  if (crc32(buffer.subarray(8)) !== buffer.readUInt32LE(4)) return undefined
  const typeAt = headBytes + buffer.readUInt32LE(8)
  const bodyAt = typeAt + buffer.readUInt16LE(12)
  if (buffer.toString('utf8', headBytes, typeAt) !== key) return undefined
  const mediaType = buffer.toString('utf8', typeAt, bodyAt)
  return { entry: { bytes: buffer.subarray(bodyAt), mediaType }, storedAt: buffer.readDoubleLE(24) }
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
