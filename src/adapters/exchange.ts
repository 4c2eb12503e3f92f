/* What the Node doors share: from a Node request (HTTP/1 or HTTP/2) to a plain record with a signal. */
import type { IncomingHttpHeaders } from 'node:http'
import type { HttpRequest } from '../contracts.js'

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
  /** Whether the whole answer was given. */
  readonly writableEnded: boolean
  /** Whether it can no longer be written; HTTP/2 tells it of the stream only. */
  readonly destroyed: boolean
  /** The stream of HTTP/2. */
  readonly stream?: { readonly destroyed: boolean }
  /** Writes the head. */
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown
  /** Gives the response up. */
  destroy(error?: Error): unknown
}

/** Reads a Node request; the signal is aborted when the response closes before all of it was given. */
export function readExchange(
  request: NodeRequest,
  response: NodeResponse,
  mount: { readonly url: string; readonly mountPath: string },
): HttpRequest {
  const { headers, socket } = request
  const authority = headers[':authority'] ?? headers.host
  let signal: AbortSignal | undefined
  const isSecure = headers[':scheme'] === 'https' || socket.encrypted === true
  return {
    method: request.method ?? 'GET',
    url: stripOrigin(mount.url),
    mountPath: mount.mountPath,
    headers,
    scheme: isSecure ? 'https' : 'http',
    ...(typeof authority === 'string' ? { authority } : {}),
    ...(socket.remoteAddress === undefined ? {} : { remoteAddress: socket.remoteAddress }),
    // Most answers are given at once and never ask for the signal, which costs as much as they do.
    get signal() {
      signal ??= watchClose(response)
      return signal
    },
  }
}

/** Takes scheme and host off a URL: a server must accept the absolute form too (RFC 9112 section 3.2.2). */
export function stripOrigin(url: string): string {
  return url.replace(/^https?:\/\/[^/?#]*/i, '')
}

/** Whether nobody is left to write to. */
export function isGone({ destroyed, stream }: NodeResponse): boolean {
  return destroyed || stream?.destroyed === true
}

function watchClose(response: NodeResponse): AbortSignal {
  // The client may have left while other middleware worked: then there is no event to come.
  if (isGone(response)) return AbortSignal.abort()
  const controller = new AbortController()
  response.once('close', () => {
    // Not `writableFinished`: HTTP/2 calls a stream finished also when it was reset.
    if (!response.writableEnded) controller.abort()
  })
  return controller.signal
}
