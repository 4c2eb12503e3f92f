/**
 * The door for Koa 2 and 3.
 *
 * @module
 */
import { Readable } from 'node:stream'
import type { ImageService } from '../service.js'
import { type NodeRequest, type NodeResponse, readExchange } from './exchange.js'

export type { NodeRequest, NodeResponse } from './exchange.js'

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
  /** The status of the answer. */
  status: number
  /** The body of the answer. */
  body: unknown
  /** Sets headers of the answer. */
  set(headers: Record<string, string>): void
}

/** A middleware for Koa. */
export type KoaMiddleware = (context: KoaContext, next: () => Promise<unknown>) => Promise<void>

/**
 * Creates a middleware for Koa; it can be mounted at any path (`koa-mount`), and passes on what is no IIIF path.
 *
 * @example
 * ```ts
 * app.use(createKoaMiddleware(service))
 * ```
 */
export function createKoaMiddleware(service: ImageService): KoaMiddleware {
  return async (context, next) => {
    const { url, originalUrl } = context
    const mountPath = originalUrl.endsWith(url) ? originalUrl.slice(0, originalUrl.length - url.length) : ''
    const reply = await service.handle(readExchange(context.req, context.res, { url, mountPath }))
    if (reply === undefined) {
      await next()
      return
    }
    context.status = reply.status
    context.set({ ...reply.headers })
    // Koa ends the response: middleware that wraps this one (logs, compression) sees it as any other.
    context.body = toKoaBody(reply.body)
  }
}

function toKoaBody(body: Uint8Array | string | AsyncIterable<Uint8Array> | undefined): unknown {
  if (body === undefined) return null
  if (typeof body === 'string') return body
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return Readable.from(body, { objectMode: false })
}
