/**
 * The door for everything that speaks web `Request` and `Response`: Hono, Deno-style routers, service workers in Node.
 *
 * @module
 */
import type { HttpReply, HttpRequest } from '../contracts.js'
import type { ImageService } from '../service.js'

/** What the web `Request` does not tell. */
export interface FetchContext {
  /** Where the handler is mounted: no slash at its end. @defaultValue the root */
  readonly mountPath?: string
  /** The address of the peer of the socket; without it no forwarded header is trusted. */
  readonly remoteAddress?: string
}

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
export function createFetchHandler(service: ImageService): FetchHandler {
  return async (request, context = {}) => {
    const reply = await service.handle(readRequest(request, context))
    return reply && buildResponse(reply)
  }
}

function readRequest(request: Request, { mountPath = '', remoteAddress }: FetchContext): HttpRequest {
  const { protocol, host, origin } = new URL(request.url)
  // The URL parser has normalised the path, but it never decodes an escaped slash.
  const path = request.url.slice(origin.length)
  return {
    method: request.method,
    url: path.startsWith(`${mountPath}/`) ? path.slice(mountPath.length) : path,
    mountPath,
    headers: Object.fromEntries(request.headers),
    scheme: protocol === 'https:' ? 'https' : 'http',
    authority: host,
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
    signal: request.signal,
  }
}

function buildResponse({ status, headers, body }: HttpReply): Response {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    return new Response(body ?? null, { status, headers })
  }
  return new Response(ReadableStream.from(body), { status, headers })
}
