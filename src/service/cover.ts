/* What covers the image that somebody asks for: told by the application each time, and checked. Whatever goes wrong here
   refuses the image: what must not be seen is never shown because of a slip. */
import type { ImageDescription } from '../contracts.js'
import { isIIIFError } from '../errors.js'
import type { Cover } from '../image/cover.js'
import { type Overlay, overlayFailed, resolveOverlay } from '../image/overlay.js'
import { refreshOverlay } from '../image/overlay-image.js'
import { type Redactions, redactionFailed, resolveRedactions } from '../image/redaction.js'
import type { ImageContext } from '../options.js'
import { withDeadline } from '../schedule/deadline.js'
import type { Desk } from './desk.js'

/** What of covers a tier decides. */
export interface TierCover {
  /** Its own overlay; `false` for none, absent for that of the service. */
  readonly overlay?: Overlay | false | undefined
  /** Whether what must not be seen is covered. */
  readonly redactions: boolean
}

/**
 * Finds out what covers an image; `undefined` where nothing does.
 *
 * @throws {@link SourceError} (`redaction-failed`, `overlay-failed`) when the application fails, takes too long, or tells
 * what is not valid.
 */
export async function resolveCover(
  context: ImageContext,
  tier: TierCover | undefined,
  { settings, coverStore }: Desk,
): Promise<Cover | undefined> {
  const wait = <T>(what: string, ask: () => T | PromiseLike<T>): Promise<T> =>
    withDeadline(settings.access.timeoutMs, what, context.signal, () => Promise.resolve(ask()))
  const redactions = tier?.redactions === false ? undefined : await findRedactions(context, settings, wait)
  const overlay = await findOverlay(context, tier, settings, wait)
  if (redactions === undefined && overlay === undefined) return undefined
  return { ...(redactions && { redactions }), ...(overlay && { overlay }), store: coverStore }
}

type Wait = <T>(what: string, ask: () => T | PromiseLike<T>) => Promise<T>

async function findRedactions(
  context: ImageContext,
  { redactions }: Desk['settings'],
  wait: Wait,
): Promise<Redactions | undefined> {
  if (redactions === undefined) return undefined
  try {
    const list = await wait('to find out what is not shown', () => redactions(context))
    // Only `undefined` says that there is nothing to hide: `null`, `false` and the like are no answers.
    return list === undefined ? undefined : resolveRedactions(list, sizeOf(context.description))
  } catch (error) {
    throw isAborted(error) ? error : redactionFailed(error)
  }
}

async function findOverlay(
  context: ImageContext,
  tier: TierCover | undefined,
  { overlay }: Desk['settings'],
  wait: Wait,
): Promise<Overlay | undefined> {
  if (tier?.overlay === false) return undefined
  const own = tier?.overlay ?? overlay
  if (own === undefined) return undefined
  try {
    if (typeof own !== 'function') return refreshOverlay(own)
    const options = await wait('to find out what is laid over the image', () => own(context))
    return options === undefined ? undefined : resolveOverlay(options)
  } catch (error) {
    throw isAborted(error) ? error : overlayFailed(error)
  }
}

/* Nobody waits any more: that is no failure of the application. */
function isAborted(error: unknown): boolean {
  return isIIIFError(error) && error.code === 'aborted'
}

function sizeOf({ width, height }: ImageDescription): { readonly width: number; readonly height: number } {
  return { width, height }
}
