/* Ranges of bytes, cut to what there is. */

/**
 * Counts the bytes that a read of `length` bytes from `offset` gives when there are `size`. A length that a damaged
 * file claims costs no memory this way.
 *
 * @throws RangeError when the offset or the length is negative or not a number.
 */
export function clampLength(offset: number, length: number, size: number): number {
  if (!(offset >= 0 && length >= 0))
    throw new RangeError(`read: expected an offset and a length from 0, received ${offset} and ${length}`)
  return Math.max(0, Math.min(length, size - offset))
}
