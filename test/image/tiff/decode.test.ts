import * as zlib from 'node:zlib'
import { deflateSync } from 'node:zlib'
import sharp, { type TiffOptions } from 'sharp'
import { describe, expect, it } from 'vitest'
import { type DecodedTile, decodeTile, findObstacle, isDecodable } from '../../../src/image/tiff/decode.js'
import { countTiles } from '../../../src/image/tiff/layout.js'
import { openTiff } from '../../../src/image/tiff/open.js'
import { readTileBytes } from '../../../src/image/tiff/tile.js'
import { createPicture, createPixels, createSource } from './material.js'
import {
  type ImageOptions,
  imageFields,
  short,
  type WriterOptions,
  type WrittenField,
  type WrittenPage,
  writeTiff,
} from './writer.js'

type Samples = Extract<DecodedTile, { kind: 'samples' }>

async function openFirst(bytes: Uint8Array) {
  const file = await openTiff(createSource(bytes))
  return { file, directory: file.directories[0]! }
}

async function decodeAt(bytes: Uint8Array, index: number): Promise<DecodedTile> {
  const { file, directory } = await openFirst(bytes)
  return decodeTile((await readTileBytes(file, directory, index))!, directory, index)
}

/** Puts all tiles of the first directory together, their padding cut off. */
async function assemble(bytes: Uint8Array): Promise<{ data: Buffer; tiles: Samples[] }> {
  const { file, directory } = await openFirst(bytes)
  const { layout, width, height } = directory
  const tiles: Samples[] = []
  let data = Buffer.alloc(0)
  for (let index = 0; index < countTiles(layout); index += 1) {
    const tile = await decodeTile((await readTileBytes(file, directory, index))!, directory, index)
    if (tile.kind !== 'samples') throw new Error(tile.reason)
    tiles.push(tile)
    const pixelBytes = (tile.channels * tile.depth) / 8
    if (index === 0) data = Buffer.alloc(width * height * pixelBytes)
    const [left, top] = [
      (index % layout.across) * layout.width,
      Math.floor(index / layout.across) * layout.height,
    ]
    const cut = Math.min(tile.width, width - left) * pixelBytes
    for (let y = 0; y < Math.min(tile.height, height - top); y += 1) {
      const from = y * tile.width * pixelBytes
      data.set(tile.data.subarray(from, from + cut), ((top + y) * width + left) * pixelBytes)
    }
  }
  return { data, tiles }
}

/** The pixels as libvips decodes them, no colour changed. */
async function decodeWithSharp(bytes: Uint8Array): Promise<{ data: Buffer; channels: number }> {
  const { depth, channels = 0 } = await sharp(bytes).metadata()
  if (depth === 'ushort') {
    const image = sharp(bytes).toColourspace(channels < 3 ? 'grey16' : 'rgb16')
    return { data: await image.raw({ depth }).toBuffer(), channels }
  }
  if (channels !== 2) {
    const image = sharp(bytes).toColourspace(channels < 3 ? 'b-w' : 'srgb')
    return { data: await image.raw().toBuffer(), channels }
  }
  // Sharp keeps the alpha of a grey image only when it gives four channels.
  const four = await sharp(bytes).raw().toBuffer()
  return { data: Buffer.from(four.filter((_, index) => index % 4 === 0 || index % 4 === 3)), channels }
}

async function expectSamePixels(bytes: Uint8Array, depth?: 8 | 16, channels?: number): Promise<void> {
  const [ours, theirs] = [await assemble(bytes), await decodeWithSharp(bytes)]
  expect(ours.tiles[0]!.channels).toBe(theirs.channels)
  if (depth) expect(ours.tiles[0]).toMatchObject({ depth, channels })
  expect(ours.data.length).toBe(theirs.data.length)
  expect(ours.data.equals(theirs.data)).toBe(true)
}

async function wide(channels: 1 | 2 | 3 | 4, options: TiffOptions): Promise<Buffer> {
  const space = channels < 3 ? 'grey16' : 'rgb16'
  return createPicture(301, 203, channels).toColourspace(space).linear(1.37, 11).tiff(options).toBuffer()
}

