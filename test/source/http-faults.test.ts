// Servers that misbehave: each gives the right image or an error with a code, never a wrong pixel, and never for long.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { OpenResolver } from '../../src/contracts.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { blockCache } from '../../src/source/block-cache.js'
import { bytesSource } from '../../src/source/bytes.js'
import { type HttpSourceOptions, httpSource } from '../../src/source/http.js'
import { createFolder } from '../image/picture.js'
import { makePyramid, readBody } from '../service/folder.js'
import { type FileServer, startFileServer, tagOf } from './http-server.js'

const tiles = [
  '0,0,256,256/256,256/0/default.jpg',
  '512,256,256,256/256,256/0/default.jpg',
  '0,0,1024,1024/256,256/0/default.jpg',
  '300,300,400,400/200,200/0/default.png',
]

let server: FileServer
let folder: string
let original: Buffer
let other: Buffer
let right: Buffer[]
let otherRight: Buffer[]
const opened: OpenResolver[] = []
const services: ImageService[] = []

beforeAll(async () => {
  server = await startFileServer()
  folder = await createFolder()
  original = await makePyramid(1500, 1100, { compression: 'jpeg', quality: 80 })
  other = await makePyramid(1500, 1100, { compression: 'jpeg', quality: 80 }, true)
  right = await drawAll(serve(() => bytesSource(original)))
  otherRight = await drawAll(serve(() => bytesSource(other)))
}, 60_000)

beforeEach(() => {
  server.reset()
  server.files.clear()
  server.files.set('/a.tif', { bytes: original })
})

afterAll(async () => {
  await Promise.all(services.map(service => service.close()))
  await Promise.all(opened.map(source => source.close()))
})

function serve(source: Parameters<typeof createImageService>[0]['source']): ImageService {
  const service = createImageService({ source, cache: false })
  services.push(service)
  return service
}

function open(options: Partial<HttpSourceOptions> = {}): ImageService {
  const source = httpSource({
    url: `${server.origin}/{+identifier}`,
    allowPrivateAddresses: true,
    tempDirectory: folder,
    cache: blockCache({ readAheadBytes: 0 }),
    maxAttempts: 2,
    ...options,
  })
  opened.push(source)
  return serve(source)
}

async function draw(service: ImageService, tile: string): Promise<Buffer> {
  const request = service.parseRequest(`/iiif/3/a.tif/${tile}`)
  if (request?.kind !== 'image') throw new Error(`no image request: ${tile}`)
  return readBody((await service.process(request)).body)
}

async function drawAll(service: ImageService): Promise<Buffer[]> {
  const images = []
  for (const tile of tiles) images.push(await draw(service, tile))
  return images
}

type Fault = (request: IncomingMessage, response: ServerResponse, count: number) => boolean

/** Misbehaves from the `first` request on, for as many as `times`. */
function misbehave(fault: Fault, first = 0, times = Number.POSITIVE_INFINITY): void {
  let count = -1
  server.intercept = (request, response) => {
    count += 1
    return count >= first && count < first + times && fault(request, response, count)
  }
}

function parseRange(request: IncomingMessage): [start: number, end: number] {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
  return [Number(first), Math.min(Number(last) + 1, original.length)]
}

/** A 206 whose headers and body may be wrong. */
function sendRange(
  request: IncomingMessage,
  response: ServerResponse,
  {
    headers = {},
    cut = 0,
    shift = 0,
    total = original.length,
  }: { headers?: object; cut?: number; shift?: number; total?: number | string } = {},
): true {
  const [start, end] = parseRange(request)
  const body = original.subarray(start + shift, end + shift - cut)
  response.writeHead(206, {
    etag: tagOf(original),
    'content-length': end - start,
    'content-range': `bytes ${start + shift}-${end + shift - 1}/${total}`,
    ...headers,
  })
  response.write(body)
  if (body.length === end - start) response.end()
  else setTimeout(() => response.destroy(), 20)
  return true
}

const html = '<!doctype html><title>Sign in</title>'
const sendPage =
  (status: number): Fault =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(html)
    return true
  }

