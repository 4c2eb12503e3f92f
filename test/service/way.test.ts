import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EncodeOptions } from '../../src/image/encode-options.js'
import type { ImageServiceOptions } from '../../src/options.js'
import type { ImageResult, Way } from '../../src/process.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { fileSource } from '../../src/source/file.js'
import { createFolder, decode } from '../image/picture.js'
import { compare, readWithVips } from '../image/stored-files.js'
import { makePyramid, readBody } from './folder.js'

let folder: string
const services: ImageService[] = []

beforeAll(async () => {
  folder = await createFolder()
  const save = async (name: string, bytes: Buffer) => writeFile(join(folder, name), bytes)
  await save('jpeg.tif', await makePyramid(1216, 928, { compression: 'jpeg', quality: 80 }))
  await save('odd.tif', await makePyramid(1201, 903, { compression: 'jpeg', quality: 80 }))
  await save('webp.tif', await makePyramid(1216, 928, { compression: 'webp' }))
  await save('deflate.tif', await makePyramid(1216, 928, { compression: 'deflate' }))
  const turned = await sharp(join(folder, 'jpeg.tif')).withMetadata({ orientation: 6 })
  const shape = { tile: true, tileWidth: 256, tileHeight: 256, pyramid: true, compression: 'jpeg' } as const
  await save('turned.tif', await turned.tiff(shape).toBuffer())
  await save('plain.jpg', await sharp(join(folder, 'jpeg.tif')).jpeg().toBuffer())
  await save('plain.png', await sharp(join(folder, 'jpeg.tif')).png().toBuffer())
}, 60_000)

afterAll(async () => {
  await Promise.all(services.map(service => service.close()))
})

function createService(options: Partial<ImageServiceOptions> = {}): ImageService {
  const service = createImageService({ source: fileSource(folder), ...options })
  services.push(service)
  return service
}

async function ask(service: ImageService, path: string): Promise<ImageResult> {
  const request = service.parseRequest(`/iiif/3/${path}`)
  if (request?.kind !== 'image') throw new Error(`no image request: ${path}`)
  return service.process(request)
}

describe('a source that is not to be sent as it is', () => {
  it('is made anew, without its metadata, under another ETag, and held to the limits', async () => {
    const encode = { sendSource: false }
    const [open, closed, bound] = [
      createService(),
      createService({ encode }),
      createService({ encode, limits: { maxWidth: 1000 } }),
    ] as const
    const path = 'plain.jpg/full/max/0/default.jpg'
    const results = await Promise.all([open, closed, bound].map(service => ask(service, path)))
    expect(results.map(({ way }) => way)).toEqual(['source', 'render', 'render'])
    const bodies = await Promise.all(
      results.map(async ({ body }) =>
        decode(body instanceof Uint8Array ? Buffer.from(body) : await readBody(body)),
      ),
    )
    expect(bodies.map(({ width }) => width)).toEqual([1216, 1216, 1000])
    const [one, two] = await Promise.all(
      [open, closed].map(service =>
        service.handle({
          method: 'HEAD',
          url: `/iiif/3/${path}`,
          mountPath: '',
          headers: {},
          scheme: 'http',
        }),
      ),
    )
    expect(one?.headers.ETag).not.toBe(two?.headers.ETag)
    await expect(ask(bound, 'plain.jpg/full/1216,928/0/default.jpg')).rejects.toMatchObject({ status: 400 })
  })
})

