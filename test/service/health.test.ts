// Whether a service says truly how it is, whoever asks and however often.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient } from 'redis'
import sharp from 'sharp'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { fileCache } from '../../src/cache/file.js'
import { memoryCache } from '../../src/cache/memory.js'
import { redisCache } from '../../src/cache/redis.js'
import { createSafeCache } from '../../src/cache/safe.js'
import { tieredCache } from '../../src/cache/tiered.js'
import type { Cache, CacheMatch, ImageSource, SourceResolver } from '../../src/contracts.js'
import type { ImageServiceOptions } from '../../src/options.js'
import { createDesk } from '../../src/service/desk.js'
import { createHealth, type HealthOptions } from '../../src/service/health.js'
import { resolveServiceOptions } from '../../src/service/settings.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { bytesSource } from '../../src/source/bytes.js'
import { fileSource } from '../../src/source/file.js'
import { createFolder as createCacheFolder, listEntryFiles } from '../cache/cache-folder.js'
import { createRedisServer, hasRedis } from '../cache/redis-server.js'
import { createFolder } from '../image/picture.js'
import { ask, countBytes, readReply, readWork, waitForIdle } from './asking.js'
import { makePyramid, waitUntil } from './folder.js'

let folder: string
let png: Buffer

beforeAll(async () => {
  folder = await createFolder()
  png = await sharp({ create: { width: 400, height: 3, channels: 3, background: '#c04020' } })
    .png()
    .toBuffer()
  await writeFile(join(folder, 'cat.png'), png)
  await writeFile(join(folder, 'damaged.png'), png.subarray(0, 60))
  await writeFile(join(folder, 'words.png'), 'no image at all')
  await writeFile(join(folder, 'cmyk.tif'), await sharp(png).toColourspace('cmyk').tiff().toBuffer())
})

function create(options: Partial<ImageServiceOptions> = {}): ImageService {
  const service = createImageService({ source: fileSource(folder), ...options })
  onTestFinished(() => service.close())
  return service
}

/** Health with a clock that is set by hand. */
function createClocked(options: Partial<ImageServiceOptions>, health: HealthOptions) {
  const desk = createDesk(resolveServiceOptions({ source: fileSource(folder), ...options }))
  onTestFinished(() => desk.close())
  const clock = { ms: 0 }
  return { desk, clock, health: createHealth(desk, health, () => clock.ms) }
}

const green = { color: 'GREEN', seconds: expect.any(Number) }

describe('the health of a service', () => {
  it('is green when it makes images and keeps them', async () => {
    expect(await create().health()).toEqual({ color: 'GREEN', checks: { renderer: green, cache: green } })
  })

  it('is told without a cache where there is none', async () => {
    expect(await create({ cache: false }).health()).toEqual({ color: 'GREEN', checks: { renderer: green } })
  })

  it('is red when the service is closed', async () => {
    const service = create()
    await service.close()
    expect(await service.health()).toEqual({ color: 'RED', message: 'The service is closed.', checks: {} })
  })

  it.each<[HealthOptions, string]>([
    [{ timeoutSeconds: 0 }, 'health.timeoutSeconds'],
    [{ timeoutSeconds: Number.NaN }, 'health.timeoutSeconds'],
    [{ timeoutSeconds: 3601 }, 'health.timeoutSeconds'],
    [{ identifier: '' }, 'health.identifier'],
    [{ identifier: 7 as never }, 'health.identifier'],
  ])('refuses %j', (health, name) => {
    expect(() => createImageService({ source: fileSource(folder), health })).toThrow(
      expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(name) }),
    )
  })
})

