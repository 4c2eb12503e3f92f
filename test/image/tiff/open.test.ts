import sharp, { type TiffOptions } from 'sharp'
import { describe, expect, it } from 'vitest'
import { createBlockReader } from '../../../src/image/tiff/blocks.js'
import { openTiff, readRange } from '../../../src/image/tiff/open.js'
import { describeTiff } from '../../../src/image/tiff/pyramid.js'
import { readTileBytes, readTileRange } from '../../../src/image/tiff/tile.js'
import { createPicture, createSource } from './material.js'
import {
  ascii,
  bytes,
  greyPage as grey,
  imageFields,
  long,
  rational,
  short,
  greyTile as tile,
  tiledPage as tiled,
  writeTiff,
} from './writer.js'

async function openFirst(file: Uint8Array) {
  return (await openTiff(createSource(file))).directories[0]!
}

describe('the facts of files that libvips wrote', () => {
  it.each<[string, 1 | 2 | 3 | 4, TiffOptions]>([
    ['grey strips', 1, { compression: 'lzw', predictor: 'horizontal' }],
    ['colour in BigTIFF', 3, { compression: 'deflate', bigtiff: true, tile: true }],
    ['colour and alpha', 4, { compression: 'packbits', tile: true, tileWidth: 64, tileHeight: 32 }],
    ['grey and alpha', 2, { compression: 'none', xres: 11.8, yres: 11.8, resolutionUnit: 'cm' }],
    ['a JPEG pyramid', 3, { compression: 'jpeg', tile: true, pyramid: true, xres: 20, yres: 20 }],
  ])('agree with sharp: %s', async (_, channels, options) => {
    const picture = createPicture(701, 403, channels)
    if (channels < 3) picture.toColourspace('b-w')
    const file = await picture
      .withIccProfile(channels < 3 ? 'srgb' : 'p3')
      .tiff(options)
      .toBuffer()
    const theirs = await sharp(file).metadata()
    const source = createSource(file)
    const opened = await openTiff(source)
    const directory = opened.directories[0]!
    const ours = describeTiff(opened)
    expect(ours).toMatchObject({ width: theirs.width, height: theirs.height, format: 'tif', depth: 8 })
    expect(ours.hasAlpha).toBe(theirs.hasAlpha)
    expect(ours.bands + (ours.hasAlpha ? 1 : 0)).toBe(theirs.channels)
    expect(ours.density && Math.round(ours.density)).toBe(theirs.density)
    expect(ours.hasProfile).toBe(theirs.hasProfile)
    expect(opened.directories.length).toBe(theirs.pages ?? 1)
    expect(directory.layout.kind).toBe(options.tile ? 'tiles' : 'strips')
    expect(Buffer.from(await readRange(opened, directory.iccProfile!))).toEqual(theirs.icc)
    expect(source.bytesRead()).toBeLessThanOrEqual(file.length + 16384)
  })

  it('a JPEG pyramid has JPEG tables, and tiles that become JPEG files with them', async () => {
    const options: TiffOptions = {
      compression: 'jpeg',
      tile: true,
      pyramid: true,
      tileWidth: 128,
      tileHeight: 128,
    }
    const file = await createPicture(701, 403, 3).tiff(options).toBuffer()
    const opened = await openTiff(createSource(file))
    for (const directory of opened.directories) {
      const tables = await readRange(opened, directory.jpegTables!)
      const stored = (await readTileBytes(opened, directory, 0))!
      expect([...tables.subarray(0, 2), ...tables.subarray(-2)]).toEqual([0xff, 0xd8, 0xff, 0xd9])
      const jpeg = Buffer.concat([tables.subarray(0, -2), stored.subarray(2)])
      expect(await sharp(jpeg).metadata()).toMatchObject({ format: 'jpeg', width: 128, height: 128 })
    }
  })

  it('every orientation is told, and the described size is the upright one', async () => {
    for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8] as const) {
      const file = await createPicture(70, 40, 3).withMetadata({ orientation }).tiff().toBuffer()
      const { autoOrient } = await sharp(file).metadata()
      const described = describeTiff(await openTiff(createSource(file)))
      expect(described).toMatchObject({ orientation, ...autoOrient, levels: [{ width: 70, height: 40 }] })
    }
  })
})

