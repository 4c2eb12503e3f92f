// A library with one image, served by nothing but the pure functions of access/ and of the floors below: what a service
// does with them, from top to bottom, on one page. Its application knows sessions and has a login page of its own.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import sharp from 'sharp'
import { resolveAccess } from '../../src/access/access.js'
import { answerFlow, type FlowAccess, type FlowDesk } from '../../src/access/answer-flow.js'
import type { AuthorizeImage } from '../../src/access/authorize.js'
import { resolveCacheControl } from '../../src/access/cache-control.js'
import { type Decision, planImage, planInfo } from '../../src/access/decision.js'
import { type PublicAddress, readFacts } from '../../src/access/facts.js'
import { buildFlowExtras, hasProbe, listAuthVersions } from '../../src/access/flow-extras.js'
import { askBoth, openQuestion, type Question } from '../../src/access/gate.js'
import { grant } from '../../src/access/login.js'
import { deny, tier } from '../../src/access/result.js'
import type { AccessServiceOptions } from '../../src/access/service-options.js'
import { formatVariantUri, type Variant } from '../../src/access/variant.js'
import { buildView } from '../../src/access/view.js'
import { readExchange } from '../../src/adapters/exchange.js'
import { writeReply } from '../../src/adapters/reply.js'
import type { HttpReply, HttpRequest } from '../../src/contracts.js'
import { AccessError, buildUnknownImage } from '../../src/errors.js'
import { buildErrorReply } from '../../src/http/replies.js'
import { buildInfo } from '../../src/protocol/info.js'
import { noLimits } from '../../src/protocol/limits.js'
import { type ImageRequest, type InfoRequest, parseRequest } from '../../src/protocol/request.js'
import { resolveRequest } from '../../src/protocol/resolved.js'
import { expandRequest, shrinkFacts } from '../../src/protocol/scale.js'
import { description, type Reader, secret } from './site.js'

export interface Library {
  readonly origin: string
  /** Status and path of every answer. */
  readonly log: string[]
  close(): Promise<void>
}

export interface LibraryOptions {
  /** The ways to get access; told where the library is. */
  readonly services: (origin: string) => AccessServiceOptions<Reader>[]
  /** Whose viewers are given tokens. */
  readonly origins?: readonly string[]
  /** Who is known without logging in. */
  readonly ambient?: Reader
}

const image = { width: 600, height: 400, isGray: false }
const corsHeaders = { 'Access-Control-Allow-Origin': '*' }

