/* What doors and services hand to each other. */

/** A request as every door hands it on: plain values, header names in lower case. */
export interface HttpRequest {
  /** The method, in upper case. */
  readonly method: string
  /** Path and query as they came, not decoded, relative to the mount path. */
  readonly url: string
  /** Where the application has mounted the door: empty, or starting with a slash and ending without one. */
  readonly mountPath: string
  /** The headers; names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The scheme of the connection itself. */
  readonly scheme: 'http' | 'https'
  /** `Host` or `:authority`. */
  readonly authority?: string
  /** The address of the peer of the socket. */
  readonly remoteAddress?: string
  /** Aborted when the client is gone before the answer was sent. */
  readonly signal?: AbortSignal
  /**
   * The request of the framework itself, for hooks of the application that know what it is: that of Node or of Express,
   * the context of Koa, the web `Request`.
   */
  readonly native?: unknown
  /**
   * Whether the body of the answer may lie in a `SharedArrayBuffer`. Everything of Node takes one; a web `Response` does not.
   * @defaultValue false
   */
  readonly takesSharedMemory?: boolean
  /** The body as it came, to be read once; a service of images never does. Absent where there is none. */
  readonly body?: AsyncIterable<Uint8Array> | undefined
}

/** The answer to an {@link HttpRequest}, ready to be written. */
export interface HttpReply {
  /** The status code. */
  readonly status: number
  /** The headers, names in the usual spelling. */
  readonly headers: Readonly<Record<string, string>>
  /** The body; none for HEAD, 204 and 304. Its memory may be shared with other replies: it is not to be transferred. */
  readonly body?: Uint8Array | string | AsyncIterable<Uint8Array>
}

/** What a door puts on a server: a service of images, its operations, or anything else that answers requests. */
export interface HttpHandler {
  /** Answers a request; `undefined` when its path is none of those that are answered here. Never rejects. */
  handle(request: HttpRequest): Promise<HttpReply | undefined>
}