describe('the facts of files of our own', () => {
  const facts = [
    ascii(270, 'A picture of a melon'),
    ascii(305, 'honeydew tests'),
    rational(282, 300, 1),
    rational(283, 600, 2),
    short(296, 2),
    short(274, 6),
    short(266, 1),
    short(530, 2, 1),
    short(531, 2),
    { tag: 529, type: 5, values: [299, 1000, 587, 1000, 114, 1000], count: 3 },
    { tag: 532, type: 5, values: [0, 1, 255, 1, 128, 1, 255, 1, 128, 1, 255, 1], count: 6 },
    bytes(347, new Uint8Array([0xff, 0xd8, 0xff, 0xd9])),
    bytes(700, new Uint8Array(40).fill(60)),
    bytes(33723, new Uint8Array(4).fill(28)),
    bytes(34675, new Uint8Array(600).fill(7)),
    long(34665, 8),
    { tag: 65000, type: 99, values: [1], count: 2 ** 31 },
  ]
  const orders = [false, true].flatMap(bigEndian => [false, true].map(bigTiff => ({ bigEndian, bigTiff })))
  it.each(orders)('are read in every byte order and size: %o', async options => {
    const image = imageFields(16, 16, { samples: 4, photometric: 2 })
    const file = writeTiff([{ ...grey, fields: [...image, short(338, 2), ...facts] }], options)
    const opened = await openTiff(createSource(file))
    expect(opened).toMatchObject({ littleEndian: !options.bigEndian, bigTiff: options.bigTiff })
    const directory = opened.directories[0]!
    expect(directory).toMatchObject({
      page: 0,
      width: 16,
      height: 16,
      description: 'A picture of a melon',
      software: 'honeydew tests',
      resolution: { x: 300, y: 300, unit: 'inch' },
      orientation: 6,
      samplesPerPixel: 4,
      bitsPerSample: [8, 8, 8, 8],
      sampleFormat: [1, 1, 1, 1],
      extraSamples: [2],
      yCbCrSubSampling: [2, 1],
      yCbCrPositioning: 2,
      yCbCrCoefficients: [0.299, 0.587, 0.114],
      referenceBlackWhite: [0, 255, 128, 255, 128, 255],
      exifOffset: 8,
      layout: { kind: 'strips', width: 16, height: 16, across: 1, down: 1, planes: 1 },
    })
    expect([...(await readRange(opened, directory.jpegTables!))]).toEqual([0xff, 0xd8, 0xff, 0xd9])
    expect([...(await readRange(opened, directory.iptc!))]).toEqual([28, 28, 28, 28])
    expect(Buffer.from(await readRange(opened, directory.xmp!))).toEqual(Buffer.alloc(40, 60))
    expect(Buffer.from(await readRange(opened, directory.iccProfile!))).toEqual(Buffer.alloc(600, 7))
  })

  it('a directory without an image is passed over, and pages keep their numbers', async () => {
    const opened = await openTiff(createSource(writeTiff([grey, { fields: [short(274, 1)] }, tiled])))
    expect(opened.directories.map(({ page, width }) => [page, width])).toEqual([
      [0, 16],
      [2, 40],
    ])
  })

  it('a long description is cut, and a resolution that is no number is none', async () => {
    const extra = [ascii(270, 'x'.repeat(5000)), rational(282, 0, 0), rational(283, 1, 0)]
    const directory = await openFirst(writeTiff([{ ...grey, fields: [...grey.fields, ...extra] }]))
    expect(directory.description).toBe('x'.repeat(1024))
    expect(directory.resolution).toBeUndefined()
  })

  it('fields may be in any order, and of two equal ones the first counts', async () => {
    const fields = [...grey.fields, long(256, 5)]
    expect((await openFirst(writeTiff([{ ...grey, fields }]))).width).toBe(16)
  })

  it('the signal goes to every read, and what the source throws comes out as it is', async () => {
    const source = createSource(writeTiff([tiled]))
    const signal = AbortSignal.abort(new Error('nobody waits'))
    const refusing = {
      ...source,
      read: async (_: number, __: number, given?: AbortSignal) => {
        throw given?.reason
      },
    }
    await expect(openTiff(refusing, signal)).rejects.toBe(signal.reason)
    const opened = await openTiff(source)
    const later = { ...opened, bytes: createBlockReader(refusing) }
    await expect(readTileBytes(later, opened.directories[0]!, 0, signal)).rejects.toBe(signal.reason)
    await expect(readTileRange(later, opened.directories[0]!, [0, 1], signal)).rejects.toBe(signal.reason)
  })

  it('a source of unknown length is read as well', async () => {
    const opened = await openTiff(createSource(writeTiff([tiled]), { sized: false }))
    expect(await readTileBytes(opened, opened.directories[0]!, 8)).toEqual(tile)
  })
})

describe('the reads of an open', () => {
  it('are one for a small file, and few for a pyramid', async () => {
    const small = createSource(writeTiff([tiled, grey]))
    await openTiff(small)
    expect(small.reads).toHaveLength(1)
    const options: TiffOptions = {
      compression: 'none',
      tile: true,
      pyramid: true,
      tileWidth: 256,
      tileHeight: 256,
    }
    const large = createSource(await createPicture(3000, 2000, 3).tiff(options).toBuffer())
    const opened = await openTiff(large)
    expect(opened.directories).toHaveLength(5)
    // The header, and each directory where its values may begin a second block.
    expect(large.reads.length).toBeLessThanOrEqual(6)
    expect(large.bytesRead()).toBeLessThanOrEqual(6 * 32768)
  })

  it('leave a large index alone', async () => {
    const lists = imageFields(2 ** 14, 2 ** 14, { tile: 16 })
    const count = 2 ** 20
    const file = writeTiff([
      {
        fields: [
          ...lists,
          { tag: 324, type: 4, values: Array(count).fill(8) },
          { tag: 325, type: 4, values: Array(count).fill(9) },
        ],
      },
    ])
    const source = createSource(file)
    const opened = await openTiff(source)
    expect(source.bytesRead()).toBeLessThanOrEqual(32768)
    expect(await readTileBytes(opened, opened.directories[0]!, count / 2)).toHaveLength(9)
    expect(source.bytesRead()).toBeLessThanOrEqual(5 * 32768)
  })
})
