/* The names of a service's options, those within groups too. */
import type { CookieSettings, FlowOptions } from '../access/flow-options.js'
import type { MemoryCacheOptions } from '../cache/memory.js'
import type { ImageServiceOptions, MaintenanceOptions, ReadOptions, RevalidateOptions } from '../options.js'
import type { PresentationOptions } from '../presentation/service-options.js'
import { limitNames } from '../protocol/limits.js'
import type { MetaIdentifierOptions } from '../protocol/meta-identifier.js'
import { type Names, requireNames } from '../protocol/option-names.js'
import type { LaneOptions, ScheduleOptions, TimeoutOptions } from '../schedule/options.js'
import type { HealthOptions } from './health.js'

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

const service: Names<ImageServiceOptions> = {
  source: true,
  limits: limitNames,
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
 * Refuses options that nothing reads. What hosts hand in whole (a cache, a codec) may have whatever it needs; of overlays,
 * encoders and tiers the rooms that read them ask the same.
 *
 * @throws TypeError that names the option.
 */
export function requireKnownOptions(options: ImageServiceOptions): void {
  requireNames(options, service)
  const { cache, metaIdentifiers: meta } = options
  if (typeof cache === 'object' && !('get' in cache)) requireNames(cache, memoryCache, 'cache.')
  if (typeof meta === 'object' && !('parse' in meta)) requireNames(meta, metaIdentifiers, 'metaIdentifiers.')
}
