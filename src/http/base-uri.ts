/* The public root of every URI that a response carries: from the baseUri option, the headers of a trusted proxy,
   or the request itself, in this order. Nothing of it is ever kept between requests: two hosts in front of one
   server each see their own. */
import { inspect } from 'node:util'
import { LRUCache } from 'lru-cache'
import type { HttpRequest } from '../contracts.js'
import { IIIFError } from '../errors.js'
import { type ForwardedElement, parseForwarded } from './forwarded.js'
import { parseOrIgnore, type RequestHeaders, readFirstItem, readHeader } from './header-field.js'
import { createTrust, parseAddress, resolveClientAddress, type TrustProxy } from './trust-proxy.js'
import {
  type Authority,
  formatOrigin,
  parseAuthority,
  parsePathSegment,
  parsePort,
  parseRootPath,
  parseScheme,
} from './uri.js'

/** How the public root is found. */
export interface BaseUriOptions {
  /**
   * The public address of the application, such as `https://example.org/images`, or a function that tells it for a
   * request; where the function gives `undefined` the request and its headers decide. X-Forwarded-Proto, -Host,
   * -Port and -Path are not read then.
   *
   * The function is part of the server, not of the request: when it gives what is no http or https URI, the request
   * fails with the code `internal` (500). A function that repeats the Host header must check it first.
   *
   * @defaultValue undefined: the request and its headers decide
   */
  readonly baseUri?: string | ((request: HttpRequest) => string | undefined)
  /** Whose X-Forwarded-* and Forwarded headers are believed. @defaultValue `['loopback', 'linklocal', 'uniquelocal']` */
  readonly trustProxy?: TrustProxy
}

/** Where the client believes itself to be. */
export interface PublicBase {
  /** `scheme://host[:port]`, default ports left out. */
  readonly origin: string
  /** The path of the application: empty, or starting with a slash and ending without one. The IIIF prefix follows it. */
  readonly path: string
  /** The identifier that the client knows the image by, in its encoded form, where a proxy has named it. */
  readonly forwardedIdentifier?: string
  /** The address of the client, where it can be told. */
  readonly clientAddress?: string
}

type Root = Pick<PublicBase, 'origin' | 'path'>

/**
 * Makes the function that finds the public root of a request.
 *
 * No header of a request can make it throw: what cannot be read is ignored with a debug line, and a request without
 * a usable host is answered as `localhost`.
 *
 * @throws {@link TypeError} when an option is not valid; the message names it.
 */
export function createBaseUri(options: BaseUriOptions = {}): (request: HttpRequest) => PublicBase {
  const isTrusted = createTrust(options.trustProxy ?? ['loopback', 'linklocal', 'uniquelocal'])
  const configure = createConfiguredRoot(options.baseUri)
  const resolve = (request: HttpRequest): PublicBase => {
    const { headers } = request
    const peer = parseAddress(request.remoteAddress ?? '')
    const trusted = isTrusted(peer)
    const forwarded = trusted ? parseForwarded(readHeader(headers, 'forwarded') ?? '') : []
    const root = configure(request) ?? resolveRoot(request, trusted ? headers : {}, forwarded[0])
    const identifier = trusted ? readForwardedIdentifier(headers) : undefined
    const client = trusted ? resolveClientAddress(peer, listHops(headers, forwarded), isTrusted) : peer
    return {
      ...root,
      ...(identifier !== undefined && { forwardedIdentifier: identifier }),
      ...(client !== undefined && { clientAddress: client }),
    }
  }
  // Functions of the application may tell another thing each time.
  const isPure = typeof options.baseUri !== 'function' && typeof options.trustProxy !== 'function'
  return isPure ? remember(resolve) : resolve
}

const maxRemembered = 500

/** All that a root is made of. */
const rootHeaders = [
  'forwarded',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-path',
  'x-forwarded-for',
  'x-forwarded-id',
  'x-iiif-id',
]

/* A viewer asks for hundreds of tiles with the same headers. */
function remember(resolve: (request: HttpRequest) => PublicBase): (request: HttpRequest) => PublicBase {
  const remembered = new LRUCache<string, PublicBase>({ max: maxRemembered })
  return request => {
    const { scheme, authority, mountPath, remoteAddress, headers } = request
    let key = `${scheme}\n${authority}\n${mountPath}\n${remoteAddress}`
    for (const name of rootHeaders) {
      const value = headers[name]
      if (value !== undefined) key += `\n${name}\n${value}`
    }
    const known = remembered.get(key)
    if (known) return known
    const base = Object.freeze(resolve(request))
    if (key.length <= maxKeyLength) remembered.set(key, base)
    return base
  }
}

