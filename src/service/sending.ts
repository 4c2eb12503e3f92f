/* Bodies on their way to a client that may be slow, or gone without a word: whatever they hold is given back when they
   are sent, broken off, or when nothing was taken for too long. */
import { Readable } from 'node:stream'
import { TimeoutError } from '../errors.js'
import { abandon } from './body.js'

/** Bodies up to this size are sent and forgotten, in bytes; of larger ones it is watched whether anybody reads them. */
export const smallBodyBytes: number = 2 ** 20

/** What belongs to sending a body. */
export interface Sending {
  /** How long a client may take nothing, in milliseconds. */
  readonly sendMs: number
  /** Called once, when the body is not needed any more. */
  onEnd(): void
}

/**
 * Makes a body a stream that watches over its reader. When nothing was taken for too long it fails, and with it the
 * connection, so that nobody takes the body for whole.
 */
export function watchSending(body: AsyncIterable<Uint8Array>, { sendMs, onEnd }: Sending): Readable {
  const chunks = body[Symbol.asyncIterator]()
  let timer: NodeJS.Timeout | undefined
  const stall = (): void => void readable.destroy(new TimeoutError('The client has stopped reading.'))
  // Whoever sends asks for more as soon as this is on its way. It counts before the first byte too, because a door may
  // forget a body, and after the last one, which may not be taken. A process that wants to end is not kept from it.
  const wait = (): void => {
    if (sendMs !== Infinity && !readable.destroyed) timer = setTimeout(stall, sendMs).unref()
  }
  const readable = new Readable({
    read() {
      clearTimeout(timer)
      chunks.next().then(
        ({ done, value }) => {
          wait()
          readable.push(done ? null : value)
        },
        (error: Error) => readable.destroy(error),
      )
    },
    destroy(error, callback) {
      clearTimeout(timer)
      onEnd()
      abandon(chunks)
      callback(error)
    },
  })
  wait()
  return readable
}

const pieceBytes = 256 * 1024

/** Gives bytes piece by piece, so that it shows how far a client has read. */
export async function* cutInPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += pieceBytes)
    yield bytes.subarray(start, start + pieceBytes)
}
