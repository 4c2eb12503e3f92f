/* Who asks: as the application knows it, by the cookie that honeydew has set, or by the token of a viewer. */
import { createDebug } from '../debug.js'
import { isThenable, waitFor } from './authorize.js'
import { formatCookieName } from './cookie.js'
import { type RequestFacts, readBearer } from './facts.js'
import type { Flow } from './flow-options.js'
import type { JsonValue } from './token.js'

const debug = createDebug('access')

/** Tells who asks, by a session, a header, an address; `undefined` for nobody in particular. */
export type Authenticate<User = unknown> = (
  request: RequestFacts,
) => User | undefined | PromiseLike<User | undefined>

/** What users are known by. */
export interface Identification<User> {
  /** As the application knows them. */
  readonly authenticate: Authenticate<User> | undefined
  /** Cookies and tokens. */
  readonly flow: Flow<User> | undefined
  /** For how long the application is waited for, in milliseconds. */
  readonly timeoutMs: number
}

/** What users are known by, where there is a flow. */
export type FlowIdentification<User> = Identification<User> & { readonly flow: Flow<User> }

/** Who asks, or what was wrong with what should have told it (2.0 section 4.5). */
export type Identity<User = unknown> =
  | {
      readonly kind: 'user'
      readonly user: User
      /** When what told it ceases to be valid, in seconds since 1970; `Infinity` where nobody knows. */
      readonly expires: number
    }
  | { readonly kind: 'missing' | 'invalid' | 'expired' | 'failed' }

/**
 * Finds out who asks for pixels: never by the token of a viewer, which anybody's script may hold (2.0 section 2, 1.0
 * implementation notes section 7). Never rejects.
 */
export async function identify<User>(
  { authenticate, flow, timeoutMs }: Identification<User>,
  facts: RequestFacts,
): Promise<Identity<User>> {
  try {
    const answer = authenticate?.(facts)
    const user = isThenable(answer) ? await waitFor(answer, timeoutMs) : answer
    if (user !== undefined && user !== null) return { kind: 'user', user, expires: Infinity }
    return flow ? await readCookie(flow, facts, timeoutMs) : { kind: 'missing' }
  } catch (error) {
    debug('authenticate has failed, so that nobody is known: %o', error)
    return { kind: 'failed' }
  }
}

/**
 * Finds out for whom a viewer asks: by its token, which stands for what the browser will send with images, else as
 * {@link identify} does. For probes, and for info.json as the Authentication API 1.0 has it (section 2.2.5).
 */
export async function identifyViewer<User>(
  known: Identification<User>,
  facts: RequestFacts,
  identifier: string,
): Promise<Identity<User>> {
  const { flow, timeoutMs } = known
  const token = readBearer(facts.headers)
  if (flow === undefined || token === undefined) return identify(known, facts)
  const opened = flow.token.box.open(token, identifier)
  // It may be a token of the application's own.
  if (opened.kind !== 'valid') return identify(known, facts)
  try {
    return await recall(flow, opened.claims, timeoutMs)
  } catch (error) {
    debug('fromToken has failed, so that nobody is known: %o', error)
    return { kind: 'failed' }
  }
}

/** The name of the cookie that honeydew sets, over a connection such as this. */
export function nameCookie({ cookie }: Pick<Flow, 'cookie'>, isSecure: boolean): string {
  return formatCookieName(cookie.name, {
    isSecure,
    ...(cookie.domain !== undefined && { domain: cookie.domain }),
  })
}

async function readCookie<User>(
  flow: Flow<User>,
  { cookies, isSecure }: RequestFacts,
  timeoutMs: number,
): Promise<Identity<User>> {
  const sealed = cookies[nameCookie(flow, isSecure)]
  if (sealed === undefined) return { kind: 'missing' }
  const opened = flow.cookie.box.open(sealed)
  return opened.kind === 'valid' ? recall(flow, opened.claims, timeoutMs) : { kind: opened.kind }
}

async function recall<User>(
  { fromToken }: Flow<User>,
  { user: value, expires }: { readonly user: JsonValue; readonly expires: number },
  timeoutMs: number,
): Promise<Identity<User>> {
  const answer = fromToken(value)
  const user = isThenable(answer) ? await waitFor(answer, timeoutMs) : answer
  // The application knows this user no more.
  return user === undefined || user === null ? { kind: 'invalid' } : { kind: 'user', user, expires }
}
