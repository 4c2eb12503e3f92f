/* The answer to a request for pixels. Validators come before work: a client that has the image already, or that asks
   for headers only, costs no pixel. */
import { noStore } from '../access/cache-control.js'
import type { HttpReply, HttpRequest } from '../contracts.js'
import { isFresh } from '../http/conditional.js'
import { buildContentDisposition } from '../http/content-disposition.js'
import { parseQuery, splitQuery } from '../http/query.js'
import {
  buildNotModified,
  buildNotSatisfiable,
  buildPartial,
  buildRedirect,
  buildSuccess,
} from '../http/replies.js'
import type { StoredPlan } from '../image/stored.js'
import { type PreparedRequest, prepareRequest, type Way } from '../process.js'
import { mediaTypes } from '../protocol/format.js'
import { decodeSegment } from '../protocol/identifier.js'
import type { ImageRequest } from '../protocol/request.js'
import { buildObtained, buildWhole, readSourceRange } from './answer-body.js'
import { type Asked, decideCacheControl, outdatesSource } from './asked.js'
import type { Desk } from './desk.js'
import type { Exchange, KnownImage } from './exchange.js'
import type { ImageStore } from './image-store.js'
import type { Located } from './locate.js'
import { sendSource } from './make.js'
import { formatResultName, type Obtained, obtainImage, recallResult } from './obtain.js'
import { type CacheOutcome, type Trace, timeOpening } from './report.js'
import { watchSending } from './sending.js'
import type { ServiceSettings } from './settings.js'
import type { Sheet } from './sheet.js'

/** Answers a request for pixels; at once where everything is at hand. */
export function answerImage(
  exchange: Exchange<ImageRequest>,
  image: Located,
  desk: Desk,
): HttpReply | Promise<HttpReply> {
  const known = exchange.memory.image
  if (known?.version === image.source.version && known.uri === exchange.uri) {
    return answerKnown(exchange, image, known, desk)
  }
  const { http, request, uri, memory, asked, trace } = exchange
  const answer = (sheet: Sheet): HttpReply | Promise<HttpReply> => {
    const prepared = prepareImage(http, request, sheet, desk.settings, asked)
    if (desk.settings.cacheControl.fixed !== undefined && asked === undefined) memory.image = prepared
    return answerKnown(exchange, image, prepared, desk)
  }
  const profile = desk.settings.profileLinks[request.version]
  const sheet = desk.takeSheet(image, { uri, profile }, http)
  return sheet instanceof Promise ? timeOpening(sheet, trace).then(answer) : answer(sheet)
}

function answerKnown(
  exchange: Exchange<ImageRequest>,
  image: Located,
  known: KnownImage,
  desk: Desk,
): HttpReply | Promise<HttpReply> {
  const { http, client, trace } = exchange
  const { prepared, head } = known
  if (trace) Object.assign(trace, { canonical: prepared.canonical, way: prepared.way })
  if (isRedirected(exchange, prepared, desk.settings)) return redirect(exchange, prepared, desk.settings)
  if (isFresh(http.headers, head)) return buildNotModified(head)
  if (http.method === 'HEAD') {
    return buildSuccess(head, undefined, prepared.way === 'source' ? image.source.size : undefined)
  }
  if (prepared.way === 'source') return sendSourceImage(exchange, image, known, desk)
  const tile = answerTile(exchange, image, known, desk)
  if (tile) return tile
  const bypass = readBypass(http, desk.settings)
  const kept = bypass ? undefined : recallResult(image, known, desk.store)
  if (kept && !(kept instanceof Promise)) {
    return finish(exchange, desk, prepared.way, 'hit', buildWhole(http, head, kept.bytes))
  }
  const isUnkept = bypass === 'nocache'
  const obtain = async (): Promise<HttpReply> => {
    const wanted = { image, prepared, name: known.name, client, recalled: kept, isUnkept }
    const obtained = await obtainImage(wanted, desk, http.signal)
    if (trace) addPhases(trace, obtained)
    const { result, outcome } = obtained
    return finish(exchange, desk, result.way, outcome, buildObtained(http, head, obtained, desk.settings))
  }
  if (kept) return obtain()
  // What is cut out of one tile costs less than to wait for a turn.
  const cut = answerCut(exchange, image, known, desk, isUnkept)
  if (cut) return cut
  const began = performance.now()
  const fetching = desk.prefetch(image, prepared.stored, http.signal)
  if (fetching === undefined) return obtain()
  return fetching.then(() => {
    if (trace) trace.phases.readMs += performance.now() - began
    return (
      answerTile(exchange, image, known, desk) ??
      answerCut(exchange, image, known, desk, isUnkept) ??
      obtain()
    )
  })
}

/* A stored tile, or a part that is cut out of one, that can be read without waiting. */
function answerTile(
  exchange: Exchange<ImageRequest>,
  image: Located,
  { prepared, head }: KnownImage,
  desk: Desk,
): HttpReply | undefined {
  const tile = takeStored('tile', exchange, prepared, image, desk.store)
  return tile && finish(exchange, desk, prepared.way, 'none', buildWhole(exchange.http, head, tile))
}

