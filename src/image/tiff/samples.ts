/* From decompressed bytes to samples that stand for light: byte order, differences, bits, and white as the largest value
   (TIFF 6.0 sections 3 and 14). Everything works in place, on bytes that the caller owns. */
import { endianness } from 'node:os'

const hostIsLittleEndian = endianness() === 'LE'

/** Looks at the bytes of 16-bit samples as numbers; `bytes` must begin at an even address. */
function viewWords(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1)
}

/** Tells whether 16-bit samples of this byte order are not as this machine wants them. */
export function isForeignOrder(littleEndian: boolean): boolean {
  return littleEndian !== hostIsLittleEndian
}

/** Exchanges the bytes of 16-bit samples. */
export function swapWords(bytes: Uint8Array): void {
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength & ~1).swap16()
}

/** Adds up the differences that the horizontal predictor stored; `rowSamples` samples of `channels` in a row. */
export function undoDifferences(
  bytes: Uint8Array,
  depth: 8 | 16,
  rowSamples: number,
  channels: number,
): void {
  // Numbers of a file arrive as floating point; loops that count with them take four times as long.
  const [row, step] = [rowSamples | 0, channels | 0]
  const samples = depth === 16 ? viewWords(bytes) : bytes
  if (step === 3) {
    undoTriples(samples, row)
    return
  }
  for (let start = 0; start + row <= samples.length; start += row) {
    for (let channel = start; channel < start + step; channel += 1) {
      let sum = 0
      for (let at = channel; at < start + row; at += step) {
        // Typed arrays keep the low bits: sums wrap around as the predictor's differences did.
        sum = (sum + (samples[at] as number)) | 0
        samples[at] = sum
      }
    }
  }
}

/* The same for three colours, which is nearly every image: all sums in one pass take half the time of three passes. */
function undoTriples(samples: Uint8Array | Uint16Array, row: number): void {
  for (let start = 0; start + row <= samples.length; start += row) {
    let [one, two, three] = [0, 0, 0]
    for (let at = start; at < start + row; at += 3) {
      one = (one + (samples[at] as number)) | 0
      two = (two + (samples[at + 1] as number)) | 0
      three = (three + (samples[at + 2] as number)) | 0
      samples[at] = one
      samples[at + 1] = two
      samples[at + 2] = three
    }
  }
}

/** Turns samples around where white is zero. */
export function invertSamples(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = ~(bytes[at] as number)
}

/** Gives each bit a byte, 0 or 255; rows begin at whole bytes. */
export function unpackBits(bytes: Uint8Array, width: number, height: number): Uint8Array {
  const [columns, rows] = [width | 0, height | 0]
  const unpacked = new Uint8Array(columns * rows)
  const stride = (columns + 7) >> 3
  for (let y = 0, out = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1, out += 1) {
      const byte = bytes[y * stride + (x >> 3)] as number
      unpacked[out] = -((byte >> (7 - (x & 7))) & 1)
    }
  }
  return unpacked
}
