// Tiers of one image side by side: whatever is asked for, by whomever, through whatever cache, each gets what is his.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tier } from '../../src/access/result.js'
import { fileCache } from '../../src/cache/file.js'
import { memoryCache } from '../../src/cache/memory.js'
import { tieredCache } from '../../src/cache/tiered.js'
import type { HttpRequest } from '../../src/contracts.js'
import type { OverlayOptions } from '../../src/image/overlay.js'
import type { ImageServiceOptions } from '../../src/options.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { fileSource } from '../../src/source/file.js'
import { createRandom } from '../image/jpeg/coefficients.js'
import { createFolder, decode, pixelAt } from '../image/picture.js'
import { ask } from './ask.js'

const size = { width: 640, height: 512 }
const red = '#c81e1e'

/** What is asked for as: the suffix of the identifier, the largest sides, and the colour of the mark at the top left. */
const views = {
  preview: { suffix: ';tier=preview', width: 100, height: 80, mark: 'blue' },
  public: { suffix: ';tier=public', width: 200, height: 200, mark: 'green' },
  press: { suffix: ';tier=press', width: 300, height: 300, mark: 'red' },
  half: { suffix: ';1:2', width: 320, height: 256, mark: 'red' },
  staff: { suffix: '', ...size, mark: 'red' },
} as const

type View = keyof typeof views
const names = Object.keys(views) as View[]

/** Who is granted this may see those. */
const granted = {
  preview: ['preview'],
  public: ['preview', 'public'],
  press: ['preview', 'public', 'press'],
  staff: names,
} as const satisfies Record<string, readonly View[]>

let folder: string
let caches: string
const services: ImageService[] = []

const drawMark = async (background: string): Promise<OverlayOptions> => ({
  kind: 'image',
  image: await sharp({ create: { width: 12, height: 12, channels: 3, background } })
    .png()
    .toBuffer(),
  position: 'top-left',
})

async function createService(options: Partial<ImageServiceOptions> = {}): Promise<ImageService> {
  const service = createImageService({
    source: fileSource(folder),
    authorize: ({ headers }) => tier(String(headers['x-granted'])),
    tiers: {
      preview: { scale: { maxWidth: 100 }, overlay: await drawMark('#0000ff'), shared: true },
      public: {
        limits: { maxWidth: 200 },
        overlay: await drawMark('#00ff00'),
        encode: { jpg: { quality: 20 } },
      },
      press: { limits: { maxWidth: 300, maxScale: 1 } },
      staff: {},
    },
    limits: { maxScale: 2 },
    ...options,
  })
  services.push(service)
  return service
}

beforeAll(async () => {
  folder = await createFolder()
  caches = await createFolder()
  const picture = () => sharp({ create: { ...size, channels: 3, background: red } })
  const pyramid = { tile: true, tileWidth: 128, tileHeight: 128, pyramid: true } as const
  await writeFile(join(folder, 'a.jpg'), await picture().jpeg({ quality: 90 }).toBuffer())
  await writeFile(
    join(folder, 'a.tif'),
    await picture()
      .tiff({ ...pyramid, compression: 'jpeg', quality: 90 })
      .toBuffer(),
  )
})

afterAll(async () => {
  await Promise.all(services.map(service => service.close()))
})

function get(service: ImageService, url: string, who: string, more: Partial<HttpRequest> = {}) {
  return ask(service, url, { ...more, headers: { 'x-granted': who, ...more.headers } })
}

async function getInfo(service: ImageService, identifier: string, who = 'staff', version = 3) {
  const { bytes } = await get(service, `/iiif/${version}/${identifier}/info.json`, who)
  return JSON.parse(bytes.toString())
}

const nameColour = ([r = 0, g = 0, b = 0]: readonly number[]) =>
  r > 140 && g < 120 && b < 120 ? 'red' : g > 140 && r < 120 ? 'green' : b > 140 && r < 120 ? 'blue' : 'other'

/** The first entry of the first quantisation table: small where the quality is high. */
const coarsenessOf = (jpeg: Buffer) => jpeg[jpeg.indexOf('ffdb', 0, 'hex') + 5] ?? 0

/** Looks at an image as closely as it takes to tell what it is an image of. */
async function expectView(name: View, bytes: Buffer): Promise<void> {
  const { width, height, mark } = views[name]
  const pixels = await decode(bytes)
  const most = Math.max(width, height)
  expect(Math.max(pixels.width, pixels.height)).toBeLessThanOrEqual(most)
  expect(nameColour(pixelAt(pixels, 2, 2))).toBe(mark)
  expect(nameColour(pixelAt(pixels, pixels.width - 2, pixels.height - 2))).toBe('red')
  if (bytes.readUInt16BE(0) === 0xffd8) expect(coarsenessOf(bytes) > 20).toBe(name === 'public')
}

