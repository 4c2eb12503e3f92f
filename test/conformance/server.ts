/* Real servers for the rows: a folder of pictures, a socket, and a client that sends paths as they are. */
import { once } from 'node:events'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { Agent, createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { createNodeHandler } from '../../src/adapters/node.js'
import type { SourceResolver } from '../../src/contracts.js'
import type { ImageServiceOptions } from '../../src/options.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { fileSource } from '../../src/source/file.js'
import { type PictureName, writePicture } from './pictures.js'

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export interface Asking {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Server {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string
  readonly port: number
  readonly service: ImageService
  /** Sends a path as it is: nothing is encoded, decoded or normalised. */
  ask(path: string, asking?: Asking): Promise<Reply>
}

const endings: (() => unknown)[] = []

afterAll(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

/** A folder of its own with pictures in it, gone after the tests of the file. */
export async function createFolder(...names: PictureName[]): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'honeydew-conformance-')))
  endings.push(() => rm(folder, { recursive: true, force: true }))
  for (const name of names) await writePicture(folder, name)
  return folder
}

/** A server for a folder, or for any other source. */
export async function startServer(
  source: string | SourceResolver,
  options: Omit<ImageServiceOptions, 'source'> = {},
): Promise<Server> {
  const resolver = typeof source === 'string' ? fileSource(source) : source
  const service = createImageService({ source: resolver, ...options })
  const server = createServer(createNodeHandler(service))
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  endings.push(async () => {
    agent.destroy()
    server.closeAllConnections()
    await new Promise(settle => server.close(settle))
    await service.close()
  })
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    service,
    ask: (path, asking) => send(port, agent, path, asking),
  }
}

async function send(port: number, agent: Agent, path: string, { method = 'GET', headers = {} }: Asking = {}) {
  const client = request({ host: '127.0.0.1', port, path, method, headers, agent })
  client.end()
  const [message] = (await once(client, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  const received: Record<string, string> = {}
  for (const [name, value] of Object.entries(message.headers)) received[name] = String(value)
  return { status: message.statusCode ?? 0, headers: received, body: Buffer.concat(chunks) }
}

/** The body of a reply that must be a success. */
export async function fetchImage(server: Server, path: string): Promise<Buffer> {
  const reply = await server.ask(path)
  expect(`${path} ${reply.status} ${reply.status === 200 ? '' : reply.body}`).toBe(`${path} 200 `)
  return reply.body
}

export type Json = Record<string, unknown>

export async function fetchInfo(server: Server, path: string): Promise<Json> {
  return JSON.parse((await fetchImage(server, path)).toString())
}

/** The statuses of paths, for tables of refusals. */
export async function fetchStatuses(server: Server, paths: readonly string[]): Promise<string[]> {
  const statuses: string[] = []
  for (const path of paths) statuses.push(`${(await server.ask(path)).status} ${path}`)
  return statuses
}

/** The target of a relation in the Link header; empty where there is none. */
export function readLink({ headers }: Reply, relation: string): string {
  const links = (headers.link ?? '').split(/,\s*(?=<)/)
  const found = links
    .map(link => /^<([^>]*)>;\s*rel="([^"]*)"$/.exec(link))
    .find(link => link?.[2] === relation)
  return found?.[1] ?? ''
}

/** What the canonical URI says behind the identifier; asked with HEAD, so that no pixel is made. */
export async function fetchCanonical(server: Server, base: string, parameters: string): Promise<string> {
  const reply = await server.ask(`${base}/${parameters}`, { method: 'HEAD' })
  expect(`${parameters} ${reply.status}`).toBe(`${parameters} 200`)
  const uri = readLink(reply, 'canonical')
  const start = `${server.origin}${base}/`
  expect(uri.slice(0, start.length)).toBe(start)
  return uri.slice(start.length)
}

/** The size that asks for all pixels there are, in each version. */
export const whole = { 2: 'full', 3: 'max' } as const
