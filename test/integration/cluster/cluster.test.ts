/* Three image servers that share a cache, behind HAProxy: what one has made the others have, and no request is lost when one
   of them ends or comes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { takePort } from '../../bench/port.js'
import { hasRedis } from '../../cache/redis-server.js'
import { type S3Server, startS3Server } from '../../cache/s3-server.js'
import {
  ask,
  type Balancer,
  createReplica,
  hasHaproxy,
  type Replica,
  startBalancer,
  startLoad,
} from './replicas.js'

const images = Array.from({ length: 12 }, (_, index) => `${index}.jpg`)
/* Each tile is asked for as it was scaled, so that it must be made. */
const tiles = images.flatMap(image =>
  ['0,0,256,256', '256,0,256,256', '0,256,256,256', '256,256,256,256'].map(
    region => `/iiif/3/${image}/${region}/200,/0/default.jpg`,
  ),
)

async function writeImage(path: string, width: number): Promise<void> {
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const
  await sharp({ create: { width, height: 600, channels: 3, background: '#888', noise } })
    .jpeg()
    .toFile(path)
}

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'honeydew-cluster-'))
  for (const image of images) await writeImage(join(folder, image), 800)
})
afterAll(() => rmSync(folder, { recursive: true }))

describe.skipIf(!(hasRedis && hasHaproxy))('three replicas with one Redis behind HAProxy', () => {
  let redis: ChildProcess
  let store: ReturnType<typeof createClient>
  let replicas: Replica[]
  let balancer: Balancer
  const agent = new Agent({ keepAlive: true })

  beforeAll(async () => {
    const port = await takePort()
    redis = spawn('redis-server', ['--port', `${port}`, '--bind', '127.0.0.1', '--save', ''], {
      stdio: 'ignore',
    })
    store = createClient({ url: `redis://127.0.0.1:${port}` })
    store.on('error', () => {})
    await store.connect()
    const env = { REDIS_URL: `redis://127.0.0.1:${port}`, DRAIN_SECONDS: '2.5' }
    replicas = await Promise.all([0, 1, 2].map(() => createReplica(folder, env)))
    await Promise.all(replicas.map(replica => replica.start()))
    balancer = await startBalancer(replicas)
  })
  afterAll(async () => {
    agent.destroy()
    await balancer?.stop()
    await Promise.all(replicas?.map(replica => replica.end('SIGKILL')) ?? [])
    store?.destroy()
    redis?.kill('SIGKILL')
  })

  const askReplica = (index: number, path: string) => ask(replicas[index]!.port, path, agent)

  it('what one has made is a hit for the others', async () => {
    const path = tiles[0]!
    const made = await askReplica(0, path)
    expect(await replicas[0]!.readFigures()).toEqual({ hits: 0, misses: 1 })
    // The facts about the image, and the tile; they are kept when the answer has been given.
    await expect.poll(() => store.dbSize()).toBe(2)
    for (const index of [1, 2]) {
      const found = await askReplica(index, path)
      expect([found.statusCode, found.body.equals(made.body)]).toEqual([200, true])
      expect(await replicas[index]!.readFigures()).toEqual({ hits: 1, misses: 0 })
    }
  })

  it('each has a share of the images, and nothing but images comes through', async () => {
    const load = startLoad(balancer.port, tiles, 6)
    await load.wait(2 * tiles.length)
    await load.stop()
    expect([load.failures, load.brokenOff]).toEqual([[], 0])
    for (const replica of replicas) expect((await replica.readFigures()).misses).toBeGreaterThan(1)
    for (const path of ['/ready', '/health', '/status', '/iiif'])
      expect((await ask(balancer.port, path, agent)).statusCode).toBe(404)
  })

  it('one that is killed takes no request with it that it had not begun to answer, and its tiles are there', async () => {
    const clients = 12
    const load = startLoad(balancer.port, tiles, clients)
    await load.wait(300)
    const before = await replicas[1]!.readFigures()
    const others = [replicas[0]!, replicas[2]!]
    const missesBefore = (await Promise.all(others.map(other => other.readFigures()))).map(
      ({ misses }) => misses,
    )
    await replicas[1]!.end('SIGKILL')
    await load.wait(600)
    await load.stop()
    expect(load.failures).toEqual([])
    // What it was sending at that very moment; mostly nothing.
    expect(load.brokenOff).toBeLessThanOrEqual(clients)
    expect(before.hits).toBeGreaterThan(0)
    expect((await Promise.all(others.map(other => other.readFigures()))).map(({ misses }) => misses)).toEqual(
      missesBefore,
    )
  })

  it('one that comes takes its share again', async () => {
    await replicas[1]!.start()
    const load = startLoad(balancer.port, tiles, 6)
    await expect
      .poll(async () => (await replicas[1]!.readFigures()).hits, { timeout: 15_000 })
      .toBeGreaterThan(20)
    await load.stop()
    expect([load.failures, load.brokenOff]).toEqual([[], 0])
  })

  it('one that is stopped loses nothing, and ends well', async () => {
    const load = startLoad(balancer.port, tiles, 12)
    await load.wait(300)
    expect(await replicas[2]!.end('SIGTERM')).toBe(0)
    await load.wait(300)
    await load.stop()
    expect([load.failures, load.brokenOff]).toEqual([[], 0])
    await replicas[2]!.start()
  })

  it('an image that has changed is seen by all of them after a second', async () => {
    const path = join(folder, images[5]!)
    const readWidth = async (port: number) =>
      JSON.parse((await ask(port, `/iiif/3/${images[5]}/info.json`, agent)).body.toString()).width
    const ports = [balancer.port, ...replicas.map(({ port }) => port)]
    expect(await Promise.all(ports.map(readWidth))).toEqual([800, 800, 800, 800])
    await writeImage(`${path}.new.jpg`, 900)
    renameSync(`${path}.new.jpg`, path)
    // The time for which the example lets a source be believed.
    await new Promise(later => setTimeout(later, 1100))
    expect(await Promise.all(ports.map(readWidth))).toEqual([900, 900, 900, 900])
  })

  it('a Redis that ends takes no request with it', async () => {
    const load = startLoad(balancer.port, [...tiles, ...tiles.map(tile => tile.replace('200,', '150,'))], 6)
    await load.wait(100)
    const ended = once(redis, 'exit')
    redis.kill('SIGKILL')
    await ended
    await load.wait(300)
    await load.stop()
    expect([load.failures, load.brokenOff]).toEqual([[], 0])
  })
})

