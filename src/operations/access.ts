/* Who may ask: who is on the same machine, or who has a token; and that no page of another site asks in their name. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { HttpRequest } from '../contracts.js'
import { AccessError, IIIFError } from '../errors.js'
import { readHeader } from '../http/header-field.js'
import { createTrust, parseAddress } from '../http/trust-proxy.js'
import { parseAuthority } from '../http/uri.js'
import { requireNames } from '../protocol/option-names.js'
import type { OperationsAccess, OperationsGroup, OperationsOptions } from './options.js'

/** Lets a request in, or throws an {@link AccessError}. */
export type Gate = (request: HttpRequest) => void

/** The gates of the groups; those that are closed have none. */
export type Gates = Readonly<Partial<Record<OperationsGroup, Gate>>>

const groups: readonly OperationsGroup[] = ['health', 'metrics', 'status', 'tasks']

/** Creates the gates. @throws TypeError that names the option. */
export function createGates(access: OperationsOptions['access'] = 'loopback'): Gates {
  if (typeof access === 'string' || (isRecord(access) && 'token' in access)) {
    const gate = createGate(access as OperationsAccess, 'access')
    return gate ? Object.fromEntries(groups.map(group => [group, gate])) : {}
  }
  if (!isRecord(access)) throw new TypeError(`access: ${expected}`)
  const unknown = Object.keys(access).find(name => !(groups as readonly string[]).includes(name))
  if (unknown !== undefined) {
    throw new TypeError(`access: expected some of ${groups.join(', ')} but received "${unknown}"`)
  }
  return Object.fromEntries(
    groups.flatMap(group => {
      const given = access[group]
      const gate = createGate(given === undefined ? 'loopback' : given, `access.${group}`)
      return gate ? [[group, gate]] : []
    }),
  )
}

const expected = 'expected "loopback", "open", "closed" or { token }'

function createGate(access: OperationsAccess, name: string): Gate | undefined {
  if (access === 'closed') return undefined
  if (access === 'open') return () => {}
  if (access === 'loopback') return requireLoopback
  if (!isRecord(access)) throw new TypeError(`${name}: ${expected}`)
  requireNames(access, { token: true }, `${name}.`)
  const digests = resolveTokens(access.token, `${name}.token`)
  return request => requireToken(request, digests)
}

function isRecord(value: unknown): value is Readonly<Record<string, never>> {
  return typeof value === 'object' && value !== null
}

/* RFC 6750 section 2.1: b64token. Errors never repeat a secret. */
const tokenShape = /^[\w.~+/-]{16,}=*$/

function resolveTokens(given: unknown, name: string): readonly Buffer[] {
  const tokens = Array.isArray(given) ? given : [given]
  if (tokens.length === 0) throw new TypeError(`${name}: expected at least one token`)
  if (tokens.every(token => typeof token === 'string' && tokenShape.test(token))) return tokens.map(digest)
  throw new TypeError(
    `${name}: expected at least 16 characters, of letters, digits and - . _ ~ + /, with = at the end only`,
  )
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/* Digests are compared, and all of them: the time tells neither how long a token is nor where it is wrong. */
function requireToken({ headers }: HttpRequest, digests: readonly Buffer[]): void {
  const [, token] = /^bearer +([\w.~+/-]+=*)$/i.exec(readHeader(headers, 'authorization')?.trim() ?? '') ?? []
  const given = digest(token ?? '')
  const isGood = digests.map(known => timingSafeEqual(known, given)).includes(true)
  if (isGood && token !== undefined) return
  const challenge = 'Bearer realm="operations"'
  throw new AccessError(401, 'unauthorized', 'A token is needed here, and this is none.', { challenge })
}

const isLoopback = createTrust(['loopback'])

/* What proxies add to a request. Whoever came through one is not on this machine, although the proxy is. */
const proxyHeaders: readonly string[] = [
  'forwarded',
  'via',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
]

function requireLoopback({ remoteAddress, headers, authority }: HttpRequest): void {
  const isDirect = !Object.entries(headers).some(
    ([name, value]) =>
      value !== undefined && (name.startsWith('x-forwarded-') || proxyHeaders.includes(name)),
  )
  // Also the name that was asked for: a page of a site whose name leads to this machine is of the same origin for browsers.
  if (isDirect && isLoopback(parseAddress(remoteAddress ?? '')) && isLoopbackName(authority)) return
  throw new AccessError(403, 'access-denied', 'Only who is on the same machine may ask here.')
}

function isLoopbackName(authority: string | undefined): boolean {
  const host = parseAuthority(authority ?? '')?.host.toLowerCase() ?? ''
  const name = host.replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || name.endsWith('.localhost') || isLoopback(parseAddress(name))
}

/**
 * Refuses what a page of another site sends: browsers are let in with what they are, not with who wrote the page.
 *
 * @throws {@link IIIFError} (403).
 */
export function requireSameSite({ headers, authority = '' }: HttpRequest): void {
  const site = readHeader(headers, 'sec-fetch-site')
  const origin = readHeader(headers, 'origin')
  const isOwnSite = site === undefined || site === 'same-origin' || site === 'none'
  const isOwnOrigin =
    origin === undefined || origin.replace(/^https?:\/\//i, '').toLowerCase() === authority.toLowerCase()
  if (isOwnSite && isOwnOrigin) return
  throw new IIIFError(403, 'cross-site', 'A page of another site may not ask for this.')
}
