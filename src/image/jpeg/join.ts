/* Cuts and joins baseline JPEG tiles without decoding them to pixels: the entropy-coded data of the MCUs is put into a
   new order, with the DC predictions corrected (ITU-T T.81 annexes E and F). No generation is lost, and it takes a
   small part of the time of decoding and encoding. */
import { type Box, ceilDivide, type Dimensions } from '../../protocol/geometry.js'
import {
  type BitWriter,
  createBitWriter,
  finishBits,
  reserve,
  resetBits,
  takeBytes,
  writeBytes,
} from './bit-writer.js'
import { type CodingSpecs, createCodings, type FindCoding } from './codings.js'
import type { JpegColour } from './colour.js'
import { type EntropyData, readEntropy } from './entropy.js'
import { unsupported } from './failure.js'
import { blockCounts, formatHeader, isJoinable, isSameFrame, mcuSize } from './frame.js'
import { type BaselineJpeg, parseJpeg } from './markers.js'
import { type Output, writeMcus } from './runs.js'
import { standardChrominance, standardLuminance } from './standard-huffman.js'
import { type JpegTables, noTables, parseTables } from './tables.js'
import { type BlockCoding, createWalk, type Walk } from './walk.js'

/** What is to be made of which tiles. */
export interface JoinPlan {
  /** The size of the stored tiles, padding included; what tiles claim beyond it is refused. */
  readonly tile: Dimensions
  /** The number of tiles side by side. */
  readonly columns: number
  /** The wanted pixels, from the top left of the first tile; `x` and `y` are multiples of the MCU. */
  readonly box: Box
  /** What the components are. */
  readonly colour: JpegColour
  /** The tables that the tiles share: an abbreviated stream, TIFF tag 347. @defaultValue none */
  readonly tables?: Uint8Array
}

/** A join under way, for results that are not held as a whole. */
export interface RowJoin {
  /**
   * Takes the next row of tiles, from the top, and gives the bytes that it makes; the last row ends the file.
   *
   * @throws {@link SourceError} where the tiles are damaged, or cannot be joined without decoding.
   */
  addRow(tiles: readonly Uint8Array[]): Uint8Array
}

/** Joins tiles; keeps Huffman tables and memory for the next time. */
export interface JpegJoiner {
  /**
   * Makes one JPEG file of `tiles`, row by row from the top left.
   *
   * @throws {@link SourceError} where the tiles are damaged, or cannot be joined without decoding.
   */
  join(tiles: readonly Uint8Array[], plan: JoinPlan): Uint8Array
  /** Begins a join that is given one row of tiles after another. */
  begin(plan: JoinPlan): RowJoin
}

/* What is known once the first tile has been seen. */
interface Layout {
  readonly first: BaselineJpeg
  readonly firstCodings: readonly BlockCoding[]
  readonly mcu: Dimensions
  readonly output: Output
}

interface Joining {
  readonly plan: JoinPlan
  readonly tables: JpegTables
  readonly findCoding: FindCoding
  readonly writer: BitWriter
  readonly scratch: EntropyData[]
  layout?: Layout
  row: number
}

function checkPlan({ tile, columns, box }: JoinPlan): void {
  const { x, y, width, height } = box
  const isInside = x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= columns * tile.width
  if (!isInside) throw unsupported('the box is not within the tiles')
  // B.2.2: the size is told in 16 bits.
  if (width > 0xffff || height > 0xffff) throw unsupported('the result would be too large for a JPEG')
}

function checkLayout(plan: JoinPlan, first: BaselineJpeg, mcu: Dimensions): void {
  const { box, tile } = plan
  if (box.x % mcu.width !== 0 || box.y % mcu.height !== 0) throw unsupported('the box is not on the MCU grid')
  const isAcross = box.x + box.width > tile.width && tile.width % mcu.width !== 0
  const isDown = box.y + box.height > tile.height && tile.height % mcu.height !== 0
  if (isAcross || isDown) throw unsupported('the tiles do not end on the MCU grid')
  if (first.width !== tile.width || first.height !== tile.height) throw unsupported('a tile has another size')
}

/* The tables of the tiles where these have a code for all that joining can need, otherwise the standard ones. */
function outputSpecs(first: BaselineJpeg, codings: readonly BlockCoding[]): readonly CodingSpecs[] {
  if (codings.every(({ dc, ac }) => dc.isComplete && ac.isComplete)) return first.components
  return first.components.map((_, i) => (i === 0 ? standardLuminance : standardChrominance))
}

