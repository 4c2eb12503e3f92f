/* Real servers on free ports, and a client that sends paths as they are. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import type { AddressInfo, Server } from 'node:net'

/** What the frameworks and the node door make. */
export type Listener = (request: http.IncomingMessage, response: http.ServerResponse) => unknown

export type Transport = 'http' | 'https' | 'h2c' | 'h2'

export interface SendOptions {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
  readonly signal?: AbortSignal
  /** Called with the first bytes of the body. */
  readonly onData?: () => void
}

export interface Reply {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: Buffer
}

export interface Running {
  /** Scheme, host and port. */
  readonly origin: string
  /** How many connections were opened. */
  readonly connections: () => number
  /** Sends the path without any change; rejects when the answer breaks off. */
  readonly send: (path: string, options?: SendOptions) => Promise<Reply>
  readonly close: () => Promise<void>
}

/** A key and a certificate for 127.0.0.1, or `undefined` on machines without openssl. */
export const tls: { readonly key: string; readonly cert: string } | undefined = createCertificate()

function createCertificate() {
  const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=honeydew'
  const target = '-addext subjectAltName=IP:127.0.0.1 -keyout - -out -'
  try {
    const pem = execFileSync('openssl', `${words} ${target}`.split(' '), { encoding: 'utf8', stdio: 'pipe' })
    const cert = pem.slice(pem.indexOf('-----BEGIN CERTIFICATE-----'))
    return { key: pem.slice(0, pem.length - cert.length), cert }
  } catch {
    return undefined
  }
}

/** Starts a listener on a free port. */
export async function start(transport: Transport, listener: Listener): Promise<Running> {
  const server = createServer(transport, listener)
  const sockets = new Set<{ destroy(): void }>()
  let connections = 0
  server.on('connection', socket => {
    connections += 1
    sockets.add(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const isSecure = transport === 'https' || transport === 'h2'
  const origin = `${isSecure ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = transport.startsWith('h2') ? createHttp2Client(origin) : createHttpClient(origin)
  return {
    origin,
    connections: () => connections,
    send: client.send,
    async close() {
      client.close()
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function createServer(transport: Transport, listener: Listener): Server {
  // The compatibility layer of HTTP/2 is what frameworks are given; its types differ from those of HTTP/1.
  const compatible = listener as unknown as (
    request: http2.Http2ServerRequest,
    response: http2.Http2ServerResponse,
  ) => void
  switch (transport) {
    case 'http':
      return http.createServer(listener)
    case 'https':
      return https.createServer({ ...tls }, listener)
    case 'h2c':
      return http2.createServer(compatible)
    case 'h2':
      return http2.createSecureServer({ ...tls }, compatible)
  }
}

interface Client extends Pick<Running, 'send'> {
  close(): void
}

function createHttpClient(origin: string): Client {
  const library = origin.startsWith('https') ? https : http
  const agent = new library.Agent({ keepAlive: true, maxSockets: 2 })
  const { hostname, port } = new URL(origin)
  return {
    close: () => agent.destroy(),
    send: (path, { body, onData, ...options } = {}) =>
      new Promise((resolve, reject) => {
        // Headers are told, an options object: no URL parser ever sees the path.
        const target = { agent, hostname, port, path, ...(tls ? { ca: tls.cert } : {}), ...options }
        const request = library.request(target, response => {
          const chunks: Buffer[] = []
          response.on('data', chunk => chunks.push(chunk))
          if (onData) response.once('data', onData)
          response.once('error', reject)
          response.once('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks),
            }),
          )
        })
        request.once('error', reject)
        request.end(body)
      }),
  }
}

function createHttp2Client(origin: string): Client {
  const session = http2.connect(origin, tls ? { ca: tls.cert } : {})
  session.on('error', () => {})
  return {
    close: () => session.destroy(),
    send: (path, { method = 'GET', headers, body, signal, onData } = {}) =>
      new Promise((resolve, reject) => {
        const target = { ':path': path, ':method': method, ...headers }
        const stream = session.request(target, {
          endStream: body === undefined,
          ...(signal ? { signal } : {}),
        })
        const chunks: Buffer[] = []
        let head: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader = {}
        stream.once('response', received => {
          head = received
        })
        stream.on('data', chunk => chunks.push(chunk))
        if (onData) stream.once('data', onData)
        stream.once('error', reject)
        stream.once('close', () => {
          const { ':status': status = 0, ...rest } = head
          if (stream.rstCode !== http2.constants.NGHTTP2_NO_ERROR || status === 0)
            reject(new Error(`The stream was reset with ${stream.rstCode}.`))
          else resolve({ status, headers: { ...rest }, body: Buffer.concat(chunks) })
        })
        if (body !== undefined) stream.end(body)
      }),
  }
}
