import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { resolveEncodeOptions } from '../../src/image/encode-options.js'
import { planRender } from '../../src/image/plan.js'
import { openReader } from '../../src/image/reader.js'
import { render } from '../../src/image/render.js'
import type { Format } from '../../src/protocol/format.js'
import { rotateDimensions } from '../../src/protocol/geometry.js'
import type { ResolvedRequest } from '../../src/protocol/resolved.js'
import {
  answer,
  bytesSource,
  decode,
  distance,
  fromPixels,
  gridPixels,
  type Pixels,
  pixelAt,
  psnr,
  requestOf,
  wavePixels,
} from './picture.js'

const grid = gridPixels(1000, 1000)
const gridPng = bytesSource(await fromPixels(grid).png().toBuffer())
const written = ['jpg', 'png', 'webp', 'tif', 'gif', 'avif'] as const
const sharpNames = { jpg: 'jpeg', png: 'png', webp: 'webp', tif: 'tiff', gif: 'gif', avif: 'heif' } as const
const cell = (column: number, row: number) => [column * 25, row * 25, 128]

async function pixelsOf(source: typeof gridPng, wanted: Partial<ResolvedRequest> = {}): Promise<Pixels> {
  return decode((await answer(source, wanted)).bytes)
}

describe('every format', () => {
  it.each(written)('%s is written, with the cells where they belong', async format => {
    const region = { x: 300, y: 500, width: 400, height: 300 }
    const { bytes } = await answer(gridPng, { region, size: { width: 200, height: 150 }, format })
    const facts = await sharp(bytes).metadata()
    expect(facts).toMatchObject({ format: sharpNames[format], width: 200, height: 150, hasProfile: false })
    expect(facts.exif ?? facts.xmp ?? facts.iptc).toBeUndefined()
    const pixels = await decode(bytes)
    for (let row = 0; row < 3; row += 1) {
      for (let column = 0; column < 4; column += 1) {
        const found = pixelAt(pixels, column * 50 + 25, row * 50 + 25).slice(0, 3)
        expect(distance(found, cell(column + 3, row + 5))).toBeLessThan(12)
      }
    }
  })

  it.each(written)('%s is read', async format => {
    const source = bytesSource((await answer(gridPng, { format })).bytes)
    const region = { x: 200, y: 700, width: 100, height: 200 }
    const pixels = await pixelsOf(source, { region })
    expect([pixels.width, pixels.height]).toEqual([100, 200])
    expect(distance(pixelAt(pixels, 50, 50).slice(0, 3), cell(2, 7))).toBeLessThan(12)
    expect(distance(pixelAt(pixels, 50, 150).slice(0, 3), cell(2, 8))).toBeLessThan(12)
  })

  it.each(['jp2', 'pdf'] as const)('but %s, which is not implemented', async format => {
    await expect(answer(gridPng, { format })).rejects.toMatchObject({ status: 501, code: 'not-implemented' })
  })

  it.each<[Format, number]>([
    ['webp', 16_383],
    ['avif', 16_384],
    ['jpg', 65_535],
    ['gif', 65_535],
  ])('%s refuses what it cannot hold, before anything is decoded', async (format, most) => {
    const { description } = await openReader(gridPng)
    const settings = resolveEncodeOptions()
    const wide = (width: number) => requestOf(description, { format, size: { width, height: 10 } })
    expect(planRender(description, wide(most), settings).output.width).toBe(most)
    expect(() => planRender(description, wide(most + 1), settings)).toThrow(
      expect.objectContaining({ status: 400, code: 'over-limit' }),
    )
  })
})

