import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import { beforeEach, describe, expect, it } from 'vitest'
import { localFile } from '../../src/image/local-file.js'
import { isOwnPyramid, type WritePyramidOptions, writePyramid } from '../../src/image/pyramid-writer.js'
import { openReader } from '../../src/image/reader.js'
import { makeProfile } from './icc.js'
import { createFolder, decode, fromPixels, gridPixels, type Pixels, pixelAt, wavePixels } from './picture.js'
import { buildJpegWithIptc, readTiffFields } from './pyramid-material.js'
import { compare } from './stored-files.js'

let folder = ''
let count = 0

beforeEach(async () => {
  count += 1
  folder = join(await createFolder(), String(count))
  await mkdir(folder)
})

const wave = wavePixels(300, 200)

async function write(image: Sharp | Uint8Array, name: string, options: WritePyramidOptions = {}) {
  const input = join(folder, name)
  const output = join(folder, 'out.tif')
  await writeFile(input, image instanceof Uint8Array ? image : await image.toBuffer())
  return { input, output, written: await writePyramid(input, output, { tile: 64, ...options }) }
}

async function describeFile(path: string) {
  const reader = await openReader(await localFile(path))
  await reader.close()
  return reader.description
}

const leftBehind = async () => (await readdir(folder)).filter(name => name !== 'in.png' && name !== 'in.jpg')