export async function openLibrary(options: LibraryOptions): Promise<Library> {
  const server = http.createServer()
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const address: PublicAddress = { origin, path: '' }
  const access = createAccess(origin, options)
  const log: string[] = []
  server.on('request', async (request, response) => {
    const exchange = readExchange(request, response, { url: request.url ?? '/', mountPath: '' })
    response.once('finish', () => log.push(`${response.statusCode} ${request.url}`))
    const reply = answerLogin(exchange) ?? (await answer(exchange, address, access))
    await writeReply(response, reply)
  })
  return {
    origin,
    log,
    async close() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
}

/* What the application says. */
function createAccess(origin: string, { services, origins, ambient }: LibraryOptions): FlowAccess<Reader> {
  const { flow, ...access } = resolveAccess<Reader>({
    // Staff sees all, others a small image; what is secret is seen by nobody.
    authorize: ({ user, identifier }) =>
      identifier === 'secret' ? deny(404) : tier(user?.isStaff ? 'staff' : 'public'),
    authenticate: ({ cookies }) =>
      cookies.session ? { id: cookies.session, isStaff: cookies.session === 'ada' } : ambient,
    tiers: { public: { scale: { maxWidth: 60 }, shared: true, label: 'A small image' }, staff: {} },
    flow: { keys: secret, services: services(origin), ...(origins && { origins }) },
  })
  if (flow === undefined) throw new Error('expected a flow')
  return { ...access, flow }
}

/* The login page of the application: nothing of it is ours. */
function answerLogin({ url, method }: HttpRequest): HttpReply | undefined {
  const [, user] = /^\/login\/(\w+)/.exec(url) ?? []
  if (url.startsWith('/login') && method === 'GET') {
    const forms = ['ada', 'eve'].map(
      name => `<form method="post" action="/login/${name}"><button>${name}</button></form>`,
    )
    return { status: 200, headers: { 'Content-Type': 'text/html' }, body: forms.join('') }
  }
  if (user === undefined) return undefined
  const headers = {
    'Content-Type': 'text/html',
    'Set-Cookie': `session=${user}; Path=/; HttpOnly; SameSite=Lax`,
  }
  return { status: 200, headers, body: '<script>window.close()</script>' }
}

/* What a service does. */
async function answer(
  exchange: HttpRequest,
  address: PublicAddress,
  access: FlowAccess<Reader>,
): Promise<HttpReply> {
  try {
    const flowReply = await answerFlow(exchange, address, access, createDesk(access))
    if (flowReply) return flowReply
    const request = parseRequest(exchange.url)
    if (request === undefined || request.kind === 'base') throw buildUnknownImage()
    const question = await openQuestion(access, readFacts(exchange, address), request)
    const decision = await askBoth(access, question, () => inspect(request, question.variant, access))
    return request.kind === 'info'
      ? await answerInfo(request, question, decision, address, access)
      : await answerImage(request, question, decision, address, access)
  } catch (error) {
    const reply = buildErrorReply(error, exchange, exchange.url.endsWith('/info.json'))
    return error instanceof AccessError
      ? { ...reply, headers: { ...reply.headers, ...error.headers } }
      : reply
  }
}

const createDesk = (access: FlowAccess<Reader>): FlowDesk => ({
  parse: {},
  publicPrefixes: { 2: '/iiif/2', 3: '/iiif/3' },
  inspect: (request, variant) => inspect(request, variant, access),
})

async function inspect(
  request: ImageRequest | InfoRequest,
  variant: Variant,
  access: FlowAccess<Reader>,
): Promise<AuthorizeImage> {
  if (variant.identifier !== 'cats') throw buildUnknownImage()
  const facts = { description, fullSize: image, page: 1, region: undefined, resultingSize: undefined }
  if (request.kind === 'info') return facts
  const view = buildView(variant, access.tiers, noLimits)
  const { region, size } = resolveRequest(request, { ...view.shownSize(image), isGray: false }, view.limits)
  return { ...facts, region, resultingSize: size }
}

function formatRedirect(
  request: ImageRequest | InfoRequest,
  variant: Variant,
  access: FlowAccess<Reader>,
  origin: string,
) {
  return formatVariantUri(access.codec, { ...request, prefix: `${origin}/iiif/${request.version}` }, variant)
}

async function answerInfo(
  request: InfoRequest,
  { variant }: Question<Reader>,
  decision: Decision,
  address: PublicAddress,
  access: FlowAccess<Reader>,
): Promise<HttpReply> {
  const { version, encodedIdentifier } = request
  const authVersions = await listAuthVersions(access, version, variant.identifier)
  const outcome = planInfo(decision, authVersions)
  if (outcome.kind === 'refuse') throw outcome.error
  if (outcome.kind === 'redirect') return redirectTo(outcome, request, access, address, '/info.json')
  if (variant.identifier !== 'cats') throw buildUnknownImage()
  const view = buildView(variant, access.tiers, noLimits)
  const extras = buildFlowExtras(access.flow, {
    version,
    address,
    identifier: encodedIdentifier,
    authVersions,
    hasProbe: hasProbe(variant, access.tiers, decision),
  })
  const document = buildInfo(
    version,
    `${address.origin}/iiif/${version}/${encodedIdentifier}`,
    shrinkFacts(image, view.shownSize(image)),
    { limits: view.limits, formats: ['jpg', 'png'], qualities: ['default'] },
    extras,
  )
  return {
    status: outcome.status,
    headers: {
      ...corsHeaders,
      'Content-Type': 'application/json',
      'Cache-Control': resolveCacheControl('public, max-age=60', { isGuarded: true, shared: outcome.shared }),
      ...outcome.headers,
    },
    body: JSON.stringify(document),
  }
}

async function answerImage(
  request: ImageRequest,
  { variant }: Question<Reader>,
  decision: Decision,
  address: PublicAddress,
  access: FlowAccess<Reader>,
): Promise<HttpReply> {
  const outcome = planImage(decision, await listAuthVersions(access, request.version, variant.identifier))
  if (outcome.kind === 'refuse') throw outcome.error
  if (outcome.kind === 'redirect') {
    const parameters = `/${request.region.kind}/max/0/${request.quality}.${request.format}`
    return redirectTo(outcome, request, access, address, parameters)
  }
  const view = buildView(variant, access.tiers, noLimits)
  const shown = view.shownSize(image)
  const resolved = resolveRequest(request, { ...shown, isGray: false }, view.limits)
  const { region, size } = expandRequest(resolved, image, shown)
  const body = await sharp({ create: { ...image, channels: 3, background: '#c02020' } })
    .extract({ left: region.x, top: region.y, width: region.width, height: region.height })
    .resize(size.width, size.height, { fit: 'fill' })
    .jpeg()
    .toBuffer()
  return {
    status: 200,
    headers: {
      ...corsHeaders,
      'Content-Type': 'image/jpeg',
      'Cache-Control': resolveCacheControl('public, max-age=60', { isGuarded: true, shared: outcome.shared }),
    },
    body,
  }
}

function redirectTo(
  { status, to }: Extract<ReturnType<typeof planImage>, { kind: 'redirect' }>,
  request: ImageRequest | InfoRequest,
  access: FlowAccess<Reader>,
  { origin }: PublicAddress,
  behind: string,
): HttpReply {
  const location =
    'location' in to ? to.location : formatRedirect(request, to.variant, access, origin) + behind
  return { status, headers: { ...corsHeaders, Location: location, 'Cache-Control': 'private, no-store' } }
}

/** A service whose users agree to terms. */
export const terms: AccessServiceOptions<Reader> = {
  profile: 'active',
  name: 'terms',
  login: () => grant({ id: 'visitor', isStaff: true }),
  confirm: true,
  label: 'Terms of the Example Library',
  note: 'For study only.',
  confirmLabel: 'I agree',
  logout: { label: 'Leave the Example Library' },
}
