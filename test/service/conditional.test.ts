/* Validators, parts and Cache-Control, over the whole service: what costs no pixel, and what nobody may keep. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { HttpReply } from '../../src/contracts.js'
import type { ImageServiceOptions } from '../../src/options.js'
import type { ImageService } from '../../src/service.js'
import { startServer } from '../conformance/server.js'
import { fromPixels, wavePixels } from '../image/picture.js'
import { ask, type CountedBytes, countBytes, fetchReply, serve } from './asking.js'
import { makePyramid } from './folder.js'

let jpeg: Buffer
let pyramid: Buffer
let lossless: Buffer

beforeAll(async () => {
  jpeg = await fromPixels(wavePixels(1000, 800)).jpeg().toBuffer()
  pyramid = await makePyramid(2048, 1536, { compression: 'jpeg', quality: 90 })
  lossless = await makePyramid(2048, 1536, { compression: 'lzw' })
}, 60_000)

const date = 'Thu, 02 Jan 2020 03:04:05 GMT'

/** Fresh services, for which everything is the first time. */
function serveAll(options: Partial<ImageServiceOptions> = {}): {
  readonly service: ImageService
  readonly sources: Readonly<Record<'jpeg' | 'pyramid' | 'lossless', CountedBytes>>
} {
  const sources = { jpeg: countBytes(jpeg), pyramid: countBytes(pyramid), lossless: countBytes(lossless) }
  return { service: serve(sources, options), sources }
}

/** How many works were let in, and how many images made, so far. */
function countPixels(service: ImageService): number[] {
  const { schedule, images } = service.stats()
  const made = Object.values(images).flatMap(({ hit, miss, none }) => [hit, miss, none])
  return [schedule.tile.admitted + schedule.large.admitted, made.reduce((sum, count) => sum + count, 0)]
}

describe('on a cold service', () => {
  const paths = [
    'pyramid/0,0,256,256/256,/0/default.jpg',
    'pyramid/full/max/0/default.jpg',
    'pyramid/full/500,/0/gray.webp',
    'lossless/0,0,256,256/256,/0/default.jpg',
    'lossless/full/max/0/default.png',
    'lossless/full/max/45/default.png',
  ]

  it.each(paths)('HEAD touches no pixel: %s', async path => {
    const { service, sources } = serveAll()
    const { source, countRead } = path.startsWith('pyramid') ? sources.pyramid : sources.lossless
    const reply = await ask(service, path, { method: 'HEAD' })
    expect(reply.status).toBe(200)
    expect(reply.body).toBeUndefined()
    expect(countPixels(service)).toEqual([0, 0])
    // The header, the directories and the indexes of tiles: a fraction of what the tiles have.
    expect(countRead()).toBeGreaterThan(0)
    expect(countRead()).toBeLessThan(source.size! / 4)
    const read = countRead()
    expect((await fetchReply(service, path)).status).toBe(200)
    expect(countPixels(service)).toEqual([1, 1])
    expect(countRead()).toBeGreaterThan(read)
  })

  it.each(paths)('304 touches no pixel: %s', async path => {
    const { etag } = await askHead(serveAll().service, path)
    for (const headers of [{ 'if-none-match': etag }, { 'if-modified-since': date }]) {
      const { service, sources } = serveAll()
      const { source, countRead } = path.startsWith('pyramid') ? sources.pyramid : sources.lossless
      const reply = await ask(service, path, { headers })
      expect(reply.status).toBe(304)
      expect(reply.body).toBeUndefined()
      expect(countPixels(service)).toEqual([0, 0])
      expect(countRead()).toBeLessThan(source.size! / 4)
    }
  })

  it('HEAD and 304 of a source that would be sent as it is read no more of it than opening it does', async () => {
    const path = 'jpeg/full/max/0/default.jpg'
    const described = serveAll()
    await described.service.describe('jpeg')
    const opening = described.sources.jpeg.countRead()
    const { service, sources } = serveAll()
    const { etag, headers } = await askHead(service, path)
    expect(headers['Content-Length']).toBe(String(jpeg.length))
    expect((await ask(service, path, { headers: { 'if-none-match': etag } })).status).toBe(304)
    expect(sources.jpeg.countRead()).toBe(opening)
  })
})

async function askHead(
  service: ImageService,
  path: string,
): Promise<{ etag: string; headers: HttpReply['headers'] }> {
  const { headers } = await ask(service, path, { method: 'HEAD' })
  return { etag: headers.ETag ?? '', headers }
}

describe('the ETag', () => {
  it('is the same in services of equal settings, of which none has made the image', async () => {
    const path = 'lossless/full/500,/0/default.jpg'
    const first = await askHead(serveAll().service, path)
    const second = await askHead(serveAll({ cache: false, tileSize: 1024 }).service, path)
    expect(first.etag).toMatch(/^"[!#-~]+"$/)
    expect(second.etag).toBe(first.etag)
  })

  it.each<[title: string, other: () => ImageService]>([
    ['version of the source', () => serve({ lossless: countBytes(lossless, { version: '2' }) })],
    ['quality of the encoder', () => serveAll({ encode: { jpg: { quality: 30 } } }).service],
  ])('is another for another %s', async (_, other) => {
    const path = 'lossless/full/500,/0/default.jpg'
    const { etag } = await askHead(serveAll().service, path)
    const changed = other()
    expect((await askHead(changed, path)).etag).not.toBe(etag)
    expect((await ask(changed, path, { headers: { 'if-none-match': etag } })).status).toBe(200)
  })
})

