/* Health: whether the service can do its work now, told by doing some. Each check has a deadline of its own, and one that
   does not come to an end is not begun again: probes cost nothing, however many there are. */
import { createDebug } from '../debug.js'
import { isIIIFError } from '../errors.js'
import { withDeadline } from '../schedule/deadline.js'
import type { Desk } from './desk.js'
import { type Check, type HealthCheckName, listChecks } from './health-checks.js'

const debug = createDebug('health')

/** How a service, or a part of it, is; the names are those that monitors of IIIF servers know. */
export type HealthColor = 'GREEN' | 'YELLOW' | 'RED'

/** The state of a service. */
export interface Health {
  /**
   * `GREEN`: all is well. `YELLOW`: images are made, and something is wrong that should be seen to. `RED`: images cannot be
   * made.
   */
  readonly color: HealthColor
  /** What is wrong, in words for the operator that tell nothing to others. */
  readonly message?: string
  /** What was looked at. */
  readonly checks: Readonly<Partial<Record<HealthCheckName, HealthCheck>>>
}

/** What became of one check. */
export interface HealthCheck {
  /** How this part is. */
  readonly color: HealthColor
  /** What is wrong with it. */
  readonly message?: string
  /** How long the check took, in seconds. */
  readonly seconds: number
}

/** What {@link ImageService.health} looks at, beside the renderer and the cache. */
export interface HealthOptions {
  /**
   * The identifier of a test image that is resolved, opened and made small for each check, past all caches: it tells
   * whether sources can be had. It costs what a small image of it costs, so it should be a small one.
   * @defaultValue none: sources are not looked at
   */
  readonly identifier?: string
  /** How long each check may take, in seconds. @defaultValue 5 */
  readonly timeoutSeconds?: number
}

/** For how long a result is believed, in milliseconds. */
const believedMs = 1000

/**
 * Creates the function that tells the health of a service. Calls that overlap are answered by one look, and for a second
 * after it so are all others.
 *
 * @throws TypeError that names the option, where one is not valid.
 */
export function createHealth(
  desk: Desk,
  options: HealthOptions = {},
  now: () => number = () => performance.now(),
): () => Promise<Health> {
  const timeoutMs = resolveTimeout(options)
  const runs = listChecks(desk, options.identifier, timeoutMs).map(check => createRun(check, timeoutMs))
  let believedUntil = -Infinity
  let last: Promise<Health> | undefined
  let madeBefore = 0
  const look = async (): Promise<Health> => {
    const results = await Promise.all(runs.map(run => run()))
    believedUntil = now() + believedMs
    const made = countMade(desk)
    const isMaking = made > madeBefore
    madeBefore = made
    return summarize(results.map(result => (isMaking ? excuseLate(result) : result)))
  }
  return async () => {
    if (desk.isClosed()) return { color: 'RED', message: 'The service is closed.', checks: {} }
    if (last === undefined || now() >= believedUntil) {
      believedUntil = Infinity
      last = look()
    }
    return last
  }
}

function resolveTimeout({ identifier, timeoutSeconds = 5 }: HealthOptions): number {
  if (identifier !== undefined && (typeof identifier !== 'string' || identifier === '')) {
    throw new TypeError('health.identifier: expected the identifier of an image')
  }
  if (typeof timeoutSeconds === 'number' && timeoutSeconds > 0 && timeoutSeconds <= 3600) {
    return timeoutSeconds * 1000
  }
  throw new TypeError(
    `health.timeoutSeconds: expected seconds above 0, up to 3600, but received ${String(timeoutSeconds)}`,
  )
}

/* A check as it ended; `isLate` where it did not end in time. */
interface Result extends HealthCheck {
  readonly name: HealthCheckName
  readonly isLate: boolean
}

function createRun({ name, fault, message, run }: Check, timeoutMs: number): () => Promise<Result> {
  let isRunning = false
  const start = async (signal: AbortSignal): Promise<void> => {
    isRunning = true
    try {
      await run(signal)
    } finally {
      isRunning = false
    }
  }
  return async () => {
    const began = performance.now()
    const end = (what: Omit<Result, 'name' | 'seconds'>): Result => ({
      name,
      ...what,
      seconds: Math.round(performance.now() - began) / 1000,
    })
    const fail = (why: string, isLate: boolean) => end({ color: fault, message: message + why, isLate })
    if (isRunning) return fail(': an earlier check has not come to its end.', true)
    try {
      await withDeadline(timeoutMs, 'the check of health', undefined, start)
      return end({ color: 'GREEN', isLate: false })
    } catch (error) {
      debug('%s failed: %o', name, error)
      const code = isIIIFError(error) ? error.code : undefined
      return fail(code ? ` (${code}).` : '.', code === 'timeout')
    }
  }
}

/* How many images were made of pixels so far. */
function countMade({ tally }: Desk): number {
  const { miss, none } = tally.read().images.render
  return miss + none
}

/* Checks take the same threads as all work. Where that goes on, images can be made, however long a check has to wait. */
function excuseLate(result: Result): Result {
  return result.isLate ? { ...result, color: 'YELLOW' } : result
}

function summarize(results: readonly Result[]): Health {
  const color = (['RED', 'YELLOW'] as const).find(fault => results.some(check => check.color === fault))
  const message = results.flatMap(check => check.message ?? []).join(' ')
  const checks = results.map(({ name, isLate: _late, ...check }) => [name, check])
  return { color: color ?? 'GREEN', ...(message && { message }), checks: Object.fromEntries(checks) }
}