function createLayout(joining: Joining, first: BaselineJpeg): Layout {
  const { plan, findCoding, writer } = joining
  const mcu = mcuSize(first)
  checkLayout(plan, first, mcu)
  const firstCodings = first.components.map(component => findCoding(component))
  const specs = outputSpecs(first, firstCodings)
  writeBytes(writer, formatHeader(first, specs, plan.box, plan.colour))
  const codings = specs.map(spec => findCoding(spec))
  return { first, firstCodings, mcu, output: { writer, codings, dc: new Int32Array(codings.length) } }
}

function openTile(joining: Joining, tile: Uint8Array, column: number): Walk {
  const { scratch, tables, findCoding } = joining
  const header = parseJpeg(tile, tables)
  if (!isJoinable(header)) throw unsupported('a tile is not baseline')
  joining.layout ??= createLayout(joining, header)
  const { first, firstCodings, mcu } = joining.layout
  if (!isSameFrame(first, header)) throw unsupported('the tiles differ in size, sampling or quantisation')
  const data = readEntropy(tile, header.dataStart, header.dataEnd, scratch[column])
  scratch[column] = data
  const codings = header.components.map((component, i) => {
    const same = first.components[i]
    const known = firstCodings[i]
    return known && component.dc === same?.dc && component.ac === same.ac ? known : findCoding(component)
  })
  const mcus = ceilDivide(header.width, mcu.width) * ceilDivide(header.height, mcu.height)
  return createWalk(data, codings, blockCounts(first), header.restartInterval, mcus)
}

/* About as many bytes are written as are read. */
function reserveFor(writer: BitWriter, tiles: readonly Uint8Array[]): void {
  const total = tiles.reduce((sum, tile) => sum + tile.length, 0)
  reserve(writer, total + (total >> 3))
}

/* Writes the part of one row of tiles that is wanted, MCU row after MCU row. */
function writeTileRow(joining: Joining, tiles: readonly Uint8Array[]): void {
  const { plan, row } = joining
  const { tile, box } = plan
  const top = Math.max(0, box.y - row * tile.height)
  const bottom = Math.min(tile.height, box.y + box.height - row * tile.height)
  const spans = tiles.flatMap((bytes, column) => {
    const left = Math.max(0, box.x - column * tile.width)
    const right = Math.min(tile.width, box.x + box.width - column * tile.width)
    return left < right && top < bottom ? [{ walk: openTile(joining, bytes, column), left, right }] : []
  })
  if (!joining.layout) return
  const { mcu, output } = joining.layout
  const stride = ceilDivide(tile.width, mcu.width)
  for (let y = Math.floor(top / mcu.height); y * mcu.height < bottom; y += 1) {
    for (const { walk, left, right } of spans) {
      const from = Math.floor(left / mcu.width)
      writeMcus(walk, output, y * stride + from, ceilDivide(right, mcu.width) - from)
    }
  }
}

function addRow(joining: Joining, tiles: readonly Uint8Array[]): void {
  const { plan, writer } = joining
  if (tiles.length !== plan.columns) throw unsupported('a row of tiles is not complete')
  const bottom = plan.box.y + plan.box.height
  const isLast = (joining.row + 1) * plan.tile.height >= bottom
  if (joining.row * plan.tile.height >= bottom) throw unsupported('there are more rows than wanted')
  writeTileRow(joining, tiles)
  joining.row += 1
  if (!isLast) return
  finishBits(writer)
  writeBytes(writer, Uint8Array.of(0xff, 0xd9))
}

/** Creates a {@link JpegJoiner}; one for each thread is enough. */
export function createJpegJoiner(): JpegJoiner {
  const findCoding = createCodings()
  const sharedWriter = createBitWriter()
  const sharedScratch: EntropyData[] = []

  function open(plan: JoinPlan, writer: BitWriter, scratch: EntropyData[]): Joining {
    checkPlan(plan)
    const tables = plan.tables ? parseTables(plan.tables) : noTables
    return { plan, tables, findCoding, writer, scratch, row: 0 }
  }

  return {
    join(tiles, plan) {
      resetBits(sharedWriter)
      const joining = open(plan, sharedWriter, sharedScratch)
      const { tile, columns, box } = plan
      const rows = ceilDivide(box.y + box.height, tile.height)
      if (tiles.length !== rows * columns) throw unsupported('the tiles are not those of the box')
      reserveFor(sharedWriter, tiles)
      for (let row = 0; row < rows; row += 1) addRow(joining, tiles.slice(row * columns, (row + 1) * columns))
      return takeBytes(sharedWriter)
    },
    begin(plan) {
      // Memory of its own: other joins may be made between two rows.
      const writer = createBitWriter()
      const joining = open(plan, writer, [])
      return {
        addRow(tiles) {
          reserveFor(writer, tiles)
          addRow(joining, tiles)
          return takeBytes(writer)
        },
      }
    },
  }
}
