/* Fetches ranges of one version of a resource: whatever a server answers, either the bytes that were asked for come
   back, or an error. */
import type { IncomingMessage } from 'node:http'
import { isIIIFError } from '../errors.js'
import { buildChanged } from './failure.js'
import type { HttpClient, HttpTarget } from './http-client.js'
import { dropBody, readBody } from './http-exchange.js'
import { buildStatusFailure, buildUnavailable } from './http-failure.js'
import { formatIfRange, isOther, parseContentRange, readValidators, type Validators } from './http-version.js'
import type { RemoteBytes } from './remote-bytes.js'

/** A resource as it was found. */
export interface HttpResource {
  /** What was asked. */
  readonly target: HttpTarget
  /** Where redirects have led to. */
  readonly url: URL
  /** What the server said of the version. */
  readonly validators: Validators
}

/** Creates the function that fetches ranges of a resource. */
export function createRangeFetch(client: HttpClient, resource: HttpResource): RemoteBytes['fetchRange'] {
  const { target, validators } = resource
  const conditions = formatIfRange(validators)
  let direct = findDirect(resource)
  return async (offset, length, signal) => {
    const headers = { ...conditions, range: `bytes=${offset}-${offset + length - 1}` }
    const read = (answer: IncomingMessage): Promise<Uint8Array> =>
      readRange(answer, offset, length, validators)
    if (direct === undefined) return client.ask(target, { headers }, read, signal)
    try {
      return await client.ask(direct, { headers }, read, signal)
    } catch (error) {
      if (!isIIIFError(error) || !['source-forbidden', 'source-changed'].includes(error.code)) throw error
      // Where a redirect leads to may be good for a short time only: the beginning of the way is asked again.
      direct = undefined
      return client.ask(target, { headers }, read, signal)
    }
  }
}

/* The end of the redirects, without what is for the origin of their beginning. */
function findDirect({ target, url }: HttpResource): HttpTarget | undefined {
  if (url.href === target.url.href) return undefined
  return { url, headers: url.origin === target.url.origin ? target.headers : {} }
}

async function readRange(
  answer: IncomingMessage,
  offset: number,
  length: number,
  validators: Validators,
): Promise<Uint8Array> {
  const failure = checkRange(answer, offset, length, validators)
  if (failure === undefined) return readBody(answer, length)
  answer.on('error', () => {})
  if (answer.statusCode === 206 || answer.statusCode === 200) answer.destroy()
  else dropBody(answer)
  throw failure
}

function checkRange(
  answer: IncomingMessage,
  offset: number,
  length: number,
  validators: Validators,
): Error | undefined {
  switch (answer.statusCode) {
    case 206: {
      const range = parseContentRange(answer.headers['content-range'])
      if (isOther(validators, readValidators(answer))) return buildChanged()
      if (range?.start === offset && range.end === offset + length && !isEncoded(answer)) return undefined
      return buildUnavailable(new Error('the server sent another range than it was asked for'))
    }
    case 200:
      if (isPage(answer)) return buildUnavailable(new Error('the server sent a page instead of an image'))
      if (isOther(validators, readValidators(answer))) return buildChanged()
      return buildUnavailable(new Error('the server does not send ranges any more'))
    // Gone, other than what the condition names, or shorter than it was.
    case 404:
    case 410:
    case 412:
    case 416:
      return buildChanged(new Error(`the server answered with ${answer.statusCode}`))
    default:
      return buildStatusFailure(answer)
  }
}

/** Whether the bytes of an answer are not those of the resource, but packed. */
export function isEncoded({ headers }: IncomingMessage): boolean {
  return !['', 'identity'].includes((headers['content-encoding'] ?? '').trim().toLowerCase())
}

const pages: ReadonlySet<string> = new Set([
  'text/html',
  'application/xhtml+xml',
  'application/json',
  'application/problem+json',
  'application/ld+json',
])

/** Whether an answer says that it is text for people or programs: an error, a login, a landing page. */
export function isPage({ headers }: IncomingMessage): boolean {
  const [type = ''] = (headers['content-type'] ?? '').split(';', 1)
  return pages.has(type.trim().toLowerCase()) || /^\s*multipart\//i.test(type)
}
