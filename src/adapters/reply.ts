/* What the Node doors share: a plain reply onto the wire. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { HttpReply } from '../contracts.js'
import { createDebug } from '../debug.js'
import { isGone, type NodeResponse } from './exchange.js'

const debug = createDebug('door')

/** Writes a reply; a body that breaks off breaks the connection, so that it is never taken for whole. */
export async function writeReply(
  response: NodeResponse,
  { status, headers, body }: HttpReply,
): Promise<void> {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    if (!isGone(response)) writeWhole(response, status, headers, body)
    return
  }
  const stream = toReadable(body)
  if (isGone(response)) {
    stream.destroy()
    return
  }
  response.writeHead(status, headers)
  // The pipeline closes both ends, whichever fails.
  await pipeline(stream, response).catch(error => debug('a response broke off: %o', error))
}

/** Answers what has failed outside of the service: with words that tell nothing, or by breaking off. */
export function writeFailure(response: NodeResponse, error: unknown): void {
  debug('a door failed: %o', error)
  if (response.headersSent) response.destroy(error instanceof Error ? error : new Error('The answer failed.'))
  else writeText(response, 500, 'Internal Server Error')
}

/** Answers with a line of text. */
export function writeText(response: NodeResponse, status: number, text: string): void {
  writeWhole(response, status, { 'Content-Type': 'text/plain; charset=utf-8' }, `${text}\n`)
}

/** Makes a body one that Node can pipe; destroying it closes where it comes from. */
export function toReadable(body: AsyncIterable<Uint8Array>): Readable {
  return body instanceof Readable ? body : Readable.from(body, { objectMode: false })
}

function writeWhole(
  response: NodeResponse,
  status: number,
  headers: HttpReply['headers'],
  body: string | Uint8Array = '',
): void {
  response.writeHead(status, headers)
  response.end(body)
}
