import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { openTiff, readRange } from '../../../src/image/tiff/open.js'
import { cutTiff, isCuttable, listTiles, spanTiles, type TiffSubset } from '../../../src/image/tiff/subset.js'
import type { Box } from '../../../src/protocol/geometry.js'
import { createFolder } from '../picture.js'
import { createPicture, createPixels, createSource } from './material.js'
import {
  isInstalled,
  makeCopies,
  makeVipsVariants,
  readBox,
  type Variant,
  variantPicture,
  variantSize,
} from './variants.js'
import {
  bytes as byteField,
  imageFields,
  long,
  rational,
  short,
  type WrittenPage,
  writeTiff,
} from './writer.js'

const { width, height } = variantSize

/** A box within a tile, over corners of tiles, at both far edges, one pixel, and everything. */
const boxes: readonly Box[] = [
  { x: 3, y: 5, width: 20, height: 7 },
  { x: 47, y: 40, width: 90, height: 61 },
  { x: 195, y: 141, width: 16, height: 9 },
  { x: 210, y: 149, width: 1, height: 1 },
  { x: 0, y: 60, width: 211, height: 3 },
  { x: 0, y: 0, width, height },
]

async function cut(file: Uint8Array, box: Box): Promise<TiffSubset> {
  const opened = await openTiff(createSource(file))
  const [directory] = opened.directories
  const profile = directory!.iccProfile && (await readRange(opened, directory!.iccProfile))
  return cutTiff(opened, directory!, box, profile)
}

/** Says where the cut of a box differs from the file; `undefined` where libvips reads both alike. */
async function findDifference(file: Uint8Array, box: Box): Promise<string | undefined> {
  const expected = await readBox(file, box).catch((error: Error) => error)
  if (expected instanceof Error) return `libvips cannot read the file: ${expected.message.split('\n')[0]}`
  const subset = await cut(file, box)
  const found = await readBox(subset.bytes, subset.box).catch((error: Error) => error)
  if (found instanceof Error) return `libvips cannot read the cut: ${found.message.split('\n')[0]}`
  if (found.facts !== expected.facts) return `${found.facts} instead of ${expected.facts}`
  if (!found.samples.equals(expected.samples)) {
    const at = found.samples.findIndex((sample, index) => sample !== expected.samples[index])
    return `sample ${at} of ${expected.samples.length} is ${found.samples[at]} instead of ${expected.samples[at]}`
  }
  const { size } = subset
  const stated = await sharp(subset.bytes).metadata()
  if (stated.width !== size.width || stated.height !== size.height) return 'the size is another'
  return undefined
}

async function listDifferences(variants: readonly Variant[], wanted = boxes): Promise<string[]> {
  const found: string[] = []
  for (const { name, bytes } of variants) {
    const { directories } = await openTiff(createSource(bytes))
    if (!isCuttable(directories[0]!)) continue
    for (const box of wanted) {
      const difference = await findDifference(bytes, box)
      if (difference) found.push(`${name}, ${JSON.stringify(box)}: ${difference}`)
    }
  }
  return found
}

describe('what libvips decodes from the cut is what it decodes from the file', () => {
  it('for every compression and kind of samples that libvips writes', { timeout: 120_000 }, async () => {
    const variants = await makeVipsVariants()
    expect(variants.length).toBeGreaterThan(120)
    expect(await listDifferences(variants)).toEqual([])
  })

  describe.runIf(isInstalled('tiffcp'))('in copies by tiffcp', () => {
    const readable: Variant[] = []
    beforeAll(async () => {
      const variants = await makeCopies(await createFolder())
      for (const variant of variants) {
        const isReadable = await readBox(variant.bytes, boxes[0]!).then(
          () => true,
          () => false,
        )
        if (isReadable) readable.push(variant)
      }
    }, 120_000)

    it('for both byte orders, planes and BigTIFF', { timeout: 120_000 }, async () => {
      const copies = readable.filter(({ name }) => !name.startsWith('one bit'))
      expect(copies.length).toBeGreaterThan(150)
      expect(await listDifferences(copies, boxes.slice(1, 3))).toEqual([])
    })

    it('for fax and bits turned round', { timeout: 120_000 }, async () => {
      const copies = readable.filter(({ name }) => name.startsWith('one bit'))
      expect(copies.length).toBeGreaterThan(20)
      expect(await listDifferences(copies)).toEqual([])
    })
  })

  it.each(['p3', 'cmyk'])('with the profile %s', async profile => {
    const picture = profile === 'cmyk' ? variantPicture().toColourspace('cmyk') : variantPicture()
    const options = { tile: true, tileWidth: 64, tileHeight: 48 } as const
    const tagged = picture.withIccProfile(profile)
    const file = await tagged.tiff({ compression: 'deflate', ...options }).toBuffer()
    expect((await sharp(file).metadata()).hasProfile).toBe(true)
    expect(await listDifferences([{ name: profile, bytes: file }])).toEqual([])
    const subset = await cut(file, boxes[1]!)
    expect((await sharp(subset.bytes).metadata()).icc).toEqual((await sharp(file).metadata()).icc)
  })
})

