/* The bytes of one file as the TIFF reader wants them: small structures through a little cache of aligned blocks (one
   read brings a directory and what lies around it), tiles straight from the source. Nothing outside the file is asked for. */
import { LRUCache } from 'lru-cache'
import type { ImageSource, Surroundings } from '../../contracts.js'
import { discard } from '../../discard.js'
import { createDamage } from './damage.js'

/** A run of bytes in a file. */
export interface ByteRange {
  /** The first byte. */
  readonly offset: number
  /** The number of bytes. */
  readonly length: number
}

const blockBytes = 16 * 1024
// Directories are followed by their values: a read that begins late in a block takes the next block along.
const readAheadBytes = 8 * 1024
const maxBlocks = 16

/** The longest structure that goes through the block cache, in bytes. */
export const maxCachedBytes: number = 4 * blockBytes

/** Reads bytes of one file and keeps the blocks it read last, at most 256 KiB. */
export interface BlockReader {
  /** The number of bytes of the file, where the source tells. */
  readonly size: number | undefined
  /** How many bytes were read for the block cache so far. */
  fetchedBytes(): number
  /** The bytes of the range if all of them are cached. Read only: the cache owns them. */
  peek(range: ByteRange): Uint8Array | undefined
  /**
   * The bytes of the range, at most {@link maxCachedBytes}, through the cache.
   *
   * @throws {@link SourceError} when the range is not inside the file.
   */
  read(range: ByteRange, signal?: AbortSignal): Promise<Uint8Array>
  /**
   * The bytes of the range in one read of the source, not cached.
   *
   * @param around - tells what is likely to be read next
   * @throws {@link SourceError} when the range is not inside the file.
   */
  readThrough(range: ByteRange, signal?: AbortSignal, around?: Surroundings): Promise<Uint8Array>
  /**
   * Fetches the range to where `fillSync` finds it; `undefined` where the source keeps nothing.
   *
   * @param around - as for `readThrough`
   */
  prefetch(range: ByteRange, signal: AbortSignal | undefined, around: Surroundings): Promise<void> | undefined
  /** Gives back the memory of a read that was not cached, where the source leaves it to its reader; all of the read. */
  release(bytes: Uint8Array): void
  /** Fills `target` from `offset` without waiting; `false` where the source cannot do it now. */
  fillSync(target: Uint8Array, offset: number): boolean
}

/**
 * Refuses a range that reaches beyond the file or beyond what numbers count exactly.
 *
 * @throws {@link SourceError} when it does.
 */
export function checkRange(range: ByteRange, size: number | undefined, what: string): void {
  const end = range.offset + range.length
  if (!(range.offset >= 0 && range.length >= 0 && Number.isSafeInteger(end)) || end > (size ?? end)) {
    throw createDamage(`${what} lies beyond the end of the file`)
  }
}

function cutRange(bytes: Uint8Array, start: number, length: number): Uint8Array {
  if (bytes.length < start + length) throw createDamage('it ends in the middle of a structure')
  return bytes.subarray(start, start + length)
}

/** Creates the {@link BlockReader} of `source`. */
export function createBlockReader(source: ImageSource): BlockReader {
  const blocks = new LRUCache<number, Uint8Array>({ max: maxBlocks })
  const { size } = source
  let fetched = 0

  function peek({ offset, length }: ByteRange): Uint8Array | undefined {
    const first = Math.floor(offset / blockBytes)
    const start = offset - first * blockBytes
    const block = blocks.get(first)
    if (block === undefined) return undefined
    if (start + length <= block.length) return block.subarray(start, start + length)
    const next = block.length === blockBytes ? blocks.get(first + 1) : undefined
    const rest = start + length - blockBytes
    if (next === undefined || rest > next.length) return undefined
    const joined = new Uint8Array(length)
    joined.set(block.subarray(start))
    joined.set(next.subarray(0, rest), blockBytes - start)
    return joined
  }

  async function load({ offset, length }: ByteRange, signal?: AbortSignal): Promise<Uint8Array> {
    const start = Math.floor(offset / blockBytes) * blockBytes
    const wanted = offset + Math.max(length, readAheadBytes)
    const end = Math.min(Math.ceil(wanted / blockBytes) * blockBytes, size ?? Number.MAX_SAFE_INTEGER)
    const bytes = await source.read(start, end - start, signal)
    fetched += bytes.length
    for (let at = 0; at < bytes.length; at += blockBytes) {
      // Copied, so that a cached block never keeps a larger buffer of the source alive.
      blocks.set((start + at) / blockBytes, new Uint8Array(bytes.subarray(at, at + blockBytes)))
    }
    return cutRange(bytes, offset - start, length)
  }

  return {
    size,
    fetchedBytes: () => fetched,
    peek,
    async read(range, signal) {
      checkRange(range, size, 'a structure')
      if (range.length > maxCachedBytes) throw createDamage(`a structure has ${range.length} bytes`)
      return peek(range) ?? load(range, signal)
    },
    async readThrough(range, signal, around) {
      checkRange(range, size, 'a part of the image')
      return cutRange(await source.read(range.offset, range.length, signal, around), 0, range.length)
    },
    prefetch: ({ offset, length }, signal, around) => source.prefetch?.(offset, length, { signal, around }),
    release(bytes) {
      if (source.isOwn) discard(bytes)
    },
    fillSync: (target, offset) => source.readSync?.(target, offset) ?? false,
  }
}
