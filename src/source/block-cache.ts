/* Bytes that are fetched from afar, kept in aligned blocks for all sources and requests together: a block is fetched
   once however many want it, neighbours that are missing come in one request, and some more are fetched ahead. */
import type { ByteSpan, Surroundings } from '../contracts.js'
import { isIIIFError } from '../errors.js'
import { type Expect, extendGap, findFlight } from './block-gap.js'
import {
  type BlockSpan,
  type BlockStore,
  createBlockStore,
  type Flight,
  type SourceBlocks,
  type Wish,
} from './block-store.js'
import { throwIfAborted } from './failure.js'
import { clampLength } from './range.js'
import { shareWork } from './shared-work.js'

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
   * wanted; a multiple of `blockBytes`, or 0. Of a TIFF they are the tiles of the same row, and there may be so many on
   * either side. @defaultValue 98,304
   */
  readonly readAheadBytes?: number
}

/** One version of some bytes that are elsewhere. */
export interface RemoteBytes {
  /** Tells these bytes apart from all others, also from those of other versions. */
  readonly key: string
  /** How many there are. */
  readonly size: number
  /**
   * Fetches bytes that are there.
   *
   * @returns exactly `length` bytes
   * @throws {@link SourceError} (`source-changed`) when they are no longer those of the version.
   */
  fetchRange(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>
  /**
   * Whether nobody else holds the memory of what `fetchRange` gives: the cache gives it back then as soon as it has
   * forgotten it. @defaultValue false, which leaves it to the garbage collector
   */
  readonly isOwn?: boolean
}

/** Bytes that are wanted of a source. */
export interface BlockRange {
  /** The first byte. */
  readonly offset: number
  /** How many. */
  readonly length: number
  /** Tells what is likely to be wanted next. @defaultValue nobody knows: as much on either side */
  readonly around?: Surroundings | undefined
}

/** Keeps bytes that were fetched. */
export interface BlockCache {
  /** Reads up to `length` bytes from `offset`, fewer only at the end; fetches what is not there. */
  read(source: RemoteBytes, range: BlockRange, signal?: AbortSignal): Promise<Uint8Array>
  /** Fills `target` from `offset` if all of it is there; `false` where it is not. */
  readSync(source: RemoteBytes, target: Uint8Array, offset: number): boolean
  /** Keeps bytes from the beginning of a source that came by another way: whole blocks, or all that there are. */
  put(source: RemoteBytes, bytes: Uint8Array): void
  /** Forgets what is kept of a source. */
  forget(key: string): void
  /** How many bytes are kept. */
  readonly heldBytes: number
}

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
  const spanBlocks = (start: number, end: number): BlockSpan => toBlocks({ start, end }, blockBytes)
  return {
    async read(source, { offset, length, around }, signal) {
      throwIfAborted(signal)
      const wanted = clampLength(offset, length, source.size)
      if (wanted === 0) return new Uint8Array()
      if (wanted > maxRunBytes) return source.fetchRange(offset, wanted, signal)
      const wish = { offset, target: Buffer.allocUnsafeSlow(wanted) }
      const span = spanBlocks(offset, offset + wanted)
      const flights = listFlights(store, store.open(source.key), span, wish, gap =>
        beginFlight(store, source, { gap, blockBytes, around }),
      )
      await Promise.all(flights.map(flight => store.land(flight, wish, signal)))
      return wish.target
    },
    readSync(source, target, offset) {
      const blocks = store.peek(source.key)
      if (blocks === undefined || !(offset >= 0 && offset + target.length <= source.size)) return false
      const span = spanBlocks(offset, offset + target.length)
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

/* Copies what is there of a span, finds what is on its way, and begins what is missing: gaps with nothing but kept
   blocks between them in one request, for a request costs more than a few blocks. */
function listFlights(
  store: BlockStore,
  blocks: SourceBlocks,
  { first, end }: BlockSpan,
  wish: Wish,
  begin: (gap: BlockSpan) => Flight,
): Flight[] {
  const found: Flight[] = []
  let gap: BlockSpan | undefined
  for (let block = store.take(blocks, { first, end }, wish); block < end; ) {
    const flight = findFlight(blocks, block)
    if (flight === undefined) {
      gap = { first: gap?.first ?? block, end: block + 1 }
      block += 1
    } else {
      if (gap) found.push(begin(gap))
      gap = undefined
      found.push(flight)
      block = flight.end
    }
    block = store.take(blocks, { first: block, end }, wish)
  }
  if (gap) found.push(begin(gap))
  return found
}

interface Gap {
  readonly gap: BlockSpan
  readonly blockBytes: number
  readonly around: Surroundings | undefined
}

function beginFlight(store: BlockStore, source: RemoteBytes, { gap, blockBytes, around }: Gap): Flight {
  const blocks = store.open(source.key)
  const expect: Expect | undefined = around && (budget => toBlocks(around(budget * blockBytes), blockBytes))
  const span = extendGap(blocks, gap, Math.ceil(source.size / blockBytes), expect)
  const offset = span.first * blockBytes
  const length = Math.min(span.end * blockBytes, source.size) - offset
  const hold = { count: 0, isForgotten: false }
  const work = shareWork(async given => {
    try {
      const bytes = await source.fetchRange(offset, length, given)
      const run = { ...span, blocks, bytes, needed: gap, ...(source.isOwn && { hold }) }
      store.keep(run)
      return run
    } catch (error) {
      if (isIIIFError(error) && error.code === 'source-changed') store.forget(source.key)
      throw error
    } finally {
      blocks.flights.delete(flight)
      store.close(blocks)
    }
  })
  const flight: Flight = { ...span, work, hold }
  blocks.flights.add(flight)
  return flight
}

function toBlocks({ start, end }: ByteSpan, blockBytes: number): BlockSpan {
  return { first: Math.floor(start / blockBytes), end: Math.ceil(end / blockBytes) }
}

function resolveOptions(options: BlockCacheOptions): Required<BlockCacheOptions> {
  const { maxBytes = 64 * 2 ** 20, blockBytes = 4096, readAheadBytes = 98_304 } = options
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
