/* The timer that sweeps. It never keeps a process alive, never sweeps twice at a time, and is jittered, so that several
   nodes that were started together do not sweep together; should they do, it costs time and nothing else. */
import { createDebug } from '../debug.js'

const debug = createDebug('cache')

/* Ten days: with the jitter still within what a timer can wait. */
const maxSeconds = 864_000

/** What {@link createMaintenance} does, and when. */
export interface MaintenanceOptions {
  /** The work; it is to stop early when the signal is aborted. A failure is a line on the debug channel. */
  readonly sweep: (signal: AbortSignal) => unknown
  /** The time from the end of one sweep to the beginning of the next, in seconds. @defaultValue 3600 */
  readonly intervalSeconds?: number
  /** By what part of it that time is shortened or lengthened at random, from 0 to below 1. @defaultValue 0.2 */
  readonly jitter?: number
  /** Where chance comes from: numbers from 0 to below 1. @internal */
  readonly random?: () => number
}

/** A timer that sweeps. */
export interface Maintenance {
  /** Stops it; settles when a sweep that has begun is at its end. */
  stop(): Promise<void>
}

/**
 * Starts a timer that sweeps. The first sweep comes after a part of the interval that chance decides.
 *
 * @throws TypeError that names the option, where one is not valid.
 */
export function createMaintenance(options: MaintenanceOptions): Maintenance {
  const { sweep, intervalSeconds = 3600, jitter = 0.2, random = Math.random } = options
  if (!(intervalSeconds > 0 && intervalSeconds <= maxSeconds))
    throw new TypeError(
      `intervalSeconds: expected seconds up to ${maxSeconds}, received ${String(intervalSeconds)}`,
    )
  if (!(jitter >= 0 && jitter < 1))
    throw new TypeError(`jitter: expected a number from 0 to below 1, received ${String(jitter)}`)
  const controller = new AbortController()
  let running: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout
  const run = async (): Promise<void> => {
    try {
      await sweep(controller.signal)
    } catch (error) {
      debug('a sweep failed: %o', error)
    }
    wait(1 + jitter * (2 * random() - 1))
  }
  const wait = (part: number): void => {
    if (controller.signal.aborted) return
    timer = setTimeout(
      () => {
        running = run()
      },
      intervalSeconds * 1000 * part,
    )
    timer.unref()
  }
  wait(random())
  return {
    async stop() {
      controller.abort()
      clearTimeout(timer)
      await running
    },
  }
}
