/* Signed URLs: who holds a key can hand out images one by one, for a while, without anybody logging in.

     signed = path "?" [ other arguments "&" ] "expires=" seconds "&key=" key id "&signature=" signature

   What is signed is the path with each segment in its one spelling, all other arguments in order, and the two in front of
   the signature; what comes behind "#" is no part of it. */
import { decodeSegment, formatIdentifier } from '../protocol/identifier.js'
import { createKeyRing, type KeyRing, type Keys, resolveKeys } from './keys.js'

const argumentsOfOurs = ['expires', 'key', 'signature'] as const

/** How a URL is signed. */
export interface SignOptions {
  /** The keys; the first signs. */
  readonly keys: Keys
  /** From when on the URL is no longer good: a date, or seconds since 1970. */
  readonly expires: Date | number
}

/** What a URL turned out to be. */
export type SignatureState =
  /** `expires` in seconds since 1970. */
  | { readonly kind: 'valid'; readonly expires: number }
  | { readonly kind: 'unsigned' }
  /** It was good once. */
  | { readonly kind: 'expired' }
  | { readonly kind: 'invalid' }

/** Verifies signed URLs. */
export type VerifySignature = (url: string, canonicalPath?: string) => SignatureState

const purpose = 'url'

/**
 * Signs the path of a request.
 *
 * @param path - as the server receives it, from its prefix on, best in canonical form: then it is good for every spelling
 * of the request, else for this one; it may have a query
 * @returns the path with its query and its signature
 * @throws TypeError for keys or an expiry that are none; a `BadRequestError` for a path that is not well encoded.
 * @example
 * ```ts
 * signRequest('/iiif/3/cats/full/max/0/default.jpg', { keys: secret, expires: new Date(Date.now() + 60_000) })
 * ```
 */
export function signRequest(path: string, { keys, expires }: SignOptions): string {
  const seconds = Math.floor(expires instanceof Date ? expires.getTime() / 1000 : expires)
  if (!Number.isSafeInteger(seconds) || seconds < 0) {
    throw new TypeError('expires: expected a date, or seconds since 1970')
  }
  const ring = createKeyRing(resolveKeys(keys, 'keys'), purpose)
  const [raw, query] = splitUrl(path)
  const others = listOthers(new URLSearchParams(query))
  const text = formatSigned(normalizePath(raw), others, String(seconds), ring.currentId)
  const signature = ring.sign(text, ring.currentId) ?? ''
  const added = `expires=${seconds}&key=${ring.currentId}&signature=${signature}`
  return `${raw}?${query === '' ? added : `${query}&${added}`}`
}

/**
 * Creates the function that verifies signed URLs.
 *
 * It is given the URL as it came and, where it is known, the canonical path of the same request: a signature of either
 * is good.
 *
 * @throws TypeError that names the option, for keys that are none.
 */
export function createSignatureVerifier(
  keys: Keys,
  { now = Date.now, name = 'keys' }: { readonly now?: () => number; readonly name?: string } = {},
): VerifySignature {
  const ring = createKeyRing(resolveKeys(keys, name), purpose)
  return (url, canonicalPath) => {
    const [raw, query] = splitUrl(url)
    const all = new URLSearchParams(query)
    if (!argumentsOfOurs.some(argument => all.has(argument))) return { kind: 'unsigned' }
    const [expires, key, signature] = argumentsOfOurs.map(argument => readOnce(all, argument))
    if (!expires || !key || !signature || !/^(?:0|[1-9][0-9]{0,14})$/.test(expires))
      return { kind: 'invalid' }
    const paths = [raw, ...(canonicalPath === undefined ? [] : [canonicalPath])]
    const isSigned = paths
      .map(path => isSignedPath(ring, path, all, { expires, key, signature }))
      .includes(true)
    if (!isSigned) return { kind: 'invalid' }
    return now() < Number(expires) * 1000 ? { kind: 'valid', expires: Number(expires) } : { kind: 'expired' }
  }
}

type Ours = Readonly<Record<(typeof argumentsOfOurs)[number], string>>

function isSignedPath(ring: KeyRing, path: string, all: URLSearchParams, ours: Ours): boolean {
  const { expires, key, signature } = ours
  try {
    return ring.verify(formatSigned(normalizePath(path), listOthers(all), expires, key), key, signature)
  } catch {
    // A path that is not well encoded was never signed.
    return false
  }
}

function splitUrl(url: string): readonly [path: string, query: string] {
  const [whole = ''] = url.split('#', 1)
  const at = whole.indexOf('?')
  return at < 0 ? [whole, ''] : [whole.slice(0, at), whole.slice(at + 1)]
}

function readOnce(all: URLSearchParams, name: string): string | undefined {
  const [value, ...more] = all.getAll(name)
  return more.length === 0 ? value : undefined
}

/* Every other argument is signed too: one that was added could change what is shown. */
function listOthers(all: URLSearchParams): string {
  const others = [...all].filter(([name]) => !(argumentsOfOurs as readonly string[]).includes(name))
  return others
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .sort()
    .join('&')
}

function normalizePath(path: string): string {
  return path
    .split('/')
    .map(segment => formatIdentifier(decodeSegment(segment)))
    .join('/')
}

// A line feed is in none of the parts: no two lists of parts give one text.
function formatSigned(path: string, others: string, expires: string, key: string): string {
  return [path, others, expires, key].join('\n')
}
