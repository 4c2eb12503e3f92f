/* Work that several wait for at once: whoever leaves takes only himself away, and the work is given up when nobody waits
   for it any more. */
import { raceSignal } from '../race.js'
import { throwIfAborted } from './failure.js'

/** Work under way. */
export interface SharedWork<T> {
  /** Whether somebody still waits: work that was given up must not be joined. */
  readonly isWanted: boolean
  /**
   * Waits for the result, until `signal` is aborted.
   *
   * @param timeoutMs - how long at most; `Infinity` for as long as it takes, which is the default
   * @throws {@link TimeoutError} when the time has passed.
   */
  join(signal?: AbortSignal, timeoutMs?: number): Promise<T>
  /** Gives the work up, whoever waits; resolves when it has ended. */
  stop(): Promise<void>
}

/** Begins work that others may join; to be joined at once. */
export function shareWork<T>(begin: (signal: AbortSignal) => Promise<T>): SharedWork<T> {
  const given = new AbortController()
  // Begun a moment later: whoever shares it has a name for it by then, also where it fails at once.
  const result = Promise.resolve().then(() => begin(given.signal))
  // Who left does not hear how it ended.
  result.catch(() => {})
  let waiters = 0
  const leave = (): void => {
    waiters -= 1
    if (waiters === 0) given.abort()
  }
  return {
    get isWanted() {
      return !given.signal.aborted
    },
    async stop() {
      given.abort()
      await result.catch(() => {})
    },
    join(signal, timeoutMs = Infinity) {
      throwIfAborted(signal)
      waiters += 1
      return raceSignal(result, signal, { timeoutMs, what: 'the source' }, leave)
    },
  }
}

/** Work by name: whoever asks for what is under way joins it. */
export interface WorkTable<T> {
  /** Joins the work of a name, or begins it. */
  run(name: string, begin: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T>
  /** Gives all work up; resolves when it has ended. */
  stop(): Promise<void>
}

/** Creates an empty table. */
export function createWorkTable<T>(): WorkTable<T> {
  const table = new Map<string, SharedWork<T>>()
  return {
    run(name, begin, signal) {
      const known = table.get(name)
      if (known?.isWanted) return known.join(signal)
      throwIfAborted(signal)
      const work: SharedWork<T> = shareWork(async given => {
        try {
          return await begin(given)
        } finally {
          if (table.get(name) === work) table.delete(name)
        }
      })
      table.set(name, work)
      return work.join(signal)
    },
    async stop() {
      await Promise.all([...table.values()].map(work => work.stop()))
    },
  }
}
