/* The wall between the service and whatever a source does: a read that takes too long is given up, and what is read is
   counted. */

import type { ImageSource, StreamOptions } from '../contracts.js'
import { throwIfAborted } from '../errors.js'
import { raceSignal } from '../race.js'
import { withDeadline } from '../schedule/deadline.js'
import { abandon } from './body.js'

/** How many bytes were read for a request. */
export interface Meter {
  /** The number of bytes. */
  bytes: number
}

/** Watches over sources. */
export interface Guard {
  /** Gives a source whose reads are bounded in time and counted; all else is that of `source`. */
  guard(source: ImageSource): ImageSource
  /** Counts what is read from now on for a request; its signal, which goes down to each of its reads, stands for it. */
  meter(signal: AbortSignal | undefined): Meter
}

/**
 * Creates a guard.
 *
 * @param readMs - how long a read may take, and each piece of a stream, in milliseconds
 */
export function createGuard(readMs: number): Guard {
  const meters = new WeakMap<AbortSignal, Meter>()
  const patience = { timeoutMs: readMs, what: 'to read the image' }
  const watch: Watch = async (signal, work, count) => {
    throwIfAborted(signal)
    // Where a request waits, its own signal tells the source to give up: it is aborted when the request fails, and one
    // more for each read would cost as much as a small tile.
    const result = await (signal
      ? raceSignal(work(signal), signal, patience)
      : withDeadline(readMs, patience.what, signal, work))
    const meter = signal && meters.get(signal)
    if (meter) meter.bytes += count(result)
    return result
  }
  return {
    guard(source) {
      const { stream } = source
      const prefetch = source.prefetch?.bind(source)
      return {
        ...bindSource(source),
        ...(stream && { stream: options => watchStream(stream.bind(source), watch, options) }),
        read: (offset, length, signal, around) =>
          watch(
            signal,
            within => source.read(offset, length, within, around),
            ({ byteLength }) => byteLength,
          ),
        ...(prefetch && {
          // A source that does not heed the time is not waited for either.
          prefetch: (offset, length, options) =>
            raceSignal(prefetch(offset, length, { ...options, timeoutMs: readMs }), undefined, patience),
        }),
      }
    },
    meter(signal) {
      const meter = { bytes: 0 }
      if (signal) meters.set(signal, meter)
      return meter
    },
  }
}

/* Waits for one read, and counts it. */
type Watch = <T>(
  signal: AbortSignal | undefined,
  work: (within: AbortSignal) => Promise<T>,
  count: (result: T) => number,
) => Promise<T>

/* A stream that is late is told to stop, and is not waited for any more. */
function watchStream(
  open: (options: StreamOptions) => AsyncIterable<Uint8Array>,
  watch: Watch,
  options: StreamOptions = {},
): AsyncIterableIterator<Uint8Array> {
  const { signal } = options
  const controller = new AbortController()
  const within = signal ? AbortSignal.any([signal, controller.signal]) : controller.signal
  const chunks = open({ ...options, signal: within })[Symbol.asyncIterator]()
  return {
    async next() {
      try {
        return await watch(
          signal,
          () => chunks.next(),
          ({ done, value }) => (done ? 0 : value.byteLength),
        )
      } catch (error) {
        controller.abort(error)
        abandon(chunks)
        throw error
      }
    },
    async return() {
      controller.abort()
      await chunks.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/* A source may be an object of a class, whose methods are not its own: nothing of it would be spread. */
function bindSource(source: ImageSource): Omit<ImageSource, 'read' | 'prefetch' | 'stream'> {
  const { version, lastModified, size, path, formatHint, isOwn } = source
  return {
    version,
    ...(lastModified && { lastModified }),
    ...(size !== undefined && { size }),
    ...(path !== undefined && { path }),
    ...(formatHint !== undefined && { formatHint }),
    ...(isOwn && { isOwn }),
    ...(source.readSync && { readSync: source.readSync.bind(source) }),
    ...(source.openRemote && { openRemote: source.openRemote.bind(source) }),
    ...(source.check && { check: source.check.bind(source) }),
    ...(source.close && { close: source.close.bind(source) }),
  }
}
