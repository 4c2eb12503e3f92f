/* What the tests of this folder share: sources that count, and pictures with known pixels. */
import sharp, { type Sharp } from 'sharp'
import type { ImageSource } from '../../../src/contracts.js'

/** A source in memory that counts what is read from it. */
export interface CountingSource extends ImageSource {
  readonly reads: { offset: number; length: number }[]
  bytesRead(): number
}

/** Creates a source of `bytes`; without `size` where the length is to be unknown. */
export function createSource(bytes: Uint8Array, options: { sized?: boolean } = {}): CountingSource {
  const reads: { offset: number; length: number }[] = []
  return {
    version: '1',
    ...(options.sized !== false && { size: bytes.length }),
    reads,
    bytesRead: () => reads.reduce((sum, { length }) => sum + length, 0),
    async read(offset, length) {
      const found = bytes.subarray(offset, offset + length)
      reads.push({ offset, length: found.length })
      return found
    },
  }
}

/** A picture with gradients, edges and some noise; the same one for the same arguments. */
export function createPixels(width: number, height: number, channels: number): Uint8Array {
  const pixels = new Uint8Array(width * height * channels)
  let noise = 1
  for (let index = 0; index < pixels.length; index += 1) {
    const pixel = Math.floor(index / channels)
    const [x, y] = [pixel % width, Math.floor(pixel / width)]
    noise = (noise * 48271) % 0x7fffffff
    const flat = (x >> 4) % 3 === 0 ? 0 : noise & 7
    pixels[index] = (x * (1 + (index % channels)) + y * 2 + flat) & 255
  }
  return pixels
}

/** The picture of {@link createPixels} in sharp. */
export function createPicture(width: number, height: number, channels: 1 | 2 | 3 | 4): Sharp {
  return sharp(createPixels(width, height, channels), { raw: { width, height, channels } })
}
