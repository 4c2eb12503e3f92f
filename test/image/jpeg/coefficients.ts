/* A slow, plain JPEG coder of quantised coefficients, written apart from src: bits are strings, codes are looked up in
   maps. It makes tiles with any sampling, restart interval and Huffman tables, and reads back what joining made. */
import { standardChrominance, standardLuminance } from '../../../src/image/jpeg/standard-huffman.js'

export interface Plane {
  h: number
  v: number
  /** Blocks in a row, padding to whole MCUs included. */
  across: number
  /** Rows of blocks, padding included. */
  down: number
  /** The blocks, row by row, each of 64 coefficients in zigzag order. */
  blocks: number[][]
}

export interface Coefficients {
  width: number
  height: number
  planes: Plane[]
}

export const samplings = {
  grey: [[1, 1]],
  '4:4:4': [
    [1, 1],
    [1, 1],
    [1, 1],
  ],
  '4:2:2': [
    [2, 1],
    [1, 1],
    [1, 1],
  ],
  '4:2:0': [
    [2, 2],
    [1, 1],
    [1, 1],
  ],
  '4:4:0': [
    [1, 2],
    [1, 1],
    [1, 1],
  ],
  '4:1:1': [
    [4, 1],
    [1, 1],
    [1, 1],
  ],
} as const satisfies Record<string, readonly (readonly [number, number])[]>

export type Sampling = keyof typeof samplings

/** Pseudo-random numbers from 0 to below 1 (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

function randomBlock(random: () => number): number[] {
  const block = new Array<number>(64).fill(0)
  block[0] = Math.floor(random() * 2000) - 1000
  const kind = random()
  // Empty blocks, full ones, ones that end at the last coefficient after long runs, and sparse ones.
  for (let k = 1; k < 64; k += 1) {
    const size = 1 << Math.floor(random() * (random() < 0.1 ? 10 : 4))
    if (kind > 0.9 || random() < (kind - 0.2) * 0.3) block[k] = (random() < 0.5 ? -1 : 1) * size
  }
  if (kind > 0.2 && kind < 0.3) block[63] = 1
  return block
}

export function mcuOf(sampling: Sampling): { width: number; height: number } {
  const factors = samplings[sampling]
  return {
    width: 8 * Math.max(...factors.map(([h]) => h)),
    height: 8 * Math.max(...factors.map(([, v]) => v)),
  }
}

export function randomCoefficients(
  width: number,
  height: number,
  sampling: Sampling,
  seed: number,
): Coefficients {
  const random = createRandom(seed)
  const mcu = mcuOf(sampling)
  const planes = samplings[sampling].map(([h, v]) => {
    const across = Math.ceil(width / mcu.width) * h
    const down = Math.ceil(height / mcu.height) * v
    return { h, v, across, down, blocks: Array.from({ length: across * down }, () => randomBlock(random)) }
  })
  return { width, height, planes }
}

/** The part of `whole` that begins at a pixel on the MCU grid. */
export function cutCoefficients(
  whole: Coefficients,
  x: number,
  y: number,
  width: number,
  height: number,
): Coefficients {
  const hMax = Math.max(...whole.planes.map(({ h }) => h))
  const vMax = Math.max(...whole.planes.map(({ v }) => v))
  const planes = whole.planes.map(plane => {
    const { h, v } = plane
    const left = (x / 8 / hMax) * h
    const top = (y / 8 / vMax) * v
    const across = Math.ceil(width / 8 / hMax) * h
    const down = Math.ceil(height / 8 / vMax) * v
    const blocks = Array.from({ length: across * down }, (_, i) => {
      return plane.blocks[(top + Math.floor(i / across)) * plane.across + left + (i % across)]!
    })
    return { h, v, across, down, blocks }
  })
  return { width, height, planes }
}

interface Specs {
  dc: Uint8Array
  ac: Uint8Array
}

/** Standard tables; complete ones with the codes given to other symbols; ones with just the symbols in use. */
export type TableKind = 'standard' | 'shuffled' | 'fitted'

function shuffle(spec: Uint8Array): Uint8Array {
  return Uint8Array.of(...spec.slice(0, 16), ...spec.slice(16).reverse())
}

function tableFor(used: Set<number>): Uint8Array {
  const symbols = [...used].sort((a, b) => a - b)
  const counts = new Uint8Array(16)
  counts[7] = symbols.length
  return Uint8Array.of(...counts, ...symbols)
}

type Put = (component: number, kind: 'dc' | 'ac', symbol: number, bits: string) => void

function sizeOf(value: number): number {
  return value === 0 ? 0 : Math.floor(Math.log2(Math.abs(value))) + 1
}

