/* Memory that is given back at once. Samples of pixels lie outside of JavaScript's heap, where the garbage collector sees
   them only as a number: a few dozen tiles of them make it go through the whole heap, which costs more than a tile. */
import { MessageChannel, type MessagePort } from 'node:worker_threads'

/** Shorter memory is cheaper to leave than to give back. */
const minBytes = 16 * 1024

let nowhere: MessagePort | undefined

/**
 * Gives back the buffer that an array lies in; the array is empty afterwards, as is any other view of the buffer. Only for
 * a buffer of which nobody else holds any part.
 */
export function discard({ buffer }: Uint8Array): void {
  if (buffer.byteLength < minBytes || !(buffer instanceof ArrayBuffer)) return
  // What is transferred leaves here, and with nobody at the other end it is freed.
  nowhere ??= openNowhere()
  nowhere.postMessage(undefined, [buffer])
}

function openNowhere(): MessagePort {
  const { port1, port2 } = new MessageChannel()
  port2.close()
  return port1
}