describe('replicas with one bucket', () => {
  let server: S3Server
  let replicas: Replica[]
  beforeAll(async () => {
    server = await startS3Server()
    const env = {
      CACHE_BUCKET: 'tiles',
      PATH_STYLE: 'yes',
      AWS_ENDPOINT_URL_S3: server.endpoint,
      AWS_REGION: 'any',
      AWS_ACCESS_KEY_ID: 'S3RVER',
      AWS_SECRET_ACCESS_KEY: 'S3RVER',
      DRAIN_SECONDS: '0',
    }
    replicas = await Promise.all([0, 1].map(() => createReplica(folder, env)))
    await Promise.all(replicas.map(replica => replica.start()))
  })
  afterAll(async () => {
    await Promise.all(replicas?.map(replica => replica.end('SIGKILL')) ?? [])
    await server?.close()
  })

  it('have what the other has made, and end when they are told', async () => {
    const agent = new Agent()
    const made = await ask(replicas[0]!.port, tiles[0]!, agent)
    const kept = () => server.requests.filter(request => request.startsWith('PUT')).length
    await expect.poll(kept).toBe(2)
    await expect
      .poll(async () => {
        const found = await ask(replicas[1]!.port, tiles[0]!, agent)
        return [found.body.equals(made.body), (await replicas[1]!.readFigures()).hits > 0]
      })
      .toEqual([true, true])
    expect(await Promise.all(replicas.map(replica => replica.end('SIGTERM')))).toEqual([0, 0])
  })
})
