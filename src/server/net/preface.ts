/* HTTP/1 or HTTP/2 without TLS: told by the first bytes of a connection (RFC 9113 section 3.4). */
import type { Socket } from 'node:net'

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/**
 * Waits for the first bytes of a connection and hands it on; it is closed when they do not come in time.
 *
 * @param acceptFirst - takes connections that speak HTTP/1
 * @param acceptSecond - takes connections that speak HTTP/2
 */
export function acceptByPreface(
  socket: Socket,
  patienceMs: number,
  acceptFirst: () => void,
  acceptSecond: (socket: Socket) => void,
): void {
  const timer = setTimeout(() => socket.destroy(), patienceMs).unref()
  const ignore = (): void => {}
  const look = (): void => {
    const seen: Buffer | null = socket.read()
    if (seen === null) return
    const length = Math.min(seen.length, preface.length)
    const isSecond = seen.subarray(0, length).equals(preface.subarray(0, length))
    socket.unshift(seen)
    // No request of HTTP/1 begins as the preface does, and clients send it in one piece.
    stop()
    if (isSecond) acceptSecond(socket)
    else acceptFirst()
  }
  const stop = (): void => {
    clearTimeout(timer)
    socket.off('readable', look)
    socket.off('error', ignore)
    socket.off('close', stop)
  }
  socket.on('readable', look)
  socket.on('error', ignore)
  socket.on('close', stop)
}
