import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { ImageSource } from '../../src/contracts.js'
import { ceilDivide } from '../../src/protocol/geometry.js'
import { answer, bytesSource, decode, fromPixels, type Pixels, pixelAt, psnr, wavePixels } from './picture.js'
import { buildTiff } from './tiff-file.js'

const whole = wavePixels(1201, 903)

/** The mean of the pixels that a pixel of this scale factor stands for; at the edge, of those that there are. */
function shrink(picture: Pixels, scaleFactor: number): Pixels {
  const width = ceilDivide(picture.width, scaleFactor)
  const height = ceilDivide(picture.height, scaleFactor)
  const data = new Uint8Array(width * height * 3)
  for (let at = 0; at < data.length; at += 1) {
    const [x, y, band] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width), at % 3]
    let sum = 0
    let count = 0
    for (let row = y * scaleFactor; row < Math.min((y + 1) * scaleFactor, picture.height); row += 1) {
      for (
        let column = x * scaleFactor;
        column < Math.min((x + 1) * scaleFactor, picture.width);
        column += 1
      ) {
        sum += picture.data[(row * picture.width + column) * 3 + band]!
        count += 1
      }
    }
    data[at] = Math.round(sum / count)
  }
  return { data, width, height, channels: 3 }
}

function cut(picture: Pixels, x: number, y: number, width: number, height: number): Pixels {
  const rows = Array.from({ length: height }, (_, row) => {
    const at = ((y + row) * picture.width + x) * 3
    return picture.data.subarray(at, at + width * 3)
  })
  return { data: Buffer.concat(rows), width, height, channels: 3 }
}

async function worstTile(source: ImageSource, picture: Pixels, scaleFactor: number): Promise<number> {
  const reference = shrink(picture, scaleFactor)
  const step = 256 * scaleFactor
  let worst = Number.POSITIVE_INFINITY
  for (let y = 0; y < picture.height; y += step) {
    for (let x = 0; x < picture.width; x += step) {
      const region = {
        x,
        y,
        width: Math.min(step, picture.width - x),
        height: Math.min(step, picture.height - y),
      }
      const size = {
        width: ceilDivide(region.width, scaleFactor),
        height: ceilDivide(region.height, scaleFactor),
      }
      const tile = await decode((await answer(source, { region, size })).bytes)
      expect([tile.width, tile.height]).toEqual([size.width, size.height])
      const expected = cut(reference, x / scaleFactor, y / scaleFactor, size.width, size.height)
      worst = Math.min(worst, psnr(tile, expected))
    }
  }
  return worst
}

const writePyramid = (picture: Pixels) =>
  fromPixels(picture)
    .tiff({ tile: true, tileWidth: 256, tileHeight: 256, pyramid: true, compression: 'lzw' })
    .toBuffer()

describe('every tile', () => {
  it.each([1, 2, 4, 8])('of scale factor %i shows what the whole image shows there', async scaleFactor => {
    const source = bytesSource(await writePyramid(whole))
    // A shift by half a pixel of this picture comes out at 36 or less where anything was scaled.
    expect(await worstTile(source, whole, scaleFactor)).toBeGreaterThan(38)
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('of orientation %i is where it belongs', async orientation => {
    const even = cut(whole, 0, 0, 1200, 900)
    const stored = await sharp(await writePyramid(even))
      .autoOrient()
      .withMetadata({ orientation })
      .tiff({
        tile: true,
        tileWidth: 256,
        tileHeight: 256,
        pyramid: true,
        compression: 'lzw',
      })
      .toBuffer()
    const upright = await decode(await sharp(stored).autoOrient().png().toBuffer())
    expect(await worstTile(bytesSource(stored), upright, 4)).toBeGreaterThan(38)
  })
})

describe('an image without a pyramid', () => {
  it('gives the same tiles', async () => {
    // Edge tiles are scaled to the size that is rounded up, which draws them out by three quarters of a pixel.
    const source = bytesSource(await fromPixels(whole).png().toBuffer())
    expect(await worstTile(source, whole, 4)).toBeGreaterThan(29)
  })
})

describe('sub-directories', () => {
  it('are where the pixels of their level come from', async () => {
    const solid = (width: number, height: number, sample: number) => ({
      width,
      height,
      data: new Uint8Array(width * height * 3).fill(sample),
    })
    const page = { ...solid(80, 60, 10), children: [solid(40, 30, 110), solid(20, 15, 210)] }
    const source = bytesSource(buildTiff([page]))
    for (const [width, sample] of [
      [80, 10],
      [40, 110],
      [20, 210],
    ] as const) {
      const { bytes } = await answer(source, { size: { width, height: (width * 3) / 4 } })
      expect(pixelAt(await decode(bytes), 3, 3)).toEqual([sample, sample, sample])
    }
  })
})
