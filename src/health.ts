/* Health: whether the service can do its work now, told by doing some. Each check has a deadline of its own, and one that
   does not come to an end is not begun again: probes cost nothing, however many there are. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Cache, ImageDescription } from './contracts.js'
import { createDebug } from './debug.js'
import type { Desk } from './desk.js'
import { isIIIFError } from './errors.js'
import { planRender } from './image/plan.js'
import { openReader } from './image/reader.js'
import { render } from './image/render.js'
import { resolveSource } from './locate.js'
import { freely, makeImage } from './make.js'
import { withDeadline } from './schedule/deadline.js'
import type { ProcessSettings } from './settings.js'

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

/** What is looked at: whether pixels can be made, whether the cache keeps, whether the test image can be had. */
export type HealthCheckName = 'renderer' | 'cache' | 'source'

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

interface Check {
  readonly name: HealthCheckName
  /** How the service is when this fails. */
  readonly fault: 'YELLOW' | 'RED'
  /** What is told then. */
  readonly message: string
  run(signal: AbortSignal): Promise<void>
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
  const runs = listChecks(desk, options, timeoutMs).map(check => createRun(check, timeoutMs))
  let believedUntil = -Infinity
  let last: Promise<Health> | undefined
  const look = async (): Promise<Health> => {
    const checks = Object.fromEntries(await Promise.all(runs.map(run => run())))
    believedUntil = now() + believedMs
    return summarize(checks)
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

function listChecks(desk: Desk, { identifier }: HealthOptions, timeoutMs: number): Check[] {
  const { cache } = desk.settings
  const checks: Check[] = [
    {
      name: 'renderer',
      fault: 'RED',
      message: 'The renderer cannot make an image',
      run: () => renderDot(desk.settings),
    },
  ]
  if (cache) {
    checks.push({
      name: 'cache',
      fault: 'YELLOW',
      message: 'The cache does not keep what it is given: images are made anew',
      run: createRoundTrip(cache),
    })
  }
  if (identifier !== undefined) {
    checks.push({
      name: 'source',
      fault: 'RED',
      message: 'The test image cannot be made',
      run: signal => makeTestImage(identifier, desk, timeoutMs, signal),
    })
  }
  return checks
}

function createRun(
  { name, fault, message, run }: Check,
  timeoutMs: number,
): () => Promise<[HealthCheckName, HealthCheck]> {
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
    const end = (result: Omit<HealthCheck, 'seconds'>): [HealthCheckName, HealthCheck] => [
      name,
      { ...result, seconds: Math.round(performance.now() - began) / 1000 },
    ]
    if (isRunning) return end({ color: fault, message: `${message} (no answer yet since an earlier check).` })
    try {
      await withDeadline(timeoutMs, 'the check of health', undefined, start)
      return end({ color: 'GREEN' })
    } catch (error) {
      debug('%s failed: %o', name, error)
      return end({ color: fault, message: `${message}${isIIIFError(error) ? ` (${error.code})` : ''}.` })
    }
  }
}

function summarize(checks: Readonly<Partial<Record<HealthCheckName, HealthCheck>>>): Health {
  const results = Object.values(checks)
  const color = (['RED', 'YELLOW'] as const).find(fault => results.some(check => check.color === fault))
  const message = results.flatMap(check => check.message ?? []).join(' ')
  return { color: color ?? 'GREEN', ...(message && { message }), checks }
}

const dot: ImageDescription = {
  width: 2,
  height: 2,
  format: 'png',
  pages: 1,
  levels: [{ width: 2, height: 2, scaleFactor: 1 }],
  bands: 1,
  depth: 8,
  hasAlpha: false,
  colour: 'gray',
  orientation: 1,
  hasProfile: false,
}

// Makes an image of four pixels.
async function renderDot({ encode }: ProcessSettings): Promise<void> {
  const region = { x: 0, y: 0, width: 2, height: 2 }
  const rotation = { mirror: false, degrees: 0 }
  const plan = planRender(dot, { region, size: region, rotation, quality: 'default', format: 'jpg' }, encode)
  await render({ kind: 'raw', data: new Uint8Array(4), width: 2, height: 2, channels: 1, depth: 8 }, plan)
}

/* Keeps, finds and forgets an entry, in each of the caches that a cache is made of: a near one would hide that a far one is
   gone. An encoded identifier never has a slash, so the key is no image's; and it is nobody else's who shares the cache. */
function createRoundTrip(cache: Cache): Check['run'] {
  const key = `/health|${randomUUID()}`
  const travel = async (tier: Cache, signal: AbortSignal): Promise<void> => {
    const bytes = randomBytes(16)
    await tier.set(key, { bytes, mediaType: 'application/octet-stream' })
    const entry = await tier.get(key, signal)
    if (entry === undefined || !bytes.equals(entry.bytes)) throw new Error('what was kept is not there')
    await tier.delete({ kind: 'key', key })
  }
  return async signal => {
    await Promise.all(listTiers(cache).map(tier => travel(tier, signal)))
  }
}

function listTiers(cache: Cache): readonly Cache[] {
  return cache.tiers?.flatMap(listTiers) ?? [cache]
}

/** The longest side of what is made of the test image. */
const testSide = 16

/* It does not stand in line with requests: a server that has much to do is not ill. */
async function makeTestImage(
  identifier: string,
  { settings, store }: Desk,
  renderMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { access, source: resolver, read } = settings
  const { identifier: name, page = 1 } = access.codec.parse(identifier)
  const source = store.guard(await resolveSource(name, resolver, { signal }))
  const reader = await openReader(source, { ...read, page: page - 1 }, signal)
  try {
    const { width, height } = reader.description
    const shrink = Math.min(1, testSide / Math.max(width, height))
    const resolved = {
      region: { x: 0, y: 0, width, height },
      size: {
        width: Math.max(1, Math.round(width * shrink)),
        height: Math.max(1, Math.round(height * shrink)),
      },
      rotation: { mirror: false, degrees: 0 },
      quality: 'default',
      format: 'jpg',
    } as const
    const making = { admit: freely, signal, renderMs }
    await makeImage({ resolved, canonical: '', way: 'render' }, reader, settings, making)
  } finally {
    await reader.close()
  }
}