/** Longer ones are no proxy's. */
const maxKeyLength = 2_000

function createConfiguredRoot(
  baseUri: BaseUriOptions['baseUri'],
): (request: HttpRequest) => Root | undefined {
  if (baseUri === undefined) return () => undefined
  if (typeof baseUri === 'function') {
    return request => {
      const uri = baseUri(request)
      if (uri === undefined) return undefined
      const root = parseBaseUri(uri)
      if (root !== undefined) return root
      throw new IIIFError(500, 'internal', 'The server could not tell its own address.', {
        cause: new TypeError(`baseUri must give an http or https URI, but gave ${inspect(uri)}`),
      })
    }
  }
  const root = parseBaseUri(baseUri)
  if (root !== undefined) return () => root
  throw new TypeError(
    'baseUri must be an http or https URI of a host and a path, without user, query and fragment, ' +
      `but was ${inspect(baseUri)}`,
  )
}

const baseUriShape = /^https?:\/\/[^/\s\p{Cc}\\?#][^\s\p{Cc}\\?#]*$/iu

function parseBaseUri(text: unknown): Root | undefined {
  // URL forgives missing slashes, drops white space and turns backslashes; in a setting all are mistakes worth telling.
  if (typeof text !== 'string' || !baseUriShape.test(text) || !URL.canParse(text)) return undefined
  const uri = new URL(text)
  const scheme = parseScheme(uri.protocol.slice(0, -1))
  const authority = parseAuthority(uri.host)
  const path = parseRootPath(uri.pathname)
  if (uri.username || uri.password || scheme === undefined || authority === undefined || path === undefined)
    return undefined
  return { origin: formatOrigin(scheme, authority), path }
}

/** The root from the request, corrected by the `headers` of a trusted proxy; untrusted ones are not handed in. */
function resolveRoot(request: HttpRequest, headers: RequestHeaders, forwarded: ForwardedElement = {}): Root {
  const own = parseOrIgnore('Host', request.authority, parseAuthority) ?? { host: 'localhost' }
  const scheme =
    readFirstItem(headers, 'x-forwarded-proto', parseScheme) ??
    parseOrIgnore('Forwarded proto', forwarded.proto, parseScheme)
  const authority =
    readFirstItem(headers, 'x-forwarded-host', parseForwardedHost) ??
    parseOrIgnore('Forwarded host', forwarded.host, parseAuthority)
  // A proxy that names the scheme and no port is reached on the default port of the scheme, not on ours.
  const port =
    readFirstItem(headers, 'x-forwarded-port', parsePort) ??
    authority?.port ??
    (scheme === undefined ? own.port : undefined)
  const host = (authority ?? own).host
  return {
    origin: formatOrigin(scheme ?? request.scheme, port === undefined ? { host } : { host, port }),
    path:
      readFirstItem(headers, 'x-forwarded-path', parseRootPath) ??
      parseOrIgnore('the mount path', request.mountPath, parseRootPath) ??
      '',
  }
}

/** Some proxies are configured with a scheme in front of the host; it is stripped, X-Forwarded-Proto tells the scheme. */
function parseForwardedHost(text: string): Authority | undefined {
  return parseAuthority(text.replace(/^https?:\/\//i, ''))
}

/** Also an identifier is the first item of a list: a comma in it must come as %2C. */
function readForwardedIdentifier(headers: RequestHeaders): string | undefined {
  return (
    readFirstItem(headers, 'x-forwarded-id', parsePathSegment) ??
    readFirstItem(headers, 'x-iiif-id', parsePathSegment)
  )
}

/** The hops between the client and us, the client's first; a hop that is not named is `unknown`. */
function listHops(headers: RequestHeaders, forwarded: readonly ForwardedElement[]): string[] {
  const hops = (readHeader(headers, 'x-forwarded-for') ?? '').split(',').flatMap(hop => hop.trim() || [])
  if (hops.length > 0 || forwarded.every(element => element.for === undefined)) return hops
  return forwarded.map(element => element.for ?? 'unknown')
}
