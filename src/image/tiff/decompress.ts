/* Takes the compression off tiles and strips: here and at once where that is short, in another thread where it is not. */
import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import { createDamage } from './damage.js'
import { decodeLzw } from './lzw.js'
import { decodePackBits } from './packbits.js'
import { compressions } from './tags.js'

/** The form of a decompressor of node:zlib. */
type Inflate = (bytes: Uint8Array, options: zlib.ZlibOptions) => Promise<Uint8Array>

const maxChunkBytes = 2 ** 20

/* Of the usual tile it takes a quarter of a millisecond, and the way to another thread and back costs half of that. */
const maxInlineBytes = 256 * 1024

const inflate: Inflate = promisify<Uint8Array, zlib.ZlibOptions, Uint8Array>(zlib.inflate)

/** Node 22.15 and later have Zstandard, and the types of Node 20 know nothing of it. */
function findZstd(): Inflate | undefined {
  const found: unknown = Reflect.get(zlib, 'zstdDecompress')
  return typeof found === 'function' ? promisify(found as typeof zlib.inflate) : undefined
}

const zstd = findZstd()

/** The compressions that can be taken off here. */
export const packers: readonly number[] = [
  compressions.none,
  compressions.lzw,
  compressions.deflate,
  compressions.oldDeflate,
  compressions.packBits,
  ...(zstd ? [compressions.zstd] : []),
]

/** What a decompressor is told: one chunk where possible, as what comes in one piece is not copied. */
function boundOutput(maxBytes: number): zlib.ZlibOptions {
  return { maxOutputLength: maxBytes, chunkSize: Math.max(64, Math.min(maxBytes + 64, maxChunkBytes)) }
}

function notInflated(cause: unknown): Error {
  return createDamage('a compressed tile cannot be inflated to its pixels', { cause })
}

function inflateNow(bytes: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return zlib.inflateSync(bytes, boundOutput(maxBytes))
  } catch (error) {
    throw notInflated(error)
  }
}

function isDeflate(compression: number): boolean {
  return compression === compressions.deflate || compression === compressions.oldDeflate
}

/** How much comes of a tile or strip. */
export interface Unpacked {
  /** The least number of bytes. */
  readonly length: number
  /** The most. */
  readonly maxBytes: number
}

/** Whether a compression is taken off at once, because that holds up nobody; `maxBytes` is what may come of a tile. */
export function isBrief(compression: number, maxBytes: number): boolean {
  return compression !== compressions.zstd && (!isDeflate(compression) || maxBytes <= maxInlineBytes)
}

/**
 * Takes the compression off at once, where that {@link isBrief}.
 *
 * @throws {@link SourceError} when the bytes are damaged.
 */
export function decompressNow(
  bytes: Uint8Array,
  compression: number,
  { length, maxBytes }: Unpacked,
): Uint8Array {
  if (compression === compressions.none) return bytes
  if (compression === compressions.lzw) return decodeLzw(bytes, length)
  if (compression === compressions.packBits) return decodePackBits(bytes, length)
  return inflateNow(bytes, maxBytes)
}

/**
 * Takes the compression off.
 *
 * @throws {@link SourceError} when the bytes are damaged.
 */
export async function decompress(
  bytes: Uint8Array,
  compression: number,
  size: Unpacked,
): Promise<Uint8Array> {
  if (isBrief(compression, size.maxBytes)) return decompressNow(bytes, compression, size)
  const run = compression === compressions.zstd && zstd ? zstd : inflate
  return run(bytes, boundOutput(size.maxBytes)).catch(error => {
    throw notInflated(error)
  })
}
