/* Large results, which are streamed, through the compiled package: its workers are the real ones. */
import { open, readFile, rename, writeFile } from 'node:fs/promises'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createInlineJoiner } from '../../src/image/joiner.js'
import type { ImageResult, ImageService, ImageServiceOptions } from '../../src/index.js'
import { readLevels } from '../image/jpeg/tiff-tiles.js'
import { createFolder, decode } from '../image/picture.js'
import { compareJoined, readWithVips } from '../image/stored-files.js'
import { listOpenFiles, loadNodeDoor, loadPackage, makePyramid, readBody, waitUntil } from './folder.js'

// 9.4 megapixels, in 16 × 9 tiles.
const [width, height] = [4096, 2304]
const full = 'large.tif/full/max/0/default.jpg'

let folder: string
let original: Buffer
let other: Buffer
let lossless: Buffer
let otherLossless: Buffer
let honeydew: Awaited<ReturnType<typeof loadPackage>>
const services: ImageService[] = []

beforeAll(async () => {
  honeydew = await loadPackage()
  folder = await createFolder()
  original = await makePyramid(width, height, { compression: 'jpeg', quality: 80 })
  other = await makePyramid(width, height, { compression: 'jpeg', quality: 80 }, true)
  lossless = await makePyramid(1000, 800, { compression: 'lzw' })
  otherLossless = await makePyramid(1000, 800, { compression: 'lzw' }, true)
}, 60_000)

async function createService(options: Partial<ImageServiceOptions> = {}): Promise<ImageService> {
  await writeFile(join(folder, 'large.tif'), original)
  const service = honeydew.createImageService({ source: honeydew.fileSource(folder), ...options })
  services.push(service)
  return service
}

afterEach(async () => {
  await Promise.all(services.splice(0).map(service => service.close()))
})

async function ask(service: ImageService, path = full): Promise<ImageResult> {
  const request = service.parseRequest(`/iiif/3/${path}`)
  if (request?.kind !== 'image') throw new Error(`no image request: ${path}`)
  return service.process(request)
}

/** The bytes of a result, in as many pieces as they came; `error` where it broke off. */
async function drain(chunks: AsyncIterator<Uint8Array>): Promise<{ bytes: Buffer; error?: unknown }> {
  const pieces: Uint8Array[] = []
  try {
    for (;;) {
      const next = await chunks.next()
      if (next.done) return { bytes: Buffer.concat(pieces) }
      pieces.push(next.value)
    }
  } catch (error) {
    return { bytes: Buffer.concat(pieces), error }
  }
}

/** What joining in one piece makes of the largest level. */
async function joinWhole(file: Buffer): Promise<Buffer> {
  const { tile, colour, tables, tiles, columns } = readLevels(file)[0]!
  const plan = { tile, columns, box: { x: 0, y: 0, width, height }, colour, tables }
  return Buffer.from(await createInlineJoiner().join(tiles, plan))
}

describe('full/max of more than 8 megapixels', () => {
  it('is streamed, complete, and what joining in one piece makes', async () => {
    const result = await ask(await createService())
    expect(result.way).toBe('stored')
    expect(result.body).not.toBeInstanceOf(Uint8Array)
    const bytes = await readBody(result.body)
    expect(bytes.equals(await joinWhole(original))).toBe(true)
    const box = { x: 0, y: 0, width, height }
    const { inside, mean } = compareJoined(await decode(bytes), await readWithVips(original, box), box, 256)
    expect(inside).toBe(0)
    expect(mean).toBeLessThan(0.1)
  })

  it('is the same for many at once', async () => {
    const service = await createService()
    const expected = await joinWhole(original)
    const all = await Promise.all([1, 2, 3, 4, 5].map(async () => readBody((await ask(service)).body)))
    expect(all.every(bytes => bytes.equals(expected))).toBe(true)
  })

  it('is sent over HTTP as it is', async () => {
    const service = await createService()
    const { createNodeHandler } = await loadNodeDoor()
    const server = createServer(createNodeHandler(service)).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    const reply = await fetch(`http://127.0.0.1:${port}/iiif/3/${full}`)
    expect(reply.status).toBe(200)
    expect(Buffer.from(await reply.arrayBuffer()).equals(await joinWhole(original))).toBe(true)
    server.closeAllConnections()
    server.close()
  })
})

