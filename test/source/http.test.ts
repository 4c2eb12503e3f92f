import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import sharp from 'sharp'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ImageSource, OpenResolver } from '../../src/contracts.js'
import { createImageService } from '../../src/service.js'
import { blockCache } from '../../src/source/block-cache.js'
import { type HttpSourceOptions, httpSource } from '../../src/source/http.js'
import { createFolder } from '../image/picture.js'
import { collect, describeSourceContract } from './contract.js'
import { type FileServer, startFileServer, tagOf } from './http-server.js'

let server: FileServer
let folder: string
const opened: OpenResolver[] = []

beforeAll(async () => {
  server = await startFileServer()
  folder = await createFolder()
})

beforeEach(() => server.reset())

afterAll(async () => {
  await Promise.all(opened.map(source => source.close()))
})

function open(options: Partial<HttpSourceOptions> = {}): OpenResolver {
  const source = httpSource({
    url: `${server.origin}/{+identifier}`,
    allowPrivateAddresses: true,
    tempDirectory: folder,
    ...options,
  })
  opened.push(source)
  return source
}

let count = 0
async function resolveBytes(bytes: Uint8Array, hasRanges = true): Promise<ImageSource> {
  count += 1
  server.hasRanges = hasRanges
  server.files.set(`/contract-${count}`, { bytes })
  const source = await open()(`contract-${count}`, {})
  if (!source) throw new Error('not found')
  return source
}

describeSourceContract('a small file by range', bytes => resolveBytes(bytes))
describeSourceContract('a file of a server without ranges', bytes => resolveBytes(bytes, false))

/** Bytes that begin as a TIFF does. */
function tiffBytes(length: number): Uint8Array {
  const bytes = Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) % 251)
  bytes.set([0x49, 0x49, 42, 0])
  return bytes
}

const read = async (source: ImageSource | undefined, offset: number, length: number): Promise<Buffer> => {
  const bytes = await source?.read(offset, length)
  await source?.close?.()
  return Buffer.from(bytes ?? [])
}

describe('an image by HTTP', () => {
  it('costs one round trip to look up, which brings its first bytes', async () => {
    server.files.set('/a.tif', {
      bytes: tiffBytes(3_000_000),
      lastModified: 'Tue, 24 Nov 2026 06:00:00 GMT',
    })
    const source = await open()('a.tif', {})
    expect(source).toMatchObject({
      size: 3_000_000,
      formatHint: 'tif',
      lastModified: new Date('2026-11-24T06:00:00Z'),
    })
    expect(source?.path).toBeUndefined()
    expect((await read(source, 0, 16_384)).equals(tiffBytes(16_384))).toBe(true)
    expect(server.seen).toHaveLength(1)
    expect(server.sent()).toBe(16_384)
  })

  it('that is decoded as a whole is fetched into a file, when it is read and not before', async () => {
    const bytes = tiffBytes(2_000_000).fill(0xff, 0, 2)
    server.files.set('/b.jpg', { bytes })
    const source = await open()('b.jpg', {})
    expect(server.sent()).toBe(16_384)
    expect(Buffer.compare(await collect(source!.stream!()), bytes)).toBe(0)
    expect(server.seen).toHaveLength(2)
    expect(existsSync(source?.path ?? '')).toBe(true)
  })

  it('that is not there, or not any more, is not ours', async () => {
    expect(await open()('none.tif', {})).toBeUndefined()
    server.intercept = (_request, response) => {
      response.writeHead(410).end()
      return true
    }
    expect(await open()('gone.tif', {})).toBeUndefined()
  })

  it('is believed for as long as was said, then asked for only if it changed', async () => {
    server.files.set('/c.tif', { bytes: tiffBytes(50_000) })
    const believing = open({ revalidateSeconds: 60 })
    await believing('c.tif', {})
    await believing('c.tif', {})
    expect(server.seen).toHaveLength(1)
    const doubting = open({ revalidateSeconds: 0 })
    const first = await doubting('c.tif', {})
    server.reset()
    expect((await doubting('c.tif', {}))?.version).toBe(first?.version)
    expect(server.sent()).toBe(0)
    expect(server.seen[0]?.headers['if-none-match']).toBeDefined()
    server.files.set('/c.tif', { bytes: tiffBytes(50_001) })
    expect((await doubting('c.tif', {}))?.version).not.toBe(first?.version)
  })

  it('is looked up once however many ask at once, and not at all when they have all left', async () => {
    server.files.set('/d.tif', { bytes: tiffBytes(50_000) })
    const resolve = open()
    await Promise.all(Array.from({ length: 20 }, () => resolve('d.tif', {})))
    expect(server.seen).toHaveLength(1)
    const given = new AbortController()
    const closed = new Promise<void>(done => {
      server.intercept = request => {
        request.socket.once('close', () => done())
        given.abort()
        return true
      }
    })
    await expect(open()('d.tif', { signal: given.signal })).rejects.toMatchObject({ code: 'aborted' })
    await closed
  })

  it('is read through a cache that several sources may share', async () => {
    server.files.set('/e.tif', { bytes: tiffBytes(900_000) })
    const cache = blockCache()
    await read(await open({ cache })('e.tif', {}), 500_000, 1000)
    server.reset()
    await read(await open({ cache })('e.tif', {}), 500_100, 500)
    expect(server.seen.map(({ range }) => range)).toEqual(['bytes=0-16383'])
  })
})

