/* What must hold for every request and every image: the canonical URI, the tiles, the sizes, and that no path does harm. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import sharp, { type Sharp } from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HttpReply } from '../../src/contracts.js'
import type { ImageServiceOptions } from '../../src/options.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { bytesSource } from '../../src/source/bytes.js'
import { fileSource } from '../../src/source/file.js'
import { createPathSource } from '../protocol/random-paths.js'
import { type Info3, listTileRequests, type TileEntry, type TileRequest } from './info.js'
import { type Box, cells, type Dimensions, decode, type Pixels, storeTurned } from './pictures.js'
import { createFolder } from './server.js'

type Ask = (path: string) => Promise<HttpReply>

const services: ImageService[] = []

afterAll(async () => {
  await Promise.all(services.map(service => service.close()))
})

function createAsk(options: ImageServiceOptions, method = 'GET'): Ask {
  const service = createImageService(options)
  services.push(service)
  return async url => {
    const reply = await service.handle({
      method,
      url,
      mountPath: '',
      headers: {},
      scheme: 'http',
      authority: 'a.example',
    })
    if (reply === undefined) throw new Error(`${url} is under no prefix`)
    return reply
  }
}

async function readBody({ body }: HttpReply): Promise<Buffer> {
  if (body === undefined || typeof body === 'string') return Buffer.from(body ?? '')
  if (body instanceof Uint8Array) return Buffer.from(body)
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const canonicalPath = (reply: HttpReply) =>
  /<http:\/\/a\.example([^>]*)>;rel="canonical"/.exec(reply.headers.Link ?? '')?.[1]

/** Soft detail without symmetry: what is out of place by half a pixel shows. */
function waves({ width, height }: Dimensions): Sharp {
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = (y * width + x) * 3
      data[at] = 128 + 100 * Math.sin(x / 19 + y / 37)
      data[at + 1] = 128 + 100 * Math.sin(y / 23 - x / 61)
      data[at + 2] = 128 + 100 * Math.sin((x + y) / 41)
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } })
}

let folder: string
/** What stands in the files, upright. */
const upright: Record<string, Pixels> = {}

beforeAll(async () => {
  folder = await createFolder('gray.png', 'photo.jpg')
  const odd = waves({ width: 1003, height: 701 })
  await odd.clone().png().toFile(join(folder, 'odd.png'))
  const pyramid = {
    compression: 'jpeg',
    quality: 95,
    tile: true,
    tileWidth: 128,
    tileHeight: 128,
    pyramid: true,
  } as const
  await odd.clone().tiff(pyramid).toFile(join(folder, 'odd.tif'))
  for (const orientation of [3, 5, 6, 8]) {
    const bytes = await storeTurned(odd.clone(), orientation)
    await writeFile(join(folder, `turned${orientation}.jpg`), bytes)
    upright[`turned${orientation}.jpg`] = await decode(await sharp(bytes).autoOrient().png().toBuffer())
  }
  for (const name of ['odd.png', 'odd.tif'])
    upright[name] = await decode(await sharp(join(folder, name)).png().toBuffer())
})

const number = fc.oneof(
  fc.integer({ min: 0, max: 120 }),
  fc.integer({ min: 0, max: 1200 }).map(tenths => tenths / 10),
)
const side = fc.integer({ min: 1, max: 400 })
const region = fc.oneof(
  fc.constantFrom('full', 'square', 'pct:0,0,100,100'),
  fc.tuple(side, side, side, side).map(box => box.join(',')),
  fc.tuple(number, number, number, number).map(box => `pct:${box.join(',')}`),
)
const size = fc.oneof(
  fc.constantFrom('max', 'full', '^max'),
  fc
    .tuple(
      fc.constantFrom('', '^'),
      fc.oneof(
        side.map(width => `${width},`),
        side.map(height => `,${height}`),
        number.map(percent => `pct:${percent}`),
        fc
          .tuple(fc.constantFrom('', '!'), side, side)
          .map(([fit, width, height]) => `${fit}${width},${height}`),
      ),
    )
    .map(parts => parts.join('')),
)
const rotation = fc
  .tuple(
    fc.constantFrom('', '!'),
    fc.oneof(fc.constantFrom('0', '90', '180', '270', '360', '45', '22.50', '0.5')),
  )
  .map(parts => parts.join(''))
