import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { isDecodable } from '../../../src/image/tiff/decode.js'
import { openTiff } from '../../../src/image/tiff/open.js'
import { decodeRegion } from '../../../src/image/tiff/region.js'
import type { Box } from '../../../src/protocol/geometry.js'
import { createRandom } from '../jpeg/coefficients.js'
import { createPicture, createPixels, createSource } from './material.js'
import { makeVipsVariants, type Variant, variantSize } from './variants.js'
import { imageFields, writeTiff } from './writer.js'

const { width, height } = variantSize

async function open(file: Uint8Array) {
  const opened = await openTiff(createSource(file))
  return { opened, directory: opened.directories[0]! }
}

async function decode(file: Uint8Array, box: Box) {
  const { opened, directory } = await open(file)
  return decodeRegion(opened, directory, box)
}

/** A file as a local one is read: also without waiting. */
function createLocalSource(file: Uint8Array) {
  const readSync = (target: Uint8Array, offset: number) => {
    target.set(file.subarray(offset, offset + target.length))
    return true
  }
  return { ...createSource(file), readSync }
}

function listBoxes(): Box[] {
  const random = createRandom(3)
  const pick = (end: number) => Math.floor(random() * end)
  const boxes: Box[] = [
    { x: 0, y: 0, width, height },
    { x: 210, y: 149, width: 1, height: 1 },
    { x: 63, y: 47, width: 2, height: 2 },
    { x: 64, y: 48, width: 64, height: 48 },
    { x: 192, y: 144, width: 19, height: 6 },
    { x: 0, y: 149, width, height: 1 },
    { x: 210, y: 0, width: 1, height },
  ]
  while (boxes.length < 14) {
    const [x, y] = [pick(width), pick(height)]
    boxes.push({ x, y, width: 1 + pick(width - x), height: 1 + pick(height - y) })
  }
  return boxes
}

/** The pixels of a box as libvips gives them, and how many channels of how many bits. */
async function readExpected(file: Uint8Array, box: Box): Promise<Buffer> {
  const { depth, channels } = await sharp(file).metadata()
  const wide = depth === 'ushort'
  const space = channels < 3 ? (wide ? 'grey16' : 'b-w') : wide ? 'rgb16' : 'srgb'
  const image = sharp(file).extract({ left: box.x, top: box.y, width: box.width, height: box.height })
  // Sharp keeps the alpha of a grey image only when it gives four channels.
  const { data, info } = await (channels === 2 ? image : image.toColourspace(space))
    .raw({ depth: wide ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true })
  if (info.channels === channels) return data
  const step = wide ? 2 : 1
  return Buffer.from(data.filter((_, at) => [0, 3].includes(Math.floor(at / step) % info.channels)))
}

describe('a region', () => {
  const variants: Variant[] = []
  beforeAll(async () => {
    for (const variant of await makeVipsVariants()) {
      if (isDecodable((await open(variant.bytes)).directory)) variants.push(variant)
    }
  }, 60_000)

  it('has the pixels that libvips decodes, at every place', { timeout: 60_000 }, async () => {
    expect(variants.length).toBeGreaterThan(60)
    const wrong: string[] = []
    for (const { name, bytes } of variants) {
      for (const box of listBoxes()) {
        const found = await decode(bytes, box)
        const expected = await readExpected(bytes, box)
        const isSame = found !== undefined && expected.equals(found.data)
        const isSized = found?.width === box.width && found.height === box.height
        if (!isSame || !isSized) wrong.push(`${name} ${JSON.stringify(box)}`)
      }
    }
    expect(wrong).toEqual([])
  })
})

