// What programs ask of a service with tiers: the same images as over HTTP, from the same cache.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allow } from '../../src/access/result.js'
import { resolveTiers } from '../../src/access/tiers.js'
import { buildView } from '../../src/access/view.js'
import { resolveEncodeOptions } from '../../src/image/encode-options.js'
import { openReader } from '../../src/image/reader.js'
import type { ImageServiceOptions } from '../../src/options.js'
import { prepareRequest } from '../../src/process.js'
import { parseRequest } from '../../src/protocol/request.js'
import { freely, makeImage } from '../../src/service/make.js'
import { resolveServiceOptions } from '../../src/service/settings.js'
import type { WarmProgress } from '../../src/service/upkeep.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { fileSource } from '../../src/source/file.js'
import { createFolder, fromPixels, fileSource as openFile, wavePixels } from '../image/picture.js'
import { ask } from './ask.js'
import { readBody } from './folder.js'

let folder: string
const services: ImageService[] = []

beforeAll(async () => {
  folder = await createFolder()
  const picture = fromPixels(wavePixels(640, 512))
  const pyramid = { tile: true, tileWidth: 128, tileHeight: 128, pyramid: true } as const
  const tiff = picture.tiff({ ...pyramid, compression: 'jpeg', quality: 90 })
  await writeFile(join(folder, 'a.tif'), await tiff.toBuffer())
})

afterAll(async () => {
  await Promise.all(services.map(service => service.close()))
})

const tiers: NonNullable<ImageServiceOptions['tiers']> = {
  small: { scale: { maxWidth: 100 } },
  coarse: { encode: { jpg: { quality: 10 } } },
  all: { limits: { maxWidth: 500 } },
}

function create(options: Partial<ImageServiceOptions> = {}): ImageService {
  const service = createImageService({
    source: fileSource(folder),
    authorize: () => allow(),
    tiers,
    ...options,
  })
  services.push(service)
  return service
}

async function make(service: ImageService, url: string): Promise<Buffer> {
  const request = service.parseRequest(url)
  if (request?.kind !== 'image') throw new Error('no image request')
  return readBody((await service.process(request)).body)
}

/** Identifiers, and how wide the image is that each gives. */
const identifiers = [
  ['a.tif', 500],
  ['a.tif;tier=small', 100],
  ['a.tif;tier=coarse', 640],
  ['a.tif;1:2', 320],
] as const

describe.each(identifiers)('%s, asked for by a program', (identifier, width) => {
  const url = `/iiif/3/${identifier}/full/max/0/default.png`

  it('is made as over HTTP, and only once for both', async () => {
    const service = create()
    const made = await make(service, url)
    expect(made.equals((await ask(service, url)).bytes)).toBe(true)
    expect(service.stats().images.render).toMatchObject({ hit: 1, miss: 0 })
    expect((await sharp(made).metadata()).width).toBe(width)
  })

  it('has the info.json of HTTP', async () => {
    const service = create()
    const reply = await ask(service, `/iiif/3/${identifier}/info.json`)
    const info = JSON.parse(reply.bytes.toString())
    expect(await service.info(identifier, 3, info.id)).toEqual(info)
  })

  it('is made before anybody asks, so that all of it is there when somebody does', async () => {
    const service = create()
    const warmed: WarmProgress[] = []
    for await (const progress of service.warm(identifier)) warmed.push(progress)
    expect(warmed.map(({ outcome }) => outcome)).toContain('miss')
    const before = service.stats().images
    for (const { canonical, outcome } of warmed) {
      expect([canonical, outcome]).toEqual([canonical, expect.stringMatching(/^(?:miss|none|hit)$/)])
      expect((await ask(service, `/iiif/3/${identifier}/${canonical}`)).status).toBe(200)
    }
    const { render, stored } = service.stats().images
    expect(render.miss + stored.miss).toBe(before.render.miss + before.stored.miss)
    expect(render.hit + stored.hit).toBeGreaterThan(before.render.hit + before.stored.hit)
  })

  it('is forgotten with all that the image is shown as', async () => {
    const service = create()
    for (const [each] of identifiers) await make(service, `/iiif/3/${each}/full/max/0/default.png`)
    await service.purge({ identifier })
    for (const [each] of identifiers) await ask(service, `/iiif/3/${each}/full/max/0/default.png`)
    expect(service.stats().images.render).toMatchObject({ hit: 0, miss: identifiers.length })
  })

  it('has the source and the facts of the image', async () => {
    const service = create()
    expect(await service.describe(identifier)).toMatchObject({ width: 640, height: 512 })
    expect((await service.resolveSource(identifier)).size).toBeGreaterThan(1000)
  })
})

it('no identifier has a suffix of a tier where there are none', async () => {
  const service = createImageService({ source: fileSource(folder) })
  services.push(service)
  await expect(service.describe('a.tif;tier=small')).rejects.toMatchObject({ code: 'not-found' })
})

it('no identifier has a suffix where none are wanted', async () => {
  const service = createImageService({ source: fileSource(folder), metaIdentifiers: false })
  services.push(service)
  await expect(service.describe('a.tif;1:2')).rejects.toMatchObject({ code: 'not-found' })
})

describe('the encoder options of a tier', () => {
  const views = resolveTiers({ coarse: { encode: 10 } }, { resolveEncode: () => 10 })

  it('hold also where a stored tile turns out to be unusable', async () => {
    const reader = await openReader(await openFile(join(folder, 'a.tif')))
    const broken = { ...reader, stored: async () => undefined }
    const settings = resolveServiceOptions({ source: () => undefined })
    const encode = resolveEncodeOptions({ jpg: { quality: 10 }, storedTiles: 'always' })
    const request = parseRequest('/iiif/3/a.tif/128,128,128,128/max/0/default.jpg')
    if (request?.kind !== 'image') throw new Error('no image request')
    const view = buildView({ identifier: 'a.tif' }, views, settings.limits)
    const prepared = prepareRequest(request, reader.description, settings, undefined, { ...view, encode })
    expect(prepared.way).toBe('stored')
    const { body, way } = await makeImage(prepared, broken, settings, { admit: freely, signal: undefined })
    expect(way).toBe('render')
    const coarse = prepareRequest(request, reader.description, settings, undefined, {
      ...view,
      encode: resolveEncodeOptions({ jpg: { quality: 10 } }),
    })
    const expected = await makeImage(coarse, reader, settings, { admit: freely, signal: undefined })
    expect((await readBody(body)).equals(await readBody(expected.body))).toBe(true)
    await reader.close()
  })

  it('are those of the service, where the tier says nothing', async () => {
    const url = '/iiif/3/a.tif/full/300,/0/default.'
    const encode = { jpg: { quality: 10 }, webp: { quality: 5 } } as const
    const [plain, some] = [
      create({ encode, tiers: { all: {} } }),
      create({ encode, tiers: { all: { encode: { webp: { lossless: true } } } } }),
    ]
    expect((await ask(some, `${url}jpg`)).bytes.equals((await ask(plain, `${url}jpg`)).bytes)).toBe(true)
    expect((await ask(some, `${url}webp`)).bytes.length).toBeGreaterThan(
      5 * (await ask(plain, `${url}webp`)).bytes.length,
    )
  })

  it.each([null, 7, 'jpg', { jpg: { quality: 101 } }])('are refused where they are none: %j', encode => {
    const wrong = { all: { encode } } as unknown as typeof tiers
    expect(() => create({ tiers: wrong })).toThrow(/^tiers\.all\.encode/)
  })
})