const file = fc
  .tuple(fc.constantFrom('default', 'color', 'gray', 'bitonal'), fc.constantFrom('jpg', 'png'))
  .map(parts => parts.join('.'))
const parameters = fc.tuple(region, size, rotation, file).map(parts => parts.join('/'))
const name = fc.constantFrom('gray.png', 'photo.jpg', 'odd.tif')

describe('canonical URIs', () => {
  test.each([2, 3] as const)(
    'asked for by its canonical URI, an image of version %i is the same, and so is the URI',
    async version => {
      let compared = 0
      for (const limits of [{}, { maxScale: 2, maxWidth: 350 }, { maxArea: 9000 }]) {
        // Without a cache both answers are made.
        const ask = createAsk({ source: fileSource(folder), cache: false, limits })
        await fc.assert(
          fc.asyncProperty(name, parameters, async (image, wanted) => {
            const first = await ask(`/iiif/${version}/${image}/${wanted}`)
            expect([200, 400, 501]).toContain(first.status)
            if (first.status !== 200) return
            const path = canonicalPath(first) ?? ''
            const second = await ask(path)
            expect([path, second.status, second.headers.Link]).toEqual([path, 200, first.headers.Link])
            expect(second.headers.ETag).toBe(first.headers.ETag)
            expect((await readBody(second)).equals(await readBody(first))).toBe(true)
            compared += 1
          }),
          { numRuns: 120, seed: 20261123 },
        )
      }
      expect(compared).toBeGreaterThan(50)
    },
  )
})

describe.each([2, 3] as const)('redirects of version %i', version => {
  test('lead to the canonical URI in one step', async () => {
    const options = { redirectToCanonical: true, limits: { maxScale: 2, maxWidth: 350 } }
    const ask = createAsk({ source: fileSource(folder), ...options }, 'HEAD')
    let redirected = 0
    await fc.assert(
      fc.asyncProperty(name, parameters, async (image, wanted) => {
        const first = await ask(`/iiif/${version}/${image}/${wanted}`)
        expect([200, 303, 400]).toContain(first.status)
        if (first.status !== 303) return
        const path = (first.headers.Location ?? '').replace('http://a.example', '')
        expect([path, (await ask(path)).status]).toEqual([path, 200])
        expect((await ask(path.replace(/[,^!]/g, encodeURIComponent))).status).toBe(200)
        redirected += 1
      }),
      { numRuns: 300, seed: 3 },
    )
    expect(redirected).toBeGreaterThan(50)
  })
})

