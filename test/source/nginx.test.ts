// A real nginx in front of a real pyramid: the tiles are those of the local file, and cost what they may.
import { spawnSync } from 'node:child_process'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createImageService, type ImageService } from '../../src/service.js'
import { bytesSource } from '../../src/source/bytes.js'
import { fileSource } from '../../src/source/file.js'
import { httpSource } from '../../src/source/http.js'
import { startNginx } from '../bench/remote/nginx.js'
import { listSession } from '../bench/remote/session.js'
import { createFolder } from '../image/picture.js'
import { makePyramid, readBody } from '../service/folder.js'

const hasNginx = spawnSync('nginx', ['-v']).status === 0
const size = { width: 5000, height: 4000 }
const tiles = listSession(size, 256, 300, 1)

let folder: string
let nginx: Awaited<ReturnType<typeof startNginx>>
const closers: { close(): Promise<unknown> }[] = []

beforeAll(async () => {
  if (!hasNginx) return
  folder = await createFolder()
  await writeFile(join(folder, 'a.tif'), await makePyramid(5000, 4000, { compression: 'jpeg', quality: 90 }))
  nginx = await startNginx(folder)
}, 60_000)

afterAll(async () => {
  await Promise.all(closers.map(closer => closer.close()))
  await nginx?.stop()
})

function serve(): ImageService {
  const source = httpSource({
    url: `${nginx.origin}/{identifier}`,
    allowPrivateAddresses: ['127.0.0.1'],
    tempDirectory: folder,
    revalidateSeconds: 3600,
  })
  const service = createImageService({ source, cache: false, revalidate: 'never' })
  closers.push(service, source)
  return service
}

function serveBytes(bytes: Uint8Array): ImageService {
  const service = createImageService({ source: () => bytesSource(bytes), cache: false })
  closers.push(service)
  return service
}

async function ask(service: ImageService, tile: string): Promise<Buffer> {
  const request = service.parseRequest(`/iiif/3/a.tif/${tile}`)
  if (request?.kind !== 'image') throw new Error(`no image request: ${tile}`)
  return readBody((await service.process(request)).body)
}

// The log is written a moment after the answer.
async function readTraffic() {
  await new Promise(resolve => setTimeout(resolve, 200))
  return nginx.read()
}

describe.skipIf(!hasNginx)('a pyramid behind nginx', () => {
  it('gives the tiles of the local file, for at most 40 % of the requests and 1.5 times the bytes', async () => {
    const local = createImageService({ source: fileSource(folder), cache: false })
    closers.push(local)
    const service = serve()
    await ask(service, '0,0,256,256/256,256/0/default.jpg')
    await readTraffic()
    await nginx.reset()
    const rest = tiles[Symbol.iterator]()
    let bytes = 0
    const view = async (): Promise<void> => {
      for (const tile of rest) {
        const found = await ask(service, tile)
        expect(found.equals(await ask(local, tile))).toBe(true)
        bytes += found.length
      }
    }
    await Promise.all(Array.from({ length: 6 }, view))
    const traffic = await readTraffic()
    expect(traffic.requests).toBeGreaterThan(0)
    expect(traffic.requests).toBeLessThanOrEqual(0.4 * tiles.length)
    expect(traffic.bytes).toBeLessThanOrEqual(1.5 * bytes)
  })

  it('that is replaced is noticed by its tag: no tile has bytes of both', async () => {
    const service = serve()
    const old = await readFile(join(folder, 'a.tif'))
    const before = await ask(service, tiles[0]!)
    const other = await makePyramid(5000, 4000, { compression: 'jpeg', quality: 90 }, true)
    await writeFile(join(folder, 'a.new'), other)
    await rename(join(folder, 'a.new'), join(folder, 'a.tif'))
    const seen = tiles.slice(100, 130)
    const [asBefore, asNow] = [old, other].map(bytes => serveBytes(bytes))
    let replaced = 0
    for (const [index, found] of (await Promise.all(seen.map(tile => ask(service, tile)))).entries()) {
      const isNew = found.equals(await ask(asNow!, seen[index]!))
      expect(isNew || found.equals(await ask(asBefore!, seen[index]!))).toBe(true)
      if (isNew) replaced += 1
    }
    expect(replaced).toBeGreaterThan(0)
    const after = await ask(serve(), tiles[0]!)
    expect(after.equals(before)).toBe(false)
  })
})
