/* Clients that read slowly, or not at all, over real sockets: they hold no lane, and their memory comes back. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createFetchHandler } from '../../src/adapters/fetch.js'
import { createNodeHandler } from '../../src/adapters/node.js'
import type { ImageServiceOptions } from '../../src/options.js'
import type { ImageService } from '../../src/service.js'
import { fromPixels, wavePixels } from '../image/picture.js'
import { settleAll } from '../schedule/deferred.js'
import { countBytes, fetchReply, idle, readWork, serve, waitForIdle } from './asking.js'
import { makePyramid, waitUntil } from './folder.js'

let jpeg: Buffer
let pyramid: Buffer

beforeAll(async () => {
  jpeg = await fromPixels(wavePixels(1600, 1200)).jpeg({ quality: 80 }).toBuffer()
  pyramid = await makePyramid(1024, 768, { compression: 'jpeg', quality: 90 })
}, 60_000)

/* More than what the kernel takes for a client on the same machine: 37 megabytes as PNG that is not compressed. */
const path = 'jpeg/full/^4096,3072/0/default.png'

const options: Partial<ImageServiceOptions> = {
  encode: { png: { compressionLevel: 0 } },
  limits: { maxScale: 4 },
  cache: false,
}

interface Site {
  readonly service: ImageService
  readonly port: number
}

async function start(schedule: NonNullable<ImageServiceOptions['schedule']>, sources = {}): Promise<Site> {
  const all = { jpeg: countBytes(jpeg), pyramid: countBytes(pyramid), ...sources }
  const service = serve(all, { ...options, schedule })
  const server = createServer(createNodeHandler(service))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
  })
  return { service, port: (server.address() as AddressInfo).port }
}

interface Client {
  readonly socket: Socket
  /** How many bytes of the body came so far. */
  countBody(): number
  /** The head of the answer. */
  head(): string
}