describe('tiles', () => {
  const names = ['odd.png', 'odd.tif', 'turned3.jpg', 'turned5.jpg', 'turned6.jpg', 'turned8.jpg']

  test.each(names)('of every scale factor of %s make up the whole', async name => {
    const ask = createAsk({ source: fileSource(folder), tileSize: 160 })
    const info = JSON.parse((await readBody(await ask(`/iiif/3/${name}/info.json`))).toString()) as Info3
    const source = upright[name]!
    expect([info.width, info.height]).toEqual([source.width, source.height])
    const [tile] = info.tiles
    expect(tile?.scaleFactors.length).toBeGreaterThan(2)
    for (const factor of tile?.scaleFactors ?? []) {
      // A last tile whose region is no multiple of the factor is scaled to a size that is rounded up. The levels of a
      // pyramid keep the factor there, and have less in their last pixels.
      const expected = await assemble(info, tile!, factor, async ({ region, width, height }) => {
        const box = parseBox(region)
        const step =
          name === 'odd.tif' ? { x: factor, y: factor } : { x: box.width / width, y: box.height / height }
        return shrink(source, box, step, { width, height })
      })
      const whole = await assemble(info, tile!, factor, async ({ region, width, height }) => {
        const reply = await ask(`/iiif/3/${name}/${region}/${width},${height}/0/default.png`)
        expect([region, reply.status]).toEqual([region, 200])
        return decode(await readBody(reply))
      })
      const quality = psnr(whole, expected)
      // Half a pixel out of place gives 37 at a factor of 2, and 25 at 8, where decoders shrink in ways of their own.
      const least = factor === 1 ? Number.MAX_VALUE : factor < 8 ? 45 : 33
      expect([factor, quality > least], `${quality} dB at ${factor}`).toEqual([factor, true])
    }
  })

  type MakeTile = (part: TileRequest) => Promise<Pixels>

  async function assemble(
    image: Dimensions,
    tile: TileEntry,
    factor: number,
    make: MakeTile,
  ): Promise<Pixels> {
    const [width, height] = [Math.ceil(image.width / factor), Math.ceil(image.height / factor)]
    const data = new Uint8Array(width * height * 3)
    let filled = 0
    for (const part of listTileRequests(image, tile, factor)) {
      const pixels = await make(part)
      expect([pixels.width, pixels.height]).toEqual([part.width, part.height])
      for (let row = 0; row < part.height; row += 1) {
        const line = pixels.data.subarray(row * part.width * 3, (row + 1) * part.width * 3)
        data.set(line, ((part.top + row) * width + part.left) * 3)
      }
      filled += part.width * part.height
    }
    // Neither gap nor overlap.
    expect(filled).toBe(width * height)
    return { data, width, height, channels: 3 }
  }

  function parseBox(region: string): Box {
    const [x = 0, y = 0, width = 0, height = 0] = region.split(',').map(Number)
    return { x, y, width, height }
  }

  interface Step {
    readonly x: number
    readonly y: number
  }

  /** Each pixel is the mean of the source pixels that it stands for, counted by how much of each is in it. */
  function shrink(source: Pixels, box: Box, step: Step, { width, height }: Dimensions): Pixels {
    const data = new Uint8Array(width * height * 3)
    for (let y = 0; y < height; y += 1) {
      const rows = cover(box.y + y * step.y, step.y, box.y + box.height)
      for (let x = 0; x < width; x += 1) {
        const columns = cover(box.x + x * step.x, step.x, box.x + box.width)
        for (let band = 0; band < 3; band += 1)
          data[(y * width + x) * 3 + band] = mean(source, columns, rows, band)
      }
    }
    return { data, width, height, channels: 3 }
  }

  type Share = readonly [position: number, weight: number]

  function cover(start: number, length: number, limit: number): Share[] {
    const end = Math.min(start + length, limit)
    const shares: Share[] = []
    for (let at = Math.floor(start); at < end - 1e-9; at += 1) {
      shares.push([at, Math.min(at + 1, end) - Math.max(at, start)])
    }
    return shares
  }

  function mean(source: Pixels, columns: readonly Share[], rows: readonly Share[], band: number): number {
    let [sum, total] = [0, 0]
    for (const [y, high] of rows) {
      for (const [x, wide] of columns) {
        sum += source.data[(y * source.width + x) * source.channels + band]! * wide * high
        total += wide * high
      }
    }
    return Math.round(sum / total)
  }

  function psnr(a: Pixels, b: Pixels): number {
    let sum = 0
    for (let i = 0; i < a.data.length; i += 1) sum += (a.data[i]! - b.data[i]!) ** 2
    return 10 * Math.log10(255 ** 2 / (sum / a.data.length))
  }
})

