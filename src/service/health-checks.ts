/* What is done to find out whether a service can do its work: pixels are made, something is kept and found, and a test image
   is fetched and made small. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Cache, ImageDescription } from '../contracts.js'
import { planRender } from '../image/plan.js'
import { openReader } from '../image/reader.js'
import { render } from '../image/render.js'
import type { Desk } from './desk.js'
import { resolveSource } from './locate.js'
import { freely, makeImage } from './make.js'
import type { ProcessSettings } from './settings.js'

/** What is looked at: whether pixels can be made, whether the cache keeps, whether the test image can be had. */
export type HealthCheckName = 'renderer' | 'cache' | 'source'

/** One thing that is looked at. */
export interface Check {
  /** What it is. */
  readonly name: HealthCheckName
  /** How the service is when this fails. */
  readonly fault: 'YELLOW' | 'RED'
  /** What is told then. */
  readonly message: string
  /** Looks; throws where something is wrong. */
  run(signal: AbortSignal): Promise<void>
}

/**
 * Lists what is looked at of a service.
 *
 * @param identifier - of a test image
 * @param timeoutMs - how long each may take
 */
export function listChecks(desk: Desk, identifier: string | undefined, timeoutMs: number): Check[] {
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
      message: 'The cache does not keep what it is given',
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
