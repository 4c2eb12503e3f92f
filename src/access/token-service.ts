/* The token service: gives the page of a viewer a token that stands for what its images will be asked for with
   (Authorization Flow API 2.0 section 4, Authentication API 1.0 section 2.2). */
import type { HttpReply } from '../contracts.js'
import { createDebug } from '../debug.js'
import type { InfoDocument } from '../protocol/info.js'
import { isThenable, waitFor } from './authorize.js'
import { noStore } from './cache-control.js'
import type { AuthVersion } from './decision.js'
import { type RequestFacts, readQuery } from './facts.js'
import { buildTokenObject, resolveTokenStatus } from './flow-1.js'
import { buildTokenMessage, type TokenAnswer, type TokenErrorProfile } from './flow-2.js'
import { type FlowIdentification, type Identity, identify } from './identify.js'
import { parseOrigin } from './origin.js'
import { buildMessagePage } from './page.js'

const debug = createDebug('access')

/** Answers a request for a token: with a page that posts it, or, for programs and in version 1 only, with JSON. */
export async function answerToken<User>(
  facts: RequestFacts,
  known: FlowIdentification<User>,
  version: AuthVersion,
): Promise<HttpReply> {
  const query = readQuery(facts.url)
  const messageId = query.get('messageId')
  // 1.0 section 2.2.4: the parameter "prompts the server to respond with a web page instead of JSON".
  if (version === 1 && messageId === null) return buildJson(await obtainToken(facts, known))
  const origin = parseOrigin(query.get('origin'))
  const answer = await answerViewer(facts, known, origin, messageId)
  const message: InfoDocument =
    version === 1 ? buildTokenObject(answer, messageId ?? '') : buildTokenMessage(answer, messageId ?? '')
  // 2.0 section 4.3: the target MUST be the origin that was given. Where none was, there is no token, and who waits
  // should hear why: that is no secret.
  return buildMessagePage(message, origin ?? '*', known.flow.random)
}

async function answerViewer<User>(
  facts: RequestFacts,
  known: FlowIdentification<User>,
  origin: string | undefined,
  messageId: string | null,
): Promise<TokenAnswer> {
  // 2.0 section 4.2: the client MUST append messageId and origin.
  if (messageId === null) return fail('invalidRequest', 'The request has no messageId.')
  if (origin === undefined) {
    return fail('invalidRequest', 'The request has no origin of the kind https://viewer.example.org.')
  }
  if (await isAllowed(origin, known)) return obtainToken(facts, known)
  return fail('invalidOrigin', 'Viewers of this origin are given no tokens.')
}

async function isAllowed<User>(
  origin: string,
  { flow, timeoutMs }: FlowIdentification<User>,
): Promise<boolean> {
  try {
    const answer = flow.isAllowedOrigin(origin)
    return (isThenable(answer) ? await waitFor(answer, timeoutMs) : answer) === true
  } catch (error) {
    debug('flow.origins has failed, so that no token is given: %o', error)
    return false
  }
}

async function obtainToken<User>(facts: RequestFacts, known: FlowIdentification<User>): Promise<TokenAnswer> {
  const identity = await identify(known, facts)
  if (identity.kind !== 'user') return fail(...reasons[identity.kind])
  const { token, toToken, now } = known.flow
  const seconds = Math.floor(now() / 1000)
  // A token is good for no longer than what it stands for.
  const expires = Math.min(seconds + token.seconds, identity.expires)
  if (expires <= seconds) return fail(...reasons.expired)
  try {
    const sealed = token.box.seal({ user: toToken(identity.user), expires })
    return { kind: 'token', token: sealed, seconds: expires - seconds }
  } catch (error) {
    debug('no token could be made: %o', error)
    return fail(...reasons.failed)
  }
}

const reasons: Readonly<Record<Missing, readonly [TokenErrorProfile, string]>> = {
  missing: ['missingAspect', 'The browser has not logged in here, or does not tell that it has.'],
  invalid: ['invalidAspect', 'What the browser has logged in with is not valid.'],
  expired: ['expiredAspect', 'What the browser has logged in with has expired.'],
  failed: ['unavailable', 'The server cannot tell now who is logged in.'],
}

type Missing = Exclude<Identity['kind'], 'user'>

function fail(profile: TokenErrorProfile, note: string): TokenAnswer {
  return { kind: 'error', profile, note }
}

/* For programs that hold the cookie (1.0 section 2.2.3). No page of another origin can read it: it has no CORS headers. */
function buildJson(answer: TokenAnswer): HttpReply {
  const body = JSON.stringify(buildTokenObject(answer))
  return {
    status: resolveTokenStatus(answer),
    headers: {
      'Content-Type': 'application/json',
      'Content-Length': String(Buffer.byteLength(body)),
      'Cache-Control': noStore,
      'X-Content-Type-Options': 'nosniff',
    },
    body,
  }
}
