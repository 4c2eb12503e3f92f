import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { isJoinable, mcuSize } from '../../../src/image/jpeg/frame.js'
import { type BaselineJpeg, parseJpeg } from '../../../src/image/jpeg/markers.js'
import { standardLuminance } from '../../../src/image/jpeg/standard-huffman.js'
import { parseTables } from '../../../src/image/jpeg/tables.js'
import { encodeCoefficients, randomCoefficients, type Sampling } from './coefficients.js'
import { drawPicture } from './tiff-tiles.js'

const grey = encodeCoefficients(randomCoefficients(20, 12, 'grey', 1), { restartInterval: 2 })

function find(bytes: Uint8Array, code: number): number {
  return bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === code)
}

/** `bytes` with `values` written over what is `offset` bytes behind the marker `code`. */
function patch(bytes: Uint8Array, code: number, offset: number, ...values: number[]): Uint8Array {
  const patched = Uint8Array.from(bytes)
  patched.set(values, find(bytes, code) + offset)
  return patched
}

function without(bytes: Uint8Array, code: number): Uint8Array {
  const at = find(bytes, code)
  const end = at + 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!)
  return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(end))
}

function insert(bytes: Uint8Array, ...values: number[]): Uint8Array {
  return Uint8Array.of(0xff, 0xd8, ...values, ...bytes.subarray(2))
}

function parseBaseline(bytes: Uint8Array): BaselineJpeg {
  const header = parseJpeg(bytes)
  if (header.kind !== 'baseline') throw new Error(header.reason)
  return header
}

describe('the header of a stream', () => {
  it('tells frame, tables, restart interval and where the data lies', () => {
    const header = parseBaseline(grey)
    const scan = find(grey, 0xda)
    expect(header).toMatchObject({
      width: 20,
      height: 12,
      extended: true,
      restartInterval: 2,
      hasJfif: false,
    })
    expect(header.components).toEqual([
      { id: 1, h: 1, v: 1, quantisation: new Uint8Array(64).fill(1), ...standardLuminance },
    ])
    expect([header.dataStart, header.dataEnd]).toEqual([scan + 10, grey.length - 2])
  })

  it('of a file by libjpeg tells the ICC profile', async () => {
    const file = await drawPicture(40, 30, 3).withIccProfile('p3').jpeg().toBuffer()
    const { icc } = await sharp(file).metadata()
    const header = parseBaseline(file)
    expect(header).toMatchObject({ width: 40, height: 30, extended: false })
    expect(Buffer.from(header.profile ?? []).equals(icc!)).toBe(true)
  })

  it.each([
    ['grey', 8, 8],
    ['4:4:4', 8, 8],
    ['4:2:2', 16, 8],
    ['4:2:0', 16, 16],
    ['4:4:0', 8, 16],
  ] as [Sampling, number, number][])('tells the MCU of %s: %i by %i', (sampling, width, height) => {
    const header = parseBaseline(encodeCoefficients(randomCoefficients(16, 16, sampling, 1)))
    expect(mcuSize(header)).toEqual({ width, height })
    expect(isJoinable(header)).toBe(true)
  })

  it('takes the tables that it lacks from a separate stream, and its own before those', () => {
    const dht = find(grey, 0xc4)
    const dqt = find(grey, 0xdb)
    const frame = find(grey, 0xc1)
    const separate = Uint8Array.of(
      ...[0xff, 0xd8, ...grey.subarray(dqt, frame), ...grey.subarray(dht, find(grey, 0xdd)), 0xff, 0xd9],
    )
    const bare = without(without(grey, 0xc4), 0xdb)
    expect(() => parseJpeg(bare)).toThrow(expect.objectContaining({ code: 'source-damaged' }))
    const merged = parseJpeg(bare, parseTables(separate))
    expect(merged).toMatchObject({ components: parseBaseline(grey).components })
    const finer = parseJpeg(without(grey, 0xc4), parseTables(patch(separate, 0xdb, 5, 9)))
    expect(finer).toMatchObject({ components: parseBaseline(grey).components })
  })

  it('may have fill bytes before a marker and bytes behind the end', () => {
    const filled = insert(grey, 0xff, 0xff)
    const padded = Uint8Array.of(...filled, 0, 0, 0)
    expect(parseBaseline(padded)).toMatchObject({ dataEnd: filled.length - 2 })
  })

  it('may have 16-bit quantisation tables', () => {
    const at = find(grey, 0xdb)
    const wide = Uint8Array.of(
      ...grey.subarray(0, at),
      ...[0xff, 0xdb, 0, 131, 0x10, ...new Array<number>(128).fill(3)],
      ...grey.subarray(at + 69),
    )
    expect(parseBaseline(wide).components[0]!.quantisation).toEqual(new Uint8Array(128).fill(3))
  })
})

