/* What the Node doors share: from a Node request (HTTP/1 or HTTP/2) to a plain record with a signal. */
import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
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
  readonly socket: NodeSocket
  /** Whether anybody has read of the body. */
  readonly readableDidRead?: boolean
  /** Gives the body. */
  [Symbol.asyncIterator]?(): AsyncIterator<Uint8Array>
}

/** The parts of a connection that a door looks at. */
export interface NodeSocket {
  /** The address of the peer. */
  readonly remoteAddress?: string | undefined
  /** Whether it is encrypted. */
  readonly encrypted?: boolean
  /** Hears of its end. */
  once?(event: 'close', listener: () => void): unknown
  /** Hears of its end no longer. */
  off?(event: 'close', listener: () => void): unknown
  /** How many listeners are no reason for a warning. */
  getMaxListeners?(): number
  /** Allows more or fewer. */
  setMaxListeners?(count: number): unknown
}

/** The parts of a response that a door writes. */
export type NodeResponse = NodeJS.WritableStream & {
  /** Whether the head is out. */
  readonly headersSent: boolean
  /** Whether the whole answer was given. */
  readonly writableEnded: boolean
  /** Whether it can no longer be written; HTTP/2 tells it of the stream only. */
  readonly destroyed: boolean
  /** The connection; none while the answer waits behind another one. */
  readonly socket?: unknown
  /** The stream of HTTP/2. */
  readonly stream?: { readonly destroyed: boolean }
  /** Writes the head. */
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown
  /** Gives the response up. */
  destroy(error?: Error): unknown
}

/** Where a door is mounted, and the URL from there. */
export interface Mount {
  /** Path and query, relative to the mount path. */
  readonly url: string
  /** Empty, or starting with a slash and ending without one. */
  readonly mountPath: string
  /** What middleware has made of the body, where it has read it. */
  readonly parsedBody?: unknown
}

/**
 * Reads a Node request; the signal is aborted when the response closes before all of it was given.
 *
 * @param native - what hooks of the application are told as the request of the framework
 */
export function readExchange(
  request: NodeRequest,
  response: NodeResponse,
  mount: Mount,
  native: unknown = request,
): HttpRequest {
  return new NodeExchange(request, response, mount, native)
}

/* A class for the sake of its signal: most answers are given at once and never ask for it, and it costs as much as they
   do. As a closure of each request it would keep what belongs to the request alive for longer than the request. */
class NodeExchange implements HttpRequest {
  readonly method: string
  readonly url: string
  readonly mountPath: string
  readonly headers: IncomingHttpHeaders
  readonly scheme: 'http' | 'https'
  declare readonly authority?: string
  declare readonly remoteAddress?: string
  readonly native: unknown
  readonly takesSharedMemory = true
  readonly #request: NodeRequest
  readonly #response: NodeResponse
  readonly #parsedBody: unknown
  #signal: AbortSignal | undefined

  constructor(request: NodeRequest, response: NodeResponse, mount: Mount, native: unknown) {
    const { url, mountPath, parsedBody } = mount
    const { headers, socket } = request
    const authority = headers[':authority'] ?? headers.host
    const isSecure = headers[':scheme'] === 'https' || socket.encrypted === true
    this.method = request.method ?? 'GET'
    this.url = stripOrigin(url)
    this.mountPath = mountPath
    this.headers = headers
    this.scheme = isSecure ? 'https' : 'http'
    if (typeof authority === 'string') this.authority = authority
    if (socket.remoteAddress !== undefined) this.remoteAddress = socket.remoteAddress
    this.native = native
    this.#request = request
    this.#response = response
    this.#parsedBody = parsedBody
  }

  get body(): AsyncIterable<Uint8Array> | undefined {
    return readBody(this.#request, this.#parsedBody)
  }

  get signal(): AbortSignal {
    this.#signal ??= watchClose(this.#response, this.#request.socket)
    return this.#signal
  }
}

/* The body as it comes, or, where middleware has read it before, what that has made of it, written again. */
function readBody(request: NodeRequest, parsed: unknown): AsyncIterable<Uint8Array> | undefined {
  const read = request[Symbol.asyncIterator]
  if (read && request.readableDidRead !== true) return { [Symbol.asyncIterator]: () => read.call(request) }
  if (parsed === undefined) return undefined
  const isWhole = typeof parsed === 'string' || parsed instanceof Uint8Array
  return Readable.from([Buffer.from(isWhole ? parsed : JSON.stringify(parsed))])
}

/** Takes scheme and host off a URL: a server must accept the absolute form too (RFC 9112 section 3.2.2). */
export function stripOrigin(url: string): string {
  return url.replace(/^https?:\/\/[^/?#]*/i, '')
}

/** Whether nobody is left to write to. */
export function isGone({ destroyed, stream }: NodeResponse): boolean {
  return destroyed || stream?.destroyed === true
}

function watchClose(response: NodeResponse, socket: NodeSocket): AbortSignal {
  // The client may have left while other middleware worked: then there is no event to come.
  if (isGone(response)) return AbortSignal.abort()
  const controller = new AbortController()
  response.once('close', () => {
    // Not `writableFinished`: HTTP/2 calls a stream finished also when it was reset.
    if (!response.writableEnded) controller.abort()
  })
  if (response.socket === null) watchConnection(response, socket, controller)
  return controller.signal
}

/* A client of HTTP/1.1 may send requests without waiting for answers (RFC 9112 section 9.3.2). When it leaves, Node tells only
   the answer whose turn it is. */
function watchConnection(response: NodeResponse, socket: NodeSocket, controller: AbortController): void {
  const leave = (): void => controller.abort()
  const allow = (more: number): unknown => socket.setMaxListeners?.((socket.getMaxListeners?.() ?? 0) + more)
  allow(1)
  socket.once?.('close', leave)
  response.once('close', () => {
    socket.off?.('close', leave)
    allow(-1)
  })
}
