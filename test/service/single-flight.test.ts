/* Equal requests at the same time: one render for all of them. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { HttpReply } from '../../src/contracts.js'
import type { ImageService } from '../../src/service.js'
import { settleAll } from '../schedule/deferred.js'
import {
  ask,
  type CountedBytes,
  countBytes,
  fetchReply,
  idle,
  readReply,
  readWork,
  serve,
  waitForIdle,
} from './asking.js'
import { makePyramid, waitUntil } from './folder.js'

let lossless: Buffer
let pyramid: Buffer

beforeAll(async () => {
  lossless = await makePyramid(1024, 768, { compression: 'lzw' })
  pyramid = await makePyramid(1024, 768, { compression: 'jpeg', quality: 90 })
}, 60_000)

const rendered = 'lossless/full/500,/0/default.png'
const joined = 'pyramid/0,0,512,512/512,/0/default.jpg'

interface Site {
  readonly service: ImageService
  readonly bytes: CountedBytes
}

/** A service that has opened its images, and whose sources hang from now on. */
async function openHanging(how?: 'deaf', options = {}): Promise<Site> {
  const bytes = countBytes(lossless)
  const others = countBytes(pyramid)
  const service = serve({ lossless: bytes, pyramid: others }, { cache: false, ...options })
  // What was looked up is known from now on, so that equal requests are on their way within one turn.
  for (const path of ['lossless', 'pyramid']) await ask(service, `${path}/info.json`)
  bytes.hold(how)
  others.hold(how)
  return { service, bytes: { ...bytes, go: error => [bytes, others].map(each => each.go(error)) } }
}

function countAdmitted(service: ImageService): number {
  const { tile, large } = service.stats().schedule
  return tile.admitted + large.admitted
}

/** Asks many times at once; everybody waits for the same when this is done. */
async function askMany(
  service: ImageService,
  path: string,
  signals: readonly AbortSignal[],
): Promise<Promise<HttpReply>[]> {
  const asked = signals.map((signal, index) =>
    ask(service, path, { signal, client: `192.0.2.${index % 20}` }),
  )
  await settleAll()
  return asked
}

const makeSignals = (count: number): AbortController[] =>
  Array.from({ length: count }, () => new AbortController())

describe('two hundred equal requests at once', () => {
  it.each([
    ['of an image that is rendered', rendered],
    ['of stored tiles that are joined', joined],
  ])('%s are one work, and all get the same', async (_, path) => {
    const { service, bytes } = await openHanging()
    const asked = await askMany(
      service,
      path,
      makeSignals(200).map(({ signal }) => signal),
    )
    expect(readWork(service)).toMatchObject({ inFlight: 200, making: 1, running: 1, queued: 0 })
    bytes.go()
    const bodies = await Promise.all((await Promise.all(asked)).map(readReply))
    expect(countAdmitted(service)).toBe(1)
    expect(service.stats().responses).toEqual({ 200: 202 })
    expect(bodies[0]!.length).toBeGreaterThan(1000)
    expect(bodies.every(body => body.equals(bodies[0]!))).toBe(true)
    expect(bodies[0]!.equals((await fetchReply(service, path)).body)).toBe(true)
    await waitForIdle(service)
  })

  it('are one read of what they need', async () => {
    const { service, bytes } = await openHanging()
    const before = bytes.countRead()
    const asked = await askMany(
      service,
      rendered,
      makeSignals(200).map(({ signal }) => signal),
    )
    bytes.go()
    await Promise.all(asked)
    const many = bytes.countRead() - before
    await fetchReply(service, rendered)
    const one = bytes.countRead() - before - many
    expect(many).toBe(one)
  })

  it('that are asked of a service which has seen nothing yet are one work too', async () => {
    const service = serve({ lossless: countBytes(lossless) })
    const asked = await askMany(
      service,
      rendered,
      makeSignals(200).map(({ signal }) => signal),
    )
    const bodies = await Promise.all((await Promise.all(asked)).map(readReply))
    expect(bodies.every(body => body.equals(bodies[0]!))).toBe(true)
    // Who comes when it is done finds it in the cache.
    expect(countAdmitted(service)).toBe(1)
  })
})