function valueBits(value: number): string {
  const size = sizeOf(value)
  return size === 0 ? '' : (value < 0 ? value + 2 ** size - 1 : value).toString(2).padStart(size, '0')
}

function visitBlock(block: number[], prediction: number, component: number, put: Put): void {
  const difference = block[0]! - prediction
  put(component, 'dc', sizeOf(difference), valueBits(difference))
  let run = 0
  for (let k = 1; k < 64; k += 1) {
    const value = block[k]!
    if (value === 0) {
      run += 1
      continue
    }
    for (; run > 15; run -= 16) put(component, 'ac', 0xf0, '')
    put(component, 'ac', run * 16 + sizeOf(value), valueBits(value))
    run = 0
  }
  if (run > 0) put(component, 'ac', 0, '')
}

/** Visits the symbols in the order of the scan; `restart` is called before each restart interval but the first. */
function visit(image: Coefficients, interval: number, put: Put, restart: () => void): void {
  const { planes } = image
  const first = planes[0]!
  const columns = first.across / first.h
  const rows = first.down / first.v
  const predictions = planes.map(() => 0)
  for (let mcu = 0; mcu < columns * rows; mcu += 1) {
    if (interval > 0 && mcu > 0 && mcu % interval === 0) {
      restart()
      predictions.fill(0)
    }
    const x = mcu % columns
    const y = Math.floor(mcu / columns)
    planes.forEach(({ h, v, across, blocks }, component) => {
      for (let i = 0; i < h * v; i += 1) {
        const block = blocks[(y * v + Math.floor(i / h)) * across + x * h + (i % h)]!
        visitBlock(block, predictions[component]!, component, put)
        predictions[component] = block[0]!
      }
    })
  }
}

function chooseTables(image: Coefficients, interval: number, kind: TableKind): Specs[] {
  const standard = image.planes.map((_, i) => (i === 0 ? standardLuminance : standardChrominance))
  if (kind === 'standard') return standard
  if (kind === 'shuffled') return standard.map(({ dc, ac }) => ({ dc: shuffle(dc), ac: shuffle(ac) }))
  const used = image.planes.map(() => ({ dc: new Set<number>(), ac: new Set<number>() }))
  visit(
    image,
    interval,
    (component, table, symbol) => used[component]![table].add(symbol),
    () => undefined,
  )
  return used.map(({ dc, ac }) => ({ dc: tableFor(dc), ac: tableFor(ac) }))
}

function codesOf(spec: Uint8Array): Map<number, string> {
  const codes = new Map<number, string>()
  let code = 0
  let next = 16
  for (let length = 1; length <= 16; length += 1) {
    for (let n = spec[length - 1]!; n > 0; n -= 1) {
      codes.set(spec[next]!, code.toString(2).padStart(length, '0'))
      code += 1
      next += 1
    }
    code *= 2
  }
  return codes
}

function segment(code: number, payload: readonly number[]): number[] {
  return [0xff, code, (payload.length + 2) >> 8, (payload.length + 2) & 255, ...payload]
}

function pack(bits: string): number[] {
  const bytes: number[] = []
  for (let at = 0; at < bits.length; at += 8) {
    const byte = Number.parseInt(bits.slice(at, at + 8).padEnd(8, '1'), 2)
    bytes.push(byte)
    if (byte === 0xff) bytes.push(0)
  }
  return bytes
}

export interface EncodeOptions {
  restartInterval?: number
  tables?: TableKind
  /** The value of every entry of the quantisation table. */
  quantisation?: number
}

/** Encodes coefficients; a table of each kind for each component. */
export function encodeCoefficients(image: Coefficients, options: EncodeOptions = {}): Uint8Array {
  const { restartInterval = 0, tables = 'standard', quantisation = 1 } = options
  const specs = chooseTables(image, restartInterval, tables)
  const codes = specs.map(({ dc, ac }) => ({ dc: codesOf(dc), ac: codesOf(ac) }))
  const intervals: string[][] = [[]]
  visit(
    image,
    restartInterval,
    (component, kind, symbol, bits) => intervals.at(-1)!.push(codes[component]![kind].get(symbol)! + bits),
    () => intervals.push([]),
  )
  const data = intervals.flatMap((interval, i) => {
    return [...(i > 0 ? [0xff, 0xd0 + ((i - 1) % 8)] : []), ...pack(interval.join(''))]
  })
  const { width, height, planes } = image
  const frame = planes.flatMap(({ h, v }, i) => [i + 1, (h << 4) | v, 0])
  return Uint8Array.from([
    ...[0xff, 0xd8],
    ...segment(0xdb, [0, ...new Array<number>(64).fill(quantisation)]),
    // Three tables of a kind are too many for SOF0.
    ...segment(0xc1, [8, height >> 8, height & 255, width >> 8, width & 255, planes.length, ...frame]),
    ...specs.flatMap(({ dc, ac }, i) => segment(0xc4, [i, ...dc, 16 + i, ...ac])),
    ...(restartInterval > 0 ? segment(0xdd, [restartInterval >> 8, restartInterval & 255]) : []),
    ...segment(0xda, [planes.length, ...planes.flatMap((_, i) => [i + 1, (i << 4) | i]), 0, 63, 0]),
    ...data,
    ...[0xff, 0xd9],
  ])
}

