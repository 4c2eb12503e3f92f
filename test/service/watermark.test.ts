// A watermark on the whole image, seen through tiles over HTTP: put together they are the whole, to the pixel, also where
// a tier shows the image smaller than it is.
import { once } from 'node:events'
import { unlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { tier } from '../../src/access/result.js'
import type { OverlayOptions } from '../../src/image/overlay.js'
import { listTileGrid } from '../../src/protocol/tiles.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { fileSource } from '../../src/source/file.js'
import { httpSource } from '../../src/source/http.js'
import { createFolder, decode, fromPixels, type Pixels, wavePixels } from '../image/picture.js'
import { ask } from './ask.js'

/** Odd sizes, so that no tile of no scale factor is a whole number of pixels. */
const size = { width: 1003, height: 701 }
const grey = '#777777'

let folder: string
let mark: Buffer
const services: ImageService[] = []

beforeAll(async () => {
  folder = await createFolder()
  const picture = sharp({ create: { ...size, channels: 3, background: grey } })
  await writeFile(join(folder, 'a.png'), await picture.png().toBuffer())
  const pyramid = { tile: true, tileWidth: 128, tileHeight: 128, pyramid: true } as const
  await writeFile(
    join(folder, 'a.tif'),
    await picture
      .clone()
      .tiff({ ...pyramid, compression: 'deflate' })
      .toBuffer(),
  )
  mark = await fromPixels(wavePixels(90, 70)).png().toBuffer()
})

afterAll(async () => {
  await Promise.all(services.map(service => service.close()))
})

interface Info {
  readonly width: number
  readonly height: number
  readonly tiles: readonly {
    readonly width: number
    readonly height?: number
    readonly scaleFactors: number[]
  }[]
}

/** What of tiles of one scale factor, put together, is another pixel than in the whole. */
async function compare(service: ImageService, identifier: string, factor: number): Promise<number> {
  const get = async (path: string) => {
    const { status, bytes } = await ask(service, `/iiif/3/${identifier}/${path}/0/default.png`)
    expect([path, status]).toEqual([path, 200])
    return decode(bytes)
  }
  const { bytes } = await ask(service, `/iiif/3/${identifier}/info.json`)
  const info: Info = JSON.parse(bytes.toString())
  const [{ width: side, height = side } = { width: 0 }] = info.tiles
  const whole = await get(`full/${Math.ceil(info.width / factor)},${Math.ceil(info.height / factor)}`)
  let different = 0
  let marked = 0
  for (const { region, size } of listTileGrid(info, { width: side, height }, factor)) {
    const { x, y } = region
    const tile = await get(`${x},${y},${region.width},${region.height}/${size.width},${size.height}`)
    for (let row = 0; row < tile.height; row += 1) {
      for (let column = 0; column < tile.width; column += 1) {
        const apart = differ(tile, column, row, whole, x / factor + column, y / factor + row)
        if (apart > 0) different += 1
        if (isMarked(tile, column, row)) marked += 1
      }
    }
  }
  expect(marked).toBeGreaterThan(100)
  return different
}

function differ(one: Pixels, x: number, y: number, two: Pixels, x2: number, y2: number): number {
  const [at, at2] = [(y * one.width + x) * one.channels, (y2 * two.width + x2) * two.channels]
  return Math.max(
    ...[0, 1, 2].map(band => Math.abs((one.data[at + band] ?? 0) - (two.data[at2 + band] ?? 0))),
  )
}

const isMarked = ({ data, width, channels }: Pixels, x: number, y: number) =>
  [0, 1, 2].some(band => Math.abs((data[(y * width + x) * channels + band] ?? 0) - 0x77) > 8)

const placements = [
  { position: 'repeat', inset: 13 },
  { position: 'scaled' },
  { position: 'bottom-right', inset: 30 },
] as const

it.each(
  placements.flatMap(placement =>
    [
      ['a.png', 1],
      ['a.png', 2],
      ['a.tif', 1],
      ['a.tif', 2],
      ['a.tif', 4],
      // 401 of 1003 pixels: its tiles have no whole number of pixels of the image.
      ['a.png;tier=small', 1],
      ['a.png;tier=small', 2],
      ['a.tif;tier=small', 1],
      ['a.tif;tier=small', 2],
      ['a.png;3:7', 1],
    ].map(([identifier, factor]) => [placement, String(identifier), Number(factor)] as const),
  ),
)('%j of %s joins from tiles at the scale factor %i', async (placement, identifier, factor) => {
  const overlay: OverlayOptions = { kind: 'image', image: mark, relativeTo: 'image', ...placement }
  const service = createImageService({
    source: fileSource(folder),
    overlay,
    tileSize: 64,
    authorize: () => tier('all'),
    tiers: { small: { scale: { maxWidth: 401 } }, all: {} },
    formats: ['jpg', 'png'],
  })
  services.push(service)
  expect(await compare(service, identifier, factor)).toBe(0)
})

const colourOf = async (bytes: Buffer) => {
  const { data } = await decode(bytes)
  return [...data.subarray(0, 3)].map(sample => Math.round(sample / 32))
}

const flat = (background: string) =>
  sharp({ create: { width: 1003, height: 701, channels: 3, background } })
    .png()
    .toBuffer()

it('a watermark that is replaced while the service runs is on the next image, of a tier also, and never under an old ETag', async () => {
  const path = join(folder, 'mark.png')
  const overlay: OverlayOptions = { kind: 'image', image: path, position: 'scaled' }
  const tag = async (name: string) => {
    const { status, headers, bytes } = await ask(service, `/iiif/3/${name}/full/100,/0/default.png`)
    expect(status).toBe(200)
    return { etag: headers.ETag, colour: await colourOf(bytes) }
  }
  await writeFile(path, await flat('#ff0000'))
  const service = createImageService({
    source: fileSource(folder),
    overlay,
    authorize: () => tier('all'),
    tiers: { small: { scale: { maxWidth: 401 }, overlay: { ...overlay, opacity: 0.999 } }, all: {} },
  })
  services.push(service)
  const before = [await tag('a.png'), await tag('a.png;tier=small')]
  await writeFile(path, Buffer.concat([await flat('#0000ff'), Buffer.from('longer')]))
  const after = [await tag('a.png'), await tag('a.png;tier=small')]
  expect(before.map(({ colour }) => colour)).toEqual([
    [8, 0, 0],
    [8, 0, 0],
  ])
  expect(after.map(({ colour }) => colour)).toEqual([
    [0, 0, 8],
    [0, 0, 8],
  ])
  expect(new Set([...before, ...after].map(({ etag }) => etag)).size).toBe(4)
  await unlink(path)
  expect((await ask(service, '/iiif/3/a.png/full/100,/0/default.png')).status).toBe(500)
})

it('a watermark comes from another server under the policy of httpSource, and is asked for once', async () => {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    response.setHeader('ETag', '"1"').setHeader('Content-Type', 'image/png').end(mark)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const marks = httpSource({ url: `${origin}/{identifier}`, allowPrivateAddresses: true })
  const image = await marks('mark.png', {})
  if (image === undefined) throw new Error('expected a source')
  const asked = requests.length
  const service = createImageService({
    source: fileSource(folder),
    overlay: { kind: 'image', image, position: 'top-left' },
  })
  services.push(service)
  const plain = createImageService({ source: fileSource(folder) })
  services.push(plain)
  for (const side of [100, 110, 120]) {
    const path = `/iiif/3/a.png/0,0,${side},${side}/max/0/default.png`
    const { status, bytes } = await ask(service, path)
    expect(status).toBe(200)
    expect(bytes.equals((await ask(plain, path)).bytes)).toBe(false)
  }
  expect(requests.length - asked).toBeLessThanOrEqual(1)
  await marks.close()
  await new Promise(settle => server.close(settle))
})
