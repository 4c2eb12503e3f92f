/* Asks a server: paths go out as they are, redirects are followed as viewers follow them, and nothing takes longer, or is
   larger, than it may. */
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'

/** What a server answered. */
export interface Reply {
  /** The method that was used. */
  readonly method: string
  /** The URL that was asked first. */
  readonly asked: string
  /** The URL that answered in the end. */
  readonly url: string
  /** How many redirects there were. */
  readonly redirects: number
  /** The status; 0 where there was no answer. */
  readonly status: number
  /** The headers, names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** The body. */
  readonly body: Uint8Array
  /** Why there was no answer, or not all of it. */
  readonly failure?: string
}

/** How something is asked. */
export interface Asking {
  /** The method. @defaultValue GET */
  readonly method?: string
  /** Headers. */
  readonly headers?: Readonly<Record<string, string>>
  /** Whether redirects are followed. @defaultValue true */
  readonly follow?: boolean
}

/** The bounds of a client. */
export interface ClientOptions {
  /** How long an answer may take, in milliseconds. */
  readonly timeoutMs: number
  /** How long all answers together may take, in milliseconds. */
  readonly deadlineMs: number
  /** How many bytes an answer may have. */
  readonly maxBytes: number
  /** Ends it. */
  readonly signal?: AbortSignal | undefined
}

/** Asks a server. */
export interface Client {
  /** Asks for a URL, whose path is sent as it stands here. Never rejects: what fails is an answer, too. */
  ask(url: string, asking?: Asking): Promise<Reply>
  /** How many requests there were. */
  readonly requests: number
  /** Closes its connections. */
  close(): void
}

const maxRedirects = 5
const redirectStatuses: readonly number[] = [301, 302, 303, 307, 308]

/** Creates a client; its connections are kept, because servers are asked much. */
export function createClient(options: ClientOptions): Client {
  const agents = {
    'http:': new HttpAgent({ keepAlive: true, maxSockets: 2 }),
    'https:': new HttpsAgent({ keepAlive: true, maxSockets: 2 }),
  }
  const ends = performance.now() + options.deadlineMs
  let requests = 0
  const askOnce = async (url: string, asking: Asking): Promise<Reply> => {
    requests += 1
    const rest = ends - performance.now()
    const method = asking.method ?? 'GET'
    const nothing = { method, asked: url, url, redirects: 0, status: 0, headers: {}, body: new Uint8Array() }
    if (rest <= 0) return { ...nothing, failure: 'the time for all requests is over' }
    const signals = [AbortSignal.timeout(Math.ceil(Math.min(rest, options.timeoutMs)))]
    if (options.signal) signals.push(options.signal)
    try {
      const message = await send(url, method, asking.headers ?? {}, agents, AbortSignal.any(signals))
      return { ...nothing, ...(await receive(message, options.maxBytes)) }
    } catch (error) {
      return { ...nothing, failure: explain(error, options) }
    }
  }
  return {
    async ask(url, asking = {}) {
      let reply = await askOnce(url, asking)
      for (let redirects = 1; asking.follow !== false && redirects <= maxRedirects; redirects += 1) {
        const target = findTarget(reply)
        if (target === undefined) break
        reply = { ...(await askOnce(target, asking)), asked: url, redirects }
      }
      return reply
    },
    get requests() {
      return requests
    },
    close() {
      for (const agent of Object.values(agents)) agent.destroy()
    },
  }
}

function findTarget({ status, headers, url }: Reply): string | undefined {
  const { location } = headers
  if (!redirectStatuses.includes(status) || location === undefined) return undefined
  const target = URL.canParse(location, url) ? new URL(location, url) : undefined
  return target && ['http:', 'https:'].includes(target.protocol) ? target.href : undefined
}

interface Agents {
  readonly 'http:': HttpAgent
  readonly 'https:': HttpsAgent
}

function send(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  agents: Agents,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { protocol, hostname, port } = new URL(url)
  // Not the path of the URL object, which would be put in order.
  const path = /^https?:\/\/[^/?#]*([^#]*)/i.exec(url)?.[1] || '/'
  const host = hostname.replace(/^\[|\]$/g, '')
  const settings = {
    host,
    port,
    path,
    method,
    headers: { 'user-agent': 'honeydew check', ...headers },
    signal,
  }
  return new Promise((resolve, reject) => {
    const client =
      protocol === 'https:'
        ? requestHttps({ ...settings, agent: agents['https:'] }, resolve)
        : requestHttp({ ...settings, agent: agents['http:'] }, resolve)
    client.on('error', reject)
    client.end()
  })
}

async function receive(
  message: IncomingMessage,
  maxBytes: number,
): Promise<Pick<Reply, 'status' | 'headers' | 'body' | 'failure'>> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(message.headers)) headers[name] = String(value)
  const status = message.statusCode ?? 0
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of message) {
    length += chunk.length
    if (length > maxBytes) {
      message.destroy()
      return {
        status,
        headers,
        body: new Uint8Array(),
        failure: `the answer has more than ${maxBytes} bytes`,
      }
    }
    chunks.push(chunk)
  }
  return { status, headers, body: Buffer.concat(chunks) }
}

function explain(error: unknown, { timeoutMs, signal }: ClientOptions): string {
  if (signal?.aborted) return 'it was given up'
  if (error instanceof Error && /abort|timeout/i.test(error.name + error.message)) {
    return `no answer within ${timeoutMs / 1000} s`
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return `no answer: ${code || (error instanceof Error ? error.message : String(error))}`
}
