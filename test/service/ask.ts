/* Asks a service without a door. */
import type { HttpReply, HttpRequest } from '../../src/contracts.js'
import type { ImageService } from '../../src/service.js'
import { readBody } from './folder.js'

export interface Answer extends HttpReply {
  /** The whole body; empty where there is none. */
  readonly bytes: Buffer
}

/** Asks for a path, and reads the answer to its end. */
export async function ask(
  service: ImageService,
  url: string,
  request: Partial<HttpRequest> = {},
): Promise<Answer> {
  const reply = await service.handle({
    method: 'GET',
    url,
    mountPath: '',
    headers: {},
    scheme: 'http',
    ...request,
  })
  if (reply === undefined) throw new Error(`not ours: ${url}`)
  const { body = '' } = reply
  return { ...reply, bytes: typeof body === 'string' ? Buffer.from(body) : await readBody(body) }
}

/** The error that an answer tells of, as JSON. */
export async function askForError(
  service: ImageService,
  url: string,
  request: Partial<HttpRequest> = {},
): Promise<{ readonly status: number; readonly code: string; readonly message: string }> {
  const headers = { ...request.headers, accept: 'application/json' }
  const { bytes } = await ask(service, url, { ...request, headers })
  return JSON.parse(bytes.toString())
}
