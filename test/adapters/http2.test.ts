/* HTTP/2 as its clients use it: many streams on one connection, streams that are reset, streams that nobody reads; and
   HTTP/1.1 beside it. What is the same over every transport is in adapters.test.ts. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import type http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createNodeHandler } from '../../src/adapters/node.js'
import type { ImageService } from '../../src/service.js'
import { createFolder } from '../image/picture.js'
import { countBytes, fetchReply, readWork, serve, waitForIdle } from '../service/asking.js'
import { loadPackage, makePyramid, waitUntil } from '../service/folder.js'
import { start, tls } from './server.js'
import { createService, makeImage, folder as pictures } from './site.js'

const run = promisify(execFile)

const closers: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function listen(server: http2.Http2Server, service: ImageService): Promise<number> {
  const sessions = new Set<http2.ServerHttp2Session>()
  server.on('session', session => sessions.add(session))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  closers.push(async () => {
    for (const session of sessions) session.destroy()
    await new Promise(resolve => server.close(resolve))
    await service.close()
  })
  return (server.address() as AddressInfo).port
}

function listenSecure(): Promise<number> {
  const service = createService()
  // As it is written in an application: no types of ours, none of HTTP/1.
  const server = http2.createSecureServer({ ...tls, allowHTTP1: true }, createNodeHandler(service))
  return listen(server, service)
}

describe.each(['h2c', 'h2'] as const)('a hundred tiles at once over one connection (%s)', transport => {
  it.skipIf(transport === 'h2' && tls === undefined)('all come, each of them right', async () => {
    const service = createService()
    const server = await start(transport, createNodeHandler(service))
    closers.push(() => server.close().then(() => service.close()))
    const paths = Array.from({ length: 100 }, (_, index) => {
      const [x, y] = [(index % 10) * 40, Math.floor(index / 10) * 30]
      return `/iiif/3/noise.png/${x},${y},40,30/max/0/default.png`
    })
    const replies = await Promise.all(paths.map(path => server.send(path)))
    for (const [index, { status, body, headers }] of replies.entries()) {
      expect(status).toBe(200)
      expect(headers['content-length']).toBe(String(body.length))
      expect(body.equals(await makeImage(paths[index]!))).toBe(true)
    }
    expect(server.connections()).toBe(1)
    await waitForIdle(service)
  })
})

const info = '/iiif/3/plain.png/info.json'

describe.skipIf(tls === undefined)('a server of HTTP/2 that allows HTTP/1.1', () => {
  it('answers clients of both alike', async () => {
    const port = await listenSecure()
    const old = await new Promise<http.IncomingMessage>((resolve, reject) => {
      https
        .get({ port, path: info, host: '127.0.0.1', ca: tls?.cert, agent: false }, resolve)
        .once('error', reject)
    })
    expect([old.httpVersion, old.statusCode]).toEqual(['1.1', 200])
    const told = JSON.parse(Buffer.concat(await old.toArray()).toString())
    const session = http2.connect(`https://127.0.0.1:${port}`, { ca: tls?.cert })
    closers.push(() => session.destroy())
    const stream = session.request({ ':path': info })
    expect(JSON.parse(Buffer.concat(await stream.toArray()).toString())).toEqual(told)
    expect(told.id).toBe(`https://127.0.0.1:${port}/iiif/3/plain.png`)
    expect(session.alpnProtocol).toBe('h2')
  })

  it.each([
    ['--http2', '2'],
    ['--http1.1', '1.1'],
  ])('answers curl %s', async (option, version) => {
    const port = await listenSecure()
    expect(await curl(['-k', option, `https://127.0.0.1:${port}${info}`])).toEqual([
      '200',
      version,
      `${port}`,
    ])
  })
})

it('a server of HTTP/2 without TLS answers curl --http2-prior-knowledge', async () => {
  const service = createService()
  const port = await listen(http2.createServer(createNodeHandler(service)), service)
  const answer = await curl(['--http2-prior-knowledge', `http://127.0.0.1:${port}${info}`])
  expect(answer).toEqual(['200', '2', `${port}`])
})

/** Asks by curl: the status, the version of HTTP, and the port of the id. */
async function curl(words: readonly string[]): Promise<string[]> {
  const write = ['--write-out', '\n%{http_code} %{http_version}']
  const { stdout } = await run('curl', ['--silent', '--show-error', '--max-time', '20', ...write, ...words])
  const [body = '', facts = ''] = stdout.split('\n').slice(-2)
  return [...facts.split(' '), new URL(JSON.parse(body).id).port]
}

