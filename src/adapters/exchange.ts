/* What the Node doors share: from a Node request (HTTP/1 or HTTP/2) to a plain record, and a plain reply onto the wire. */
import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { HttpReply, HttpRequest } from '../contracts.js'

/** The parts of an incoming message that a door reads; `http`, `https` and `http2` all have them. */
export interface NodeRequest {
  /** The method. */
  readonly method?: string | undefined
  /** Path and query, not decoded. */
  readonly url?: string | undefined
  /** The headers, names in lower case. */
  readonly headers: IncomingHttpHeaders
  /** The socket, for its address and whether it is encrypted. */
  readonly socket: { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean }
}

/** The parts of a response that a door writes. */
export type NodeResponse = NodeJS.WritableStream & {
  /** Whether the head is out. */
  readonly headersSent: boolean
  /** Whether everything was handed to the system. */
  readonly writableFinished: boolean
  /** Whether it can no longer be written. */
  readonly destroyed: boolean
  /** Writes the head. */
  writeHead(status: number, headers: Record<string, string>): unknown
  /** Gives the response up. */
  destroy(error?: Error): unknown
}

/** Reads a Node request; the signal is aborted when the response closes before it was sent. */
export function readExchange(
  request: NodeRequest,
  response: NodeResponse,
  mount: { readonly url: string; readonly mountPath: string },
): HttpRequest {
  const { headers, socket } = request
  const authority = headers[':authority'] ?? headers.host
  const isSecure = headers[':scheme'] === 'https' || socket.encrypted === true
  return {
    method: request.method ?? 'GET',
    ...mount,
    headers,
    scheme: isSecure ? 'https' : 'http',
    ...(typeof authority === 'string' ? { authority } : {}),
    ...(socket.remoteAddress === undefined ? {} : { remoteAddress: socket.remoteAddress }),
    signal: watchClose(response),
  }
}

/** Writes a reply; a body that breaks off breaks the connection, so that it is never taken for whole. */
export async function writeReply(response: NodeResponse, reply: HttpReply): Promise<void> {
  if (response.destroyed) return
  response.writeHead(reply.status, { ...reply.headers })
  const { body } = reply
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    response.end(body ?? '')
    return
  }
  try {
    await pipeline(Readable.from(body, { objectMode: false }), response)
  } catch (error) {
    response.destroy(error instanceof Error ? error : undefined)
  }
}

function watchClose(response: NodeResponse): AbortSignal {
  const controller = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) controller.abort()
  })
  return controller.signal
}
