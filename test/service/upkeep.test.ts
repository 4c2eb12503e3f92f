// What the service remembers, for how long, and how it is made to forget.
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fileCache } from '../../src/cache/file.js'
import { memoryCache } from '../../src/cache/memory.js'
import type { Cache, CacheEntry, HttpReply, ImageSource } from '../../src/contracts.js'
import { SourceError } from '../../src/errors.js'
import type { ImageServiceOptions } from '../../src/options.js'
import type { WarmProgress } from '../../src/service/upkeep.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { bytesSource } from '../../src/source/bytes.js'
import { fileSource } from '../../src/source/file.js'
import { createFolder } from '../image/picture.js'
import { makePyramid, readBody, waitUntil } from './folder.js'

const url = '/iiif/3/cat.png/full/40,/0/default.png'
let folder: string
let services: ImageService[] = []

const paint = (colour: string) =>
  sharp({ create: { width: 80, height: 60, channels: 3, background: colour } })
    .png()
    .toBuffer()

beforeEach(async () => {
  folder = await createFolder()
  await writeFile(join(folder, 'cat.png'), await paint('#c04020'))
})

afterEach(async () => {
  await Promise.all(services.map(service => service.close()))
  services = []
  await rm(folder, { recursive: true, force: true })
})

function create(options: Partial<ImageServiceOptions> = {}): ImageService {
  const service = createImageService({ source: fileSource(folder), ...options })
  services.push(service)
  return service
}

async function get(service: ImageService, path = url): Promise<HttpReply & { readonly colour: string }> {
  const reply = await service.handle({ method: 'GET', url: path, mountPath: '', headers: {}, scheme: 'http' })
  if (reply === undefined) throw new Error('not ours')
  if (reply.status !== 200) return { ...reply, colour: '' }
  const bytes = await readBody(reply.body as Uint8Array)
  const { data } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
  return { ...reply, colour: data.subarray(0, 3).toString('hex') }
}

/** Bytes that are found under a version, and how often they were looked for. */
function createShelf(bytes: Buffer) {
  const shelf = { bytes, version: '1', looks: 0, isSlow: false, failure: undefined as Error | undefined }
  let release = (): void => {}
  const resolve = async (): Promise<ImageSource | undefined> => {
    shelf.looks += 1
    if (shelf.isSlow) await new Promise<void>(done => (release = done))
    if (shelf.failure) throw shelf.failure
    return shelf.version === '' ? undefined : bytesSource(shelf.bytes, { version: shelf.version })
  }
  return { shelf, resolve, release: () => release() }
}

describe('a source that changes', () => {
  it('is shown as it is now, once that is known, and never as it was', async () => {
    const { shelf, resolve } = createShelf(await paint('#c04020'))
    const service = create({ source: resolve, revalidate: 'always' })
    expect((await get(service)).colour).toBe('c04020')
    Object.assign(shelf, { bytes: await paint('#2040c0'), version: '2' })
    for (let turn = 0; turn < 3; turn += 1) expect((await get(service)).colour).toBe('2040c0')
  })

  it('is looked at once while it is believed', async () => {
    const { shelf, resolve } = createShelf(await paint('#c04020'))
    const service = create({ source: resolve, revalidate: 'never' })
    for (let turn = 0; turn < 5; turn += 1) await get(service)
    expect(shelf.looks).toBe(1)
  })

  it('is looked at once for all who ask at the same time', async () => {
    const { shelf, resolve } = createShelf(await paint('#c04020'))
    const service = create({ source: resolve, revalidate: 'always' })
    await Promise.all(Array.from({ length: 20 }, () => get(service)))
    expect(shelf.looks).toBe(1)
  })

  it('is shown as it was while a slow look is taken, if that is allowed', async () => {
    const { shelf, resolve, release } = createShelf(await paint('#c04020'))
    const service = create({ source: resolve, revalidate: { afterSeconds: 0.01, staleSeconds: 3600 } })
    await get(service)
    Object.assign(shelf, { bytes: await paint('#2040c0'), version: '2', isSlow: true })
    await new Promise(done => setTimeout(done, 30))
    expect((await get(service)).colour).toBe('c04020')
    expect(shelf.looks).toBe(2)
    release()
    shelf.isSlow = false
    await waitUntil(() => shelf.looks === 2)
    await expect.poll(async () => (await get(service)).colour).toBe('2040c0')
  })

  it('is still shown when it cannot be looked at for a while', async () => {
    const { shelf, resolve } = createShelf(await paint('#c04020'))
    const service = create({ source: resolve, revalidate: { afterSeconds: 0.01, staleSeconds: 3600 } })
    await get(service)
    shelf.failure = new SourceError(500, 'source-unreadable', 'The disk is away.')
    await new Promise(done => setTimeout(done, 30))
    for (let turn = 0; turn < 3; turn += 1) expect((await get(service)).status).toBe(200)
  })
})