describe('an image that has changed', () => {
  it('is looked up anew as soon as that was noticed, however long it would have been believed', async () => {
    server.files.set('/f.tif', { bytes: tiffBytes(900_000) })
    const resolve = open({ revalidateSeconds: 3600, cache: blockCache({ readAheadBytes: 0 }) })
    const first = await resolve('f.tif', {})
    server.files.set('/f.tif', { bytes: tiffBytes(900_001) })
    expect((await resolve('f.tif', {}))?.size).toBe(900_000)
    await expect(first?.read(500_000, 10)).rejects.toMatchObject({ status: 503, code: 'source-changed' })
    const second = await resolve('f.tif', {})
    expect(second?.size).toBe(900_001)
    // What is left of the first changes nothing for the second.
    await expect(first?.read(500_000, 10)).rejects.toMatchObject({ code: 'source-changed' })
    server.reset()
    await resolve('f.tif', {})
    expect(server.seen).toEqual([])
  })

  it('or whose file was removed, is fetched once more, and not taken for one that never was', async () => {
    const noise = await sharp(randomBytes(3_000_000), { raw: { width: 1000, height: 1000, channels: 3 } })
    server.files.set('/g.png', { bytes: await noise.png({ compressionLevel: 0 }).toBuffer() })
    const service = createImageService({ source: open(), cache: false, revalidate: 'never' })
    const request = service.parseRequest('/iiif/3/g.png/0,0,100,100/50,50/0/default.jpg')
    if (request?.kind !== 'image') throw new Error('no image request')
    const { body } = await service.process(request)
    await rm((await service.resolveSource('g.png')).path ?? '')
    server.reset()
    expect((await service.process(request)).body).toEqual(body)
    expect(server.seen.length).toBeGreaterThan(0)
    await service.close()
  })
})

describe('a server that tells no version', () => {
  it('is read as a whole, and the bytes are the version', async () => {
    server.files.set('/n.tif', { bytes: tiffBytes(60_000), etag: null })
    const resolve = open({ revalidateSeconds: 0 })
    const first = await resolve('n.tif', {})
    expect((await read(first, 40_000, 100)).equals(tiffBytes(40_100).subarray(40_000))).toBe(true)
    expect((await resolve('n.tif', {}))?.version).toBe(first?.version)
    server.files.set('/n.tif', { bytes: tiffBytes(60_000).reverse(), etag: null })
    expect((await resolve('n.tif', {}))?.version).not.toBe(first?.version)
  })
})

describe('a server without ranges', () => {
  it('sends a file once; later it is only asked whether it has changed', async () => {
    server.hasRanges = false
    server.files.set('/w.tif', { bytes: tiffBytes(400_000) })
    const resolve = open({ revalidateSeconds: 0 })
    const first = await resolve('w.tif', {})
    expect((await read(first, 300_000, 100)).equals(tiffBytes(300_100).subarray(300_000))).toBe(true)
    await read(await resolve('w.tif', {}), 0, 10)
    expect(server.seen.map(({ method }) => method)).toEqual(['GET', 'HEAD'])
    expect(server.sent()).toBe(400_000)
  })

  it('and without HEAD is asked for the file again', async () => {
    server.hasRanges = false
    server.intercept = (request, response) => {
      if (request.method === 'HEAD') response.writeHead(405).end()
      return request.method === 'HEAD'
    }
    server.files.set('/h.tif', { bytes: tiffBytes(1000) })
    const resolve = open({ revalidateSeconds: 0 })
    const first = await resolve('h.tif', {})
    expect((await resolve('h.tif', {}))?.version).toBe(first?.version)
  })

  it.each([
    ['as slowly as it can', 50],
    ['not at all in the end', 1e6],
  ])('that sends %s is given up', async (_, pauseMs) => {
    server.intercept = (_request, response) => {
      response.writeHead(200, { etag: '"slow"', 'content-length': 1_000_000 }).write(tiffBytes(1000))
      const timer = setInterval(() => response.write('x'), pauseMs)
      response.once('close', () => clearInterval(timer))
      return true
    }
    const resolve = open({ timeouts: { idleMs: 200, wholeMs: 1000 }, maxAttempts: 1 })
    await expect(resolve('slow.tif', {})).rejects.toMatchObject({ status: 504, code: 'source-timeout' })
  })

  it('that breaks off in the middle is asked again', async () => {
    server.hasRanges = false
    const bytes = tiffBytes(300_000)
    server.files.set('/m.tif', { bytes })
    let count = 0
    server.intercept = (_request, response) => {
      count += 1
      if (count > 2) return false
      response
        .writeHead(200, { etag: tagOf(bytes), 'content-length': bytes.length })
        .write(bytes.subarray(0, 1000))
      setTimeout(() => response.destroy(), 10)
      return true
    }
    const source = await open()('m.tif', {})
    expect((await read(source, 0, 300_000)).equals(bytes)).toBe(true)
    expect(count).toBe(3)
  })

  it('that sends more than is allowed is cut off', async () => {
    server.hasRanges = false
    server.files.set('/l.tif', { bytes: tiffBytes(400_000) })
    const resolve = open({ maxDownloadBytes: 100_000 })
    await expect(resolve('l.tif', {})).rejects.toMatchObject({ status: 413, code: 'source-too-large' })
    server.intercept = (_request, response) => {
      // No length is told.
      response.writeHead(200, { etag: '"x"' }).write(tiffBytes(150_000))
      return true
    }
    await expect(resolve('l.tif', {})).rejects.toMatchObject({ status: 413, code: 'source-too-large' })
  })
})