describe('requests that only look alike', () => {
  it('are works of their own', async () => {
    const { service, bytes } = await openHanging()
    const paths = [rendered, 'lossless/full/501,/0/default.png', 'lossless/full/500,/0/gray.png']
    const asked = paths.map(path => ask(service, path))
    await settleAll()
    expect(readWork(service).making).toBe(3)
    bytes.go()
    const bodies = await Promise.all((await Promise.all(asked)).map(readReply))
    expect(new Set(bodies.map(body => body.toString('latin1'))).size).toBe(3)
  })

  it('while those that mean the same are one', async () => {
    const { service, bytes } = await openHanging()
    const paths = [
      rendered,
      'lossless/pct:0,0,100,100/500,375/360/color.png',
      'lossless/full/500,/0/default.png?x=1',
    ]
    const asked = paths.map(path => ask(service, path))
    await settleAll()
    expect(readWork(service).making).toBe(1)
    bytes.go()
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 200])
  })
})

describe('a client that leaves', () => {
  it('does not hurt the others, be he the first or the last', async () => {
    const { service, bytes } = await openHanging()
    const controllers = makeSignals(20)
    const asked = await askMany(
      service,
      rendered,
      controllers.map(({ signal }) => signal),
    )
    controllers[0]!.abort()
    controllers[19]!.abort()
    await settleAll()
    expect(readWork(service)).toMatchObject({ making: 1, running: 1 })
    expect(bytes.countGivenUp()).toBe(0)
    bytes.go()
    const replies = await Promise.all(asked)
    expect(replies.map(({ status }) => status)).toEqual([499, ...Array<number>(18).fill(200), 499])
    const whole = (await fetchReply(service, rendered)).body
    for (const reply of replies.slice(1, 19)) expect((await readReply(reply)).equals(whole)).toBe(true)
    await waitForIdle(service)
  })

  it('and all others with him: the work is given up, its reads are told, and everything comes back', async () => {
    const { service, bytes } = await openHanging()
    const controllers = makeSignals(20)
    const asked = await askMany(
      service,
      rendered,
      controllers.map(({ signal }) => signal),
    )
    expect(bytes.countWaiting()).toBeGreaterThan(0)
    for (const controller of controllers) controller.abort()
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(Array<number>(20).fill(499))
    await waitForIdle(service)
    expect(bytes.countWaiting()).toBe(0)
    expect(bytes.countGivenUp()).toBeGreaterThan(0)
    bytes.go()
    expect((await fetchReply(service, rendered)).status).toBe(200)
  })

  it('of a source that does not heed it: who asks again does not wait for the old work', async () => {
    const { service, bytes } = await openHanging('deaf', { schedule: { tile: { concurrency: 3 } } })
    const controller = new AbortController()
    const [left] = await askMany(service, rendered, [controller.signal])
    controller.abort()
    expect((await left)?.status).toBe(499)
    const again = ask(service, rendered)
    await settleAll()
    expect(readWork(service)).toMatchObject({ making: 1, inFlight: 1 })
    bytes.go()
    expect((await again).status).toBe(200)
    await waitForIdle(service)
  })

  it('in the middle of a render gets his answer at once, and the place comes back when libvips is done', async () => {
    const { service, bytes } = await openHanging()
    const controller = new AbortController()
    const [asked] = await askMany(service, rendered, [controller.signal])
    bytes.go()
    await waitUntil(() => bytes.countWaiting() === 0)
    controller.abort()
    expect((await asked)?.status).toBe(499)
    await waitForIdle(service)
    expect(readWork(service)).toEqual(idle)
  })
})

describe('an error', () => {
  it('is the answer for all who wait, and is not kept', async () => {
    const { service, bytes } = await openHanging()
    const asked = await askMany(
      service,
      rendered,
      makeSignals(50).map(({ signal }) => signal),
    )
    bytes.go(new Error('the disk has gone'))
    const replies = await Promise.all(asked)
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([500]))
    expect((await readReply(replies[0]!)).toString()).not.toContain('disk')
    expect(countAdmitted(service)).toBe(1)
    await waitForIdle(service)
    expect((await fetchReply(service, rendered)).status).toBe(200)
  })
})

describe('a large result', () => {
  it('is reckoned with until the last of those who wait for it has it', async () => {
    const service = serve(
      { lossless: countBytes(lossless) },
      { cache: false, encode: { png: { compressionLevel: 0 } } },
    )
    const path = 'lossless/full/1000,/0/default.png'
    const replies = await Promise.all([ask(service, path), ask(service, path), ask(service, path)])
    expect(countAdmitted(service)).toBe(1)
    const { memoryBytes } = readWork(service)
    expect(memoryBytes).toBeGreaterThan(1_000_000)
    await readReply(replies[0]!)
    await readReply(replies[1]!)
    expect(readWork(service)).toMatchObject({ memoryBytes, running: 0 })
    await readReply(replies[2]!)
    await waitForIdle(service)
  })
})
