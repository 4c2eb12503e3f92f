/* PackBits: runs of equal and of different bytes (TIFF 6.0 section 9). */
import { createDamage } from './damage.js'

/**
 * Decodes `length` bytes.
 *
 * @throws {@link SourceError} when the stream ends early.
 */
export function decodePackBits(input: Uint8Array, length: number): Uint8Array {
  const output = new Uint8Array(length)
  let [at, out] = [0, 0]
  while (out < length) {
    // Past the end of the input stands what is never enough: a run without its byte.
    const head = input[at++] ?? 255
    // "If n is -128, noop."
    if (head === 128) continue
    const end = Math.min(out + (head < 128 ? head + 1 : 257 - head), length)
    const needed = head < 128 ? end - out : 1
    if (at + needed > input.length) throw createDamage('a PackBits stream ends early')
    if (head < 128) output.set(input.subarray(at, at + needed), out)
    else output.fill(input[at] as number, out, end)
    at += needed
    out = end
  }
  return output
}
