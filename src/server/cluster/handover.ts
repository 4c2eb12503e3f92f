/* Connections on their way from the first process to a worker. Node hands them over one by one, and forgets one that was
   on its way when the worker was killed: its client would wait for ever. */
import type { ChildProcess } from 'node:child_process'

interface Closable {
  close(): unknown
}

/**
 * Closes what a worker has not taken, when the worker has ended.
 *
 * The messages that are looked at are Node's own (`lib/internal/cluster`); where another version of Node words them
 * differently, nothing is closed, as without this.
 */
export function closeUntaken(worker: ChildProcess): void {
  const untaken = new Map<number, Closable>()
  worker.send = new Proxy(worker.send, {
    apply(send, self, words) {
      const [message, handle] = words as readonly unknown[]
      const number = readNumber(message, 'seq')
      if (number !== undefined && isClosable(handle)) untaken.set(number, handle)
      return Reflect.apply(send, self, words)
    },
  })
  worker.on('internalMessage', (message: unknown) => {
    const number = readNumber(message, 'ack')
    if (number !== undefined) untaken.delete(number)
  })
  worker.once('exit', () => {
    for (const handle of untaken.values()) handle.close()
    untaken.clear()
  })
}

function readNumber(message: unknown, name: 'seq' | 'ack'): number | undefined {
  const value: unknown = typeof message === 'object' && message !== null && Reflect.get(message, name)
  return typeof value === 'number' ? value : undefined
}

function isClosable(handle: unknown): handle is Closable {
  return (
    typeof handle === 'object' && handle !== null && 'close' in handle && typeof handle.close === 'function'
  )
}
