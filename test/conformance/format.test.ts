/* Rows 98 to 104 of the checklist: the format (Image API 3.0 and 2.1.1 section 4.5). */
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { cellColour, decode, distance, expectView, pixelAt, sizes } from './pictures.js'
import { createFolder, fetchImage, fetchInfo, type Server, startServer, whole } from './server.js'

let folder: string
let server: Server

beforeAll(async () => {
  folder = await createFolder('600x400.png', 'photo.jpg', 'alpha.png', 'deep.png', 'cmyk.jpg', 'gray.png')
  server = await startServer(folder)
})

describe.each([2, 3] as const)('the format of version %i', version => {
  const pathOf = (name: string, format: string, size: string = whole[version]) =>
    `/iiif/${version}/${name}/full/${size}/0/default.${format}`
  const picture = sizes['600x400.png']
  const size = { width: 300, height: 200 }

  async function expectFormat(format: string, mediaType: string, known: string): Promise<void> {
    const reply = await server.ask(pathOf('600x400.png', format, '300,'))
    expect([reply.status, reply.headers['content-type']]).toEqual([200, mediaType])
    expect((await sharp(reply.body).metadata()).format).toBe(known)
    await expectView(reply.body, { picture, size })
  }

  async function listFormats(at: Server): Promise<string[]> {
    const info = await fetchInfo(at, `/iiif/${version}/600x400.png/info.json`)
    if (version === 3) return (info.extraFormats ?? []) as string[]
    return (info.profile as [string, { formats: string[] }])[1].formats
  }

  test('98 jpg is image/jpeg', () => expectFormat('jpg', 'image/jpeg', 'jpeg'))

  test('99 png is image/png', () => expectFormat('png', 'image/png', 'png'))

  test.each([
    ['tif', 'image/tiff', 'tiff'],
    ['gif', 'image/gif', 'gif'],
    ['webp', 'image/webp', 'webp'],
  ])('100 %s is %s, and declared', async (format, mediaType, known) => {
    if (format === 'gif') {
      // 256 colours are too few for the colours between cells: the picture is looked at in its own size.
      const reply = await server.ask(pathOf('600x400.png', 'gif'))
      expect([reply.status, reply.headers['content-type']]).toEqual([200, mediaType])
      await expectView(reply.body, { picture, size: picture })
    } else await expectFormat(format, mediaType, known)
    expect(await listFormats(server)).toContain(format)
  })

  test.each(['jp2', 'pdf'])('100 %s is known but not made: 501, and not declared', async format => {
    expect((await server.ask(pathOf('600x400.png', format))).status).toBe(501)
    expect(await listFormats(server)).not.toContain(format)
  })

  test('100 a format that is switched off is 501, and not declared', async () => {
    const few = await startServer(folder, { formats: ['jpg'] })
    expect((await few.ask(pathOf('600x400.png', 'png'))).status).toBe(501)
    expect((await few.ask(pathOf('600x400.png', 'jpg'))).status).toBe(200)
    expect((await listFormats(few)).filter(format => format !== 'jpg')).toEqual([])
  })

  test('101 avif is an extension, and declared; synonyms are not served', async () => {
    await expectFormat('avif', 'image/avif', 'heif')
    expect(await listFormats(server)).toContain('avif')
    for (const format of ['jpeg', 'tiff', 'jxl', 'jpe', 'heic']) {
      const reply = await server.ask(pathOf('600x400.png', format))
      expect([format, reply.status]).toEqual([format, 400])
    }
  })

  test('102 an unknown format is 400, and Accept changes no image', async () => {
    for (const format of ['xyz', 'exe', '', 'svg', 'json', '__proto__', 'toString', 'j%2Fpg', 'JPG']) {
      const reply = await server.ask(pathOf('600x400.png', format))
      expect([format, reply.status]).toEqual([format, 400])
    }
    const plain = await server.ask(pathOf('600x400.png', 'jpg', '300,'))
    for (const accept of ['image/avif,image/webp', 'image/png;q=1.0', 'text/html', 'nonsense']) {
      const reply = await server.ask(pathOf('600x400.png', 'jpg', '300,'), { headers: { accept } })
      expect(reply.headers['content-type']).toBe('image/jpeg')
      expect(reply.headers.etag).toBe(plain.headers.etag)
      expect(reply.body.equals(plain.body)).toBe(true)
    }
  })

  test('103 alpha becomes white in jpg, or what is configured; formats that can keep it', async () => {
    const white = await decode(await fetchImage(server, pathOf('alpha.png', 'jpg')))
    expect(white.channels).toBe(3)
    expect(distance(pixelAt(white, 250, 100), [255, 255, 255])).toBeLessThan(4)
    expect(distance(pixelAt(white, 45, 110), cellColour(1, 5))).toBeLessThan(9)
    const blue = await startServer(folder, { encode: { background: '#00f' } })
    const laid = await decode(await fetchImage(blue, pathOf('alpha.png', 'jpg', '150,')))
    expect(distance(pixelAt(laid, 125, 50), [0, 0, 255])).toBeLessThan(9)
    for (const format of ['png', 'webp', 'tif', 'avif', 'gif']) {
      const kept = await decode(await fetchImage(server, pathOf('alpha.png', format, '150,')))
      expect([format, pixelAt(kept, 125, 50)[3], pixelAt(kept, 25, 50)[3]]).toEqual([format, 0, 255])
    }
  })

  test.each(['jpg', 'png', 'webp'])('104 sixteen bits become the right eight, in %s', async format => {
    const bytes = await fetchImage(server, pathOf('deep.png', format, '150,'))
    const { space, channels } = await sharp(bytes).metadata()
    expect([space, channels]).toEqual(['srgb', 3])
    await expectView(bytes, { picture: sizes['deep.png'], size: { width: 150, height: 100 } })
  })

  test.each([
    ['jpg', '150,'],
    ['png', '150,'],
    ['webp', '150,'],
    ['png', whole[version]],
    ['jpg', whole[version]],
  ])('104 CMYK becomes sRGB, in %s of the size %s', async (format, size) => {
    const bytes = await fetchImage(server, pathOf('cmyk.jpg', format, size))
    expect((await sharp(bytes).metadata()).space).toBe('srgb')
    const image = await decode(bytes)
    let sum = 0
    for (let cell = 0; cell < 100; cell += 1) {
      const [x, y] = [((cell % 10) + 0.5) / 10, (Math.floor(cell / 10) + 0.5) / 10]
      const seen = pixelAt(image, Math.floor(x * image.width), Math.floor(y * image.height))
      sum += distance(seen, cellColour(cell % 10, Math.floor(cell / 10)))
    }
    // Inks cannot show every colour of a screen; an inverted or unconverted picture would be off by a hundred.
    expect(sum / 100).toBeLessThan(40)
  })
})
