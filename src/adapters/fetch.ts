/**
 * The door for everything that speaks web `Request` and `Response`: Hono, Deno-style routers, service workers in Node.
 *
 * @module
 */
import { ReadableStream } from 'node:stream/web'
import type { HttpHandler, HttpReply, HttpRequest } from '../contracts.js'
import { createDebug } from '../debug.js'
import { stripOrigin } from './exchange.js'
import { toReadable } from './reply.js'

const debug = createDebug('door')

/** What the web `Request` does not tell. */
export interface FetchContext {
  /** Where the handler is mounted; a router may have taken it off the URL already, or not. @defaultValue the root */
  readonly mountPath?: string
  /** The address of the peer of the socket; without it no forwarded header is trusted. */
  readonly remoteAddress?: string
}

// With and without the types of a browser.
type ResponseBody = ConstructorParameters<typeof Response>[0]

/** Answers a web request; `undefined` when it is not the image server's. */
export type FetchHandler = (request: Request, context?: FetchContext) => Promise<Response | undefined>

/**
 * Creates a handler from web `Request` to web `Response`.
 *
 * @example
 * ```ts
 * const handle = createFetchHandler(service)
 * app.use('/iiif/*', async (context, next) => (await handle(context.req.raw)) ?? next())
 * ```
 */
export function createFetchHandler(service: HttpHandler): FetchHandler {
  return async (request, context = {}) => {
    const reply = await service.handle(readRequest(request, context))
    return reply && buildResponse(reply)
  }
}

function readRequest(request: Request, context: FetchContext): HttpRequest {
  const { protocol, host } = new URL(request.url)
  const { remoteAddress } = context
  const mountPath = context.mountPath?.replace(/\/+$/, '') ?? ''
  // The URL parser has normalised the path, but it never decodes an escaped slash.
  const path = stripOrigin(request.url)
  return {
    method: request.method,
    url: path.startsWith(`${mountPath}/`) ? path.slice(mountPath.length) : path,
    mountPath,
    headers: Object.fromEntries(request.headers),
    scheme: protocol === 'https:' ? 'https' : 'http',
    authority: host,
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
    signal: request.signal,
    native: request,
    ...(request.body && !request.bodyUsed && { body: request.body }),
  }
}

function buildResponse({ status, headers, body }: HttpReply): Response {
  const isWhole = body === undefined || typeof body === 'string' || body instanceof Uint8Array
  const content = isWhole ? body : ReadableStream.from(concealFailure(body))
  return new Response(content as ResponseBody, { status, headers })
}

// Some servers send the message of the error that a stream ends with. No generator, which would not tell the body that
// nobody wants it when nobody ever did.
function concealFailure(body: AsyncIterable<Uint8Array>): AsyncIterableIterator<Uint8Array> {
  const stream = toReadable(body)
  const chunks: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]()
  return {
    next: () =>
      chunks.next().catch(error => {
        debug('a response broke off: %o', error)
        throw new Error('The image broke off.')
      }),
    async return() {
      stream.destroy()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
