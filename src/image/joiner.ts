/* Joins JPEG tiles in this thread or in workers: what takes longer than a tile may take must not hold up tiles. */
import { availableParallelism } from 'node:os'
import { AbortedError, SourceError } from '../errors.js'
import { type Allocate, createAllocator } from './allocator.js'
import { throwIfAborted } from './failure.js'
import { createJoinPool, type JoinAnswer, type JoinPool } from './join-pool.js'
import type { JoinTask } from './join-worker.js'
import { createJpegJoiner, type JoinPlan } from './jpeg/join.js'

/** Joins JPEG tiles, somewhere. */
export interface Joiner {
  /** Makes one JPEG of tiles; see {@link JpegJoiner}. */
  join(tiles: readonly Uint8Array[], plan: JoinPlan, signal?: AbortSignal): Promise<Uint8Array>
  /** As `join`, here and at once; for no more than one tile of usual size. */
  joinNow(tiles: readonly Uint8Array[], plan: JoinPlan): Uint8Array
  /** Begins a join that is given one row of tiles after another; `end` must follow. */
  begin(plan: JoinPlan): StreamedJoin
  /** Gives memory for bodies that are sent and forgotten. */
  readonly allocate: Allocate
  /** Ends the workers. */
  close(): void
}

/** A join under way. */
export interface StreamedJoin {
  /** Takes the next row of tiles and gives the bytes that it makes. */
  addRow(tiles: readonly Uint8Array[], signal?: AbortSignal): Promise<Uint8Array>
  /** Forgets the join, finished or not. */
  end(): void
}

/** Joins of more bytes than this go to a worker: about a millisecond of work. */
const maxInlineBytes = 400_000

/** Creates a joiner without workers, for programs that have nothing else to do meanwhile. */
export function createInlineJoiner(): Joiner {
  const joiner = createJpegJoiner()
  return {
    allocate: length => new Uint8Array(length),
    join: async (tiles, plan) => joiner.join(tiles, plan),
    joinNow: (tiles, plan) => joiner.join(tiles, plan),
    begin(plan) {
      const join = joiner.begin(plan)
      return { addRow: async tiles => join.addRow(tiles), end() {} }
    },
    close() {},
  }
}

/** Creates a joiner; workers are started when there is the first long work for them. */
export function createJoiner(maxWorkers: number = availableParallelism()): Joiner {
  const inline = createInlineJoiner()
  const pool = createJoinPool(maxWorkers)
  return {
    allocate: createAllocator(),
    joinNow: inline.joinNow,
    async join(tiles, plan, signal) {
      throwIfAborted(signal)
      if (countBytes(tiles) <= maxInlineBytes) return inline.join(tiles, plan)
      const task = { kind: 'join', id: pool.nextId(), tiles, plan } as const
      const bytes = takeBytes(await pool.ask(pool.choose(), task), signal)
      // A worker that was lost is no reason for another answer: the same join is made here.
      return bytes ?? inline.join(tiles, plan)
    },
    begin: plan => beginInWorker(pool, inline, plan),
    close: () => pool.close(),
  }
}

function beginInWorker(pool: JoinPool, inline: Joiner, plan: JoinPlan): StreamedJoin {
  const worker = pool.choose()
  const join = pool.nextId()
  let rows = 0
  let here: StreamedJoin | undefined
  worker.worker.postMessage({ kind: 'begin', id: join, plan } satisfies JoinTask)
  return {
    async addRow(tiles, signal) {
      throwIfAborted(signal)
      rows += 1
      if (here) return here.addRow(tiles, signal)
      const answer = await pool.ask(worker, { kind: 'row', id: pool.nextId(), join, tiles })
      const bytes = takeBytes(answer, signal)
      if (bytes) return bytes
      // What has begun in a worker that was lost cannot go on elsewhere: a fault of this server, told as such.
      if (rows > 1) throw new Error('A worker that joins tiles was lost.')
      here = inline.begin(plan)
      return here.addRow(tiles, signal)
    },
    end: () => worker.worker.postMessage({ kind: 'end', id: join } satisfies JoinTask),
  }
}

/* The bytes of an answer; `undefined` where the worker was lost. */
function takeBytes(answer: JoinAnswer, signal?: AbortSignal): Uint8Array | undefined {
  throwIfAborted(signal)
  switch (answer.kind) {
    case 'bytes':
      return answer.bytes
    case 'lost':
      return undefined
    case 'closed':
      throw new AbortedError('closed', 'The service is closing.')
    case 'failure':
      throw new SourceError(answer.status, answer.code, answer.message)
  }
}

function countBytes(tiles: readonly Uint8Array[]): number {
  return tiles.reduce((sum, tile) => sum + tile.length, 0)
}
