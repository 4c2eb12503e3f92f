import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { openReader } from '../../src/image/reader.js'
import { openTiff } from '../../src/image/tiff/open.js'
import { readTileBytes } from '../../src/image/tiff/tile.js'
import { bytesSource, decode, writeSource } from './picture.js'
import { answerWith, bothSources, compare, readWithVips } from './stored-files.js'
import { bytes as byteField, imageFields, writeTiff } from './tiff/writer.js'
import { box, files, folder, openBytes, openSource, useCorpus } from './tiff-corpus.js'

useCorpus()

describe('damage', () => {
  async function damaged(name: string, change: (tile: Buffer, at: number) => void): Promise<Buffer> {
    const bytes = Buffer.from(files.get(name)!)
    const file = await openTiff(bytesSource(bytes))
    const directory = file.directories[0]!
    const tile = await readTileBytes(file, directory, 7)
    // `readTileBytes` gives a view of the file.
    const at = tile!.byteOffset - bytes.byteOffset
    change(bytes.subarray(at, at + tile!.length), at)
    return bytes
  }
  const wanted = box(128, 128, 128, 128)
  const size = { width: 128, height: 128 }

  it.each([
    ['a header of zeros', (tile: Buffer) => tile.fill(0, 0, 40)],
    ['entropy data of zeros', (tile: Buffer) => tile.fill(0, Math.floor(tile.length / 2))],
    ['entropy data of noise', (tile: Buffer) => tile.fill('A5c!z', Math.floor(tile.length / 2))],
    ['a marker in the middle', (tile: Buffer) => tile.writeUInt16BE(0xffd9, Math.floor(tile.length / 2))],
  ] as const)(
    'of a JPEG tile, %s: neighbours are right, and joins do not make others wrong',
    async (_, change) => {
      const bytes = await damaged('ycbcr', tile => void change(tile))
      for (const [, source] of await bothSources(folder, 'damaged.tif', bytes)) {
        const reader = await openSource(source)
        const neighbour = await answerWith(reader, { region: box(256, 128, 128, 128), size, format: 'jpg' })
        const expected = await readWithVips(files.get('ycbcr')!, box(256, 128, 128, 128))
        expect(compare(await decode(neighbour.bytes), expected).worst).toBe(0)
        const four = { region: box(128, 128, 256, 256), size: { width: 256, height: 256 } } as const
        const answer = await answerWith(reader, { ...four, format: 'png' }).catch(error => error)
        if (answer instanceof Error) {
          expect(answer).toMatchObject({ code: 'source-damaged' })
        } else {
          const { data } = await sharp(answer.bytes)
            .extract({ left: 144, top: 16, width: 112, height: 96 })
            .removeAlpha()
            .raw()
            .toBuffer({ resolveWithObject: true })
          const right = await readWithVips(files.get('ycbcr')!, box(272, 144, 112, 96))
          expect(compare({ ...right, data }, right).worst).toBeLessThanOrEqual(16)
        }
      }
    },
  )

  it.each(['deflate', 'webp', 'lzw'])('of a tile of %s is an error', async name => {
    const bytes = await damaged(name, tile => void tile.fill(0x55, 0, 64))
    for (const [, source] of await bothSources(folder, `damaged-${name}.tif`, bytes)) {
      const reader = await openSource(source)
      await expect(answerWith(reader, { region: wanted, size, format: 'png' })).rejects.toMatchObject({
        code: 'source-damaged',
      })
    }
  })

  /** A pyramid of one level of four tiles of 64, the first of which is `tile`. */
  async function fourTiles(compression: number, tile: Uint8Array, others: Uint8Array): Promise<Uint8Array> {
    const fields = [
      ...imageFields(128, 128, { samples: compression === 7 ? 1 : 3, compression, tile: 64 }),
      ...(compression === 7 ? [] : []),
    ]
    return writeTiff([{ fields, tiles: [tile, others, others, others] }])
  }
  const greyJpeg = (side: number, progressive = false) =>
    sharp({ create: { width: side, height: side, channels: 3, background: '#888' } })
      .toColourspace('b-w')
      .jpeg({ progressive })
      .toBuffer()

  it.each([32, 128, 4000])('a JPEG tile that claims to have %s pixels a side is not sent', async side => {
    const bytes = await fourTiles(7, await greyJpeg(side), await greyJpeg(64))
    const asked = { region: box(0, 0, 64, 64), size: { width: 64, height: 64 }, format: 'jpg' } as const
    for (const [, source] of await bothSources(folder, `claims-${side}.tif`, bytes)) {
      const reader = await openSource(source)
      const answer = await answerWith(reader, asked).catch(error => error)
      if (answer instanceof Error) expect(answer).toMatchObject({ code: 'source-damaged' })
      else expect(await sharp(answer.bytes).metadata()).toMatchObject({ width: 64, height: 64 })
    }
  })

  it('a WebP tile that claims another size is not sent', async () => {
    const make = (side: number) =>
      sharp({ create: { width: side, height: side, channels: 3, background: '#888' } })
        .webp()
        .toBuffer()
    const bytes = await fourTiles(50001, await make(200), await make(64))
    const asked = { region: box(0, 0, 64, 64), size: { width: 64, height: 64 }, format: 'webp' } as const
    const reader = await openBytes(bytes)
    const answer = await answerWith(reader, asked).catch(error => error)
    if (answer instanceof Error) expect(answer).toMatchObject({ code: 'source-damaged' })
    else expect(await sharp(answer.bytes).metadata()).toMatchObject({ width: 64, height: 64 })
  })

  it('a progressive tile is not decoded to more pixels than a tile has', async () => {
    // The frame says 60000 × 60000: a decoder that believes it needs gigabytes for the coefficients.
    const bomb = await greyJpeg(64, true)
    const frame = bomb.indexOf(Buffer.from([0xff, 0xc2]))
    bomb.writeUInt16BE(60_000, frame + 5)
    bomb.writeUInt16BE(60_000, frame + 7)
    const reader = await openBytes(await fourTiles(7, bomb, await greyJpeg(64)))
    for (const wantedBox of [box(0, 0, 64, 64), box(0, 0, 128, 128)]) {
      const input = await reader.pixels(0, wantedBox)
      if (input.kind === 'encoded' && typeof input.data !== 'string') {
        const { width: w, height: h } = await sharp(input.data, { limitInputPixels: false }).metadata()
        expect(w * h).toBeLessThanOrEqual(128 * 128)
      }
    }
  })

  it.each([1, 7, 8])('tiles that are not stored do not hinder others: compression %s', async compression => {
    const plain = new Uint8Array(64 * 64).fill(0x88)
    const tile = { 1: plain, 7: await greyJpeg(64), 8: deflateSync(plain) }[compression]!
    const tiles = Array.from({ length: 9 }, (_, at) => (at === 4 ? new Uint8Array() : tile))
    const bytes = writeTiff([{ fields: imageFields(160, 160, { compression, tile: 64 }), tiles }])
    for (const [, source] of await bothSources(folder, `sparse-${compression}.tif`, bytes)) {
      const reader = await openSource(source)
      for (const region of [box(0, 0, 64, 64), box(128, 0, 32, 64), box(0, 64, 60, 96)]) {
        const size = { width: region.width, height: region.height }
        const { way, bytes: answer } = await answerWith(reader, { region, size, format: 'jpg' })
        expect(way === 'render').toBe(compression !== 7)
        const { data } = await decode(answer)
        expect(data.every(sample => Math.abs(sample - 0x88) <= 1)).toBe(true)
      }
      for (const wantedBox of [box(64, 64, 64, 64), box(0, 0, 160, 160), box(50, 50, 30, 30)]) {
        const size = { width: wantedBox.width, height: wantedBox.height }
        const answer = await answerWith(reader, { region: wantedBox, size, format: 'png' }).catch(
          error => error,
        )
        // Blank where nothing is stored would be better than an error; anything else would be wrong.
        if (answer instanceof Error) {
          expect(answer).toMatchObject({ code: 'source-damaged' })
        } else {
          expect(answer.way).toBe('render')
          const { data, channels, width: w } = await decode(answer.bytes)
          const blank = (i: number) => {
            const x = wantedBox.x + (Math.floor(i / channels) % w)
            const y = wantedBox.y + Math.floor(i / channels / w)
            return x >= 64 && x < 128 && y >= 64 && y < 128
          }
          expect(
            data.every((sample, i) =>
              blank(i) ? sample === 0 || sample === 255 : Math.abs(sample - 0x88) <= 1,
            ),
          ).toBe(true)
        }
      }
    }
  })
})