function answerCut(
  exchange: Exchange<ImageRequest>,
  image: Located,
  { prepared, name, head }: KnownImage,
  desk: Desk,
  isUnkept: boolean,
): HttpReply | undefined {
  const { store } = desk
  const cut = takeStored('join', exchange, prepared, image, store)
  if (cut === undefined) return undefined
  if (!isUnkept) store.beginResult(store.formatKey(image, name))({ bytes: cut, mediaType: head.contentType })
  return finish(exchange, desk, prepared.way, 'miss', buildWhole(exchange.http, head, cut))
}

// The source as it is, or the part of it that is asked for.
async function sendSourceImage(
  exchange: Exchange<ImageRequest>,
  { source }: Located,
  { prepared, head }: KnownImage,
  desk: Desk,
): Promise<HttpReply> {
  const { http, trace } = exchange
  const { size } = source
  const range = readSourceRange(http, head, size)
  if (range === 'unsatisfiable') return buildNotSatisfiable(head, size ?? 0)
  const { signal } = http
  if (trace) trace.meter = desk.store.meter(signal)
  const guarded = desk.store.guard(source)
  const result = await sendSource(prepared, guarded, { ...range, ...(signal ? { signal } : {}) })
  const { sendMs } = desk.settings.schedule.timeouts
  const body = watchSending(result.body, { sendMs, onEnd() {} })
  const reply = range ? buildPartial(head, body, range, size ?? 0) : buildSuccess(head, body, result.size)
  return finish(exchange, desk, prepared.way, 'none', reply)
}

/* A signature may be good for this spelling only. */
function isRedirected(
  { http, asked }: Exchange<ImageRequest>,
  { canonical }: PreparedRequest,
  { redirectToCanonical }: ServiceSettings,
): boolean {
  return redirectToCanonical && asked?.secondsLeft === undefined && canonical !== readParameters(http.url)
}

function redirect(
  { http, uri, request, asked }: Exchange<ImageRequest>,
  { canonical }: PreparedRequest,
  { cacheControl }: ServiceSettings,
): HttpReply {
  const kept = asked ? noStore : cacheControl.decide({ status: 303, request })
  return buildRedirect(303, `${uri}/${canonical}${splitQuery(http.url).query}`, kept)
}

function addPhases(trace: Trace, { phases, meter }: Obtained): void {
  const { resolveMs, openMs } = trace.phases
  Object.assign(trace.phases, phases, { resolveMs, openMs: openMs + phases.openMs })
  trace.meter = meter
}

function finish(
  { trace }: Exchange<ImageRequest>,
  { tally }: Desk,
  way: Way,
  cache: CacheOutcome,
  reply: HttpReply,
): HttpReply {
  tally.countImage(way, cache)
  if (trace) Object.assign(trace, { way, cache })
  return reply
}

// What can be read of stored tiles without waiting, of an image that is open.
function takeStored(
  kind: StoredPlan['kind'],
  { http, trace }: Exchange<ImageRequest>,
  { stored }: PreparedRequest,
  image: Located,
  store: ImageStore,
): Uint8Array | undefined {
  if (stored?.kind !== kind) return undefined
  const allocate = http.takesSharedMemory ? store.allocateShared : undefined
  const bytes = store.peek(image)?.storedSync?.(stored.level, stored.box, allocate)
  if (bytes && trace) trace.meter.bytes += bytes.byteLength
  return bytes
}

function prepareImage(
  http: HttpRequest,
  request: ImageRequest,
  sheet: Sheet,
  settings: ServiceSettings,
  asked: Asked | undefined,
): KnownImage {
  const { image, description, uri, lastModified } = sheet
  const shown = asked && { ...asked.view, encode: asked.view.tier?.encode }
  const prepared = prepareRequest(request, description, settings, asked?.cover, shown)
  const { canonical } = prepared
  const name = formatResultName(prepared, settings, asked?.view.key)
  const head = {
    contentType: mediaTypes[request.format],
    etag: `${sheet.tagStart}${name}"`,
    lastModified: outdatesSource(settings, asked) ? undefined : lastModified,
    cacheControl: decideCacheControl(settings, request, asked),
    // The parameters of a canonical URI have no character that a header could not hold.
    link: `${sheet.linkStart}${canonical}${sheet.linkEnd}`,
    disposition: buildContentDisposition(readDisposition(http.url), formatFilename(sheet, prepared)),
    acceptsRanges: prepared.way === 'source',
  }
  return { version: image.source.version, uri, prepared, name, head }
}

function readDisposition(url: string): string | undefined {
  return url.includes('?') ? (parseQuery(url).get('response-content-disposition') ?? undefined) : undefined
}

// A request that may go past the cache, and wants to.
function readBypass(
  http: HttpRequest,
  { allowCacheBypass }: ServiceSettings,
): 'nocache' | 'recache' | undefined {
  if (allowCacheBypass === undefined || !http.url.includes('cache=')) return undefined
  const word = parseQuery(http.url).get('cache')
  const bypass = word === 'recache' ? word : word === 'nocache' || word === 'false' ? 'nocache' : undefined
  return bypass && allowCacheBypass(http) === true ? bypass : undefined
}

// The parameters as they were written; encoded or not they are the same, so that no client is sent in circles.
function readParameters(url: string): string {
  return splitQuery(url).path.split('/').slice(-4).map(decodeSegment).join('/')
}

function formatFilename({ filename }: Sheet, { canonical, resolved }: PreparedRequest): string {
  const [region, size] = canonical.split('/', 2)
  return `${filename}_${region}_${size}.${resolved.format}`
}
