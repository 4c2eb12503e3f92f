/* The names of a service's options, held to their types by the compiler. What bears another name is refused: a limit or an
   `authorise` that nobody reads would leave open what its author believes to be closed. */
import type { CookieSettings, FlowOptions } from '../access/flow-options.js'
import type { TierOptions } from '../access/tiers.js'
import type { MemoryCacheOptions } from '../cache/memory.js'
import type { ImageServiceOptions, MaintenanceOptions, ReadOptions, RevalidateOptions } from '../options.js'
import type { PresentationOptions } from '../presentation/service-options.js'
import type { LimitOptions } from '../protocol/limits.js'
import type { MetaIdentifierOptions } from '../protocol/meta-identifier.js'
import type { LaneOptions, ScheduleOptions, TimeoutOptions } from '../schedule/options.js'
import type { HealthOptions } from './health.js'

type Names<T> = Readonly<Record<keyof T, true | object>>

const limits: Names<LimitOptions> = { maxWidth: true, maxHeight: true, maxArea: true, maxScale: true }

const lane: Names<LaneOptions> = { concurrency: true, maxQueue: true }

const timeouts: Names<TimeoutOptions> = {
  resolveSeconds: true,
  readSeconds: true,
  renderSeconds: true,
  requestSeconds: true,
  sendSeconds: true,
}

const schedule: Names<ScheduleOptions> = {
  tile: lane,
  large: lane,
  maxWaitSeconds: true,
  memoryBytes: true,
  libvipsThreads: true,
  timeouts,
}

const presentation: Names<PresentationOptions> = {
  prefix: true,
  publicPrefix: true,
  about: true,
  embedded: true,
  physicalDimensions: true,
  maxCanvases: true,
  listing: true,
  collection: true,
  pageSize: true,
  partOf: true,
}

const flow: Names<FlowOptions> = {
  services: true,
  keys: true,
  prefix: true,
  publicPrefix: true,
  versions: true,
  origins: true,
  protects: true,
  toToken: true,
  fromToken: true,
  tokenSeconds: true,
  cookie: { name: true, seconds: true, domain: true } satisfies Names<CookieSettings>,
  errorHeading: true,
  errorNote: true,
  now: true,
  random: true,
}

const tier: Names<TierOptions> = {
  limits,
  scale: true,
  encode: true,
  overlay: true,
  redactions: true,
  shared: true,
  label: true,
}

const service: Names<ImageServiceOptions> = {
  source: true,
  limits,
  formats: true,
  qualities: true,
  encode: true,
  read: { svg: true, maxInputPixels: true, maxInputBytes: true } satisfies Names<ReadOptions>,
  baseUri: true,
  trustProxy: true,
  prefixes: true,
  publicPrefixes: true,
  version1Prefix: true,
  slashSubstitute: true,
  allowSlashes: true,
  authorize: true,
  authenticate: true,
  authorizeTimeoutMs: true,
  tiers: true,
  flow,
  serveOnly: true,
  urlKeys: true,
  overlay: true,
  redactions: true,
  cache: true,
  maintenance: { intervalSeconds: true } satisfies Names<MaintenanceOptions>,
  allowCacheBypass: true,
  revalidate: { afterSeconds: true, staleSeconds: true } satisfies Names<RevalidateOptions>,
  maxOpenImages: true,
  metaIdentifiers: true,
  schedule,
  tileSize: true,
  preferredFormats: true,
  info: true,
  presentation,
  health: { identifier: true, timeoutSeconds: true } satisfies Names<HealthOptions>,
  cacheControl: true,
  onResponse: true,
  serverTiming: true,
  redirectToCanonical: true,
}

const memoryCache: Names<MemoryCacheOptions> = { maxBytes: true, ttlSeconds: true, now: true }

const metaIdentifiers: Names<MetaIdentifierOptions> = { delimiter: true }

/**
 * Refuses options that nothing reads. What hosts hand in whole (a cache, a codec) may have whatever it needs; of overlays
 * and encoders the rooms that read them ask the same.
 *
 * @throws TypeError that names the option.
 */
export function requireKnownOptions(options: ImageServiceOptions): void {
  requireNames(options, service, '')
  const { cache, metaIdentifiers: meta, tiers } = options
  if (typeof cache === 'object' && !('get' in cache)) requireNames(cache, memoryCache, 'cache.')
  if (typeof meta === 'object' && !('parse' in meta)) requireNames(meta, metaIdentifiers, 'metaIdentifiers.')
  for (const [name, own] of Object.entries(tiers ?? {})) requireNames(own, tier, `tiers.${name}.`)
}

function requireNames(value: unknown, names: object, path: string): void {
  // What is no group at all is refused where it is read, in better words.
  if (typeof value !== 'object' || value === null) return
  const known = new Map<string, unknown>(Object.entries(names))
  for (const [name, inner] of Object.entries(value)) {
    const expected = known.get(name)
    if (expected === undefined) throw new TypeError(`${path}${name}: there is no such option`)
    if (typeof expected === 'object' && expected !== null) requireNames(inner, expected, `${path}${name}.`)
  }
}
