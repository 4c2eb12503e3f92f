/* A server on loopback that has files, counts what it is asked, and misbehaves on demand. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterAll } from 'vitest'

/** One request that came. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly range?: string
}

/** A file of the server. */
export interface ServedFile {
  bytes: Uint8Array
  /** `null` sends none. */
  etag?: string | null
  lastModified?: string
  type?: string
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

export interface FileServer {
  readonly origin: string
  readonly port: number
  readonly files: Map<string, ServedFile>
  readonly seen: Seen[]
  /** Bytes of bodies that were handed to sockets. */
  readonly sent: () => number
  readonly connections: () => number
  /** Whether ranges are offered. */
  hasRanges: boolean
  /** Answers before the files are looked at, where it is set; `false` leaves the request to them. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined
  /** Closes the connections that are open. */
  closeConnections(): void
  /** Forgets what was seen. */
  reset(): void
}

const servers: Server[] = []
const sockets = new Set<Socket>()

afterAll(() => {
  for (const socket of sockets) socket.destroy()
  for (const server of servers) server.close()
})

/** Starts a server; it ends with the tests. */
export async function startFileServer(): Promise<FileServer> {
  let sent = 0
  let connections = 0
  const seen: Seen[] = []
  const files = new Map<string, ServedFile>()
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request
    seen.push({ method, url, headers, ...(headers.range && { range: headers.range }) })
    if (state.intercept?.(request, response)) return
    sent += answer(request, response, files.get(url), state.hasRanges)
  })
  server.on('connection', socket => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const state: FileServer = {
    origin: `http://127.0.0.1:${port}`,
    port,
    files,
    seen,
    sent: () => sent,
    connections: () => connections,
    hasRanges: true,
    intercept: undefined,
    closeConnections: () => server.closeAllConnections(),
    reset() {
      sent = 0
      connections = 0
      seen.length = 0
      state.intercept = undefined
      state.hasRanges = true
    },
  }
  return state
}

/** The tag of some bytes. */
export function tagOf(bytes: Uint8Array): string {
  return `"${createHash('sha1').update(bytes).digest('hex')}"`
}

function answer(
  { method, headers }: IncomingMessage,
  response: ServerResponse,
  file: ServedFile | undefined,
  hasRanges: boolean,
): number {
  if (file === undefined) {
    response.writeHead(404, { 'content-type': 'text/html' }).end('<html>no such page</html>')
    return 0
  }
  const { bytes, etag = tagOf(bytes), lastModified, type = 'application/octet-stream' } = file
  const common = {
    'content-type': type,
    ...(etag !== null && { etag }),
    ...(lastModified && { 'last-modified': lastModified }),
  }
  if (etag !== null && headers['if-none-match'] === etag) {
    response.writeHead(304, common).end()
    return 0
  }
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? []
  const condition = headers['if-range']
  const isSame = condition === undefined || condition === etag || condition === lastModified
  if (method === 'HEAD' || first === undefined || last === undefined || !hasRanges || !isSame) {
    response.writeHead(200, { ...common, 'content-length': bytes.length })
    response.end(method === 'HEAD' ? undefined : bytes)
    return method === 'HEAD' ? 0 : bytes.length
  }
  const [start, end] = [Number(first), Math.min(Number(last) + 1, bytes.length)]
  if (start >= bytes.length) {
    response.writeHead(416, { ...common, 'content-range': `bytes */${bytes.length}` }).end()
    return 0
  }
  const range = `bytes ${start}-${end - 1}/${bytes.length}`
  response.writeHead(206, { ...common, 'content-range': range, 'content-length': end - start })
  response.end(bytes.subarray(start, end))
  return end - start
}