describe('one tile of a local file', () => {
  const decoded: [name: string, bytes: Uint8Array, found: (Uint8Array | undefined)[]][] = []
  // All of them are kept until all are decoded: what one leaves in memory must not be what another reads.
  beforeAll(async () => {
    for (const { name, bytes } of await makeVipsVariants()) {
      const file = await openTiff(createLocalSource(bytes))
      const directory = file.directories[0]!
      if (!isDecodable(directory) || directory.layout.kind !== 'tiles') continue
      const found: (Uint8Array | undefined)[] = []
      for (const box of listTileBoxes(directory.layout)) {
        found.push((await decodeRegion(file, directory, box))?.data)
      }
      decoded.push([name, bytes, found])
    }
  }, 60_000)

  it('has the pixels that libvips decodes', { timeout: 60_000 }, async () => {
    expect(decoded.length).toBeGreaterThan(30)
    const wrong: string[] = []
    for (const [name, bytes, found] of decoded) {
      const { layout } = (await open(bytes)).directory
      for (const [at, box] of listTileBoxes(layout).entries()) {
        const expected = await readExpected(bytes, box)
        if (!found[at] || !expected.equals(found[at])) wrong.push(`${name} ${JSON.stringify(box)}`)
      }
    }
    expect(wrong).toEqual([])
  })
})

/** A whole tile, a part of one, and one at the edge. */
function listTileBoxes(tile: { readonly width: number; readonly height: number }): Box[] {
  const x = Math.floor((width - 1) / tile.width) * tile.width
  return [
    { x: 0, y: 0, width: Math.min(tile.width, width), height: Math.min(tile.height, height) },
    { x: 3, y: 5, width: 7, height: 9 },
    { x, y: 0, width: width - x, height: Math.min(tile.height, height) },
  ]
}

describe('what cannot be decoded here', () => {
  const box = { x: 10, y: 10, width: 60, height: 60 }
  const tile = new Uint8Array(32 * 32).fill(7)
  const write = (tiles: readonly Uint8Array[]) =>
    writeTiff([{ fields: imageFields(80, 70, { tile: 32 }), tiles }])

  it.each([0, 4, 8])('is left to libvips where tile %s is not stored', async missing => {
    const tiles = Array.from({ length: 9 }, (_, index) => (index === missing ? new Uint8Array() : tile))
    expect(await decode(write(tiles), box)).toBeUndefined()
  })

  it('is not looked for outside of the box', async () => {
    const tiles = Array.from({ length: 9 }, (_, index) => (index === 8 ? new Uint8Array() : tile))
    const found = await decode(write(tiles), { x: 0, y: 0, width: 64, height: 64 })
    expect(found?.data.every(sample => sample === 7)).toBe(true)
  })

  it.each(['jpeg', 'webp'] as const)('is left to libvips: %s', async compression => {
    const file = await createPicture(90, 70, 3)
      .tiff({ compression, tile: true, tileWidth: 32, tileHeight: 32 })
      .toBuffer()
    expect(await decode(file, box)).toBeUndefined()
  })

  it('is an error where a tile is shorter than its pixels', async () => {
    const tiles = Array.from({ length: 9 }, (_, index) => (index === 4 ? tile.subarray(0, 1000) : tile))
    await expect(decode(write(tiles), box)).rejects.toMatchObject({ code: 'source-damaged' })
  })

  it('is an error where a tile cannot be inflated', async () => {
    const noise = createPixels(20, 20, 1)
    const fields = imageFields(80, 70, { tile: 32, compression: 8 })
    const file = writeTiff([{ fields, tiles: Array(9).fill(noise) }])
    await expect(decode(file, box)).rejects.toMatchObject({ code: 'source-damaged' })
  })

  it('is an error where all tiles inflate to more than their pixels', async () => {
    const { deflateSync } = await import('node:zlib')
    const bomb = deflateSync(Buffer.alloc(10_000_000))
    const fields = imageFields(80, 70, { tile: 32, compression: 8 })
    const file = writeTiff([{ fields, tiles: Array(9).fill(bomb) }])
    await expect(decode(file, box)).rejects.toMatchObject({ code: 'source-damaged' })
  })
})