/** A hundred ways to ask, chosen at random and always the same. */
function listParameters(random: () => number): readonly string[] {
  const one = <T>(...values: readonly T[]): T => values[Math.floor(random() * values.length)] as T
  return Array.from({ length: 100 }, () => {
    const region = one(
      'full',
      'full',
      'square',
      '0,0,128,128',
      '128,128,128,128',
      '0,0,90,70',
      'pct:0,0,50,50',
    )
    const wanted = one('max', 'max', '90,', ',64', '!60,60', '128,128', '640,512', '320,256', '100,80')
    return `${region}/${wanted}/${one('0', '0', '0', '90', '!180')}/default.${one('jpg', 'jpg', 'png', 'webp')}`
  })
}

describe('10,000 requests at random for all tiers at once', () => {
  it('are each answered with the image of the tier that was asked for, or not at all', async () => {
    // Memory for a part of the results only, and one folder for two services, as two processes have it.
    const cache = () =>
      tieredCache(memoryCache({ maxBytes: 300_000 }), fileCache({ folder: caches, maxBytes: 2 ** 28 }))
    const pair = [await createService({ cache: cache() }), await createService({ cache: cache() })]
    const random = createRandom(7)
    const one = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T
    const parameters = listParameters(random)
    const users = Object.keys(granted) as (keyof typeof granted)[]
    const seen = new Map<string, Buffer>()
    const etags = new Map<string, Set<string>>()
    const statuses = new Map<number, number>()

    const check = async (name: View, path: string, who: keyof typeof granted, file: string) => {
      const url = `/iiif/3/${file}${views[name].suffix}/${path}`
      const reply = await get(one(pair), url, who)
      statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1)
      if (!(granted[who] as readonly View[]).includes(name)) {
        expect([reply.status, reply.headers.Location]).toEqual([
          302,
          `http://localhost/iiif/3/${file};tier=${who}/${path}`,
        ])
        return
      }
      if (reply.status !== 200) return expect([400, 403, 501]).toContain(reply.status)
      const known = seen.get(url)
      if (known) return expect(known.equals(reply.bytes)).toBe(true)
      seen.set(url, reply.bytes)
      const key = `${file} ${path}`
      etags.set(key, (etags.get(key) ?? new Set()).add(`${name} ${reply.headers.ETag}`))
      await expectView(name, reply.bytes)
    }

    for (let done = 0; done < 10_000; done += 40) {
      // Ten ways at a time, each in two tiers at once, twice.
      const round = Array.from({ length: 10 }, () => [one(parameters), one(['a.jpg', 'a.tif'])] as const)
      await Promise.all(
        round.flatMap(([path, file]) =>
          [one(names), one(names)].flatMap(name => [
            check(name, path, 'staff', file),
            check(name, path, one(users), file),
          ]),
        ),
      )
    }
    expect([...statuses.values()].reduce((sum, count) => sum + count)).toBe(10_000)
    expect(statuses.get(200)).toBeGreaterThan(5_000)
    expect(statuses.get(302)).toBeGreaterThan(500)
    // Nobody has had the tag of another's.
    for (const tags of etags.values()) {
      expect(new Set([...tags].map(tag => tag.split(' ')[1])).size).toBe(tags.size)
    }
    for (const service of pair) {
      const { images, cache } = service.stats()
      expect(images.render.hit + images.stored.hit).toBeGreaterThan(1_000)
      expect(images.stored.miss + images.source.none).toBeGreaterThan(0)
      for (const part of cache?.tiers ?? []) expect(part.hits).toBeGreaterThan(50)
    }
  }, 120_000)
})

