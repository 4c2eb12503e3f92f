/* From an identifier to its source, and for how long the answer is believed: looking a file up costs more than sending
   a stored tile does. */
import { LRUCache } from 'lru-cache'
import type { ImageSource, ResolveContext, SourceRefusal, SourceResolver } from '../contracts.js'
import { createDebug } from '../debug.js'
import { buildUnknownImage, IIIFError, isIIIFError, MovedError } from '../errors.js'
import { withDeadline } from '../schedule/deadline.js'
import { createSingleFlight } from '../schedule/single-flight.js'
import type { ServiceSettings } from './settings.js'

const debug = createDebug('locate')

/** An identifier and the source that it was resolved to. */
export interface Located {
  /** The identifier, decoded. */
  readonly identifier: string
  /** Its source. */
  readonly source: ImageSource
  /** The page or frame, from 1. @defaultValue 1 */
  readonly page?: number
}

/** Finds the source of an identifier; at once where it was found a moment ago. */
export type Locate = (identifier: string, context: ResolveContext) => Located | Promise<Located>

/** Finds sources, and remembers them. */
export interface Locator {
  /** Finds the source of an identifier. */
  readonly locate: Locate
  /** Forgets a source, or all. */
  forget(identifier?: string): void
}

const maxRemembered = 10_000

interface Remembered {
  readonly image: Located
  /** Until when it is believed without another look. */
  readonly freshUntil: number
  /** Until when it is believed while another look is taken. */
  readonly staleUntil: number
}

type Settings = Pick<ServiceSettings, 'source' | 'freshness' | 'schedule'>

/**
 * Creates what finds sources, and remembers them for as long as the settings say.
 *
 * @param onGone - hears of an identifier that has no source any more; what was made from it is to be forgotten
 */
export function createLocator(
  { source: resolver, freshness, schedule }: Settings,
  onGone: (identifier: string) => void,
): Locator {
  const { freshMs, staleMs } = freshness
  // The times of the cache itself cost a timer each millisecond.
  const remembered = new LRUCache<string, Remembered>({ max: maxRemembered })
  const flight = createSingleFlight<Located>()

  const resolve = async (identifier: string, signal: AbortSignal): Promise<Located> => {
    const find = (within: AbortSignal) => resolveSource(identifier, resolver, { signal: within })
    try {
      const { resolveMs } = schedule.timeouts
      const image = { identifier, source: await withDeadline(resolveMs, 'to find the image', signal, find) }
      const now = performance.now()
      remembered.set(identifier, { image, freshUntil: now + freshMs, staleUntil: now + freshMs + staleMs })
      return image
    } catch (error) {
      // 404 says that it is gone; other errors say only that nobody knows.
      if (isIIIFError(error) && error.status === 404 && remembered.delete(identifier)) onGone(identifier)
      throw error
    }
  }
  const look = (identifier: string, signal?: AbortSignal): Promise<Located> =>
    flight.run(identifier, signal, shared => resolve(identifier, shared))

  // Nobody knows whether it has changed: what is known holds on for a while, and is not asked about for each request.
  const postpone = (identifier: string, known: Remembered, error: unknown): void => {
    debug('a source could not be looked at again: %o', error)
    if (remembered.peek(identifier) === known) {
      remembered.set(identifier, { ...known, freshUntil: performance.now() + freshMs })
    }
  }

  return {
    locate(identifier, context) {
      const known = remembered.get(identifier)
      if (known === undefined) return look(identifier, context.signal)
      const now = performance.now()
      if (now < known.freshUntil) return known.image
      if (now >= known.staleUntil) return look(identifier, context.signal)
      look(identifier).catch(error => postpone(identifier, known, error))
      return known.image
    },
    forget(identifier) {
      if (identifier === undefined) remembered.clear()
      else remembered.delete(identifier)
    },
  }
}

/**
 * Finds the source of an identifier.
 *
 * @throws {@link NotFoundError} when the resolver does not know it.
 * @throws {@link MovedError} when the resolver says that it is elsewhere.
 * @throws {@link IIIFError} with the status of a refusal.
 */
export async function resolveSource(
  identifier: string,
  resolver: SourceResolver,
  context: ResolveContext = {},
): Promise<ImageSource> {
  const answer = await resolver(identifier, context)
  if (answer === undefined) throw buildUnknownImage()
  if (!('kind' in answer)) return answer
  throw answer.kind === 'redirect' ? new MovedError(answer.status, answer) : buildRefusal(answer)
}

function buildRefusal({ status, message }: SourceRefusal): IIIFError {
  const code = status === 404 || status === 410 ? 'not-found' : 'source-forbidden'
  return new IIIFError(status, code, message ?? 'This image is not to be had.')
}
