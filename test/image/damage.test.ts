import type { Sharp } from 'sharp'
import { describe, expect, it } from 'vitest'
import { isIIIFError } from '../../src/errors.js'
import {
  answer,
  bytesSource,
  createFolder,
  decode,
  fromPixels,
  psnr,
  wavePixels,
  writeSource,
} from './picture.js'
import { buildTiff } from './tiff-file.js'

const picture = wavePixels(640, 480)
const write: Readonly<Record<string, (image: Sharp) => Sharp>> = {
  'baseline jpg': image => image.jpeg(),
  'progressive jpg': image => image.jpeg({ progressive: true }),
  png: image => image.png(),
  'interlaced png': image => image.png({ progressive: true }),
  webp: image => image.webp(),
  gif: image => image.gif(),
  avif: image => image.avif(),
  'tif in strips': image => image.tiff({ compression: 'lzw' }),
  'tif in tiles': image => image.tiff({ tile: true, compression: 'deflate' }),
  'tif with a pyramid': image => image.tiff({ tile: true, pyramid: true, compression: 'jpeg' }),
}

describe('a file that is cut short', () => {
  it.each(Object.keys(write))('is damaged, never half an image: %s', async name => {
    const bytes = await write[name]!(fromPixels(picture)).toBuffer()
    const folder = await createFolder()
    for (const share of [0.02, 0.3, 0.6, 0.95]) {
      const short = bytes.subarray(0, Math.max(24, Math.floor(bytes.length * share)))
      for (const source of [bytesSource(short), await writeSource(folder, 'secret-name', short)]) {
        const failure = await answer(source, { format: 'jpg' }).catch(error => error)
        expect(failure).toMatchObject({ status: 500, code: 'source-damaged' })
        expect(failure.message).not.toMatch(/secret|vips|buffer|tmp/i)
      }
    }
  })

  it('is damaged also where the directories of a TIFF come first', async () => {
    const bytes = buildTiff([picture])
    await expect(answer(bytesSource(bytes), { format: 'jpg' })).resolves.toHaveProperty('bytes')
    const short = bytesSource(bytes.subarray(0, bytes.length * 0.6))
    await expect(answer(short, { format: 'jpg' })).rejects.toMatchObject({ code: 'source-damaged' })
  })
})

describe('a TIFF', () => {
  it('whose directories come first is damaged when it has lost its last tiles', async () => {
    const bytes = await write['tif in tiles']!(fromPixels(picture)).toBuffer()
    const first = bytes.readUInt32LE(4)
    const entries = Array.from({ length: bytes.readUInt16LE(first) }, (_, i) => first + 2 + i * 12)
    const offsets = entries.find(at => bytes.readUInt16LE(at) === 324)!
    const list = bytes.readUInt32LE(offsets + 8)
    bytes.writeUInt32LE(bytes.length + 1000, list + (bytes.readUInt32LE(offsets + 4) - 1) * 4)
    await expect(answer(bytesSource(bytes), { format: 'jpg' })).rejects.toMatchObject({
      code: 'source-damaged',
    })
  })

  it('with a tag that is not written by the book is an image', async () => {
    const bytes = buildTiff([{ ...picture, software: 'ABCD' }])
    const { bytes: result } = await answer(bytesSource(bytes))
    expect(psnr(await decode(result), picture)).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('a file whose middle is zeros', () => {
  // The formats of this list can tell; a JPEG and a WebP hold no checks of what they say.
  it.each(['png', 'interlaced png', 'gif', 'tif in tiles'])('is damaged: %s', async name => {
    const bytes = Buffer.from(await write[name]!(fromPixels(picture)).toBuffer())
    bytes.fill(0, Math.floor(bytes.length * 0.3), Math.floor(bytes.length * 0.7))
    await expect(answer(bytesSource(bytes), { format: 'jpg' })).rejects.toMatchObject({
      code: 'source-damaged',
    })
  })
})

describe('a file with noise in it', () => {
  it.each(Object.keys(write))(
    'gives an image or an error for the client, and nothing else: %s',
    async name => {
      const bytes = await write[name]!(fromPixels(picture)).toBuffer()
      for (let seed = 1; seed <= 12; seed += 1) {
        const noisy = Buffer.from(bytes)
        for (let i = 0; i < 20; i += 1)
          noisy[12 + ((seed * 7919 + i * 104_729) % (noisy.length - 12))] = (seed * 31 + i * 17) % 256
        const result = await answer(bytesSource(noisy), { size: { width: 64, height: 48 } }).catch(
          error => error,
        )
        expect('bytes' in result || isIIIFError(result)).toBe(true)
      }
    },
  )
})
