/* The options of the schedule: checked once when a service is made. */
import type { AdmissionSettings } from './admission.js'
import type { LaneSettings } from './lane.js'
import { readMachine } from './machine.js'
import { resolveWorkMemory } from './memory.js'

/** How wide and how long a lane is. */
export interface LaneOptions {
  /**
   * How much work goes on side by side; one client gets at most one place less.
   * @defaultValue tile: the processors that the container gives, or the machine has (at most 4, the threads of libuv), and
   * one more; large: half of them
   */
  readonly concurrency?: number
  /** How much work waits at most; beyond it requests are answered with 503. @defaultValue tile: 1000; large: 50 */
  readonly maxQueue?: number
}

/** After how many seconds something is given up (504). `Infinity` waits for as long as it takes. */
export interface TimeoutOptions {
  /** Finding the source of an identifier. @defaultValue 10 */
  readonly resolveSeconds?: number
  /** One read of a source, or one piece of it where it is streamed. @defaultValue 30 */
  readonly readSeconds?: number
  /**
   * Decoding, scaling and encoding, in whole seconds; libvips gives up when it next looks at the clock, which it does not
   * while AVIF is encoded, and seldom for GIF. @defaultValue 60
   */
  readonly renderSeconds?: number
  /** Opening an image, and making one, each with all that it waits for, until the answer begins. @defaultValue 120 */
  readonly requestSeconds?: number
  /** For how long a client may take nothing of a large answer, before it is broken off. @defaultValue 60 */
  readonly sendSeconds?: number
}

/** How much is done at the same time, and for how long anything may take. */
export interface ScheduleOptions {
  /** The lane of work that is as small as a tile. */
  readonly tile?: LaneOptions
  /** The lane of all other work. */
  readonly large?: LaneOptions
  /** How long a request waits for its turn; beyond it the answer is 503. @defaultValue 10 */
  readonly maxWaitSeconds?: number
  /**
   * The memory that images are made in, in bytes: what is being made, and large results until they are sent.
   * @defaultValue half of the memory of the container, or of the machine
   */
  readonly memoryBytes?: number
  /**
   * How many threads libvips takes for one image, in the whole process. More make one image sooner where nothing else is
   * to be done, and cost all of them time where there is. @defaultValue 1
   */
  readonly libvipsThreads?: number
  /** After how long something is given up. */
  readonly timeouts?: TimeoutOptions
}

/** {@link TimeoutOptions} in milliseconds, complete. */
export interface Timeouts {
  /** Finding a source. */
  readonly resolveMs: number
  /** One read. */
  readonly readMs: number
  /** Making an image. */
  readonly renderMs: number
  /** Opening an image; making one until the answer begins. */
  readonly requestMs: number
  /** A client that takes nothing. */
  readonly sendMs: number
}

/** {@link ScheduleOptions}, checked and complete. */
export interface ScheduleSettings extends AdmissionSettings {
  /** How many threads libvips takes for one image. */
  readonly libvipsThreads: number
  /** After how long something is given up. */
  readonly timeouts: Timeouts
}

/** The threads that libuv has unless it is told otherwise before Node starts: more work than these cannot go on. */
const libuvThreads = 4

/**
 * Tells how wide lanes are by default. Wider ones make more tiles where nothing else is to be done
 * (`test/bench/concurrency.js`), and under overload take the processor from the thread that turns requests away
 * (`test/bench/overload.js`).
 */
export function measureLanes(processors: number): { readonly tile: number; readonly large: number } {
  const threads = Math.min(processors, libuvThreads)
  return { tile: threads + 1, large: Math.ceil(threads / 2) }
}

/**
 * Checks the options and fills in what is missing.
 *
 * @throws TypeError that names the option, what was expected and what was received.
 */
export function resolveScheduleOptions(options: ScheduleOptions = {}): ScheduleSettings {
  const machine = readMachine()
  const lanes = measureLanes(machine.processors)
  const { tile, large, maxWaitSeconds = 10, libvipsThreads = 1 } = options
  const { memoryBytes = resolveWorkMemory(machine.memoryBytes) } = options
  const maxWaitMs = toMilliseconds('maxWaitSeconds', maxWaitSeconds)
  return Object.freeze({
    tile: resolveLane('tile', tile, { concurrency: lanes.tile, maxQueue: 1000, maxWaitMs }),
    large: resolveLane('large', large, { concurrency: lanes.large, maxQueue: 50, maxWaitMs }),
    memoryBytes: requireCount('memoryBytes', memoryBytes, 1),
    libvipsThreads: requireCount('libvipsThreads', libvipsThreads, 1),
    timeouts: resolveTimeouts(options.timeouts),
  })
}

function resolveLane(name: string, options: LaneOptions = {}, defaults: LaneSettings): LaneSettings {
  const { concurrency = defaults.concurrency, maxQueue = defaults.maxQueue } = options
  return {
    concurrency: requireCount(`${name}.concurrency`, concurrency, 1),
    maxQueue: requireCount(`${name}.maxQueue`, maxQueue, 0),
    maxWaitMs: defaults.maxWaitMs,
  }
}

function resolveTimeouts(options: TimeoutOptions = {}): Timeouts {
  const {
    resolveSeconds = 10,
    readSeconds = 30,
    renderSeconds = 60,
    requestSeconds = 120,
    sendSeconds = 60,
  } = options
  return {
    resolveMs: toMilliseconds('timeouts.resolveSeconds', resolveSeconds),
    readMs: toMilliseconds('timeouts.readSeconds', readSeconds),
    renderMs: toMilliseconds('timeouts.renderSeconds', renderSeconds),
    requestMs: toMilliseconds('timeouts.requestSeconds', requestSeconds),
    sendMs: toMilliseconds('timeouts.sendSeconds', sendSeconds),
  }
}

function requireCount(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new TypeError(`schedule.${name}: expected a whole number from ${least} but received ${String(value)}`)
}

/* What a timer of Node can wait. */
const maxSeconds = 2 ** 31 / 1000 - 1

function toMilliseconds(name: string, seconds: number): number {
  if (seconds === Infinity) return Infinity
  if (typeof seconds === 'number' && seconds > 0 && seconds <= maxSeconds) return seconds * 1000
  throw new TypeError(`schedule.${name}: expected seconds above 0 but received ${String(seconds)}`)
}
