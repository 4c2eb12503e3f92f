/* The way of a request whose answer depends on who asks, on what covers the image, or on which images are made at all. It
   is gone for every request: what a cache, or the client itself, has already is no reason not to ask. */
import type { AuthorizeImage } from '../access/authorize.js'
import { noStore } from '../access/cache-control.js'
import { type Answer, type Decision, planImage, planInfo } from '../access/decision.js'
import { readFacts } from '../access/facts.js'
import { buildFlowExtras, hasProbe, listAuthVersions } from '../access/flow-extras.js'
import { askImage, askRequest, buildImageContext, openQuestion, type Question } from '../access/gate.js'
import { buildGrid, isListedScale, isOnGrid, requireServed } from '../access/serve-only.js'
import { formatVariantUri, type Variant } from '../access/variant.js'
import { buildView } from '../access/view.js'
import type { HttpReply, ImageDescription } from '../contracts.js'
import { buildUnknownImage, isIIIFError } from '../errors.js'
import type { PublicBase } from '../http/base-uri.js'
import { parseQuery, splitQuery } from '../http/query.js'
import { buildRedirect } from '../http/replies.js'
import type { Cover } from '../image/cover.js'
import { type AskedRequest, resolveAsked } from '../process.js'
import { parsePage } from '../protocol/meta-identifier.js'
import type { ImageRequest, InfoRequest } from '../protocol/request.js'
import { type Scale, shrinkFacts } from '../protocol/scale.js'
import { answerImage } from './answer-image.js'
import { answerInfo } from './answer-info.js'
import type { Asked } from './asked.js'
import { resolveCover } from './cover.js'
import type { Desk } from './desk.js'
import type { Exchange } from './exchange.js'
import { findPage, type ImageView } from './find.js'
import { describeFacts } from './info-document.js'
import type { Located } from './locate.js'

/** A request that the application is asked about. */
type GuardedExchange = Exchange<ImageRequest> | Exchange<InfoRequest>

interface Guarded {
  readonly exchange: GuardedExchange
  readonly base: PublicBase
  readonly desk: Desk
  readonly question: Question
  readonly view: ImageView
}

/**
 * Answers a request that the application is asked about: before any source is touched, and again when sizes are known.
 *
 * @throws {@link AccessError} and {@link NotFoundError} for what is refused; whatever finding and making the image throws.
 */
export async function answerGuarded(
  exchange: GuardedExchange,
  base: PublicBase,
  desk: Desk,
): Promise<HttpReply> {
  const { access, limits, profileLinks } = desk.settings
  const { http, request } = exchange
  const opened = await openQuestion(access, readFacts(http, base), request)
  const variant = addPage(opened.variant, http.url)
  const question = { ...opened, variant }
  const view = buildView(variant, access.tiers, limits)
  const guarded: Guarded = { exchange, base, desk, question, view }
  // Each variant has one spelling, so that caches keep it once.
  if (access.codec.format(opened.variant) !== request.identifier) return redirectTo(guarded, 301, variant)
  const first = await askRequest(access, question)
  if (first.kind !== 'serve') return answerDecision(guarded, first)
  requireSignature(guarded)
  const image = await find(guarded)
  const resolved = performance.now()
  const uri = addressOf(guarded, variant)
  // Not described: that would want the signal of the request, which costs as much as a tile, also where it is known.
  const { description } = await desk.takeSheet(image, { uri, profile: profileLinks[request.version] }, http)
  const looked = lookAt(guarded, description)
  const second = await askImage(access, question, looked.facts)
  if (second.kind !== 'serve') return answerDecision(guarded, second, image)
  // Only now: what cannot be asked of an image tells how large it is.
  if (looked.failure !== undefined) throw looked.failure
  // Server-Timing tells it to everybody: of what is hidden there is nothing to tell.
  if (exchange.trace) exchange.trace.phases.resolveMs = resolved - exchange.trace.began
  const shared = first.shared && second.shared
  const granted = second.scale ?? first.scale
  const secondsLeft = checkServed(guarded, description, looked.asked, granted)
  const context = buildImageContext(access, question, looked.facts)
  const cover = request.kind === 'image' ? await resolveCover(context, view.tier, desk) : undefined
  return finish(guarded, image, { kind: 'serve', status: 200, shared, headers: {} }, { cover, secondsLeft })
}

/* A page that the query names, where the identifier names none. */
function addPage(variant: Variant, url: string): Variant {
  if (variant.page !== undefined || !url.includes('page=')) return variant
  const text = parseQuery(url).get('page')
  const page = text === null ? 1 : parsePage(text)
  return page === 1 ? variant : { ...variant, page }
}

/* What an image was found to be, and what is wanted of it: or why that cannot be had. */
interface Looked {
  readonly facts: AuthorizeImage
  readonly asked?: AskedRequest
  readonly failure?: unknown
}

function lookAt(
  { exchange: { request }, desk: { settings }, question: { variant }, view }: Guarded,
  description: ImageDescription,
): Looked {
  const { width, height } = description
  const facts = {
    description,
    fullSize: { width, height },
    page: variant.page ?? 1,
    region: undefined,
    resultingSize: undefined,
  }
  if (request.kind === 'info') return { facts }
  try {
    const asked = resolveAsked(request, description, settings, undefined, view)
    const { region, size } = asked.asked
    return { facts: { ...facts, region, resultingSize: size }, asked }
  } catch (failure) {
    return { facts, failure }
  }
}