describe('info.json of a tier', () => {
  it.each<[version: 2 | 3, name: View, expected: Record<string, unknown>]>([
    [3, 'preview', { width: 100, height: 80, sizes: [{ width: 100, height: 80 }] }],
    [3, 'public', { ...size, maxWidth: 200, tiles: [{ width: 128, scaleFactors: [1, 2, 4, 8] }] }],
    [3, 'half', { width: 320, height: 256 }],
    [3, 'staff', { ...size, tiles: [{ width: 128, scaleFactors: [1, 2, 4, 8] }] }],
    [2, 'preview', { width: 100, height: 80 }],
    [2, 'staff', { ...size }],
  ])('in version %i of %s tells its own id, limits, sizes and tiles', async (version, name, expected) => {
    const { suffix, width, height } = views[name]
    const info = await getInfo(await createService(), `a.tif${suffix}`, 'staff', version)
    expect(info).toMatchObject(expected)
    expect(info[version === 2 ? '@id' : 'id']).toBe(`http://localhost/iiif/${version}/a.tif${suffix}`)
    for (const each of info.sizes) {
      expect(each.width).toBeLessThanOrEqual(width)
      expect(each.height).toBeLessThanOrEqual(height)
    }
    if (name === 'staff') expect(info).not.toHaveProperty('maxWidth')
  })

  it('lists sizes and tiles that all can be had', async () => {
    const service = await createService()
    for (const name of names) {
      const identifier = `a.tif${views[name].suffix}`
      const { width, height, sizes, tiles } = await getInfo(service, identifier)
      const wanted = sizes.map((each: typeof size) => `full/${each.width},${each.height}`)
      for (const { width: side, scaleFactors } of tiles) {
        for (const factor of scaleFactors) {
          const region = [Math.min(width, side * factor), Math.min(height, side * factor)] as const
          const [across, down] = region.map(length => Math.ceil(length / factor))
          wanted.push(`0,0,${region[0]},${region[1]}/${across},${down}`)
        }
      }
      for (const path of wanted) {
        const reply = await get(service, `/iiif/3/${identifier}/${path}/0/default.jpg`, 'staff')
        expect([path, reply.status]).toEqual([path, 200])
        await expectView(name, reply.bytes)
      }
    }
  })

  it('is where the identifier of the tier leads, and only in the one spelling of it', async () => {
    const service = await createService()
    const base = 'http://localhost/iiif/3/a.tif'
    for (const [path, location] of [
      ['a.tif;tier=preview', `${base};tier=preview/info.json`],
      ['a.tif;tier=staff/info.json', `${base}/info.json`],
      ['a.tif;2:4/info.json?x=/y', `${base};1:2/info.json?x=/y`],
      [
        'a.tif;1:1/full/max/0/default.jpg?response-content-disposition=attachment',
        `${base}/full/max/0/default.jpg?response-content-disposition=attachment`,
      ],
      ['a.tif%3B2%3A4/full/max/0/default.jpg', `${base};1:2/full/max/0/default.jpg`],
    ]) {
      const { status, headers } = await get(service, `/iiif/3/${path}`, 'staff')
      expect([path, headers.Location, [301, 303].includes(status)]).toEqual([path, location, true])
    }
  })
})

describe('what is sent of a tier', () => {
  const path = 'full/90,/0/default.jpg'

  it('has a tag of its own, which is worth nothing in another', async () => {
    const service = await createService()
    const etags = new Map<View, string>()
    for (const name of names) {
      const { headers } = await get(service, `/iiif/3/a.tif${views[name].suffix}/${path}`, 'staff')
      etags.set(name, String(headers.ETag))
    }
    expect(new Set(etags.values()).size).toBe(names.length)
    for (const [name, etag] of etags) {
      for (const other of names) {
        const url = `/iiif/3/a.tif${views[other].suffix}/${path}`
        const { status } = await get(service, url, 'staff', { headers: { 'if-none-match': etag } })
        expect([name, other, status]).toEqual([name, other, name === other ? 304 : 200])
      }
    }
  })

  it.each<[who: string, name: View, header: string]>([
    ['preview', 'preview', 'public, max-age=86400'],
    ['staff', 'preview', 'public, max-age=86400'],
    ['public', 'public', 'private, no-cache'],
    ['staff', 'half', 'private, no-cache'],
    ['staff', 'staff', 'private, no-cache'],
    ['preview', 'staff', 'private, no-store'],
    ['nobody', 'staff', 'private, no-store'],
  ])('to %s is, of %s, kept as %s', async (who, name, header) => {
    const service = await createService()
    for (const what of [path, 'info.json']) {
      for (const method of ['GET', 'HEAD']) {
        const reply = await get(service, `/iiif/3/a.tif${views[name].suffix}/${what}`, who, { method })
        expect(reply.headers['Cache-Control']).toBe(header)
        expect(reply.headers.Vary ?? '').not.toMatch(/cookie|authorization/i)
      }
    }
  })

  it.each<[name: View, paths: readonly string[]]>([
    [
      'preview',
      [
        'full/640,512',
        'full/640,',
        'full/101,',
        '0,0,128,128/128,128',
        'full/^max',
        'full/^640,512',
        '100,0,10,10/max',
      ],
    ],
    [
      'public',
      ['full/640,512', 'full/,512', 'full/201,', 'full/pct:100', '0,0,201,1/201,', '0,0,1,201/,201'],
    ],
    ['press', ['full/640,512', 'full/640,', 'full/301,', 'full/pct:100', 'full/^!640,512', '0,0,9,301/,301']],
    ['half', ['full/640,512', 'full/321,', 'full/^!640,512', '320,0,10,10/max']],
  ])('is never larger than %s allows', async (name, paths) => {
    const service = await createService()
    for (const file of ['a.jpg', 'a.tif']) {
      for (const each of paths) {
        const url = `/iiif/3/${file}${views[name].suffix}/${each}/0/default.${file.slice(2)}`
        const reply = await get(service, url, 'staff')
        // Both are not more than without `^` where nothing is scaled up.
        const isGiven = /\^(?:max|!)/.test(each)
        if (reply.status === 200) await expectView(name, reply.bytes)
        else expect([400, 403, 501]).toContain(reply.status)
        expect([url, reply.status === 200]).toEqual([url, isGiven])
      }
    }
  })
})
