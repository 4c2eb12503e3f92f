// An image service as far as access is concerned: three images without pixels, for those tests that ask its endpoints.
import { type Access, type AccessOptions, resolveAccess } from '../../src/access/access.js'
import { answerFlow, type FlowAccess, type FlowDesk } from '../../src/access/answer-flow.js'
import type { AuthorizeImage } from '../../src/access/authorize.js'
import { parseCookies } from '../../src/access/cookie.js'
import type { PublicAddress } from '../../src/access/facts.js'
import type { FlowOptions } from '../../src/access/flow-options.js'
import type { HttpReply, HttpRequest, ImageDescription } from '../../src/contracts.js'
import { buildUnknownImage } from '../../src/errors.js'

export interface Reader {
  readonly id: string
  readonly isStaff?: boolean
}

export const secret = 'a secret of more than thirty-two bytes'
export const start = 1_700_000_000

export const address: PublicAddress = { origin: 'https://images.example.org', path: '' }

/** A flow whose clock stands still. */
export const flowOptions: FlowOptions<Reader> = {
  keys: secret,
  now: () => start * 1000,
  services: [
    {
      profile: 'active',
      login: 'https://www.example.org/login',
      label: { en: ['Log in to Example Library'] },
      logout: { label: 'Log out of Example Library' },
    },
  ],
}

/** Gives access without a flow being checked for. */
export function resolveFlowAccess(options: AccessOptions<Reader>): FlowAccess<Reader> {
  const access: Access<Reader> = resolveAccess(options)
  if (access.flow === undefined) throw new Error('expected a flow')
  return { ...access, flow: access.flow }
}

export const description: ImageDescription = {
  width: 600,
  height: 400,
  format: 'jpg',
  pages: 1,
  levels: [{ width: 600, height: 400, scaleFactor: 1, page: 0 } as never],
  bands: 3,
  depth: 8,
  hasAlpha: false,
  colour: 'rgb',
  orientation: 1,
  hasProfile: false,
}

export const inspected: AuthorizeImage = {
  description,
  fullSize: { width: 600, height: 400 },
  region: { x: 0, y: 0, width: 600, height: 400 },
  resultingSize: { width: 600, height: 400 },
  page: 1,
}

/** Knows the images `cats`, `dogs` and `a/b`. */
export const desk: FlowDesk = {
  parse: {},
  publicPrefixes: { 2: '/iiif/2', 3: '/iiif/3' },
  async inspect(_request, { identifier }) {
    if (!['cats', 'dogs', 'a/b'].includes(identifier)) throw buildUnknownImage()
    return inspected
  },
}

export function buildRequest(url: string, request: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'GET', url, mountPath: '', headers: {}, scheme: 'https', ...request }
}

/** Asks an endpoint. */
export function ask(
  access: FlowAccess<Reader>,
  url: string,
  request: Partial<HttpRequest> = {},
  given: PublicAddress = address,
): Promise<HttpReply | undefined> {
  return answerFlow(buildRequest(url, request), given, access, desk)
}

/** Asks for what is there. */
export async function get(...asked: Parameters<typeof ask>): Promise<HttpReply> {
  const reply = await ask(...asked)
  if (reply === undefined) throw new Error(`expected an endpoint at ${asked[1]}`)
  return reply
}

/** What a page posts, and to whom. */
export function readPosted(reply: HttpReply): { message: Record<string, unknown>; target: string } {
  const [, message = '', target = ''] =
    /window\.parent\.postMessage\((\{.*\}), ("[^"]*")\)/.exec(String(reply.body)) ?? []
  return { message: JSON.parse(message), target: JSON.parse(target) }
}

/** The Cookie header that a browser sends after a reply. */
export function readCookie(reply: HttpReply): string {
  const [pair = ''] = (reply.headers['Set-Cookie'] ?? '').split(';', 1)
  if (Object.keys(parseCookies(pair)).length !== 1) throw new Error(`expected a cookie, not ${pair}`)
  return pair
}

export function readJson(reply: HttpReply): Record<string, unknown> {
  return JSON.parse(String(reply.body))
}