/* Where only signed URLs are good, nothing is looked up for those that nobody has signed. */
function requireSignature({ exchange: { http, request }, desk: { settings } }: Guarded): void {
  const { serveOnly, verifySignature } = settings.access
  if (serveOnly !== 'signed' || request.kind !== 'image') return
  const signature = verifySignature?.(http.url) ?? { kind: 'unsigned' }
  if (signature.kind === 'unsigned') requireServed(serveOnly, signature, () => false)
}

/* Refuses images that are not made; tells for how many seconds a signed URL is still good. */
function checkServed(
  { exchange: { http, request }, desk: { settings }, view }: Guarded,
  description: ImageDescription,
  asked: AskedRequest | undefined,
  granted: Scale | undefined,
): number | undefined {
  const { access, parse, tileSize } = settings
  if (access.serveOnly === undefined || asked === undefined) return undefined
  const path = `${parse.prefixes[request.version]}/${request.encodedIdentifier}/${asked.canonical}`
  const signature = access.verifySignature?.(http.url, path) ?? { kind: 'unsigned' }
  const facts = describeFacts(description)
  const shown = shrinkFacts(facts, view.shownSize(facts), view.shrinkOf(facts))
  requireServed(
    access.serveOnly,
    signature,
    () =>
      isListedScale(view.scale, granted) && isOnGrid(asked.asked, buildGrid(shown, view.limits, tileSize)),
  )
  return signature.kind === 'valid' ? signature.expires - Date.now() / 1000 : undefined
}

/* What is answered where the variant that was asked for is not given. */
async function answerDecision(guarded: Guarded, decision: Decision, image?: Located): Promise<HttpReply> {
  const { exchange } = guarded
  const plan = exchange.request.kind === 'info' ? planInfo : planImage
  const outcome = plan(decision, await findAuthVersions(guarded))
  if (outcome.kind === 'refuse') throw outcome.error
  if (outcome.kind === 'redirect') {
    const { status, to } = outcome
    return 'location' in to
      ? buildRedirect(status, to.location, noStore)
      : redirectTo(guarded, status, to.variant)
  }
  const located = image ?? (await find(guarded))
  return finish(guarded, located, outcome, {}, decision)
}

/* Where somebody is asked who may see what, a page that there is not is no image: how many there are tells that there is
   one, and the application may have hidden it. */
async function find({ exchange, desk, question }: Guarded): Promise<Located> {
  try {
    return await findPage(question.variant, desk, exchange.http)
  } catch (error) {
    const isHidden = desk.settings.access.authorize !== undefined && question.variant.page !== undefined
    throw isHidden && isIIIFError(error) && error.status === 404 ? buildUnknownImage({ cause: error }) : error
  }
}

/* The authorisation services that info.json tells of: the application is asked where it matters only. */
function findAuthVersions({ exchange: { request }, desk: { settings }, question }: Guarded) {
  return listAuthVersions(settings.access, request.version, question.variant.identifier)
}

/* Gives the image, or its info.json. */
async function finish(
  guarded: Guarded,
  image: Located,
  outcome: Answer,
  { cover, secondsLeft }: { readonly cover?: Cover | undefined; readonly secondsLeft?: number | undefined },
  decision: Decision = { kind: 'serve', shared: outcome.shared },
): Promise<HttpReply> {
  const { exchange, base, desk, question, view } = guarded
  const { access, publicPrefixes } = desk.settings
  const { request } = exchange
  const uri = addressOf(guarded, question.variant)
  const asked: Asked = {
    question,
    view,
    cover,
    outcome,
    ...(secondsLeft === undefined ? {} : { secondsLeft }),
  }
  if (request.kind === 'image') return answerImage({ ...exchange, request, uri, asked }, image, desk)
  const extras =
    access.flow &&
    buildFlowExtras(access.flow, {
      version: request.version,
      address: base,
      // The page may have been named by the query.
      identifier: uri.slice(`${base.origin}${base.path}${publicPrefixes[request.version]}/`.length),
      authVersions: await findAuthVersions(guarded),
      hasProbe: hasProbe(question.variant, access.tiers, decision),
    })
  return answerInfo(
    { ...exchange, request, uri, asked: { ...asked, ...(extras && { extras }) } },
    image,
    desk,
  )
}

/* To another variant of the image, or to the one spelling of it; the parameters stay as they were asked for. */
function redirectTo(guarded: Guarded, status: 301 | 302 | 303 | 307, variant: Variant): HttpReply {
  const { request, http } = guarded.exchange
  const { path: asked, query } = splitQuery(http.url)
  const parameters = asked.split('/').slice(request.kind === 'info' ? -1 : -4)
  const uri = [addressOf(guarded, variant), ...parameters].join('/')
  return buildRedirect(status, uri + query, noStore)
}

/* The public address of a variant of the image that was asked for; of the very one it is as it was called. */
function addressOf(
  { exchange: { request, uri }, base, desk: { settings } }: Guarded,
  variant: Variant,
): string {
  const { access, publicPrefixes } = settings
  const { origin, path, forwardedIdentifier } = base
  if (access.codec.format(variant) === request.identifier) return uri
  const prefix = `${origin}${path}${publicPrefixes[request.version]}`
  return formatVariantUri(access.codec, { prefix, ...request, forwardedIdentifier }, variant)
}