async function narrow(channels: 1 | 2 | 3 | 4, options: TiffOptions): Promise<Buffer> {
  const picture = createPicture(301, 203, channels)
  return picture
    .toColourspace(channels < 3 ? 'b-w' : 'srgb')
    .tiff(options)
    .toBuffer()
}

const compressions = ['none', 'lzw', 'deflate', 'packbits'] as const
const shapes: readonly TiffOptions[] = [{ tile: true, tileWidth: 64, tileHeight: 48 }, { tile: false }]

describe('tiles of files that libvips wrote', () => {
  const cases = compressions.flatMap(compression =>
    shapes.flatMap(shape =>
      (['none', 'horizontal'] as const).map(predictor => ({ compression, predictor, ...shape })),
    ),
  )
  it.each(cases)('have the pixels that sharp decodes: $compression $predictor tiled $tile', async options => {
    for (const channels of [1, 2, 3, 4] as const) {
      await expectSamePixels(await narrow(channels, options), 8, channels)
      await expectSamePixels(await wide(channels, options), 16, channels)
    }
  })

  it.each([true, false])('of one bit become grey, miniswhite %s', async miniswhite => {
    for (const compression of compressions) {
      const picture = createPicture(301, 203, 1).threshold(100).toColourspace('b-w')
      const bytes = await picture.tiff({ bitdepth: 1, miniswhite, compression, predictor: 'none' }).toBuffer()
      expect((await openFirst(bytes)).directory.bitsPerSample).toEqual([1])
      await expectSamePixels(bytes)
    }
  })

  it('with a floating predictor, and those of JPEG, are left to others', async () => {
    const jpeg = await createPicture(64, 64, 1).tiff({ compression: 'jpeg' }).toBuffer()
    expect(await decodeAt(jpeg, 0)).toEqual({ kind: 'unsupported', reason: 'compression 7' })
    const float = await createPicture(64, 64, 1).tiff({ compression: 'lzw', predictor: 'float' }).toBuffer()
    expect(findObstacle((await openFirst(float)).directory)).toBe('predictor 3')
  })
})

/** A page of one 16-bit strip, or of strips of some rows, in big-endian order. */
function bigEndianPage(
  samples: number,
  pack: (bytes: Uint8Array) => Uint8Array,
  compression: number,
): WrittenPage {
  const [width, height, rows] = [37, 29, 8]
  const pixels = createPixels(width * 2, height, samples)
  const row = width * samples * 2
  const strips = Array.from({ length: Math.ceil(height / rows) }, (_, index) =>
    pack(pixels.subarray(index * rows * row, (index + 1) * rows * row)),
  )
  const fields = imageFields(width, height, { samples, bits: 16, compression, rows })
  return { fields: samples % 2 === 0 ? [...fields, short(338, 2)] : fields, tiles: strips, strips: true }
}

/** The differences that the horizontal predictor stores, in 16 bits, big-endian. */
function subtract(bytes: Uint8Array, rowSamples: number, samples: number): Uint8Array {
  const words = new Uint8Array(bytes)
  const [from, to] = [new DataView(bytes.buffer, bytes.byteOffset, bytes.length), new DataView(words.buffer)]
  for (let at = 0; at < bytes.length / 2; at += 1) {
    if (at % rowSamples >= samples)
      to.setUint16(at * 2, from.getUint16(at * 2) - from.getUint16((at - samples) * 2))
  }
  return words
}