describe('files that are written by hand', () => {
  const tile = (value: number) => new Uint8Array(32 * 32).fill(value)
  const grey = (tiles: readonly Uint8Array[], extra: WrittenPage['fields'] = []): WrittenPage => ({
    fields: [...imageFields(80, 70, { tile: 32 }), ...extra],
    tiles,
  })
  const nine = Array.from({ length: 9 }, (_, index) => tile(20 * index + 10))
  const small: readonly Box[] = [
    { x: 0, y: 0, width: 80, height: 70 },
    { x: 30, y: 30, width: 50, height: 5 },
    { x: 64, y: 64, width: 16, height: 6 },
  ]
  const expectAlike = async (file: Uint8Array) => {
    for (const box of small) expect(await findDifference(file, box)).toBeUndefined()
  }

  it.each([true, false])('are cut where tiles are not stored, big-endian %s', async bigEndian => {
    const sparse = nine.map((each, index) => (index % 2 === 0 ? each : new Uint8Array()))
    await expectAlike(writeTiff([grey(sparse)], { bigEndian }))
  })

  it('are cut where no tile at all is stored', async () => {
    await expectAlike(writeTiff([grey(nine.map(() => new Uint8Array()))]))
  })

  it('are cut where several tiles share their bytes', async () => {
    const page = grey(nine)
    const file = Buffer.from(writeTiff([page]))
    await expectAlike(file)
  })

  it('keep what white is', async () => {
    const fields = imageFields(80, 70, { tile: 32, photometric: 0 })
    await expectAlike(writeTiff([{ fields, tiles: nine }]))
  })

  it.each([
    ['BT.601', []],
    ['BT.709', [{ tag: 529, type: 5, values: [2126, 10000, 7152, 10000, 722, 10000], count: 3 }]],
    [
      'video range',
      [{ tag: 532, type: 5, values: [16, 1, 235, 1, 128, 1, 240, 1, 128, 1, 240, 1], count: 6 }],
    ],
  ])('keep the meaning of uncompressed YCbCr: %s', async (_, extra) => {
    const picture = createPixels(80, 70, 3)
    const fields = [
      ...imageFields(80, 70, { samples: 3, photometric: 6, rows: 16 }),
      short(530, 1, 1),
      ...extra,
    ]
    const strips = Array.from({ length: 5 }, (__, at) => picture.subarray(at * 16 * 240, (at + 1) * 16 * 240))
    await expectAlike(writeTiff([{ fields, tiles: strips, strips: true }], {}))
  })

  it.each([1, 2])('keep what alpha is: ExtraSamples %s', async extra => {
    const picture = createPixels(80, 70, 4)
    const fields = [...imageFields(80, 70, { samples: 4, photometric: 2, rows: 16 }), short(338, extra)]
    const strips = Array.from({ length: 5 }, (_, at) => picture.subarray(at * 16 * 320, (at + 1) * 16 * 320))
    await expectAlike(writeTiff([{ fields, tiles: strips, strips: true }]))
  })

  it('are cut from one strip of all rows, whatever RowsPerStrip says', async () => {
    const fields = imageFields(80, 70, { rows: 2 ** 32 - 1 })
    await expectAlike(writeTiff([{ fields, tiles: [createPixels(80, 70, 1)], strips: true }]))
  })

  it('do not take resolution or other tags along', async () => {
    const extra = [
      rational(282, 300, 1),
      rational(283, 300, 1),
      byteField(700, new Uint8Array(5000).fill(65)),
    ]
    const file = writeTiff([grey(nine, [...extra, long(330, 0)])])
    await expectAlike(file)
    expect((await cut(file, small[2]!)).bytes.length).toBeLessThan(2000)
  })

  it('with a palette or old-style JPEG are not to be cut', async () => {
    const open = async (compression: number, photometric: number) => {
      const fields = imageFields(80, 70, { tile: 32, compression, photometric })
      return (await openTiff(createSource(writeTiff([{ fields, tiles: nine }])))).directories[0]!
    }
    expect(isCuttable(await open(1, 3))).toBe(false)
    expect(isCuttable(await open(6, 6))).toBe(false)
    expect(isCuttable(await open(1, 1))).toBe(true)
  })
})

describe('reading for a cut', () => {
  let file: Uint8Array
  beforeAll(async () => {
    file = await createPicture(600, 500, 3)
      .tiff({ compression: 'deflate', tile: true, tileWidth: 128, tileHeight: 128 })
      .toBuffer()
  })

  it('asks for no more than the tiles of the box', async () => {
    const source = createSource(file)
    const opened = await openTiff(source)
    const [directory] = opened.directories
    const before = source.bytesRead()
    const subset = await cutTiff(opened, directory!, { x: 130, y: 130, width: 100, height: 100 })
    expect(subset.size).toEqual({ width: 128, height: 128 })
    expect(source.bytesRead() - before).toBeLessThan(subset.bytes.length + 40_000)
  })

  it('spans the tiles that a box touches, and no others', () => {
    const layout = { kind: 'tiles', width: 128, height: 128, across: 5, down: 4, planes: 1 } as const
    const span = spanTiles(layout, { x: 127, y: 128, width: 2, height: 128 })
    expect(span).toEqual({ column: 0, row: 1, columns: 2, rows: 1 })
    expect(listTiles(layout, span)).toEqual([5, 6])
    expect(listTiles(layout, span, 2)).toEqual([45, 46])
  })

  it('stops when it is aborted', async () => {
    const controller = new AbortController()
    const opened = await openTiff({
      ...createSource(file),
      async read(offset, length, signal) {
        signal?.throwIfAborted()
        return file.subarray(offset, offset + length)
      },
    })
    controller.abort()
    const box = { x: 0, y: 0, width: 600, height: 500 }
    await expect(cutTiff(opened, opened.directories[0]!, box, undefined, controller.signal)).rejects.toThrow()
  })
})
