/* Cookies, both ways (RFC 6265): a strict reader of what browsers send, and a writer of what they are sent. */

/** The cookies of a request by name: a record without a prototype, so that no name leads anywhere else. */
export type Cookies = Readonly<Record<string, string>>

// Section 4.1.1: a name is a token, a value is made of cookie-octets, perhaps in double quotes.
const pair = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:"([!#-+\--:<-[\]-~]*)"|([!#-+\--:<-[\]-~]*))$/

const controlCharacter = /\p{Cc}/u

/**
 * Reads a `Cookie` header; what is no cookie by the grammar is passed over, as if it had not been sent.
 *
 * Of several cookies with one name the first counts, which is that of the longest path (section 5.4). Values are
 * percent-decoded, as most frameworks encode them; one that does not decode, or to control characters, stays as it is.
 */
export function parseCookies(header: string | undefined): Cookies {
  const cookies: Record<string, string> = Object.create(null)
  for (const part of header?.split(';') ?? []) {
    const [, name, quoted, plain = ''] = pair.exec(part.trim()) ?? []
    if (name !== undefined && cookies[name] === undefined) cookies[name] = decodeValue(quoted ?? plain)
  }
  return Object.freeze(cookies)
}

function decodeValue(value: string): string {
  if (!value.includes('%')) return value
  try {
    const decoded = decodeURIComponent(value)
    return controlCharacter.test(decoded) ? value : decoded
  } catch {
    return value
  }
}

/** How a cookie is set. */
export interface CookieOptions {
  /** For how long it is kept, in seconds; 0 deletes it. */
  readonly maxAgeSeconds: number
  /**
   * Whether the connection is secure: then images in the pages of others are asked for with it too, which browsers allow
   * to secure cookies only.
   */
  readonly isSecure: boolean
  /** The domain whose hosts all get it; without one, only the host that sets it. */
  readonly domain?: string
}

/** Writes a `Set-Cookie` header; scripts never see the cookie. */
export function formatCookie(name: string, value: string, options: CookieOptions): string {
  const { maxAgeSeconds, isSecure, domain } = options
  return [
    `${name}=${value}`,
    'Path=/',
    ...(domain === undefined ? [] : [`Domain=${domain}`]),
    `Max-Age=${maxAgeSeconds}`,
    'HttpOnly',
    ...(isSecure ? ['Secure', 'SameSite=None'] : ['SameSite=Lax']),
  ].join('; ')
}

/**
 * The name that a cookie is set by: browsers take the prefixes for a promise that no other host, and no insecure
 * connection, has set it (RFC 6265bis section 4.1.3).
 */
export function formatCookieName(
  name: string,
  { isSecure, domain }: Omit<CookieOptions, 'maxAgeSeconds'>,
): string {
  if (!isSecure) return name
  return domain === undefined ? `__Host-${name}` : `__Secure-${name}`
}
