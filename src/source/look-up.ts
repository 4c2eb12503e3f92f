/* What was looked up elsewhere, believed for a while, then looked up again; once however many ask. */
import { LRUCache } from 'lru-cache'
import { AbortedError } from '../errors.js'
import { createWorkTable } from './shared-work.js'

/** What was found, and when. */
export interface LookedUp {
  /** When, in milliseconds. */
  readonly checkedAt: number
}

/** Looks things up and remembers them. */
export interface LookUps<T extends LookedUp> {
  /**
   * Gives what is known of `key`, or looks it up.
   *
   * @param ask - is told what was known, and gives `undefined` where there is nothing
   */
  find(
    key: string,
    ask: (before: T | undefined, signal: AbortSignal) => Promise<T | undefined>,
    signal?: AbortSignal,
  ): Promise<T | undefined>
  /** Forgets what turned out to be wrong, so that the next who asks hears what is right. */
  forget(key: string, found: T): void
  /** Gives up what is under way, and looks nothing up from now on. */
  stop(): Promise<void>
}

/* Each costs about a kilobyte. */
const maxKnown = 10_000

/**
 * Creates an empty memory.
 *
 * @throws TypeError when `revalidateSeconds` is not what it must be.
 */
export function createLookUps<T extends LookedUp>(revalidateSeconds: number): LookUps<T> {
  if (!(revalidateSeconds >= 0))
    throw new TypeError(
      `revalidateSeconds: expected a number of seconds from 0 but received ${revalidateSeconds}`,
    )
  const known = new LRUCache<string, T>({ max: maxKnown })
  const work = createWorkTable<T | undefined>()
  let isClosed = false
  return {
    async find(key, ask, signal) {
      if (isClosed) throw new AbortedError('closed', 'The source is closed.')
      const before = known.get(key)
      if (before && Date.now() - before.checkedAt < revalidateSeconds * 1000) return before
      const begin = async (given: AbortSignal): Promise<T | undefined> => {
        const found = await ask(before, given)
        if (found) known.set(key, found)
        else known.delete(key)
        return found
      }
      return work.run(key, begin, signal)
    },
    forget(key, found) {
      if (known.peek(key)?.checkedAt === found.checkedAt) known.delete(key)
    },
    async stop() {
      isClosed = true
      await work.stop()
    },
  }
}
