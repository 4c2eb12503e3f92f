/**
 * The door for Node's own servers: `http`, `https` and `http2`.
 *
 * @module
 */
import type { HttpHandler } from '../contracts.js'
import { type NodeRequest, type NodeResponse, readExchange } from './exchange.js'
import { writeFailure, writeReply, writeText } from './reply.js'

export type { NodeRequest, NodeResponse, NodeSocket } from './exchange.js'

/** Answers requests that are not the image server's; what it throws, or rejects with, becomes a 500. */
export type Fallback<Request, Response> = (request: Request, response: Response) => unknown

/**
 * Creates a request listener for `http.createServer` and its relatives.
 *
 * @param fallback answers paths that are under no IIIF prefix; without it they are 404
 * @returns a listener whose promise never rejects
 * @example
 * ```ts
 * createServer(createNodeHandler(createImageService({ source: fileSource('./images') }))).listen(8182)
 * ```
 */
export function createNodeHandler<Request extends NodeRequest, Response extends NodeResponse>(
  service: HttpHandler,
  fallback: Fallback<Request, Response> = answerNotFound,
): (request: Request, response: Response) => Promise<void> {
  return async (request, response) => {
    const exchange = readExchange(request, response, { url: request.url ?? '/', mountPath: '' })
    try {
      const reply = await service.handle(exchange)
      if (reply === undefined) await fallback(request, response)
      else await writeReply(response, reply)
    } catch (error) {
      // Node awaits no listener: a rejection would end the process.
      writeFailure(response, error)
    }
  }
}

function answerNotFound(_request: NodeRequest, response: NodeResponse): void {
  writeText(response, 404, 'Not found')
}
