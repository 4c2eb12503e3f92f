/* The options of an image service: checked once, at creation, and frozen; nothing is read from the environment. */
import { createHash } from 'node:crypto'
import { type MemoryCacheOptions, memoryCache } from './cache/memory.js'
import { createSafeCache } from './cache/safe.js'
import type { Cache, SourceResolver } from './contracts.js'
import type { BaseUriOptions } from './http/base-uri.js'
import type { Link } from './http/headers.js'
import {
  type EncodeOptions,
  type ResolvedEncodeOptions,
  resolveEncodeOptions,
} from './image/encode-options.js'
import type { Format } from './protocol/format.js'
import { isFormat } from './protocol/format.js'
import { type InfoExtras, type InfoSettings, resolveLevel } from './protocol/info.js'
import { type LimitOptions, resolveLimits } from './protocol/limits.js'
import { qualities as allQualities, isQuality, type Quality } from './protocol/quality.js'
import type { ParseOptions, Prefixes } from './protocol/request.js'
import { formatProfileUri, type ImageApiVersion, versionFacts } from './protocol/version.js'
import { firstOf } from './source/chain.js'

/** What can be made, and how. */
export interface ProcessOptions {
  /** The largest responses. @defaultValue at most 50,000,000 pixels, nothing scaled up */
  readonly limits?: LimitOptions
  /** The formats of responses; `jpg` is always one. @defaultValue jpg, png, webp, tif, gif, avif */
  readonly formats?: readonly Format[]
  /** The qualities of responses; `default` is always one. @defaultValue all four */
  readonly qualities?: readonly Quality[]
  /** How images are scaled and written. */
  readonly encode?: EncodeOptions
  /** What may be read. */
  readonly read?: ReadOptions
}

/** What may be read as a source. */
export interface ReadOptions {
  /** Whether SVG is read; a drawing can cost far more time than its size tells. @defaultValue false */
  readonly svg?: boolean
  /**
   * The largest source that must be decoded whole, in pixels: everything but tiled TIFF, of which only the tiles that
   * are wanted are read. It bounds the memory of one request. @defaultValue 300,000,000
   */
  readonly maxInputPixels?: number
  /** The largest source that must be held in memory because it is no local file, in bytes. @defaultValue 512 MiB */
  readonly maxInputBytes?: number
}

/** The options of {@link createImageService}. */
export interface ImageServiceOptions extends ProcessOptions, BaseUriOptions, ParseOptions {
  /** Where images come from; of several resolvers the first that knows the identifier answers. */
  readonly source: SourceResolver | readonly SourceResolver[]
  /**
   * The paths that clients see in front of the identifier, where a proxy rewrites them.
   * @defaultValue those of `prefixes`
   */
  readonly publicPrefixes?: Partial<Readonly<Record<ImageApiVersion, string>>>
  /** Where results are kept between requests; `false` keeps nothing. @defaultValue 64 MiB of memory */
  readonly cache?: Cache | MemoryCacheOptions | false
  /**
   * For how long a source that was looked up is believed to be unchanged, in seconds; `always` looks it up for every
   * request, which costs two system calls for a file, `never` only once. @defaultValue 1
   */
  readonly revalidate?: 'always' | 'never' | number
  /** How many images are kept open. Each costs a few kilobytes, and a file handle in some formats. @defaultValue 200 */
  readonly maxOpenImages?: number
  /** The side of tiles in info.json for sources that have none of their own, in pixels. @defaultValue 512 */
  readonly tileSize?: number
  /** Formats in the order that clients should prefer, for info.json of version 3. @defaultValue none */
  readonly preferredFormats?: readonly Format[]
  /** Rights, links and services for info.json: for all images alike, or told for each identifier. */
  readonly info?: InfoExtras | ((identifier: string) => InfoExtras | Promise<InfoExtras>)
  /** The Cache-Control header of successful responses. @defaultValue `public, max-age=86400` */
  readonly cacheControl?: string
  /** Whether image requests are redirected (303) to their canonical form. @defaultValue false: a Link header tells it */
  readonly redirectToCanonical?: boolean
}

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
export interface ServiceSettings extends ProcessSettings {
  /** Where images come from. */
  readonly source: SourceResolver
  /** How paths are read. */
  readonly parse: ParseOptions & { readonly prefixes: Prefixes }
  /** What clients see in front of identifiers. */
  readonly publicPrefixes: Readonly<Record<ImageApiVersion, string>>
  /** The links to the levels that the service complies with. */
  readonly profileLinks: Readonly<Record<ImageApiVersion, Link>>
  /** Where results are kept. */
  readonly cache: Cache | undefined
  /**
   * For how long a source that was looked up is believed to be unchanged, in seconds; `always` looks it up for every
   * request, which costs two system calls for a file, `never` only once. @defaultValue 1
   */
  readonly revalidate?: 'always' | 'never' | number
  /** For how long a source is believed to be unchanged, in milliseconds. */
  readonly revalidateMs: number
  /** How many images are kept open. */
  readonly maxOpenImages: number
  /** Rights, links and services for info.json. */
  readonly info: InfoExtras | ((identifier: string) => InfoExtras | Promise<InfoExtras>)
  /** The Cache-Control header of successful responses. */
  readonly cacheControl: string
  /** Whether image requests are redirected to their canonical form. */
  readonly redirectToCanonical: boolean
}

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
    source: resolveResolver(options.source),
    parse: { prefixes, allowSlashes, ...(slashSubstitute ? { slashSubstitute } : {}) },
    publicPrefixes: { ...onlyStrings(prefixes), ...resolvePublicPrefixes(options.publicPrefixes) },
    cache: resolveCache(options.cache),
    maxOpenImages,
    revalidateMs: resolveRevalidation(options.revalidate),
    info,
    cacheControl: requireHeaderValue('cacheControl', options.cacheControl ?? 'public, max-age=86400'),
    redirectToCanonical: options.redirectToCanonical ?? false,
  })
}

function buildProfileLink(version: ImageApiVersion, settings: ProcessSettings): Link {
  return { uri: formatProfileUri(version, resolveLevel(version, settings)), rel: 'profile' }
}

function resolveResolver(source: ImageServiceOptions['source']): SourceResolver {
  const resolvers = typeof source === 'function' ? [source] : source
  if (
    !Array.isArray(resolvers) ||
    resolvers.length === 0 ||
    resolvers.some(item => typeof item !== 'function')
  ) {
    throw new TypeError('source: expected a resolver, for example fileSource("./images"), or a list of them')
  }
  return firstOf(...resolvers)
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

function onlyStrings({ 2: second, 3: third }: Prefixes): Record<ImageApiVersion, string> {
  return { 2: second || '', 3: third || '' }
}

function resolveCache(cache: ImageServiceOptions['cache'] = {}): Cache | undefined {
  if (cache === false) return undefined
  return createSafeCache('get' in cache ? cache : memoryCache(cache))
}

function resolveRevalidation(revalidate: ImageServiceOptions['revalidate'] = 1): number {
  if (revalidate === 'always') return 0
  if (revalidate === 'never') return Infinity
  if (typeof revalidate === 'number' && revalidate >= 0) return revalidate * 1000
  throw new TypeError(`revalidate: expected 'always', 'never' or seconds but received ${String(revalidate)}`)
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

function requireHeaderValue(name: string, value: string): string {
  if (/^[\x20-\x7e]*$/.test(value)) return value
  throw new TypeError(`${name}: expected the value of a header in ASCII`)
}
