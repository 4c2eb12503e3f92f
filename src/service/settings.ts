/* The settings of an image service: its options, checked once at creation, complete and frozen; nothing is read from the
   environment. */
import { createHash } from 'node:crypto'
import { memoryCache } from '../cache/memory.js'
import { createSafeCache } from '../cache/safe.js'
import type { Cache, HttpRequest, SourceResolver } from '../contracts.js'
import { type CacheControlPolicy, resolveCacheControl } from '../http/cache-control.js'
import type { Link } from '../http/headers.js'
import { type ResolvedEncodeOptions, resolveEncodeOptions } from '../image/encode-options.js'
import type { ImageServiceOptions, InfoHook, ProcessOptions, ReadOptions } from '../options.js'
import { type PresentationSettings, resolvePresentation } from '../presentation/service-options.js'
import { type Format, isFormat } from '../protocol/format.js'
import { type InfoSettings, resolveLevel } from '../protocol/info.js'
import type { InfoAdditions } from '../protocol/info-hook.js'
import { resolveLimits } from '../protocol/limits.js'
import { qualities as allQualities, isQuality } from '../protocol/quality.js'
import type { ParseOptions, Prefixes } from '../protocol/request.js'
import { formatProfileUri, type ImageApiVersion, versionFacts } from '../protocol/version.js'
import { resolveScheduleOptions, type ScheduleSettings } from '../schedule/options.js'
import { firstOf } from '../source/chain.js'
import { requireKnownOptions } from './option-names.js'
import type { ResponseReport } from './report.js'
import { resolveWho, type WhoSettings } from './who-settings.js'

/** {@link ProcessOptions}, checked and complete. */
export interface ProcessSettings extends InfoSettings {
  /** How images are scaled and written. */
  readonly encode: ResolvedEncodeOptions
  /** What may be read. */
  readonly read: ReadOptions
  /** A digest of `encode`: equal settings make equal bytes. */
  readonly encodeKey: string
}

/** {@link ImageServiceOptions}, checked and complete. */
export interface ServiceSettings extends ProcessSettings, WhoSettings {
  /** Where images come from. */
  readonly source: SourceResolver
  /** What gives back the connections and files that resolvers keep. */
  readonly closers: readonly (() => unknown)[]
  /** How paths are read. */
  readonly parse: ParseOptions & { readonly prefixes: Prefixes }
  /** What clients see in front of identifiers. */
  readonly publicPrefixes: Readonly<Record<ImageApiVersion, string>>
  /** Where requests of version 1.1 are redirected from. */
  readonly version1Prefix: string | false
  /** The links to the levels that the service complies with. */
  readonly profileLinks: Readonly<Record<ImageApiVersion, Link>>
  /** Where results are kept. */
  readonly cache: Cache | undefined
  /** For how long a source is believed to be unchanged. */
  readonly freshness: Freshness
  /** How often the cache is swept, in seconds; 0 for never. */
  readonly maintenanceSeconds: number
  /** Tells whose requests may go past the cache. */
  readonly allowCacheBypass: ((request: HttpRequest) => boolean) | undefined
  /** How many images are kept open. */
  readonly maxOpenImages: number
  /** How much is done at the same time, and for how long anything may take. */
  readonly schedule: ScheduleSettings
  /** Rights, links, services and more for info.json. */
  readonly info: InfoAdditions | InfoHook<unknown>
  /** Manifests and collections; `undefined` where there are none. */
  readonly presentation: PresentationSettings | undefined
  /** The Cache-Control header. */
  readonly cacheControl: CacheControlPolicy
  /** Hears of every answer. */
  readonly onResponse: ((report: ResponseReport) => void) | undefined
  /** Whether responses tell what became of time. */
  readonly serverTiming: boolean
  /** Whether image requests are redirected to their canonical form. */
  readonly redirectToCanonical: boolean
}

/** For how long a source that was looked up is believed to be unchanged, in milliseconds. */
export interface Freshness {
  /** Without another look. */
  readonly freshMs: number
  /** After that, while another look is taken. */
  readonly staleMs: number
}

const defaultMaintenanceSeconds = 3600

const defaultFormats: readonly Format[] = ['jpg', 'png', 'webp', 'tif', 'gif', 'avif']

/** Checks the options of {@link process}. @throws TypeError that names the option. */
export function resolveProcessOptions(options: ProcessOptions): ProcessSettings {
  const { formats = defaultFormats, qualities = allQualities, read = {} } = options
  requireEach('formats', formats, format => isFormat(format) && defaultFormats.includes(format), 'jpg')
  requireEach('qualities', qualities, isQuality, 'default')
  for (const name of ['maxInputPixels', 'maxInputBytes'] as const) requireCount(`read.${name}`, read[name])
  const encode = resolveEncodeOptions(options.encode)
  return {
    limits: resolveLimits(options.limits),
    formats: [...formats],
    qualities: [...qualities],
    encode,
    encodeKey: createHash('sha256').update(JSON.stringify(encode)).digest('base64url').slice(0, 16),
    read: { ...read },
  }
}

