import { describe, expect, it } from 'vitest'
import { decodeLzw, isOldLzw } from '../../../src/image/tiff/lzw.js'
import { decodePackBits } from '../../../src/image/tiff/packbits.js'
import { createPixels } from './material.js'

/** Packs codes, most significant bit first; each with its width. */
function pack(codes: readonly (readonly [code: number, width: number])[]): Uint8Array {
  const bits = codes.map(([code, width]) => code.toString(2).padStart(width, '0')).join('')
  return Uint8Array.from(bits.match(/.{1,8}/g) ?? [], byte => Number.parseInt(byte.padEnd(8, '0'), 2))
}

/** LZW of the plainest kind: strings in a map, a clear code when the table is full, or never. */
function encode(bytes: Uint8Array, clears: boolean): Uint8Array {
  const codes: [number, number][] = [[256, 9]]
  let [table, width] = [new Map<string, number>(), 9]
  let text = ''
  const codeOf = (string: string) => (string.length === 1 ? string.charCodeAt(0) : table.get(string)!)
  for (const byte of bytes) {
    const longer = text + String.fromCharCode(byte)
    if (longer.length === 1 || table.has(longer)) {
      text = longer
      continue
    }
    codes.push([codeOf(text), width])
    if (table.size + 258 < 4096) table.set(longer, table.size + 258)
    if (table.size + 258 >= 2 ** width && width < 12) width += 1
    if (clears && table.size + 258 === 4094) {
      codes.push([256, width])
      ;[table, width] = [new Map(), 9]
    }
    text = String.fromCharCode(byte)
  }
  return pack([...codes, [codeOf(text), width]])
}

describe('decodeLzw', () => {
  it('decodes the example of the specification', () => {
    // TIFF 6.0 section 13: "7 7 7 8 8 7 7 6 6" is 256, 7, 258, 8, 8, 258, 6, 6, 257.
    const codes = [256, 7, 258, 8, 8, 258, 6, 6, 257].map(code => [code, 9] as const)
    expect([...decodeLzw(pack(codes), 9)]).toEqual([7, 7, 7, 8, 8, 7, 7, 6, 6])
  })

  it.each([true, false])('decodes tables that fill up, with and without clear codes: %s', clears => {
    for (const length of [1, 2, 255, 256, 5000, 60000]) {
      for (const bytes of [createPixels(length, 1, 1), new Uint8Array(length).fill(9)]) {
        expect(Buffer.compare(decodeLzw(encode(bytes, clears), length), bytes)).toBe(0)
      }
    }
  })

  it('stops when it has what it was asked for, in the middle of a string too', () => {
    const bytes = new Uint8Array(1000).fill(5)
    expect([...decodeLzw(encode(bytes, true), 998)]).toEqual([...bytes.subarray(2)])
  })

  it.each<[string, [number, number][], RegExp]>([
    ['nothing', [], /ends early/],
    [
      'an end code',
      [
        [256, 9],
        [7, 9],
        [257, 9],
      ],
      /ends early/,
    ],
    [
      'a string first',
      [
        [256, 9],
        [258, 9],
        [7, 9],
      ],
      /before it is defined/,
    ],
    [
      'a string that comes two codes later',
      [
        [256, 9],
        [7, 9],
        [259, 9],
        [7, 9],
      ],
      /before it is defined/,
    ],
    ['clear codes only', Array.from({ length: 64 }, () => [256, 9]), /ends early/],
  ])('refuses %s', (_, codes, message) => {
    expect(() => decodeLzw(pack(codes), 9)).toThrow(message)
  })

  it('knows the streams of before 1988', () => {
    expect(isOldLzw(new Uint8Array([0x00, 0x01]))).toBe(true)
    expect(isOldLzw(encode(new Uint8Array(9), true))).toBe(false)
    expect(isOldLzw(new Uint8Array(0))).toBe(false)
  })
})

describe('decodePackBits', () => {
  it('decodes the example of the specification', () => {
    // Apple's Technical Note TN1023.
    const packed = [0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22, 0xf7, 0xaa]
    const unpacked = 'aaaaaa80002aaaaaaaaa80002a22aaaaaaaaaaaaaaaaaaaa'
    expect(Buffer.from(decodePackBits(Uint8Array.from(packed), 24)).toString('hex')).toBe(unpacked)
  })

  it('passes over the head that means nothing, and stops inside a run', () => {
    expect([...decodePackBits(Uint8Array.from([128, 128, 0xfb, 7]), 4)]).toEqual([7, 7, 7, 7])
    expect([...decodePackBits(Uint8Array.from([5, 1, 2, 3]), 3)]).toEqual([1, 2, 3])
  })

  it.each([[[]], [[128]], [[0xfb]], [[2, 1, 2]], [[0, 1]]])(
    'refuses a stream that ends early: %j',
    packed => {
      expect(() => decodePackBits(Uint8Array.from(packed), 3)).toThrow(/ends early/)
    },
  )
})
