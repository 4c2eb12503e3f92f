import { describe, expect, it } from 'vitest'
import { openTiff } from '../../../src/image/tiff/open.js'
import { readTileBytes, readTileRange } from '../../../src/image/tiff/tile.js'
import { locateTile } from '../../../src/image/tiff/tile-index.js'
import { type CountingSource, createSource } from './material.js'
import { ascii, bytes, imageFields, long, short, type WriterOptions, writeTiff } from './writer.js'

const tileOf = (index: number, length = 256) => new Uint8Array(length).fill(index + 1)
const tiles = Array.from({ length: 9 }, (_, index) => (index === 4 ? new Uint8Array(0) : tileOf(index)))
const fields = imageFields(40, 40, { tile: 16 })

async function open(file: Uint8Array, options: { sized?: boolean } = {}) {
  const source: CountingSource = createSource(file, options)
  const opened = await openTiff(source)
  source.reads.length = 0
  return { source, file: opened, directory: opened.directories[0]! }
}

describe('readTileBytes', () => {
  const orders: readonly WriterOptions[] = [
    {},
    { bigEndian: true },
    { bigTiff: true },
    { bigEndian: true, bigTiff: true },
  ]
  it.each(orders)('gives the stored bytes in one read, and nothing for a sparse tile: %o', async options => {
    const { source, file, directory } = await open(writeTiff([{ fields, tiles }], options))
    for (const index of tiles.keys()) {
      source.reads.length = 0
      expect(await readTileBytes(file, directory, index)).toEqual(index === 4 ? undefined : tileOf(index))
      expect(source.reads.map(({ length }) => length)).toEqual(index === 4 ? [] : [256])
    }
  })

  it('reads lists of short numbers, and lists of one number', async () => {
    const strips = [273, 279].map((tag, index) => short(tag, index === 0 ? 8 : 4))
    const { file, directory } = await open(writeTiff([{ fields: [...imageFields(2, 2), ...strips] }]))
    expect(await locateTile(file, directory, 0)).toEqual({ offset: 8, length: 4 })
  })

  it('reads of a large index only blocks around the entries, and only once', async () => {
    const count = 2 ** 16
    const lists = [
      { tag: 324, type: 16, values: Array.from({ length: count }, (_, index) => 8 + index) },
      { tag: 325, type: 4, values: Array<number>(count).fill(7) },
    ]
    const image = imageFields(2 ** 12, 2 ** 12, { tile: 16 })
    const { source, file, directory } = await open(
      writeTiff([{ fields: [...image, ...lists] }], { bigTiff: true }),
    )
    for (const index of [0, 1, 256, 257, count - 1, count - 2]) {
      expect(await locateTile(file, directory, index)).toEqual({ offset: 8 + index, length: 7 })
    }
    expect(source.reads.length).toBeLessThanOrEqual(4)
    expect(source.bytesRead()).toBeLessThanOrEqual(4 * 32768)
  })

  it('finds entries that lie across two blocks', async () => {
    const count = 6000
    const image = imageFields(16 * count, 16, { tile: 16 })
    const offsets = Array.from({ length: count }, (_, index) => 8 + index)
    for (const shift of [0, 2, 4, 6]) {
      // Texts before the list move it, so that the border of two blocks falls into each part of an entry once.
      const list = { tag: 324, type: 16, values: offsets }
      const moved = [
        ascii(270, 'x'.repeat(100 + shift)),
        list,
        short(325, ...offsets.map(at => at % 200 || 200)),
      ]
      const { file, directory } = await open(writeTiff([{ fields: [...image, ...moved] }], { bigTiff: true }))
      for (const index of offsets.keys()) {
        const [offset, length] = [8 + index, (8 + index) % 200 || 200]
        expect(await locateTile(file, directory, index)).toEqual({ offset, length })
      }
    }
  })

  it.each([
    ['beyond the end', [long(324, 2 ** 31), long(325, 256)], /tile 0 lies beyond the end/],
    ['of gigabytes', [long(324, 8), long(325, 2 ** 31)], /tile 0 lies beyond the end/],
  ])('refuses a tile %s', async (_, lists, message) => {
    const image = imageFields(16, 16, { tile: 16 })
    const { file, directory } = await open(writeTiff([{ fields: [...image, ...lists] }]))
    await expect(readTileBytes(file, directory, 0)).rejects.toThrow(message)
  })

  it('refuses a tile that its pixels could never fill, also where the length of the source is unknown', async () => {
    const image = imageFields(16, 16, { tile: 16 })
    const lists = [long(324, 8), long(325, 2 ** 31)]
    const { source, file, directory } = await open(writeTiff([{ fields: [...image, ...lists] }]), {
      sized: false,
    })
    await expect(readTileBytes(file, directory, 0)).rejects.toThrow(
      /2147483648 bytes for 256 bytes of pixels/,
    )
    expect(source.reads).toEqual([])
  })

  it('refuses a tile that does not exist, and a directory that lists none', async () => {
    const { file, directory } = await open(writeTiff([{ fields, tiles }]))
    for (const index of [-1, 9, Number.NaN]) {
      await expect(readTileBytes(file, directory, index)).rejects.toThrow(/has no tile/)
    }
    const bare = await open(writeTiff([{ fields: imageFields(16, 16, { compression: 6 }) }]))
    await expect(readTileBytes(bare.file, bare.directory, 0)).rejects.toThrow(/does not list/)
  })
})

describe('readTileRange', () => {
  it('reads neighbours in one go, and keeps the order that was asked for', async () => {
    const { source, file, directory } = await open(writeTiff([{ fields, tiles }]))
    expect(await readTileRange(file, directory, [8, 0, 4, 3, 3])).toEqual(
      [8, 0, 4, 3, 3].map(index => (index === 4 ? undefined : tileOf(index))),
    )
    expect(source.reads).toEqual([{ offset: 8, length: 8 * 256 }])
  })

  it('reads tiles that are far apart on their own', async () => {
    const image = imageFields(32, 32, { tile: 16 })
    const gap = bytes(65000, new Uint8Array(0))
    const spread = [8, 300, 5000, 9000]
    const lists = [long(324, ...spread), long(325, 200, 256, 256, 100)]
    const padding = { tag: 65001, type: 7, values: Array<number>(12000).fill(5) }
    const { source, file, directory } = await open(
      writeTiff([{ fields: [...image, gap, ...lists, padding] }]),
    )
    const found = await readTileRange(file, directory, [0, 1, 2, 3])
    expect(found.map(tile => tile?.length)).toEqual([200, 256, 256, 100])
    expect(source.reads.sort((a, b) => a.offset - b.offset)).toEqual([
      { offset: 8, length: 548 },
      { offset: 5000, length: 4100 },
    ])
  })

  it('stops at the first tile that is damaged', async () => {
    const image = imageFields(32, 16, { tile: 16 })
    const lists = [long(324, 8, 2 ** 31), long(325, 8, 256)]
    const { file, directory } = await open(writeTiff([{ fields: [...image, ...lists] }]))
    await expect(readTileRange(file, directory, [0, 1])).rejects.toThrow(/tile 1 lies beyond/)
  })

  it('gives nothing for nothing', async () => {
    const { source, file, directory } = await open(writeTiff([{ fields, tiles }]))
    expect(await readTileRange(file, directory, [])).toEqual([])
    expect(await readTileRange(file, directory, [4])).toEqual([undefined])
    expect(source.reads).toEqual([])
  })
})