/** A client that asks and then takes nothing until its socket is resumed. */
async function askSlowly(port: number, asked: string): Promise<Client> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  // Breaking off is an end with or without an error, as the system likes it.
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.pause()
  socket.on('data', chunk => chunks.push(chunk))
  socket.pause()
  socket.write(`GET /iiif/3/${asked} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  const split = (): number => Buffer.concat(chunks).indexOf('\r\n\r\n')
  onTestFinished(() => {
    socket.destroy()
  })
  return {
    socket,
    countBody: () => Buffer.concat(chunks).length - split() - 4,
    head: () => Buffer.concat(chunks).subarray(0, split()).toString(),
  }
}

function readLength(head: string): number {
  return Number(/content-length: (\d+)/i.exec(head)?.[1])
}

/** Waits until the image is made, and on its way. */
async function waitUntilSent({ service }: Site): Promise<void> {
  await waitUntil(() => readWork(service).inFlight === 0 && readWork(service).running === 0)
}

describe('a client that takes nothing of a large image', () => {
  it('holds no lane, and the memory of the image: others are answered', async () => {
    const site = await start({ large: { concurrency: 1 }, tile: { concurrency: 1 } })
    const { service, port } = site
    await askSlowly(port, path)
    await waitUntil(() => service.stats().images.render.none + service.stats().images.render.miss === 1)
    await waitUntilSent(site)
    const { running, queued, memoryBytes } = readWork(service)
    expect([running, queued]).toEqual([0, 0])
    expect(memoryBytes).toBeGreaterThan(30_000_000)
    for (const other of ['pyramid/0,0,200,200/100,/0/default.jpg', 'jpeg/full/1600,/0/gray.jpg'])
      expect((await fetchReply(service, other)).status).toBe(200)
  })

  it('is broken off after a while, and the memory comes back', async () => {
    const { service, port } = await start({ timeouts: { sendSeconds: 0.2 } })
    const { socket, countBody, head } = await askSlowly(port, path)
    await waitUntil(() => service.stats().responses[200] === 1)
    await waitForIdle(service)
    // It can read what had been sent, and sees that it is not all.
    socket.resume()
    if (!socket.destroyed) await once(socket, 'close')
    expect(head()).toMatch(/^HTTP\/1\.1 200 /)
    expect(readLength(head())).toBeGreaterThan(30_000_000)
    expect(countBody()).toBeLessThan(readLength(head()))
  })

  it('and leaves lets the memory come back at once', async () => {
    const site = await start({})
    const { socket } = await askSlowly(site.port, path)
    await waitUntil(() => site.service.stats().responses[200] === 1)
    await waitUntilSent(site)
    expect(readWork(site.service).memoryBytes).toBeGreaterThan(0)
    socket.destroy()
    await waitForIdle(site.service)
    expect(readWork(site.service)).toEqual(idle)
  })

  it('and then goes on gets all of it', async () => {
    const site = await start({})
    const { socket, countBody, head } = await askSlowly(site.port, path)
    await waitUntil(() => site.service.stats().responses[200] === 1)
    await waitUntilSent(site)
    socket.resume()
    await waitUntil(() => head() !== '' && countBody() === readLength(head()))
    await waitForIdle(site.service)
  })

  it('keeps those waiting whose images do not fit beside it, until it is broken off', async () => {
    // Of 180 megabytes large work has 135; an image takes 111 to make and 38 to hold.
    const { service, port } = await start({
      memoryBytes: 180_000_000,
      timeouts: { sendSeconds: 1 },
      maxWaitSeconds: Infinity,
    })
    await askSlowly(port, path)
    await waitUntil(() => service.stats().responses[200] === 1)
    const other = fetchReply(service, 'jpeg/full/^4095,3072/0/default.png')
    await settleAll()
    expect(readWork(service)).toMatchObject({ running: 0, queued: 1 })
    const { status, body, headers } = await other
    expect([status, String(body.length)]).toEqual([200, headers['Content-Length']])
    await waitForIdle(service)
  })
})

describe('a client that takes nothing of a large source', () => {
  it('is broken off after a while, and the source is closed', async () => {
    const large = countBytes(Buffer.concat([jpeg, Buffer.alloc(40_000_000)]))
    let open = 0
    const stream: typeof large.source.stream = async function* (range) {
      open += 1
      try {
        yield* large.source.stream!(range)
      } finally {
        open -= 1
      }
    }
    const { service, port } = await start(
      { timeouts: { sendSeconds: 0.2 } },
      { large: { ...large.source, stream } },
    )
    await service.describe('large')
    const opening = large.countRead()
    const { socket, countBody, head } = await askSlowly(port, 'large/full/max/0/default.jpg')
    await waitUntil(() => service.stats().responses[200] === 1)
    expect(open).toBe(1)
    await waitUntil(() => open === 0)
    socket.resume()
    if (!socket.destroyed) await once(socket, 'close')
    expect(readLength(head())).toBe(jpeg.length + 40_000_000)
    expect(countBody()).toBeLessThan(readLength(head()))
    expect(large.countRead() - opening).toBeLessThan(jpeg.length + 40_000_000)
  })
})

describe('a body that breaks off', () => {
  it('is never a complete 200: the connection ends before the body does', async () => {
    // The source ends before its size.
    const short = countBytes(jpeg, { size: jpeg.length + 1000 })
    const { port, service } = await start({}, { short })
    const client = await askSlowly(port, 'short/full/max/0/default.jpg')
    client.socket.resume()
    await once(client.socket, 'close')
    expect(client.head()).toMatch(/^HTTP\/1\.1 200 /)
    expect(client.countBody()).toBeLessThan(readLength(client.head()))
    await waitForIdle(service)
  })
})

describe('a web response', () => {
  it.each(['is given up before anything is read', 'is given up in the middle'])(
    'that %s lets the memory come back',
    async when => {
      const { service } = await start({})
      const response = await createFetchHandler(service)(new Request(`http://images.example/iiif/3/${path}`))
      expect(readWork(service).memoryBytes).toBeGreaterThan(30_000_000)
      const reader = response!.body!.getReader()
      if (when === 'is given up in the middle') await reader.read()
      await reader.cancel()
      await waitForIdle(service)
    },
  )
})