test('sizes of any image are served just as they are listed, in both versions', async () => {
  const side = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 900 }))
  await fc.assert(
    fc.asyncProperty(side, side, fc.constantFrom('png', 'tif'), async (width, height, format) => {
      const picture = cells({ width, height })
      const file =
        format === 'png'
          ? picture.png()
          : picture.tiff({ pyramid: true, tile: true, tileWidth: 64, tileHeight: 64 })
      const bytes = await file.toBuffer()
      const ask = createAsk({ source: () => bytesSource(bytes) })
      for (const version of [2, 3]) {
        const { sizes } = JSON.parse(
          (await readBody(await ask(`/iiif/${version}/a/info.json`))).toString(),
        ) as Info3
        expect(sizes.at(-1)).toEqual({ width, height })
        for (const size of sizes) {
          const reply = await ask(`/iiif/${version}/a/full/${size.width},${size.height}/0/default.png`)
          expect(reply.status).toBe(200)
          expect(await decode(await readBody(reply))).toMatchObject(size)
        }
      }
    }),
    { numRuns: 25, seed: 7 },
  )
})

test('whatever the limits, every size and every tile that info.json lists is served, and may be looked up', async () => {
  const some = (min: number, max: number) => fc.option(fc.integer({ min, max }), { nil: undefined })
  const options = fc.record({ maxWidth: some(1, 900), maxHeight: some(1, 900), maxArea: some(1, 300_000) })
  const side = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 900 }))
  let asked = 0
  await fc.assert(
    fc.asyncProperty(
      side,
      side,
      options,
      fc.integer({ min: 8, max: 400 }),
      async (width, height, chosen, tileSize) => {
        const { maxWidth, maxHeight, maxArea } = chosen
        const limits = {
          ...(maxWidth === undefined ? {} : { maxWidth, ...(maxHeight === undefined ? {} : { maxHeight }) }),
          ...(maxArea === undefined ? {} : { maxArea }),
        }
        const bytes = await cells({ width, height }).png({ compressionLevel: 0 }).toBuffer()
        const source = bytesSource(bytes)
        const ask = createAsk({ source: () => source, limits, tileSize }, 'HEAD')
        const look = createAsk({ source: () => source, limits, tileSize })
        const info = JSON.parse(
          (await readBody(await look('/iiif/3/a/info.json'))).toString(),
        ) as Partial<Info3>
        const paths = (info.sizes ?? []).map(size => `full/${size.width},${size.height}`)
        for (const tile of info.tiles ?? []) {
          // The limits may have made tiles of a few pixels: the first factors of a large image would be too many.
          for (const factor of tile.scaleFactors.slice(-4)) {
            const parts = listTileRequests({ width, height }, tile, factor).slice(-40)
            paths.push(...parts.map(part => `${part.region}/${part.width},${part.height}`))
          }
        }
        for (const path of paths) {
          for (const version of [2, 3]) {
            const url = `/iiif/${version}/a/${path}/0/default.jpg`
            expect([url, limits, (await ask(url)).status]).toEqual([url, limits, 200])
            asked += 1
          }
        }
      },
    ),
    { numRuns: 60, seed: 11 },
  )
  expect(asked).toBeGreaterThan(1000)
})

test('no path does harm: 100,000 random ones give small replies, and never a 500', async () => {
  const bytes = await cells({ width: 40, height: 30 }).png().toBuffer()
  const service = createImageService({
    source: identifier => (identifier.length < 20 ? bytesSource(bytes, { version: '1' }) : undefined),
  })
  services.push(service)
  const nextPath = createPathSource(20261123)
  const statuses = new Map<number, number>()
  for (let i = 0; i < 100_000; i += 1) {
    const url = nextPath()
    const reply = await service.handle({
      method: 'GET',
      url,
      mountPath: '',
      headers: {},
      scheme: 'http',
      authority: 'a.example',
    })
    const status = reply?.status ?? 0
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    if (reply === undefined) continue
    if (status === 500 || status > 501) expect.fail(`${JSON.stringify(url)} gave ${status}`)
    const size = (await readBody(reply)).length
    if (size > 100_000) expect.fail(`${JSON.stringify(url)} gave ${size} bytes`)
  }
  // Some of them are requests: the test is not only one of the first check.
  expect(statuses.get(200)).toBeGreaterThan(1000)
  expect(statuses.get(400)).toBeGreaterThan(1000)
})
