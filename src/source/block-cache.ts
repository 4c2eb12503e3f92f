/* Bytes that are fetched from afar, kept in aligned blocks for all sources and requests together: a block is fetched
   once however many want it, neighbours that are missing come in one request, and some more are fetched ahead. */
import { createFlights } from './block-flights.js'
import { skipKept, toBlocks } from './block-gap.js'
import { createBlockStore } from './block-store.js'
import { throwIfAborted } from './failure.js'
import { clampLength } from './range.js'
import type { BlockRange, RemoteBytes } from './remote-bytes.js'

/** What a {@link BlockCache} is made with. */
export interface BlockCacheOptions {
  /** The most bytes that are kept. @defaultValue 64 MiB of memory */
  readonly maxBytes?: number
  /**
   * The size of a block: every fetch begins and ends at a multiple of it. Smaller ones waste less of a fetch, larger ones
   * need less bookkeeping. A power of two from 512. @defaultValue 4096
   */
  readonly blockBytes?: number
  /**
   * How many bytes are fetched beyond those that are needed, for as long as what was fetched ahead turns out to be
   * wanted; a multiple of `blockBytes`, or 0. Of a TIFF they are the tiles beside those that are needed, and there may be so
   * many on either side; of anything else it is an eighth on either side.
   * @defaultValue 256 KiB, or an eighth of `maxBytes` where that is less
   */
  readonly readAheadBytes?: number
}

/** Keeps bytes that were fetched. */
export interface BlockCache {
  /** Reads up to `length` bytes from `offset`, fewer only at the end; fetches what is not there. */
  read(source: RemoteBytes, range: BlockRange, signal?: AbortSignal): Promise<Uint8Array>
  /**
   * Fetches what is not there, as `read` does, to where `readSync` finds it; of what is too much to be kept, nothing.
   *
   * @param timeoutMs - how long whoever asks waits
   * @throws {@link TimeoutError} when it takes longer.
   */
  prefetch(source: RemoteBytes, range: BlockRange, signal?: AbortSignal, timeoutMs?: number): Promise<void>
  /** Fills `target` from `offset` if all of it is there; `false` where it is not. */
  readSync(source: RemoteBytes, target: Uint8Array, offset: number): boolean
  /** Keeps bytes from the beginning of a source that came by another way: whole blocks, or all that there are. */
  put(source: RemoteBytes, bytes: Uint8Array): void
  /** Forgets what is kept of a source. */
  forget(key: string): void
  /** How many bytes are kept. */
  readonly heldBytes: number
}

const maxAheadBytes = 256 * 1024

/* What is longer is fetched and not kept: it would drive out what is. */
const maxRunBytes = 2 ** 20

/**
 * Creates a cache of blocks. Several sources may share one, and should: it bounds their memory together.
 *
 * @throws TypeError that names the option, where one is not what it must be.
 */
export function blockCache(options: BlockCacheOptions = {}): BlockCache {
  const { maxBytes, blockBytes, readAheadBytes } = resolveOptions(options)
  const store = createBlockStore(maxBytes, blockBytes, readAheadBytes / blockBytes)
  const flights = createFlights(store, blockBytes)
  return {
    async read(source, { offset, length: asked, around }, signal) {
      throwIfAborted(signal)
      const length = clampLength(offset, asked, source.size)
      if (length === 0) return new Uint8Array()
      if (length > maxRunBytes) return source.fetchRange(offset, length, signal)
      const wish = { offset, target: Buffer.allocUnsafeSlow(length) }
      const under = flights.board(source, { offset, length, around }, (blocks, rest) =>
        store.take(blocks, rest, wish),
      )
      await Promise.all(under.map(flight => store.land(flight, wish, signal)))
      return wish.target
    },
    async prefetch(source, { offset, length: asked, around }, signal, timeoutMs) {
      throwIfAborted(signal)
      const length = clampLength(offset, asked, source.size)
      if (length === 0 || length > maxRunBytes) return
      const under = flights.board(source, { offset, length, around }, skipKept)
      await Promise.all(under.map(({ work }) => work.join(signal, timeoutMs)))
    },
    readSync(source, target, offset) {
      const blocks = store.peek(source.key)
      if (blocks === undefined || !(offset >= 0 && offset + target.length <= source.size)) return false
      const span = toBlocks({ start: offset, end: offset + target.length }, blockBytes)
      return store.take(blocks, span, { offset, target }) === span.end
    },
    put(source, bytes) {
      const end =
        bytes.length === source.size
          ? Math.ceil(bytes.length / blockBytes)
          : Math.floor(bytes.length / blockBytes)
      const blocks = store.open(source.key)
      const span = { first: 0, end }
      const isKnown = end === 0 || blocks.runs.has(0)
      if (!isKnown) store.keep({ ...span, blocks, bytes: bytes.subarray(0, end * blockBytes), needed: span })
      else store.close(blocks)
    },
    forget: store.forget,
    get heldBytes() {
      return store.heldBytes
    },
  }
}

function resolveOptions(options: BlockCacheOptions): Required<BlockCacheOptions> {
  const { maxBytes = 64 * 2 ** 20, blockBytes = 4096 } = options
  // What is fetched at once must leave room for what was fetched before.
  const aheadBlocks = Math.floor(Math.min(maxAheadBytes, maxBytes / 8) / blockBytes)
  const { readAheadBytes = aheadBlocks * blockBytes } = options
  if (!Number.isSafeInteger(maxBytes) || maxBytes <= 0)
    throw new TypeError(`maxBytes: expected a whole number of bytes above 0 but received ${maxBytes}`)
  if (!(blockBytes >= 512 && blockBytes <= maxRunBytes && Number.isInteger(Math.log2(blockBytes))))
    throw new TypeError(
      `blockBytes: expected a power of two from 512 to ${maxRunBytes} but received ${blockBytes}`,
    )
  if (!(readAheadBytes >= 0 && readAheadBytes <= maxRunBytes && readAheadBytes % blockBytes === 0))
    throw new TypeError(
      `readAheadBytes: expected a multiple of blockBytes up to ${maxRunBytes} but received ${readAheadBytes}`,
    )
  return { maxBytes, blockBytes, readAheadBytes }
}
