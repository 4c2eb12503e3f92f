/* An image source whose bytes are fetched by range through a block cache. */
import type { ImageSource, StreamOptions } from '../contracts.js'
import type { BlockCache } from './block-cache.js'
import { throwIfAborted } from './failure.js'
import { clampLength } from './range.js'
import type { RemoteBytes } from './remote-bytes.js'

/** What is known of the bytes beside where they come from. */
export type SourceFacts = Pick<ImageSource, 'version' | 'lastModified' | 'formatHint'>

/* The pieces of a stream: large enough that requests do not count, small enough to be fetched again when one breaks off. */
const pieceBytes = 2 ** 20

/** Creates the source of bytes that are elsewhere; it holds nothing that must be given back. */
export function createBlockSource(bytes: RemoteBytes, facts: SourceFacts, cache: BlockCache): ImageSource {
  return {
    ...facts,
    size: bytes.size,
    isOwn: bytes.isOwn === true,
    read: (offset, length, signal, around) => cache.read(bytes, { offset, length, around }, signal),
    readSync: (target, offset) => cache.readSync(bytes, target, offset),
    prefetch: (offset, length, { signal, timeoutMs, around } = {}) =>
      cache.prefetch(bytes, { offset, length, around }, signal, timeoutMs),
    stream: options => streamPieces(bytes, options),
  }
}

/* Who wants everything in order wants it once: it goes past the cache. */
async function* streamPieces(
  bytes: RemoteBytes,
  { start = 0, end = bytes.size, signal }: StreamOptions = {},
): AsyncGenerator<Uint8Array> {
  throwIfAborted(signal)
  const stop = start + clampLength(start, Math.max(0, end - start), bytes.size)
  for (let offset = start; offset < stop; offset += pieceBytes)
    yield await bytes.fetchRange(offset, Math.min(pieceBytes, stop - offset), signal)
}
