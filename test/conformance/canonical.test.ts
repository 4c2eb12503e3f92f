/* Rows 105 to 116 of the checklist: the order of the steps, numbers, and the canonical URI (3.0 and 2.1.1 section 4.7). */
import { beforeAll, describe, expect, test } from 'vitest'
import { decode, expectView, type PictureName, pixelAt, sizes } from './pictures.js'
import {
  createFolder,
  fetchCanonical,
  fetchImage,
  fetchInfo,
  fetchStatuses,
  readLink,
  type Server,
  startServer,
  whole,
} from './server.js'

const pictures: PictureName[] = ['600x400.png', 'grid.png', 'gray.png', '1000x667.png', 'photo.jpg']
let folder: string
let server: Server
let upscaling: Server
let limited: Server
let redirecting: Server

beforeAll(async () => {
  folder = await createFolder(...pictures)
  server = await startServer(folder)
  upscaling = await startServer(folder, { limits: { maxScale: 3 } })
  limited = await startServer(folder, { limits: { maxWidth: 300 } })
  redirecting = await startServer(folder, { redirectToCanonical: true })
})

describe.each([2, 3] as const)('the canonical URI of version %i', version => {
  const all = whole[version]
  const baseOf = (name: string) => `/iiif/${version}/${name}`
  const base = baseOf('600x400.png')
  const canonicalOf = (parameters: string, at = server, name = '600x400.png') =>
    fetchCanonical(at, baseOf(name), parameters)
  const quarter = version === 2 ? '150,' : '150,100'

  test('105 region, size, mirroring, rotation, quality: in this order', async () => {
    const region = { x: 60, y: 40, width: 480, height: 200 }
    const color = await fetchImage(server, `${base}/60,40,480,200/240,160/!90/default.png`)
    await expectView(color, {
      picture: sizes['600x400.png'],
      region,
      size: { width: 240, height: 160 },
      mirror: true,
      degrees: 90,
    })
    const gray = await decode(await fetchImage(server, `${base}/60,40,480,200/240,160/!90/gray.png`))
    expect([gray.width, gray.height]).toEqual([160, 240])
    const [red, green, blue] = pixelAt(gray, 80, 120)
    expect([green, blue]).toEqual([red, red])
  })

  test('106 decimals are digits and one point, nothing else', async () => {
    for (const number of ['1.', '1..2', '1,5', '1_000', '1e1', '１']) {
      const encoded = encodeURIComponent(number).replace('%2C', ',')
      const paths = [
        `${base}/pct:${encoded},0,50,50/100,/0/default.jpg`,
        `${base}/full/pct:${encoded}/0/default.jpg`,
        `${base}/full/100,/${encoded}/default.jpg`,
      ]
      expect(await fetchStatuses(server, paths)).toEqual(paths.map(path => `400 ${path}`))
    }
    const long = 'pct:10.0123456789,0.5,50.50,50/pct:33.3333333333/0/default.jpg'
    expect((await server.ask(`${base}/${long}`)).status).toBe(200)
  })

  test('107 info.json, canonical URI and pixels round alike', async () => {
    for (const width of [1, 2, 3, 7, 99, 250, 333, 334, 500, 501, 667, 999]) {
      for (const size of [`${width},`, `pct:${width / 10}`, `!${width},1000`]) {
        const parameters = `full/${size}/0/default.png`
        const image = await decode(await fetchImage(server, `${baseOf('1000x667.png')}/${parameters}`))
        const [, canonical = ''] = (await canonicalOf(parameters, server, '1000x667.png')).split('/')
        const [w, h] = canonical.split(',').map(Number)
        expect([size, image.width]).toEqual([size, w])
        if (h) expect([size, image.height]).toEqual([size, h])
      }
    }
    const { sizes: listed } = (await fetchInfo(server, `${baseOf('1000x667.png')}/info.json`)) as {
      sizes: { width: number; height: number }[]
    }
    for (const { width, height } of listed) {
      const image = await decode(
        await fetchImage(server, `${baseOf('1000x667.png')}/full/${width},/0/default.png`),
      )
      expect([image.width, image.height]).toEqual([width, height])
    }
  })

  test.each([
    ['full', 'full'],
    ['0,0,600,400', 'full'],
    ['0,0,9999,9999', 'full'],
    ['pct:0,0,100,100', 'full'],
    ['square', '100,0,400,400'],
    ['pct:25,25,50,50', '150,100,300,200'],
    ['500,300,500,500', '500,300,100,100'],
    ['010,020,030,040', '10,20,30,40'],
  ])('108 the region %s is written %s', async (written, canonical) => {
    expect((await canonicalOf(`${written}/${all}/0/default.jpg`)).split('/')[0]).toBe(canonical)
  })

  test.each(
    version === 3
      ? [
          ['max', 'max'],
          ['^max', 'max'],
          ['600,', 'max'],
          [',400', 'max'],
          ['pct:100', 'max'],
          ['!600,400', 'max'],
          ['^!700,400', 'max'],
          ['300,', '300,200'],
          ['300,100', '300,100'],
          ['^300,', '300,200'],
        ]
      : [
          ['full', 'full'],
          ['max', 'full'],
          ['600,', 'full'],
          ['600,400', 'full'],
          ['pct:100', 'full'],
          ['300,200', '300,'],
          [',200', '300,'],
          ['300,100', '300,100'],
        ],
  )('109 the size %s is written %s', async (written, canonical) => {
    expect(await canonicalOf(`full/${written}/0/default.jpg`)).toBe(`full/${canonical}/0/default.jpg`)
  })

  test('109 with limits and with upscaling the size is what it stands for', async () => {
    if (version === 3) {
      expect(await canonicalOf('full/max/0/default.jpg', limited)).toBe('full/max/0/default.jpg')
      expect(await canonicalOf('full/300,/0/default.jpg', limited)).toBe('full/max/0/default.jpg')
      expect(await canonicalOf('full/^max/0/default.jpg', upscaling)).toBe('full/^max/0/default.jpg')
      expect(await canonicalOf('full/^1800,/0/default.jpg', upscaling)).toBe('full/^max/0/default.jpg')
      expect(await canonicalOf('full/^1200,100/0/default.jpg', upscaling)).toBe(
        'full/^1200,100/0/default.jpg',
      )
    } else {
      expect(await canonicalOf('full/max/0/default.jpg', limited)).toBe('full/300,/0/default.jpg')
      expect(await canonicalOf('0,0,30,20/max/0/default.jpg', limited)).toBe('0,0,30,20/full/0/default.jpg')
      expect(await canonicalOf('full/1200,/0/default.jpg', upscaling)).toBe('full/1200,/0/default.jpg')
    }
  })

  test.each([
    ['0', '0'],
    ['!0', '!0'],
    ['360', '0'],
    ['90.0', '90'],
    ['!045.500', '!45.5'],
    ['.25', '0.25'],
  ])('110 the rotation %s is written %s', async (written, canonical) => {
    expect(await canonicalOf(`full/150,/${written}/default.jpg`)).toBe(
      `full/${quarter}/${canonical}/default.jpg`,
    )
  })

  test.each([
    ['600x400.png', 'color', 'default'],
    ['600x400.png', 'gray', 'gray'],
    ['600x400.png', 'bitonal', 'bitonal'],
    ['gray.png', 'gray', 'default'],
    ['gray.png', 'color', 'default'],
    ['gray.png', 'bitonal', 'bitonal'],
  ])('111 of %s the quality %s is written %s', async (name, written, canonical) => {
    expect(await canonicalOf(`full/150,/0/${written}.jpg`, server, name)).toBe(
      `full/${quarter}/0/${canonical}.jpg`,
    )
  })

  test.each(['jpg', 'png', 'webp', 'tif', 'gif', 'avif'])(
    '112 the format %s is always written',
    async format => {
      expect(await canonicalOf(`full/150,/0/default.${format}`)).toBe(`full/${quarter}/0/default.${format}`)
    },
  )

  test('113 the canonical URI is an absolute link on every image, below the id of the image', async () => {
    const headers = { host: 'images.example.org' }
    const reply = await server.ask(`${base}/pct:0,0,100,100/150,/0/color.jpg`, { headers })
    expect(readLink(reply, 'canonical')).toBe(
      `http://images.example.org${base}/full/${quarter}/0/default.jpg`,
    )
    const fresh = await server.ask(`${base}/full/150,/0/default.jpg`, {
      headers: { ...headers, 'if-none-match': reply.headers.etag ?? '' },
    })
    expect(fresh.status).toBe(304)
    expect(readLink(fresh, 'canonical')).toBe(readLink(reply, 'canonical'))
  })

  test('114 it is a header by default, and a redirect where that is wanted', async () => {
    const loose = `${base}/pct:0,0,100,100/pct:25/0/color.jpg`
    expect((await server.ask(loose)).status).toBe(200)
    const redirect = await redirecting.ask(loose)
    expect(redirect.status).toBe(303)
    expect(redirect.headers.location).toBe(`${redirecting.origin}${base}/full/${quarter}/0/default.jpg`)
    const target = new URL(redirect.headers.location ?? '').pathname
    expect((await redirecting.ask(target)).status).toBe(200)
    expect((await redirecting.ask(`${base}/full/0150,/0/default.jpg`)).status).toBe(303)
  })

  test.each(
    version === 3
      ? [
          ['full/300,/0/default.jpg', 'full/300,200/0/default.jpg'],
          ['pct:25,25,50,50/max/0/default.jpg', '150,100,300,200/max/0/default.jpg'],
          ['full/!300,300/0/default.jpg', 'full/300,200/0/default.jpg'],
          ['full/^1200,/0/default.jpg', 'full/^1200,800/0/default.jpg'],
          ['full/600,400/0/default.jpg', 'full/max/0/default.jpg'],
        ]
      : [
          ['full/300,200/0/default.jpg', 'full/300,/0/default.jpg'],
          ['full/pct:50/0/default.jpg', 'full/300,/0/default.jpg'],
          ['full/300,100/0/default.jpg', 'full/300,100/0/default.jpg'],
          ['full/600,/0/default.jpg', 'full/full/0/default.jpg'],
        ],
  )('115 the example %s is written %s', async (written, canonical) => {
    expect(await canonicalOf(written, upscaling)).toBe(canonical)
  })

  test.each([
    'pct:10.3,20.7,33.3,45/pct:77/!0022.50/color.png',
    'square/!77,99/360/gray.jpg',
    `full/${all}/0/color.jpg`,
  ])('116 asked for by its canonical URI, %s gives the same bytes and the same URI', async parameters => {
    for (const name of pictures) {
      const first = await server.ask(`${baseOf(name)}/${parameters}`)
      expect(first.status).toBe(200)
      const second = await server.ask(new URL(readLink(first, 'canonical')).pathname)
      expect(second.body.equals(first.body)).toBe(true)
      expect([second.headers.etag, second.headers.link]).toEqual([first.headers.etag, first.headers.link])
    }
  })
})
