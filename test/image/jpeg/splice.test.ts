import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseJpeg } from '../../../src/image/jpeg/markers.js'
import { spliceTables } from '../../../src/image/jpeg/splice.js'
import { createRandom } from './coefficients.js'
import { makePyramid, readLevels, type TiledLevel } from './tiff-tiles.js'

let grey: TiledLevel
let ycbcr: TiledLevel
let rgb: TiledLevel

beforeAll(async () => {
  const files = await Promise.all([
    makePyramid(128, 128, 1, 80),
    makePyramid(128, 128, 3, 80),
    makePyramid(128, 128, 3, 92),
  ])
  ;[grey, ycbcr, rgb] = files.map(file => readLevels(file)[0]!) as [TiledLevel, TiledLevel, TiledLevel]
})

function splice(level: TiledLevel, profile?: Uint8Array, tile: Uint8Array = level.tiles[0]!): Uint8Array {
  return spliceTables(tile, level.tables, profile ? { ...level.colour, profile } : level.colour)
}

describe('the colour is told so that it cannot be misunderstood', () => {
  it('YCbCr and grey by JFIF, without an Adobe segment', () => {
    for (const level of [grey, ycbcr]) {
      const header = parseJpeg(splice(level))
      expect(header).toMatchObject({ kind: 'baseline', hasJfif: true })
      expect(header).not.toHaveProperty('adobeTransform')
    }
  })

  it('RGB by an Adobe segment with transform 0, without JFIF', () => {
    expect(parseJpeg(splice(rgb))).toMatchObject({ kind: 'baseline', hasJfif: false, adobeTransform: 0 })
  })

  it('by the container, whatever the tile says of itself', async () => {
    const tile = ycbcr.tiles[0]!
    const adobe = [0xff, 0xee, 0, 14, ...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, 0]
    const comment = [0xff, 0xfe, 0, 5, 1, 2, 3]
    const lying = Uint8Array.of(...tile.subarray(0, 2), ...adobe, ...comment, ...tile.subarray(2))
    expect(Buffer.from(splice(ycbcr, undefined, lying)).equals(splice(ycbcr))).toBe(true)
  })

  it('and a colour with other components is refused', () => {
    const tile = ycbcr.tiles[0]!
    expect(() => spliceTables(tile, ycbcr.tables, { photometric: 'gray' })).toThrow(
      expect.objectContaining({ code: 'source-unsupported' }),
    )
  })
})

describe('an ICC profile', () => {
  it('is found by a decoder', async () => {
    const { data } = await sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } })
      .withIccProfile('p3')
      .jpeg()
      .toBuffer({ resolveWithObject: true })
    const icc = (await sharp(data).metadata()).icc!
    expect((await sharp(splice(rgb, icc)).metadata()).icc!.equals(icc)).toBe(true)
  })

  it.each([1, 65519, 65520, 200_000])('of %i bytes is put into as many segments as it needs', length => {
    const random = createRandom(length)
    const profile = Uint8Array.from({ length }, () => random() * 256)
    const spliced = splice(ycbcr, profile)
    expect(spliced.length).toBe(splice(ycbcr).length + length + 18 * Math.ceil(length / 65519))
    const header = parseJpeg(spliced)
    expect(header.kind === 'baseline' && Buffer.from(header.profile!).equals(profile)).toBe(true)
  })

  it('of more than 255 segments is refused', () => {
    expect(() => splice(ycbcr, new Uint8Array(65519 * 255 + 1))).toThrow(/too large/)
  })
})

it('the bytes of the scan are those of the tile', () => {
  const tile = ycbcr.tiles[0]!
  const scan = tile.findIndex((byte, i) => byte === 0xff && tile[i + 1] === 0xda)
  expect(
    Buffer.from(splice(ycbcr))
      .subarray(-(tile.length - scan))
      .equals(tile.subarray(scan)),
  ).toBe(true)
})

it('a tile with tables of its own needs no others', async () => {
  const file = await sharp({ create: { width: 9, height: 7, channels: 3, background: '#a05' } })
    .jpeg()
    .toBuffer()
  const spliced = spliceTables(file, undefined, { photometric: 'ycbcr' })
  expect((await sharp(spliced).raw().toBuffer()).equals(await sharp(file).raw().toBuffer())).toBe(true)
})

it('a tile without a scan, or with a broken header, is refused', () => {
  const ended = Uint8Array.of(0xff, 0xd8, 0xff, 0xd9)
  for (const tile of [ended, new Uint8Array(9), ycbcr.tiles[0]!.subarray(0, 12)]) {
    expect(() => splice(ycbcr, undefined, tile)).toThrow(expect.objectContaining({ status: 500 }))
  }
})
