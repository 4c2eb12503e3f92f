/* The sockets: http, https and HTTP/2 on one port.

   What listens is always a server of HTTP/1: Node bounds for it how long clients may take, with TLS and without. Connections
   that speak HTTP/2 are handed to another server, which listens to nothing: with TLS those whose client asked for it (ALPN,
   RFC 9113 section 3.3), without TLS those that begin with its preface (section 3.4). */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import {
  createServer as createHttp2Server,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { TlsMaterial } from '../../operations/index.js'
import type { ListenSettings } from '../options/listen.js'
import { acceptByPreface } from './preface.js'
import { stopListening } from './stop.js'
import { createTracker, maxResponses } from './tracker.js'

/** A request by any version of HTTP. */
export type AnyRequest = Parameters<RequestListener>[0] | Http2ServerRequest
/** Its response. */
export type AnyResponse = Parameters<RequestListener>[1] | Http2ServerResponse

/** What answers requests; never rejects. */
export type Answer = (request: AnyRequest, response: AnyResponse) => unknown

/** The sockets of a worker. */
export interface Listener {
  /** Listens. @returns the port; rejects where it cannot be had. */
  listen(): Promise<number>
  /** How many requests are being answered. */
  inFlight(): number
  /** Whether it is to end: answers say that their connection does. */
  isEnding(): boolean
  /**
   * Accepts no more, lets requests come to their end, and closes connections as they become idle.
   *
   * @param boundMs - after it all connections are closed
   * @returns how many requests were cut off
   */
  stop(boundMs: number): Promise<number>
}

/** Creates the sockets of a worker. */
export function createListener(
  settings: ListenSettings,
  tls: TlsMaterial | undefined,
  answer: Answer,
): Listener {
  const tracker = createTracker(settings.keepAliveSeconds * 1000)
  let isEnding = false
  const onRequest: Answer = (request, response) => {
    const connection = 'stream' in request && request.stream ? request.stream.session : request.socket
    // A stream that was reset at once has lost its session.
    const turn = connection && tracker.begin(connection as Socket, response)
    if (isEnding && request.httpVersionMajor === 1) response.setHeader('Connection', 'close')
    if (!turn) return answer(request, response)
    return turn.then(() => (response.destroyed ? undefined : answer(request, response)))
  }
  const server = createHttp1(settings, tls, onRequest)
  const second = (tls ? settings.http2 : settings.h2c) ? createHttp2(onRequest) : undefined
  server.prependListener(tls ? 'secureConnection' : 'connection', tracker.addSocket)
  if (second) {
    second.on('session', tracker.addSession)
    const acceptSecond = (socket: Socket): void => {
      tracker.removeSocket(socket)
      second.emit('connection', socket)
    }
    handOver(server, tls !== undefined, settings.headSeconds * 1000, acceptSecond)
  }
  return {
    async listen() {
      server.listen(settings.port, settings.host)
      await once(server, 'listening')
      return (server.address() as AddressInfo).port
    },
    inFlight: tracker.inFlight,
    isEnding: () => isEnding,
    stop(boundMs) {
      isEnding = true
      return stopListening(server, tracker, boundMs)
    },
  }
}

/* A request has no body that is worth more time than its head. */
const bodySeconds = 30
const maxHeaderBytes = 16 * 1024
const checkMs = 2000
const handshakeMs = 15_000

function createHttp1(settings: ListenSettings, tls: TlsMaterial | undefined, answer: Answer): Server {
  const { headSeconds, keepAliveSeconds, maxConnections, http2 } = settings
  const options = {
    headersTimeout: headSeconds * 1000,
    requestTimeout: (headSeconds + bodySeconds) * 1000,
    keepAliveTimeout: keepAliveSeconds * 1000,
    connectionsCheckingInterval: checkMs,
    maxHeaderSize: maxHeaderBytes,
    noDelay: true,
  }
  const ALPNProtocols = http2 ? ['h2', 'http/1.1'] : ['http/1.1']
  const server = tls
    ? createTlsServer({ ...options, ...tls.options, ALPNProtocols, handshakeTimeout: handshakeMs }, answer)
    : createServer(options, answer)
  if ('setSecureContext' in server) tls?.attach(server)
  server.maxConnections = maxConnections
  // Their bytes are bounded. A bound of their number would drop the last ones unseen: those that a proxy has added.
  server.maxHeadersCount = 0
  // A client that breaks off a handshake is no error of ours.
  server.on('tlsClientError', () => {})
  return server
}

function createHttp2(answer: Answer): Http2Server {
  const server = createHttp2Server({ settings: { maxConcurrentStreams: maxResponses } }, answer)
  server.on('sessionError', () => {})
  return server
}

/* Takes the place of what takes the connections of a server of HTTP/1, and hands on those that speak HTTP/2. */
function handOver(
  server: Server,
  isSecure: boolean,
  patienceMs: number,
  acceptSecond: (socket: Socket) => void,
): void {
  const event = isSecure ? 'secureConnection' : 'connection'
  const listeners = server.listeners(event) as ((socket: Socket) => void)[]
  const acceptFirst = listeners.pop()
  if (!acceptFirst) return
  server.off(event, acceptFirst)
  server.on(event, (socket: Socket) => {
    const first = (): void => acceptFirst.call(server, socket)
    if (!isSecure) acceptByPreface(socket, patienceMs, first, acceptSecond)
    else if ((socket as TLSSocket).alpnProtocol === 'h2') acceptSecond(socket)
    else first()
  })
}