describe('tiles of files of our own', () => {
  const orders: readonly WriterOptions[] = [{ bigEndian: true }, { bigEndian: true, bigTiff: true }]
  it.each(orders)('with big-endian samples have the pixels that sharp decodes: %o', async options => {
    for (const samples of [1, 2, 3, 4]) {
      await expectSamePixels(writeTiff([bigEndianPage(samples, strip => strip, 1)], options))
      await expectSamePixels(writeTiff([bigEndianPage(samples, strip => deflateSync(strip), 32946)], options))
      const page = bigEndianPage(samples, strip => deflateSync(subtract(strip, 37 * samples, samples)), 8)
      await expectSamePixels(writeTiff([{ ...page, fields: [...page.fields, short(317, 2)] }], options))
    }
  })

  it('with white at zero are turned around, and the stored bytes stay as they are', async () => {
    const stored = createPixels(40, 30, 1)
    const bytes = writeTiff([
      { fields: imageFields(40, 30, { photometric: 0 }), tiles: [stored], strips: true },
    ])
    const before = Buffer.from(bytes)
    await expectSamePixels(bytes)
    expect(before.equals(bytes)).toBe(true)
  })

  it('that need no change are given back without a copy', async () => {
    const fields = imageFields(40, 30)
    const { file, directory } = await openFirst(
      writeTiff([{ fields, tiles: [createPixels(40, 30, 1)], strips: true }]),
    )
    const stored = (await readTileBytes(file, directory, 0))!
    const decoded = (await decodeTile(stored, directory, 0)) as Samples
    expect(decoded.data.buffer).toBe(stored.buffer)
    expect(decoded.data).toEqual(createPixels(40, 30, 1))
  })

  it('of Zstandard are decoded where Node can, and left to libvips where it cannot', async () => {
    const compress = Reflect.get(zlib, 'zstdCompressSync') as undefined | ((bytes: Uint8Array) => Uint8Array)
    const fields = imageFields(40, 30, { compression: 50000 })
    const stored = compress?.(createPixels(40, 30, 1)) ?? new Uint8Array(16)
    const bytes = writeTiff([{ fields, tiles: [stored], strips: true }])
    if (compress) expect((await assemble(bytes)).data).toEqual(Buffer.from(createPixels(40, 30, 1)))
    else expect(await decodeAt(bytes, 0)).toEqual({ kind: 'unsupported', reason: 'compression 50000' })
  })

  it('whose last strip is written with all its rows are cut to the image', async () => {
    const rows = Buffer.concat([createPixels(40, 30, 1), Buffer.alloc(80)])
    const strips = [rows.subarray(0, 640), rows.subarray(640)].map(strip => deflateSync(strip))
    const fields = imageFields(40, 30, { compression: 8, rows: 16 })
    await expectSamePixels(writeTiff([{ fields, tiles: strips, strips: true }]))
  })
})

describe('what is left to libvips', () => {
  const image = (options: ImageOptions) => imageFields(16, 16, options)
  it.each<[string, WrittenField[], string]>([
    ['palette', image({ photometric: 3 }), 'photometric interpretation 3'],
    ['CMYK', image({ samples: 4, photometric: 5 }), 'photometric interpretation 5'],
    ['five samples', image({ samples: 5, photometric: 2 }), '5 samples'],
    ['planes', [...image({ samples: 3 }), short(284, 2)], 'planar configuration 2'],
    ['twelve bits', image({ bits: 12 }), '12 bits'],
    ['numbers with a sign', [...image({}), short(339, 2)], 'sample format 2'],
    ['bits from the other end', [...image({ bits: 1 }), short(266, 2)], 'fill order 2'],
    ['multiplied alpha', [...image({ samples: 4 }), short(338, 1)], 'colours multiplied with alpha'],
    ['a predictor of bits', [...image({ bits: 1, compression: 5 }), short(317, 2)], 'predictor 2'],
    ['huge strips', imageFields(8192, 8193, {}), 'tiles or strips of more than 64 MiB'],
  ])('%s', async (_, fields, reason) => {
    const tiles = Array.from({ length: 5 }, () => new Uint8Array(16))
    const { directory } = await openFirst(writeTiff([{ fields, tiles, strips: true }]))
    expect(isDecodable(directory)).toBe(false)
    expect(await decodeTile(new Uint8Array(16), directory, 0)).toEqual({ kind: 'unsupported', reason })
  })

  it('LZW of before 1988, which only its bytes tell', async () => {
    const fields = image({ compression: 5 })
    const tiles = [new Uint8Array([0, 1, 2, 3])]
    const bytes = writeTiff([{ fields, tiles, strips: true }])
    expect(isDecodable((await openFirst(bytes)).directory)).toBe(true)
    expect(await decodeAt(bytes, 0)).toEqual({ kind: 'unsupported', reason: 'LZW of before 1988' })
  })
})