describe('a redirect', () => {
  it('is followed, and where it led to is asked directly from then on', async () => {
    server.files.set('/store/r.tif', { bytes: tiffBytes(900_000) })
    server.intercept = (request, response) => {
      const isOld = request.url === '/r.tif'
      if (isOld) response.writeHead(302, { location: 'store/r.tif' }).end()
      return isOld
    }
    const source = await open({ cache: blockCache({ readAheadBytes: 0 }) })('r.tif', {})
    expect((await read(source, 600_000, 100)).equals(tiffBytes(600_100).subarray(600_000))).toBe(true)
    expect(server.seen.map(({ url }) => url)).toEqual(['/r.tif', '/store/r.tif', '/store/r.tif'])
  })

  it('whose end is good for a short time is followed anew when that is over', async () => {
    const bytes = tiffBytes(900_000)
    let ticket = 1
    server.intercept = (request, response) => {
      if (request.url === '/s.tif') {
        response.writeHead(307, { location: `/signed/${ticket}` }).end()
        return true
      }
      if (request.url === `/signed/${ticket}`) return false
      response.writeHead(403).end()
      return true
    }
    server.files.set('/signed/1', { bytes })
    server.files.set('/signed/2', { bytes })
    const source = await open({ cache: blockCache({ readAheadBytes: 0 }) })('s.tif', {})
    ticket = 2
    expect((await read(source, 600_000, 100)).equals(tiffBytes(600_100).subarray(600_000))).toBe(true)
    expect(server.seen.map(({ url }) => url)).toEqual([
      '/s.tif',
      '/signed/1',
      '/signed/1',
      '/s.tif',
      '/signed/2',
    ])
  })

  it('to another origin takes neither headers nor credentials along', async () => {
    const other = await startFileServer()
    other.files.set('/x.tif', { bytes: tiffBytes(900_000) })
    server.intercept = (request, response) => {
      response.writeHead(302, { location: `${other.origin}${request.url}` }).end()
      return true
    }
    const source = await open({
      allow: [other.origin],
      headers: { 'X-Api-Key': 'secret', Cookie: 'session=secret' },
      credentials: { token: 'secret' },
      cache: blockCache({ readAheadBytes: 0 }),
    })('x.tif', {})
    await read(source, 600_000, 100)
    expect(server.seen[0]?.headers).toMatchObject({
      'x-api-key': 'secret',
      cookie: 'session=secret',
      authorization: 'Bearer secret',
    })
    expect(other.seen).toHaveLength(2)
    for (const { headers } of other.seen) expect(JSON.stringify(headers)).not.toContain('secret')
  })
})

describe('what a server is told', () => {
  it('may be told for each identifier, and is remembered apart', async () => {
    server.files.set('/p.tif', { bytes: tiffBytes(100) })
    server.intercept = (request, response) => {
      const isGood =
        request.headers.authorization === `Basic ${Buffer.from('ada:pass:word').toString('base64')}`
      if (!isGood) response.writeHead(401).end()
      return !isGood
    }
    const resolve = open({
      url: identifier => ({
        url: new URL('/p.tif#part', server.origin),
        ...(identifier === 'ada' && { credentials: { username: 'ada', password: 'pass:word' } }),
      }),
      allow: [server.origin],
    })
    expect((await resolve('ada', {}))?.size).toBe(100)
    await expect(resolve('eve', {})).rejects.toMatchObject({ status: 403, code: 'source-forbidden' })
    expect((await resolve('ada', {}))?.size).toBe(100)
  })
})

