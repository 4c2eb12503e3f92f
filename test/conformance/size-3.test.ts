/* Rows 41 to 69 of the checklist: the size in version 3 (Image API 3.0 sections 4.2 and 5.3). */
import { beforeAll, describe, expect, test } from 'vitest'
import type { LimitOptions } from '../../src/protocol/limits.js'
import { createImageService } from '../../src/service.js'
import { type Dimensions, decode, expectView, type PictureName, sizes } from './pictures.js'
import {
  createFolder,
  fetchCanonical,
  fetchImage,
  fetchInfo,
  fetchStatuses,
  type Server,
  startServer,
} from './server.js'

const pictures: PictureName[] = [
  'grid.png',
  '600x400.png',
  '200x200.png',
  '1000x667.png',
  '1000x3.png',
  '6000x4000.png',
  'pyramid.tif',
]
let folder: string
/** Nothing is scaled up. */
let server: Server
/** Up to three times the region. */
let upscaling: Server

beforeAll(async () => {
  folder = await createFolder(...pictures)
  server = await startServer(folder)
  upscaling = await startServer(folder, { limits: { maxScale: 3 } })
})

const baseOf = (name: string) => `/iiif/3/${name}`
const limited = (limits: LimitOptions) => startServer(folder, { limits })

/** Asks for a size of the whole image and checks that the answer has these dimensions and shows the whole image. */
async function expectSize(at: Server, name: PictureName, size: string, expected: Dimensions): Promise<void> {
  const bytes = await fetchImage(at, `${baseOf(name)}/full/${size}/0/default.jpg`)
  await expectView(bytes, { picture: sizes[name], size: expected })
}

async function expectStatus(
  at: Server,
  name: string,
  status: number,
  wanted: readonly string[],
): Promise<void> {
  const paths = wanted.map(size => `${baseOf(name)}/full/${size}/0/default.jpg`)
  expect(await fetchStatuses(at, paths)).toEqual(paths.map(path => `${status} ${path}`))
}

const square = (side: number): Dimensions => ({ width: side, height: side })
const sizeOf = async (at: Server, name: string, parameters: string) =>
  (await fetchCanonical(at, baseOf(name), parameters)).split('/')[1]

describe('max', () => {
  test('41 max is the region at its own size, reduced to the limits, never scaled up, never an error', async () => {
    await expectSize(server, 'grid.png', 'max', square(1000))
    await expectSize(upscaling, '200x200.png', 'max', square(200))
    await expectSize(await limited({ maxWidth: 500 }), 'grid.png', 'max', square(500))
    await expectSize(await limited({ maxWidth: 500, maxHeight: 100 }), 'grid.png', 'max', square(100))
    await expectSize(await limited({ maxArea: 250_000 }), 'grid.png', 'max', square(500))
    const region = { x: 100, y: 200, width: 300, height: 150 }
    const bytes = await fetchImage(server, `${baseOf('grid.png')}/100,200,300,150/max/0/default.png`)
    await expectView(bytes, { picture: sizes['grid.png'], region, size: region })
  })

  test('42 ^max is the largest size that the limits allow, and max where nothing is scaled up', async () => {
    await expectSize(upscaling, '200x200.png', '^max', square(600))
    await expectSize(await limited({ maxScale: 10, maxWidth: 1500 }), 'grid.png', '^max', square(1500))
    await expectSize(await limited({ maxScale: 10, maxArea: 4_000_000 }), '600x400.png', '^max', {
      width: 2449,
      height: 1632,
    })
    await expectSize(await limited({ maxScale: 2, maxWidth: 300 }), 'grid.png', '^max', square(300))
    await expectSize(server, 'grid.png', '^max', square(1000))
  })
})

