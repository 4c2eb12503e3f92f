/* Tasks: what a service is told to do that takes a while. They go on when who ordered them has left, are asked about by
   their ids, and are forgotten, the oldest first, when there are too many. */
import { randomUUID } from 'node:crypto'
import type { SweepReport } from '../contracts.js'
import { createDebug } from '../debug.js'
import { isIIIFError, NotFoundError, OverloadedError, throwIfAborted } from '../errors.js'
import { createTaskLane } from './lane.js'
import type { OperatedService } from './options.js'
import type { Order } from './order.js'

const debug = createDebug('operations')

/** How far a task has come. */
export type TaskState = 'queued' | 'running' | 'succeeded' | 'failed' | 'stopped'

/** A task, as it is told to who asks; times as ISO 8601. */
export interface Task {
  /** By which it is asked about. */
  readonly id: string
  /** What it does. */
  readonly order: Order
  /** How far it has come. */
  readonly state: TaskState
  /** When it was ordered. */
  readonly createdAt: string
  /** When it began. */
  readonly startedAt?: string
  /** When it ended. */
  readonly endedAt?: string
  /** How many of how many identifiers or images are done, and how many of them failed. */
  readonly progress?: TaskProgress
  /** What was deleted, where the cache tells it. */
  readonly report?: SweepReport
  /** What went wrong. */
  readonly message?: string
}

/** How much of a task is done. */
export interface TaskProgress {
  /** How many are done, failed ones among them. */
  readonly done: number
  /** How many there are. */
  readonly total: number
  /** How many have failed. */
  readonly failed: number
}

/** How many tasks wait, and how many go on. */
export interface TaskCounts {
  /** How many wait. */
  readonly queued: number
  /** How many go on. */
  readonly running: number
}

/** Keeps tasks and has them done. */
export interface Tasks {
  /** Begins a task, or joins a sweep that is under way. @throws {@link OverloadedError} when too many are not done. */
  begin(order: Order): Task
  /** Tells of a task. @throws {@link NotFoundError} */
  find(id: string): Task
  /** Lists the tasks that are remembered, the latest first. */
  list(): readonly Task[]
  /** Stops a task as soon as that can be. @throws {@link NotFoundError} */
  stop(id: string): Task
  /** Counts those that are not done. */
  count(): TaskCounts
  /** Stops all, and waits until they have stopped. */
  close(): Promise<void>
}

interface Entry {
  task: Task
  readonly controller: AbortController
  /** Takes the task away while it waits; `false` when it has begun. */
  leave: () => boolean
  /** Settles when the task is done. */
  done: Promise<void>
}

/** How many of each kind go on side by side: who takes an image down waits for no sweep, and for no pyramid. */
const widths = { purge: 4, sweep: 1, warm: 1 } as const

/** Creates a place for tasks. */
export function createTasks(service: OperatedService, maxTasks: number): Tasks {
  const entries = new Map<string, Entry>()
  const lanes = {
    purge: createTaskLane(widths.purge),
    sweep: createTaskLane(widths.sweep),
    warm: createTaskLane(widths.warm),
  }
  let isClosed = false

  const find = (id: string): Entry => {
    const entry = entries.get(id)
    if (entry) return entry
    throw new NotFoundError('not-found', 'There is no task with this id, or it is long done.')
  }
  const count = (state: TaskState): number =>
    [...entries.values()].filter(({ task }) => task.state === state).length
  const add = (order: Order): Task => {
    makeRoom(entries, maxTasks)
    const entry = createEntry(order)
    entries.set(entry.task.id, entry)
    entry.done = new Promise(resolve => {
      entry.leave = lanes[laneOf(order)].enter(() => run(entry, service).finally(resolve))
    })
    return entry.task
  }
  const stop = (entry: Entry): Task => {
    entry.controller.abort()
    if (entry.leave()) settle(entry, { state: 'stopped' })
    return entry.task
  }
  return {
    begin(order) {
      if (isClosed) throw new OverloadedError('The server is closing.', 10)
      const sweep = laneOf(order) === 'sweep' && [...entries.values()].find(isSweeping)
      return sweep ? sweep.task : add(order)
    },
    find: id => find(id).task,
    list: () => [...entries.values()].map(({ task }) => task).reverse(),
    stop: id => stop(find(id)),
    count: () => ({ queued: count('queued'), running: count('running') }),
    async close() {
      isClosed = true
      const open = [...entries.values()].filter(isOpen)
      for (const entry of open) stop(entry)
      await Promise.all(open.filter(isOpen).map(({ done }) => done))
    },
  }
}