describe('the way that is taken', () => {
  it.each<[path: string, way: Way]>([
    ['plain.jpg/full/max/0/default.jpg', 'source'],
    ['plain.jpg/full/1216,928/0/color.jpg', 'source'],
    ['plain.jpg/full/max/0/default.png', 'render'],
    ['plain.jpg/0,0,256,256/max/0/default.jpg', 'render'],
    ['plain.png/full/max/0/default.png', 'source'],
    ['plain.png/full/max/0/default.jpg', 'render'],
    ['jpeg.tif/full/max/0/default.tif', 'source'],
    ['jpeg.tif/256,256,256,256/256,/0/default.jpg', 'stored'],
    ['jpeg.tif/0,0,1024,512/256,128/0/default.jpg', 'stored'],
    ['jpeg.tif/1024,768,192,160/192,160/0/default.jpg', 'stored'],
    ['jpeg.tif/0,0,512,512/512,/0/default.jpg', 'stored'],
    ['jpeg.tif/full/608,464/0/default.jpg', 'stored'],
    ['jpeg.tif/full/max/0/default.jpg', 'stored'],
    ['jpeg.tif/pct:0,0,50,50/304,232/0/default.jpg', 'stored'],
    ['jpeg.tif/256,256,256,256/256,/360/default.jpg', 'stored'],
    ['jpeg.tif/256,256,256,256/256,/90/default.jpg', 'render'],
    ['jpeg.tif/256,256,256,256/256,/!0/default.jpg', 'render'],
    ['jpeg.tif/256,256,256,256/256,/0/gray.jpg', 'render'],
    ['jpeg.tif/256,256,256,256/256,/0/default.png', 'render'],
    ['jpeg.tif/256,256,256,256/256,/0/default.webp', 'render'],
    ['jpeg.tif/256,256,256,256/200,/0/default.jpg', 'render'],
    ['jpeg.tif/250,250,256,256/256,/0/default.jpg', 'render'],
    ['odd.tif/1024,768,177,135/177,135/0/default.jpg', 'stored'],
    ['odd.tif/1024,0,177,512/89,256/0/default.jpg', 'render'],
    ['odd.tif/512,0,512,512/256,/0/default.jpg', 'stored'],
    ['webp.tif/256,256,256,256/256,/0/default.webp', 'stored'],
    ['webp.tif/1024,0,192,256/192,/0/default.webp', 'render'],
    ['webp.tif/256,256,256,256/256,/0/default.jpg', 'render'],
    ['deflate.tif/256,256,256,256/256,/0/default.jpg', 'render'],
    ['turned.tif/256,256,256,256/256,/0/default.jpg', 'render'],
  ])('%s: %s', async (path, way) => {
    const result = await ask(createService(), path)
    expect(result.way).toBe(way)
    const bytes = await readBody(result.body)
    const { width, height } = result.resolved.size
    const isTurned = result.resolved.rotation.degrees === 90
    expect(await sharp(bytes).metadata()).toMatchObject(
      isTurned ? { width: height, height: width } : { width, height },
    )
    if (result.size !== undefined) expect(result.size).toBe(bytes.length)
  })

  it('by color is that of default, for the bytes are the same', async () => {
    const service = createService()
    const tile = await ask(service, 'jpeg.tif/256,256,256,256/256,/0/default.jpg')
    const colour = await ask(service, 'jpeg.tif/256,256,256,256/256,/0/color.jpg')
    expect((await decode(await readBody(colour.body))).data).toEqual(
      (await decode(await readBody(tile.body))).data,
    )
  })

  it('gives the pixels of libvips', async () => {
    const { body, way } = await ask(createService(), 'jpeg.tif/512,256,256,256/256,/0/default.jpg')
    expect(way).toBe('stored')
    const box = { x: 512, y: 256, width: 256, height: 256 }
    const expected = await readWithVips(join(folder, 'jpeg.tif'), box)
    expect(compare(await decode(await readBody(body)), expected)).toEqual({ mean: 0, worst: 0 })
  })
})

describe('the option storedTiles', () => {
  const tile = (name: string, format: string) => `${name}.tif/256,256,256,256/256,/0/default.${format}`
  it.each<[EncodeOptions, jpg: Way, webp: Way]>([
    [{}, 'stored', 'stored'],
    [{ storedTiles: 'whenUnspecified' }, 'stored', 'stored'],
    [{ jpg: { quality: 60 } }, 'render', 'stored'],
    [{ webp: { quality: 60 } }, 'stored', 'render'],
    [{ png: { compressionLevel: 9 }, kernel: 'cubic' }, 'stored', 'stored'],
    [{ jpg: { quality: 60 }, webp: {}, storedTiles: 'always' }, 'stored', 'stored'],
    [{ storedTiles: 'never' }, 'render', 'render'],
  ])('%j: JPEG %s, WebP %s', async (encode, jpg, webp) => {
    const service = createService({ encode })
    expect((await ask(service, tile('jpeg', 'jpg'))).way).toBe(jpg)
    expect((await ask(service, tile('webp', 'webp'))).way).toBe(webp)
  })

  it('is checked', () => {
    const encode = { storedTiles: 'sometimes' } as unknown as EncodeOptions
    expect(() => createService({ encode })).toThrow(/encode\.storedTiles/)
  })
})

describe('the bytes of an answer', () => {
  const paths = [
    'jpeg.tif/256,256,256,256/256,/0/default.jpg',
    'jpeg.tif/1024,768,192,160/192,160/0/default.jpg',
    'jpeg.tif/0,0,1024,512/512,256/0/default.jpg',
    'jpeg.tif/full/max/0/default.jpg',
    'webp.tif/256,256,256,256/256,/0/default.webp',
    'deflate.tif/100,100,300,300/200,/0/default.png',
  ]
  it.each(paths)('are the same cold, from the cache, without one, and for many at once: %s', async path => {
    const service = createService()
    const cold = await readBody((await ask(service, path)).body)
    const kept = await readBody((await ask(service, path)).body)
    expect(kept.equals(cold)).toBe(true)
    const without = await readBody((await ask(createService({ cache: false }), path)).body)
    expect(without.equals(cold)).toBe(true)
    const fresh = createService({ cache: false })
    const many = await Promise.all(
      Array.from({ length: 8 }, async () => readBody((await ask(fresh, path)).body)),
    )
    expect(many.every(bytes => bytes.equals(cold))).toBe(true)
  })

  it('are not those of the cache where somebody has written on them', async () => {
    const service = createService()
    const path = 'jpeg.tif/0,0,1024,512/512,256/0/default.jpg'
    const cold = Buffer.from(await readBody((await ask(service, path)).body))
    const tile = await ask(service, 'jpeg.tif/256,256,256,256/256,/0/default.jpg')
    if (tile.body instanceof Uint8Array) tile.body.fill(0)
    const again = await ask(service, 'jpeg.tif/256,256,256,256/256,/0/default.jpg')
    expect((await sharp(await readBody(again.body)).metadata()).width).toBe(256)
    expect((await readBody((await ask(service, path)).body)).equals(cold)).toBe(true)
  })
})