describe('a pyramid', () => {
  it.each([
    ['jpeg', 'jpg'],
    ['webp', 'webp'],
    ['deflate', undefined],
  ] as const)(
    'of %s has tiles at every power of two, which honeydew sends as they are',
    async (compression, format) => {
      const { output, written } = await write(fromPixels(wave).png(), 'in.png', {
        compression,
        check: 'auto',
      })
      const { levels, width, height, pages, orientation } = await describeFile(output)
      expect({ width, height, pages, orientation }).toEqual({
        width: 300,
        height: 200,
        pages: 1,
        orientation: 1,
      })
      expect(levels.map(({ width, height, scaleFactor }) => [width, height, scaleFactor])).toEqual([
        [300, 200, 1],
        [150, 100, 2],
        [75, 50, 4],
        [37, 25, 8],
      ])
      expect(written.plan.levels).toEqual(levels.map(({ width, height }) => ({ width, height })))
      for (const { tile, coding } of levels) {
        expect([tile, coding?.format]).toEqual([{ width: 64, height: 64 }, format])
      }
      expect(written).toMatchObject({ isServedAsStored: format !== undefined, notes: [] })
      expect(written.bytes).toBe((await stat(output)).size)
      expect(written.comparison?.mean).toBeLessThan(compression === 'deflate' ? 1e-9 : 3)
    },
  )

  it.each([50, 85, 90, 100])('of the quality %i is sent as it is stored', async quality => {
    const { written, output } = await write(fromPixels(wave).png(), 'in.png', { quality })
    expect(written.isServedAsStored).toBe(true)
    expect(compare(await decode(await readFile(output)), wave).mean).toBeLessThan(8)
  })

  it('is a BigTIFF where that is wished', async () => {
    for (const [bigtiff, version] of [
      ['always', 43],
      ['never', 42],
      ['auto', 42],
    ] as const) {
      const { output } = await write(fromPixels(wave).png(), 'in.png', { bigtiff, force: true })
      expect((await readFile(output))[2]).toBe(version)
      expect((await describeFile(output)).levels).toHaveLength(4)
    }
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('stands upright: orientation %i', async orientation => {
    const image = fromPixels(gridPixels(300, 200)).withMetadata({ orientation }).png()
    const { input, output } = await write(image, 'in.png', { compression: 'deflate', check: 'auto' })
    const upright = await sharp(input).autoOrient().raw().toBuffer({ resolveWithObject: true })
    const { data, info } = await sharp(output).raw().toBuffer({ resolveWithObject: true })
    expect([info.width, info.height]).toEqual([upright.info.width, upright.info.height])
    expect(data.equals(upright.data)).toBe(true)
    expect((await describeFile(output)).orientation).toBe(1)
  })

  it('keeps the resolution', async () => {
    const { output } = await write(fromPixels(wave).withMetadata({ density: 300 }).png(), 'in.png')
    expect((await describeFile(output)).density).toBeCloseTo(300, 1)
    const { output: other } = await write(fromPixels(wave).webp(), 'in.png', { force: true })
    expect((await describeFile(other)).density).toBeUndefined()
  })
})

describe('colours', () => {
  const wide = fromPixels(wave).tiff({ compression: 'none' })
  const p3 = () => wide.clone().withIccProfile('p3')

  it('stay as they are, with their profile', async () => {
    const { input, output, written } = await write(p3(), 'in.png', { compression: 'deflate', check: 'auto' })
    const raw = (path: string) => sharp(path, { ignoreIcc: true }).raw().toBuffer()
    expect((await raw(output)).equals(await raw(input))).toBe(true)
    expect((await sharp(output).metadata()).icc).toEqual((await sharp(input).metadata()).icc)
    expect(written.plan.profile).toBe('keep')
  })

  it('are brought to sRGB where that is wished, and no profile is left', async () => {
    const { input, output } = await write(p3(), 'in.png', {
      compression: 'deflate',
      profile: 'srgb',
      check: 'auto',
    })
    const converted: Pixels = await decode(await readFile(input))
    expect(compare(await decode(await readFile(output)), converted).worst).toBeLessThanOrEqual(1)
    expect(await sharp(output).metadata()).toMatchObject({ hasProfile: false })
  })

  it('with a large profile are told to be slow, and are not in sRGB', async () => {
    const profile = join(folder, 'large.icc')
    await writeFile(profile, makeProfile({ name: 'Large', ballast: 6000 }))
    const image = wide.clone().withIccProfile(profile)
    const { written } = await write(image, 'in.png')
    expect(written).toMatchObject({ isServedAsStored: false, notes: [expect.stringContaining('too large')] })
    const { written: other } = await write(image, 'in.png', { profile: 'srgb', force: true })
    expect(other).toMatchObject({ isServedAsStored: true, notes: [] })
  })

  const colour = { r: 200, g: 30, b: 60 }
  const plain = (channels: 3 | 4, alpha = 0.5) =>
    sharp({ create: { width: 200, height: 100, channels, background: { ...colour, alpha } } })
  const deep = sharp(
    new Uint16Array(200 * 100 * 3).map((_, i) => (i * 257) % 65_536),
    {
      raw: { width: 200, height: 100, channels: 3 },
    },
  ).toColourspace('rgb16')

  it.each([
    ['with transparency', plain(4).png(), {}, { compression: 'webp', isFlattened: false }, [], [4, 8]],
    [
      'with transparency in JPEG',
      plain(4).png(),
      { compression: 'jpeg' },
      { isFlattened: true },
      ['transparency is laid on white'],
      [3, 8],
    ],
    [
      'with transparency in deflate',
      plain(4).png(),
      { compression: 'deflate' },
      { isFlattened: false },
      [],
      [4, 8],
    ],
    ['in CMYK', plain(3).toColourspace('cmyk').tiff(), {}, { space: 'srgb' }, ['cmyk becomes sRGB'], [3, 8]],
    ['in greys', plain(3).toColourspace('b-w').png(), {}, { space: 'b-w' }, [], [1, 8]],
    [
      'in greys in WebP',
      plain(3).toColourspace('b-w').png(),
      { compression: 'webp' },
      { space: 'srgb' },
      [],
      [3, 8],
    ],
    ['of 16 bits', deep.clone().png(), {}, { space: 'srgb' }, ['its samples (ushort) become 8 bits'], [3, 8]],
    [
      'of 16 bits in deflate',
      deep.clone().png(),
      { compression: 'deflate' },
      { space: 'rgb16' },
      [],
      [3, 16],
    ],
  ] as const)(
    '%s become what the compression can hold, and what is lost is told',
    async (_what, image, options, plan, notes, [channels, depth]) => {
      const { output, written } = await write(image, 'in.png', { ...options, check: 'auto' })
      expect(written).toMatchObject({ plan, notes })
      const { bands, hasAlpha, depth: bits } = await describeFile(output)
      expect([bands + (hasAlpha ? 1 : 0), bits]).toEqual([channels, depth])
    },
  )

  it('under transparency lie on white in JPEG', async () => {
    const { output } = await write(plain(4).png(), 'in.png', { compression: 'jpeg', quality: 100 })
    const [r = 0, g = 0, b = 0] = pixelAt(await decode(await readFile(output)), 50, 50)
    expect(Math.max(Math.abs(r - 228), Math.abs(g - 143), Math.abs(b - 158))).toBeLessThan(4)
  })
})

describe('metadata', () => {
  const exif = {
    IFD0: { Copyright: 'Somebody', Artist: 'A. Painter', Make: 'Camera' },
    IFD2: { ExposureTime: '1/100', DateTimeOriginal: '2020:01:02 03:04:05' },
    IFD3: { GPSLatitudeRef: 'N' },
  }
  const xmp =
    '<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description xmlns:tiff="t" tiff:Orientation="6"/></x:xmpmeta>'

  it.each(['never', 'always'] as const)('of all kinds is carried over (BigTIFF: %s)', async bigtiff => {
    const image = fromPixels(wave).withExif(exif).withXmp(xmp).withMetadata({ orientation: 6 }).jpeg()
    const jpeg = buildJpegWithIptc(await image.toBuffer(), 'Caption')
    const { output } = await write(jpeg, 'in.jpg', { bigtiff })
    const { first, exif: own, gps } = await readTiffFields(output)
    const text = (fields: Map<number, Uint8Array>, tag: number) =>
      Buffer.from(fields.get(tag) ?? [])
        .toString()
        .replace(/\0$/, '')
    expect([271, 315, 33432].map(tag => text(first, tag))).toEqual(['Camera', 'A. Painter', 'Somebody'])
    expect(text(first, 700)).toBe(xmp.replace('"6"', '"1"'))
    expect(text(first, 33723)).toContain('Caption')
    expect(text(own, 36867)).toBe('2020:01:02 03:04:05')
    expect([...(own.get(33434) ?? [])]).toEqual([1, 0, 0, 0, 100, 0, 0, 0])
    expect(text(gps, 1)).toBe('N')
    // The picture is upright now: 200 × 300.
    expect([...(first.get(274) ?? [])]).toEqual([1, 0])
    expect([40962, 40963].map(tag => Buffer.from(own.get(tag) ?? []).readUInt32LE())).toEqual([200, 300])
    expect((await describeFile(output)).levels).toHaveLength(4)
  })

  it('of a TIFF is carried over, too', async () => {
    const { output } = await write(fromPixels(wave).withExif(exif).jpeg(), 'in.jpg')
    const again = join(folder, 'again.tif')
    await writePyramid(output, again, { tile: 128 })
    const { first, exif: own } = await readTiffFields(again)
    expect(Buffer.from(first.get(33432) ?? []).toString()).toBe('Somebody\0')
    expect(own.has(36867)).toBe(true)
  })

  it('that is damaged is left out, and told of', async () => {
    const jpeg = await fromPixels(wave).withExif(exif).jpeg().toBuffer()
    const at = jpeg.indexOf('Exif\0\0') + 6
    jpeg.writeUInt32LE(0xfffffff0, at + 4)
    const { written, output } = await write(jpeg, 'in.jpg')
    expect(written.notes).toEqual(['its Exif data are damaged and are left out'])
    expect((await describeFile(output)).levels).toHaveLength(4)
  })

  it('says who made the file', async () => {
    const { input, output } = await write(fromPixels(wave).png(), 'in.png')
    expect(await Promise.all([input, output].map(isOwnPyramid))).toEqual([false, true])
  })
})

describe('the output', () => {
  it('is not written over, unless that is wished', async () => {
    await writeFile(join(folder, 'out.tif'), 'mine')
    const image = fromPixels(wave).png()
    await expect(write(image, 'in.png')).rejects.toThrow('The output exists.')
    expect(await readFile(join(folder, 'out.tif'), 'utf8')).toBe('mine')
    await write(image, 'in.png', { force: true })
    expect((await describeFile(join(folder, 'out.tif'))).levels).toHaveLength(4)
  })

  it('is never the input, by whatever name', async () => {
    const input = join(folder, 'in.png')
    await writeFile(input, await fromPixels(wave).png().toBuffer())
    await symlink(input, join(folder, 'link.tif'))
    for (const output of [input, join(folder, 'link.tif')]) {
      await expect(writePyramid(input, output, { force: true })).rejects.toThrow('The output is the input.')
    }
  })

  it('needs a folder', async () => {
    await writeFile(join(folder, 'in.png'), await fromPixels(wave).png().toBuffer())
    const output = join(folder, 'nowhere/out.tif')
    await expect(writePyramid(join(folder, 'in.png'), output)).rejects.toThrow(
      'The folder of the output does not exist.',
    )
  })
})

describe('nothing is left', () => {
  it('of an image that is cut short', async () => {
    const jpeg = await fromPixels(wave).jpeg({ quality: 100 }).toBuffer()
    await expect(write(jpeg.subarray(0, jpeg.length / 2), 'in.jpg')).rejects.toMatchObject({
      code: 'source-damaged',
    })
    expect(await leftBehind()).toEqual([])
  })

  it('of what is no image', async () => {
    await expect(write(Buffer.from('not an image'), 'in.jpg')).rejects.toMatchObject({
      code: 'source-unsupported',
    })
    expect(await leftBehind()).toEqual([])
  })

  it('of an image that is too large', async () => {
    const image = fromPixels(wave).png()
    await expect(write(image, 'in.png', { maxInputPixels: 59_999 })).rejects.toMatchObject({
      code: 'source-too-large',
    })
    expect(await leftBehind()).toEqual([])
    await write(image, 'in.png', { maxInputPixels: 60_000 })
  })

  it('of a pyramid that is not close enough to its source', async () => {
    const image = fromPixels(wave).png()
    const bad = write(image, 'in.png', { quality: 1, check: 2 })
    await expect(bad).rejects.toThrow(/^The pixels are \d+\.\d\d from those of the source/)
    await expect(bad).rejects.toMatchObject({ comparison: { mean: expect.any(Number) } })
    expect(await leftBehind()).toEqual([])
  })

  it.each([0, 1])('of work that was given up %i ms after it began', async milliseconds => {
    const controller = new AbortController()
    const large = fromPixels(wavePixels(1500, 1000)).png({ compressionLevel: 0 })
    const writing = write(large, 'in.png', {
      compression: 'deflate',
      signal: controller.signal,
      onProgress: () => setTimeout(() => controller.abort(), milliseconds),
    })
    await expect(writing).rejects.toMatchObject({ code: 'aborted' })
    expect(await leftBehind()).toEqual([])
    // Nor afterwards: libvips still works, into a folder that is not there.
    await new Promise(settle => setTimeout(settle, 300))
    expect(await leftBehind()).toEqual([])
  })
})

it('progress begins at 0, never falls, and ends at 1', async () => {
  const parts: number[] = []
  await write(fromPixels(wavePixels(900, 700)).png(), 'in.png', { onProgress: part => parts.push(part) })
  expect(parts[0]).toBe(0)
  expect(parts.at(-1)).toBe(1)
  expect(parts).toEqual(parts.toSorted((one, two) => one - two))
})

it.each([
  [{ quality: 0 }, 'quality: expected a whole number from 1 to 100 but received 0'],
  [{ tile: 100 }, 'tile: expected a multiple of 16 but received 100'],
  [{ tile: 32 }, 'tile: expected a whole number from 64 to 4096 but received 32'],
  [{ compression: 'lzw' as 'jpeg' }, 'compression: expected auto, jpeg, webp, deflate but received lzw'],
  [{ profile: 'none' as 'keep' }, 'profile: expected keep, srgb but received none'],
  [{ bigtiff: true as unknown as 'auto' }, 'bigtiff: expected auto, always, never but received true'],
  [{ maxInputPixels: 0 }, 'maxInputPixels: expected a number above 0 but received 0'],
])('wrong options are refused by their name: %j', async (options, message) => {
  await expect(writePyramid('in', 'out', options)).rejects.toThrow(new TypeError(message))
})
