/* Walks through the MCUs of one tile without decoding coefficients: where the bits of an MCU begin, and what the DC
   predictions are there (ITU-T T.81 sections A.2.3, F.2.1.3 and F.2.2). This is where the time goes: see skipBlocks. */
import type { EntropyData } from './entropy.js'
import { damaged } from './failure.js'
import {
  compileFirstSteps,
  compileSteps,
  endOfBlock,
  extendSign,
  findSymbol,
  type HuffmanTable,
  noStep,
  stepBits,
} from './huffman.js'

/** What a walk over a block looks up. */
export interface BlockSteps {
  /** The first steps of a block. */
  readonly first: Int32Array
  /** The steps within a block. */
  readonly rest: Int32Array
}

/** The pair of Huffman tables that the blocks of a component are coded with. */
export interface BlockCoding {
  /** The table of DC differences. */
  readonly dc: HuffmanTable
  /** The table of AC coefficients. */
  readonly ac: HuffmanTable
  /** The steps, made when they are first needed. */
  steps?: BlockSteps
}

/** One block of an MCU. */
export interface McuBlock {
  /** The index of the component that it belongs to. */
  readonly component: number
  /** The tables that it is coded with. */
  readonly coding: BlockCoding
}

/** A tile that is being walked through, from its first MCU to its last. */
export interface Walk {
  /** The data. */
  readonly data: EntropyData
  /** The blocks of an MCU, component by component. */
  readonly components: readonly (readonly McuBlock[])[]
  /** The same blocks in one list. */
  readonly blocks: readonly McuBlock[]
  /** The MCUs of a restart interval; without restarts all MCUs of the tile. */
  readonly interval: number
  /** The DC predictions of the components. */
  readonly dc: Int32Array
  /** The index of the MCU that comes next. */
  mcu: number
  /** The bit at which it begins. */
  position: number
  /** The bit at which the current restart interval ends. */
  end: number
}

/** The next 16 bits at `position`. */
export function windowAt(view: DataView, position: number): number {
  return (view.getInt32(position >>> 3) << (position & 7)) >>> 16
}

/** The `count` bits at `position`, up to 16. */
export function bitsAt(view: DataView, position: number, count: number): number {
  return windowAt(view, position) >>> (16 - count)
}

/** Reads one DC difference as a step. */
export function readDifference(view: DataView, position: number, dc: HuffmanTable): number {
  const entry = findSymbol(dc, windowAt(view, position))
  const length = entry & 255
  if (length === 0) return noStep << 6
  const size = entry >>> 8
  const difference = extendSign(bitsAt(view, position + length, size), size)
  return (length + size) | (1 << 6) | (difference << 16)
}

/* Reads one AC symbol as a step. */
function readCoefficient(view: DataView, position: number, ac: HuffmanTable): number {
  const entry = findSymbol(ac, windowAt(view, position))
  const length = entry & 255
  if (length === 0) return noStep << 6
  const symbol = entry >>> 8
  if (symbol === 0) return length | endOfBlock
  return (length + (symbol & 15)) | (((symbol >>> 4) + 1) << 6)
}

/* Reads one symbol as a step: the DC difference first, then AC symbols. */
function readSymbol(view: DataView, position: number, coding: BlockCoding, coefficients: number): number {
  if (coefficients === 0) return readDifference(view, position, coding.dc)
  return readCoefficient(view, position, coding.ac)
}

/*
 * Walks over the block at `position`, adds its DC difference to the prediction, and gives the position behind it.
 * The 32 bits at the position are loaded once for two steps, as that is what the processor waits for.
 */
function skipBlock(
  data: EntropyData,
  dc: Int32Array,
  block: McuBlock,
  { first, rest }: BlockSteps,
  start: number,
): number {
  const { bytes, view } = data
  const { coding, component } = block
  let steps = first
  let position = start
  let coefficients = 0
  for (;;) {
    const byte = position >>> 3
    const shift = position & 7
    const word = (view.getInt32(byte) << shift) | ((bytes[byte + 4] as number) >>> (8 - shift))
    let step = steps[word >>> (32 - stepBits)] as number
    // A step that goes beyond the block may have taken the next DC code for an AC code: symbol by symbol then.
    if (coefficients + ((step >>> 6) & 127) > 63) step = readSymbol(view, position, coding, coefficients)
    if (coefficients === 0) dc[component] = (dc[component] as number) + (step >> 16)
    const used = step & 63
    position += used
    coefficients += (step >>> 6) & 127
    if ((step & endOfBlock) !== 0 || coefficients > 63) break
    steps = rest
    step = rest[(word << used) >>> (32 - stepBits)] as number
    if (used > 32 - stepBits || coefficients + ((step >>> 6) & 127) > 63) continue
    position += step & 63
    coefficients += (step >>> 6) & 127
    if ((step & endOfBlock) !== 0) break
  }
  if (coefficients > 64) throw damaged('a block has too many coefficients')
  return position
}

/**
 * Walks over `blocks`, `times` times.
 *
 * @throws {@link SourceError} (`source-damaged`)
 */
export function skipBlocks(walk: Walk, blocks: readonly McuBlock[], times: number): void {
  const { data, dc, end } = walk
  let { position } = walk
  for (let time = 0; time < times; time += 1) {
    for (const block of blocks) {
      const { coding } = block
      coding.steps ??= { first: compileFirstSteps(coding.dc, coding.ac), rest: compileSteps(coding.ac) }
      position = skipBlock(data, dc, block, coding.steps, position)
      // Within a block the end is not looked for: see `padding`.
      if (position > end) throw damaged('the entropy-coded data ends too early')
    }
  }
  walk.position = position
}

/** Begins a walk through a tile of `mcus` MCUs; `restartInterval` is 0 for none. */
export function createWalk(
  data: EntropyData,
  codings: readonly BlockCoding[],
  blockCounts: readonly number[],
  restartInterval: number,
  mcus: number,
): Walk {
  const interval = restartInterval || mcus
  if (data.bounds.length - 1 !== Math.ceil(mcus / interval)) throw damaged('restart markers are missing')
  const components = codings.map((coding, component) => {
    const block: McuBlock = { component, coding }
    return Array.from({ length: blockCounts[component] ?? 1 }, () => block)
  })
  return {
    data,
    components,
    blocks: components.flat(),
    interval,
    dc: new Int32Array(components.length),
    mcu: 0,
    position: 0,
    end: (data.bounds[1] ?? 0) * 8,
  }
}

/**
 * Goes forward to the MCU with the index `mcu`. Where that is in another restart interval, nothing before it is read.
 *
 * @throws {@link SourceError} (`source-damaged`)
 */
export function moveTo(walk: Walk, mcu: number): void {
  const target = Math.floor(mcu / walk.interval)
  if (target !== Math.floor((walk.mcu - 1) / walk.interval)) enterInterval(walk, target)
  skipBlocks(walk, walk.blocks, mcu - walk.mcu)
  walk.mcu = mcu
}

/* E.2.4: at a restart the predictions are 0 and the data begins at a whole byte. */
function enterInterval(walk: Walk, index: number): void {
  const { bounds } = walk.data
  walk.mcu = index * walk.interval
  walk.position = (bounds[index] ?? 0) * 8
  walk.end = (bounds[index + 1] ?? 0) * 8
  walk.dc.fill(0)
}
