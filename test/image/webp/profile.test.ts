import sharp, { type Sharp } from 'sharp'
import { describe, expect, it } from 'vitest'
import { withIccProfile } from '../../../src/image/webp/profile.js'

function draw(width: number, height: number, channels: 3 | 4): Sharp {
  const pixels = Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 37) % 251)
  return sharp(pixels, { raw: { width, height, channels } })
}

async function profileOf(name: 'p3' | 'srgb'): Promise<Buffer> {
  const file = await draw(1, 1, 3).withIccProfile(name).png().toBuffer()
  return (await sharp(file).metadata()).icc!
}

describe('a profile is put into', () => {
  it.each([
    ['a lossy file', 3, { quality: 80 }, 'VP8 '],
    ['a lossless file', 3, { lossless: true }, 'VP8L'],
    ['a lossless file with alpha', 4, { lossless: true }, 'VP8L'],
    ['an extended file: lossy with alpha', 4, { quality: 80 }, 'VP8X'],
  ] as const)('%s, and the pixels stay', async (_, channels, options, kind) => {
    const file = await draw(301, 77, channels).webp(options).toBuffer()
    expect(file.toString('latin1', 12, 16)).toBe(kind)
    const icc = await profileOf('p3')
    const result = withIccProfile(file, icc)
    const metadata = await sharp(result).metadata()
    expect(metadata).toMatchObject({ width: 301, height: 77, hasAlpha: channels === 4 })
    expect(metadata.icc!.equals(icc)).toBe(true)
    const read = (bytes: Uint8Array): Promise<Buffer> => sharp(bytes, { ignoreIcc: true }).raw().toBuffer()
    expect((await read(result)).equals(await read(file))).toBe(true)
  })

  it('a file that has one, in its place', async () => {
    const file = await draw(20, 10, 3).withIccProfile('p3').webp().toBuffer()
    const srgb = await profileOf('srgb')
    const result = withIccProfile(file, srgb)
    expect((await sharp(result).metadata()).icc!.equals(srgb)).toBe(true)
    expect(Buffer.from(result).toString('latin1').split('ICCP').length).toBe(2)
  })

  it('a file with an odd length, which is padded', async () => {
    const file = await draw(20, 10, 3).webp().toBuffer()
    const result = withIccProfile(file, new Uint8Array(7))
    expect(new DataView(result.buffer).getUint32(4, true)).toBe(result.length - 8)
    expect(result.length % 2).toBe(0)
  })
})

it('what is no WebP file is refused', async () => {
  const file = await draw(20, 10, 3).webp().toBuffer()
  const broken = Uint8Array.from(file)
  broken[16]! += 1
  broken[18] = 255
  const renamed = Uint8Array.from(file)
  renamed[12] = 0x41
  for (const bytes of [new Uint8Array(), new Uint8Array(64), file.subarray(0, 30), broken, renamed]) {
    expect(() => withIccProfile(bytes, new Uint8Array(4))).toThrow(
      expect.objectContaining({ code: 'source-damaged' }),
    )
  }
})
