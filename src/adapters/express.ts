/**
 * The door for Express 4 and 5, and for anything else that speaks Connect's `(request, response, next)`.
 *
 * @module
 */
import type { HttpHandler } from '../contracts.js'
import { type NodeRequest, type NodeResponse, readExchange } from './exchange.js'
import { writeReply } from './reply.js'

export type { NodeRequest, NodeResponse, NodeSocket } from './exchange.js'

/** A request as Express hands it to a middleware: `url` is relative to where the middleware is mounted. */
export interface ExpressRequest extends NodeRequest {
  /** Where the middleware is mounted. */
  readonly baseUrl?: string
  /** What a parser of bodies has made of the body. */
  readonly body?: unknown
}

/** A middleware for Express. */
export type ExpressMiddleware = (
  request: ExpressRequest,
  response: NodeResponse,
  next: (error?: unknown) => void,
) => void

/**
 * Creates a middleware for Express; it can be mounted at any path, and passes on what is no IIIF path.
 *
 * @example
 * ```ts
 * app.use('/images', createExpressMiddleware(service))
 * ```
 */
export function createExpressMiddleware(service: HttpHandler): ExpressMiddleware {
  return (request, response, next) => {
    const { url = '/', baseUrl = '', body } = request
    const mount = { url, mountPath: baseUrl, parsedBody: body }
    service
      .handle(readExchange(request, response, mount))
      .then(reply => (reply === undefined ? next() : writeReply(response, reply)))
      .catch(next)
  }
}
