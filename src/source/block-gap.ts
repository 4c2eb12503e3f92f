/* Blocks that are missing: whether they are on their way, and what to fetch along with them. */
import type { ByteSpan } from '../contracts.js'
import type { BlockSpan, Flight, SourceBlocks } from './block-store.js'

/** The blocks that bytes lie in. */
export function toBlocks({ start, end }: ByteSpan, blockBytes: number): BlockSpan {
  return { first: Math.floor(start / blockBytes), end: Math.ceil(end / blockBytes) }
}

/** The first block of a span that is not there, or its end. */
export function skipKept({ runs }: SourceBlocks, { first, end }: BlockSpan): number {
  for (let block = first; block < end; ) {
    const run = runs.get(block)
    if (run === undefined) return block
    block = run.end
  }
  return end
}

/** What brings a block that is on its way, where somebody still waits for it. */
export function findFlight({ flights }: SourceBlocks, block: number): Flight | undefined {
  for (const flight of flights) {
    if (block >= flight.first && block < flight.end && flight.work.isWanted) return flight
  }
  return undefined
}

/** Tells which blocks the reader expects to be wanted, with the missing ones in it; `budget` is of use on either side. */
export type Expect = (budget: number) => BlockSpan

/**
 * Adds to missing blocks what is worth fetching ahead: what the reader expects to be wanted. Where it knows nothing, a
 * quarter of that, as much on one side as on the other, because a viewer fills its screen from the middle; and where one side
 * has no room, because something is there already, the other side gets its part.
 *
 * @param count - how many blocks the source has
 */
export function extendGap(
  blocks: SourceBlocks,
  { first, end }: BlockSpan,
  count: number,
  expect: Expect | undefined,
): BlockSpan {
  const isFree = (block: number): boolean =>
    block >= 0 && block < count && !blocks.runs.has(block) && findFlight(blocks, block) === undefined
  const reach = (from: number, step: 1 | -1, most: number): number => {
    let free = 0
    while (free < most && isFree(from + free * step)) free += 1
    return free
  }
  if (!isFree(first - 1) || !isFree(end)) blocks.ahead.addMissed()
  const budget = blocks.ahead.budget()
  let before: number
  let after: number
  if (expect && budget > 0) {
    const around = expect(budget)
    before = reach(first - 1, -1, Math.min(budget, first - around.first))
    after = reach(end, 1, Math.min(budget, around.end - end))
  } else {
    const blind = Math.ceil(budget / 4)
    const half = reach(end, 1, Math.ceil(blind / 2))
    before = reach(first - 1, -1, blind - half)
    after = half + reach(end + half, 1, blind - half - before)
  }
  blocks.ahead.addFetched(before + after)
  return { first: first - before, end: end + after }
}
