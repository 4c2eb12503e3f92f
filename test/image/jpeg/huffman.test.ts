import { describe, expect, it } from 'vitest'
import {
  compileFirstSteps,
  compileHuffman,
  compileSteps,
  endOfBlock,
  extendSign,
  findSymbol,
  type HuffmanTable,
  stepBits,
} from '../../../src/image/jpeg/huffman.js'
import { standardChrominance, standardLuminance } from '../../../src/image/jpeg/standard-huffman.js'

const pairs = [
  ['luminance', standardLuminance],
  ['chrominance', standardChrominance],
] as const

/** The step of as many bits as `step` has, made by reading one AC symbol after another. */
function spell(ac: HuffmanTable, window: number, step: number, used: number, coefficients: number): number {
  let bits = used
  let count = coefficients
  while (bits < (step & 63)) {
    const entry = findSymbol(ac, ((window << 3) << bits) & 0xffff)
    if (entry >>> 8 === 0) return (bits + (entry & 255)) | (count << 6) | endOfBlock
    bits += (entry & 255) + ((entry >>> 8) & 15)
    count += (entry >>> 12) + 1
  }
  return bits | ((bits === 0 ? 127 : count) << 6)
}

describe.each(pairs)('the standard tables of %s', (_, specs) => {
  const dc = compileHuffman(specs.dc, 'dc')
  const ac = compileHuffman(specs.ac, 'ac')

  it('have a code for every symbol of 8-bit data', () => {
    expect([dc.isComplete, ac.isComplete]).toEqual([true, true])
  })

  it('find every symbol by its code, whatever follows', () => {
    for (const table of [dc, ac]) {
      table.codes.forEach((entry, symbol) => {
        if (entry === 0) return
        const length = entry & 255
        const window = (entry >>> 8) << (16 - length)
        const found = (symbol << 8) | length
        expect(findSymbol(table, window)).toBe(found)
        expect(findSymbol(table, window | ((1 << (16 - length)) - 1))).toBe(found)
      })
    }
  })

  it('have no symbol for the code that is all ones', () => {
    expect([findSymbol(dc, 0xffff), findSymbol(ac, 0xffff)]).toEqual([0, 0])
  })

  it('make steps within a block that are what symbol by symbol gives', () => {
    for (const [window, step] of compileSteps(ac).entries()) expect(step).toBe(spell(ac, window, step, 0, 0))
  })

  it('make first steps that are what symbol by symbol gives', () => {
    for (const [window, step] of compileFirstSteps(dc, ac).entries()) {
      const entry = findSymbol(dc, window << 3)
      const [length, size] = [entry & 255, entry >>> 8]
      const value = (((window << 3) << length) & 0xffff) >>> (16 - size)
      const difference = extendSign(value, size) << 16
      if (length === 0 || length + size > stepBits) expect(step).toBe(127 << 6)
      else expect(step).toBe(spell(ac, window, step, length + size, 1) | difference)
    }
  })
})

it('a table with more codes than fit is refused', () => {
  const spec = (...counts: number[]): Uint8Array => {
    const total = counts.reduce((sum, count) => sum + count, 0)
    return Uint8Array.of(
      ...counts,
      ...new Array<number>(16 - counts.length).fill(0),
      ...new Array<number>(total).fill(1),
    )
  }
  expect(compileHuffman(spec(1, 1, 1), 'ac').isComplete).toBe(false)
  for (const bad of [spec(2), spec(1, 2), spec(0, 4), spec(3), spec(1, 1, 2), spec(255)]) {
    expect(() => compileHuffman(bad, 'ac')).toThrow(expect.objectContaining({ code: 'source-damaged' }))
  }
})

it('symbols that 8-bit data cannot have are no symbols', () => {
  const counts = [0, 0, 0, 4, ...new Array<number>(12).fill(0)]
  const ac = compileHuffman(Uint8Array.of(...counts, 0x0b, 0x10, 0xf0, 0x0a), 'ac')
  expect([0, 1, 2, 3].map(code => findSymbol(ac, code << 12) >>> 8)).toEqual([0, 0, 0xf0, 0x0a])
  const dc = compileHuffman(Uint8Array.of(...counts, 11, 12, 16, 0), 'dc')
  expect([0, 1, 2, 3].map(code => findSymbol(dc, code << 12) & 255)).toEqual([4, 0, 0, 4])
})

it('a step never stands for more coefficients than a block has', () => {
  const ac = compileHuffman(Uint8Array.of(1, ...new Array<number>(15).fill(0), 0xf0), 'ac')
  expect((compileSteps(ac)[0]! >>> 6) & 127).toBe(48)
})
