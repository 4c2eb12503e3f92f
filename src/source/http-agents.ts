/* The connections to other servers: kept open between requests, bounded in number. */
import { Agent } from 'node:http'
import { Agent as SecureAgent } from 'node:https'

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
  const settings = { keepAlive: true, maxSockets, maxFreeSockets: maxSockets, scheduling: 'lifo' } as const
  const http = new Agent({ ...settings, timeout: idleMs })
  const https = new SecureAgent({ ...settings, timeout: idleMs })
  return {
    http,
    https,
    close() {
      http.destroy()
      https.destroy()
    },
  }
}
