/* The question to the application: who may see what. It is asked twice for every request, also where the answer is
   cached: before any source is touched, and when sizes are known. Whatever goes wrong denies. */
import type { ImageDescription } from '../contracts.js'
import { createDebug } from '../debug.js'
import { isIIIFError } from '../errors.js'
import type { Box, Dimensions } from '../protocol/geometry.js'
import type { ImageRequest, InfoRequest } from '../protocol/request.js'
import type { Scale } from '../protocol/scale.js'
import type { RequestFacts } from './facts.js'
import { type AuthorizeResult, deny, parseResult } from './result.js'

const debug = createDebug('access')

/** What is known before any source is touched. */
export interface AuthorizeTarget<User = unknown> {
  /** Who asks, as `authenticate` told; `undefined` for nobody in particular. */
  readonly user: User | undefined
  /** The identifier that the source is looked up by. */
  readonly identifier: string
  /** The identifier as it was asked for, decoded: with the suffix of a tier or scale. */
  readonly askedIdentifier: string
  /** What is asked for. */
  readonly request: ImageRequest | InfoRequest
  /**
   * Whether nothing is asked for yet: a viewer wants to know whether the images of this identifier would be shown. The
   * request stands for them, as large as they are.
   */
  readonly isProbe: boolean
  /** The tier that is asked for; `undefined` where there are no tiers. */
  readonly tier: string | undefined
  /** The part of its size that is asked for; `undefined` for the whole. */
  readonly scale: Scale | undefined
}

/** What is known when the image was looked at. */
export interface AuthorizeImage {
  /** The facts about the image. */
  readonly description: ImageDescription
  /** The full size of the image. */
  readonly fullSize: Dimensions
  /**
   * The region, in pixels of the image as it is shown; `undefined` for info.json, and where the image has no such region
   * or size: where that is allowed, it is refused with what is wrong.
   */
  readonly region: Box | undefined
  /** The size of the result, before it is turned; `undefined` where there is no region. */
  readonly resultingSize: Dimensions | undefined
  /** The page, from 1. */
  readonly page: number
}

/** What `authorize` is told; `stage` tells how much is known. */
export type AuthorizeContext<User = unknown> =
  | (RequestFacts & AuthorizeTarget<User> & { readonly stage: 'request' })
  | (RequestFacts & AuthorizeTarget<User> & AuthorizeImage & { readonly stage: 'image' })

/**
 * Decides who may see what. It is asked for every request, also for those that a cache can answer: first in the stage
 * `request`, then, where that allows it, in the stage `image`.
 *
 * @example
 * ```ts
 * const authorize: Authorize<Reader> = ({ user }) => (user ? allow() : deny(401))
 * ```
 */
export type Authorize<User = unknown> = (
  context: AuthorizeContext<User>,
) => AuthorizeResult | PromiseLike<AuthorizeResult>

/** How long {@link runAuthorize} waits. */
export interface RunOptions {
  /** For how long an answer is waited for, in milliseconds. */
  readonly timeoutMs: number
}

/**
 * Asks the application and gives a result that is one: what throws, takes too long or answers nonsense has denied, with a
 * debug line that says why. A thrown error of 401, 403 or 404 keeps its status.
 *
 * @returns at once where the application answers at once
 */
export function runAuthorize<User>(
  authorize: Authorize<User>,
  context: AuthorizeContext<User>,
  { timeoutMs }: RunOptions,
): AuthorizeResult | Promise<AuthorizeResult> {
  try {
    const answer = authorize(context)
    return isThenable(answer) ? settle(answer, timeoutMs) : parseResult(answer)
  } catch (error) {
    return denyFor(error)
  }
}

/** Tells whether a value must be waited for; promises of other libraries are none of ours. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

async function settle(answer: PromiseLike<unknown>, timeoutMs: number): Promise<AuthorizeResult> {
  try {
    return parseResult(await waitFor(answer, timeoutMs))
  } catch (error) {
    return denyFor(error)
  }
}

/** Waits for an answer. @throws Error when it does not come in time; what comes later is heard by nobody. */
export function waitFor<T>(answer: PromiseLike<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    const stop = () => clearTimeout(timer)
    answer.then(
      value => {
        stop()
        resolve(value)
      },
      error => {
        stop()
        reject(error)
      },
    )
  })
}

function denyFor(error: unknown): AuthorizeResult {
  debug('authorize has failed, so that access is denied: %o', error)
  if (!isIIIFError(error)) return deny(403)
  const { status } = error
  if (status !== 401) return deny(status === 404 ? 404 : 403)
  const challenge = error.headers?.['WWW-Authenticate']
  return deny(401, challenge ? { challenge } : {})
}
