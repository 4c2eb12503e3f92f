/* Clients of a proxy, at an address that it does not trust: HTTP/1.1 in clear text, and HTTP/2 or HTTP/1.1 over TLS. They
   send paths and headers as they are. */
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import type { Socket } from 'node:net'
import tls from 'node:tls'
import type { Address, RunningProxy } from './servers.js'

/** The address that clients have: the proxy's own is 127.0.0.1. */
export const clientAddress = '127.0.0.9'

export interface Asking {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  /** Whether HTTP/2 is not to be spoken over TLS. */
  readonly isOld?: boolean
  /** Gives the request up. */
  readonly signal?: AbortSignal
  /** Hears of each piece of the body. */
  readonly onData?: (chunk: Buffer) => void
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Where an image server is for its clients. */
export interface Site extends Address {
  /** How the tests call it. */
  readonly title: string
  /** The path of the image server. */
  readonly path: string
}

/** The sites of the examples that show the same images. */
export const sites: readonly Site[] = [
  { title: 'at the root', scheme: 'http', host: 'iiif.example.org', path: '' },
  { title: 'at the root, over TLS and HTTP/2', scheme: 'https', host: 'iiif.example.org', path: '' },
  { title: 'under a path', scheme: 'http', host: 'www.example.org', path: '/images' },
  { title: 'under a path, over TLS and HTTP/2', scheme: 'https', host: 'www.example.org', path: '/images' },
]

/** The site with identifiers that only the proxy knows. */
export const photoSite: Site = { title: 'renamed', scheme: 'https', host: 'photos.example.org', path: '' }

/** Asks a proxy. */
export interface Client {
  /** Sends the path to a site without any change; rejects when the answer breaks off. */
  ask(site: Site, path: string, asking?: Asking): Promise<Reply>
  /** The public address of a site: scheme, host, port and path. */
  baseOf(site: Site): string
  /** Closes all connections. */
  close(): void
}

/** Creates a client of a proxy. */
export function createClient({ ports, certificate }: RunningProxy): Client {
  const address = { host: '127.0.0.1', localAddress: clientAddress }
  const agents = {
    http: new http.Agent({ keepAlive: true, maxSockets: 8 }),
    https: new https.Agent({ keepAlive: true, maxSockets: 8 }),
  }
  const sessions = new Map<string, http2.ClientHttp2Session>()
  const connect = (host: string): http2.ClientHttp2Session => {
    const known = sessions.get(host)
    if (known && !known.closed && !known.destroyed) return known
    const secure = { ...address, port: ports.https, ca: certificate, servername: host, ALPNProtocols: ['h2'] }
    const session = http2.connect(`https://${host}:${ports.https}`, {
      createConnection: () => tls.connect(secure) as Socket,
    })
    // Requests tell it.
    session.on('error', () => {})
    sessions.set(host, session)
    return session
  }
  const ask = ({ scheme, host }: Site, path: string, asking: Asking = {}): Promise<Reply> => {
    const authority = `${host}:${ports[scheme]}`
    if (scheme === 'https' && !asking.isOld) return askSession(connect(host), path, asking, authority)
    const { method = 'GET', headers, signal } = asking
    const { request } = scheme === 'http' ? http : https
    const target = {
      ...address,
      agent: agents[scheme],
      port: ports[scheme],
      path,
      method,
      headers: { host: authority, ...headers },
      ...(signal && { signal }),
      ...(scheme === 'https' && { ca: certificate, servername: host }),
    }
    return readAnswer(request(target), asking)
  }
  return {
    ask,
    baseOf: ({ scheme, host, path }) => `${scheme}://${host}:${ports[scheme]}${path}`,
    close() {
      for (const agent of Object.values(agents)) agent.destroy()
      for (const session of sessions.values()) session.destroy()
    },
  }
}

function readAnswer(request: http.ClientRequest, { onData }: Asking): Promise<Reply> {
  return new Promise((resolve, reject) => {
    request.once('error', reject)
    request.once('response', response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => {
        chunks.push(chunk)
        onData?.(chunk)
      })
      response.once('error', reject)
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers as Record<string, string>,
          body: Buffer.concat(chunks),
        }),
      )
    })
    request.end()
  })
}

function askSession(
  session: http2.ClientHttp2Session,
  path: string,
  { method = 'GET', headers, signal, onData }: Asking,
  authority: string,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const head = { ':path': path, ':method': method, ':authority': authority, ...headers }
    const stream = session.request(head, { endStream: true, ...(signal && { signal }) })
    const chunks: Buffer[] = []
    let answer: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader = {}
    stream.once('response', received => {
      answer = received
    })
    stream.on('data', chunk => {
      chunks.push(chunk)
      onData?.(chunk)
    })
    stream.once('error', reject)
    stream.once('close', () => {
      const { ':status': status = 0, ...rest } = answer
      if (stream.rstCode !== http2.constants.NGHTTP2_NO_ERROR || status === 0)
        reject(new Error(`The stream was reset with ${stream.rstCode}.`))
      else resolve({ status, headers: rest as Record<string, string>, body: Buffer.concat(chunks) })
    })
  })
}
