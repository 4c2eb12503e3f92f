/* The memory of a block cache. What came in one answer lies in one piece (a run of blocks), is found by any of its
   blocks, and is forgotten as one: the least recently used first, once all of them have more bytes than are allowed. */
import { LRUCache } from 'lru-cache'
import { discard } from '../discard.js'
import { createReadAhead, type ReadAhead } from './read-ahead.js'
import type { SharedWork } from './shared-work.js'

/** Blocks that follow each other, counted from the beginning of the source. */
export interface BlockSpan {
  /** The first block. */
  readonly first: number
  /** The block after the last one. */
  readonly end: number
}

/** Blocks that came in one answer. */
export interface Run extends BlockSpan {
  /** What they belong to. */
  readonly blocks: SourceBlocks
  /** Their bytes. */
  readonly bytes: Uint8Array
  /** Those of them that were needed up to now; the others were fetched ahead. */
  needed: BlockSpan
  /** Who needs the memory, beside the store; none where it is left to the garbage collector. */
  readonly hold?: Hold | undefined
}

/** Counts who needs the memory of a run that nobody else holds: when nobody does, it is given back. */
export interface Hold {
  /** How many wait for the run, or copy from it. */
  count: number
  /** Whether the store has forgotten the run. */
  isForgotten: boolean
}

/** Blocks that are on their way. */
export interface Flight extends BlockSpan {
  /** What they come with. */
  readonly work: SharedWork<Run>
  /** Who needs them. */
  readonly hold: Hold
}

/** What is kept of one source, and what is on its way. */
export interface SourceBlocks {
  /** The name of the source. */
  readonly key: string
  /** The runs, by each of their blocks. */
  readonly runs: Map<number, Run>
  /** What is on its way. */
  readonly flights: Set<Flight>
  /** Whether reading ahead is worth it. */
  readonly ahead: ReadAhead
}

/** Bytes from `offset`, to be copied to where they are wanted. */
export interface Wish {
  /** The first byte, counted from the beginning of the source. */
  readonly offset: number
  /** Where they are wanted. */
  readonly target: Uint8Array
}

/** Keeps runs of blocks. */
export interface BlockStore {
  /** What is kept of a source. */
  open(key: string): SourceBlocks
  /** What is kept of a source, if anything is. */
  peek(key: string): SourceBlocks | undefined
  /** Lets go of a source of which nothing is kept or on its way. */
  close(blocks: SourceBlocks): void
  /** Keeps a run. */
  keep(run: Run): void
  /** Copies what is there of `span`, up to the first block that is not: that is given, or the end. */
  take(blocks: SourceBlocks, span: BlockSpan, wish: Wish): number
  /** Waits for blocks that are on their way, and copies what they have of a wish. */
  land(flight: Flight, wish: Wish, signal?: AbortSignal): Promise<void>
  /** Forgets a source. */
  forget(key: string): void
  /** How many bytes are kept. */
  readonly heldBytes: number
}

/** Creates a store for at most `maxBytes`, in blocks of `blockBytes`; `aheadBlocks` is what may be read ahead. */
export function createBlockStore(maxBytes: number, blockBytes: number, aheadBlocks: number): BlockStore {
  const sources = new Map<string, SourceBlocks>()
  const runs = new LRUCache<Run, Run>({
    maxSize: maxBytes,
    sizeCalculation: ({ bytes }) => bytes.length,
    dispose: run => {
      removeRun(run)
      store.close(run.blocks)
    },
  })
  const copy = ({ first, bytes }: Run, { offset, target }: Wish): void =>
    copyBytes(bytes, offset - first * blockBytes, target)
  const store: BlockStore = {
    open(key) {
      const known = sources.get(key)
      if (known) return known
      const blocks = { key, runs: new Map(), flights: new Set<Flight>(), ahead: createReadAhead(aheadBlocks) }
      sources.set(key, blocks)
      return blocks
    },
    peek: key => sources.get(key),
    close(blocks) {
      const isEmpty = blocks.runs.size === 0 && blocks.flights.size === 0
      if (isEmpty && sources.get(blocks.key) === blocks) sources.delete(blocks.key)
    },
    keep(run) {
      if (run.bytes.length > maxBytes) return
      for (let block = run.first; block < run.end; block += 1) run.blocks.runs.set(block, run)
      runs.set(run, run)
    },
    take(blocks, { first, end }, wish) {
      for (let block = first; block < end; ) {
        const run = blocks.runs.get(block)
        if (run === undefined) return block
        runs.get(run)
        noteUse(run, block, Math.min(end, run.end))
        copy(run, wish)
        block = run.end
      }
      return end
    },
    land: (flight, wish, signal) => land(flight, signal, run => copy(run, wish)),
    forget(key) {
      for (const run of new Set(sources.get(key)?.runs.values())) runs.delete(run)
    },
    get heldBytes() {
      return runs.calculatedSize
    },
  }
  return store
}

/* Copies what lies from `skip` on to where it is wanted; with a negative one, to behind its beginning. */
function copyBytes(bytes: Uint8Array, skip: number, target: Uint8Array): void {
  target.set(bytes.subarray(Math.max(0, skip), Math.max(0, skip + target.length)), Math.max(0, -skip))
}

async function land(
  { work, hold }: Flight,
  signal: AbortSignal | undefined,
  take: (run: Run) => void,
): Promise<void> {
  let run: Run | undefined
  hold.count += 1
  try {
    run = await work.join(signal)
    take(run)
  } finally {
    hold.count -= 1
    if (run) giveBack(run)
  }
}

/* Of what was evicted the garbage collector would hear late, and go through the whole heap for it. */
function giveBack({ bytes, hold }: Run): void {
  if (hold?.isForgotten && hold.count === 0) discard(bytes)
}

/* Another run may hold some of the same blocks: those stay. */
function removeRun(run: Run): void {
  for (let block = run.first; block < run.end; block += 1) {
    if (run.blocks.runs.get(block) === run) run.blocks.runs.delete(block)
  }
  if (run.hold) run.hold.isForgotten = true
  giveBack(run)
}

function noteUse(run: Run, first: number, end: number): void {
  const { needed } = run
  if (first >= needed.first && end <= needed.end) return
  run.blocks.ahead.addUsed(Math.max(0, needed.first - first) + Math.max(0, end - needed.end))
  run.needed = { first: Math.min(first, needed.first), end: Math.max(end, needed.end) }
}
