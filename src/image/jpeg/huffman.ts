/* Huffman tables made ready for work (ITU-T T.81 annex C and sections F.1.2, F.2.2): to read a symbol, to write one,
   and to step over the symbols of a block, several at a time. Every window of the next bits is looked up in a table. */
import { damaged } from './failure.js'

/** A Huffman table of DC differences or of AC coefficients. */
export interface HuffmanTable {
  /** Whether every symbol that 8-bit data can need has a code. */
  readonly isComplete: boolean
  /** By the next 13 bits: the length of the code in the low byte, the symbol in the high one; 0 where there is none. */
  readonly short: Uint16Array
  /** The same by the next 16 bits, counted from `firstLong`, where codes are longer than 13 bits. */
  readonly long: Uint16Array
  /** From this value of the next 16 bits on codes are longer than 13 bits: canonical codes grow with their length. */
  readonly firstLong: number
  /** By symbol: the length of the code in the low byte, the code above it; 0 where there is none. */
  readonly codes: Uint32Array
}

/** How many of the next bits tell a symbol or a step. 2 ** 13 steps of 4 bytes fit into the first-level cache. */
export const stepBits = 13

/*
 * A step is a 32-bit record on some of the next symbols of a block:
 *   bits 0-5    how many bits they take
 *   bits 6-12   how many coefficients they stand for; `noStep` of them where the window is too short for a symbol
 *   bit  13     whether the last one is EOB
 *   bits 16-31  the DC difference, signed, where the first one is that
 */

/** The number of coefficients of a step that cannot be told; more than a block has. */
export const noStep = 127

/** The bit of a step that says that the block ends. */
export const endOfBlock: number = 1 << 13

function isDcSymbol(symbol: number): boolean {
  return symbol <= 11
}

/* F.1.2.2.1: a run in the high four bits and a size in the low four, 0x00 is EOB, 0xF0 is ZRL, sizes go up to 10. */
function isAcSymbol(symbol: number): boolean {
  const size = symbol & 15
  return size === 0 ? symbol === 0x00 || symbol === 0xf0 : size <= 10
}

interface Code {
  readonly symbol: number
  readonly length: number
  readonly code: number
}

/* C.2: codes of one length are consecutive numbers; the code that is all ones is never given out. */
function assignCodes(spec: Uint8Array): Code[] {
  const codes: Code[] = []
  let code = 0
  for (let length = 1; length <= 16; length += 1) {
    for (let n = spec[length - 1] ?? 0; n > 0; n -= 1) {
      codes.push({ symbol: spec[16 + codes.length] ?? 255, length, code })
      code += 1
    }
    if (code >= 1 << length) throw damaged('a Huffman table has too many codes')
    code <<= 1
  }
  return codes
}

/**
 * Makes a table of `spec`, 16 counts of codes and the symbols. Symbols that 8-bit data cannot have get no code.
 *
 * @throws {@link SourceError} (`source-damaged`) where there are more codes than fit.
 */
export function compileHuffman(spec: Uint8Array, kind: 'dc' | 'ac'): HuffmanTable {
  const isSymbol = kind === 'dc' ? isDcSymbol : isAcSymbol
  const assigned = assignCodes(spec)
  const longest = assigned.find(({ length }) => length > stepBits)
  const firstLong = longest ? longest.code << (16 - longest.length) : 1 << 16
  const short = new Uint16Array(1 << stepBits)
  const long = new Uint16Array((1 << 16) - firstLong)
  const codes = new Uint32Array(256)
  let known = 0
  for (const { symbol, length, code } of assigned) {
    if (!isSymbol(symbol)) continue
    if (codes[symbol] === 0) known += 1
    codes[symbol] = (code << 8) | length
    const entry = (symbol << 8) | length
    if (length <= stepBits) {
      short.fill(entry, code << (stepBits - length), (code + 1) << (stepBits - length))
    } else {
      const from = (code << (16 - length)) - firstLong
      long.fill(entry, from, from + (1 << (16 - length)))
    }
  }
  return { isComplete: known === (kind === 'dc' ? 12 : 162), short, long, firstLong, codes }
}

/** The symbol that `window`, the next 16 bits, begins with: its length in the low byte, itself in the high one. */
export function findSymbol(table: HuffmanTable, window: number): number {
  const { firstLong, long, short } = table
  return window < firstLong
    ? (short[window >>> (16 - stepBits)] as number)
    : (long[window - firstLong] as number)
}

const stepMask = (1 << stepBits) - 1

/* Adds to a step of `used` bits and `coefficients` all the AC symbols whose codes lie within the window. */
function extendStep(ac: Uint16Array, window: number, used: number, coefficients: number): number {
  let bits = used
  let count = coefficients
  while (bits < stepBits) {
    const entry = ac[(window << bits) & stepMask] as number
    const length = entry & 255
    if (length === 0 || bits + length > stepBits) break
    const symbol = entry >>> 8
    if (symbol === 0) return (bits + length) | (count << 6) | endOfBlock
    const advanced = count + (symbol >>> 4) + 1
    if (advanced > 63) break
    bits += length + (symbol & 15)
    count = advanced
  }
  return bits | ((count === 0 ? noStep : count) << 6)
}

/** The DC difference that `size` bits stand for (F.2.2.1, EXTEND). */
export function extendSign(bits: number, size: number): number {
  return size > 0 && bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits
}

/** Makes the steps within a block: AC symbols only. */
export function compileSteps(ac: HuffmanTable): Int32Array {
  const steps = new Int32Array(1 << stepBits)
  for (let window = 0; window < steps.length; window += 1) steps[window] = extendStep(ac.short, window, 0, 0)
  return steps
}

/** Makes the first steps of a block: the DC difference, and the AC symbols behind it. */
export function compileFirstSteps(dc: HuffmanTable, ac: HuffmanTable): Int32Array {
  const steps = new Int32Array(1 << stepBits).fill(noStep << 6)
  for (let window = 0; window < steps.length; window += 1) {
    const entry = dc.short[window] as number
    const length = entry & 255
    const size = entry >>> 8
    const used = length + size
    if (length === 0 || used > stepBits) continue
    const difference = extendSign(((window << length) & stepMask) >>> (stepBits - size), size)
    steps[window] = extendStep(ac.short, window, used, 1) | (difference << 16)
  }
  return steps
}