describe('forms', () => {
  test('43 w, has just this width; one above the region is 400', async () => {
    await expectSize(server, 'grid.png', '513,', square(513))
    await expectSize(server, '600x400.png', '300,', { width: 300, height: 200 })
    for (const at of [server, upscaling]) await expectStatus(at, 'grid.png', 400, ['1001,', '2000,'])
  })

  test('44 ^w, has just this width, also above the region', async () => {
    await expectSize(upscaling, '600x400.png', '^1200,', { width: 1200, height: 800 })
    await expectSize(upscaling, '600x400.png', '^300,', { width: 300, height: 200 })
  })

  test('45 ,h and ^,h mirror w, and ^w,', async () => {
    await expectSize(server, '600x400.png', ',100', { width: 150, height: 100 })
    await expectSize(upscaling, '600x400.png', '^,800', { width: 1200, height: 800 })
    for (const at of [server, upscaling]) await expectStatus(at, '600x400.png', 400, [',401'])
  })

  test('46 pct:n scales both sides; over 100 and 0 are 400; 100 is max', async () => {
    await expectSize(server, '600x400.png', 'pct:50', { width: 300, height: 200 })
    await expectSize(server, 'grid.png', 'pct:62.5', square(625))
    for (const at of [server, upscaling]) {
      await expectStatus(at, 'grid.png', 400, [
        'pct:100.1',
        'pct:200',
        'pct:0',
        'pct:0.0',
        'pct:',
        'pct:-5',
        'pct:1e1',
      ])
    }
    const hundred = await server.ask(`${baseOf('grid.png')}/full/pct:100/0/default.jpg`)
    const max = await server.ask(`${baseOf('grid.png')}/full/max/0/default.jpg`)
    expect(hundred.body.equals(max.body)).toBe(true)
    expect(hundred.headers.link).toBe(max.headers.link)
  })

  test('47 ^pct:n over 100 scales up, and is 501 where nothing is scaled up', async () => {
    await expectSize(upscaling, '600x400.png', '^pct:120', { width: 720, height: 480 })
    await expectStatus(server, '600x400.png', 501, ['^pct:120', '^1200,', '^,800', '^1200,800', '^601,'])
  })

  test('48 w,h has just these sides and may distort; one side above the region is 400', async () => {
    await expectSize(server, 'grid.png', '500,250', { width: 500, height: 250 })
    await expectSize(server, '600x400.png', '600,100', { width: 600, height: 100 })
    for (const at of [server, upscaling]) {
      await expectStatus(at, '600x400.png', 400, ['601,400', '600,401', '601,10', '10,401', '1200,800'])
    }
  })

  test('49 ^w,h has just these sides', async () => {
    await expectSize(upscaling, '600x400.png', '^1200,100', { width: 1200, height: 100 })
    await expectSize(upscaling, '600x400.png', '^1000,1000', { width: 1000, height: 1000 })
  })

  test('50 !w,h fits into the box and never grows beyond region or limits', async () => {
    await expectSize(server, '600x400.png', '!300,300', { width: 300, height: 200 })
    await expectSize(server, '600x400.png', '!300,100', { width: 150, height: 100 })
    for (const at of [server, upscaling]) {
      await expectSize(at, '600x400.png', '!2000,3000', { width: 600, height: 400 })
    }
    const region = { x: 0, y: 0, width: 100, height: 80 }
    const bytes = await fetchImage(server, `${baseOf('600x400.png')}/0,0,100,80/!512,512/0/default.png`)
    await expectView(bytes, { picture: sizes['600x400.png'], region, size: region })
  })

  test('51 !w,h of the examples: one side binds, or none', async () => {
    await expectSize(server, 'grid.png', '!2000,500', square(500))
    await expectSize(server, '200x200.png', '!300,300', square(200))
    await expectSize(server, 'grid.png', '!2000,3000', square(1000))
  })

  test('52 ^!w,h fits into the box and may grow; limits still bind', async () => {
    await expectSize(upscaling, 'grid.png', '^!2000,3000', square(2000))
    await expectSize(upscaling, 'grid.png', '^!2000,500', square(500))
    await expectSize(await limited({ maxScale: 3, maxWidth: 1200 }), 'grid.png', '^!2000,3000', square(1200))
  })

  test('53 full is gone', async () => {
    for (const at of [server, upscaling]) await expectStatus(at, 'grid.png', 400, ['full', '^full'])
  })

  test('54 a caret that is not needed changes nothing and is not canonical', async () => {
    for (const size of ['300,', ',200', '300,200', 'pct:50', '!300,300']) {
      const plain = await upscaling.ask(`${baseOf('600x400.png')}/full/${size}/0/default.jpg`)
      const caret = await upscaling.ask(`${baseOf('600x400.png')}/full/^${size}/0/default.jpg`)
      expect(caret.body.equals(plain.body)).toBe(true)
      expect(caret.headers.link).toContain('/full/300,200/0/default.jpg>')
    }
  })

  test('55 a caret that is not needed is served also where nothing is scaled up', async () => {
    await expectSize(server, '600x400.png', '^300,', { width: 300, height: 200 })
    await expectSize(server, '600x400.png', '^600,400', { width: 600, height: 400 })
    await expectSize(server, '600x400.png', '^!2000,2000', { width: 600, height: 400 })
    await expectSize(server, '600x400.png', '^pct:100', { width: 600, height: 400 })
  })
})

