/* Rows 147 to 158 of the checklist: what the levels demand, shown by asking for it (the compliance documents of 3.0 and
   2.1.1). A level is only claimed where all of this holds. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { ImageServiceOptions } from '../../src/options.js'
import type { Info2, Info3 } from './info.js'
import { decode, expectView, type PictureName, pixelAt, sizes } from './pictures.js'
import { createFolder, fetchImage, readLink, type Server, startServer, whole } from './server.js'

const name: PictureName = '600x400.png'
const picture = sizes[name]
let folder: string
let server: Server
let upscaling: Server

beforeAll(async () => {
  folder = await createFolder(name)
  server = await startServer(folder)
  upscaling = await startServer(folder, { limits: { maxScale: 2 } })
})

describe.each([2, 3] as const)('the compliance of version %i', version => {
  const base = `/iiif/${version}/${name}`
  const all = whole[version]

  /** The level, and all features that are promised: by the level, and beyond it. */
  async function fetchClaims(
    options: Omit<ImageServiceOptions, 'source'>,
  ): Promise<{ level: number; extra: string[] }> {
    const at = await startServer(folder, options)
    const info = JSON.parse((await fetchImage(at, `${base}/info.json`)).toString()) as Info2 & Info3
    const profile = version === 2 ? info.profile[0] : info.profile
    const extra = version === 2 ? (info as Info2).profile[1].supports : info.extraFeatures
    return { level: Number(/level(\d)(?:\.json)?$/.exec(String(profile))?.[1]), extra: [...(extra ?? [])] }
  }

  test('147 regionByPx: parts by pixels', async () => {
    const region = { x: 60, y: 40, width: 120, height: 80 }
    const bytes = await fetchImage(server, `${base}/60,40,120,80/${all}/0/default.jpg`)
    await expectView(bytes, { picture, region, size: region })
  })

  test('148 regionByPct: parts by percentages', async () => {
    const region = { x: 60, y: 40, width: 120, height: 80 }
    const bytes = await fetchImage(server, `${base}/pct:10,10,20,20/${all}/0/default.jpg`)
    await expectView(bytes, { picture, region, size: region })
  })

  test('149 regionSquare: the square, demanded from level 1 of version 3 on and told as extra in version 2', async () => {
    const region = { x: 100, y: 0, width: 400, height: 400 }
    await expectView(await fetchImage(server, `${base}/square/${all}/0/default.jpg`), {
      picture,
      region,
      size: region,
    })
    expect((await fetchClaims({})).extra.includes('regionSquare')).toBe(version === 2)
  })

  test('150 max at every level of version 3, full at every level of version 2, and max there too', async () => {
    for (const size of new Set([all, 'max'])) {
      await expectView(await fetchImage(server, `${base}/full/${size}/0/default.jpg`), {
        picture,
        size: picture,
      })
    }
  })

  test('151 sizeByW and sizeByH', async () => {
    const size = { width: 300, height: 200 }
    await expectView(await fetchImage(server, `${base}/full/300,/0/default.jpg`), { picture, size })
    await expectView(await fetchImage(server, `${base}/full/,200/0/default.jpg`), { picture, size })
  })

  test('152 sizeByPct', async () => {
    const size = { width: 450, height: 300 }
    await expectView(await fetchImage(server, `${base}/full/pct:75/0/default.jpg`), { picture, size })
  })

  test('153 sizeByConfinedWh', async () => {
    const size = { width: 450, height: 300 }
    await expectView(await fetchImage(server, `${base}/full/!450,450/0/default.jpg`), { picture, size })
  })

  test('153b sizeByWh, also distorted, also of a region', async () => {
    const size = { width: 300, height: 300 }
    await expectView(await fetchImage(server, `${base}/full/300,300/0/default.jpg`), { picture, size })
    const region = { x: 120, y: 80, width: 60, height: 40 }
    const part = await fetchImage(server, `${base}/120,80,60,40/57,38/0/default.jpg`)
    await expectView(part, { picture, region, size: { width: 57, height: 38 } })
  })

  test('154 rotationBy90s', async () => {
    for (const degrees of [90, 180, 270]) {
      const bytes = await fetchImage(server, `${base}/full/300,/${degrees}/default.jpg`)
      await expectView(bytes, { picture, size: { width: 300, height: 200 }, degrees })
    }
  })

  test('155 bitonal, which level 2 of version 2 demands and version 3 does not', async () => {
    const image = await decode(await fetchImage(server, `${base}/full/300,/0/bitonal.png`))
    expect([0, 255]).toContain(pixelAt(image, 15, 10)[0])
    expect((await fetchClaims({ qualities: ['default', 'color', 'gray'] })).level).toBe(version === 2 ? 1 : 2)
  })

  test('156 png, which level 2 demands', async () => {
    await expectView(await fetchImage(server, `${base}/full/300,/0/default.png`), {
      picture,
      size: { width: 300, height: 200 },
    })
    expect((await fetchClaims({})).level).toBe(2)
    expect((await fetchClaims({ formats: ['jpg', 'webp'] })).level).toBe(1)
  })

  test('157 baseUriRedirect, cors and jsonldMediaType', async () => {
    expect((await server.ask(base)).headers.location).toBe(`${server.origin}${base}/info.json`)
    const headers = { accept: 'application/ld+json', origin: 'http://iiif.io' }
    const info = await server.ask(`${base}/info.json`, { headers })
    expect(info.headers['access-control-allow-origin']).toBe('*')
    expect(info.headers['content-type']).toMatch(/^application\/ld\+json/)
  })

  test('158 what is optional is served, and told', async () => {
    const { extra } = await fetchClaims({ limits: { maxScale: 2 } })
    const upscale = version === 2 ? 'sizeAboveFull' : 'sizeUpscaling'
    expect(extra).toEqual(
      expect.arrayContaining([
        'profileLinkHeader',
        'canonicalLinkHeader',
        'mirroring',
        'rotationArbitrary',
        upscale,
      ]),
    )
    const caret = version === 3 ? '^' : ''
    const reply = await upscaling.ask(`${base}/full/${caret}900,/!30/default.jpg`)
    await expectView(reply.body, { picture, size: { width: 900, height: 600 }, mirror: true, degrees: 30 })
    expect(readLink(reply, 'profile')).toBe(`http://iiif.io/api/image/${version}/level2.json`)
    expect(readLink(reply, 'canonical')).not.toBe('')
  })
})