describe('sizes', () => {
  it.each([
    [1, 1],
    [999, 1],
    [1, 999],
    [7, 311],
    [333, 222],
    [1001, 999],
    [2000, 1500],
  ])('are exact: %i × %i', async (width, height) => {
    for (const source of [gridPng, bytesSource(await fromPixels(grid).jpeg().toBuffer())]) {
      const pixels = await pixelsOf(source, { size: { width, height } })
      expect([pixels.width, pixels.height]).toEqual([width, height])
    }
  })

  it('of the whole image leave the cut out, so that a JPEG shrinks while it loads', async () => {
    const { plan } = await answer(gridPng, { size: { width: 100, height: 100 } })
    expect(plan.whole).toBe(true)
    const { plan: cut } = await answer(gridPng, { region: { x: 0, y: 0, width: 999, height: 1000 } })
    expect(cut.whole).toBe(false)
    expect(cut).not.toHaveProperty('resize')
  })

  it('use the kernel of the options', async () => {
    const size = { width: 10, height: 10 }
    const region = { x: 50, y: 50, width: 200, height: 200 }
    const { bytes } = await answer(gridPng, { region, size }, { encode: { kernel: 'nearest' } })
    const colours = new Set<string>()
    const pixels = await decode(bytes)
    for (let i = 0; i < 100; i += 1) colours.add(pixelAt(pixels, i % 10, Math.floor(i / 10)).join())
    expect(colours).toEqual(
      new Set([0, 1, 2].flatMap(row => [0, 1, 2].map(column => cell(column, row).join()))),
    )
  })
})

