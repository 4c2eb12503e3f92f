/* The workers of joiner.ts: started when there is work, given the next task by how much they have, replaced when lost. */
import { Worker } from 'node:worker_threads'
import { createDebug } from '../debug.js'
import type { JoinReply, JoinTask } from './join-worker.js'

const debug = createDebug('join')

/** What comes of a task: a reply, or none any more, because the worker or the pool has ended. */
export type JoinAnswer = JoinReply | { readonly kind: 'lost' } | { readonly kind: 'closed' }

/** A worker and who waits for it. */
export interface JoinWorker {
  /** The worker. */
  readonly worker: Worker
  /** Who waits, by the identifiers of their tasks. */
  readonly waiting: Map<number, (answer: JoinAnswer) => void>
  /** Whether it answers no more. */
  hasEnded: boolean
}

/** Workers that join JPEG tiles. */
export interface JoinPool {
  /** Gives an identifier for a task or a join. */
  nextId(): number
  /** The worker with the least to do; a new one where all have some. */
  choose(): JoinWorker
  /** Gives a worker a task and waits for its answer. */
  ask(worker: JoinWorker, task: Extract<JoinTask, { readonly kind: 'join' | 'row' }>): Promise<JoinAnswer>
  /** Ends the workers. */
  close(): void
}

/** Creates a pool. */
export function createJoinPool(maxWorkers: number): JoinPool {
  const workers: JoinWorker[] = []
  let lastId = 0
  let isClosed = false
  const forget = (ended: JoinWorker): void => {
    const at = workers.indexOf(ended)
    if (at >= 0) workers.splice(at, 1)
  }
  return {
    nextId() {
      lastId += 1
      return lastId
    },
    choose() {
      const idlest = workers.toSorted((a, b) => a.waiting.size - b.waiting.size)[0]
      if (idlest && (idlest.waiting.size === 0 || workers.length >= maxWorkers)) return idlest
      const started = startWorker(forget)
      workers.push(started)
      return started
    },
    async ask(worker, task) {
      const answer = await post(worker, task)
      return isClosed ? { kind: 'closed' } : answer
    },
    close() {
      isClosed = true
      for (const { worker } of workers.splice(0)) void worker.terminate()
    },
  }
}

function post(
  { worker, waiting, hasEnded }: JoinWorker,
  task: Extract<JoinTask, { readonly kind: 'join' | 'row' }>,
): Promise<JoinAnswer> {
  if (hasEnded) return Promise.resolve({ kind: 'lost' })
  return new Promise(resolve => {
    const tiles = copyTiles(task.tiles)
    worker.postMessage(
      { ...task, tiles },
      tiles.map(({ buffer }) => buffer),
    )
    waiting.set(task.id, resolve)
    // While somebody waits the worker keeps the process alive.
    worker.ref()
  })
}

/* Tiles are views of longer reads, of which a message would take all. */
function copyTiles(tiles: readonly Uint8Array[]): Uint8Array<ArrayBuffer>[] {
  return tiles.map(tile => new Uint8Array(tile))
}

function startWorker(onEnd: (worker: JoinWorker) => void): JoinWorker {
  // Not with the flags of the program: some of them, such as --input-type, no worker starts with.
  const worker = new Worker(new URL('./join-worker.js', import.meta.url), { execArgv: [] })
  const started: JoinWorker = { worker, waiting: new Map(), hasEnded: false }
  worker.on('message', (reply: JoinReply) => {
    started.waiting.get(reply.id)?.(reply)
    started.waiting.delete(reply.id)
    if (started.waiting.size === 0) worker.unref()
  })
  worker.on('error', error => debug('a worker failed: %o', error))
  worker.on('exit', () => {
    started.hasEnded = true
    onEnd(started)
    for (const answer of started.waiting.values()) answer({ kind: 'lost' })
    started.waiting.clear()
  })
  worker.unref()
  return started
}
