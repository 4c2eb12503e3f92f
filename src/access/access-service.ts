/* The access service and the logout service: windows that viewers open for users (Authorization Flow API 2.0 sections 3
   and 6, Authentication API 1.0 sections 2.1 and 2.3). */
import type { HttpReply } from '../contracts.js'
import { createDebug } from '../debug.js'
import { flattenText, type LanguageMap, type LanguageText, resolveText } from '../protocol/language.js'
import { noStore } from './cache-control.js'
import { formatCookie } from './cookie.js'
import type { AuthVersion } from './decision.js'
import { type PublicAddress, type RequestFacts, readField, readQuery } from './facts.js'
import { formatEndpoint } from './flow-2.js'
import type { Flow } from './flow-options.js'
import { nameCookie } from './identify.js'
import type { Grant, Login } from './login.js'
import { parseOrigin } from './origin.js'
import { buildClosingPage, buildPage, buildTextPage, escapeHtml } from './page.js'
import { type Deny, parseDeny, parseRedirect, type Redirect } from './result.js'
import type { AccessService } from './service-options.js'

const debug = createDebug('access')

type OwnLogin<User> = Extract<Login<User>, { readonly kind: 'function' }>

/** A request for the window of an access service. */
export interface WindowRequest {
  /** Who asks. */
  readonly facts: RequestFacts
  /** Where the client believes itself to be. */
  readonly address: PublicAddress
  /** The version of the authorisation API. */
  readonly version: AuthVersion
}

/** Answers a request for the window of an access service; `undefined` where there is none of this name. */
export async function answerWindow<User>(
  request: WindowRequest,
  flow: Flow<User>,
  name: string,
): Promise<HttpReply | undefined> {
  const service = flow.services.find(each => each.name === name)
  if (service?.login?.kind !== 'function') return undefined
  const { facts, address, version } = request
  // 1.0 section 2.1.4: the viewer has shown the terms, and the window closes "immediately […] without user interaction".
  if (service.login.confirm && version === 2) {
    if (facts.method !== 'POST') return buildTerms(service, flow)
    if (!isFromHere(facts, address)) {
      const note = 'This form must be sent from its own page.'
      return buildFailure({ status: 403, heading: 'Not accepted', note }, flow, service)
    }
  }
  return logIn(request, flow, service, service.login)
}

async function logIn<User>(
  { facts, address, version }: WindowRequest,
  flow: Flow<User>,
  service: AccessService<User>,
  login: OwnLogin<User>,
): Promise<HttpReply> {
  const query = readQuery(facts.url)
  const origin = parseOrigin(query.get('origin'))
  const own = formatEndpoint(flow, address, `${version}/access/${service.name}`)
  const uri = origin === undefined ? own : `${own}?origin=${encodeURIComponent(origin)}`
  try {
    const result = await login.run({ ...facts, uri, origin })
    if (result.kind === 'redirect') return buildRedirect(result)
    if (result.kind === 'deny') return buildDenied(result, flow, service)
    if (result.kind !== 'grant') throw new TypeError('expected grant, redirect or deny')
    // 2.0 appendix A: where a cookie is needed in the pages of another site, the window MUST have been clicked in. A
    // form that was sent was; a kiosk must do without.
    const isClicked =
      login.confirm || service.profile === 'kiosk' || origin === address.origin || version === 1
    return buildGrantReply(flow, address, result, { atOnce: isClicked })
  } catch (error) {
    debug('a login has failed: %o', error)
    const note = 'The server cannot log anybody in now.'
    return buildFailure({ status: 500, heading: 'Not logged in', note }, flow, service)
  }
}

/**
 * Builds the page that ends a login: it sets the cookie and closes its window. For logins of the application that leave
 * the cookie to honeydew.
 *
 * @throws RangeError when what the application tells of its user is too long for a cookie.
 */
export function buildGrantReply<User>(
  flow: Flow<User>,
  address: Pick<PublicAddress, 'origin'>,
  { user }: Grant<User>,
  { atOnce = true }: { readonly atOnce?: boolean } = {},
): HttpReply {
  const { seconds, box } = flow.cookie
  const expires = Math.floor(flow.now() / 1000) + seconds
  const cookie = setCookie(flow, address, box.seal({ user: flow.toToken(user), expires }), seconds)
  return buildClosingPage({ text: 'You have access now.', atOnce, cookie }, flow.random)
}

/** Answers a request to log out: deletes the cookie that honeydew has set (2.0 section 6.2). */
export function answerLogout<User>(flow: Flow<User>, address: PublicAddress): HttpReply {
  const cookie = setCookie(flow, address, '', 0)
  return buildClosingPage({ text: 'You have logged out.', atOnce: false, cookie }, flow.random)
}

function setCookie<User>(
  flow: Flow<User>,
  { origin }: Pick<PublicAddress, 'origin'>,
  value: string,
  maxAgeSeconds: number,
): string {
  const isSecure = origin.startsWith('https:')
  const { domain } = flow.cookie
  return formatCookie(nameCookie(flow, isSecure), value, {
    maxAgeSeconds,
    isSecure,
    ...(domain !== undefined && { domain }),
  })
}

function buildTerms<User>(
  { label, heading, note, confirmLabel }: AccessService<User>,
  flow: Flow<User>,
): HttpReply {
  const write = (text: LanguageMap | undefined, fallback: string) =>
    escapeHtml(text === undefined ? fallback : flattenText(text))
  const body = `<h1>${write(heading ?? label, '')}</h1>
<p>${write(note, '')}</p>
<form method="post"><button>${write(confirmLabel, 'I agree')}</button></form>`
  return buildPage({ title: flattenText(label), body, isFramed: false }, flow.random)
}

/* Another site may send its visitors a form that they never saw. Browsers tell where a form came from. */
function isFromHere({ headers }: RequestFacts, { origin }: PublicAddress): boolean {
  const site = readField(headers, 'sec-fetch-site')
  return site === undefined ? readField(headers, 'origin') === origin : site === 'same-origin'
}

function buildDenied<User>(result: Deny, flow: Flow<User>, service: AccessService<User>): HttpReply {
  const { status, heading = 'No access', note = 'You have not been given access.' } = parseDeny({ ...result })
  const write = (text: LanguageText) => flattenText(resolveText(text, 'the text of a page'))
  return buildFailure({ status, heading: write(heading), note: write(note) }, flow, service)
}

interface Failure {
  readonly status: number
  readonly heading: string
  readonly note: string
}

/* Who has opened a window waits until it closes: a user is to read first why there is no access, a kiosk has none. */
function buildFailure<User>(
  { status, heading, note }: Failure,
  flow: Flow<User>,
  { profile }: AccessService<User>,
): HttpReply {
  return buildTextPage(status, heading, note, { random: flow.random, closes: profile === 'kiosk' })
}

function buildRedirect(result: Redirect): HttpReply {
  const { status, location } = parseRedirect({ ...result })
  return { status, headers: { Location: location, 'Cache-Control': noStore, 'Content-Length': '0' } }
}
