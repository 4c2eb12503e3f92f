/* Range requests (RFC 9110 section 14): one range of bytes, of a body whose length is known. Whoever asks for several gets
   the whole, as the specification allows. */
import type { Validators } from './conditional.js'
import { type RequestHeaders, readHeader } from './header-field.js'

/** A range of bytes. */
export interface ByteRange {
  /** The first byte. */
  readonly start: number
  /** The byte after the last one. */
  readonly end: number
}

const singleRange = /^bytes=[ \t]*([0-9]{0,16})-([0-9]{0,16})[ \t]*$/i

/**
 * Reads the range that a GET asks for.
 *
 * @returns `undefined` where the whole body is to be sent; `unsatisfiable` where nothing of it lies in the range (416)
 */
export function resolveRange(
  headers: RequestHeaders,
  size: number,
  validators: Validators,
): ByteRange | 'unsatisfiable' | undefined {
  const [, first, last] = singleRange.exec(readHeader(headers, 'range') ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  if (!isSame(readHeader(headers, 'if-range'), validators)) return undefined
  if (first === '') {
    // Section 14.1.2: the last bytes, or all where there are not as many.
    const count = Number(last)
    return count === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - count), end: size }
  }
  const start = Number(first)
  const end = last === '' ? size : Math.min(Number(last) + 1, size)
  // "An int-range is invalid if the last-pos value is present and less than first-pos": such a header is ignored.
  if (last !== '' && Number(last) < start) return undefined
  return start >= size ? 'unsatisfiable' : { start, end }
}

/* Section 13.1.5: the range is of the version that the client has, told by a strong ETag or by the exact date. */
function isSame(condition: string | undefined, { etag, lastModified }: Validators): boolean {
  if (condition === undefined) return true
  const text = condition.trim()
  return text.startsWith('"') ? text === etag : lastModified !== undefined && text === lastModified.text
}
