/* Rows 70 to 78 of the checklist: the size in version 2 (Image API 2.1.1 section 4.2). */
import { beforeAll, expect, test } from 'vitest'
import { type Dimensions, decode, expectView, type PictureName, sizes } from './pictures.js'
import { createFolder, fetchImage, fetchInfo, fetchStatuses, type Server, startServer } from './server.js'

const pictures: PictureName[] = ['grid.png', '600x400.png', '200x200.png', '1000x667.png', 'pyramid.tif']
let server: Server
let upscaling: Server
let limited: Server

beforeAll(async () => {
  const folder = await createFolder(...pictures)
  server = await startServer(folder)
  upscaling = await startServer(folder, { limits: { maxScale: 3 } })
  limited = await startServer(folder, { limits: { maxWidth: 500 } })
})

const baseOf = (name: string) => `/iiif/2/${name}`

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

test('70 full is the region at its own size, and refused where that is over the limits', async () => {
  await expectSize(server, '600x400.png', 'full', { width: 600, height: 400 })
  await expectSize(upscaling, '600x400.png', 'full', { width: 600, height: 400 })
  const region = { x: 0, y: 0, width: 120, height: 90 }
  const bytes = await fetchImage(server, `${baseOf('600x400.png')}/0,0,120,90/full/0/default.png`)
  await expectView(bytes, { picture: sizes['600x400.png'], region, size: region })
  await expectStatus(limited, '600x400.png', 400, ['full'])
})

test('71 max is the largest size within the limits', async () => {
  await expectSize(server, '600x400.png', 'max', { width: 600, height: 400 })
  await expectSize(limited, '600x400.png', 'max', { width: 500, height: 333 })
  await expectSize(upscaling, '600x400.png', 'max', { width: 600, height: 400 })
})

test('72 w, and ,h and pct:n keep the aspect', async () => {
  await expectSize(server, '600x400.png', '150,', { width: 150, height: 100 })
  await expectSize(server, '600x400.png', ',100', { width: 150, height: 100 })
  await expectSize(server, '600x400.png', 'pct:25', { width: 150, height: 100 })
  await expectSize(server, 'grid.png', 'pct:62.5', { width: 625, height: 625 })
})

test('73 w,h has just these sides and may distort', async () => {
  await expectSize(server, '600x400.png', '300,200', { width: 300, height: 200 })
  await expectSize(server, '600x400.png', '200,300', { width: 200, height: 300 })
})

test('74 !w,h fits into the box; a smaller source is given as it is', async () => {
  await expectSize(server, '600x400.png', '!300,300', { width: 300, height: 200 })
  await expectSize(server, 'grid.png', '!613,457', { width: 457, height: 457 })
  for (const at of [server, upscaling])
    await expectSize(at, '200x200.png', '!300,300', { width: 200, height: 200 })
  await expectSize(limited, 'grid.png', '!800,800', { width: 500, height: 500 })
})

test('75 scaling up needs no caret, and is refused where it is not offered', async () => {
  await expectSize(upscaling, '600x400.png', '1200,', { width: 1200, height: 800 })
  await expectSize(upscaling, '600x400.png', 'pct:150', { width: 900, height: 600 })
  await expectSize(upscaling, '600x400.png', '700,900', { width: 700, height: 900 })
  const wanted = ['601,', ',401', '601,10', 'pct:101', '1200,800']
  await expectStatus(server, '600x400.png', 400, wanted)
  await expectStatus(upscaling, '600x400.png', 400, ['1801,', 'pct:301', '100000,100000'])
})

test('76 a caret is unknown', async () => {
  for (const at of [server, upscaling]) {
    await expectStatus(at, '600x400.png', 400, ['^300,', '^max', '^full', '^pct:50', '^!300,300', '^300,200'])
  }
})

test('77 less than a pixel is 400', () =>
  expectStatus(server, '600x400.png', 400, [
    '0,',
    ',0',
    '0,0',
    '10,0',
    'pct:0',
    '!0,0',
    '-1,',
    '1.5,',
    ',',
    '',
  ]))

test.each(pictures)('78 every listed size of %s works as w, and as w,h', async name => {
  const { sizes: listed } = (await fetchInfo(server, `${baseOf(name)}/info.json`)) as { sizes: Dimensions[] }
  expect(listed.length).toBeGreaterThan(0)
  for (const { width, height } of listed) {
    const exact = await decode(
      await fetchImage(server, `${baseOf(name)}/full/${width},${height}/0/default.jpg`),
    )
    expect(exact).toMatchObject({ width, height })
    // The stored levels of a pyramid may be rounded down, so that the derived height can be one more.
    const derived = await decode(await fetchImage(server, `${baseOf(name)}/full/${width},/0/default.jpg`))
    expect(derived.width).toBe(width)
    expect(Math.abs(derived.height - height)).toBeLessThanOrEqual(1)
  }
})