/** Decodes a baseline JPEG without restart markers to its coefficients. */
export function decodeCoefficients(jpeg: Uint8Array): Coefficients {
  const tables = new Map<number, Map<string, number>>()
  let frame: Uint8Array = new Uint8Array()
  let at = 2
  while (jpeg[at + 1] !== 0xda) {
    const end = at + 2 + ((jpeg[at + 2]! << 8) | jpeg[at + 3]!)
    if (jpeg[at + 1] === 0xc0 || jpeg[at + 1] === 0xc1) frame = jpeg.subarray(at + 4, end)
    for (let table = at + 4; jpeg[at + 1] === 0xc4 && table < end; ) {
      const symbols = [...codesOf(jpeg.subarray(table + 1, end))].map(
        ([symbol, code]) => [code, symbol] as const,
      )
      tables.set(jpeg[table]!, new Map(symbols))
      table += 17 + symbols.length
    }
    at = end
  }
  const scan = jpeg.subarray(at + 4, at + 2 + jpeg[at + 3]!)
  const bits: string[] = []
  for (let i = at + 2 + jpeg[at + 3]!; i < jpeg.length - 2; i += 1) {
    bits.push(jpeg[i]!.toString(2).padStart(8, '0'))
    if (jpeg[i] === 0xff && jpeg[i + 1] === 0) i += 1
    else if (jpeg[i] === 0xff) throw new Error('a marker within the data')
  }
  return decodeScan(frame, scan, tables, bits.join(''))
}

function decodeScan(
  frame: Uint8Array,
  scan: Uint8Array,
  tables: Map<number, Map<string, number>>,
  data: string,
): Coefficients {
  let position = 0
  const readBits = (count: number): string => {
    position += count
    return data.slice(position - count, position)
  }
  const readSymbol = (table: Map<string, number>): number => {
    for (let code = readBits(1); code.length <= 16; code += readBits(1)) {
      const symbol = table.get(code)
      if (symbol !== undefined) return symbol
    }
    throw new Error('no such code')
  }
  const readValue = (size: number): number => {
    const bits = readBits(size)
    if (size === 0) return 0
    return bits[0] === '1' ? Number.parseInt(bits, 2) : Number.parseInt(bits, 2) - 2 ** size + 1
  }
  const height = (frame[1]! << 8) | frame[2]!
  const width = (frame[3]! << 8) | frame[4]!
  const factors = Array.from({ length: frame[5]! }, (_, i) => [
    frame[7 + 3 * i]! >> 4,
    frame[7 + 3 * i]! & 15,
  ])
  const columns = Math.ceil(width / 8 / Math.max(...factors.map(([h]) => h!)))
  const rows = Math.ceil(height / 8 / Math.max(...factors.map(([, v]) => v!)))
  const planes = factors.map(([h, v]): Plane => {
    return { h: h!, v: v!, across: columns * h!, down: rows * v!, blocks: [] }
  })
  const predictions = planes.map(() => 0)
  for (let mcu = 0; mcu < columns * rows; mcu += 1) {
    planes.forEach(({ h, v, across, blocks }, component) => {
      const destinations = scan[2 + 2 * component]!
      const dc = tables.get(destinations >> 4)!
      const ac = tables.get(16 + (destinations & 15))!
      for (let i = 0; i < h * v; i += 1) {
        const block = new Array<number>(64).fill(0)
        predictions[component]! += readValue(readSymbol(dc))
        block[0] = predictions[component]!
        for (let k = 1; k < 64; k += 1) {
          const symbol = readSymbol(ac)
          if (symbol === 0) break
          k += symbol >> 4
          if (symbol !== 0xf0) block[k] = readValue(symbol & 15)
        }
        const x = (mcu % columns) * h + (i % h)
        const y = Math.floor(mcu / columns) * v + Math.floor(i / h)
        blocks[y * across + x] = block
      }
    })
  }
  const fill = data.slice(position)
  if (fill.length > 7 || fill.includes('0')) throw new Error('the data does not end with fill bits')
  return { width, height, planes }
}