function createEntry(order: Order): Entry {
  const createdAt = new Date().toISOString()
  const task: Task = { id: randomUUID(), order, state: 'queued', createdAt }
  return { task, controller: new AbortController(), leave: () => false, done: Promise.resolve() }
}

function laneOf(order: Order): keyof typeof widths {
  return 'expired' in order ? 'sweep' : order.kind
}

function isOpen({ task }: Entry): boolean {
  return task.state === 'queued' || task.state === 'running'
}

function isSweeping(entry: Entry): boolean {
  return laneOf(entry.task.order) === 'sweep' && isOpen(entry) && !entry.controller.signal.aborted
}

function makeRoom(entries: Map<string, Entry>, maxTasks: number): void {
  if (entries.size < maxTasks) return
  const oldest = [...entries].find(([, entry]) => !isOpen(entry))
  if (oldest === undefined) throw new OverloadedError('Too many tasks are not done yet.', 10)
  entries.delete(oldest[0])
}

function settle(entry: Entry, result: Partial<Task>): void {
  entry.task = { ...entry.task, ...result, endedAt: new Date().toISOString() }
}

async function run(entry: Entry, service: OperatedService): Promise<void> {
  const { controller, task } = entry
  const note = (progress: TaskProgress): void => {
    entry.task = { ...entry.task, progress }
  }
  entry.task = { ...task, state: 'running', startedAt: new Date().toISOString() }
  try {
    const report = await perform(task.order, service, controller.signal, note)
    settle(entry, { ...(report && { report }), ...judge(entry) })
  } catch (error) {
    debug('a task failed: %o', error)
    if (controller.signal.aborted) settle(entry, { state: 'stopped' })
    else settle(entry, { state: 'failed', message: explain(error) })
  }
}

function judge({ task: { order, progress }, controller }: Entry): Pick<Task, 'state' | 'message'> {
  // Caches stop a sweep without an error.
  if (controller.signal.aborted && 'expired' in order) return { state: 'stopped' }
  if (progress === undefined || progress.failed === 0) return { state: 'succeeded' }
  return { state: 'failed', message: `${progress.failed} of ${progress.total} failed.` }
}

/* What was not thrown on purpose may tell where things are. */
function explain(error: unknown): string {
  return isIIIFError(error) ? error.message : 'It did not succeed: a copy may be left in the cache.'
}

type Note = (progress: TaskProgress) => void

async function perform(
  order: Order,
  service: OperatedService,
  signal: AbortSignal,
  note: Note,
): Promise<SweepReport | undefined> {
  if (order.kind === 'warm') return warm(order, service, signal, note)
  if ('expired' in order) return service.sweep(signal)
  if ('all' in order) return service.purge({ all: true })
  return purgeEach(order.identifiers, service, signal, note)
}

async function purgeEach(
  identifiers: readonly string[],
  service: OperatedService,
  signal: AbortSignal,
  note: Note,
): Promise<undefined> {
  const total = identifiers.length
  let failed = 0
  for (const [done, identifier] of identifiers.entries()) {
    throwIfAborted(signal)
    note({ done, total, failed })
    try {
      await service.purge({ identifier })
    } catch (error) {
      // The others are to be taken down nevertheless.
      debug('an image could not be purged: %o', error)
      failed += 1
    }
  }
  note({ done: total, total, failed })
}

async function warm(
  { identifier, kind: _kind, ...options }: Extract<Order, { readonly kind: 'warm' }>,
  service: OperatedService,
  signal: AbortSignal,
  note: Note,
): Promise<undefined> {
  let failed = 0
  for await (const { done, total, outcome } of service.warm(identifier, { ...options, signal })) {
    if (outcome === 'failed') failed += 1
    note({ done, total, failed })
  }
}
