/* Too much work, work that is too large, and work that takes too long: what the answers are, that nothing is left behind,
   and that the service works on. Sources hang by hand, so that nothing depends on time. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { HttpReply } from '../../src/contracts.js'
import type { ImageServiceOptions } from '../../src/options.js'
import type { ImageService } from '../../src/service.js'
import { fromPixels, wavePixels } from '../image/picture.js'
import { createDeferred, settleAll } from '../schedule/deferred.js'
import {
  type Asking,
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
let wide: Buffer
let jpeg: Buffer

beforeAll(async () => {
  lossless = await makePyramid(2048, 1536, { compression: 'lzw' })
  pyramid = await makePyramid(1024, 768, { compression: 'jpeg', quality: 90 })
  // Nine megapixels: joined piece by piece.
  wide = await makePyramid(3072, 3072, { compression: 'jpeg', quality: 30 })
  jpeg = await fromPixels(wavePixels(600, 400)).jpeg().toBuffer()
}, 60_000)

type Schedule = NonNullable<ImageServiceOptions['schedule']>

interface Site {
  readonly service: ImageService
  readonly sources: Readonly<Record<'lossless' | 'pyramid' | 'wide' | 'jpeg', CountedBytes>>
}

/** A service that has opened its images. */
async function open(schedule: Schedule, options: Partial<ImageServiceOptions> = {}): Promise<Site> {
  const sources = {
    lossless: countBytes(lossless),
    pyramid: countBytes(pyramid),
    wide: countBytes(wide),
    jpeg: countBytes(jpeg),
  }
  const service = serve(sources, { cache: false, schedule, ...options })
  for (const name of Object.keys(sources)) await ask(service, `${name}/info.json`)
  return { service, sources }
}

/** Asks for work that is large or as small as a tile; each time for another, so that none is like another. */
function createAsker(service: ImageService) {
  let count = 0
  const next = (kind: 'large' | 'tile'): string => {
    count += 1
    return kind === 'large'
      ? `lossless/full/${2048 - count},/0/default.jpg`
      : `lossless/${count},0,256,256/256,/0/default.jpg`
  }
  return (kind: 'large' | 'tile', asking?: Asking): Promise<HttpReply> => ask(service, next(kind), asking)
}

async function expectWorking(service: ImageService, sources: Site['sources']): Promise<void> {
  for (const source of Object.values(sources)) source.go()
  await waitForIdle(service)
  expect(readWork(service)).toEqual(idle)
  for (const kind of ['large', 'tile'] as const) {
    const reply = await createAsker(service)(kind)
    expect(reply.status).toBe(200)
    expect((await readReply(reply)).length).toBeGreaterThan(1000)
  }
  await waitForIdle(service)
}

describe.each(['large', 'tile'] as const)('a full queue of %s work', kind => {
  const schedule = { [kind]: { concurrency: 1, maxQueue: 2 }, maxWaitSeconds: Infinity } as Schedule

  it('is 503, with words, and when to come back', async () => {
    const { service, sources } = await open(schedule)
    const asker = createAsker(service)
    sources.lossless.hold()
    const waiting = [asker(kind), asker(kind), asker(kind)]
    await settleAll()
    expect(readWork(service)).toMatchObject({ running: 1, queued: 2 })
    const refused = await asker(kind)
    expect(refused.status).toBe(503)
    expect(refused.headers['Retry-After']).toMatch(/^[1-9]\d*$/)
    expect(refused.headers).toMatchObject({ 'Cache-Control': 'no-cache', 'Access-Control-Allow-Origin': '*' })
    expect(refused.headers['Access-Control-Expose-Headers']).toContain('Retry-After')
    expect((await readReply(refused)).toString()).toMatch(
      /^503 Service Unavailable\n\nThe server is busy; [^\n]+\n$/,
    )
    expect(service.stats().schedule[kind]).toMatchObject({ refused: 1, abandoned: 0 })
    sources.lossless.go()
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200])
    await expectWorking(service, sources)
  })

  it('lets the latest of who asks for most give way to somebody else', async () => {
    const { service, sources } = await open(schedule)
    const asker = createAsker(service)
    sources.lossless.hold()
    const crawler = [asker(kind), asker(kind), asker(kind)]
    await settleAll()
    const visitor = asker(kind, { client: '198.51.100.7' })
    expect((await crawler[2])?.status).toBe(503)
    sources.lossless.go()
    expect((await Promise.all([crawler[0], crawler[1], visitor])).map(reply => reply?.status)).toEqual([
      200, 200, 200,
    ])
    await expectWorking(service, sources)
  })

  it('has room again for every client that leaves it', async () => {
    const { service, sources } = await open(schedule)
    const asker = createAsker(service)
    sources.lossless.hold()
    const first = asker(kind)
    const controller = new AbortController()
    const leavers = [asker(kind, { signal: controller.signal }), asker(kind, { signal: controller.signal })]
    await settleAll()
    controller.abort()
    expect((await Promise.all(leavers)).map(({ status }) => status)).toEqual([499, 499])
    expect(readWork(service)).toMatchObject({ running: 1, queued: 0 })
    expect(service.stats().schedule[kind]).toMatchObject({ refused: 0, abandoned: 2 })
    const late = [asker(kind), asker(kind)]
    sources.lossless.go()
    expect((await Promise.all([first, ...late])).map(({ status }) => status)).toEqual([200, 200, 200])
    await expectWorking(service, sources)
  })
})

