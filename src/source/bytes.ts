/* An image that is in memory already. */
import { createHash } from 'node:crypto'
import { types } from 'node:util'
import type { ImageSource, StreamOptions } from '../contracts.js'
import { throwIfAborted } from './failure.js'
import { clampLength } from './range.js'

/** What may be known about bytes in memory. */
export interface BytesSourceOptions {
  /**
   * What changes whenever the bytes change.
   *
   * @defaultValue the SHA-256 of the bytes: about a second of one processor for each gigabyte or less
   */
  readonly version?: string
  /** When the bytes last changed. @defaultValue not known */
  readonly lastModified?: Date
  /** What the bytes may be, for example `jpg`; the bytes decide. @defaultValue not known */
  readonly formatHint?: string
}

/**
 * Creates the source of bytes in memory. They are not copied: who gave them must not change them any more.
 *
 * @throws TypeError when the bytes or an option are not what they must be.
 */
export function bytesSource(bytes: Uint8Array, options: BytesSourceOptions = {}): ImageSource {
  if (!types.isUint8Array(bytes)) throw new TypeError('bytes: expected a Uint8Array')
  const { lastModified, formatHint } = options
  if (options.version !== undefined && (typeof options.version !== 'string' || options.version === ''))
    throw new TypeError('version: expected a string that is not empty')
  if (lastModified !== undefined && !(types.isDate(lastModified) && Number.isFinite(lastModified.getTime())))
    throw new TypeError('lastModified: expected a valid Date')
  return {
    version: options.version ?? createHash('sha256').update(bytes).digest('base64url'),
    size: bytes.length,
    ...(lastModified !== undefined && { lastModified }),
    ...(formatHint !== undefined && { formatHint }),
    async read(offset, length, signal) {
      throwIfAborted(signal)
      return bytes.subarray(offset, offset + clampLength(offset, length, bytes.length))
    },
    stream: range => streamBytes(bytes, range),
  }
}

async function* streamBytes(bytes: Uint8Array, range: StreamOptions = {}): AsyncGenerator<Uint8Array> {
  const { start = 0, end = bytes.length, signal } = range
  throwIfAborted(signal)
  const length = clampLength(start, Math.max(0, end - start), bytes.length)
  if (length > 0) yield bytes.subarray(start, start + length)
}
