// Asks operations as doors do, and reads what they answer.
import type { HttpReply, HttpRequest } from '../../src/contracts.js'
import type { Operations } from '../../src/operations/operations.js'

export interface Asking {
  readonly method?: string
  readonly headers?: HttpRequest['headers']
  readonly authority?: string | undefined
  readonly remoteAddress?: string | undefined
  readonly mountPath?: string
  /** Sent as JSON, unless it is text. */
  readonly body?: unknown
}

/** A request from this machine. */
export function buildRequest(url: string, asking: Asking = {}): HttpRequest {
  const { method = 'GET', headers = {}, mountPath = '', body } = asking
  const { authority, remoteAddress } = { authority: 'localhost:8182', remoteAddress: '127.0.0.1', ...asking }
  const isText = typeof body === 'string'
  const bytes = Buffer.from(isText ? body : JSON.stringify(body ?? ''))
  return {
    method,
    url,
    mountPath,
    scheme: 'http',
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(authority !== undefined && { authority }),
    ...(remoteAddress !== undefined && { remoteAddress }),
    ...(body !== undefined && { body: chunk(bytes) }),
  }
}

async function* chunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const size = 65_536
  for (let offset = 0; offset < bytes.length; offset += size) yield bytes.subarray(offset, offset + size)
}

export interface Answer extends Pick<HttpReply, 'status' | 'headers'> {
  readonly text: string
  /** The body, where it is JSON. */
  readonly json: Readonly<Record<string, unknown>>
}

/** What operations answer. */
export async function ask(operations: Operations, url: string, asking: Asking = {}): Promise<Answer> {
  const reply = await operations.handle(buildRequest(url, asking))
  if (reply === undefined) throw new Error(`not answered: ${url}`)
  const { status, headers, body = '' } = reply
  if (typeof body !== 'string') throw new Error('no text')
  const isJson = headers['Content-Type'] === 'application/json' && body !== ''
  return { status, headers, text: body, json: isJson ? JSON.parse(body) : {} }
}