describe('a cache that', () => {
  const secret = 'redis://user:secret@10.0.0.7'
  const never = () => new Promise<never>(() => {})
  const fail = () => {
    throw new Error(secret)
  }
  const sound = memoryCache()
  it.each<[string, Cache]>([
    ['keeps nothing', { ...sound, set() {} }],
    ['finds nothing', { ...sound, get: () => undefined }],
    [
      'finds something else',
      { ...sound, get: () => ({ bytes: new Uint8Array(16), mediaType: 'image/png' }) },
    ],
    ['does not delete', { ...sound, delete: fail }],
    ['throws', { get: fail, set: fail, delete: fail }],
    ['rejects', { get: async () => fail(), set: async () => fail(), delete: async () => fail() }],
    ['is far, behind a near one', tieredCache(memoryCache(), { get: fail, set: fail, delete: fail })],
    [
      'is far, behind two near ones',
      tieredCache(memoryCache(), tieredCache(memoryCache(), { ...sound, set() {} })),
    ],
  ])('%s makes the service yellow, and images are made nevertheless', async (_, cache) => {
    const service = create({ cache })
    const { color, message, checks } = await service.health()
    expect([color, checks.renderer?.color, checks.cache?.color]).toEqual(['YELLOW', 'GREEN', 'YELLOW'])
    expect(message).toBe('The cache does not keep what it is given.')
    expect((await ask(service, 'cat.png/full/max/0/default.jpg')).status).toBe(200)
  })

  it('does not answer is waited for only so long', async () => {
    const cache = { get: never, set: never, delete: never }
    const { checks } = await create({ cache, health: { timeoutSeconds: 0.1 } }).health()
    const message = 'The cache does not keep what it is given (timeout).'
    expect(checks.cache).toMatchObject({ color: 'YELLOW', message })
  })

  it('is asked about a key that no image has, and is left as it was', async () => {
    const keys: string[] = []
    const inner = memoryCache()
    const cache: Cache = {
      ...inner,
      set(key, entry) {
        keys.push(key)
        return inner.set(key, entry)
      },
      delete(match: CacheMatch) {
        expect(match.kind).toBe('key')
        return inner.delete(match)
      },
    }
    await create({ cache }).health()
    await create({ cache }).health()
    const owners = keys.map(key => key.slice(0, key.indexOf('|')))
    for (const owner of owners) expect(encodeURIComponent(decodeURIComponent(owner))).not.toBe(owner)
    // Two services that share a cache do not take what the other keeps.
    expect(new Set(keys).size).toBe(2)
    expect(inner.stats?.().entries).toBe(0)
  })

  it('is a folder is looked at there', async () => {
    const path = createCacheFolder()
    const service = create({
      cache: tieredCache(memoryCache(), fileCache({ folder: path, maxBytes: 2 ** 20 })),
    })
    expect((await service.health()).color).toBe('GREEN')
    expect(listEntryFiles(path)).toEqual([])
  })

  it.skipIf(!hasRedis)('is a Redis is yellow while that is gone, and green again afterwards', async () => {
    const server = createRedisServer()
    await server.start()
    onTestFinished(() => server.remove())
    const client = createClient({ socket: { path: server.path, reconnectStrategy: 20 } }).on(
      'error',
      () => {},
    )
    onTestFinished(() => client.destroy())
    await client.connect()
    const cache = createSafeCache(redisCache({ client }), { pauseMs: 1 })
    const { clock, health } = createClocked({ cache }, {})
    expect((await health()).color).toBe('GREEN')
    await server.stop()
    clock.ms += 1000
    expect((await health()).color).toBe('YELLOW')
    await server.start()
    await expect
      .poll(
        async () => {
          clock.ms += 1000
          return (await health()).color
        },
        { timeout: 20_000 },
      )
      .toBe('GREEN')
  })
})

describe('the test image', () => {
  const check = async (identifier: string, options: Partial<ImageServiceOptions> = {}) =>
    create({ ...options, health: { identifier } }).health()

  it.each<[string, Partial<ImageServiceOptions>?]>([
    ['cat.png'],
    ['cmyk.tif'],
    ['cat.png;1'],
    ['cat.png', { limits: { maxWidth: 4, maxHeight: 4 }, formats: ['jpg', 'webp'] }],
    ['cat.png', { redactions: () => [], authorize: () => false as never }],
  ])('that can be made leaves the service green: %s', async (identifier, options) => {
    const { color, checks } = await check(identifier, options)
    expect([color, checks.source]).toEqual(['GREEN', green])
  })

  it.each([
    ['nobody.png', '(not-found)'],
    ['../secret.png', '(invalid-identifier)'],
    ['words.png', '(source-unsupported)'],
    ['damaged.png', '(source-damaged)'],
    ['cat.png;2', '(not-found)'],
  ])('that cannot be made makes it red: %s', async (identifier, code) => {
    const { color, message, checks } = await check(identifier)
    expect([color, checks.renderer?.color]).toEqual(['RED', 'GREEN'])
    expect(message).toBe(`The test image cannot be made ${code}.`)
  })

  it('tells nothing of where images come from', async () => {
    const source = () => {
      throw new Error('connect ECONNREFUSED 10.0.0.7:9000 /srv/secret')
    }
    const health = await check('cat.png', { source })
    expect(health).toMatchObject({ color: 'RED', message: 'The test image cannot be made.' })
    expect(JSON.stringify(health)).not.toMatch(/secret|10\.0|cat\.png/)
  })

  it('is fetched for each look, past what is remembered and kept', async () => {
    let looks = 0
    const bytes = countBytes(png)
    const source: SourceResolver = () => {
      looks += 1
      return bytes.source
    }
    const { clock, health } = createClocked({ source, revalidate: 'never' }, { identifier: 'cat.png' })
    for (let turn = 1; turn <= 3; turn += 1) {
      const readBefore = bytes.countRead()
      clock.ms += 1000
      expect((await health()).color).toBe('GREEN')
      expect([looks, bytes.countRead() > readBefore]).toEqual([turn, true])
    }
  })

  it('is given back when it was made', async () => {
    let [opened, closed] = [0, 0]
    const source: SourceResolver = () => {
      opened += 1
      const close = async () => {
        closed += 1
      }
      return { ...bytesSource(png, { version: '1' }), close }
    }
    await check('cat.png', { source })
    expect([opened, closed]).toEqual([1, 1])
  })
})

