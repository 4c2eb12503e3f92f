/* What libvips sees: spliced tiles against its own reading of the TIFF, joined tiles against the region. */
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { createJpegJoiner } from '../../../src/image/jpeg/join.js'
import { parseJpeg } from '../../../src/image/jpeg/markers.js'
import { spliceTables } from '../../../src/image/jpeg/splice.js'
import { parseTables } from '../../../src/image/jpeg/tables.js'
import { drawPicture, makePyramid, readLevels, type TiledLevel } from './tiff-tiles.js'

const joiner = createJpegJoiner()

interface Box {
  x: number
  y: number
  width: number
  height: number
}

function readRegion(file: Buffer, page: number, box: Box): Promise<Buffer> {
  const { x, y, width, height } = box
  return sharp(file, { page }).extract({ left: x, top: y, width, height }).raw().toBuffer()
}

function readPixels(jpeg: Uint8Array): Promise<Buffer> {
  return sharp(jpeg).raw().toBuffer()
}

/** The largest difference on the borders of tiles and of the picture, one pixel wide, and that of all other pixels. */
function compare(a: Uint8Array, b: Uint8Array, box: Box, tile: number): { borders: number; inside: number } {
  expect(a.length).toBe(b.length)
  const channels = a.length / box.width / box.height
  const isBorder = (at: number, end: number): boolean =>
    at % tile === 0 || (at + 1) % tile === 0 || at + 1 === end
  let borders = 0
  let inside = 0
  for (let i = 0; i < a.length; i += 1) {
    const apart = Math.abs(a[i]! - b[i]!)
    if (apart === 0) continue
    const x = box.x + (Math.floor(i / channels) % box.width)
    const y = box.y + Math.floor(i / channels / box.width)
    const onBorder =
      isBorder(x, box.x + box.width) || isBorder(y, box.y + box.height) || x === box.x || y === box.y
    if (onBorder) borders = Math.max(borders, apart)
    else inside = Math.max(inside, apart)
  }
  return { borders, inside }
}

function joinBox(level: TiledLevel, box: Box): Uint8Array {
  const { tile, colour, tables } = level
  const from = { x: Math.floor(box.x / tile.width), y: Math.floor(box.y / tile.height) }
  const to = {
    x: Math.ceil((box.x + box.width) / tile.width),
    y: Math.ceil((box.y + box.height) / tile.height),
  }
  const tiles = level.tiles.filter((_, i) => {
    const column = i % level.columns
    const row = Math.floor(i / level.columns)
    return column >= from.x && column < to.x && row >= from.y && row < to.y
  })
  const inner = { ...box, x: box.x - from.x * tile.width, y: box.y - from.y * tile.height }
  return joiner.join(tiles, { tile, columns: to.x - from.x, box: inner, colour, tables })
}

const boxes: [string, Box][] = [
  ['an edge tile', { x: 640, y: 384, width: 60, height: 116 }],
  ['2 by 2 tiles', { x: 128, y: 128, width: 256, height: 256 }],
  ['3 by 4 tiles, the last ones in part', { x: 256, y: 0, width: 384, height: 500 }],
  ['a box within the tiles', { x: 112, y: 208, width: 333, height: 155 }],
  ['the whole level', { x: 0, y: 0, width: 700, height: 500 }],
]

const pyramids: ['grey' | 'ycbcr' | 'rgb', 1 | 3, number][] = [
  ['grey', 1, 75],
  ['grey', 1, 95],
  ['ycbcr', 3, 75],
  ['ycbcr', 3, 85],
  ['rgb', 3, 90],
  ['rgb', 3, 95],
]

