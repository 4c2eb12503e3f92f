/**
 * The door for Koa 2 and 3.
 *
 * @module
 */
import type { HttpHandler, HttpReply } from '../contracts.js'
import { type NodeRequest, type NodeResponse, readExchange, stripOrigin } from './exchange.js'
import { toReadable } from './reply.js'

export type { NodeRequest, NodeResponse, NodeSocket } from './exchange.js'

/** The parts of Koa's context that the door uses. */
export interface KoaContext {
  /** Node's request. */
  readonly req: NodeRequest
  /** Node's response. */
  readonly res: NodeResponse
  /** Path and query, relative to where the middleware is mounted. */
  readonly url: string
  /** Path and query as they came. */
  readonly originalUrl: string
  /** Koa's request, for what a parser of bodies has made of the body. */
  readonly request?: object
  /** The status of the answer. */
  status: number
  /** The body of the answer. */
  body: unknown
  /** Sets headers of the answer. */
  set(headers: Record<string, string>): void
  /** Takes a header away from the answer. */
  remove(name: string): void
}

/** A middleware for Koa. */
export type KoaMiddleware = (context: KoaContext, next: () => Promise<unknown>) => Promise<void>

/**
 * Creates a middleware for Koa; it can be mounted at any path (`koa-mount`), and passes on what is no IIIF path. Hooks
 * such as `authorize` find its context, and with it the session, as `native`.
 *
 * @example
 * ```ts
 * app.use(createKoaMiddleware(service))
 * ```
 */
export function createKoaMiddleware(service: HttpHandler): KoaMiddleware {
  return async (context, next) => {
    const mount = { ...readMount(context), parsedBody: readParsed(context) }
    const reply = await service.handle(readExchange(context.req, context.res, mount, context))
    if (reply === undefined) {
      await next()
      return
    }
    // Koa ends the response: middleware that wraps this one (logs, compression) sees it as any other. With a body it
    // sets status, type and length too, and an empty one as JSON where the type was JSON: so the body comes first.
    context.remove('Content-Type')
    context.body = toKoaBody(reply, context.res)
    context.status = reply.status
    context.set({ ...reply.headers })
  }
}

function readParsed({ request }: KoaContext): unknown {
  return request && 'body' in request ? request.body : undefined
}

function readMount({ url, originalUrl }: KoaContext): { readonly url: string; readonly mountPath: string } {
  const path = stripOrigin(url).replace(/^(?!\/)/, '/') // A mount at `/images/` takes the slash too.
  const original = stripOrigin(originalUrl)
  return { url: path, mountPath: original.endsWith(path) ? original.slice(0, -path.length) : '' }
}

function toKoaBody({ body }: HttpReply, response: NodeResponse): unknown {
  if (body === undefined || typeof body === 'string') return body ?? null
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  // Koa 2 would leave a response open whose body broke off, and Koa 3 does not hear of one that was wrapped.
  return toReadable(body).once('error', error => response.destroy(error))
}
