/* What `authorize` may answer: one union, a helper for each member, and the check of what a function of the application
   really gave. */
import { isFieldValue } from '../errors.js'
import { isLanguageMap, type LanguageMap, type LanguageText } from '../protocol/language.js'
import { reduceScale, type Scale } from '../protocol/scale.js'

/** The answer of `authorize`; made by {@link allow}, {@link deny}, {@link redirect}, {@link tier} and {@link scale}. */
export type AuthorizeResult = Allow | Deny | Redirect | GrantTier | GrantScale

/** What is asked for is given. */
export interface Allow {
  /** Tells the results apart. */
  readonly kind: 'allow'
  /** Whether everybody is given it, so that shared caches may keep it. */
  readonly shared?: boolean
}

/** What is asked for is refused. */
export interface Deny {
  /** Tells the results apart. */
  readonly kind: 'deny'
  /** 401 where logging in may help, 403 where it does not, 404 where nobody is to know that there is an image. */
  readonly status: 401 | 403 | 404
  /** The `WWW-Authenticate` header of a 401. */
  readonly challenge?: string
  /** Whether info.json is shown nevertheless, so that viewers find where to log in. */
  readonly showInfo?: boolean
  /** What viewers tell the user; the heading and the text below it. */
  readonly heading?: LanguageText
  /** The text below the heading. */
  readonly note?: LanguageText
}

/** The client is sent elsewhere. */
export interface Redirect {
  /** Tells the results apart. */
  readonly kind: 'redirect'
  /** The status. */
  readonly status: 301 | 302 | 303 | 307
  /** An http or https URI, or a path from the root of the server. */
  readonly location: string
}

/** A tier is given, and all below it; who asks for more is shown the way to it. */
export interface GrantTier {
  /** Tells the results apart. */
  readonly kind: 'tier'
  /** The name of one of the tiers. */
  readonly tier: string
}

/** The image is given at no more than a part of its size. */
export interface GrantScale extends Scale {
  /** Tells the results apart. */
  readonly kind: 'scale'
}

/**
 * Gives what is asked for.
 *
 * @param options - `shared`: whether everybody is given it, so that shared caches may keep it; false by default
 */
export function allow(options: { readonly shared?: boolean } = {}): Allow {
  return { kind: 'allow', ...options }
}

/**
 * Refuses what is asked for.
 *
 * @param status - 401 where logging in may help, 403 where it does not, 404 where nobody is to know that there is an image
 * @param options - a `challenge` for 401 (by default `Bearer`, for which browsers open no window); `showInfo`: whether
 * info.json is shown nevertheless, so that viewers find where to log in, by default for 401 only; `heading` and `note`
 * for viewers to show
 */
export function deny(status: Deny['status'] = 403, options: Omit<Deny, 'kind' | 'status'> = {}): Deny {
  return { kind: 'deny', status, ...options }
}

/** Sends the client elsewhere: to an http or https URI, or a path from the root of the server. */
export function redirect(location: string, status: Redirect['status'] = 302): Redirect {
  return { kind: 'redirect', status, location }
}

/** Gives a tier, and all below it. */
export function tier(name: string): GrantTier {
  return { kind: 'tier', tier: name }
}

/** Gives the image at no more than `numerator / denominator` of its width and height. */
export function scale(numerator: number, denominator: number): GrantScale {
  return { kind: 'scale', numerator, denominator }
}

/**
 * Checks what a function of the application gave and copies it.
 *
 * @throws TypeError that says what is wrong, for whatever is no result.
 */
export function parseResult(value: unknown): AuthorizeResult {
  if (typeof value !== 'object' || value === null) throw new TypeError(`expected a result, received ${value}`)
  const result = value as Readonly<Record<string, unknown>>
  switch (result.kind) {
    case 'allow':
      return allow(result.shared === true ? { shared: true } : {})
    case 'deny':
      return parseDeny(result)
    case 'redirect':
      return parseRedirect(result)
    case 'tier':
      if (typeof result.tier === 'string') return tier(result.tier)
      throw new TypeError('a tier without a name')
    case 'scale': {
      const reduced = reduceScale(result.numerator, result.denominator)
      if (reduced) return scale(reduced.numerator, reduced.denominator)
      throw new TypeError(`${result.numerator}:${result.denominator} is no scale`)
    }
    default:
      throw new TypeError(`there is no result of the kind ${String(result.kind)}`)
  }
}

/** As {@link parseResult}, for what is a refusal. */
export function parseDeny({
  status,
  challenge,
  showInfo,
  heading,
  note,
}: Readonly<Record<string, unknown>>): Deny {
  if (status !== 401 && status !== 403 && status !== 404) throw new TypeError(`${status} denies nothing`)
  return deny(status, {
    ...(isFieldValue(challenge) && { challenge }),
    ...(typeof showInfo === 'boolean' && { showInfo }),
    ...(isText(heading) && { heading }),
    ...(isText(note) && { note }),
  })
}

function isText(value: unknown): value is string | LanguageMap {
  return typeof value === 'string' || isLanguageMap(value)
}

const redirects: readonly unknown[] = [301, 302, 303, 307]

/** As {@link parseResult}, for what is a redirect. */
export function parseRedirect({ status, location }: Readonly<Record<string, unknown>>): Redirect {
  if (!redirects.includes(status)) throw new TypeError(`${status} redirects nowhere`)
  if (!isLocation(location)) throw new TypeError('the location is neither an http or https URI nor a path')
  return redirect(location, status as Redirect['status'])
}

/**
 * Tells whether a text may stand in a `Location` header: an http or https URI, or a path from the root of the server.
 *
 * Neither `//host` nor `/\host` is such a path: browsers take both for another server.
 */
export function isLocation(location: unknown): location is string {
  if (typeof location !== 'string' || location.length > maxLocation || !/^[!-~]+$/.test(location))
    return false
  if (/["<>\\`{|}]/.test(location)) return false
  if (location.startsWith('/')) return !location.startsWith('//')
  return /^https?:\/\/[^/?#]/i.test(location) && URL.canParse(location)
}

/** Longer ones are cut or refused on the way. */
const maxLocation = 8_192
