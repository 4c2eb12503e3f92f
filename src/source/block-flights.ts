/* What is on its way to a cache of blocks: fetches, and who waits for them. */
import type { Surroundings } from '../contracts.js'
import { isIIIFError } from '../errors.js'
import { type Expect, extendGap, findFlight, toBlocks } from './block-gap.js'
import type { BlockSpan, BlockStore, Flight, SourceBlocks } from './block-store.js'
import type { BlockRange, RemoteBytes } from './remote-bytes.js'
import { shareWork } from './shared-work.js'

/** Fetches that are under way. */
export interface Flights {
  /**
   * Finds what will bring a range that lies within the source, beginning what is not under way yet.
   *
   * @param skip - goes past the blocks that are there, and gives the first that is not
   */
  board(
    source: RemoteBytes,
    range: BlockRange,
    skip: (blocks: SourceBlocks, rest: BlockSpan) => number,
  ): Flight[]
}

/** Creates what fetches blocks for a store. */
export function createFlights(store: BlockStore, blockBytes: number): Flights {
  return {
    board(source, { offset, length, around }, skip) {
      const blocks = store.open(source.key)
      return listFlights(
        blocks,
        toBlocks({ start: offset, end: offset + length }, blockBytes),
        rest => skip(blocks, rest),
        gap => beginFlight(store, source, gap, blockBytes, around),
      )
    },
  }
}

/* Goes past what is there of a span, finds what is on its way, and begins what is missing: gaps with nothing but kept
   blocks between them in one request, for a request costs more than a few blocks. */
function listFlights(
  blocks: SourceBlocks,
  { first, end }: BlockSpan,
  skip: (rest: BlockSpan) => number,
  begin: (gap: BlockSpan) => Flight,
): Flight[] {
  const found: Flight[] = []
  let gap: BlockSpan | undefined
  for (let block = skip({ first, end }); block < end; ) {
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
    block = skip({ first: block, end })
  }
  if (gap) found.push(begin(gap))
  return found
}

function beginFlight(
  store: BlockStore,
  source: RemoteBytes,
  gap: BlockSpan,
  blockBytes: number,
  around: Surroundings | undefined,
): Flight {
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
