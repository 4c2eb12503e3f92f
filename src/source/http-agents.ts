/* The connections to other servers: kept open between requests, bounded in number. What they receive is read into one piece of
   memory for all: Node would make another one for each read, and the garbage collector would go through the whole heap to
   be rid of them, once for a few dozen tiles. */
import { Agent, type AgentOptions, type IncomingMessage } from 'node:http'
import { Agent as SecureAgent } from 'node:https'
import type { OnReadOpts, Socket } from 'node:net'

/** Connections, by scheme. */
export interface HttpAgents {
  /** Without TLS. */
  readonly http: Agent
  /** With TLS. */
  readonly https: SecureAgent
  /** Closes all connections. */
  close(): void
}

const idleMs = 10_000

/** Creates agents that open at most `maxSockets` connections to one origin. */
export function createAgents(maxSockets: number): HttpAgents {
  // The last one used is taken first, so that servers close as few as possible under our feet.
  const settings: AgentOptions = {
    keepAlive: true,
    maxSockets,
    maxFreeSockets: maxSockets,
    scheduling: 'lifo',
    timeout: idleMs,
  }
  const http = shareReads(new Agent(settings))
  const https = shareReads(new SecureAgent(settings))
  return {
    http,
    https,
    close() {
      http.destroy()
      https.destroy()
    },
  }
}

/** What a socket gives at once at most. */
const readBytes = 64 * 1024

let received: Uint8Array | undefined

type Open = (options: { onread?: OnReadOpts }, ...rest: unknown[]) => Socket

/* Node hands what lies in such memory on at once, and its HTTP parser copies the body out of it: see `copyShared`. */
function shareReads<T extends Agent>(agent: T): T {
  const door = agent as T & { createConnection: Open }
  const open = door.createConnection
  door.createConnection = (options, ...rest) => {
    received ??= Buffer.allocUnsafeSlow(readBytes)
    const callback = (length: number, bytes: Uint8Array): boolean => {
      socket.emit('data', bytes.subarray(0, length))
      return true
    }
    const socket = open.call(agent, { ...options, onread: { buffer: received, callback } }, ...rest)
    return socket
  }
  return agent
}

/**
 * Sees to it that no piece of a body lies in the memory that the next read writes over. Node copies each piece, but has not
 * promised to: a version of it that does not is slower here, and as right.
 */
export function copyShared(answer: IncomingMessage): void {
  const push = answer.push
  answer.push = (piece, encoding) => push.call(answer, isShared(piece) ? Buffer.from(piece) : piece, encoding)
}

function isShared(piece: unknown): piece is Uint8Array {
  return piece instanceof Uint8Array && piece.buffer === received?.buffer
}