describe.each(pyramids)('a pyramid of %s tiles (%i channels, quality %i)', (kind, channels, quality) => {
  const file = makePyramid(700, 500, channels, quality)

  it('is what libvips is expected to write', async () => {
    const [level] = readLevels(await file)
    const header = parseJpeg(level!.tiles[0]!, parseTables(level!.tables))
    expect(level!.colour.photometric).toBe(kind === 'grey' ? 'gray' : kind)
    expect(header).toMatchObject({ kind: 'baseline', width: 128, height: 128 })
    if (header.kind === 'baseline') expect(header.components[0]!.h).toBe(kind === 'ycbcr' ? 2 : 1)
  })

  it('has tiles that, spliced, decode to the pixels that libvips reads from the TIFF', async () => {
    const levels = readLevels(await file)
    expect(levels.length).toBeGreaterThan(2)
    for (const [page, level] of levels.entries()) {
      for (const [i, tile] of level.tiles.entries()) {
        const x = (i % level.columns) * 128
        const y = Math.floor(i / level.columns) * 128
        const width = Math.min(128, level.width - x)
        const height = Math.min(128, level.height - y)
        const spliced = sharp(spliceTables(tile, level.tables, level.colour))
        const pixels = await spliced.extract({ left: 0, top: 0, width, height }).raw().toBuffer()
        const expected = await readRegion(await file, page, { x, y, width, height })
        expect(pixels.equals(expected)).toBe(true)
      }
    }
  })

  it.each(boxes)('gives the pixels of %s without decoding', async (_, box) => {
    const [level] = readLevels(await file)
    const joined = joinBox(level!, box)
    const header = parseJpeg(joined)
    expect(header).toMatchObject({ kind: 'baseline', width: box.width, height: box.height })
    if (header.kind === 'baseline') expect(header.components.length).toBe(channels)
    const apart = compare(await readPixels(joined), await readRegion(await file, 0, box), box, 128)
    expect(apart.inside).toBe(0)
    // Where chroma is subsampled, the decoder now smoothes it across the borders of tiles, and not across our edges.
    expect(apart.borders).toBeLessThanOrEqual(kind === 'ycbcr' ? 13 : 0)
  })

  it('has smaller levels that are joined as well', async () => {
    for (const [page, level] of readLevels(await file).entries()) {
      const box = { x: 0, y: 0, width: level.width, height: level.height }
      const pixels = await readPixels(joinBox(level, box))
      const apart = compare(pixels, await readRegion(await file, page, box), box, 128)
      expect(apart.inside).toBe(0)
      expect(apart.borders).toBeLessThanOrEqual(kind === 'ycbcr' ? 13 : 0)
    }
  })
})

describe('JPEG files of their own', () => {
  it.each(['4:2:0', '4:4:4'])('with tables fitted to each, are joined too (%s)', async chromaSubsampling => {
    const picture = await drawPicture(192, 128, 3).png().toBuffer()
    const tiles = await Promise.all(
      [0, 64, 128, 192, 256, 320].map(at => {
        const place = { left: at % 192, top: at < 192 ? 0 : 64, width: 64, height: 64 }
        return sharp(picture)
          .extract(place)
          .jpeg({ quality: 85, chromaSubsampling, optimiseCoding: true })
          .toBuffer()
      }),
    )
    const joined = joiner.join(tiles, {
      tile: { width: 64, height: 64 },
      columns: 3,
      box: { x: 0, y: 0, width: 192, height: 128 },
      colour: { photometric: 'ycbcr' },
    })
    const places = tiles.map((input, i) => ({ input, left: (i % 3) * 64, top: i < 3 ? 0 : 64 }))
    const blank = sharp({ create: { width: 192, height: 128, channels: 3, background: 'red' } })
    const expected = await blank.composite(places).removeAlpha().raw().toBuffer()
    const apart = compare(await readPixels(joined), expected, { x: 0, y: 0, width: 192, height: 128 }, 64)
    expect(apart.inside).toBe(0)
    expect(apart.borders).toBeLessThanOrEqual(chromaSubsampling === '4:4:4' ? 0 : 13)
  })

  it('that are progressive are told from baseline ones', async () => {
    const progressive = await drawPicture(64, 64, 3).jpeg({ progressive: true }).toBuffer()
    expect(parseJpeg(progressive)).toEqual({ kind: 'other', reason: 'not sequential Huffman coding' })
    const plan = {
      tile: { width: 64, height: 64 },
      columns: 1,
      box: { x: 0, y: 0, width: 64, height: 64 },
      colour: { photometric: 'ycbcr' },
    } as const
    expect(() => joiner.join([progressive], plan)).toThrow(
      expect.objectContaining({ code: 'source-unsupported' }),
    )
  })
})
