/* Who asks: what a request tells beside the image that it is about. Header values are claims of strangers: nothing here
   throws. */
import type { HttpRequest } from '../contracts.js'
import { type Cookies, parseCookies } from './cookie.js'

/** What a request tells about who asks. */
export interface RequestFacts {
  /** The method, in upper case. */
  readonly method: string
  /** Path and query as they came, not decoded, relative to the mount path. */
  readonly url: string
  /** The headers; names in lower case. */
  readonly headers: HttpRequest['headers']
  /** The cookies by name. */
  readonly cookies: Cookies
  /** The address of the client, by the rules of `trustProxy`; `undefined` where it cannot be told. */
  readonly clientAddress: string | undefined
  /** Whether the client's connection is secure, by the rules of `trustProxy`. */
  readonly isSecure: boolean
  /**
   * The request of the framework itself: that of Node or of Express, the context of Koa, the web `Request`; `undefined`
   * for programs.
   */
  readonly native: unknown
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal | undefined
}

/** Where the client believes itself to be; what `http/base-uri.ts` finds. */
export interface PublicAddress {
  /** `scheme://host[:port]`. */
  readonly origin: string
  /** The path of the application: empty, or starting with a slash and ending without one. */
  readonly path: string
  /** The address of the client, where it can be told. */
  readonly clientAddress?: string
  /** The identifier that the client knows an image by, encoded, where a proxy has named it. */
  readonly forwardedIdentifier?: string
}

/** Collects the facts of a request; cookies are read, and the signal is made, when somebody asks for them. */
export function readFacts(http: HttpRequest, { origin, clientAddress }: PublicAddress): RequestFacts {
  let cookies: Cookies | undefined
  const { method, url, headers, native } = http
  return {
    method,
    url,
    headers,
    clientAddress,
    isSecure: origin.startsWith('https:'),
    native,
    get cookies() {
      cookies ??= parseCookies(readField(headers, 'cookie', '; '))
      return cookies
    },
    get signal() {
      return http.signal
    },
  }
}

/** Reads a header as one string; several fields are joined. */
export function readField(headers: HttpRequest['headers'], name: string, glue = ', '): string | undefined {
  const value = headers[name]
  return typeof value === 'string' || value === undefined ? value : value.join(glue)
}

/** Reads the token of `Authorization: Bearer` (RFC 6750 section 2.1). */
export function readBearer(headers: HttpRequest['headers']): string | undefined {
  return /^bearer +([\w.~+/-]+=*)$/i.exec(readField(headers, 'authorization')?.trim() ?? '')?.[1]
}

/** Reads the query of a path as it came; broken escapes stay as they are. */
export function readQuery(url: string): URLSearchParams {
  const [, query = ''] = /^[^?#]*\?([^#]*)/.exec(url) ?? []
  return new URLSearchParams(query)
}
