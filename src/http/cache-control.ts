/* The Cache-Control header (RFC 9111 section 5.2.2, RFC 5861, RFC 8246): how long others may keep a response. */

import { createDebug } from '../debug.js'
import type { ErrorCode } from '../errors.js'
import type { IIIFRequest } from '../protocol/request.js'

const debug = createDebug('http')

/** For how long, and by whom, a response may be kept. */
export interface CacheControl {
  /** Whether only the browser may keep it, and no cache that others share. @defaultValue false: `public` */
  readonly private?: boolean
  /** Whether nobody may keep it; no other directive counts then. @defaultValue false */
  readonly noStore?: boolean
  /** Whether it must be asked for anew each time, which a 304 answers. @defaultValue false */
  readonly noCache?: boolean
  /** For how long it is fresh, in seconds. @defaultValue not told */
  readonly maxAgeSeconds?: number
  /** The same for caches that are shared, in seconds. @defaultValue not told */
  readonly sharedMaxAgeSeconds?: number
  /** For how long it may be shown stale while it is asked for anew, in seconds. @defaultValue not told */
  readonly staleWhileRevalidateSeconds?: number
  /** For how long it may be shown stale when the server fails, in seconds. @defaultValue not told */
  readonly staleIfErrorSeconds?: number
  /** Whether it must not be shown once it is stale. @defaultValue false */
  readonly mustRevalidate?: boolean
  /** Whether it never changes while it is fresh. @defaultValue false */
  readonly immutable?: boolean
  /** Whether caches must not change it, for example compress it again. @defaultValue false */
  readonly noTransform?: boolean
}

/* What decides over all others has no word of its own here. */
const flags: ReadonlyMap<string, string> = new Map([
  ['private', ''],
  ['noStore', ''],
  ['noCache', 'no-cache'],
  ['mustRevalidate', 'must-revalidate'],
  ['immutable', 'immutable'],
  ['noTransform', 'no-transform'],
])

const times: ReadonlyMap<string, string> = new Map([
  ['maxAgeSeconds', 'max-age'],
  ['sharedMaxAgeSeconds', 's-maxage'],
  ['staleWhileRevalidateSeconds', 'stale-while-revalidate'],
  ['staleIfErrorSeconds', 'stale-if-error'],
])

/**
 * Writes the header.
 *
 * @throws TypeError when a property is unknown, or is not what it must be.
 */
export function formatCacheControl(control: CacheControl): string {
  const given = Object.entries(control).filter(([, value]) => value !== undefined)
  const words = given.flatMap(([key, value]) => formatDirective(key, value) ?? [])
  return control.noStore ? 'no-store' : [control.private ? 'private' : 'public', ...words].join(', ')
}

function formatDirective(key: string, value: unknown): string | undefined {
  const [flag, time] = [flags.get(key), times.get(key)]
  if (time !== undefined) {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return `${time}=${value}`
    throw new TypeError(`cacheControl.${key}: expected whole seconds but received ${String(value)}`)
  }
  if (flag === undefined) throw new TypeError(`cacheControl.${key}: there is no such option`)
  if (typeof value === 'boolean') return value && flag !== '' ? flag : undefined
  throw new TypeError(`cacheControl.${key}: expected true or false but received ${String(value)}`)
}

/** What a Cache-Control header is decided by. */
export interface CacheControlFacts {
  /** The status of the response. */
  readonly status: number
  /** The request, where its path was understood. */
  readonly request?: IIIFRequest
  /** The cause, where the response is an error. */
  readonly errorCode?: ErrorCode
}

/**
 * The Cache-Control header of responses: its text, what it says, or a function that tells it for each. Where the function
 * gives `undefined`, and for errors and redirects where it is no function, the default holds.
 */
export type CacheControlOption =
  | string
  | CacheControl
  | ((facts: CacheControlFacts) => string | CacheControl | undefined)

/** A {@link CacheControlOption}, checked. */
export interface CacheControlPolicy {
  /** The header of everything that is found, where it is always the same; empty for none. */
  readonly fixed?: string
  /** Tells the header; empty for none. */
  decide(facts: CacheControlFacts): string
}

/* A day for what is found; errors are over as soon as their cause is; where a redirect leads may change with any setting. */
const defaults = { success: 'public, max-age=86400', error: 'no-cache', redirect: '' }

/**
 * Checks the option.
 *
 * @throws TypeError when it is no header in ASCII, or has what a {@link CacheControl} has not.
 */
export function resolveCacheControl(option: CacheControlOption = defaults.success): CacheControlPolicy {
  if (typeof option !== 'function') {
    const text = formatOption(option)
    return { fixed: text, decide: ({ status }) => (status < 300 ? text : defaultOf(status)) }
  }
  return {
    decide(facts) {
      try {
        const decided = option(facts)
        return decided === undefined ? defaultOf(facts.status) : formatOption(decided)
      } catch (error) {
        // An error is answered whatever the function makes of it, its own failure for an image among them.
        if (facts.status < 400) throw error
        debug('cacheControl failed: %o', error)
        return defaults.error
      }
    },
  }
}

function defaultOf(status: number): string {
  if (status >= 400) return defaults.error
  return status >= 300 && status !== 304 ? defaults.redirect : defaults.success
}

function formatOption(option: string | CacheControl): string {
  if (typeof option === 'object' && option !== null) return formatCacheControl(option)
  if (typeof option === 'string' && /^[\x20-\x7e]*$/.test(option)) return option
  throw new TypeError('cacheControl: expected the value of a header in ASCII, an object, or a function')
}
