/* Rows 22 to 40 of the checklist: the region (Image API 3.0 and 2.1.1 section 4.1). */
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Box, decode, expectView, type PictureName, sizes } from './pictures.js'
import {
  createFolder,
  fetchCanonical,
  fetchImage,
  fetchInfo,
  fetchStatuses,
  type Server,
  startServer,
  whole,
} from './server.js'

const turned = [1, 2, 3, 4, 5, 6, 7, 8].map(orientation => `exif${orientation}.jpg` as PictureName)
let server: Server

beforeAll(async () => {
  const pictures: PictureName[] = ['grid.png', '600x400.png', '300x200.png', '1000x667.png', ...turned]
  server = await startServer(await createFolder(...pictures))
})

describe.each([2, 3] as const)('the region of version %i', version => {
  const all = whole[version]
  const baseOf = (name: string) => `/iiif/${version}/${name}`
  const canonicalRegion = async (name: string, region: string) =>
    (await fetchCanonical(server, baseOf(name), `${region}/${all}/0/default.png`)).split('/')[0]

  /** Asks for a region and checks that the pixels are those of the box. */
  async function expectRegion(name: PictureName, region: string, box: Box): Promise<void> {
    const bytes = await fetchImage(server, `${baseOf(name)}/${region}/${all}/0/default.png`)
    await expectView(bytes, { picture: sizes[name], region: box, size: box })
  }

  async function expectRefused(name: string, regions: readonly string[]): Promise<void> {
    const paths = regions.map(region => `${baseOf(name)}/${region}/${all}/0/default.jpg`)
    expect(await fetchStatuses(server, paths)).toEqual(paths.map(path => `400 ${path}`))
  }

  test('22 full is the whole image', () =>
    expectRegion('600x400.png', 'full', { x: 0, y: 0, width: 600, height: 400 }))

  test('23 square is the shorter side, in the middle', () =>
    expectRegion('600x400.png', 'square', { x: 100, y: 0, width: 400, height: 400 }))

  test('24 square of a square image is full', async () => {
    await expectRegion('grid.png', 'square', { x: 0, y: 0, width: 1000, height: 1000 })
    expect(await canonicalRegion('grid.png', 'square')).toBe('full')
    expect(await canonicalRegion('600x400.png', 'square')).toBe('100,0,400,400')
  })

  test('25 x,y,w,h are whole pixels', async () => {
    await expectRegion('grid.png', '313,413,74,74', { x: 313, y: 413, width: 74, height: 74 })
    await expectRegion('grid.png', '150,250,333,444', { x: 150, y: 250, width: 333, height: 444 })
    await expectRefused('grid.png', [
      '1.5,0,10,10',
      '0,0,10.0,10',
      '-1,0,10,10',
      '0,0,-10,10',
      '+1,0,10,10',
      '%201,0,10,10',
      '0,0,10,10%20',
      '0x1,0,10,10',
      '%D9%A3,0,10,10',
    ])
  })

  test('26 pct:x,y,w,h are percentages of width and height, whole or decimal', async () => {
    await expectRegion('grid.png', 'pct:31,41,9,9', { x: 310, y: 410, width: 90, height: 90 })
    await expectRegion('600x400.png', 'pct:12.5,25,50.5,37.5', { x: 75, y: 100, width: 303, height: 150 })
  })

  test('27 a region over the edge is cropped there, not padded', () =>
    expectRegion('300x200.png', '125,15,200,200', { x: 125, y: 15, width: 175, height: 185 }))

  test('28 a percentage over the edge is cropped there', () =>
    expectRegion('300x200.png', 'pct:41.6,7.5,66.6,100', { x: 125, y: 15, width: 175, height: 185 }))

  test('29 a region that begins at the edge or beyond it is 400', async () => {
    await expectRefused('300x200.png', ['300,0,10,10', '0,200,10,10', '301,201,1,1', '300,200,300,200'])
    await expectRegion('300x200.png', '270,180,30,20', { x: 270, y: 180, width: 30, height: 20 })
  })

  test('30 a region without width or height is 400', () =>
    expectRefused('300x200.png', ['0,0,0,10', '0,0,10,0', 'pct:0,0,0,10', 'pct:0,0,10,0', 'pct:0,0,0.0,10']))

  test('31 a percentage above 0 is one pixel at least', async () => {
    const bytes = await fetchImage(
      server,
      `${baseOf('300x200.png')}/pct:50,50,0.001,0.001/${all}/0/default.png`,
    )
    expect(await decode(bytes)).toMatchObject({ width: 1, height: 1 })
    expect(await canonicalRegion('300x200.png', 'pct:50,50,0.001,0.001')).toBe('150,100,1,1')
    expect(await canonicalRegion('300x200.png', 'pct:99.999,99.999,0.001,0.001')).toBe('299,199,1,1')
  })

  test('32 neighbouring percentages neither gap nor overlap', async () => {
    const starts = [0, 12.5, 25, 33.3, 33.4, 66.7, 91.25]
    let next = 0
    for (const [i, start] of starts.entries()) {
      const extent = Math.round(((starts[i + 1] ?? 100) - start) * 1e6) / 1e6
      const [x, y, width, height] = (
        (await canonicalRegion('1000x667.png', `pct:0,${start},100,${extent}`)) ?? ''
      )
        .split(',')
        .map(Number)
      expect([x, y, width]).toEqual([0, next, 1000])
      next += height ?? 0
    }
    expect(next).toBe(667)
  })

  test('33 percentages may add up to more than 100', async () => {
    await expectRegion('600x400.png', 'pct:50,50,100,100', { x: 300, y: 200, width: 300, height: 200 })
    await expectRegion('600x400.png', 'pct:0,0,1000,250.5', { x: 0, y: 0, width: 600, height: 400 })
  })

  test('34 a percentage that begins at 100 or beyond is 400', () =>
    expectRefused('300x200.png', ['pct:100,0,10,10', 'pct:0,100,10,10', 'pct:100.5,0,1,1']))

  async function expectFull(region: string): Promise<void> {
    const full = await server.ask(`${baseOf('300x200.png')}/full/150,/0/default.jpg`)
    const same = await server.ask(`${baseOf('300x200.png')}/${region}/150,/0/default.jpg`)
    expect(same.status).toBe(200)
    expect(same.body.equals(full.body)).toBe(true)
    expect([same.headers.etag, same.headers.link]).toEqual([full.headers.etag, full.headers.link])
    expect(await canonicalRegion('300x200.png', region)).toBe('full')
  }

  test('35 0,0,W,H is full: the same bytes, ETag and canonical URI', async () => {
    await expectFull('0,0,300,200')
    expect(await canonicalRegion('300x200.png', '0,0,300,199')).toBe('0,0,300,199')
  })

  test('36 pct:0,0,100,100 is full: the same bytes, ETag and canonical URI', async () => {
    await expectFull('pct:0,0,100,100')
    expect(await canonicalRegion('300x200.png', 'pct:0,0,100,99.5')).toBe('0,0,300,199')
  })

  test('37 huge numbers overflow nothing, and exponents are 400', async () => {
    await expectFull('0,0,99999999999,99999999999')
    await expectRegion('300x200.png', '0,0,99999999999,50', { x: 0, y: 0, width: 300, height: 50 })
    await expectRefused('300x200.png', [
      '1e3,0,1,1',
      '0,0,1e3,1',
      'Infinity,0,1,1',
      'NaN,0,1,1',
      '99999999999,0,5,5',
    ])
    for (const digits of ['9'.repeat(20), '9'.repeat(400)]) {
      const reply = await server.ask(`${baseOf('300x200.png')}/0,0,${digits},5/${all}/0/default.jpg`)
      expect([200, 400]).toContain(reply.status)
    }
  })

  test('38 four numbers, no more, no fewer, none empty', () =>
    expectRefused('300x200.png', [
      '1,2,3',
      '1,2,3,4,5',
      '1,2,,4',
      ',,,',
      '1,2,3,',
      'pct:1,2,3',
      'pct:1,2,3,4,5',
      'pct:',
      'pct',
      'px:1,2,3,4',
      '1;2;3;4',
    ]))

  test('39 percentages are digits and a point; a leading zero may be missing, signs and exponents are 400', async () => {
    expect(await canonicalRegion('1000x667.png', 'pct:.5,0,50,100')).toBe('5,0,500,667')
    await expectRefused('300x200.png', [
      'pct:NaN,0,1,1',
      'pct:Infinity,0,1,1',
      'pct:+1,0,1,1',
      'pct:-1,0,1,1',
      'pct:1e1,0,1,1',
      'pct:1.,0,1,1',
      'pct:1..2,0,1,1',
      'pct:.,0,1,1',
    ])
  })

  test.each(turned)('40 info.json, regions and pixels of %s all mean the upright image', async name => {
    expect(await fetchInfo(server, `${baseOf(name)}/info.json`)).toMatchObject(sizes[name])
    await expectRegion(name, 'full', { x: 0, y: 0, width: 120, height: 80 })
    await expectRegion(name, '24,8,60,40', { x: 24, y: 8, width: 60, height: 40 })
    await expectRegion(name, 'square', { x: 20, y: 0, width: 80, height: 80 })
    const turn = await fetchImage(server, `${baseOf(name)}/12,8,72,64/${all}/!90/default.png`)
    const region = { x: 12, y: 8, width: 72, height: 64 }
    await expectView(turn, { picture: sizes[name], region, size: region, mirror: true, degrees: 90 })
  })

  test.each(['jpg', 'png', 'webp', 'tif', 'avif', 'gif'])(
    '40 what was turned upright does not ask to be turned again, as %s',
    async format => {
      for (const name of turned) {
        for (const parameters of [`full/${all}/0`, 'square/40,/90']) {
          const bytes = await fetchImage(server, `${baseOf(name)}/${parameters}/default.${format}`)
          const { orientation } = await sharp(bytes).metadata()
          expect([name, [undefined, 1].includes(orientation)], `orientation ${orientation}`).toEqual([
            name,
            true,
          ])
        }
      }
    },
  )
})
