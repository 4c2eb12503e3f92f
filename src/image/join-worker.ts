/* The worker of joiner.ts: joins JPEG tiles, one task after another. */
import { parentPort } from 'node:worker_threads'
import { discard } from '../discard.js'
import { type ErrorCode, isIIIFError } from '../errors.js'
import { createJpegJoiner, type JoinPlan, type RowJoin } from './jpeg/join.js'

/** What a worker is asked to do. */
export type JoinTask =
  | {
      readonly kind: 'join'
      readonly id: number
      readonly tiles: readonly Uint8Array[]
      readonly plan: JoinPlan
    }
  | { readonly kind: 'begin'; readonly id: number; readonly plan: JoinPlan }
  | {
      readonly kind: 'row'
      readonly id: number
      readonly join: number
      readonly tiles: readonly Uint8Array[]
    }
  | { readonly kind: 'end'; readonly id: number }

/** What a worker answers; `begin` and `end` have no answer. */
export type JoinReply =
  | { readonly kind: 'bytes'; readonly id: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'failure'
      readonly id: number
      readonly status: number
      readonly code: ErrorCode
      readonly message: string
    }

const joiner = createJpegJoiner()
const joins = new Map<number, RowJoin | { readonly failure: unknown }>()

parentPort?.on('message', (task: JoinTask) => {
  if (task.kind === 'begin') joins.set(task.id, begin(task.plan))
  else if (task.kind === 'end') joins.delete(task.id)
  else answer(task)
})

function begin(plan: JoinPlan): RowJoin | { readonly failure: unknown } {
  try {
    return joiner.begin(plan)
  } catch (failure) {
    return { failure }
  }
}

function answer(task: Extract<JoinTask, { readonly kind: 'join' | 'row' }>): void {
  const { id } = task
  try {
    const bytes = task.kind === 'join' ? joiner.join(task.tiles, task.plan) : addRow(task.join, task.tiles)
    // The memory changes hands: no copy. The joiner gives an array of its own each time.
    parentPort?.postMessage({ kind: 'bytes', id, bytes } satisfies JoinReply, [bytes.buffer as ArrayBuffer])
  } catch (error) {
    const { status, code, message } = isIIIFError(error)
      ? error
      : ({ status: 500, code: 'internal', message: 'The join failed.' } as const)
    parentPort?.postMessage({ kind: 'failure', id, status, code, message } satisfies JoinReply)
  } finally {
    // They were handed over to this thread, and nobody else has them.
    for (const tile of task.tiles) discard(tile)
  }
}

function addRow(id: number, tiles: readonly Uint8Array[]): Uint8Array {
  const join = joins.get(id)
  if (join === undefined) throw new Error('there is no such join')
  if ('failure' in join) throw join.failure
  return join.addRow(tiles)
}
