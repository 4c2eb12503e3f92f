// Another image service as a source: this library itself, and a folder of files that a level 0 service is.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createNodeHandler } from '../../src/adapters/node.js'
import type { OpenResolver } from '../../src/contracts.js'
import type { ImageServiceOptions } from '../../src/options.js'
import { listTileGrid } from '../../src/protocol/tiles.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { bytesSource } from '../../src/source/bytes.js'
import { type IiifSourceOptions, iiifSource } from '../../src/source/iiif.js'
import { createFolder, decode, fromPixels, wavePixels } from '../image/picture.js'
import { compare } from '../image/stored-files.js'
import { makePyramid, readBody } from '../service/folder.js'

const size = { width: 1301, height: 907 }
const servers: Server[] = []
const closers: { close(): Promise<unknown> }[] = []
const asked: string[] = []
let lossless: Buffer
let even: Buffer
let pyramid: Buffer
let origin: string
let folder: string

const listen = async (listener: RequestListener): Promise<string> => {
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    listener(request, response)
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

beforeAll(async () => {
  lossless = await fromPixels(wavePixels(size.width, size.height)).png().toBuffer()
  even = await fromPixels(wavePixels(1280, 896)).png().toBuffer()
  pyramid = await makePyramid(size.width, size.height, { compression: 'jpeg', quality: 85 })
  const remote = createImageService({
    source: identifier => {
      if (identifier === 'a/b.png') return bytesSource(lossless)
      if (identifier === 'even.png') return bytesSource(even)
      return identifier === 'pyramid.tif' ? bytesSource(pyramid) : undefined
    },
  })
  closers.push(remote)
  origin = await listen(createNodeHandler(remote))
  folder = await createFolder()
}, 60_000)

afterAll(async () => {
  await Promise.all(closers.map(closer => closer.close()))
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

function open(options: Partial<IiifSourceOptions>): OpenResolver {
  const source = iiifSource({ url: `${origin}/iiif/3/{identifier}`, allowPrivateAddresses: true, ...options })
  closers.push(source)
  return source
}

function serve(
  options: Partial<IiifSourceOptions> = {},
  more: Partial<ImageServiceOptions> = { cache: false },
): ImageService {
  const service = createImageService({ source: open(options), ...more })
  closers.push(service)
  return service
}

async function draw(service: ImageService, path: string) {
  const request = service.parseRequest(`/iiif/3/${path}`)
  if (request?.kind !== 'image') throw new Error(`no image request: ${path}`)
  const result = await service.process(request)
  return { ...result, bytes: await readBody(result.body) }
}

/** What the picture itself gives for a request. */
async function drawDirectly(path: string): Promise<Buffer> {
  const bytes = path.startsWith('even') ? even : lossless
  const service = createImageService({ source: () => bytesSource(bytes), cache: false })
  closers.push(service)
  return (await draw(service, path)).bytes
}

describe.each([2, 3])('a service of version %i and level 2', version => {
  const url = () => `${origin}/iiif/${version}/{identifier}`

  it('is described by what it says', async () => {
    const service = serve({ url: url() })
    const description = await service.describe('a/b.png')
    expect(description).toMatchObject({ ...size, format: 'iiif', pages: 1, orientation: 1 })
    expect(await service.info('a/b.png', 3, 'https://a.example/x')).toMatchObject({
      ...size,
      profile: 'level2',
      tiles: [{ width: 512, scaleFactors: [1, 2, 4] }],
    })
  })

  it.each([
    'a%2Fb.png/full/max/0/default.png',
    'a%2Fb.png/0,0,512,512/max/0/default.png',
    'a%2Fb.png/1024,512,277,395/max/0/default.png',
    'a%2Fb.png/500,500,30,30/max/0/default.png',
    'a%2Fb.png/100,90,1100,800/max/0/default.png',
    'a%2Fb.png/1300,906,1,1/1,1/0/bitonal.png',
    'a%2Fb.png/square/max/90/gray.png',
    'a%2Fb.png/512,0,600,700/max/!0/default.png',
  ])('gives the pixels of the picture: %s', async path => {
    const found = await decode((await draw(serve({ url: url(), format: 'png' }), path)).bytes)
    expect(compare(found, await decode(await drawDirectly(path)))).toEqual({ mean: 0, worst: 0 })
  })

  it.each(['even.png/full/300,/0/default.png', 'even.png/200,200,1000,600/^!200,200/0/default.png'])(
    'gives a scaled picture that is much like that of the picture: %s',
    async path => {
      const found = await decode((await draw(serve({ url: url(), format: 'png' }), path)).bytes)
      expect(compare(found, await decode(await drawDirectly(path))).mean).toBeLessThan(2)
    },
  )
})

describe('a tile of the other service', () => {
  it.each([
    ['256,256,256,256/256,256/0/default.jpg', '256,256,256,256/256,256/0/default.jpg'],
    ['1280,768,21,139/21,139/0/default.jpg', '1280,768,21,139/21,139/0/default.jpg'],
    ['512,0,512,512/256,256/0/default.jpg', '512,0,512,512/256,256/0/default.jpg'],
  ])('is sent as it comes: %s', async (path, remotePath) => {
    const { bytes, way } = await draw(serve(), `pyramid.tif/${path}`)
    expect(way).toBe('stored')
    const reply = await fetch(`${origin}/iiif/3/pyramid.tif/${remotePath}`)
    expect(bytes.equals(Buffer.from(await reply.arrayBuffer()))).toBe(true)
  })

  it('is fetched once by all who want it at once, and kept', async () => {
    const service = serve()
    await service.describe('pyramid.tif')
    asked.length = 0
    const paths = Array.from({ length: 8 }, () => 'pyramid.tif/0,0,256,256/256,256/0/default.jpg')
    await Promise.all(paths.map(path => draw(service, path)))
    await draw(service, 'pyramid.tif/10,10,100,100/max/0/default.jpg')
    expect(asked).toEqual(['/iiif/3/pyramid.tif/0,0,256,256/256,256/0/default.jpg'])
  })

  it('is kept in the cache of the service, because it has come a long way', async () => {
    const service = serve({ maxTileBytes: 1 }, {})
    await service.describe('pyramid.tif')
    asked.length = 0
    for (let count = 0; count < 3; count += 1)
      await draw(service, 'pyramid.tif/0,0,256,256/256,256/0/default.jpg')
    expect(asked).toHaveLength(1)
  })
})

describe('a service that is a folder of files', () => {
  const writeTiles = async (version: 2 | 3): Promise<void> => {
    const root = join(folder, `${version}`)
    const tile = { width: 300, height: 300 }
    const factors = [1, 2, 4, 8]
    for (const scaleFactor of factors) {
      const level = {
        width: Math.ceil(size.width / scaleFactor),
        height: Math.ceil(size.height / scaleFactor),
      }
      for (const { region, size: wanted } of listTileGrid(size, tile, scaleFactor)) {
        const isWhole = level.width <= tile.width && level.height <= tile.height
        const box = `${region.x},${region.y},${region.width},${region.height}`
        const sides = version === 2 ? `${wanted.width},` : `${wanted.width},${wanted.height}`
        const path = join(root, 'x', isWhole ? 'full' : box, sides, '0', 'default.png')
        const picture = sharp(lossless).extract({
          left: region.x,
          top: region.y,
          width: region.width,
          height: region.height,
        })
        await mkdir(dirname(path), { recursive: true })
        await writeFile(
          path,
          await picture.resize(wanted.width, wanted.height, { fit: 'fill' }).png().toBuffer(),
        )
      }
    }
    const info = {
      '@context': `http://iiif.io/api/image/${version}/context.json`,
      ...(version === 2 ? { profile: 'http://iiif.io/api/image/2/level0.json' } : { profile: 'level0' }),
      ...size,
      tiles: [{ width: 300, scaleFactors: factors }],
    }
    await writeFile(join(root, 'x', 'info.json'), JSON.stringify(info))
  }

  it.each([2, 3] as const)('of version %i gives everything that this service offers', async version => {
    await writeTiles(version)
    const files = await listen((request, response) => {
      readFile(join(folder, decodeURIComponent(request.url ?? ''))).then(
        bytes => response.writeHead(200, { 'content-type': 'image/png' }).end(bytes),
        () => response.writeHead(404).end(),
      )
    })
    const service = serve({ url: `${files}/${version}/{identifier}`, format: 'png' })
    const path = 'x/123,45,1000,800/max/0/default.png'
    const found = await decode((await draw(service, path)).bytes)
    expect(compare(found, await decode(await drawDirectly(path)))).toEqual({ mean: 0, worst: 0 })
    const small = await draw(service, 'x/full/!160,160/90/gray.webp')
    expect(await sharp(small.bytes).metadata()).toMatchObject({ format: 'webp', width: 112, height: 160 })
    expect(await open({ url: `${files}/${version}/{identifier}` })('missing', {})).toBeUndefined()
  })
})

describe('a service that is not to be believed', () => {
  const info = {
    '@context': 'http://iiif.io/api/image/3/context.json',
    profile: 'level2',
    width: 512,
    height: 512,
    tiles: [{ width: 256, scaleFactors: [1, 2] }],
  }
  const answerWith = (tile: RequestListener) =>
    listen((request, response) => {
      if (request.url?.endsWith('/info.json')) response.end(JSON.stringify(info))
      else tile(request, response)
    })

  it.each<[string, RequestListener, object]>([
    [
      'a tile of another size',
      async (_request, response) => {
        const picture = fromPixels(wavePixels(250, 256)).jpeg()
        response.writeHead(200, { 'content-type': 'image/jpeg' }).end(await picture.toBuffer())
      },
      { status: 502, code: 'source-unavailable' },
    ],
    [
      'no image',
      (_request, response) => response.writeHead(200, { 'content-type': 'image/jpeg' }).end('JPEG'),
      { status: 500, code: 'source-damaged' },
    ],
    [
      'a page',
      (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      { status: 502, code: 'source-unavailable' },
    ],
    [
      'a refusal',
      (_request, response) => response.writeHead(403).end(),
      { status: 403, code: 'source-forbidden' },
    ],
    [
      'nothing',
      (_request, response) => response.writeHead(404).end(),
      { status: 502, code: 'source-unavailable' },
    ],
    [
      'a redirect to inside',
      (_request, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
      { status: 403, code: 'source-forbidden' },
    ],
  ])('and sends %s instead of a tile', async (_, tile, expected) => {
    const service = serve({ url: `${await answerWith(tile)}/{identifier}` })
    await expect(draw(service, 'x/0,0,256,256/max/0/default.jpg')).rejects.toMatchObject(expected)
    await expect(draw(service, 'x/full/max/0/default.png')).rejects.toMatchObject(expected)
  })

  it('and has no second page', async () => {
    const service = createImageService({ source: open({}), cache: false })
    closers.push(service)
    const source = await service.resolveSource('pyramid.tif')
    await expect(source.read(0, 10)).rejects.toMatchObject({ status: 501 })
  })

  it.each([
    ['format', { format: 'gif' as 'jpg' }],
    ['maxTileBytes', { maxTileBytes: 0 }],
    ['url', { url: 'https://a.example/x' }],
  ])('a wrong %s is told by its name', (name, options) => {
    expect(() => open(options)).toThrow(new RegExp(`^${name}: expected `))
  })
})