describe('a large answer over HTTP/2', () => {
  // 24 MB of a source that is sent as it is.
  let noise: Buffer
  beforeAll(async () => {
    const { width, height } = { width: 4000, height: 2000 }
    const pixels = Buffer.alloc(width * height * 3)
    let state = 1
    for (let at = 0; at < pixels.length; at += 1) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      pixels[at] = state >>> 24
    }
    noise = await sharp(pixels, { raw: { width, height, channels: 3 } })
      .png({ compressionLevel: 0 })
      .toBuffer()
  })

  async function openStream(path: string, service: ImageService): Promise<http2.ClientHttp2Stream> {
    const port = await listen(http2.createServer(createNodeHandler(service)), service)
    const session = http2.connect(`http://127.0.0.1:${port}`)
    session.on('error', () => {})
    closers.push(() => session.destroy())
    const stream = session.request({ ':path': path })
    stream.on('error', () => {})
    await once(stream, 'response')
    return stream
  }

  it('is read from its source no faster than its client takes it', async () => {
    const source = countBytes(noise)
    const service = serve({ noise: source })
    await service.describe('noise')
    const before = source.countRead()
    const stream = await openStream('/iiif/3/noise/full/max/0/default.png', service)
    let last = -1
    // The windows of the connection and the buffers fill; then nothing more is read.
    while (source.countRead() > last) {
      last = source.countRead()
      await new Promise(resolve => setTimeout(resolve, 300))
    }
    expect(last - before).toBeGreaterThan(0)
    expect(last - before).toBeLessThan(2 * 2 ** 20)
    const body = Buffer.concat(await stream.toArray())
    expect(body.equals(noise)).toBe(true)
  })

  it('that is reset in the middle is no work any more', async () => {
    const source = countBytes(noise)
    const service = serve({ noise: source })
    await service.describe('noise')
    const before = source.countRead()
    const stream = await openStream('/iiif/3/noise/full/max/0/default.png', service)
    await once(stream, 'data')
    source.hold()
    stream.resume()
    await waitUntil(() => source.countWaiting() > 0)
    stream.close(http2.constants.NGHTTP2_CANCEL)
    // The read that waited was given up, and no other came.
    await waitUntil(() => source.countGivenUp() > 0)
    await waitForIdle(service)
    expect([source.countWaiting(), source.countRead() - before < noise.length]).toEqual([0, true])
  })

  it('that is made piece by piece gives its place back when it is reset', async () => {
    const folder = await createFolder()
    await writeFile(
      join(folder, 'large.tif'),
      await makePyramid(4096, 2304, { compression: 'jpeg', quality: 80 }),
    )
    // Compiled: its workers are the real ones.
    const { createImageService, fileSource } = await loadPackage()
    const service = createImageService({ source: fileSource(folder), cache: false })
    const stream = await openStream('/iiif/3/large.tif/full/max/0/default.jpg', service)
    await once(stream, 'data')
    stream.close(http2.constants.NGHTTP2_CANCEL)
    await waitForIdle(service)
    expect(readWork(service).memoryBytes).toBe(0)
    // There is one place for work of its size: another has it now.
    const { status, body } = await fetchReply(service, 'large.tif/full/max/0/default.jpg')
    expect(status).toBe(200)
    expect(await sharp(body).metadata()).toMatchObject({ width: 4096, height: 2304 })
  })
})

describe('clients that open streams and reset them, again and again', () => {
  it('leave nothing behind, and keep nobody from being served', async () => {
    const script = fileURLToPath(new URL('./http2-reset.js', import.meta.url))
    const folder = await createFolder()
    await writeFile(join(folder, 'lossless.tif'), await makePyramid(1024, 768, { compression: 'lzw' }))
    await sharp(join(pictures, 'noise.png')).resize(1200, 900).toFile(join(folder, 'large.png'))
    const words = ['--expose-gc', script, folder, '3', '5', '200']
    const { results, responses } = JSON.parse(
      (await run(process.execPath, words, { timeout: 60_000 })).stdout,
    )
    for (const { opened, visitor, work } of results) {
      expect(opened).toBe(1000)
      expect(visitor).toMatchObject({ status: 200 })
      expect(work).toEqual({ inFlight: 0, making: 0, running: 0, queued: 0, memoryBytes: 0 })
    }
    expect(responses['499']).toBeGreaterThan(100)
    // A kilobyte for each stream would be two megabytes.
    expect(results.at(-1).heapBytes - results[0].heapBytes).toBeLessThan(1.5 * 2 ** 20)
  }, 90_000)
})
