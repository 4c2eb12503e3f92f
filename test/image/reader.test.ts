import { readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as zlib from 'node:zlib'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { OverloadedError } from '../../src/errors.js'
import { openReader } from '../../src/image/reader.js'
import {
  bytesSource,
  createFolder,
  decode,
  fileSource,
  fromPixels,
  gridPixels,
  writeSource,
} from './picture.js'
import { imageFields, writeTiff } from './tiff/writer.js'
import { buildTiff } from './tiff-file.js'

const grid = gridPixels(40, 30)
const solid = (width: number, height: number, sample: number) => ({
  width,
  height,
  data: new Uint8Array(width * height * 3).fill(sample),
})

/** A PNG of any size that holds no pixels to speak of. */
function hollowPng(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const out = Buffer.alloc(12 + data.length)
    out.writeUInt32BE(data.length)
    out.write(type, 4, 'latin1')
    data.copy(out, 8)
    out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length)
    return out
  }
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0])
  header.writeUInt32BE(width)
  header.writeUInt32BE(height, 4)
  const magic = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  return Buffer.concat([
    magic,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(64))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    error => `${error.status} ${error.code}`,
  )

describe('a description', () => {
  it.each([
    ['jpg', () => fromPixels(grid).jpeg(), { bands: 3, depth: 8, hasAlpha: false, colour: 'rgb' }],
    [
      'jpg',
      () => fromPixels(grid).toColourspace('b-w').jpeg(),
      { bands: 1, depth: 8, hasAlpha: false, colour: 'gray' },
    ],
    ['jpg', () => fromPixels(grid).toColourspace('cmyk').jpeg(), { bands: 4, depth: 8, colour: 'cmyk' }],
    ['png', () => fromPixels(grid).ensureAlpha(0.5).png(), { bands: 3, depth: 8, hasAlpha: true }],
    ['png', () => fromPixels(grid).png({ palette: true, colours: 4 }), { bands: 3, depth: 8 }],
    ['png', () => fromPixels(grid).toColourspace('rgb16').png(), { bands: 3, depth: 16, colour: 'rgb' }],
    ['png', () => fromPixels(grid).toColourspace('grey16').png(), { bands: 1, depth: 16, colour: 'gray' }],
    ['webp', () => fromPixels(grid).webp(), { bands: 3, depth: 8, colour: 'rgb' }],
    ['gif', () => fromPixels(grid).gif(), { bands: 3, depth: 8, colour: 'rgb' }],
    ['avif', () => fromPixels(grid).avif(), { bands: 3, depth: 8, colour: 'rgb' }],
    ['tif', () => fromPixels(grid).tiff(), { bands: 3, depth: 8, colour: 'rgb' }],
    [
      'tif',
      () =>
        fromPixels(grid)
          .grayscale()
          .toColourspace('b-w')
          .tiff({ bitdepth: 1, compression: 'lzw', predictor: 'none' }),
      { bands: 1, depth: 1, colour: 'gray' },
    ],
  ] as const)('of %s tells its samples (%#)', async (format, write, facts) => {
    const { description } = await openReader(bytesSource(await write().toBuffer()))
    expect(description).toMatchObject({
      format,
      width: 40,
      height: 30,
      pages: 1,
      orientation: 1,
      levels: [{ width: 40, height: 30, scaleFactor: 1 }],
      ...facts,
    })
  })

  it('tells density and profile', async () => {
    const bytes = await fromPixels(grid).withMetadata({ density: 300 }).withIccProfile('p3').jpeg().toBuffer()
    const { description } = await openReader(bytesSource(bytes))
    expect(description).toMatchObject({ density: 300, hasProfile: true })
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'of orientation %i has upright dimensions and stored levels',
    async orientation => {
      const bytes = await fromPixels(grid).withMetadata({ orientation }).jpeg().toBuffer()
      const { description } = await openReader(bytesSource(bytes))
      const upright = orientation < 5 ? { width: 40, height: 30 } : { width: 30, height: 40 }
      expect(description).toMatchObject({ ...upright, orientation, levels: [{ width: 40, height: 30 }] })
    },
  )

  it('is the same from a file and from bytes', async () => {
    const folder = await createFolder()
    const bytes = await fromPixels(gridPixels(600, 500)).tiff({ tile: true, pyramid: true }).toBuffer()
    const fromFile = await openReader(await writeSource(folder, 'a.tif', bytes))
    expect(fromFile.description).toEqual((await openReader(bytesSource(bytes))).description)
  })
})

describe('levels', () => {
  it('are the smaller pages of a pyramid, with their true sizes and tiles', async () => {
    const bytes = await fromPixels(gridPixels(1201, 903))
      .tiff({ tile: true, tileWidth: 256, tileHeight: 128, pyramid: true })
      .toBuffer()
    const { description } = await openReader(bytesSource(bytes))
    const tile = { width: 256, height: 128 }
    expect(description.pages).toBe(1)
    expect(description.levels).toMatchObject([
      { width: 1201, height: 903, scaleFactor: 1, tile },
      { width: 600, height: 451, scaleFactor: 2, tile },
      { width: 300, height: 225, scaleFactor: 4, tile },
      { width: 150, height: 112, scaleFactor: 8, tile },
    ])
  })

  it.each([{ little: true }, { little: false }, { little: true, big: true }, { little: false, big: true }])(
    'are the sub-directories of a page (%o)',
    async layout => {
      const children = [solid(21, 15, 200), solid(10, 8, 100)]
      const bytes = buildTiff([{ ...solid(41, 30, 50), children }, solid(40, 30, 5)], layout)
      const reader = await openReader(bytesSource(bytes))
      const blocks = { width: 1, height: 1 }
      expect(reader.description).toMatchObject({ pages: 2, width: 41, height: 30 })
      expect(reader.description.levels).toEqual([
        { width: 41, height: 30, scaleFactor: 1, blocks },
        { width: 21, height: 15, scaleFactor: 2, blocks },
        { width: 10, height: 8, scaleFactor: 4, blocks },
      ])
      const box = { x: 0, y: 0, width: 10, height: 8 }
      const input = await reader.pixels(2, box)
      if (input.kind !== 'encoded') throw new Error('expected encoded pixels')
      expect(input).toMatchObject({ whole: true, box })
      const { data } = await sharp(input.data).raw().toBuffer({ resolveWithObject: true })
      expect(data[0]).toBe(100)
    },
  )

  it('are not the pages that have another size', async () => {
    const bytes = buildTiff([solid(40, 30, 1), solid(40, 30, 2), solid(20, 15, 3), solid(13, 15, 4)])
    const second = await openReader(bytesSource(bytes), { page: 1 })
    // In strips, and not called reduced: pages of their own, also those that are half of another.
    expect(second.description.pages).toBe(4)
    expect(second.description.levels.map(level => level.width)).toEqual([40])
    const last = await openReader(bytesSource(bytes), { page: 3 })
    expect(last.description).toMatchObject({ width: 13, height: 15 })
    const input = await last.pixels(0, { x: 0, y: 0, width: 13, height: 15 })
    if (input.kind !== 'encoded') throw new Error('expected encoded pixels')
    expect((await sharp(input.data).raw().toBuffer())[0]).toBe(4)
  })
})

describe('pages', () => {
  const frames = async (format: 'gif' | 'webp') => {
    const images = await Promise.all(
      ['red', 'lime', 'blue'].map(background =>
        sharp({ create: { width: 8, height: 6, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    )
    const animation = sharp(images, { join: { animated: true } })
    return format === 'gif' ? animation.gif().toBuffer() : animation.webp({ lossless: true }).toBuffer()
  }

  it.each(['gif', 'webp'] as const)('are the frames of an animated %s', async format => {
    const bytes = await frames(format)
    for (const [page, colour] of [
      [0, [255, 0, 0]],
      [1, [0, 255, 0]],
      [2, [0, 0, 255]],
    ] as const) {
      const reader = await openReader(bytesSource(bytes), { page })
      expect(reader.description).toMatchObject({ pages: 3, width: 8, height: 6 })
      const input = await reader.pixels(0, { x: 0, y: 0, width: 8, height: 6 })
      if (input.kind !== 'encoded') throw new Error('expected encoded pixels')
      const frame = await decode(
        await sharp(input.data, { page: input.page ?? 0 })
          .png()
          .toBuffer(),
      )
      expect([...frame.data.subarray(0, 3)]).toEqual(colour)
    }
  })

  it.each([3, -1, 0.5])(
    'that do not exist (%d) are not found, and the message tells how many there are',
    async page => {
      const opened = openReader(bytesSource(await frames('gif')), { page })
      await expect(opened).rejects.toMatchObject({ status: 404, code: 'not-found', message: /3 pages/ })
    },
  )
})

describe('a source is refused', () => {
  it.each<[string, () => Uint8Array | Promise<Uint8Array>]>([
    ['that is empty', () => Buffer.alloc(0)],
    ['that is text, whatever its name', () => Buffer.from('no image at all')],
    ['of a format that libvips reads and honeydew does not', () => Buffer.from('P3\n1 1\n255\n0 0 0\n')],
  ])('%s', async (_, make) => {
    const folder = await createFolder()
    expect(await codeOf(openReader(await writeSource(folder, 'image.jpg', await make())))).toBe(
      '501 source-unsupported',
    )
  })

  it('that is SVG, unless SVG is allowed', async () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"/>')
    expect(await codeOf(openReader(bytesSource(svg)))).toBe('501 not-implemented')
    const { description } = await openReader(bytesSource(svg), { svg: true })
    expect(description).toMatchObject({ format: 'svg', width: 30, height: 20 })
  })

  it.each([
    [33003, 'JPEG 2000'],
    [33004, 'JPEG 2000'],
    [33005, 'JPEG 2000'],
    [34712, 'JPEG 2000'],
    [34887, 'LERC'],
    [34925, 'LZMA'],
    [50002, 'JPEG XL'],
  ])('whose tiles have the compression %i, by its name: %s', async (compression, name) => {
    const tiles = [new Uint8Array(500)]
    const bytes = Buffer.from(writeTiff([{ fields: imageFields(64, 64, { compression, tile: 64 }), tiles }]))
    const folder = await createFolder()
    for (const source of [bytesSource(bytes), await writeSource(folder, 'image.tif', bytes)]) {
      const opened = openReader(source)
      await expect(opened).rejects.toMatchObject({ status: 501, code: 'not-implemented' })
      await expect(opened).rejects.toThrow(name)
    }
  })

  it('whose tiles have Zstandard, where Node has none; where it has, they are decoded', async () => {
    const compress = Reflect.get(zlib, 'zstdCompressSync') as undefined | ((bytes: Uint8Array) => Uint8Array)
    const pixels = Buffer.alloc(64 * 64, 99)
    const tiles = [compress?.(pixels) ?? pixels]
    const fields = imageFields(64, 64, { compression: 50000, tile: 64 })
    const bytes = Buffer.from(writeTiff([{ fields, tiles }]))
    const opened = openReader(await writeSource(await createFolder(), 'image.tif', bytes))
    if (!compress) return expect(opened).rejects.toMatchObject({ status: 501, message: /Zstandard/ })
    const reader = await opened
    const found = await reader.pixels(0, { x: 5, y: 5, width: 9, height: 9 })
    return expect(found).toMatchObject({ kind: 'raw', data: new Uint8Array(81).fill(99) })
  })

  it('in no part that a drawing names: files of the server are not drawn', async () => {
    const folder = await createFolder()
    const secret = join(folder, 'secret.png')
    await writeFile(secret, await fromPixels(grid).png().toBuffer())
    const drawnFrom = async (href: string) => {
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="40" height="30"><image width="40" height="30" href="${href}" xlink:href="${href}"/></svg>`
      const source = await writeSource(folder, 'drawing.svg', Buffer.from(svg))
      const reader = await openReader(source, { svg: true })
      const found = await reader.pixels(0, { x: 0, y: 0, width: 40, height: 30 })
      await reader.close()
      if (found.kind !== 'encoded') throw new Error('expected an encoded image')
      const { data } = await sharp(found.data).raw().toBuffer({ resolveWithObject: true })
      return data.some(sample => sample !== 0)
    }
    const bytes = await readFile(secret)
    expect(await drawnFrom(`data:image/png;base64,${bytes.toString('base64')}`)).toBe(true)
    expect(await drawnFrom(`file://${secret}`)).toBe(false)
    expect(await drawnFrom(secret)).toBe(false)
    expect(await drawnFrom('secret.png')).toBe(false)
  })

  it('that has too many pixels, before any memory is spent on them', async () => {
    const before = process.memoryUsage().rss
    const opened = openReader(bytesSource(hollowPng(60_000, 60_000)))
    await expect(opened).rejects.toMatchObject({
      status: 413,
      code: 'source-too-large',
      message: /60000 × 60000.*300000000/,
    })
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000)
  })

  it('that has more pixels than the option allows, except where only its tiles are read', async () => {
    const strips = await fromPixels(grid).tiff().toBuffer()
    const tiles = await fromPixels(grid).tiff({ tile: true }).toBuffer()
    const pixelsOf = async (bytes: Uint8Array, maxInputPixels: number) => {
      const reader = await openReader(bytesSource(bytes), { maxInputPixels })
      const { width, height } = reader.description
      return reader.pixels(0, { x: 0, y: 0, width, height })
    }
    expect(await codeOf(pixelsOf(strips, 1199))).toBe('413 source-too-large')
    expect(await codeOf(pixelsOf(strips, 1200))).toBe('no error')
    expect(await codeOf(pixelsOf(tiles, 1199))).toBe('no error')
  })

  it('that has more bytes than may be held, whether it tells its size or not', async () => {
    const bytes = await fromPixels(grid).png().toBuffer()
    const { size: _, ...silent } = bytesSource(bytes)
    const maxInputBytes = bytes.length - 1
    expect(await codeOf(openReader(bytesSource(bytes), { maxInputBytes }))).toBe('413 source-too-large')
    expect(await codeOf(openReader(silent, { maxInputBytes }))).toBe('413 source-too-large')
    expect(await codeOf(openReader(silent, { maxInputBytes: bytes.length }))).toBe('no error')
    expect(
      await codeOf(openReader(await writeSource(await createFolder(), 'a.png', bytes), { maxInputBytes })),
    ).toBe('no error')
  })

  it('when there is no memory for it, before its bytes are read', async () => {
    const bytes = await fromPixels(gridPixels(400, 300)).png({ compressionLevel: 0 }).toBuffer()
    const lengths: number[] = []
    const source = bytesSource(bytes)
    const read: typeof source.read = (offset, length) => {
      lengths.push(length)
      return source.read(offset, length)
    }
    const refusal = new OverloadedError('There is no memory.', 1)
    const refused = openReader({ ...source, read }, { reserve: () => Promise.reject(refusal) })
    expect(await codeOf(refused)).toBe('503 overloaded')
    expect(lengths).not.toContain(bytes.length)
    const told: (number | string)[] = []
    const reserve = async (count: number) => {
      told.push(count)
      return () => told.push('given back')
    }
    await openReader({ ...source, read }, { reserve })
    expect(lengths).toContain(bytes.length)
    await expect(
      openReader(
        {
          ...source,
          read: (offset, length) =>
            length < bytes.length ? source.read(offset, length) : Promise.reject(new Error('EIO')),
        },
        { reserve },
      ),
    ).rejects.toThrow()
    expect(told).toEqual([bytes.length, 'given back', bytes.length, 'given back'])
  })

  it('that is gone', async () => {
    const folder = await createFolder()
    const source = await writeSource(folder, 'gone.png', await fromPixels(grid).png().toBuffer())
    await unlink(join(folder, 'gone.png'))
    expect(await codeOf(openReader(source))).toBe('404 not-found')
  })

  it('that cannot be read', async () => {
    const source = { version: '1', read: () => Promise.reject(new Error('EIO /secret/path')) }
    const opened = openReader(source)
    await expect(opened).rejects.toMatchObject({ code: 'source-unreadable', message: /^[^/]*$/ })
  })

  it('when the request is given up', async () => {
    const bytes = await fromPixels(grid).png().toBuffer()
    expect(await codeOf(openReader(bytesSource(bytes), {}, AbortSignal.abort()))).toBe('499 aborted')
    const controller = new AbortController()
    const source = bytesSource(bytes)
    const read: typeof source.read = (...range) => {
      controller.abort()
      return source.read(...range)
    }
    expect(await codeOf(openReader({ ...source, read }, {}, controller.signal))).toBe('499 aborted')
  })
})

describe('a source is given back', () => {
  it.each([true, false])('once, whether it could be opened (%s) or not', async isImage => {
    let closed = 0
    const bytes = isImage ? await fromPixels(grid).png().toBuffer() : Buffer.from('text')
    const close = async () => {
      closed += 1
    }
    await openReader({ ...bytesSource(bytes), close }).catch(() => {})
    expect(closed).toBe(1)
  })
})

describe('names', () => {
  it('with brackets are names, not options for libvips', async () => {
    const folder = await createFolder()
    const path = join(folder, 'scan.tif[page=1]')
    await writeFile(join(folder, 'scan.tif'), buildTiff([solid(5, 5, 1), solid(9, 9, 2)]))
    await writeFile(path, buildTiff([solid(7, 7, 1)]))
    const { description } = await openReader(await fileSource(path))
    expect(description).toMatchObject({ width: 7, height: 7, pages: 1 })
  })
})
