/**
 * The door for Node's own servers: `http`, `https` and `http2`.
 *
 * @module
 */
import type { ImageService } from '../service.js'
import { type NodeRequest, type NodeResponse, readExchange, writeReply } from './exchange.js'

export type { NodeRequest, NodeResponse } from './exchange.js'

/** Answers requests that are not the image server's. */
export type Fallback<Request, Response> = (request: Request, response: Response) => void

/**
 * Creates a request listener for `http.createServer` and its relatives.
 *
 * @param fallback answers paths that are under no IIIF prefix; without it they are 404
 * @example
 * ```ts
 * createServer(createNodeHandler(createImageService({ source: fileSource('./images') }))).listen(8182)
 * ```
 */
export function createNodeHandler<Request extends NodeRequest, Response extends NodeResponse>(
  service: ImageService,
  fallback: Fallback<Request, Response> = answerNotFound,
): (request: Request, response: Response) => Promise<void> {
  return async (request, response) => {
    const exchange = readExchange(request, response, { url: request.url ?? '/', mountPath: '' })
    const reply = await service.handle(exchange)
    if (reply === undefined) fallback(request, response)
    else await writeReply(response, reply)
  }
}

function answerNotFound(_request: NodeRequest, response: NodeResponse): void {
  response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' })
  response.end('Not found\n')
}