describe('the URL of an identifier', () => {
  it.each([
    ['/{identifier}', 'a b/c?d#e%2F.tif', '/a%20b%2Fc%3Fd%23e%252F.tif'],
    ['/{+identifier}', 'a b/c?d#e.tif', '/a%20b/c%3Fd%23e.tif'],
    ['/x/{identifier}.tif', 'ark:/1/2', '/x/ark%3A%2F1%2F2.tif'],
    ['/get?id={identifier}&x=1', 'a&b=c/d', '/get?id=a%26b%3Dc%2Fd&x=1'],
    ['?id={identifier}', 'a', '/?id=a'],
    ['/{identifier}', 'http://169.254.169.254/', '/http%3A%2F%2F169.254.169.254%2F'],
    ['/{identifier}', '..a', '/..a'],
  ])('%s of %s is %s', async (template, identifier, url) => {
    server.files.set(url, { bytes: Uint8Array.of(1) })
    expect((await open({ url: `${server.origin}${template}` })(identifier, {}))?.size).toBe(1)
  })

  it.each([
    ['/a/{identifier}', '..'],
    ['/a/{identifier}', '.'],
    ['/a/{+identifier}', '../secret'],
    ['/a/{+identifier}', 'b/../../secret'],
    ['/a/{+identifier}', 'b/.'],
    ['/a/{+identifier}/c', '..'],
    ['/a/.{identifier}', '.'],
    ['/a/{identifier}', '\ud800'],
  ])('%s refuses %j', async (template, identifier) => {
    const resolve = open({ url: `${server.origin}${template}` })
    await expect(resolve(identifier, {})).rejects.toMatchObject({ status: 400, code: 'invalid-identifier' })
    expect(server.seen).toEqual([])
  })

  it('may be that of a function, which may also say that it is not ours', async () => {
    expect(await open({ url: () => undefined, allow: [server.origin] })('x', {})).toBeUndefined()
    const resolve = open({ url: () => 'no URL', allow: [server.origin] })
    await expect(resolve('x', {})).rejects.toMatchObject({ status: 400 })
  })
})

describe('the options', () => {
  const url = 'https://img.example.org/{identifier}'
  it.each<[string, object]>([
    ['url', { url: 'https://img.example.org/fixed' }],
    ['url', { url: 'https://{identifier}/a' }],
    ['url', { url: 'https://{identifier}.example.org/a' }],
    ['url', { url: 'https://img.example.org{identifier}/a' }],
    ['url', { url: 'https://img.example.org:{identifier}/a' }],
    ['url', { url: '{identifier}' }],
    ['url', { url: 'file:///images/{identifier}' }],
    ['url', { url: 'https://a@img.example.org/{identifier}' }],
    ['url', { url: 'https://img.example.org/a#{identifier}' }],
    ['url', { url: 'https://img.example.org/{identifier}/{identifier}' }],
    ['url', { url: 'https://img.example.org/a/../{identifier}' }],
    ['url', { url: 'https://img.example.org/ü/{identifier}' }],
    ['allow', { url: () => undefined }],
    ['headers', { url, headers: { 'a b': 'c' } }],
    ['headers', { url, headers: { a: 'b\r\nc: d' } }],
    ['headers', { url, headers: { Host: 'a' } }],
    ['headers', { url, headers: { Range: 'bytes=0-1' } }],
    ['credentials', { url, credentials: { token: 'a b' } }],
    ['credentials', { url, credentials: { username: 'a:b', password: '' } }],
    ['maxAttempts', { url, maxAttempts: 0 }],
    ['maxSockets', { url, maxSockets: 0.5 }],
    ['timeouts.idleMs', { url, timeouts: { idleMs: -1 } }],
    ['revalidateSeconds', { url, revalidateSeconds: Number.NaN }],
    ['tempDirectory', { url, tempDirectory: '' }],
    ['maxTempBytes', { url, maxTempBytes: 0 }],
  ])('a wrong %s is told by its name: %o', (name, options) => {
    expect(() => httpSource(options as HttpSourceOptions)).toThrow(new RegExp(`^${name}: `))
    expect(() => httpSource(options as HttpSourceOptions)).toThrow(TypeError)
  })
})

it('a source that is closed leaves no connection and no file behind', async () => {
  const place = await createFolder()
  server.hasRanges = false
  server.files.set('/z.tif', { bytes: tiffBytes(5000) })
  const source = open({ tempDirectory: place })
  await read(await source('z.tif', {}), 0, 10)
  expect(await readdir(place)).toEqual(['honeydew-spool'])
  await source.close()
  expect(await readdir(place)).toEqual([])
  await expect(source('z.tif', {})).rejects.toMatchObject({ status: 503, code: 'closed' })
})