describe('a source that is gone', () => {
  it.each(['always', 0.01] as const)(
    'takes with it what was made from it, and nothing else (revalidate: %s)',
    async revalidate => {
      const cache = memoryCache()
      const service = create({ cache, revalidate })
      await writeFile(join(folder, 'cat.png.png'), await paint('#2040c0'))
      await get(service)
      await get(service, url.replace('cat.png', 'cat.png.png'))
      expect(cache.stats?.().entries).toBe(4)
      await rm(join(folder, 'cat.png'))
      await new Promise(done => setTimeout(done, 30))
      expect((await get(service)).status).toBe(404)
      // The description and the image of the other one.
      await expect.poll(() => cache.stats?.().entries).toBe(2)
      expect((await get(service, url.replace('cat.png', 'cat.png.png'))).colour).toBe('2040c0')
    },
  )
})

describe('purge', () => {
  it('forgets one image', async () => {
    const cache = memoryCache()
    const service = create({ cache })
    await writeFile(join(folder, 'other.png'), await paint('#2040c0'))
    await get(service)
    await get(service, url.replace('cat.png', 'other.png'))
    await service.purge({ identifier: 'cat.png' })
    expect(cache.stats?.().entries).toBe(2)
    expect(service.stats().images.render).toEqual({ hit: 0, miss: 2, none: 0 })
    await get(service)
    await get(service, url.replace('cat.png', 'other.png'))
    expect(service.stats().images.render).toEqual({ hit: 1, miss: 3, none: 0 })
  })

  it('forgets everything, also for who believes a source for ever', async () => {
    const cache = memoryCache()
    const service = create({ cache, revalidate: 'never' })
    await get(service)
    await writeFile(join(folder, 'cat.png'), await paint('#2040c0'))
    expect((await get(service)).colour).toBe('c04020')
    await service.purge({ all: true })
    expect(cache.stats?.().entries).toBe(0)
    expect((await get(service)).colour).toBe('2040c0')
  })

  it('also stops what is being made from being kept', async () => {
    const kept: string[] = []
    let answer = (): void => {}
    let isSlow = false
    const cache: Cache = {
      get: () => (isSlow ? new Promise(done => (answer = () => done(undefined))) : undefined),
      set: (key: string, _entry: CacheEntry) => void kept.push(key),
      delete: () => {},
    }
    const service = create({ cache })
    await service.describe('cat.png')
    isSlow = true
    kept.length = 0
    const making = get(service)
    await waitUntil(() => service.stats().making === 1)
    await service.purge({ identifier: 'cat.png' })
    isSlow = false
    answer()
    expect((await making).status).toBe(200)
    expect(kept).toEqual([])
    await get(service)
    expect(kept).not.toEqual([])
  })

  it('tells when a copy may be left', async () => {
    const cache: Cache = {
      get: () => undefined,
      set: () => {},
      delete: async () => {
        throw new Error('away')
      },
    }
    await expect(create({ cache }).purge({ identifier: 'cat.png' })).rejects.toThrow('away')
  })

  it('deletes what has expired', async () => {
    const service = create({ cache: memoryCache({ ttlSeconds: 0.05 }) })
    await get(service)
    await new Promise(done => setTimeout(done, 80))
    expect(await service.purge({ expired: true })).toMatchObject({ deletedEntries: 2 })
  })

  it('wants to know what', async () => {
    await expect(create().purge({} as { all: true })).rejects.toThrow(TypeError)
  })
})

