/* What is known of a request beside the plain record that doors make of it: it belongs to its headers, which every record
   about a request has, and is gone with them. */
import { randomBytes } from 'node:crypto'
import type { HttpRequest } from '../contracts.js'
import { type IsTrusted, parseAddress } from '../http/trust-proxy.js'

/** What is known of a request. */
export interface Note {
  /** The version of HTTP. */
  readonly httpVersion: string
  /** Who asks, as `authenticate` told it. */
  user?: unknown
  /** What joins the lines of logs about it: given by a trusted proxy, else made when it is needed. */
  requestId?: string
  /** Whether a line was written about its answer, or will be. */
  isLogged?: boolean
}

/** Knows requests. */
export interface Notes {
  /** A request has come. */
  begin(headers: object, httpVersion: string): void
  /** What is known of a request. */
  find(request: Pick<HttpRequest, 'headers'>): Note
  /** The id of a request, which is made where it has none. */
  identify(request: HttpRequest): string
  /** The id that a trusted proxy has given it. */
  readId(request: HttpRequest): string | undefined
}

/* As proxies write it: a UUID, or letters and digits. */
const idShape = /^[\w.:~+/=-]{1,64}$/

/** Creates the notes of a worker. @param isTrusted - whose X-Request-Id is believed */
export function createNotes(isTrusted: IsTrusted): Notes {
  const notes = new WeakMap<object, Note>()
  const find = ({ headers }: Pick<HttpRequest, 'headers'>): Note =>
    notes.get(headers) ?? { httpVersion: '1.1' }
  const readId = (request: HttpRequest): string | undefined => {
    const { requestId } = find(request)
    const given = request.headers['x-request-id']
    if (requestId !== undefined || typeof given !== 'string' || !idShape.test(given)) return requestId
    return isTrusted(parseAddress(request.remoteAddress ?? '')) ? given : undefined
  }
  return {
    begin: (headers, httpVersion) => void notes.set(headers, { httpVersion }),
    find,
    readId,
    identify(request) {
      const note = find(request)
      note.requestId ??= readId(request) ?? randomBytes(8).toString('hex')
      return note.requestId
    },
  }
}
