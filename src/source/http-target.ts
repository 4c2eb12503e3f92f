/* From an identifier to the URL that is asked, and what its origin is told. */
import type { ResolveContext } from '../contracts.js'
import { BadRequestError } from '../errors.js'
import type { HttpTarget } from './http-client.js'

/** A URL that a function gives for an identifier. */
export interface HttpLocation {
  /** The URL. */
  readonly url: string | URL
  /** Headers for this URL; no other origin is told them. */
  readonly headers?: Readonly<Record<string, string>>
  /** What the server asks for; no other origin is told it. */
  readonly credentials?: HttpCredentials
}

/** A name and a password, or a token. */
export type HttpCredentials =
  | {
      /** The name, without a colon. */
      readonly username: string
      /** The password. */
      readonly password: string
    }
  | {
      /** A bearer token. */
      readonly token: string
    }

/** Gives the URL of an identifier; `undefined` means "not mine". */
export type LocateUrl = (
  identifier: string,
  context: ResolveContext,
) => string | URL | HttpLocation | undefined | Promise<string | URL | HttpLocation | undefined>

/** Where identifiers lead to. */
export interface TargetOptions {
  /**
   * A URL with `{identifier}` in its path or query, where the identifier is encoded with its slashes, or with
   * `{+identifier}`, where its slashes separate folders; or a function.
   */
  readonly url: string | LocateUrl
  /** Headers for every request; only the origin of the URL is told them. */
  readonly headers?: Readonly<Record<string, string>>
  /** What the servers ask for; only the origin of the URL is told it. */
  readonly credentials?: HttpCredentials
}

/** Finds the target of an identifier; `undefined` means "not mine". */
export type FindTarget = (identifier: string, context: ResolveContext) => Promise<HttpTarget | undefined>

/** What {@link resolveTargets} makes of the options. */
export interface Targets {
  /** Finds the target of an identifier. */
  readonly find: FindTarget
  /** The origin of a template. */
  readonly origin?: string
}

/** Checks the options. @throws TypeError that names the option. */
export function resolveTargets(options: TargetOptions): Targets {
  const { url } = options
  const headers = buildHeaders(options)
  if (typeof url === 'function') return { find: createFinder(url, headers) }
  const expand = parseTemplate(url)
  return {
    origin: expand('x').origin,
    find: async identifier => ({ url: expand(identifier), headers }),
  }
}

function createFinder(locate: LocateUrl, common: HttpTarget['headers']): FindTarget {
  return async (identifier, context) => {
    const found = await locate(identifier, context)
    if (found === undefined) return undefined
    if (typeof found === 'string' || found instanceof URL) return { url: toUrl(found), headers: common }
    return { url: toUrl(found.url), headers: { ...common, ...buildHeaders(found) } }
  }
}

function toUrl(text: string | URL): URL {
  if (!URL.canParse(String(text))) throw refuse('leads to no URL')
  const url = new URL(text)
  url.hash = ''
  return url
}

/** Reads a template. @throws TypeError when it is none, or its host depends on the identifier. */
function parseTemplate(template: unknown): (identifier: string) => URL {
  const parts = typeof template === 'string' ? template.split(/\{(\+?)identifier\}/) : []
  const [before = '', operator, after = ''] = parts
  const fill = (text: string): string => `${before}${text}${after}`
  if (parts.length !== 3 || !['a', 'b.b'].every(text => isComplete(fill(text), before)))
    throw new TypeError('url: expected a URL such as "https://img.example.org/{identifier}", or a function')
  return identifier => {
    if (!identifier.isWellFormed()) throw refuse('is not well-formed Unicode')
    // Everything that could mean something is encoded: in a query, "&" would begin another parameter.
    const segments = operator === '+' ? identifier.split('/') : [identifier]
    const text = fill(segments.map(encodeURIComponent).join('/'))
    // "." and ".." are resolved away: the identifier must not walk about on the server.
    if (isComplete(text, before)) return new URL(text)
    throw refuse('has a "." or ".." segment')
  }
}

/* Whether a URL is just what it looks like, with the origin that the template has before the identifier begins. */
function isComplete(text: string, before: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, origin, pathname, search } = new URL(text)
  const isPlain = /^https?:$/.test(protocol) && username === '' && origin === originOf(before)
  return isPlain && `${pathname}${search}` === pathOf(text)
}

/* The origin of a template must be finished before the identifier begins. */
function originOf(before: string): string | undefined {
  const [origin] = /^https?:\/\/[^/?#]+(?=[/?])/i.exec(before) ?? []
  return origin !== undefined && URL.canParse(origin) ? new URL(origin).origin : undefined
}

function pathOf(url: string): string {
  return url.replace(/^https?:\/\/[^/?]+/i, '').replace(/^(?=\?)/, '/')
}

function buildHeaders(
  options: Pick<HttpLocation, 'headers' | 'credentials'>,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || typeof value !== 'string' || !/^[\t\x20-\x7e]*$/.test(value))
      throw new TypeError(`headers: expected names and values of headers, but "${name}" is not well formed`)
    if (own.has(name.toLowerCase())) throw new TypeError(`headers: "${name}" is set by the source itself`)
    headers[name.toLowerCase()] = value
  }
  const { credentials } = options
  if (credentials) headers.authorization = formatCredentials(credentials)
  return headers
}

/* What makes ranges, versions and connections right is not for others to set. */
const own: ReadonlySet<string> = new Set([
  ...['host', 'connection', 'transfer-encoding', 'content-length', 'accept-encoding', 'range', 'if-range'],
  ...['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'expect', 'upgrade'],
])

function formatCredentials(credentials: HttpCredentials): string {
  if ('token' in credentials) {
    if (/^[\w~+/.-]+=*$/.test(credentials.token)) return `Bearer ${credentials.token}`
    throw new TypeError('credentials: expected a token without spaces')
  }
  const { username, password } = credentials
  if (typeof username !== 'string' || typeof password !== 'string' || /[:\p{Cc}]/u.test(username))
    throw new TypeError('credentials: expected a token, or a username without a colon and a password')
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function refuse(finding: string): BadRequestError {
  return new BadRequestError('invalid-identifier', `The identifier ${finding}.`)
}
