/* Bodies that come piece by piece: watched, counted, read in chunks. They are iterators and not generators where
   something must be given back: of a generator that was never started nothing would be. */
import type { ImageSource, StreamOptions } from '../contracts.js'
import { SourceError } from '../errors.js'

/** Calls `onEnd` when a body was read to its end, broke off, or was given up. */
export function watchEnd(
  body: AsyncIterable<Uint8Array>,
  onEnd: () => void,
): AsyncIterableIterator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]()
  return {
    async next() {
      try {
        const next = await chunks.next()
        if (next.done) onEnd()
        return next
      } catch (error) {
        onEnd()
        throw error
      }
    },
    async return() {
      try {
        await chunks.return?.()
      } finally {
        onEnd()
      }
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/** Ends a body that nobody wants any more, without waiting: where it comes from may hang. */
export function abandon(body: Uint8Array | AsyncIterable<Uint8Array> | AsyncIterator<Uint8Array>): void {
  if (body instanceof Uint8Array) return
  const chunks = Symbol.asyncIterator in body ? body[Symbol.asyncIterator]() : body
  void (async () => chunks.return?.())().catch(() => {})
}

/** Breaks a body off that is not as long as was promised, so that nobody takes it for whole. */
export function countBytes(
  first: IteratorResult<Uint8Array>,
  chunks: AsyncIterator<Uint8Array>,
  size: number | undefined,
): AsyncIterableIterator<Uint8Array> {
  let sent = 0
  let waiting: IteratorResult<Uint8Array> | undefined = first
  return {
    async next() {
      const next = waiting ?? (await chunks.next())
      waiting = undefined
      sent += next.done ? 0 : next.value.byteLength
      if (size === undefined || (next.done ? sent === size : sent <= size)) return next
      await chunks.return?.()
      throw new SourceError(500, 'source-unreadable', 'The source does not have the length that it stated.')
    },
    async return() {
      await chunks.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

const chunkBytes = 256 * 1024

/** Reads a source, or a part of it, from its beginning to its end. */
export async function* readInChunks(
  source: ImageSource,
  { start = 0, end = Infinity, signal }: StreamOptions = {},
): AsyncGenerator<Uint8Array> {
  try {
    for (let offset = start; offset < end; ) {
      const chunk = await source.read(offset, Math.min(chunkBytes, end - offset), signal)
      if (chunk.byteLength === 0) return
      offset += chunk.byteLength
      yield chunk
    }
  } finally {
    await source.close?.()
  }
}