describe('too long a wait', () => {
  it('is 503, with words, and when to come back', async () => {
    const { service, sources } = await open({ tile: { concurrency: 1 }, maxWaitSeconds: 0.02 })
    const asker = createAsker(service)
    sources.lossless.hold()
    const first = asker('tile')
    const late = await asker('tile')
    expect(late.status).toBe(503)
    expect(late.headers['Retry-After']).toMatch(/^[1-9]\d*$/)
    expect((await readReply(late)).toString()).toContain(
      'The server is busy; the request has waited for too long.',
    )
    expect(readWork(service)).toMatchObject({ running: 1, queued: 0 })
    sources.lossless.go()
    expect((await first).status).toBe(200)
    await expectWorking(service, sources)
  })
})

describe('an image that takes more memory than there is', () => {
  it('is 413, with words, and begins nothing', async () => {
    const { service, sources } = await open({ memoryBytes: 20_000_000 })
    const reply = await ask(service, 'lossless/full/max/0/default.png')
    expect(reply.status).toBe(413)
    expect((await readReply(reply)).toString()).toMatch(/ask for a smaller size or region/)
    expect(countAdmitted(service)).toBe(0)
    expect((await ask(service, 'lossless/full/200,/0/default.png')).status).toBe(200)
    await waitForIdle(service)
    expect(sources.lossless.countWaiting()).toBe(0)
  })

  it('waits where it only takes more than there is now', async () => {
    const { service, sources } = await open({ memoryBytes: 60_000_000, large: { concurrency: 4 } })
    const asker = createAsker(service)
    sources.lossless.hold()
    const all = Array.from({ length: 4 }, (_, index) => asker('large', { client: `192.0.2.${index}` }))
    await settleAll()
    const { running, queued, memoryBytes } = readWork(service)
    expect([running! + queued!, queued! > 0]).toEqual([4, true])
    expect(memoryBytes).toBeLessThanOrEqual(45_000_000)
    sources.lossless.go()
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
    await expectWorking(service, sources)
  })
})

function countAdmitted(service: ImageService): number {
  const { tile, large } = service.stats().schedule
  return tile.admitted + large.admitted
}

describe('tiles', () => {
  it('are answered while the lane of large work is full, and its memory taken', async () => {
    const { service, sources } = await open({
      large: { concurrency: 1, maxQueue: 1 },
      maxWaitSeconds: Infinity,
      memoryBytes: 40_000_000,
    })
    const asker = createAsker(service)
    sources.lossless.hold()
    const large = [asker('large'), asker('large')]
    await settleAll()
    expect((await asker('large')).status).toBe(503)
    // A rendered one, one as it is stored, one that is joined, and a source as it is.
    const paths = [
      'pyramid/0,0,256,256/256,/0/default.png',
      'pyramid/0,0,256,256/256,/0/default.jpg',
      'pyramid/0,0,512,512/512,/0/default.jpg',
      'jpeg/full/max/0/default.jpg',
      'jpeg/full/100,/0/default.jpg',
    ]
    for (const path of paths)
      expect(`${path} ${(await fetchReply(service, path)).status}`).toBe(`${path} 200`)
    expect(readWork(service)).toMatchObject({ running: 1, queued: 1 })
    sources.lossless.go()
    expect((await Promise.all(large)).map(({ status }) => status)).toEqual([200, 200])
    await expectWorking(service, sources)
  })

  it('of one client do not keep those of another waiting', async () => {
    const { service, sources } = await open({ tile: { concurrency: 2 }, maxWaitSeconds: Infinity })
    const asker = createAsker(service)
    sources.lossless.hold()
    const crawler = Array.from({ length: 200 }, () => asker('tile'))
    await settleAll()
    const reply = await ask(service, 'pyramid/0,0,200,200/100,/0/default.jpg', { client: '198.51.100.7' })
    expect(reply.status).toBe(200)
    expect(readWork(service)).toMatchObject({ running: 1, queued: 199 })
    sources.lossless.go()
    expect(new Set((await Promise.all(crawler)).map(({ status }) => status))).toEqual(new Set([200]))
    await expectWorking(service, sources)
  })
})

