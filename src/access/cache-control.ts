/* Who may keep an answer that depends on who asks (RFC 9111). URLs of tiers differ, so that no answer stands for another;
   `Vary: Cookie` would make every visitor a cache entry of its own, and is never needed. */

/** What an answer depends on. */
export interface CachePolicy {
  /** Whether the application is asked who may see what. */
  readonly isGuarded: boolean
  /** Whether everybody is given this answer. */
  readonly shared: boolean
}

/** The browser of who asked keeps the answer and asks each time whether it may show it: cheap, because it gets a 304. */
export const privateCacheControl = 'private, no-cache'

/** Nobody keeps what tells only that somebody was sent away: refusals and redirects. */
export const noStore = 'private, no-store'

/**
 * The Cache-Control header of a successful answer; what nobody is to keep is kept by nobody, whoever asks.
 *
 * @param configured - the header of the service
 */
export function resolveCacheControl(configured: string, { isGuarded, shared }: CachePolicy): string {
  if (!isGuarded || shared) return configured
  return /(?:^|[\s,])no-store/i.test(configured) ? noStore : privateCacheControl
}

/**
 * Shortens how long an answer is kept to what is left of the time for which its URL is good. Where nothing says how long,
 * caches would guess (RFC 9111 section 4.2.2): then it is said.
 *
 * @param seconds - from now on
 */
export function limitMaxAge(cacheControl: string, seconds: number): string {
  const left = Math.max(0, Math.floor(seconds))
  const limited = cacheControl.replace(
    /\b(max-age|s-maxage|stale-while-revalidate|stale-if-error)=(\d+)/gi,
    (_, name: string, age: string) => `${name}=${Math.min(Number(age), left)}`,
  )
  const isTold = /(?:^|[\s,])(?:max-age=|no-cache(?:\s*,|\s*$)|no-store)/i.test(limited)
  return isTold ? limited : [limited, `max-age=${left}`].filter(Boolean).join(', ')
}
