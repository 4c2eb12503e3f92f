/* The first question to a server: one round trip tells whether a resource is there, its version and length, whether it
   can be read by range, and brings its first bytes. */
import type { IncomingMessage } from 'node:http'
import type { HttpClient, HttpTarget } from './http-client.js'
import { dropBody, readBody } from './http-exchange.js'
import { buildStatusFailure, buildUnavailable } from './http-failure.js'
import { type HttpResource, isEncoded, isPage } from './http-range.js'
import { formatIfChanged, formatVersion, parseContentRange, readValidators } from './http-version.js'
import { headBytes } from './remote-image.js'

/** A resource that was looked up. */
export interface HttpFacts extends HttpResource {
  /** Changes with the bytes; absent where the server tells nothing that does. */
  readonly version?: string
  /** Whether ranges can be asked for. */
  readonly hasRanges: boolean
}

/** What a server answered. */
export type Probe =
  | { readonly kind: 'missing' }
  /** What was known of it is still right. */
  | { readonly kind: 'same' }
  /** It can be read by range; these are its first bytes. */
  | { readonly kind: 'ranges'; readonly facts: HttpFacts; readonly head: Uint8Array }
  /** The server sends everything or nothing; it is about to be sent, and must be read or destroyed. */
  | { readonly kind: 'whole'; readonly facts: HttpFacts; readonly answer: IncomingMessage }

/**
 * Looks a resource up.
 *
 * @param known - what is known of it
 * @throws {@link SourceError} of 403, 502 or 504.
 */
export async function probe(
  client: HttpClient,
  target: HttpTarget,
  known: HttpFacts | undefined,
  signal?: AbortSignal,
): Promise<Probe> {
  // A server that sends everything must not begin to, only to tell that nothing has changed.
  if (known && !known.hasRanges && (await isSame(client, target, known, signal))) return { kind: 'same' }
  const condition = known?.hasRanges ? formatIfChanged(known.validators) : {}
  const headers = { ...condition, range: `bytes=0-${headBytes - 1}` }
  return client.ask(target, { headers }, (answer, url) => readProbe(answer, target, url, known), signal)
}

async function isSame(
  client: HttpClient,
  target: HttpTarget,
  known: HttpFacts,
  signal?: AbortSignal,
): Promise<boolean> {
  if (known.version === undefined) return false
  const ask = { method: 'HEAD', headers: formatIfChanged(known.validators) } as const
  return client.ask(
    target,
    ask,
    answer => {
      dropBody(answer)
      if (answer.statusCode === 304) return true
      return answer.statusCode === 200 && formatVersion(readValidators(answer)) === known.version
    },
    signal,
  )
}

async function readProbe(
  answer: IncomingMessage,
  target: HttpTarget,
  url: URL,
  known: HttpFacts | undefined,
): Promise<Probe> {
  const { statusCode, headers } = answer
  const isGood = statusCode === 200 || statusCode === 206
  if (!isGood) dropBody(answer)
  if (statusCode === 404 || statusCode === 410) return { kind: 'missing' }
  if (statusCode === 304 && known) return { kind: 'same' }
  // The one range that nothing satisfies from its first byte on is that of nothing.
  if (statusCode === 416 && headers['content-range'] === 'bytes */0') {
    return { kind: 'ranges', facts: buildFacts(answer, target, url, 0), head: new Uint8Array() }
  }
  if (!isGood) throw buildStatusFailure(answer)
  try {
    refuseOthers(answer)
    return statusCode === 206 ? await readHead(answer, target, url) : buildWhole(answer, target, url)
  } catch (error) {
    answer.on('error', () => {})
    answer.destroy()
    throw error
  }
}

function refuseOthers(answer: IncomingMessage): void {
  if (isPage(answer)) throw buildUnavailable(new Error('the server sent a page instead of an image'))
  if (isEncoded(answer)) throw buildUnavailable(new Error('the server sent packed bytes'))
}

async function readHead(answer: IncomingMessage, target: HttpTarget, url: URL): Promise<Probe> {
  const { start, end, total } = parseContentRange(answer.headers['content-range']) ?? {}
  if (start !== 0 || end === undefined || total === undefined || end !== Math.min(headBytes, total))
    throw buildUnavailable(new Error('the server sent another range than it was asked for'))
  const facts = buildFacts(answer, target, url, total)
  return { kind: 'ranges', facts, head: await readBody(answer, end) }
}

function buildWhole(answer: IncomingMessage, target: HttpTarget, url: URL): Probe {
  const { size } = readValidators(answer)
  return { kind: 'whole', facts: { ...buildFacts(answer, target, url, size), hasRanges: false }, answer }
}

function buildFacts(
  answer: IncomingMessage,
  target: HttpTarget,
  url: URL,
  size: number | undefined,
): HttpFacts {
  const validators = { ...readValidators(answer), ...(size !== undefined && { size }) }
  const version = formatVersion(validators)
  // Without a version nobody could tell whether two ranges belong together.
  const hasRanges = version !== undefined
  return { target, url, validators, hasRanges, ...(version !== undefined && { version }) }
}
