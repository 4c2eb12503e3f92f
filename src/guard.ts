/* The wall between the service and whatever a source does: a read that takes too long is given up, and what is read is
   counted. */
import type { ImageSource } from './contracts.js'
import { withDeadline } from './schedule/deadline.js'

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
 * @param readMs - how long a read may take, in milliseconds
 */
export function createGuard(readMs: number): Guard {
  const meters = new WeakMap<AbortSignal, Meter>()
  return {
    guard(source) {
      return {
        ...bindSource(source),
        async read(offset, length, signal) {
          const read = (within: AbortSignal) => source.read(offset, length, within)
          const bytes = await withDeadline(readMs, 'to read the image', signal, read)
          const meter = signal && meters.get(signal)
          if (meter) meter.bytes += bytes.byteLength
          return bytes
        },
      }
    },
    meter(signal) {
      const meter = { bytes: 0 }
      if (signal) meters.set(signal, meter)
      return meter
    },
  }
}

/* A source may be an object of a class, whose methods are not its own: nothing of it would be spread. */
function bindSource(source: ImageSource): Omit<ImageSource, 'read'> {
  const { version, lastModified, size, path, formatHint } = source
  return {
    version,
    ...(lastModified && { lastModified }),
    ...(size !== undefined && { size }),
    ...(path !== undefined && { path }),
    ...(formatHint !== undefined && { formatHint }),
    ...(source.readSync && { readSync: source.readSync.bind(source) }),
    ...(source.stream && { stream: source.stream.bind(source) }),
    ...(source.openRemote && { openRemote: source.openRemote.bind(source) }),
    ...(source.check && { check: source.check.bind(source) }),
    ...(source.close && { close: source.close.bind(source) }),
  }
}