describe('memory', () => {
  it('a level that is no pyramid is not decoded as a whole into memory', async () => {
    // 30 000 × 30 000: all tiles share their few bytes, so the file has 300 kB, and its pixels 900 MB.
    const tile = deflateSync(new Uint8Array(1024 * 1024).fill(100))
    const fields = imageFields(30_000, 30_000, { compression: 8, tile: 1024 })
    const bytes = shareTiles(fields, tile, 900)
    const path = join(folder, 'wide.tif')
    await writeFile(path, bytes)
    const [source] = [await writeSource(folder, 'wide.tif', bytes)]
    const reader = await openReader(source, { maxInputPixels: 10_000_000 })
    const input = await reader.pixels(0, box(0, 0, 30_000, 30_000))
    expect(input.kind === 'raw' ? input.data.length : 0).toBeLessThan(100_000_000)
    await reader.close()
  }, 60_000)
})

/** A TIFF of tiles that all share the same bytes. */
function shareTiles(fields: ReturnType<typeof imageFields>, tile: Uint8Array, count: number): Uint8Array {
  const empty = [
    { tag: 324, type: 4, values: Array<number>(count).fill(8) },
    { tag: 325, type: 4, values: Array<number>(count).fill(tile.length) },
  ]
  const file = Buffer.from(writeTiff([{ fields: [...fields, ...empty, byteField(65_000, tile)] }]))
  const at = file.indexOf(Buffer.from(tile))
  // The list of offsets is the one that is all eights.
  const list = file.indexOf(Buffer.from(Uint32Array.from({ length: count }, () => 8).buffer))
  for (let index = 0; index < count; index += 1) file.writeUInt32LE(at, list + 4 * index)
  return file
}
