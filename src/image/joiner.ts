/* Joins JPEG tiles in this thread or in workers: what takes longer than a tile may take must not hold up tiles. */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { createDebug } from '../debug.js'
import { SourceError } from '../errors.js'
import { type Allocate, createAllocator } from './allocator.js'
import { throwIfAborted } from './failure.js'
import type { JoinReply, JoinTask } from './join-worker.js'
import { createJpegJoiner, type JoinPlan } from './jpeg/join.js'

const debug = createDebug('join')

/** Joins JPEG tiles, somewhere. */
export interface Joiner {
  /** Makes one JPEG of tiles; see {@link JpegJoiner}. */
  join(tiles: readonly Uint8Array[], plan: JoinPlan, signal?: AbortSignal): Promise<Uint8Array>
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

interface JoinWorker {
  readonly worker: Worker
  readonly waiting: Map<number, (reply: JoinReply) => void>
  hasEnded: boolean
}

/** Creates a joiner without workers, for programs that have nothing else to do meanwhile. */
export function createInlineJoiner(): Joiner {
  const joiner = createJpegJoiner()
  return {
    allocate: length => new Uint8Array(length),
    join: async (tiles, plan) => joiner.join(tiles, plan),
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
  const workers: JoinWorker[] = []
  let lastId = 0

  // The worker with the least to do; a new one where all have some.
  function choose(): JoinWorker {
    const idlest = workers.toSorted((a, b) => a.waiting.size - b.waiting.size)[0]
    if (idlest && (idlest.waiting.size === 0 || workers.length >= maxWorkers)) return idlest
    const started = startWorker(ended => {
      const at = workers.indexOf(ended)
      if (at >= 0) workers.splice(at, 1)
    })
    workers.push(started)
    return started
  }

  async function ask(worker: JoinWorker, task: JoinTask, signal?: AbortSignal): Promise<Uint8Array> {
    const reply = await post(worker, task)
    throwIfAborted(signal)
    if (reply.kind === 'bytes') return reply.bytes
    throw new SourceError(reply.status, reply.code, reply.message)
  }

  return {
    allocate: createAllocator(),
    async join(tiles, plan, signal) {
      throwIfAborted(signal)
      if (countBytes(tiles) <= maxInlineBytes) return inline.join(tiles, plan)
      lastId += 1
      return ask(choose(), { kind: 'join', id: lastId, tiles, plan }, signal)
    },
    begin(plan) {
      const worker = choose()
      lastId += 1
      const join = lastId
      worker.worker.postMessage({ kind: 'begin', id: join, plan } satisfies JoinTask)
      return {
        addRow(tiles, signal) {
          throwIfAborted(signal)
          lastId += 1
          return ask(worker, { kind: 'row', id: lastId, join, tiles }, signal)
        },
        end: () => worker.worker.postMessage({ kind: 'end', id: join } satisfies JoinTask),
      }
    },
    close() {
      for (const { worker } of workers.splice(0)) void worker.terminate()
    },
  }
}

function post({ worker, waiting, hasEnded }: JoinWorker, task: JoinTask): Promise<JoinReply> {
  if (hasEnded) return Promise.resolve(buildGivenUp(task.id))
  return new Promise(resolve => {
    waiting.set(task.id, resolve)
    // While somebody waits the worker keeps the process alive.
    worker.ref()
    const tiles = task.kind === 'join' || task.kind === 'row' ? copyTiles(task.tiles) : []
    worker.postMessage(
      { ...task, tiles },
      tiles.map(({ buffer }) => buffer),
    )
  })
}

/* Tiles are views of longer reads, of which a message would take all. */
function copyTiles(tiles: readonly Uint8Array[]): Uint8Array<ArrayBuffer>[] {
  return tiles.map(tile => new Uint8Array(tile))
}

function buildGivenUp(id: number): JoinReply {
  return { kind: 'failure', id, status: 500, code: 'source-unsupported', message: 'The join was given up.' }
}

function startWorker(onEnd: (worker: JoinWorker) => void): JoinWorker {
  const worker = new Worker(new URL('./join-worker.js', import.meta.url))
  const started: JoinWorker = { worker, waiting: new Map(), hasEnded: false }
  worker.unref()
  worker.on('message', (reply: JoinReply) => {
    started.waiting.get(reply.id)?.(reply)
    started.waiting.delete(reply.id)
    if (started.waiting.size === 0) worker.unref()
  })
  worker.on('error', error => debug('a worker failed: %o', error))
  worker.on('exit', () => {
    started.hasEnded = true
    onEnd(started)
    for (const [id, answer] of started.waiting) answer(buildGivenUp(id))
    started.waiting.clear()
  })
  return started
}

function countBytes(tiles: readonly Uint8Array[]): number {
  return tiles.reduce((sum, tile) => sum + tile.length, 0)
}
