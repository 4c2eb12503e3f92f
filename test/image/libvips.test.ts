import { describe, expect, it } from 'vitest'
import { disableOperationCache } from '../../src/image/libvips.js'
import { answer, createFolder, decode, fromPixels, pixelAt, writeSource } from './picture.js'

const flat = (width: number, sample: number) =>
  fromPixels({ width, height: 200, channels: 3, data: new Uint8Array(width * 200 * 3).fill(sample) })

describe('a file that is replaced under its name', () => {
  it.each([
    ['webp', (width: number, sample: number) => flat(width, sample).webp({ lossless: true })],
    [
      'tif',
      (width: number, sample: number) =>
        flat(width, sample).tiff({ tile: true, pyramid: true, compression: 'lzw' }),
    ],
    ['png', (width: number, sample: number) => flat(width, sample).png()],
  ] as const)('shows its new pixels: %s', async (format, write) => {
    disableOperationCache()
    const folder = await createFolder()
    const region = { x: 5, y: 5, width: 20, height: 20 }
    for (const [width, sample] of [
      [300, 200],
      [310, 30],
    ] as const) {
      const source = await writeSource(folder, `same.${format}`, await write(width, sample).toBuffer())
      const { bytes, description } = await answer(source, { region })
      expect(description.width).toBe(width)
      expect(pixelAt(await decode(bytes), 3, 3)).toEqual([sample, sample, sample])
    }
  })
})