describe('limits', () => {
  test('56 a size over a limit is 400', async () => {
    const wide = await limited({ maxWidth: 500 })
    await expectStatus(wide, 'grid.png', 400, [
      '501,',
      ',501',
      '501,10',
      '10,501',
      'pct:51',
      'pct:100',
      '1000,1000',
    ])
    const high = await limited({ maxWidth: 500, maxHeight: 200 })
    await expectStatus(high, 'grid.png', 400, [',201', '201,', '500,201', '501,200'])
    const small = await limited({ maxArea: 250_000 })
    await expectStatus(small, 'grid.png', 400, ['501,', '1000,251', 'pct:50.1'])
    await expectSize(small, 'grid.png', '1000,250', { width: 1000, height: 250 })
    const grown = await limited({ maxScale: 2, maxWidth: 1500 })
    await expectStatus(grown, 'grid.png', 400, ['^1501,', '^pct:151', '^2001,10'])
    await expectStatus(upscaling, '200x200.png', 400, ['^601,', '^100000,100000', '^9007199254740993,'])
    await expectStatus(await limited({ maxScale: 2 }), '6000x4000.png', 400, ['^12000,'])
  })

  test('56 max keeps within the limits also when the source is stored in the format asked for', async () => {
    const reply = await (await limited({ maxWidth: 500 })).ask(`${baseOf('grid.png')}/full/max/0/default.png`)
    expect((await decode(reply.body)).width).toBe(500)
  })

  // Our choice: the limits bound work, and a source that is sent as it is stored is no work.
  test.each(['1000,', '1000,1000', 'pct:100', '^1000,'])(
    '56 %s is exempt when it is the whole source as it is stored, and only then',
    async size => {
      const at = await limited({ maxWidth: 500 })
      const reply = await at.ask(`${baseOf('grid.png')}/full/${size}/0/default.png`)
      expect(reply.status).toBe(200)
      expect((await decode(reply.body)).width).toBe(1000)
      for (const rest of ['0/default.jpg', '90/default.png', '!0/default.png', '0/gray.png']) {
        expect((await at.ask(`${baseOf('grid.png')}/full/${size}/${rest}`)).status).toBe(400)
      }
      expect((await at.ask(`${baseOf('grid.png')}/0,0,1000,999/1000,/0/default.png`)).status).toBe(400)
    },
  )

  test('57 !w,h and ^!w,h over the limits are reduced to them', async () => {
    await expectSize(await limited({ maxWidth: 500 }), 'grid.png', '!800,800', square(500))
    await expectSize(await limited({ maxWidth: 500, maxHeight: 100 }), 'grid.png', '!800,800', square(100))
    await expectSize(await limited({ maxArea: 90_000 }), 'grid.png', '!800,800', square(300))
    await expectSize(
      await limited({ maxArea: 1_440_000, maxScale: 5 }),
      'grid.png',
      '^!4000,4000',
      square(1200),
    )
  })

  test('58 limits are for the response, not for the scale of the whole image', async () => {
    const at = await limited({ maxWidth: 1000 })
    const region = { x: 1024, y: 2048, width: 512, height: 512 }
    for (const size of ['512,512', '512,', 'max', 'pct:100']) {
      const bytes = await fetchImage(at, `${baseOf('6000x4000.png')}/1024,2048,512,512/${size}/0/default.png`)
      await expectView(bytes, { picture: sizes['6000x4000.png'], region, size: region })
    }
  })

  test('59 less than a pixel is 400, but a side that is derived is one pixel at least', async () => {
    await expectStatus(server, 'grid.png', 400, [
      '0,',
      ',0',
      '0,0',
      '10,0',
      '0,10',
      '!0,10',
      '!10,0',
      'pct:0',
      '^0,',
    ])
    const bytes = await fetchImage(server, `${baseOf('1000x3.png')}/full/100,/0/default.png`)
    expect(await decode(bytes)).toMatchObject({ width: 100, height: 1 })
    expect(
      await decode(await fetchImage(server, `${baseOf('1000x3.png')}/full/!50,50/0/default.png`)),
    ).toMatchObject({
      width: 50,
      height: 1,
    })
    expect(await sizeOf(server, '1000x3.png', 'full/pct:0.001/0/default.png')).toBe('1,1')
  })

  test('60 a derived side is rounded to the nearest pixel, halves up', async () => {
    await expectSize(server, '1000x667.png', '333,', { width: 333, height: 222 })
    await expectSize(server, '1000x667.png', '500,', { width: 500, height: 334 })
    await expectSize(server, '1000x667.png', ',222', { width: 333, height: 222 })
    await expectSize(server, '1000x667.png', 'pct:50', { width: 500, height: 334 })
  })

  test.each(pictures)('61 every listed size of %s works just as it is listed', async name => {
    const { sizes: listed } = (await fetchInfo(server, `${baseOf(name)}/info.json`)) as {
      sizes: Dimensions[]
    }
    expect(listed.length).toBeGreaterThan(0)
    for (const { width, height } of listed) {
      const bytes = await fetchImage(server, `${baseOf(name)}/full/${width},${height}/0/default.jpg`)
      expect(await decode(bytes)).toMatchObject({ width, height })
      const canonical = await sizeOf(server, name, `full/${width},${height}/0/default.jpg`)
      expect(['max', `${width},${height}`]).toContain(canonical)
    }
  })

  test('62 a server that scales up declares maxWidth or maxArea, and is not made without', async () => {
    const info = await fetchInfo(upscaling, `${baseOf('grid.png')}/info.json`)
    expect(info.extraFeatures).toContain('sizeUpscaling')
    expect(info.maxArea).toBeTypeOf('number')
    expect((await fetchInfo(server, `${baseOf('grid.png')}/info.json`)).extraFeatures).not.toContain(
      'sizeUpscaling',
    )
    const limits = { maxScale: 2, maxArea: Infinity }
    expect(() => createImageService({ source: () => undefined, limits })).toThrow(
      /maxScale.*maxWidth or maxArea/,
    )
  })

  test('63 maxHeight is never declared without maxWidth', async () => {
    expect(() => createImageService({ source: () => undefined, limits: { maxHeight: 5 } })).toThrow(
      /maxHeight/,
    )
    const at = await limited({ maxWidth: 500, maxHeight: 300 })
    expect(await fetchInfo(at, `${baseOf('grid.png')}/info.json`)).toMatchObject({
      maxWidth: 500,
      maxHeight: 300,
    })
  })

  test.each([
    { maxWidth: 300 },
    { maxWidth: 400, maxHeight: 90 },
    { maxArea: 40_000 },
    { maxWidth: 7, maxArea: 20 },
  ] satisfies LimitOptions[])('64 sizes and tiles keep within %o', async limits => {
    const at = await limited(limits)
    for (const name of pictures) {
      const info = (await fetchInfo(at, `${baseOf(name)}/info.json`)) as {
        sizes?: Dimensions[]
        tiles?: (Dimensions & { height?: number })[]
      }
      for (const { width, height = width } of [...(info.sizes ?? []), ...(info.tiles ?? [])]) {
        expect(width).toBeLessThanOrEqual(limits.maxWidth ?? Infinity)
        expect(height).toBeLessThanOrEqual(limits.maxHeight ?? limits.maxWidth ?? Infinity)
        expect(width * height).toBeLessThanOrEqual(limits.maxArea ?? Infinity)
      }
    }
  })

  test('65 area, width and height are heeded in turn, always from the original aspect', async () => {
    const at = await limited({ maxArea: 4_000_000, maxWidth: 2000, maxHeight: 1000 })
    await expectSize(at, '6000x4000.png', 'max', { width: 1500, height: 1000 })
    const wide = await limited({ maxArea: 4_000_000, maxWidth: 2000 })
    await expectSize(wide, '6000x4000.png', 'max', { width: 2000, height: 1333 })
  })

  test('66 maxArea of 4,000,000 makes 6000 x 4000 to 2449 x 1632', async () =>
    expectSize(await limited({ maxArea: 4_000_000 }), '6000x4000.png', 'max', { width: 2449, height: 1632 }))

  test('67 maxWidth of 3000 and maxHeight of 2000 make 6000 x 4000 to 3000 x 2000', async () =>
    expectSize(await limited({ maxWidth: 3000, maxHeight: 2000 }), '6000x4000.png', 'max', {
      width: 3000,
      height: 2000,
    }))
})

describe('numbers', () => {
  test('68 sides are whole, without sign, blank and exponent', () =>
    expectStatus(server, 'grid.png', 400, [
      '100.5,',
      '100.0,',
      ',1.5',
      '-5,',
      '+5,',
      '%205,',
      '5,%20',
      '1e2,',
      'NaN,',
      '5',
      ',',
      '5,5,5',
      '!5,',
      '!,5',
      '!5',
      '!!5,5',
      '!^5,5',
      '^^5,',
      '!pct:5',
      '!max',
      '99999999999999999999,',
      'pct:5,5',
      '',
    ]))

  test('69 leading zeros are the same request', async () => {
    const plain = await server.ask(`${baseOf('grid.png')}/full/100,/0/default.jpg`)
    const zeros = await server.ask(`${baseOf('grid.png')}/full/0100,/0/default.jpg`)
    expect(zeros.body.equals(plain.body)).toBe(true)
    expect([zeros.headers.etag, zeros.headers.link]).toEqual([plain.headers.etag, plain.headers.link])
  })
})