describe('a persistent cache', () => {
  it('gives descriptions and images to the next process, which reads nothing', async () => {
    const cached = await createFolder()
    const { shelf, resolve } = createShelf(await paint('#c04020'))
    const options = () => ({ source: resolve, cache: fileCache({ folder: cached, maxBytes: 2 ** 24 }) })
    const first = create(options())
    await get(first)
    await expect.poll(() => first.stats().cache?.bytes ?? 0).toBeGreaterThan(4096)
    await first.close()
    shelf.bytes = Buffer.from('no image at all')
    const second = create(options())
    expect((await get(second)).colour).toBe('c04020')
    expect(second.stats().images.render).toEqual({ hit: 1, miss: 0, none: 0 })
    await rm(cached, { recursive: true, force: true })
  })

  it('is swept at intervals, and not any more when the service is closed', async () => {
    let sweeps = 0
    const cache: Cache = {
      get: () => undefined,
      set: () => {},
      delete: () => {},
      sweep() {
        sweeps += 1
        return { deletedEntries: 0, deletedBytes: 0 }
      },
    }
    const service = create({ cache, maintenance: { intervalSeconds: 0.01 } })
    await waitUntil(() => sweeps >= 2)
    await service.close()
    const after = sweeps
    await new Promise(done => setTimeout(done, 60))
    expect(sweeps).toBe(after)
    expect(create({ cache, maintenance: false }).stats().cache).toEqual({
      hits: 0,
      misses: 0,
      failures: 0,
      skipped: 0,
    })
  })
})

describe('the query argument cache', () => {
  it.each([
    ['nocache', 0],
    ['false', 0],
    ['recache', 1],
  ])('%s goes past the cache where that is allowed', async (word, kept) => {
    const asked: string[] = []
    const service = create({
      allowCacheBypass({ url }) {
        asked.push(url)
        return true
      },
    })
    await get(service, `${url}?cache=${word}`)
    await get(service, `${url}?cache=${word}`)
    expect(asked).toHaveLength(2)
    expect(service.stats().images.render).toEqual({ hit: 0, miss: 2, none: 0 })
    await get(service)
    expect(service.stats().images.render).toEqual({ hit: kept, miss: 3 - kept, none: 0 })
  })

  it.each([undefined, () => false])('has no effect where it is not', async allowCacheBypass => {
    const service = create(allowCacheBypass ? { allowCacheBypass } : {})
    await get(service)
    for (const word of ['nocache', 'false', 'recache', 'x']) await get(service, `${url}?cache=${word}`)
    expect(service.stats().images.render).toEqual({ hit: 4, miss: 1, none: 0 })
  })
})

describe('warm', () => {
  const collect = async (progress: AsyncIterable<WarmProgress>) => {
    const steps: WarmProgress[] = []
    for await (const step of progress) steps.push(step)
    return steps
  }

  beforeEach(async () => {
    await writeFile(join(folder, 'map.tif'), await makePyramid(1000, 700, { compression: 'deflate' }))
  })

  it('makes what a viewer asks for, and tells how far it is', async () => {
    const service = create()
    const steps = await collect(service.warm('map.tif'))
    expect(steps.map(({ done }) => done)).toEqual(steps.map((_, index) => index + 1))
    expect(new Set(steps.map(({ total }) => total))).toEqual(new Set([steps.length]))
    expect(steps.every(({ outcome }) => outcome === 'miss' || outcome === 'hit')).toBe(true)
    await get(service, '/iiif/3/map.tif/256,256,256,256/256,256/0/default.jpg')
    await get(service, '/iiif/3/map.tif/0,0,512,512/256,256/0/default.jpg')
    expect(service.stats().images.render).toEqual({ hit: 2, miss: 0, none: 0 })
    expect((await collect(service.warm('map.tif'))).every(({ outcome }) => outcome === 'hit')).toBe(true)
  })

  it('makes only what is wanted', async () => {
    const service = create()
    const steps = await collect(service.warm('map.tif', { sizes: false, scaleFactors: [2], format: 'webp' }))
    expect(steps.map(({ canonical }) => canonical)).toEqual([
      '0,0,512,512/256,256/0/default.webp',
      '512,0,488,512/244,256/0/default.webp',
      '0,512,512,188/256,94/0/default.webp',
      '512,512,488,188/244,94/0/default.webp',
    ])
  })

  it('stops when it is told to, and for an image that is not there', async () => {
    const service = create()
    const controller = new AbortController()
    const steps = service.warm('map.tif', { signal: controller.signal })
    const iterator = steps[Symbol.asyncIterator]()
    await iterator.next()
    controller.abort()
    await expect(iterator.next()).rejects.toMatchObject({ code: 'aborted' })
    await expect(collect(service.warm('none.tif'))).rejects.toMatchObject({ code: 'not-found' })
    expect(service.stats().schedule.tile).toMatchObject({ running: 0, queued: 0 })
  })
})