describe('what is not baseline is named', () => {
  const colour = encodeCoefficients(randomCoefficients(16, 16, '4:4:4', 1))
  const others: [string, Uint8Array][] = [
    ['12 bits a sample', patch(grey, 0xc1, 4, 12)],
    ['the height is told behind the scan', patch(grey, 0xc1, 5, 0, 0)],
    ['not sequential Huffman coding', patch(grey, 0xc1, 1, 0xc2)],
    ['not sequential Huffman coding', patch(grey, 0xc1, 1, 0xc9)],
    ['not sequential Huffman coding', insert(grey, 0xff, 0xcc, 0, 4, 0, 0)],
    ['hierarchical', insert(grey, 0xff, 0xde, 0, 2)],
    ['the components are in several scans', patch(colour, 0xda, 3, 8, 1, 1, 0, 0, 63, 0)],
  ]

  it.each(others)('%s', (reason, bytes) => {
    expect(parseJpeg(bytes)).toEqual({ kind: 'other', reason })
    expect(isJoinable(parseJpeg(bytes))).toBe(false)
  })

  it('four components are baseline, but not joined', () => {
    const cmyk = Uint8Array.from(encodeCoefficients(randomCoefficients(16, 16, '4:4:4', 1)))
    const scan = find(cmyk, 0xda)
    const frame = find(cmyk, 0xc1)
    const four = Uint8Array.of(
      ...cmyk.subarray(0, frame),
      ...[
        0xff,
        0xc1,
        0,
        20,
        ...cmyk.subarray(frame + 4, frame + 9),
        4,
        ...cmyk.subarray(frame + 10, frame + 19),
      ],
      ...[4, 0x11, 0],
      ...cmyk.subarray(frame + 19, scan),
      ...[0xff, 0xda, 0, 14, 4, 1, 0, 2, 0x11, 3, 0x22, 4, 0, 0, 63, 0],
      ...cmyk.subarray(scan + 14),
    )
    expect(parseBaseline(four).components.length).toBe(4)
    expect(isJoinable(parseJpeg(four))).toBe(false)
  })
})

describe('what is broken is refused', () => {
  const broken: [string, Uint8Array][] = [
    ['nothing', new Uint8Array()],
    ['no SOI', grey.subarray(2)],
    ['a byte between segments', insert(grey, 0)],
    ['a restart marker in the header', insert(grey, 0xff, 0xd0)],
    ['a second SOI', insert(grey, 0xff, 0xd8)],
    ['a segment shorter than its length', insert(grey, 0xff, 0xe5, 0, 1)],
    ['a segment beyond the end', patch(grey, 0xda, 2, 0xff, 0xff)],
    ['an end before the scan', insert(grey, 0xff, 0xd9)],
    ['a frame without width', patch(grey, 0xc1, 7, 0, 0)],
    ['a frame without components', patch(grey, 0xc1, 9, 0)],
    ['a frame of another length', patch(grey, 0xc1, 9, 2)],
    ['a sampling factor of 0', patch(grey, 0xc1, 11, 0x10)],
    ['a sampling factor of 5', patch(grey, 0xc1, 11, 0x51)],
    ['no frame', without(grey, 0xc1)],
    ['no quantisation table', without(grey, 0xdb)],
    ['a quantisation table of three bytes a value', patch(grey, 0xdb, 4, 0x20)],
    ['a quantisation table 4', patch(grey, 0xdb, 4, 4)],
    ['a Huffman table of a third kind', patch(grey, 0xc4, 4, 0x20)],
    ['a Huffman table longer than its segment', patch(grey, 0xc4, 5, 255)],
    ['a restart interval of three bytes', insert(grey, 0xff, 0xdd, 0, 5, 0, 0, 0)],
    ['a scan of another component', patch(grey, 0xda, 5, 7)],
    ['a scan of a part of the spectrum', patch(grey, 0xda, 8, 5)],
    ['a scan with an unknown table', patch(grey, 0xda, 6, 0x33)],
    ['no end', grey.subarray(0, grey.length - 2)],
  ]

  it.each(broken)('%s', (_, bytes) => {
    expect(() => parseJpeg(bytes)).toThrow(expect.objectContaining({ status: 500, code: 'source-damaged' }))
  })

  it('an MCU of more than ten blocks', () => {
    const tile = encodeCoefficients(randomCoefficients(16, 16, '4:4:4', 1))
    const large = patch(tile, 0xc1, 11, 0x44)
    expect(() => parseJpeg(large)).toThrow(/MCU is too large/)
  })

  it('a stream of tables with a scan in it, or without an end', () => {
    expect(() => parseTables(grey)).toThrow(expect.objectContaining({ code: 'source-damaged' }))
    expect(() => parseTables(grey.subarray(0, find(grey, 0xc1)))).toThrow(/ends too early/)
  })
})