const faults: readonly [name: string, fault: Fault, expected: object][] = [
  [
    'closes in the middle of the body',
    (request, response) => sendRange(request, response, { cut: 10 }),
    { status: 502, code: 'source-unavailable' },
  ],
  [
    'closes before it answers',
    request => {
      request.socket.destroy()
      return true
    },
    { status: 502, code: 'source-unavailable' },
  ],
  [
    'closes in the middle of the headers',
    request => {
      request.socket.end('HTTP/1.1 206 Partial\r\ncontent-le')
      return true
    },
    { status: 502, code: 'source-unavailable' },
  ],
  [
    'speaks no HTTP',
    request => {
      request.socket.end('SSH-2.0-OpenSSH_9.2\r\n')
      return true
    },
    { status: 502, code: 'source-unavailable' },
  ],
  [
    'sends another range',
    (request, response) => sendRange(request, response, { shift: 1 }),
    { status: 502, code: 'source-unavailable' },
  ],
  [
    'sends the range of another whole',
    (request, response) => sendRange(request, response, { total: original.length + 1 }),
    { status: expect.any(Number) },
  ],
  [
    'sends a range of unknown meaning',
    (request, response) => sendRange(request, response, { headers: { 'content-range': 'items 0-1/2' } }),
    { status: 502, code: 'source-unavailable' },
  ],
  [
    'sends 206 without a range',
    (request, response) => sendRange(request, response, { headers: { 'content-range': '' } }),
    { status: 502, code: 'source-unavailable' },
  ],
  [
    'sends several ranges',
    (request, response) =>
      sendRange(request, response, {
        headers: { 'content-type': 'multipart/byteranges; boundary=x', 'content-range': '' },
      }),
    { status: 502, code: 'source-unavailable' },
  ],
  [
    'sends packed bytes',
    (request, response) => sendRange(request, response, { headers: { 'content-encoding': 'gzip' } }),
    { status: 502, code: 'source-unavailable' },
  ],
  ['sends a page with 200', sendPage(200), { status: 502, code: 'source-unavailable' }],
  ['sends a page with 500', sendPage(500), { status: 502, code: 'source-unavailable' }],
  ['sends a page with 418', sendPage(418), { status: 502, code: 'source-unavailable' }],
  ['wants a password', sendPage(401), { status: 403, code: 'source-forbidden' }],
  ['refuses', sendPage(403), { status: 403, code: 'source-forbidden' }],
  ['says nothing', () => true, { status: 504, code: 'source-timeout' }],
  [
    'stalls in the middle of the body',
    (request, response) => {
      const [start, end] = parseRange(request)
      response.writeHead(206, {
        etag: tagOf(original),
        'content-length': end - start,
        'content-range': `bytes ${start}-${end - 1}/${original.length}`,
      })
      response.write(original.subarray(start, start + 5))
      return true
    },
    { status: 504, code: 'source-timeout' },
  ],
  [
    'sends a byte now and then',
    (request, response) => {
      const [start, end] = parseRange(request)
      response.writeHead(206, {
        etag: tagOf(original),
        'content-length': end - start,
        'content-range': `bytes ${start}-${end - 1}/${original.length}`,
      })
      const timer = setInterval(() => response.write(original.subarray(start, start + 1)), 50)
      response.once('close', () => clearInterval(timer))
      return true
    },
    { status: 504, code: 'source-timeout' },
  ],
  [
    'redirects in a loop',
    (request, response) => {
      response.writeHead(302, { location: request.url }).end()
      return true
    },
    { status: 502, code: 'source-unavailable' },
  ],
  [
    'redirects without end',
    (_request, response, count) => {
      response.writeHead(301, { location: `/next-${count}` }).end()
      return true
    },
    { status: 502, code: 'source-unavailable' },
  ],
  [
    'redirects to nowhere',
    (_request, response) => {
      response.writeHead(302).end()
      return true
    },
    { status: 502, code: 'source-unavailable' },
  ],
  [
    'redirects to where the secrets of the machine are',
    (_request, response) => {
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end()
      return true
    },
    { status: 403, code: 'source-forbidden' },
  ],
]

async function outcome(service: ImageService, tile: string): Promise<unknown> {
  return draw(service, tile).catch((error: unknown) => error)
}

const isSlow = (name: string): boolean => /^(?:says nothing|stalls|sends a byte)/.test(name)

/* Servers that are slow are given up soon; for the others a busy machine must not be taken for one. */
const openFor = (name: string): ImageService =>
  open(isSlow(name) ? { timeouts: { headersMs: 300, idleMs: 300, totalMs: 1500 } } : {})

describe('a server that always', () => {
  it.each(faults)('%s: an error with a code', async (name, fault, expected) => {
    misbehave(fault)
    const error = await outcome(openFor(name), tiles[0]!)
    expect(error).toMatchObject(expected)
    expect(`${error}`).not.toMatch(/127\.0\.0\.1|Sign in/)
  })
})

