import { deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { SourceError } from '../../../src/errors.js'
import { decodeTile } from '../../../src/image/tiff/decode.js'
import { openTiff, readRange } from '../../../src/image/tiff/open.js'
import { readTileBytes } from '../../../src/image/tiff/tile.js'
import { createSource } from './material.js'
import {
  bytes,
  greyPage as grey,
  imageFields,
  long,
  short,
  greyTile as tile,
  tiledPage as tiled,
  type WrittenPage,
  writeTiff,
} from './writer.js'

function replace(page: WrittenPage, ...fields: WrittenPage['fields'][number][]): Uint8Array {
  const kept = page.fields.filter(({ tag }) => !fields.some(field => field.tag === tag))
  return writeTiff([{ ...page, fields: [...kept, ...fields] }])
}

const self = writeTiff([grey])
const start = new DataView(self.buffer).getUint32(4, true)

describe('hostile files are refused', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /ends in the middle|beyond the end/],
    ['another format', new Uint8Array(64).fill(0x89), /neither with "II" nor with "MM"/],
    ['another version', new Uint8Array([0x49, 0x49, 44, 0, 8, 0, 0, 0]), /version is 44/],
    ['no directory', new Uint8Array([0x49, 0x49, 42, 0, 0, 0, 0, 0]), /holds no image/],
    ['a directory beyond the end', new Uint8Array([0x49, 0x49, 42, 0, 255, 255, 255, 255]), /beyond the end/],
    ['a directory that is cut off', self.subarray(0, start + 20), /beyond the end/],
    ['a loop', writeTiff([{ ...grey, next: start }]), /loop/],
    ['a loop through a SubIFD', replace(grey, { tag: 330, type: 4, values: [start] }), /loop/],
    [
      'a SubIFD twice',
      writeTiff([
        { ...grey, subifds: [grey] },
        { ...grey, next: 266 },
      ]),
      /loop|beyond|fields/,
    ],
    ['no width', replace(grey, long(256, 0)), /ImageWidth is 0/],
    ['a width beyond all', replace(grey, long(256, 2 ** 32 - 1)), /ImageWidth is 4294967295/],
    [
      'a missing height',
      writeTiff([{ ...grey, fields: grey.fields.filter(({ tag }) => tag !== 257) }]),
      /ImageLength is missing/,
    ],
    ['a fraction for a width', replace(grey, { tag: 256, type: 11, values: [1.5] }), /ImageWidth is 1.5/],
    [
      'no number for a width',
      replace(grey, { tag: 256, type: 12, values: [Number.NaN] }),
      /ImageWidth is NaN/,
    ],
    ['a negative width', replace(grey, { tag: 256, type: 9, values: [2 ** 32 - 16] }), /ImageWidth is -16/],
    ['tiles without a width', replace(tiled, long(322, 0)), /TileWidth is 0/],
    ['strips without rows', replace(grey, long(278, 0)), /RowsPerStrip is 0/],
    ['2^31 tiles', replace(tiled, long(256, 2 ** 20), long(257, 2 ** 19)), /2147483648 tiles/],
    ['fewer tiles than there are', replace(tiled, long(256, 64)), /lists 9 of 12/],
    ['no samples', replace(grey, short(277, 0)), /SamplesPerPixel is 0/],
    ['thousands of samples', replace(grey, short(277, 60000)), /SamplesPerPixel is 60000/],
    ['samples of no bits', replace(grey, short(258, 0)), /BitsPerSample is 0/],
    [
      'a profile beyond the end',
      replace(grey, { ...bytes(34675, tile), offset: 2 ** 31 }),
      /ICCProfile lies beyond/,
    ],
    [
      'a list that overlaps the end',
      replace(tiled, { tag: 338, type: 3, values: [0, 0, 0], count: 2 ** 31 }),
      /ExtraSamples lies beyond/,
    ],
    [
      'offsets that are fractions',
      writeTiff([{ fields: [...imageFields(16, 16), { tag: 273, type: 11, values: [8] }, long(279, 256)] }]),
      /field of type 11/,
    ],
  ])('%s', async (_, file, message) => {
    const opening = openTiff(createSource(file))
    await expect(opening).rejects.toBeInstanceOf(SourceError)
    await expect(opening).rejects.toMatchObject({ status: 500, code: 'source-damaged' })
    await expect(opening).rejects.toThrow(message)
  })

  it('counts and offsets of BigTIFF beyond 2^53', async () => {
    const huge = { tag: 34675, type: 7, values: [...tile] }
    for (const lie of [{ count: 2 ** 60 }, { offset: 2 ** 60 }, { offset: 2 ** 53 - 1 }]) {
      const file = writeTiff([{ ...grey, fields: [...grey.fields, { ...huge, ...lie }] }], { bigTiff: true })
      await expect(openTiff(createSource(file))).rejects.toThrow(/larger than any file|beyond the end/)
    }
  })

  it('more directories, and more fields, than an honest file has', async () => {
    const many = createSource(writeTiff(Array(4097).fill(grey)))
    await expect(openTiff(many)).rejects.toThrow(/more than 4096 directories/)
    const fields = [...grey.fields, ...Array.from({ length: 1025 }, (_, index) => short(40000 + index, 1))]
    await expect(openTiff(createSource(writeTiff([{ ...grey, fields }])))).rejects.toThrow(/1034 fields/)
  })

  it('also where the length of the source is unknown', async () => {
    const file = replace(grey, { ...bytes(34675, tile), offset: 2 ** 31 })
    const opened = await openTiff(createSource(file, { sized: false }))
    await expect(readRange(opened, opened.directories[0]!.iccProfile!)).rejects.toThrow(/ends in the middle/)
    const long = replace(grey, { ...bytes(34675, tile), count: 2 ** 30 })
    const other = await openTiff(createSource(long, { sized: false }))
    await expect(readRange(other, other.directories[0]!.iccProfile!)).rejects.toThrow(/1073741824 bytes/)
  })
})

async function decodeFirst(file: Uint8Array) {
  const opened = await openTiff(createSource(file))
  const stored = await readTileBytes(opened, opened.directories[0]!, 0)
  return decodeTile(stored!, opened.directories[0]!, 0)
}

describe('damaged tiles', () => {
  const damaged = (compression: number, stored: Uint8Array) =>
    writeTiff([{ fields: imageFields(16, 16, { compression }), tiles: [stored], strips: true }])
  it.each([
    ['stored bytes that are too few', damaged(1, new Uint8Array(255))],
    ['a deflate stream that ends early', damaged(8, deflateSync(new Uint8Array(256)).subarray(0, 8))],
    ['a deflate stream of too few bytes', damaged(8, deflateSync(new Uint8Array(255)))],
    ['a deflate stream that is none', damaged(8, new Uint8Array(64).fill(77))],
    ['a deflate bomb', damaged(8, deflateSync(new Uint8Array(2 ** 24)))],
    ['LZW that ends early', damaged(5, new Uint8Array([0x80, 0, 0]))],
    ['LZW that uses what is not defined', damaged(5, new Uint8Array([0x80, 0x1f, 0xff, 0xff]))],
    ['PackBits that ends early', damaged(32773, new Uint8Array([3, 1, 2]))],
    ['PackBits of nothing but fill bytes', damaged(32773, new Uint8Array(64).fill(128))],
  ])('are refused: %s', async (_, bytes) => {
    await expect(decodeFirst(bytes)).rejects.toMatchObject({ status: 500, code: 'source-damaged' })
    await expect(decodeFirst(bytes)).rejects.toBeInstanceOf(SourceError)
  })
})
