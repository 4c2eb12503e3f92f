// What a tile of an image on another server costs: requests and bytes, counted where they are answered.
import { beforeAll, describe, expect, it } from 'vitest'
import { listTileGrid } from '../../src/protocol/tiles.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { blockCache } from '../../src/source/block-cache.js'
import { httpSource } from '../../src/source/http.js'
import { createFolder } from '../image/picture.js'
import { makePyramid, readBody } from '../service/folder.js'
import { type FileServer, startFileServer } from './http-server.js'

const size = { width: 4000, height: 3000 }
const blockBytes = 4096

let server: FileServer
let folder: string

beforeAll(async () => {
  server = await startFileServer()
  folder = await createFolder()
  server.files.set('/large.tif', {
    bytes: await makePyramid(4000, 3000, { compression: 'jpeg', quality: 90 }),
  })
}, 60_000)

async function withService(
  readAheadBytes: number,
  work: (service: ImageService) => Promise<void>,
): Promise<void> {
  const source = httpSource({
    url: `${server.origin}/{identifier}`,
    allowPrivateAddresses: true,
    tempDirectory: folder,
    cache: blockCache({ blockBytes, readAheadBytes }),
    revalidateSeconds: 3600,
  })
  const service = createImageService({ source, cache: false })
  await service.describe('large.tif')
  await work(service)
  await service.close()
  await source.close()
}

/** Asks for a tile; gives the length of the answer. */
async function ask(service: ImageService, { region, size: wanted }: (typeof tiles)[number]): Promise<number> {
  const box = `${region.x},${region.y},${region.width},${region.height}`
  const request = service.parseRequest(
    `/iiif/3/large.tif/${box}/${wanted.width},${wanted.height}/0/default.jpg`,
  )
  if (request?.kind !== 'image') throw new Error(`no image request: ${box}`)
  const result = await service.process(request)
  expect(result.way).toBe('stored')
  return (await readBody(result.body)).length
}

const tile = { width: 256, height: 256 }
const tiles = [1, 2, 4, 8]
  .flatMap(factor => [...listTileGrid(size, tile, factor)])
  .filter(({ size: { width, height } }) => width === 256 && height === 256)

describe('a tile on the grid, after the image was opened,', () => {
  // One tile here, one there, as a program might ask for them.
  const scattered = tiles.filter((_, index) => index % 7 === 3)

  it('costs one range of its bytes, to the next block, without reading ahead', () =>
    withService(0, async service => {
      for (const place of scattered) {
        server.reset()
        const length = await ask(service, place)
        expect(server.seen.length).toBeLessThanOrEqual(1)
        expect(server.sent()).toBeLessThanOrEqual(length + 2 * blockBytes)
      }
    }))

  it('costs one range of its bytes and of those that are read ahead', () =>
    withService(65_536, async service => {
      for (const place of scattered) {
        server.reset()
        const length = await ask(service, place)
        expect(server.seen.length).toBeLessThanOrEqual(1)
        expect(server.sent()).toBeLessThanOrEqual(1.3 * length + 2 * 65_536 + 2 * blockBytes)
      }
    }))
})

describe('all tiles of a level, row by row,', () => {
  it('cost far fewer requests than there are tiles, and few bytes that are none of theirs', () =>
    withService(65_536, async service => {
      server.reset()
      let length = 0
      const level = tiles.filter(({ region }) => region.width === 256)
      for (const place of level) length += await ask(service, place)
      expect(server.seen.length).toBeLessThan(0.4 * level.length)
      expect(server.sent()).toBeLessThan(1.5 * length)
    }))
})