describe('orientation', () => {
  // Upright, the picture has four quarters of their own colours, and is wider than high.
  const corners = {
    topLeft: [250, 0, 0],
    topRight: [0, 250, 0],
    bottomLeft: [0, 0, 250],
    bottomRight: [250, 250, 0],
  }
  const upright: Pixels = { data: new Uint8Array(90 * 60 * 3), width: 90, height: 60, channels: 3 }
  for (let i = 0; i < 90 * 60; i += 1) {
    const [isLeft, isTop] = [i % 90 < 45, i < 90 * 30]
    const colour = isTop
      ? isLeft
        ? corners.topLeft
        : corners.topRight
      : isLeft
        ? corners.bottomLeft
        : corners.bottomRight
    upright.data.set(colour, i * 3)
  }
  /* What a camera that was held so would have stored. */
  const stored = (orientation: number) => {
    const image = fromPixels(upright)
    const steps: Record<number, () => typeof image> = {
      1: () => image,
      2: () => image.flop(),
      3: () => image.rotate(180),
      4: () => image.flip(),
      5: () => image.flop().rotate(270),
      6: () => image.rotate(270),
      7: () => image.flop().rotate(90),
      8: () => image.rotate(90),
    }
    return steps[orientation]!().withMetadata({ orientation }).png().toBuffer()
  }

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('%i shows the picture upright, whole and in parts', async orientation => {
    const source = bytesSource(await stored(orientation))
    const { bytes, description } = await answer(source)
    expect(description).toMatchObject({ width: 90, height: 60 })
    expect(psnr(await decode(bytes), upright)).toBe(Number.POSITIVE_INFINITY)
    for (const [x, y, colour] of [
      [0, 0, corners.topLeft],
      [80, 0, corners.topRight],
      [0, 50, corners.bottomLeft],
      [80, 50, corners.bottomRight],
    ] as const) {
      const part = await pixelsOf(source, { region: { x, y, width: 10, height: 10 }, format: 'png' })
      expect(pixelAt(part, 5, 5)).toEqual(colour)
    }
    const strip = await pixelsOf(source, { region: { x: 40, y: 10, width: 20, height: 8 } })
    expect([strip.width, strip.height]).toEqual([20, 8])
    expect([pixelAt(strip, 4, 0), pixelAt(strip, 5, 0)]).toEqual([corners.topLeft, corners.topRight])
    const small = await pixelsOf(source, { size: { width: 30, height: 20 } })
    expect([small.width, small.height]).toEqual([30, 20])
    expect(distance(pixelAt(small, 28, 2), corners.topRight)).toBeLessThan(8)
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    '%i is followed by the mirroring and the turn of the request',
    async orientation => {
      const source = bytesSource(await stored(orientation))
      for (const mirror of [false, true]) {
        for (const degrees of [0, 90, 180, 270]) {
          const mirrored = fromPixels(
            mirror ? await decode(await fromPixels(upright).flop().png().toBuffer()) : upright,
          )
          const expected = await decode(await mirrored.rotate(degrees).png().toBuffer())
          const found = await pixelsOf(source, { rotation: { mirror, degrees } })
          expect([found.width, found.height]).toEqual([expected.width, expected.height])
          expect(psnr(found, expected)).toBe(Number.POSITIVE_INFINITY)
        }
      }
    },
  )

  it('6 with a free angle turns the upright picture', async () => {
    const source = bytesSource(await stored(6))
    const rotation = { mirror: true, degrees: 30 }
    const found = await pixelsOf(source, { rotation })
    const expected = await pixelsOf(bytesSource(await stored(1)), { rotation })
    expect([found.width, found.height]).toEqual([expected.width, expected.height])
    expect(psnr(found, expected)).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('a free angle', () => {
  it.each([0.5, 22.5, 45, 89.9, 133, 200.25, 359])(
    'of %d needs the canvas that holds the picture, to the pixel',
    async degrees => {
      const size = { width: 120, height: 77 }
      const { bytes, plan } = await answer(gridPng, { size, rotation: { mirror: false, degrees } })
      const { width, height } = await sharp(bytes).metadata()
      const wanted = rotateDimensions(size, degrees)
      expect(plan.output).toEqual(wanted)
      expect(Math.abs(width - wanted.width)).toBeLessThanOrEqual(1)
      expect(Math.abs(height - wanted.height)).toBeLessThanOrEqual(1)
    },
  )

  it.each(['png', 'webp', 'tif', 'gif', 'avif'] as const)(
    'leaves transparent corners in %s',
    async format => {
      for (const quality of ['default', 'gray'] as const) {
        const rotation = { mirror: false, degrees: 45 }
        const { bytes } = await answer(gridPng, {
          size: { width: 100, height: 100 },
          rotation,
          format,
          quality,
        })
        expect(await sharp(bytes).metadata()).toMatchObject({ hasAlpha: true })
        const { data, info } = await sharp(bytes)
          .toColourspace('srgb')
          .raw()
          .toBuffer({ resolveWithObject: true })
        const alphaAt = (x: number, y: number) =>
          data[(y * info.width + x) * info.channels + info.channels - 1]
        expect(alphaAt(2, 2)).toBe(0)
        expect(alphaAt(70, 70)).toBe(255)
      }
    },
  )

  it.each([
    [undefined, [255, 255, 255]],
    ['#204060', [0x20, 0x40, 0x60]],
  ])('leaves corners of the background in jpg (%s)', async (background, colour) => {
    const rotation = { mirror: false, degrees: 45 }
    const encode = background === undefined ? {} : { background }
    const { bytes } = await answer(
      gridPng,
      { size: { width: 100, height: 100 }, rotation, format: 'jpg' },
      { encode },
    )
    expect(distance(pixelAt(await decode(bytes), 2, 2), colour)).toBeLessThan(4)
  })

  it('darkens no edge, also of a scaled picture with alpha', async () => {
    const gray = {
      width: 200,
      height: 200,
      channels: 4 as const,
      background: { r: 200, g: 200, b: 200, alpha: 1 },
    }
    const source = bytesSource(await sharp({ create: gray }).png().toBuffer())
    const pixels = await pixelsOf(source, {
      size: { width: 100, height: 100 },
      rotation: { mirror: false, degrees: 30 },
    })
    for (let at = 0; at < pixels.data.length; at += 4) {
      const [red = 0, , , alpha = 0] = pixels.data.subarray(at, at + 4)
      if (alpha > 8) expect(Math.abs(red - 200)).toBeLessThan(16)
    }
  })
})

describe('colours', () => {
  const wave = wavePixels(64, 48)
  const one = (samples: number[], channels: 1 | 2 | 3 | 4) => ({
    width: 16,
    height: 16,
    channels,
    data: Uint8Array.from({ length: 256 * channels }, (_, i) => samples[i % channels]!),
  })

  it.each(written)('of a grey picture stay one band in %s, where the format has such', async format => {
    const source = bytesSource(await fromPixels(wave).toColourspace('b-w').png().toBuffer())
    for (const quality of ['default', 'color', 'gray'] as const) {
      const { bytes } = await answer(source, { format, quality })
      const { channels } = await sharp(bytes).metadata()
      expect(channels).toBe(['jpg', 'png', 'tif'].includes(format) ? 1 : format === 'gif' ? channels : 3)
      const pixels = await decode(await sharp(bytes).toColourspace('srgb').removeAlpha().png().toBuffer())
      for (const x of [3, 30, 60]) {
        const [red = 0, green = 0, blue = 0] = pixelAt(pixels, x, 20)
        expect(Math.max(Math.abs(red - green), Math.abs(red - blue))).toBeLessThan(4)
      }
    }
  })

  it('become grey on demand, one band, as bright as they were', async () => {
    const source = bytesSource(
      await fromPixels(one([250, 20, 60], 3))
        .png()
        .toBuffer(),
    )
    const { bytes } = await answer(source, { quality: 'gray' })
    expect(await sharp(bytes).metadata()).toMatchObject({ space: 'b-w', channels: 1 })
    const reference = await fromPixels(one([250, 20, 60], 3))
      .grayscale()
      .raw()
      .toBuffer()
    expect(pixelAt(await decode(bytes), 5, 5)[0]).toBe(reference[0])
  })

  it('of sixteen bits become eight', async () => {
    const samples = Uint16Array.from({ length: 256 * 3 }, (_, i) => [65_535, 32_896, 257][i % 3]!)
    const bytes = await sharp(samples, { raw: { width: 16, height: 16, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer()
    const result = await answer(bytesSource(bytes))
    expect(await sharp(result.bytes).metadata()).toMatchObject({ bitsPerSample: 8, channels: 3 })
    expect(distance(pixelAt(await decode(result.bytes), 3, 3), [255, 128, 1])).toBeLessThanOrEqual(1)
    const gray = await sharp(samples.slice(0, 256).fill(32_896), {
      raw: { width: 16, height: 16, channels: 1 },
    })
      .toColourspace('grey16')
      .png()
      .toBuffer()
    const grayResult = await answer(bytesSource(gray), { format: 'tif' })
    expect(await sharp(grayResult.bytes).metadata()).toMatchObject({ bitsPerSample: 8, channels: 1 })
    expect(distance(pixelAt(await decode(grayResult.bytes), 3, 3), [128])).toBeLessThanOrEqual(1)
  })

  it.each(['srgb', 'p3'] as const)('of sixteen bits with the profile %s keep their hue', async profile => {
    const samples = Uint16Array.from({ length: 256 * 3 }, (_, i) => [50_000, 20_000, 20_000][i % 3]!)
    const raw = sharp(samples, { raw: { width: 16, height: 16, channels: 3 } })
    const wide = await raw.clone().toColourspace('rgb16').withIccProfile(profile).png().toBuffer()
    const narrow = await raw.clone().toColourspace('srgb').withIccProfile(profile).png().toBuffer()
    for (const quality of ['default', 'gray'] as const) {
      const found = await pixelsOf(bytesSource(wide), { quality })
      const expected = await pixelsOf(bytesSource(narrow), { quality })
      expect(found.channels).toBe(quality === 'gray' ? 1 : 3)
      expect(distance(pixelAt(found, 3, 3), pixelAt(expected, 3, 3))).toBeLessThanOrEqual(2)
    }
  })

  it('with a profile become sRGB', async () => {
    const p3 = await fromPixels(one([200, 60, 60], 3))
      .withIccProfile('p3')
      .png()
      .toBuffer()
    const pixels = await pixelsOf(bytesSource(p3))
    expect(distance(pixelAt(pixels, 3, 3), [200, 60, 60])).toBeLessThanOrEqual(2)
    const stored = await sharp(p3, { ignoreIcc: true }).raw().toBuffer()
    expect(distance([...stored.subarray(0, 3)], [200, 60, 60])).toBeGreaterThan(5)
  })

  it.each(['jpg', 'png', 'webp'] as const)('of CMYK become RGB in %s', async format => {
    const source = bytesSource(
      await fromPixels(one([200, 60, 60], 3))
        .toColourspace('cmyk')
        .jpeg({ quality: 95 })
        .toBuffer(),
    )
    const { bytes, description } = await answer(source, { format })
    expect(description.colour).toBe('cmyk')
    expect(await sharp(bytes).metadata()).toMatchObject({ space: 'srgb', channels: 3 })
    expect(distance(pixelAt(await decode(bytes), 3, 3), [200, 60, 60])).toBeLessThan(40)
  })

  it('of a palette come out as they are', async () => {
    const source = bytesSource(
      await fromPixels(gridPixels(100, 100, 4))
        .png({ palette: true, colours: 16 })
        .toBuffer(),
    )
    const pixels = await pixelsOf(source, { format: 'tif' })
    expect(distance(pixelAt(pixels, 30, 80), [25, 75, 128])).toBeLessThan(6)
  })

  it.each(['png', 'webp', 'tif', 'gif', 'avif'] as const)('keep their alpha in %s', async format => {
    const half = one([200, 100, 50, 0], 4)
    for (let i = 0; i < 128; i += 1) half.data[i * 4 + 3] = 255
    const source = bytesSource(await fromPixels(half).png().toBuffer())
    const { bytes } = await answer(source, { format })
    const pixels = await decode(bytes)
    expect(pixels.channels).toBe(4)
    expect([pixelAt(pixels, 8, 1)[3], pixelAt(pixels, 8, 14)[3]]).toEqual([255, 0])
  })

  it.each([
    [undefined, 255],
    ['#000', 0],
  ])('with alpha lie on the background in jpg (%s)', async (background, level) => {
    const source = bytesSource(
      await fromPixels(one([100, 100, 100, 128], 4))
        .png()
        .toBuffer(),
    )
    const encode = background === undefined ? {} : { background }
    const { bytes } = await answer(source, { format: 'jpg' }, { encode })
    const expected = Math.round((100 * 128 + level * 127) / 255)
    expect(distance(pixelAt(await decode(bytes), 3, 3), [expected, expected, expected])).toBeLessThan(4)
  })
})

describe('bitonal', () => {
  const rotations = [0, 90, 33].map(degrees => ({ mirror: false, degrees }))

  it.each(rotations)('knows only black and white, after everything else (%o)', async rotation => {
    const source = bytesSource(await fromPixels(wavePixels(300, 200)).ensureAlpha(0.7).png().toBuffer())
    for (const format of ['png', 'tif', 'webp', 'gif'] as const) {
      const { bytes } = await answer(source, {
        quality: 'bitonal',
        size: { width: 211, height: 97 },
        rotation,
        format,
      })
      const pixels = await decode(await sharp(bytes).removeAlpha().toColourspace('b-w').png().toBuffer())
      const found = new Set(pixels.data)
      expect(found).toEqual(new Set([0, 255]))
      const facts = await sharp(bytes).metadata()
      if (format === 'png' || format === 'tif') expect(facts.bitsPerSample).toBe(1)
    }
  })

  it('of a free angle has white corners', async () => {
    const source = bytesSource(
      await sharp({ create: { width: 50, height: 50, channels: 3, background: '#111' } })
        .png()
        .toBuffer(),
    )
    const { bytes } = await answer(source, { quality: 'bitonal', rotation: { mirror: false, degrees: 45 } })
    const pixels = await decode(bytes)
    expect([pixelAt(pixels, 1, 1)[0], pixelAt(pixels, 35, 35)[0]]).toEqual([255, 0])
  })

  it('begins with white at 128', async () => {
    const data = Uint8Array.from({ length: 256 }, (_, i) => i)
    const source = bytesSource(
      await fromPixels({ data, width: 256, height: 1, channels: 1 }).toColourspace('b-w').png().toBuffer(),
    )
    const pixels = await decode(
      await sharp((await answer(source, { quality: 'bitonal' })).bytes)
        .toColourspace('b-w')
        .png()
        .toBuffer(),
    )
    expect([pixelAt(pixels, 127, 0)[0], pixelAt(pixels, 128, 0)[0]]).toEqual([0, 255])
  })

  it('of a picture that is bitonal is that picture', async () => {
    const data = Uint8Array.from({ length: 61 * 43 }, (_, i) =>
      ((i * 2_654_435_761) >>> 7) % 2 === 0 ? 0 : 255,
    )
    const picture = { data, width: 61, height: 43, channels: 1 }
    const tif = await fromPixels(picture)
      .toColourspace('b-w')
      .tiff({ bitdepth: 1, compression: 'lzw', predictor: 'none' })
      .toBuffer()
    for (const quality of ['default', 'bitonal'] as const) {
      const { bytes } = await answer(bytesSource(tif), { quality })
      expect(psnr(await decode(await sharp(bytes).toColourspace('b-w').png().toBuffer()), picture)).toBe(
        Number.POSITIVE_INFINITY,
      )
    }
  })
})

describe('raw pixels', () => {
  it.each([1, 2, 3, 4] as const)('of %i channels are rendered as encoded ones are', async channels => {
    const data = Uint8Array.from({ length: 40 * 30 * channels }, (_, i) => (i * 37) % 251)
    const png = await sharp(data, { raw: { width: 40, height: 30, channels } })
      .toColourspace(channels < 3 ? 'b-w' : 'srgb')
      .png()
      .toBuffer()
    const reader = await openReader(bytesSource(png))
    const size = { width: 20, height: 15 }
    const plan = planRender(
      reader.description,
      requestOf(reader.description, { size }),
      resolveEncodeOptions(),
    )
    const expected = await render(await reader.pixels(0, plan.box), plan)
    const found = await render({ kind: 'raw', data, width: 40, height: 30, channels, depth: 8 }, plan)
    expect(psnr(await decode(found), await decode(expected))).toBe(Number.POSITIVE_INFINITY)
  })

  it('are given back when they are drawn, if nobody else holds them', async () => {
    const { description } = await openReader(gridPng)
    const box = { x: 0, y: 0, width: 200, height: 200 }
    const plan = planRender(description, requestOf(description, { region: box }), resolveEncodeOptions())
    const draw = async (isOwn: boolean) => {
      const data = new Uint8Array(200 * 200 * 3).fill(90)
      await render({ kind: 'raw', data, width: 200, height: 200, channels: 3, depth: 8, isOwn }, plan)
      return data.length
    }
    expect(await draw(true)).toBe(0)
    expect(await draw(false)).toBe(200 * 200 * 3)
  })

  it('of sixteen bits may begin anywhere in memory', async () => {
    const { description } = await openReader(gridPng)
    const box = { x: 0, y: 0, width: 4, height: 4 }
    const plan = planRender(description, requestOf(description, { region: box }), resolveEncodeOptions())
    const memory = new Uint8Array(1 + 4 * 4 * 3 * 2).fill(0x80)
    const input = {
      kind: 'raw',
      data: memory.subarray(1),
      width: 4,
      height: 4,
      channels: 3,
      depth: 16,
    } as const
    expect(
      distance(pixelAt(await decode(await render(input, plan)), 2, 2), [128, 128, 128]),
    ).toBeLessThanOrEqual(1)
  })
})

describe('a signal', () => {
  it('that is aborted stops the work', async () => {
    const reader = await openReader(gridPng)
    const plan = planRender(reader.description, requestOf(reader.description), resolveEncodeOptions())
    const input = await reader.pixels(plan.level, plan.box)
    const aborted = { status: 499, code: 'aborted' }
    await expect(render(input, plan, AbortSignal.abort())).rejects.toMatchObject(aborted)
    await expect(reader.pixels(0, plan.box, AbortSignal.abort())).rejects.toMatchObject(aborted)
    const controller = new AbortController()
    const pending = render(input, plan, controller.signal)
    controller.abort()
    await expect(pending).rejects.toMatchObject(aborted)
  })
})
