/* How a server ends without losing a request. */
import type { Server as HttpServer } from 'node:http'
import { constants } from 'node:http2'
import { Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Tracker } from './tracker.js'

/* A client that was answered just now may have its next request on the way, and a connection that is closed before that
   arrives would lose it. Who asks within this time is answered, and told that the connection ends. */
const quietMs = 1000
const stepMs = 25

/* The highest number that a stream can have: nothing is refused yet (RFC 9113 section 6.8). */
const allStreams = 2 ** 31 - 1

/**
 * Ends a server: accepts no more, lets requests come to their end, and closes connections as they become idle.
 *
 * @param boundMs - after it all connections are closed
 * @returns how many requests were cut off
 */
export async function stopListening(server: HttpServer, tracker: Tracker, boundMs: number): Promise<number> {
  const began = performance.now()
  // Not the method of the server of HTTP: it closes idle connections at once.
  if (server.listening) Server.prototype.close.call(server)
  // One that its client has just ended throws.
  for (const session of tracker.sessions())
    if (!session.destroyed) session.goaway(constants.NGHTTP2_NO_ERROR, allStreams)
  while (tracker.connections() > 0 && performance.now() - began < boundMs) {
    tracker.endIdle(quietMs)
    if (performance.now() - began > quietMs)
      for (const session of tracker.sessions()) if (!session.closed) session.close()
    await sleep(stepMs)
  }
  const cut = tracker.inFlight()
  tracker.destroyAll()
  return cut
}
