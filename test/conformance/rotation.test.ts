/* Rows 79 to 90 of the checklist: the rotation (Image API 3.0 and 2.1.1 section 4.3). */
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { decode, expectView, pixelAt, sizes } from './pictures.js'
import {
  createFolder,
  fetchCanonical,
  fetchImage,
  fetchInfo,
  fetchStatuses,
  type Server,
  startServer,
} from './server.js'

let folder: string
let server: Server

beforeAll(async () => {
  folder = await createFolder('600x400.png', 'grid.png', 'alpha.png', '1000x3.png')
  server = await startServer(folder)
})

describe.each([2, 3] as const)('the rotation of version %i', version => {
  const base = `/iiif/${version}/600x400.png`
  const picture = sizes['600x400.png']
  const size = { width: 300, height: 200 }
  const half = (rotation: string, format = 'png') => `${base}/full/300,200/${rotation}/default.${format}`
  const fetchHalf = (rotation: string, format?: string) => fetchImage(server, half(rotation, format))

  async function expectRefused(rotations: readonly string[]): Promise<void> {
    const paths = rotations.map(rotation => half(rotation))
    expect(await fetchStatuses(server, paths)).toEqual(paths.map(path => `400 ${path}`))
  }

  test.each([0, 1, 45, 90, 123.25, 180, 222.5, 270, 359.999])('79 %d turns clockwise', async degrees => {
    await expectView(await fetchHalf(String(degrees)), { picture, size, degrees })
  })

  test.each([0, 22.5, 90, 180, 270, 300])('80 !%d mirrors left and right, and then turns', async degrees => {
    await expectView(await fetchHalf(`!${degrees}`), { picture, size, degrees, mirror: true })
  })

  test.each([90, 180, 270])('81 %d moves whole pixels: turned back it is what it was', async degrees => {
    const turned = await decode(await fetchHalf(String(degrees)))
    expect([turned.width, turned.height]).toEqual(degrees === 180 ? [300, 200] : [200, 300])
    const { data, width, height } = turned
    const back = await sharp(data, { raw: { width, height, channels: 3 } })
      .rotate(360 - degrees)
      .raw()
      .toBuffer()
    expect(back.equals(Buffer.from((await decode(await fetchHalf('0'))).data))).toBe(true)
  })

  test('81 a region is turned as the whole is', async () => {
    const region = { x: 120, y: 40, width: 240, height: 160 }
    for (const degrees of [90, 180, 270]) {
      const bytes = await fetchImage(server, `${base}/120,40,240,160/240,160/${degrees}/default.jpg`)
      await expectView(bytes, { picture, region, size: region, degrees })
    }
  })

  test('82 360 is 0, and so is its canonical form', async () => {
    expect((await fetchHalf('360')).equals(await fetchHalf('0'))).toBe(true)
    expect((await fetchHalf('!360')).equals(await fetchHalf('!0'))).toBe(true)
    expect(await fetchCanonical(server, base, 'square/100,/360/default.jpg')).toMatch(/\/0\/default\.jpg$/)
    expect(await fetchCanonical(server, base, 'square/100,/!360.0/default.jpg')).toMatch(
      /\/!0\/default\.jpg$/,
    )
  })

  test('83 !0 mirrors only, !180 turns upside down', async () => {
    const upright = await decode(await fetchHalf('0'))
    const mirrored = await decode(await fetchHalf('!0'))
    const flipped = await decode(await fetchHalf('!180'))
    for (const [x, y] of [
      [0, 0],
      [299, 0],
      [17, 171],
      [144, 99],
    ] as const) {
      expect(pixelAt(mirrored, x, y)).toEqual(pixelAt(upright, 299 - x, y))
      expect(pixelAt(flipped, x, y)).toEqual(pixelAt(upright, x, 199 - y))
    }
  })

  test('84 what is no number from 0 to 360 is 400', () =>
    expectRefused([
      '-90',
      '361',
      '360.0001',
      'abc',
      '!',
      '',
      '90!',
      '!!90',
      '+90',
      '!-90',
      '9e1',
      '1..2',
      '1.',
      '.',
      '1,5',
      '%2090',
      'NaN',
      'Infinity',
      '0x5a',
      '90deg',
    ]))

  test('85 odd angles are declared, because they are served', async () => {
    const info = await fetchInfo(server, `${base}/info.json`)
    const declared =
      version === 3 ? info.extraFeatures : (info.profile as [string, { supports: string[] }])[1].supports
    expect(declared).toContain('rotationArbitrary')
  })

  test.each([10, 45, 60, 91, 135, 200.5, 315])(
    '86 at %d degrees the canvas grows: nothing is scaled, cut, or added',
    async degrees => {
      // The dimensions and every cell, also those in the corners, are held against the picture that is turned in the mind.
      for (const mirror of [false, true]) {
        await expectView(await fetchHalf(`${mirror ? '!' : ''}${degrees}`), {
          picture,
          size,
          degrees,
          mirror,
        })
      }
    },
  )

  test.each(['png', 'webp', 'tif', 'avif'])('87 in %s the corners are transparent', async format => {
    const image = await decode(await fetchHalf('45', format))
    expect(image.channels).toBe(4)
    for (const [x, y] of [
      [1, 1],
      [image.width - 2, 1],
      [1, image.height - 2],
    ] as const) {
      expect(pixelAt(image, x, y)[3]).toBe(0)
    }
    expect(pixelAt(image, image.width >> 1, image.height >> 1)[3]).toBe(255)
  })

  test('87 in jpg the corners are white, or what is configured, never black', async () => {
    const image = await decode(await fetchHalf('45', 'jpg'))
    for (const sample of pixelAt(image, 1, 1)) expect(sample).toBeGreaterThan(250)
    const yellow = await startServer(folder, { encode: { background: '#ff0' } })
    const [red, green, blue] = pixelAt(await decode(await fetchImage(yellow, half('45', 'jpg'))), 1, 1)
    expect(Math.min(red!, green!)).toBeGreaterThan(245)
    expect(blue).toBeLessThan(12)
  })

  test('88 the size is that before the rotation', async () => {
    const bytes = await fetchImage(server, `${base}/full/100,50/90/default.png`)
    expect(await decode(bytes)).toMatchObject({ width: 50, height: 100 })
    await expectView(bytes, { picture, size: { width: 100, height: 50 }, degrees: 90 })
  })

  test('89 limits bind before the rotation; a canvas out of all proportion is refused', async () => {
    const limited = await startServer(folder, { limits: { maxWidth: 300, maxHeight: 200 } })
    await expectView(await fetchImage(limited, half('90')), { picture, size, degrees: 90 })
    await expectView(await fetchImage(limited, half('45')), { picture, size, degrees: 45 })
    const small = await startServer(folder, { limits: { maxArea: 10_000 } })
    const scroll = `/iiif/${version}/1000x3.png/full/1000,3`
    expect((await small.ask(`${scroll}/0/default.jpg`)).status).toBe(200)
    expect((await small.ask(`${scroll}/90/default.jpg`)).status).toBe(200)
    expect((await small.ask(`${scroll}/45/default.jpg`)).status).toBe(400)
  })

  test.each([
    ['22.50', '22.5'],
    ['0.0', '0'],
    ['.5', '0.5'],
    ['022.5', '22.5'],
    ['!090', '!90'],
    ['359.90', '359.9'],
    ['0.0000001', '0.0000001'],
  ])('90 %s is the same as its canonical form %s', async (written, canonical) => {
    expect(await fetchCanonical(server, base, `full/300,200/${written}/default.png`)).toContain(
      `/${canonical}/default.png`,
    )
    expect((await fetchHalf(written)).equals(await fetchHalf(canonical))).toBe(true)
  })
})
