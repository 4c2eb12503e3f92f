/* The endpoints of the authorisation flow, as one function over plain records.

     flow = prefix "/2/probe/" ( "2" / "3" ) "/" identifier
          / prefix "/" ( "1" / "2" ) "/" ( "access/" name / "token" / "logout" )                                      */
import type { HttpReply, HttpRequest } from '../contracts.js'
import type { ImageRequest, ParseOptions } from '../protocol/request.js'
import type { ImageApiVersion } from '../protocol/version.js'
import type { Access } from './access.js'
import { answerLogout, answerWindow } from './access-service.js'
import type { AuthorizeImage } from './authorize.js'
import { noStore } from './cache-control.js'
import type { AuthVersion } from './decision.js'
import { type PublicAddress, type RequestFacts, readFacts } from './facts.js'
import { context2 } from './flow-2.js'
import type { Flow } from './flow-options.js'
import { askBoth, openQuestion } from './gate.js'
import type { FlowIdentification } from './identify.js'
import { buildTextPage } from './page.js'
import { answerProbe } from './probe.js'
import { answerToken } from './token-service.js'
import { formatMoved, formatVariantUri, type Variant } from './variant.js'

/** What the endpoints need to know of images. */
export interface FlowDesk {
  /** How identifiers are read. */
  readonly parse: ParseOptions
  /** The paths that clients see in front of identifiers. */
  readonly publicPrefixes: Readonly<Record<ImageApiVersion, string>>
  /**
   * Looks at an image as a variant shows it.
   *
   * @throws {@link IIIFError} where there is no such image.
   */
  inspect(request: ImageRequest, variant: Variant, signal?: AbortSignal): Promise<AuthorizeImage>
}

/** A service with a flow. */
export type FlowAccess<User> = Access<User> & FlowIdentification<User>

/**
 * Answers a request for one of the endpoints.
 *
 * @returns `undefined` when the path is not under the prefix, so that it belongs to somebody else
 */
export async function answerFlow<User>(
  http: HttpRequest,
  address: PublicAddress,
  access: FlowAccess<User>,
  desk: FlowDesk,
): Promise<HttpReply | undefined> {
  const path = matchFlow(http.url, access.flow.prefix)
  if (path === undefined) return undefined
  const endpoint = findEndpoint(path)
  if (endpoint === undefined || !isOffered(endpoint, access.flow)) return finish(http, buildNotFound())
  if (http.method === 'OPTIONS') return buildOptions(endpoint)
  if (!endpoint.methods.includes(http.method)) return finish(http, buildWrongMethod(endpoint))
  const exchange = { facts: readFacts(http, address), address, access, desk, path }
  return finish(http, (await answerEndpoint(endpoint, exchange)) ?? buildNotFound())
}

