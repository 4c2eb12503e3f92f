/* What is going on with clients: which connections there are, which of them are idle, and how many requests are being
   answered. It is what a server must know to end without losing one. */
import type { Http2Session, ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'

/** The parts of a response that are watched. */
export interface WatchedResponse {
  /** Whether all of it was handed to the system. */
  readonly writableFinished: boolean
  /** How many bytes wait to be sent. */
  readonly writableLength: number
  /** The connection that it is sent by; none while it waits behind another answer, and when it was sent. */
  readonly socket?: unknown
  /** Gives the response up. */
  destroy(): unknown
  /** Tells of its end. */
  emit(event: 'close'): unknown
  /** Hears of its end, or of what was sent before it. */
  once(event: 'close', listener: () => void): unknown
}

/** Knows what is going on. */
export interface Tracker {
  /** A connection was made; it counts as one of HTTP/1 until it is known to speak HTTP/2. */
  addSocket(socket: Socket): void
  /** A connection is known to speak HTTP/2: from now on its session counts. */
  removeSocket(socket: Socket): void
  /** A session of HTTP/2 has begun. */
  addSession(session: ServerHttp2Session): void
  /**
   * A request has come; it is over when its response is closed.
   *
   * @returns its turn, where another one on a connection of HTTP/1.1 is to be answered first
   */
  begin(connection: Socket | Http2Session, response: WatchedResponse): Promise<void> | undefined
  /** How many requests are being answered whose client is still there. */
  inFlight(): number
  /** How many connections there are. */
  connections(): number
  /** Ends connections of HTTP/1 on which nothing has gone on for so long. */
  endIdle(idleMs: number): void
  /** The connections that speak HTTP/2. */
  sessions(): readonly ServerHttp2Session[]
  /** Ends all connections, whatever goes on. */
  destroyAll(): void
}

interface Activity {
  /** What is being answered. */
  readonly responses: Set<WatchedResponse>
  /** The one that came last. */
  last?: WatchedResponse
  quietSince: number
}

function createActivity(): Activity {
  return { responses: new Set(), quietSince: performance.now() }
}

/* A client of HTTP/1.1 may send requests without waiting for answers (RFC 9112 section 9.3.2). When it leaves, Node tells only
   the first of the answers; the others would wait for their turn for ever, with all that was made for them. */
function endWaiting({ responses }: Activity): void {
  for (const response of [...responses]) {
    if (response.socket !== null) continue
    response.destroy()
    response.emit('close')
  }
}

/** How many requests a connection may have at the same time: more than any viewer sends. Of HTTP/1.1 it is the end of it. */
export const maxResponses = 250

/* Their answers go out in the order of the requests (RFC 9112 section 9.3.2), so that one which is made sooner would only
   hold what it has open, and its first bytes, for as long as the client likes: and a client can ask for very many. */
function waitForTurn({ responses, last }: Activity): Promise<void> | undefined {
  if (last === undefined || !responses.has(last)) return undefined
  return new Promise(resolve => last.once('close', resolve))
}

function endIdle(sockets: ReadonlyMap<Socket, Activity>, since: number): void {
  for (const [socket, { responses, quietSince }] of sockets)
    if (responses.size === 0 && quietSince <= since) socket.destroySoon()
}

function countResponses(activities: Iterable<Activity>): number {
  let sum = 0
  for (const { responses } of activities) sum += responses.size
  return sum
}

/** Creates a tracker. @param idleMs - how long a connection of HTTP/2 may be open without a stream */
export function createTracker(idleMs: number): Tracker {
  const sockets = new Map<Socket, Activity>()
  const sessions = new Map<Http2Session, Activity & { timer?: NodeJS.Timeout | undefined }>()
  const rest = (session: Http2Session): void => {
    const activity = sessions.get(session)
    // Not the timeout of the session: whoever sends pings would never be idle.
    if (activity) activity.timer = setTimeout(() => session.close(), idleMs).unref()
  }
  return {
    addSocket(socket) {
      const activity = createActivity()
      sockets.set(socket, activity)
      socket.once('close', () => {
        sockets.delete(socket)
        endWaiting(activity)
      })
    },
    removeSocket: socket => void sockets.delete(socket),
    addSession(session) {
      sessions.set(session, createActivity())
      rest(session)
      session.once('close', () => {
        clearTimeout(sessions.get(session)?.timer)
        sessions.delete(session)
      })
    },
    begin(connection, response) {
      const session = sessions.get(connection as Http2Session)
      const activity = session ?? sockets.get(connection as Socket)
      if (session) clearTimeout(session.timer)
      const turn = session || !activity ? undefined : waitForTurn(activity)
      activity?.responses.add(response)
      if (activity) activity.last = response
      response.once('close', () => {
        if (!activity) return
        activity.responses.delete(response)
        activity.quietSince = performance.now()
        if (session && activity.responses.size === 0) rest(connection as Http2Session)
      })
      if (activity && !session && activity.responses.size > maxResponses) connection.destroy()
      return turn
    },
    inFlight: () => countResponses(sockets.values()) + countResponses(sessions.values()),
    connections: () => sockets.size + sessions.size,
    endIdle: quietMs => endIdle(sockets, performance.now() - quietMs),
    sessions: () => [...sessions.keys()] as ServerHttp2Session[],
    destroyAll() {
      for (const session of sessions.keys()) session.destroy()
      for (const socket of sockets.keys()) socket.destroy()
    },
  }
}