describe('who asks for health', () => {
  it('is answered by one look, however many ask at the same time or within a second', async () => {
    let looks = 0
    const source = (): ImageSource => {
      looks += 1
      return bytesSource(png, { version: '1' })
    }
    const { clock, health } = createClocked({ source }, { identifier: 'cat.png' })
    await Promise.all(Array.from({ length: 1000 }, health))
    clock.ms += 999
    for (let turn = 0; turn < 1000; turn += 1) await health()
    expect(looks).toBe(1)
    clock.ms += 1
    await health()
    expect(looks).toBe(2)
  })

  it('does not begin a check again that does not come to an end', async () => {
    let looks = 0
    let answer: ((source: ImageSource) => void) | undefined
    const source = () => {
      looks += 1
      return new Promise<ImageSource>(resolve => {
        answer = resolve
      })
    }
    const { clock, health } = createClocked({ source }, { identifier: 'cat.png', timeoutSeconds: 0.02 })
    const late = { color: 'RED', message: 'The test image cannot be made (timeout).' }
    expect((await health()).checks.source).toMatchObject(late)
    for (let turn = 0; turn < 5; turn += 1) {
      clock.ms += 1000
      const message = 'The test image cannot be made: an earlier check has not come to its end.'
      expect((await health()).checks.source).toMatchObject({ color: 'RED', message })
    }
    expect(looks).toBe(1)
    answer?.(bytesSource(png, { version: '1' }))
    // The first has come to its end: another is begun.
    await expect
      .poll(async () => {
        clock.ms += 1000
        await health()
        return looks
      })
      .toBe(2)
  })

  it('is told that work is late, not that it fails, while images are made', async () => {
    const source: SourceResolver = identifier =>
      identifier === 'test' ? new Promise<ImageSource>(() => {}) : bytesSource(png, { version: '1' })
    const service = create({ source, cache: false, health: { identifier: 'test', timeoutSeconds: 0.02 } })
    await readReply(await ask(service, 'cat.png/full/max/0/default.jpg'))
    expect(await service.health()).toMatchObject({ color: 'YELLOW', checks: { source: { color: 'YELLOW' } } })
  })

  it('does not stand in line with those who ask for images', async () => {
    const slow = countBytes(await makePyramid(1024, 768, { compression: 'lzw' }))
    const source: SourceResolver = identifier =>
      identifier === 'slow' ? slow.source : bytesSource(png, { version: '1' })
    const schedule = { tile: { concurrency: 1 }, large: { concurrency: 1 } }
    const service = create({ source, schedule, cache: false, health: { identifier: 'cat.png' } })
    await service.describe('slow')
    slow.hold()
    const waiting = Array.from({ length: 5 }, (_, index) =>
      ask(service, `slow/${index * 100},0,90,90/max/0/default.jpg`).then(readReply),
    )
    await waitUntil(() => slow.countWaiting() > 0 && readWork(service).queued! > 0)
    expect((await service.health()).color).toBe('GREEN')
    slow.go()
    await Promise.all(waiting)
    await waitForIdle(service)
  })
})

describe('a service that drains', () => {
  it('is not ready, and does all that it did before', async () => {
    const service = create()
    expect(service.isReady()).toBe(true)
    service.drain()
    expect(service.isReady()).toBe(false)
    expect((await service.health()).color).toBe('GREEN')
    expect((await ask(service, 'cat.png/full/max/0/default.jpg')).status).toBe(200)
  })

  it('is what a closed one is too', async () => {
    const service = create()
    await service.close()
    expect(service.isReady()).toBe(false)
  })
})