describe('a client that leaves', () => {
  it.each(['before anything was read', 'in the middle'])('%s lets the file be closed', async when => {
    const service = await createService()
    const { body } = await ask(service)
    const chunks = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    if (when === 'in the middle') await chunks.next()
    await chunks.return?.()
    await service.close()
    await waitUntil(() => listOpenFiles(folder).length === 0)
    expect(listOpenFiles(folder)).toEqual([])
  })

  it('over HTTP lets the file be closed, and others go on', async () => {
    const service = await createService()
    const { createNodeHandler } = await loadNodeDoor()
    const server = createServer(createNodeHandler(service)).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    const leave = () =>
      new Promise<void>(resolve => {
        const request = get({ port, host: '127.0.0.1', path: `/iiif/3/${full}`, agent: false }, response => {
          response.once('data', () => {
            response.destroy()
            resolve()
          })
        })
        request.on('error', () => resolve())
      })
    await Promise.all(Array.from({ length: 6 }, leave))
    const reply = await fetch(`http://127.0.0.1:${port}/iiif/3/${full}`)
    expect(Buffer.from(await reply.arrayBuffer()).equals(await joinWhole(original))).toBe(true)
    server.closeAllConnections()
    server.close()
    await service.close()
    await waitUntil(() => listOpenFiles(folder).length === 0)
    expect(listOpenFiles(folder)).toEqual([])
  })

  it('and a service that is closed in the middle of a stream: it ends or breaks off, and the file is closed', async () => {
    const service = await createService()
    const { body } = await ask(service)
    const chunks = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    await chunks.next()
    await service.close()
    // By now the workers are gone.
    await new Promise(resolve => setTimeout(resolve, 300))
    const late = new Promise(resolve => setTimeout(resolve, 5000, 'pending').unref())
    expect(await Promise.race([drain(chunks).then(() => 'ended'), late])).toBe('ended')
    await waitUntil(() => listOpenFiles(folder).length === 0)
    expect(listOpenFiles(folder)).toEqual([])
  })
})

describe('a file that is replaced while it is streamed', () => {
  it.each(['by another of its name', 'in place', 'in place, shorter'])('%s', async how => {
    const service = await createService({ cache: false })
    const expected = await joinWhole(original)
    const { body } = await ask(service)
    const chunks = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    const first = await chunks.next()
    const path = join(folder, 'large.tif')
    if (how === 'by another of its name') {
      await writeFile(`${path}.new`, other)
      await rename(`${path}.new`, path)
    } else if (how === 'in place') {
      const handle = await open(path, 'r+')
      await handle.write(other, 0, Math.min(other.length, original.length), 0)
      await handle.close()
    } else {
      await writeFile(path, other.subarray(0, 100_000))
    }
    const { bytes, error } = await drain(chunks)
    const sent = Buffer.concat([first.value, bytes])
    if (error === undefined) expect(sent.equals(expected)).toBe(true)
    else expect(expected.subarray(0, sent.length).equals(sent)).toBe(true)
    if (how !== 'by another of its name') expect(error).toBeInstanceOf(Error)
  })

  it('and is served anew afterwards', async () => {
    const service = await createService({ revalidate: 'always' })
    await readBody((await ask(service)).body)
    await writeFile(join(folder, 'large.tif.new'), other)
    await rename(join(folder, 'large.tif.new'), join(folder, 'large.tif'))
    const bytes = await readBody((await ask(service)).body)
    expect(bytes.equals(await joinWhole(other))).toBe(true)
  })
})

describe('a file that is replaced between two requests that take it for the same', () => {
  it.each([
    ['stored', 'large.tif', '256,256,256,256/256,/0/default.png'],
    ['left to libvips', 'lossless.tif', '300,300,200,200/200,/0/default.png'],
  ])('gives its old pixels, or is looked at again, and nothing is mixed: %s', async (_, name, parameters) => {
    const path = join(folder, name)
    const service = await createService({ revalidate: 'never', cache: false })
    if (name === 'lossless.tif') await writeFile(path, lossless)
    const before = await ask(service, `${name}/${parameters}`)
    const expected = await decode(await readBody(before.body))
    await writeFile(`${path}.new`, name === 'lossless.tif' ? otherLossless : other)
    await rename(`${path}.new`, path)
    const after = await ask(service, `${name}/${parameters}`)
    const found = await decode(await readBody(after.body))
    const fresh = honeydew.createImageService({ source: honeydew.fileSource(folder) })
    services.push(fresh)
    const anew = await ask(fresh, `${name}/${parameters}`)
    const replaced = await decode(await readBody(anew.body))
    const isSame = (one: typeof found) => Buffer.from(found.data).equals(Buffer.from(one.data))
    expect(isSame(replaced)).toBe(name === 'lossless.tif')
    expect(isSame(expected)).toBe(name !== 'lossless.tif')
  })
})

describe('damage in the middle', () => {
  it('breaks a body off that has begun, and lets the file be closed', async () => {
    const service = await createService()
    const damaged = Buffer.from(original)
    readLevels(damaged)[0]!.tiles[100]!.fill(0)
    await writeFile(join(folder, 'damaged.tif'), damaged)
    const { body } = await ask(service, 'damaged.tif/full/max/0/default.jpg')
    const { error } = await drain((body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]())
    expect(error).toBeInstanceOf(Error)
    await service.close()
    await waitUntil(() => listOpenFiles(folder).length === 0)
    expect(listOpenFiles(folder)).toEqual([])
  })
})

it('the corpus is what the tests take it for', async () => {
  expect(await sharp(original).metadata()).toMatchObject({ width, height })
  expect((await readFile(join(folder, 'large.tif'))).length).toBeGreaterThan(1_000_000)
})