/** The path behind the prefix of the endpoints, without a query; `undefined` when it belongs to somebody else. */
export function matchFlow(url: string, prefix: string): string | undefined {
  if (!url.startsWith(`${prefix}/`)) return undefined
  const [path = ''] = url.split(/[?#]/, 1)
  return path.slice(prefix.length + 1)
}

interface Endpoint {
  readonly kind: 'probe' | 'access' | 'token' | 'logout'
  readonly version: AuthVersion
  readonly name: string
  readonly methods: readonly string[]
}

const read = ['GET', 'HEAD', 'OPTIONS']

function findEndpoint(path: string): Endpoint | undefined {
  if (path.startsWith('2/probe/')) return { kind: 'probe', version: 2, name: '', methods: read }
  const [, digit, kind, name = ''] = /^([12])\/(?:(token|logout)|access\/([\w-]+))$/.exec(path) ?? []
  if (digit === undefined) return undefined
  const version = digit === '1' ? 1 : 2
  if (kind === 'token' || kind === 'logout') return { kind, version, name, methods: read }
  return { kind: 'access', version, name, methods: [...read, 'POST'] }
}

// A version that no info.json tells of is no way in either: the first, above all, sets cookies without asking.
function isOffered({ version }: Endpoint, { versions }: Pick<Flow, 'versions'>): boolean {
  return versions[2].includes(version) || versions[3].includes(version)
}

interface Exchange<User> {
  readonly facts: RequestFacts
  readonly address: PublicAddress
  readonly access: FlowAccess<User>
  readonly desk: FlowDesk
  readonly path: string
}

async function answerEndpoint<User>(
  endpoint: Endpoint,
  exchange: Exchange<User>,
): Promise<HttpReply | undefined> {
  const { facts, address, access } = exchange
  const { version, name } = endpoint
  switch (endpoint.kind) {
    case 'probe':
      return probe(exchange)
    case 'token':
      return answerToken(facts, access, version)
    case 'logout':
      return answerLogout(access.flow, address)
    case 'access':
      return answerWindow({ facts, address, version }, access.flow, name)
  }
}

async function probe<User>({ facts, address, access, desk, path }: Exchange<User>): Promise<HttpReply> {
  const document = await answerProbe(path, {
    parse: desk.parse,
    origin: address.origin,
    async decide(request) {
      const question = await openQuestion(access, facts, request, true)
      return askBoth(access, question, () => desk.inspect(request, question.variant, facts.signal))
    },
    formatUri({ version, encodedIdentifier, identifier }, variant) {
      const { origin, path: root, forwardedIdentifier } = address
      const prefix = `${origin}${root}${desk.publicPrefixes[version]}`
      const known = { prefix, encodedIdentifier, identifier, forwardedIdentifier }
      return formatVariantUri(access.codec, known, variant)
    },
    formatMoved({ version, identifier: asked }, identifier) {
      const prefix = `${address.origin}${address.path}${desk.publicPrefixes[version]}`
      return `${prefix}/${formatMoved(access.codec, asked, identifier)}`
    },
    labelOf: ({ tier }) => (tier === undefined ? undefined : access.tiers.find(tier)?.label),
  })
  const body = JSON.stringify(document)
  return {
    // 2.0 section 5.2: "the HTTP status code of the response itself MUST be 200".
    status: 200,
    headers: {
      ...anyOrigin,
      // 1.2 and Presentation API 3.0: JSON-LD with the profile of its context.
      'Content-Type': `application/ld+json;profile="${context2}"`,
      'Content-Length': String(Buffer.byteLength(body)),
      'Cache-Control': noStore,
      'X-Content-Type-Options': 'nosniff',
    },
    body,
  }
}

// The scripts of any viewer read the probe, and none sends cookies with it that the user has not for this very site:
// without Access-Control-Allow-Credentials nothing that was asked for with cookies of others can be read.
const anyOrigin = { 'Access-Control-Allow-Origin': '*' }

function buildOptions({ kind, methods }: Endpoint): HttpReply {
  const allowed = methods.join(', ')
  // Only the probe is read by scripts. A token that any page could fetch would make the list of origins worthless.
  const shared = {
    ...anyOrigin,
    'Access-Control-Allow-Methods': allowed,
    'Access-Control-Allow-Headers': 'Authorization, Accept, Content-Type, Cache-Control, X-Requested-With',
    'Access-Control-Max-Age': '86400',
  }
  return { status: 204, headers: { Allow: allowed, ...(kind === 'probe' ? shared : {}) } }
}

function buildNotFound(): HttpReply {
  return buildTextPage(404, 'Not found', 'There is no such service.')
}

function buildWrongMethod({ methods }: Endpoint): HttpReply {
  const reply = buildTextPage(405, 'Method not allowed', `Expected one of ${methods.join(', ')}.`)
  return { ...reply, headers: { ...reply.headers, Allow: methods.join(', ') } }
}

function finish({ method }: HttpRequest, reply: HttpReply): HttpReply {
  return method === 'HEAD' ? { status: reply.status, headers: reply.headers } : reply
}