/** Checks the options of {@link createImageService}. @throws TypeError that names the option. */
export function resolveServiceOptions(options: ImageServiceOptions): ServiceSettings {
  requireKnownOptions(options)
  const { tileSize, preferredFormats, maxOpenImages = 200, info = {} } = options
  requireCount('tileSize', tileSize)
  requireCount('maxOpenImages', maxOpenImages)
  const prefixes = resolvePrefixes(options.prefixes)
  const { slashSubstitute, allowSlashes = false } = options
  const process = resolveProcessOptions(options)
  return Object.freeze({
    ...process,
    profileLinks: { 2: buildProfileLink(2, process), 3: buildProfileLink(3, process) },
    ...(tileSize === undefined ? {} : { tileSize }),
    ...(preferredFormats === undefined ? {} : { preferredFormats: [...preferredFormats] }),
    ...resolveResolver(options.source),
    parse: { prefixes, allowSlashes, ...(slashSubstitute ? { slashSubstitute } : {}) },
    version1Prefix: resolveVersion1Prefix(options.version1Prefix),
    publicPrefixes: { ...onlyStrings(prefixes), ...resolvePublicPrefixes(options.publicPrefixes) },
    cache: resolveCache(options.cache),
    maxOpenImages,
    schedule: resolveScheduleOptions(options.schedule),
    freshness: resolveFreshness(options.revalidate),
    maintenanceSeconds: resolveMaintenance(options.maintenance),
    allowCacheBypass: requireFunction('allowCacheBypass', options.allowCacheBypass),
    info,
    ...resolveWho(options, prefixes),
    presentation: resolvePresentation(options.presentation ?? false, prefixes),
    cacheControl: resolveCacheControl(options.cacheControl),
    onResponse: requireFunction('onResponse', options.onResponse),
    serverTiming: options.serverTiming ?? false,
    redirectToCanonical: options.redirectToCanonical ?? false,
  })
}

function buildProfileLink(version: ImageApiVersion, settings: ProcessSettings): Link {
  return { uri: formatProfileUri(version, resolveLevel(version, settings)), rel: 'profile' }
}

function resolveResolver(source: ImageServiceOptions['source']): Pick<ServiceSettings, 'source' | 'closers'> {
  const resolvers = typeof source === 'function' ? [source] : source
  if (
    !Array.isArray(resolvers) ||
    resolvers.length === 0 ||
    resolvers.some(item => typeof item !== 'function')
  ) {
    throw new TypeError('source: expected a resolver, for example fileSource("./images"), or a list of them')
  }
  const closers = resolvers.flatMap(resolver =>
    'close' in resolver && typeof resolver.close === 'function' ? [() => resolver.close()] : [],
  )
  return { source: firstOf(...resolvers), closers }
}

function resolvePrefixes(prefixes: Partial<Prefixes> = {}): Prefixes {
  const resolved = {
    2: prefixes[2] ?? versionFacts[2].defaultPrefix,
    3: prefixes[3] ?? versionFacts[3].defaultPrefix,
  }
  for (const version of [2, 3] as const) requirePrefix(`prefixes[${version}]`, resolved[version])
  if (resolved[2] === resolved[3]) {
    throw new TypeError('prefixes: expected the two versions under different paths, or one of them false')
  }
  return resolved
}

function resolvePublicPrefixes(prefixes: ImageServiceOptions['publicPrefixes'] = {}): typeof prefixes {
  for (const [version, prefix] of Object.entries(prefixes))
    requirePrefix(`publicPrefixes[${version}]`, prefix)
  return prefixes
}

function resolveVersion1Prefix(prefix: string | false = '/iiif/1'): string | false {
  requirePrefix('version1Prefix', prefix)
  return prefix
}

function onlyStrings({ 2: second, 3: third }: Prefixes): Record<ImageApiVersion, string> {
  return { 2: second || '', 3: third || '' }
}

function resolveCache(cache: ImageServiceOptions['cache'] = {}): Cache | undefined {
  if (cache === false) return undefined
  return createSafeCache('get' in cache ? cache : memoryCache(cache))
}

function resolveFreshness(revalidate: ImageServiceOptions['revalidate'] = 1): Freshness {
  if (revalidate === 'always') return { freshMs: 0, staleMs: 0 }
  if (revalidate === 'never') return { freshMs: Infinity, staleMs: 0 }
  const { afterSeconds, staleSeconds = 0 } =
    typeof revalidate === 'object' ? revalidate : { afterSeconds: revalidate }
  requireSeconds('revalidate', afterSeconds)
  requireSeconds('revalidate.staleSeconds', staleSeconds)
  return { freshMs: afterSeconds * 1000, staleMs: staleSeconds * 1000 }
}

function resolveMaintenance(maintenance: ImageServiceOptions['maintenance'] = true): number {
  if (typeof maintenance === 'boolean') return maintenance ? defaultMaintenanceSeconds : 0
  return requireSeconds('maintenance.intervalSeconds', maintenance.intervalSeconds)
}

function requireSeconds(name: string, seconds: unknown): number {
  if (typeof seconds === 'number' && seconds >= 0) return seconds
  throw new TypeError(`${name}: expected seconds from 0 but received ${String(seconds)}`)
}

function requirePrefix(name: string, prefix: unknown): void {
  if (prefix === false || (typeof prefix === 'string' && /^(?:\/[\w.~-]+)*$/.test(prefix))) return
  throw new TypeError(
    `${name}: expected a path such as "/iiif/3", or nothing, but received ${String(prefix)}`,
  )
}

function requireCount(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value > 0)) return
  throw new TypeError(`${name}: expected a whole number above 0 but received ${value}`)
}

function requireEach(
  name: string,
  values: readonly string[],
  isKnown: (value: string) => boolean,
  needed: string,
): void {
  const unknown = values.find(value => !isKnown(value))
  if (unknown !== undefined) throw new TypeError(`${name}: "${unknown}" is not one that can be made`)
  if (!values.includes(needed))
    throw new TypeError(`${name}: expected "${needed}" among them, as every level demands`)
}

function requireFunction<T>(name: string, value: T): T {
  if (value === undefined || typeof value === 'function') return value
  throw new TypeError(`${name}: expected a function but received ${String(value)}`)
}
