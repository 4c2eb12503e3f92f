/* The parts of a public URI (RFC 3986): each is read strictly before it is repeated to anybody, because it may
   come from a header. What passes holds no quote, no angle bracket, no white space and no control character. */

/** The schemes that a public URI may have. */
export type Scheme = 'http' | 'https'

/** A host as a URI writes it, and its port where one was given. */
export interface Authority {
  /** A name or an address in lower case; IPv6 in brackets. */
  readonly host: string
  /** The port, from 1 to 65535; absent stands for the default of the scheme. */
  readonly port?: number
}

const defaultPorts = { http: 80, https: 443 } as const

/** Reads a scheme in any case; `undefined` for all but http and https. */
export function parseScheme(text: string): Scheme | undefined {
  const scheme = text.toLowerCase()
  return scheme === 'http' || scheme === 'https' ? scheme : undefined
}

/** Reads a port; `undefined` where it is not a whole number from 1 to 65535. */
export function parsePort(text: string): number | undefined {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65535 ? port : undefined
}

// A host and, after a colon, a port; an empty port is the default port (RFC 3986 section 3.2.3).
const authority = /^(\[[0-9a-f:.]{2,45}\]|[0-9a-z_-]{1,63}(?:\.[0-9a-z_-]{1,63})*\.?)(?::([0-9]{0,5}))?$/

/** Reads `host` or `host:port`; `undefined` for user names, paths, white space and whatever else is no host. */
export function parseAuthority(text: string): Authority | undefined {
  const [, name, digits] = (text.length <= 260 && authority.exec(text.toLowerCase())) || []
  if (name === undefined) return undefined
  // URL knows which addresses and which punycode exist; "999.1.1.1" has the shape of a host and is none.
  const host = URL.canParse(`http://${name}`) ? new URL(`http://${name}`).hostname : undefined
  const port = digits ? parsePort(digits) : undefined
  if (!host || (digits && port === undefined)) return undefined
  return port === undefined ? { host } : { host, port }
}

/** Writes `scheme://host[:port]`; the default port of the scheme is never written. */
export function formatOrigin(scheme: Scheme, { host, port }: Authority): string {
  const suffix = port === undefined || port === defaultPorts[scheme] ? '' : `:${port}`
  return `${scheme}://${host}${suffix}`
}

// pchar of RFC 3986 without the apostrophe, which would end an attribute of a careless page; it must come as %27.
const segment = /^(?:[0-9a-z._~!$&()*+,;=:@-]|%[0-9a-f]{2})+$/i
const dots = /^(?:\.|%2e){1,2}$/i
const maxLength = 2048

/** Reads one encoded path segment, giving it back as it is; `undefined` where it would not stay one segment. */
export function parsePathSegment(text: string): string | undefined {
  return text.length <= maxLength && segment.test(text) && !dots.test(text) ? text : undefined
}

/**
 * Reads the path under which an application is mounted: a slash in front is ensured, slashes at the end are
 * trimmed, and `/` is the empty path. `undefined` where a segment is empty, `.`, `..` or not safe to repeat.
 */
export function parseRootPath(text: string): string | undefined {
  if (text.length > maxLength) return undefined
  const segments = text.split('/')
  while (segments[0] === '') segments.shift()
  while (segments.at(-1) === '') segments.pop()
  if (segments.some(part => parsePathSegment(part) === undefined)) return undefined
  return segments.map(part => `/${part}`).join('')
}

// Most URIs are fit for a header already.
const plainUri = /^[\w.~:/?#@!$&'()*+,;=%^[\]-]*$/

/**
 * Makes any URI of ours fit for a header: what RFC 3986 does not allow is percent-encoded.
 *
 * The identifier in it may have come with characters that a lenient parser let through. The `^` of upscaling stays,
 * because canonical URIs are written with it (Image API 3.0 section 4.8).
 */
export function formatHeaderUri(uri: string): string {
  if (plainUri.test(uri)) return uri
  return uri.replace(/\p{Surrogate}/gu, '\ufffd').replace(/[^\x21-\x7e]|["<>\\`{|}]/gu, encodeURIComponent)
}
