// Places that options name, at real servers: another server with images, a bucket, Redis, a folder.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasRedis } from '../cache/redis-server.js'
import { bucket, type S3Server, startS3Server } from '../cache/s3-server.js'
import { askOnce, launch, type Served, start, until, useFolder } from './program.js'

const folder = useFolder()
const quiet = ['--no-access-log', '--workers', '1', '--cache-memory', '0']
const image = '/iiif/3/wave.png/0,0,600,400/300,/0/default.jpg'

async function end(server: Served): Promise<void> {
  server.child.kill('SIGTERM')
  expect(await server.ended).toBe(0)
}

/** Starts a server that has no folder. */
async function startWithout(words: readonly string[]): Promise<Served> {
  const served = launch(folder.path(), ['--port', '0', ...quiet, ...words])
  const [, port] = await served.told(/localhost:(\d+)/)
  return { ...served, port: Number(port), origin: `http://127.0.0.1:${port}` }
}

const hits = async (server: Served): Promise<boolean> =>
  /^honeydew_images_total\{[^}]*cache="hit"[^}]*\} [1-9]/m.test(
    (await askOnce(`${server.origin}/metrics`)).text,
  )

/** What one server has made another one finds. */
async function expectShared(
  words: readonly string[],
  isKept: (server: Served) => Promise<boolean>,
): Promise<void> {
  const first = await start(folder.path(), [...quiet, ...words])
  expect((await askOnce(first.origin + image)).status).toBe(200)
  await until(() => isKept(first))
  await end(first)
  const second = await start(folder.path(), [...quiet, ...words])
  expect((await askOnce(second.origin + image)).status).toBe(200)
  expect(await hits(second)).toBe(true)
  await end(second)
}

/** Asks again and again: what is kept is found. */
const isFound = async (server: Served): Promise<boolean> => {
  await askOnce(server.origin + image)
  return hits(server)
}

describe('a cache', () => {
  it('in a folder is found by the next server', async () => {
    await expectShared(['--cache-folder', folder.path('cache')], isFound)
    expect((await readdir(folder.path('cache'))).length).toBeGreaterThan(0)
  })

  it('in a folder that cannot be made is told', async () => {
    const { ended, err } = launch(folder.path(), [
      'photos',
      '--port',
      '0',
      ...quiet,
      '--cache-folder',
      'photos/wave.png/x',
    ])
    expect(await ended).toBe(2)
    expect(err()).toMatch(/^cacheFolder: ".*wave\.png\/x" cannot be made, or not be written to$/m)
  })
})

describe.skipIf(!hasRedis)('a cache in Redis (redis-server)', () => {
  let child: ChildProcess
  let url = ''

  beforeAll(async () => {
    const place = net.createServer().listen(0, '127.0.0.1')
    await once(place, 'listening')
    const { port } = place.address() as AddressInfo
    await new Promise(done => place.close(done))
    const words = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder.path()]
    child = spawn('redis-server', words, { stdio: 'ignore' })
    url = `redis://127.0.0.1:${port}`
    await until(
      () =>
        new Promise(settle => {
          const socket = net.connect({ port, host: '127.0.0.1' }, () => settle(true))
          socket.on('connect', () => socket.destroy())
          socket.on('error', () => settle(false))
        }),
    )
  })

  afterAll(() => child.kill('SIGKILL'))

  it('is found by the next server', () => expectShared(['--cache-redis', url], isFound))

  it('is no reason not to answer when it is not there, and that is told once', async () => {
    const server = await start(folder.path(), [...quiet, '--cache-redis', 'redis://127.0.0.1:1'])
    for (const _ of [1, 2, 3]) expect((await askOnce(server.origin + image)).status).toBe(200)
    await server.told(/warning The cache fails; images are made anew/)
    await end(server)
    expect(server.err().match(/The cache fails/g)).toHaveLength(1)
  })
})

describe('S3', () => {
  let store: S3Server
  let words: string[] = []

  beforeAll(async () => {
    store = await startS3Server()
    const Body = await readFile(folder.path('photos/wave.png'))
    await store.connect().send(new PutObjectCommand({ Bucket: bucket, Key: 'scans/wave.png', Body }))
    await writeFile(folder.path('secret'), 'S3RVER\n')
    words = [
      '--s3-endpoint',
      store.endpoint,
      '--s3-access-key',
      'S3RVER',
      '--s3-secret-file',
      folder.path('secret'),
    ]
  })

  afterAll(() => store.close())

  it('images of a bucket are served', async () => {
    const server = await startWithout([...words, '--s3-bucket', bucket, '--s3-key', 'scans/{identifier}'])
    expect((await askOnce(server.origin + image)).status).toBe(200)
    expect((await askOnce(`${server.origin}/iiif/3/nobody.png/info.json`)).status).toBe(404)
    await end(server)
  })

  it('a cache in a bucket is found by the next server', () =>
    expectShared([...words, '--cache-s3-bucket', bucket], isFound))
})

describe('another server with images', () => {
  it('is asked where it may be: not at private addresses, unless that is said', async () => {
    const picture = await readFile(folder.path('photos/wave.png'))
    const asked: string[] = []
    const other = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.writeHead(200, { 'content-type': 'image/png', 'content-length': picture.length }).end(picture)
    }).listen(0, '127.0.0.1')
    await once(other, 'listening')
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}/x/{identifier}`
    const closed = await startWithout(['--http-source', url])
    expect((await askOnce(closed.origin + image)).status).toBeGreaterThanOrEqual(400)
    await end(closed)
    expect(asked).toEqual([])
    const open = await startWithout(['--http-source', url, '--http-private', '127.0.0.0/8'])
    expect((await askOnce(open.origin + image)).status).toBe(200)
    expect(asked[0]).toBe('/x/wave.png')
    await end(open)
    other.close()
    other.closeAllConnections()
  })
})
