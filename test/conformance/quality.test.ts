/* Rows 91 to 97 of the checklist: the quality (Image API 3.0 and 2.1.1 section 4.4). */
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Colour, cellColour, decode, expectView, type PictureName, pixelAt, sizes } from './pictures.js'
import {
  createFolder,
  fetchCanonical,
  fetchImage,
  fetchInfo,
  type Server,
  startServer,
  whole,
} from './server.js'

const pictures: PictureName[] = ['grid.png', 'gray.png', 'alpha.png', 'deep.png', 'cmyk.jpg']
let folder: string
let server: Server

beforeAll(async () => {
  folder = await createFolder(...pictures)
  server = await startServer(folder)
})

/** The grey that is as bright as the colour: weighed as light, where the samples of sRGB are not linear. */
function luminance([red, green, blue]: Colour): number {
  const linear = (sample: number) =>
    sample <= 10 ? sample / 255 / 12.92 : ((sample / 255 + 0.055) / 1.055) ** 2.4
  const light = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
  return 255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055)
}

describe.each([2, 3] as const)('the quality of version %i', version => {
  const baseOf = (name: string) => `/iiif/${version}/${name}`
  const pathOf = (name: string, quality: string, size: string = whole[version]) =>
    `${baseOf(name)}/full/${size}/0/${quality}`
  const fetch = (name: string, quality: string) => fetchImage(server, pathOf(name, quality))
  const offered = async (at: Server, name: string) => {
    const info = await fetchInfo(at, `${baseOf(name)}/info.json`)
    if (version === 3) return (info.extraQualities ?? []) as string[]
    return (info.profile as [string, { qualities: string[] }])[1].qualities
  }

  test('91 default is there for every image', async () => {
    const picture = sizes['grid.png']
    await expectView(await fetch('grid.png', 'default.png'), { picture, size: picture })
    for (const name of pictures) expect((await server.ask(pathOf(name, 'default.jpg'))).status).toBe(200)
  })

  test('92 color gives all colours that there are, and an image also of a grey source', async () => {
    const picture = sizes['grid.png']
    await expectView(await fetch('grid.png', 'color.jpg'), { picture, size: picture })
    for (const format of ['jpg', 'png']) {
      const gray = await decode(await fetch('gray.png', `color.${format}`))
      expect(gray).toMatchObject(sizes['gray.png'])
      const [red, green, blue] = pixelAt(gray, 15, 10)
      expect([green, blue]).toEqual([red, red])
    }
    if (version === 3) expect(await offered(server, 'gray.png')).not.toContain('color')
  })

  test.each(['jpg', 'png', 'webp', 'tif'])('93 gray has greys only, as %s', async format => {
    const image = await decode(await fetch('grid.png', `gray.${format}`))
    expect(image).toMatchObject(sizes['grid.png'])
    for (let cell = 0; cell < 100; cell += 7) {
      const [column, row] = [cell % 10, Math.floor(cell / 10)]
      const [red = 0, green = 0, blue = 0] = pixelAt(image, column * 100 + 50, row * 100 + 50)
      expect(Math.max(red, green, blue) - Math.min(red, green, blue)).toBeLessThanOrEqual(2)
      expect(Math.abs(green - luminance(cellColour(column, row)))).toBeLessThan(6)
    }
  })

  test('93 the spellings of version 1 are unknown', async () => {
    for (const name of ['grey', 'native', 'colour', 'Gray']) {
      expect((await server.ask(pathOf('grid.png', `${name}.jpg`))).status).toBe(400)
    }
  })

  test.each(pictures)('94 bitonal has only black and white, as png, tif and webp, of %s', async name => {
    for (const format of ['png', 'tif', 'webp', 'avif']) {
      const { data, channels } = await decode(
        await fetchImage(server, pathOf(name, `bitonal.${format}`, '150,')),
      )
      const colours = new Set(data.filter((_, i) => channels < 4 || i % 4 < 3))
      expect([format, ...colours].filter(sample => sample !== 0 && sample !== 255)).toEqual([format])
      if (name === 'grid.png') expect(colours.size).toBe(2)
    }
  })

  test('94 bitonal png and tif have one bit for each pixel; in jpg nearly all pixels are black or white', async () => {
    for (const format of ['png', 'tif']) {
      const { bitsPerSample } = await sharp(await fetch('grid.png', `bitonal.${format}`)).metadata()
      expect([format, bitsPerSample]).toEqual([format, 1])
    }
    const { data } = await decode(await fetch('grid.png', 'bitonal.jpg'))
    expect(data.filter(sample => sample > 12 && sample < 243).length / data.length).toBeLessThan(0.05)
  })

  test('95 an unknown quality is 400', async () => {
    for (const name of ['best', 'defaultt', 'default.default', '', '__proto__', 'constructor', 'bitonal.']) {
      expect((await server.ask(pathOf('grid.png', `${name}.jpg`))).status).toBe(400)
    }
  })

  test('96, 97 every quality that is served is listed, and one that is switched off is neither', async () => {
    const all = ['color', 'gray', 'bitonal']
    expect(await offered(server, 'grid.png')).toEqual(expect.arrayContaining(all))
    for (const quality of await offered(server, 'grid.png')) {
      expect((await server.ask(pathOf('grid.png', `${quality}.jpg`))).status).toBe(200)
    }
    const few = await startServer(folder, { qualities: ['default', 'gray'] })
    expect((await offered(few, 'grid.png')).filter(quality => quality !== 'default')).toEqual(['gray'])
    expect((await few.ask(pathOf('grid.png', 'bitonal.jpg'))).status).toBe(400)
    expect(await fetchCanonical(few, baseOf('grid.png'), 'full/500,/0/gray.jpg')).toContain('/gray.jpg')
  })
})