describe('a part of a source that is sent as it is', () => {
  const path = 'jpeg/full/max/0/default.jpg'

  it.each<[range: string, status: number, start: number, end: number | undefined]>([
    ['bytes=0-99', 206, 0, 100],
    ['bytes=1000-70999', 206, 1000, 71_000],
    ['bytes=500-', 206, 500, undefined],
    ['bytes=-200', 206, -200, undefined],
    ['bytes=0-0', 206, 0, 1],
    ['bytes=0-99,200-299', 200, 0, undefined],
    ['lines=0-1', 200, 0, undefined],
  ])('%s: %d', async (range, status, start, end) => {
    const { service, sources } = serveAll()
    await service.describe('jpeg')
    const before = sources.jpeg.countRead()
    const reply = await fetchReply(service, path, { headers: { range } })
    const expected = jpeg.subarray(start, end)
    expect(reply.status).toBe(status)
    expect(reply.body.equals(expected)).toBe(true)
    expect(reply.headers['Content-Length']).toBe(String(expected.length))
    expect(reply.headers['Accept-Ranges']).toBe('bytes')
    // Nothing else of the source is read.
    expect(sources.jpeg.countRead() - before).toBe(expected.length)
    const first = start < 0 ? jpeg.length + start : start
    const told = `bytes ${first}-${first + expected.length - 1}/${jpeg.length}`
    expect(reply.headers['Content-Range']).toBe(status === 206 ? told : undefined)
  })

  it('beyond its end is 416, which nobody may keep, and reads nothing', async () => {
    const { service, sources } = serveAll()
    await service.describe('jpeg')
    const before = sources.jpeg.countRead()
    const { status, headers, body } = await fetchReply(service, path, {
      headers: { range: `bytes=${jpeg.length}-` },
    })
    expect([status, body.length]).toEqual([416, 0])
    expect(headers).toMatchObject({ 'Content-Range': `bytes */${jpeg.length}`, 'Cache-Control': 'no-cache' })
    expect(sources.jpeg.countRead()).toBe(before)
  })

  it('is asked for under a condition: If-Range', async () => {
    const { service } = serveAll()
    const { etag } = await askHead(service, path)
    const statusOf = async (condition: string): Promise<number> =>
      (await ask(service, path, { headers: { range: 'bytes=0-99', 'if-range': condition } })).status
    expect(
      await Promise.all([etag, `W/${etag}`, '"other"', date, 'Thu, 02 Jan 2020 03:04:06 GMT'].map(statusOf)),
    ).toEqual([206, 200, 200, 206, 200])
  })

  it('is none for HEAD, and 304 goes before it', async () => {
    const { service } = serveAll()
    const { etag } = await askHead(service, path)
    const head = await ask(service, path, { method: 'HEAD', headers: { range: 'bytes=0-99' } })
    expect([head.status, head.headers['Content-Length']]).toEqual([200, String(jpeg.length)])
    const fresh = await ask(service, path, { headers: { range: 'bytes=0-99', 'if-none-match': etag } })
    expect(fresh.status).toBe(304)
  })

  it('over HTTP goes on where a download broke off', async () => {
    const server = await startServer(async () => countBytes(jpeg).source)
    const url = `/iiif/3/${path}`
    const first = await server.ask(url, { headers: { range: 'bytes=0-9999' } })
    const { etag = '' } = first.headers
    const rest = await server.ask(url, { headers: { range: 'bytes=10000-', 'if-range': etag } })
    expect([first.status, rest.status]).toEqual([206, 206])
    expect(Buffer.concat([first.body, rest.body]).equals(jpeg)).toBe(true)
    const beyond = await server.ask(url, { headers: { range: `bytes=${jpeg.length}-` } })
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, `bytes */${jpeg.length}`])
  })
})

