/* Writes runs of MCUs of one tile behind what is written already. Within a run DC differences do not change, so that
   only the first difference of each component is coded anew, and all other bits are taken over as they are. Tiles with
   other Huffman tables than the output are coded anew symbol by symbol. */
import { type BitWriter, copyBits, writeBits } from './bit-writer.js'
import { damaged } from './failure.js'
import { findSymbol, type HuffmanTable } from './huffman.js'
import { bitsAt, type McuBlock, moveTo, readDifference, skipBlocks, type Walk, windowAt } from './walk.js'

/** The Huffman tables of one component of the output. */
export interface OutputCoding {
  /** The table of DC differences. */
  readonly dc: HuffmanTable
  /** The table of AC coefficients. */
  readonly ac: HuffmanTable
}

/** The output: where the bits go, how they are coded, and the DC predictions there. */
export interface Output {
  /** Where the bits go. */
  readonly writer: BitWriter
  /** The tables of the components. */
  readonly codings: readonly OutputCoding[]
  /** The DC predictions of the components. */
  readonly dc: Int32Array
}

/* F.1.2.1: the size of the difference is coded, then as many bits, those of a negative difference less one. */
function writeDifference(writer: BitWriter, dc: HuffmanTable, difference: number): void {
  const size = 32 - Math.clz32(Math.abs(difference))
  const code = dc.codes[size] as number
  if (code === 0) throw damaged('a DC difference is too large')
  writeBits(writer, code >>> 8, code & 255)
  writeBits(writer, (difference < 0 ? difference - 1 : difference) & ((1 << size) - 1), size)
}

function copyFirstMcu(walk: Walk, output: Output): void {
  const { data } = walk
  for (let i = 0; i < walk.components.length; i += 1) {
    const blocks = walk.components[i] as readonly McuBlock[]
    const coding = output.codings[i] as OutputCoding
    const start = walk.position
    const difference = readDifference(data.view, start, coding.dc)
    const value = (walk.dc[i] as number) + (difference >> 16)
    skipBlocks(walk, blocks, 1)
    writeDifference(output.writer, coding.dc, value - (output.dc[i] as number))
    copyBits(output.writer, data, start + (difference & 63), walk.position)
  }
}

function copyRun(walk: Walk, output: Output, mcus: number): void {
  copyFirstMcu(walk, output)
  const start = walk.position
  skipBlocks(walk, walk.blocks, mcus - 1)
  copyBits(output.writer, walk.data, start, walk.position)
  output.dc.set(walk.dc)
}

/* Codes a block anew, symbol by symbol; the value bits stay what they are. Gives the position behind the block. */
function recodeBlock(walk: Walk, output: Output, { component, coding }: McuBlock, start: number): number {
  const { view } = walk.data
  const { writer } = output
  const target = output.codings[component] as OutputCoding
  const difference = readDifference(view, start, coding.dc)
  if ((difference & 63) === 0) throw damaged('a code is unknown')
  const value = (walk.dc[component] as number) + (difference >> 16)
  writeDifference(writer, target.dc, value - (output.dc[component] as number))
  walk.dc[component] = value
  output.dc[component] = value
  let position = start + (difference & 63)
  for (let coefficients = 1; coefficients < 64; ) {
    const entry = findSymbol(coding.ac, windowAt(view, position))
    const length = entry & 255
    const symbol = entry >>> 8
    const size = symbol & 15
    const code = target.ac.codes[symbol] as number
    coefficients += symbol === 0 ? 64 : (symbol >>> 4) + 1
    if (length === 0 || (coefficients > 64 && symbol !== 0))
      throw damaged('a block has too many coefficients')
    writeBits(writer, ((code >>> 8) << size) | bitsAt(view, position + length, size), (code & 255) + size)
    position += length + size
  }
  return position
}

function recodeRun(walk: Walk, output: Output, mcus: number): void {
  let { position } = walk
  for (let mcu = 0; mcu < mcus; mcu += 1) {
    for (const block of walk.blocks) {
      position = recodeBlock(walk, output, block, position)
      if (position > walk.end) throw damaged('the entropy-coded data ends too early')
    }
  }
  walk.position = position
}

function hasSameCodings(walk: Walk, output: Output): boolean {
  return output.codings.every(({ dc, ac }, i) => {
    const coding = walk.components[i]?.[0]?.coding
    return coding?.dc === dc && coding.ac === ac
  })
}

/**
 * Writes `count` MCUs of a tile from the one with the index `from` on; not before those already walked over.
 *
 * @throws {@link SourceError} (`source-damaged`)
 */
export function writeMcus(walk: Walk, output: Output, from: number, count: number): void {
  const writeRun = hasSameCodings(walk, output) ? copyRun : recodeRun
  const end = from + count
  moveTo(walk, from)
  while (walk.mcu < end) {
    moveTo(walk, walk.mcu)
    const run = Math.min(end - walk.mcu, walk.interval - (walk.mcu % walk.interval))
    writeRun(walk, output, run)
    walk.mcu += run
  }
}
