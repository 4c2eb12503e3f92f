/* LZW as TIFF has it: most significant bit first, codes of 9 to 12 bits that grow one code early (TIFF 6.0 section 13). */
import { createDamage } from './damage.js'

const clearCode = 256
const endCode = 257
const firstCode = 258
const maxCodes = 4096

/** Tells whether the bytes are LZW of before 1988 (TIFF 5), which puts the least significant bit first. */
export function isOldLzw(input: Uint8Array): boolean {
  // Both kinds begin with a clear code: 256 in nine bits is 0x80 0x00 now, 0x00 0x01 then.
  return input[0] === 0 && ((input[1] ?? 0) & 1) === 1
}

/** The `width` bits that begin `position` bits into the input: they touch three bytes at most. */
function readCode(input: Uint8Array, position: number, width: number): number {
  const at = position >> 3
  const three = ((input[at] as number) << 16) | ((input[at + 1] as number) << 8) | (input[at + 2] as number)
  return (three >> (24 - (position & 7) - width)) & ((1 << width) - 1)
}

/** Repeats what stands at `from`, byte by byte: it overlaps with its copy when a string repeats itself. */
function copyString(output: Uint8Array, from: number, to: number, end: number): void {
  for (let source = from, target = to; target < end; ) output[target++] = output[source++] as number
}

/**
 * Decodes `length` bytes. A string of the table always stands in the output already, so the table holds positions only
 * and nothing is allocated for a code.
 *
 * @throws {@link SourceError} when the codes contradict each other or end early.
 */
export function decodeLzw(stored: Uint8Array, length: number): Uint8Array {
  // Two bytes more, so that the last code is read as every other: a read beyond an array makes all reads slow.
  const input = new Uint8Array(stored.length + 2)
  input.set(stored)
  const limit = stored.length * 8
  const output = new Uint8Array(length)
  const starts = new Int32Array(maxCodes)
  const lengths = new Int32Array(maxCodes)
  let [position, out, width, next, start, run] = [0, 0, 9, firstCode, 0, 0]
  while (out < length) {
    const code = readCode(input, position, width)
    position += width
    if (code === endCode || position > limit) throw createDamage('an LZW stream ends early')
    if (code === clearCode) {
      width = 9
      next = firstCode
      run = 0
      continue
    }
    if (run > 0 && next < maxCodes) {
      // The new string is the last one and the byte after it, which is about to be written.
      starts[next] = start
      lengths[next] = run + 1
      next += 1
      if (next + 1 >= 1 << width && width < 12) width += 1
    }
    start = out
    if (code < clearCode) {
      run = 1
      output[out] = code
    } else {
      if (code >= next || run === 0) throw createDamage('an LZW stream uses a code before it is defined')
      run = Math.min(lengths[code] as number, length - out)
      copyString(output, starts[code] as number, out, out + run)
    }
    out += run
  }
  return output
}