describe('a server that, once the image is open,', () => {
  it.each(faults)('%s: an error with a code, or the right image', async (name, fault) => {
    const service = openFor(name)
    await service.describe('a.tif')
    misbehave(fault)
    for (const [index, tile] of tiles.slice(0, isSlow(name) ? 1 : 2).entries()) {
      const found = await outcome(service, tile)
      if (found instanceof Error) expect(found).toMatchObject({ code: expect.stringMatching(/^source-/) })
      else expect(right[index]!.equals(found as Buffer)).toBe(true)
    }
  })
})

describe('a server that fails once', () => {
  it.each(faults.slice(0, 4))('and %s: is asked again, and the image is right', async (_, fault) => {
    for (const first of [0, 2, 5]) {
      misbehave(fault, first, 1)
      const images = await drawAll(open())
      for (const [index, image] of images.entries()) expect(image.equals(right[index]!)).toBe(true)
    }
  })

  it('because it has too much to do: is asked again when it says', async () => {
    misbehave(
      (_request, response) => {
        response.writeHead(503, { 'retry-after': '0' }).end()
        return true
      },
      0,
      2,
    )
    expect((await draw(open({ maxAttempts: 3 }), tiles[0]!)).equals(right[0]!)).toBe(true)
    expect(server.seen.length).toBeGreaterThanOrEqual(3)
  })
})

describe('a connection that was kept', () => {
  it('and is closed just when it is used again costs nothing but another one', async () => {
    const used = new WeakSet<object>()
    server.intercept = ({ socket }) => {
      const isUsed = used.has(socket)
      used.add(socket)
      if (isUsed) socket.destroy()
      return isUsed
    }
    const images = await drawAll(open({ maxAttempts: 1 }))
    for (const [index, image] of images.entries()) expect(image.equals(right[index]!)).toBe(true)
    expect(server.connections()).toBeGreaterThan(2)
  })
})

describe('a file that changes', () => {
  it.each<[string, object]>([
    ['with a strong tag', {}],
    ['with a weak tag', { weak: true }],
    ['with a time only', { etag: null }],
  ])(
    'between two reads, %s: old pixels, an error, or new pixels of the new file, never both in one',
    async (_, how) => {
      const describeFile = (bytes: Buffer, day: number) => ({
        bytes,
        lastModified: `Tue, ${day} Nov 2026 06:00:00 GMT`,
        ...('weak' in how ? { etag: `W/${tagOf(bytes)}` } : how),
      })
      for (const when of [1, 2, 3, 4, 6, 8]) {
        server.files.set('/a.tif', describeFile(original, 24))
        const service = open()
        let count = 0
        server.intercept = () => {
          count += 1
          if (count === when) server.files.set('/a.tif', describeFile(other, 25))
          return false
        }
        for (const [index, tile] of tiles.entries()) {
          const found = await outcome(service, tile)
          if (found instanceof Error) expect(found).toMatchObject({ status: 503, code: 'source-changed' })
          else {
            const isRight =
              right[index]!.equals(found as Buffer) || otherRight[index]!.equals(found as Buffer)
            expect(isRight).toBe(true)
          }
        }
      }
    },
  )

  it('on a server that does not heed the condition is noticed all the same: all pixels are of the new one', async () => {
    const service = open()
    await service.describe('a.tif')
    misbehave((request, response) => {
      const [start, end] = parseRange(request)
      response.writeHead(206, {
        etag: tagOf(other),
        'content-range': `bytes ${start}-${end - 1}/${other.length}`,
      })
      response.end(other.subarray(start, end))
      return true
    })
    // And asked for once more: then the file is what the server now says that it is.
    expect(otherRight[1]!.equals((await outcome(service, tiles[1]!)) as Buffer)).toBe(true)
  })

  it('or goes away, is asked for anew by the next who opens it', async () => {
    const source = httpSource({
      url: `${server.origin}/{+identifier}`,
      allowPrivateAddresses: true,
      tempDirectory: folder,
      revalidateSeconds: 0,
    })
    opened.push(source)
    const first = await source('a.tif', {})
    server.files.set('/a.tif', { bytes: other })
    await expect(first?.read(200_000, 10)).rejects.toMatchObject({ code: 'source-changed' })
    const second = await source('a.tif', {})
    expect(Buffer.compare((await second?.read(200_000, 10))!, other.subarray(200_000, 200_010))).toBe(0)
    server.files.delete('/a.tif')
    expect(await source('a.tif', {})).toBeUndefined()
  })
})

describe('a server that stops sending ranges', () => {
  it('is an error that is not taken for an image', async () => {
    const service = open()
    await service.describe('a.tif')
    server.hasRanges = false
    expect(await outcome(service, tiles[1]!)).toMatchObject({ status: 502, code: 'source-unavailable' })
  })
})