describe('what takes too long is 504', () => {
  async function expectTimeout(reply: HttpReply, words: string): Promise<void> {
    expect(reply.status).toBe(504)
    expect(reply.headers['Cache-Control']).toBe('no-cache')
    expect((await readReply(reply)).toString()).toContain(
      `The server gave up, because ${words} took too long.`,
    )
  }

  it.each(['image', 'info'])('finding the source of an %s', async kind => {
    const gate = createDeferred()
    let asked: AbortSignal | undefined
    const service = serve(
      {},
      {
        schedule: { timeouts: { resolveSeconds: 0.02 } },
        source: (_, { signal }) => {
          asked = signal
          return gate.promise.then(() => undefined)
        },
      },
    )
    const path = kind === 'info' ? 'x/info.json' : 'x/full/max/0/default.jpg'
    await expectTimeout(await ask(service, path), 'to find the image')
    expect(asked?.aborted).toBe(true)
    gate.resolve()
    await waitForIdle(service)
  })

  it.each<[title: string, name: keyof Site['sources'], path: string]>([
    ['a render', 'lossless', 'lossless/0,0,300,300/300,/0/default.jpg'],
    ['a tile as it is stored', 'pyramid', 'pyramid/0,0,256,256/256,/0/default.jpg'],
    ['tiles that are joined', 'pyramid', 'pyramid/0,0,512,512/512,/0/default.jpg'],
    ['the first piece of a streamed join', 'wide', 'wide/full/max/0/default.jpg'],
    ['a source that is sent as it is', 'jpeg', 'jpeg/full/max/0/default.jpg'],
  ])('reading the source for %s', async (_, name, path) => {
    for (const how of [undefined, 'deaf'] as const) {
      const { service, sources } = await open({ timeouts: { readSeconds: 0.02 } })
      sources[name].hold(how)
      await expectTimeout(await ask(service, path), 'to read the image')
      await waitForIdle(service)
      expect(readWork(service)).toEqual(idle)
      if (how !== 'deaf') await waitUntil(() => sources[name].countWaiting() === 0)
      await expectWorking(service, sources)
    }
  })

  it('reading the source for the first time', async () => {
    const source = countBytes(lossless)
    const service = serve({ lossless: source }, { schedule: { timeouts: { readSeconds: 0.02 } } })
    source.hold()
    for (const path of ['lossless/info.json', 'lossless/full/max/0/default.jpg'])
      await expectTimeout(await ask(service, path), 'to read the image')
    source.go()
    expect((await ask(service, 'lossless/info.json')).status).toBe(200)
    await waitForIdle(service)
  })

  it('a request that waits for its turn', async () => {
    const schedule: Schedule = {
      tile: { concurrency: 1 },
      large: { concurrency: 1 },
      maxWaitSeconds: Infinity,
      timeouts: { requestSeconds: 1 },
    }
    const { service, sources } = await open(schedule)
    sources.lossless.hold()
    const held = [createAsker(service)('tile'), createAsker(service)('large')]
    await settleAll()
    const paths = ['pyramid/0,0,300,300/300,/0/default.png', 'wide/full/max/0/default.jpg']
    const replies = await Promise.all([...held, ...paths.map(path => ask(service, path))])
    for (const reply of replies) await expectTimeout(reply, 'to make the image')
    sources.lossless.go()
    await waitForIdle(service)
    expect((await fetchReply(service, 'jpeg/full/max/0/default.jpg')).status).toBe(200)
  })

  it('an image that is opened read by read, each in time', async () => {
    const source = countBytes(lossless)
    const service = serve({ lossless: source }, { schedule: { timeouts: { requestSeconds: 0.02 } } })
    source.hold()
    await expectTimeout(await ask(service, 'lossless/full/max/0/default.jpg'), 'to open the image')
    source.go()
    await waitUntil(() => source.countWaiting() === 0)
    await waitForIdle(service)
  })

  it('a render: libvips stops when it next looks at the clock', async () => {
    // Half a minute of work, of which it looks up now and then.
    const { service, sources } = await open(
      { timeouts: { renderSeconds: 2 } },
      {
        encode: { webp: { effort: 6, lossless: true } },
        limits: { maxScale: 2 },
      },
    )
    await expectTimeout(await ask(service, 'lossless/full/^4096,/0/default.webp'), 'to make the image')
    await expectWorking(service, sources)
  })
})

describe('a stream that hangs in the middle', () => {
  it('of a source that is sent as it is breaks off, and is no whole body', async () => {
    const { service, sources } = await open({ timeouts: { readSeconds: 0.02 } })
    const large = countBytes(Buffer.concat([jpeg, Buffer.alloc(300_000)]))
    const other = serve({ large }, { schedule: { timeouts: { readSeconds: 0.02 } } })
    const reply = await ask(other, 'large/full/max/0/default.jpg')
    expect(reply.status).toBe(200)
    large.hold()
    await expect(readReply(reply)).rejects.toThrow()
    expect(large.countGivenUp()).toBe(1)
    await expectWorking(service, sources)
  })

  it('of stored tiles breaks off, and gives everything back', async () => {
    const { service, sources } = await open({ timeouts: { readSeconds: 0.02 } })
    const reply = await ask(service, 'wide/full/max/0/default.jpg')
    expect(reply.status).toBe(200)
    sources.wide.hold()
    await expect(readReply(reply)).rejects.toThrow()
    await expectWorking(service, sources)
  })
})
