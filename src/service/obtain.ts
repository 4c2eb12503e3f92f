/* How the image of a prepared request is come by: from the cache, from another request that asks for the same at the same
   time, or made, when it is its turn. */

import type { CacheEntry } from '../contracts.js'
import type { Cost } from '../image/cost.js'
import { formatCover } from '../image/cover.js'
import type { ImageResult, PreparedRequest } from '../process.js'
import { formatResolved } from '../protocol/resolved.js'
import type { Patience } from '../race.js'
import type { LaneName, Permit } from '../schedule/admission.js'
import { withDeadline } from '../schedule/deadline.js'
import { abandon } from './body.js'
import type { Desk } from './desk.js'
import type { Meter } from './guard.js'
import type { ImageStore } from './image-store.js'
import type { Located } from './locate.js'
import { makeImage, releaseAfter } from './make.js'
import { type CacheOutcome, createPhases, type Phases } from './report.js'
import { smallBodyBytes } from './sending.js'
import type { ServiceSettings } from './settings.js'

/** An image that is wanted. */
export interface Wanted {
  /** The image that it is made from. */
  readonly image: Located
  /** What is to be made. */
  readonly prepared: PreparedRequest
  /** The name of the result: everything that its bytes depend on, but the version of the source. */
  readonly name: string
  /** Who wants it. */
  readonly client: string
  /** What the cache was asked already, where results are kept and it answers later. */
  readonly recalled: Promise<CacheEntry | undefined> | undefined
  /** Whether the result must not be kept. @defaultValue false */
  readonly isUnkept?: boolean
}

/** An image that was come by. */
export interface Obtained {
  /** The image. */
  readonly result: ImageResult
  /** Where it came from. */
  readonly outcome: CacheOutcome
  /** What became of the time. */
  readonly phases: Readonly<Phases>
  /** What counts the bytes that are read from the source. */
  readonly meter: Meter
  /** Tells that the body is not held any more; to be called once. */
  release(): void
}

/** Work on more pixels than this has the lane of large work. */
const maxTilePixels = 2_500_000

/**
 * Comes by the image that is wanted.
 *
 * @throws {@link OverloadedError}, {@link TimeoutError}, {@link AbortedError}; what making the image throws.
 */
export function obtainImage(wanted: Wanted, desk: Desk, signal?: AbortSignal): Promise<Obtained> {
  const { requestMs: timeoutMs } = desk.settings.schedule.timeouts
  const patience = { timeoutMs, what: 'to make the image' }
  return wanted.prepared.stored?.kind === 'stream'
    ? beginStream(wanted, desk, patience, signal)
    : obtain(wanted, desk, patience, signal)
}

/* What comes in pieces is read by one client only: his signal counts for as long as that takes, the deadline until it
   begins. */
async function beginStream(
  wanted: Wanted,
  desk: Desk,
  { timeoutMs, what }: Patience,
  signal?: AbortSignal,
): Promise<Obtained> {
  let work: Promise<Obtained> | undefined
  try {
    return await withDeadline(timeoutMs, what, signal, within => {
      work = make(wanted, desk, signal ? AbortSignal.any([signal, within]) : within)
      return work
    })
  } catch (error) {
    work?.then(discard, () => {})
    throw error
  }
}

/* What came when nobody waited any more. */
function discard({ result, release }: Obtained): void {
  release()
  abandon(result.body)
}

/** Whether a result is worth keeping: the source as it is, and one tile as it is stored, are cheaper to make. */
function isKept({ way, stored }: PreparedRequest): boolean {
  return way === 'render' || (way === 'stored' && stored?.kind === 'join')
}

/**
 * The name of a result: everything that its bytes depend on, but the version of the source; fit for an ETag as it is.
 *
 * @param viewKey - stands for as what the image is shown
 */
export function formatResultName(
  { resolved, way, cover }: PreparedRequest,
  { encodeKey }: ServiceSettings,
  viewKey: string = '',
): string {
  if (way === 'source' && viewKey === '') return way
  const name = `${way}_${formatResolved(resolved)}_${encodeKey}`
  return cover || viewKey !== ''
    ? `${name}_${viewKey}_${formatCover(cover)}`.replace(/[^\w.,!:/^+~-]/g, '_')
    : name
}

/** A result that was kept; at once where the cache answers at once. */
export function recallResult(
  image: Located,
  { prepared, name }: Pick<Wanted, 'prepared' | 'name'>,
  store: ImageStore,
): ReturnType<ImageStore['getResult']> {
  return isKept(prepared) ? store.getResult(store.formatKey(image, name)) : undefined
}

async function obtain(
  wanted: Wanted,
  desk: Desk,
  patience: Patience,
  signal?: AbortSignal,
): Promise<Obtained> {
  const key = desk.store.formatKey(wanted.image, wanted.name)
  const work = (given: AbortSignal): Promise<Shared> => recallOrMake(key, wanted, desk, given)
  const shared = await desk.flight.run(key, signal, work, patience)
  shared.hold()
  return shared.obtained
}

/** A result that several requests wait for, and that is held until the last of them is done with it. */
export interface Shared {
  /** What each of them gets. */
  readonly obtained: Obtained
  /** Takes a part in it. */
  hold(): void
}

async function recallOrMake(key: string, wanted: Wanted, desk: Desk, signal: AbortSignal): Promise<Shared> {
  const { prepared, recalled } = wanted
  const keep = desk.store.beginResult(key)
  const kept = await recalled
  if (kept) {
    const { bytes: body, mediaType } = kept
    const result = { ...prepared, body, size: body.byteLength, mediaType }
    const obtained = {
      result,
      outcome: 'hit',
      phases: createPhases(),
      meter: { bytes: 0 },
      release() {},
    } as const
    return { obtained, hold() {} }
  }
  const made = await make(wanted, desk, signal)
  const { body, mediaType } = made.result
  const isWanted = isKept(prepared) && !wanted.isUnkept
  if (isWanted && body instanceof Uint8Array) keep({ bytes: body, mediaType })
  return share(made)
}

function share(made: Obtained): Shared {
  let holders = 1
  const release = (): void => {
    holders -= 1
    if (holders === 0) made.release()
  }
  // Until all who wait have been told.
  setImmediate(release)
  return {
    obtained: { ...made, release },
    hold() {
      holders += 1
    },
  }
}

async function make(
  { image, prepared, client }: Wanted,
  { store, admission, settings }: Desk,
  signal: AbortSignal | undefined,
): Promise<Obtained> {
  const phases = createPhases()
  const meter = store.meter(signal)
  const began = performance.now()
  const { reader, release: giveBack } = await store.lend(image)
  phases.openMs = performance.now() - began
  const permits: Permit[] = []
  const admit = async (cost: Cost, resumes = false): Promise<Permit> => {
    const asked = performance.now()
    const work = { lane: chooseLane(cost), bytes: cost.bytes, client, resumes }
    const permit = await admission.admit(work, signal)
    phases.queueMs += performance.now() - asked
    if (!resumes) permits.push(permit)
    return permit
  }
  const release = (): void => {
    for (const permit of permits) permit.release()
  }
  const { renderMs } = settings.schedule.timeouts
  const result = await releaseAfter(giveBack, () =>
    makeImage(prepared, reader, settings, { admit, signal, renderMs, phases }),
  )
  if (!(result.size !== undefined && result.size > smallBodyBytes)) release()
  const outcome = isKept(prepared) ? 'miss' : 'none'
  return { result, outcome, phases, meter, release }
}

function chooseLane({ pixels }: Cost): LaneName {
  return pixels <= maxTilePixels ? 'tile' : 'large'
}
