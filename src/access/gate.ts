/* The way of a request through access: who asks, what the application says in its two stages, what happens then. */
import { createDebug } from '../debug.js'
import type { ImageRequest, InfoRequest } from '../protocol/request.js'
import type { Access } from './access.js'
import {
  type AuthorizeContext,
  type AuthorizeImage,
  type AuthorizeTarget,
  isThenable,
  runAuthorize,
} from './authorize.js'
import { type Decision, decide } from './decision.js'
import type { RequestFacts } from './facts.js'
import { identify, identifyViewer } from './identify.js'
import { type AuthorizeResult, deny } from './result.js'
import type { Variant } from './variant.js'

const debug = createDebug('access')

/** What the application is asked about. */
export interface Question<User = unknown> {
  /** Who asks. */
  readonly facts: RequestFacts
  /** Who asks, as the application knows it. */
  readonly user: User | undefined
  /** What is asked for. */
  readonly request: ImageRequest | InfoRequest
  /** The tier or scale that the identifier names. */
  readonly variant: Variant
  /** Whether nothing is asked for yet. */
  readonly isProbe: boolean
}

/**
 * Finds out who asks, and for what. The tokens of viewers count for info.json and probes, never for pixels. Never rejects.
 */
export async function openQuestion<User>(
  access: Access<User>,
  facts: RequestFacts,
  request: ImageRequest | InfoRequest,
  isProbe = false,
): Promise<Question<User>> {
  const variant = access.codec.parse(request.identifier)
  const identity =
    request.kind === 'info' || isProbe
      ? await identifyViewer(access, facts, variant.identifier)
      : await identify(access, facts)
  return { facts, user: identity.kind === 'user' ? identity.user : undefined, request, variant, isProbe }
}

/** Asks the application in stage `request`: before any source is touched. */
export function askRequest<User>(
  access: Access<User>,
  question: Question<User>,
): Decision | Promise<Decision> {
  return ask(access, question)
}

/** Asks the application in stage `image`: when sizes are known. To be asked only where stage `request` serves. */
export function askImage<User>(
  access: Access<User>,
  question: Question<User>,
  image: AuthorizeImage,
): Decision | Promise<Decision> {
  return ask(access, question, image)
}

/**
 * Asks the application in both stages.
 *
 * @param inspect - looks at the image; called only where the first stage serves
 */
export async function askBoth<User>(
  access: Access<User>,
  question: Question<User>,
  inspect: () => AuthorizeImage | PromiseLike<AuthorizeImage>,
): Promise<Decision> {
  const first = await askRequest(access, question)
  if (first.kind !== 'serve') return first
  const second = await askImage(access, question, await inspect())
  return second.kind === 'serve' ? { kind: 'serve', shared: first.shared && second.shared } : second
}

/** What the application is told about an image that was looked at. */
export function buildImageContext<User>(
  access: Access<User>,
  question: Question<User>,
  image: AuthorizeImage,
): Extract<AuthorizeContext<User>, { readonly stage: 'image' }> {
  return Object.assign(buildTarget(access, question), image, { stage: 'image' as const })
}

function ask<User>(
  access: Access<User>,
  question: Question<User>,
  image?: AuthorizeImage,
): Decision | Promise<Decision> {
  const { authorize, timeoutMs } = access
  if (authorize === undefined) return { kind: 'serve', shared: true }
  const settle = (result: AuthorizeResult) => conclude(result, question, access)
  const result = runAuthorize(authorize, buildContext(access, question, image), { timeoutMs })
  return isThenable(result) ? result.then(settle) : settle(result)
}

/* Where identifiers name no scales, a part of an image cannot be led to: it is what was asked for, and not given. */
function conclude<User>(
  result: AuthorizeResult,
  { variant }: Question<User>,
  { tiers, codec }: Access<User>,
): Decision {
  const decision = decide(result, variant, tiers)
  if (decision.kind !== 'substitute' || codec.format(decision.variant) !== codec.format(variant))
    return decision
  debug('authorize has granted a part of an image, which no identifier can name: access is denied')
  return decide(deny(403), variant, tiers)
}

function buildContext<User>(
  access: Access<User>,
  question: Question<User>,
  image: AuthorizeImage | undefined,
): AuthorizeContext<User> {
  return image === undefined
    ? Object.assign(buildTarget(access, question), { stage: 'request' as const })
    : buildImageContext(access, question, image)
}

function buildTarget<User>(
  { tiers }: Access<User>,
  { facts, user, request, variant, isProbe }: Question<User>,
): AuthorizeTarget<User> & RequestFacts {
  return {
    method: facts.method,
    url: facts.url,
    headers: facts.headers,
    clientAddress: facts.clientAddress,
    isSecure: facts.isSecure,
    native: facts.native,
    // Many applications never ask for these.
    get cookies() {
      return facts.cookies
    },
    get signal() {
      return facts.signal
    },
    user,
    identifier: variant.identifier,
    askedIdentifier: request.identifier,
    request,
    isProbe,
    tier: variant.tier ?? tiers.highest?.name,
    scale: variant.scale,
  }
}
