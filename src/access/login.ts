/* The windows in which users get access: pages of the application, or functions of its own that tell who is there. */
import type { RequestFacts } from './facts.js'
import type { Deny, Redirect } from './result.js'

/** What a login function is told. */
export interface LoginRequest extends RequestFacts {
  /** The URI of this login, for those who send the user elsewhere and want it back. */
  readonly uri: string
  /** The origin of the viewer that opened the window; `undefined` where it told none. */
  readonly origin: string | undefined
}

/** Who is there. */
export interface Grant<User = unknown> {
  /** Tells the results apart. */
  readonly kind: 'grant'
  /** The user, for whom a cookie is set. */
  readonly user: User
}

/** Gives a user access: a cookie is set, and the window closes. */
export function grant<User>(user: User): Grant<User> {
  return { kind: 'grant', user }
}

/**
 * Tells who is there: {@link grant} for a user, {@link redirect} to where users log in and come back from,
 * {@link deny} for nobody.
 *
 * @example
 * ```ts
 * const login: LoginFunction<Reader> = ({ cookies, uri }) =>
 *   cookies.sso ? grant(readSso(cookies.sso)) : redirect(`https://sso.example.org/?back=${encodeURIComponent(uri)}`)
 * ```
 */
export type LoginFunction<User = unknown> = (
  request: LoginRequest,
) => Grant<User> | Redirect | Deny | PromiseLike<Grant<User> | Redirect | Deny>

/** A window: a page of the application, or ours, for which a function tells who is there. */
export type Login<User = unknown> =
  | { readonly kind: 'page'; readonly uri: string }
  | {
      readonly kind: 'function'
      readonly run: LoginFunction<User>
      /** Whether the user agrees to something first. */
      readonly confirm: boolean
    }