describe('a part of an image that was made', () => {
  const path = 'lossless/full/1000,/0/default.png'

  it.each<[title: string, made: boolean, path: string]>([
    ['of a fresh result', false, path],
    ['of one from the cache', true, path],
    // More than a megabyte: it is sent piece by piece.
    ['of a large result', false, 'lossless/full/max/0/default.tif'],
    ['of a stored tile', true, 'pyramid/0,0,256,256/256,/0/default.jpg'],
    ['of stored tiles that were joined', false, 'pyramid/0,0,512,512/512,/0/default.jpg'],
  ])('%s is the same as of the whole', async (_, made, asked) => {
    const whole = await fetchReply(serveAll().service, asked)
    const { service } = serveAll()
    if (made) await fetchReply(service, asked)
    const part = await fetchReply(service, asked, { headers: { range: 'bytes=100-5000' } })
    expect(part.status).toBe(206)
    expect(part.body.equals(whole.body.subarray(100, 5001))).toBe(true)
    expect(part.headers).toMatchObject({
      'Content-Length': String(part.body.length),
      'Content-Range': `bytes 100-${99 + part.body.length}/${whole.body.length}`,
      ETag: whole.headers.ETag,
    })
    const beyond = await fetchReply(service, asked, { headers: { range: `bytes=${whole.body.length}-` } })
    expect(beyond.status).toBe(416)
    expect(beyond.headers).toMatchObject({
      'Content-Range': `bytes */${whole.body.length}`,
      'Cache-Control': 'no-cache',
    })
  })

  it('is told apart by its ETag alone: its bytes depend on more than the date of its source', async () => {
    const { service } = serveAll()
    const { etag } = await askHead(service, path)
    const statusOf = async (condition: string): Promise<number> =>
      (await ask(service, path, { headers: { range: 'bytes=0-99', 'if-range': condition } })).status
    expect(await statusOf(etag)).toBe(206)
    expect(await statusOf(date)).toBe(200)
  })
})

describe('Cache-Control', () => {
  const image = 'lossless/full/50,/0/default.jpg'

  /** Asks for one of everything; statuses and headers. */
  async function askAll(options: Partial<ImageServiceOptions>): Promise<Record<string, string | undefined>> {
    const { service } = serveAll({ ...options, formats: ['jpg', 'png'] })
    const { etag } = await askHead(service, image)
    const asked: Record<string, Promise<HttpReply>> = {
      image: ask(service, image),
      head: ask(service, image, { method: 'HEAD' }),
      unchanged: ask(service, image, { headers: { 'if-none-match': etag } }),
      info: ask(service, 'lossless/info.json'),
      base: ask(service, 'lossless'),
      slash: ask(service, 'lossless/'),
      bad: ask(service, 'lossless/full/0,/0/default.jpg'),
      missing: ask(service, 'nothing/info.json'),
      method: ask(service, image, { method: 'POST' }),
      format: ask(service, 'lossless/full/50,/0/default.webp'),
    }
    const found: Record<string, string | undefined> = {}
    for (const [name, reply] of Object.entries(asked)) {
      const { status, headers } = await reply
      found[`${name} ${status}`] = headers['Cache-Control']
    }
    return found
  }

  const day = 'public, max-age=86400'
  const errors = {
    'bad 400': 'no-cache',
    'missing 404': 'no-cache',
    'method 405': 'no-cache',
    'format 501': 'no-cache',
  }

  it('is a day for what is found, nothing for redirects, and no-cache for errors', async () => {
    expect(await askAll({})).toEqual({
      'image 200': day,
      'head 200': day,
      'unchanged 304': day,
      'info 200': day,
      'base 303': undefined,
      'slash 301': undefined,
      ...errors,
    })
  })

  it('as an object is that of what is found; errors keep theirs', async () => {
    const control = 'private, max-age=60, immutable'
    expect(await askAll({ cacheControl: { private: true, maxAgeSeconds: 60, immutable: true } })).toEqual({
      'image 200': control,
      'head 200': control,
      'unchanged 304': control,
      'info 200': control,
      'base 303': undefined,
      'slash 301': undefined,
      ...errors,
    })
  })

  it('as a function is decided for each answer, errors and redirects among them', async () => {
    const found = await askAll({
      cacheControl: ({ status, request, errorCode }) => `x=${status}-${request?.kind}-${errorCode}`,
    })
    expect(found).toEqual({
      'image 200': 'x=200-image-undefined',
      'head 200': 'x=200-image-undefined',
      'unchanged 304': 'x=200-image-undefined',
      'info 200': 'x=200-info-undefined',
      'base 303': 'x=303-base-undefined',
      'slash 301': 'x=301-base-undefined',
      'bad 400': 'x=400-undefined-invalid-size',
      'missing 404': 'x=404-info-not-found',
      'method 405': 'x=405-undefined-method-not-allowed',
      'format 501': 'x=501-image-not-implemented',
    })
  })

  it('as a function may tell another thing the next time', async () => {
    let count = 0
    const { service } = serveAll({
      cacheControl() {
        count += 1
        return `max-age=${count}`
      },
    })
    const told = async (path: string): Promise<string | undefined> =>
      (await ask(service, path)).headers['Cache-Control']
    // A path that is asked for again is remembered, but not this of it.
    for (let time = 1; time <= 4; time += 1) expect(await told(image)).toBe(`max-age=${time}`)
    for (let time = 5; time <= 8; time += 1) expect(await told('lossless/info.json')).toBe(`max-age=${time}`)
  })

  it('as a function that fails is an error of the image, and none of an error', async () => {
    const { service } = serveAll({
      cacheControl() {
        throw new Error('no such table')
      },
    })
    const { status, headers } = await ask(service, image)
    expect([status, headers['Cache-Control']]).toEqual([500, 'no-cache'])
    expect((await ask(service, 'nothing/info.json')).status).toBe(404)
    expect(service.stats().inFlight).toBe(0)
  })
})
