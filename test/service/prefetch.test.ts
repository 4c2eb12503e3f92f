// Stored tiles of images that are far away: fetched to where they are taken as those of a local file are.
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { blockCache } from '../../src/source/block-cache.js'
import { createBlockSource } from '../../src/source/block-source.js'
import { bytesSource } from '../../src/source/bytes.js'
import { ask, askForError } from './ask.js'
import { type CountedBytes, countBytes, serve } from './asking.js'
import { makePyramid, waitUntil } from './folder.js'

let bytes: Buffer

beforeAll(async () => {
  bytes = await makePyramid(2000, 1500, { compression: 'jpeg', quality: 90 })
}, 60_000)

let count = 0

/** A pyramid that is far away, and what is read of it there. */
function createRemote(maxBytes?: number) {
  count += 1
  const far: CountedBytes = countBytes(bytes)
  const fetchRange = far.source.read.bind(far.source)
  const cache = blockCache({ readAheadBytes: 0, ...(maxBytes !== undefined && { maxBytes }) })
  const remote = { key: `pyramid ${count}`, size: bytes.length, fetchRange }
  return { far, source: createBlockSource(remote, { version: '1' }, cache) }
}

const near = () => bytesSource(bytes, { version: '1' })

/** A tile, one at the right edge, one of a smaller level, and four together. */
const paths = [
  '256,256,256,256/256,256',
  '1792,256,208,256/208,256',
  '0,512,512,512/256,256',
  '0,0,512,512/512,512',
]

const urlOf = (name: string, path: string) => `/iiif/3/${name}/${path}/0/default.jpg`

describe('a stored tile of an image that is far away', () => {
  it.each(paths)('has the same bytes as that of an image at hand: %s', async path => {
    const { far, source } = createRemote()
    const service = serve({ far: source, near: near() }, { cache: false })
    const expected = await ask(service, urlOf('near', path))
    expect(expected.status).toBe(200)
    for (const takesSharedMemory of [false, true]) {
      const answer = await ask(service, urlOf('far', path), { takesSharedMemory })
      expect(answer.status).toBe(200)
      expect(answer.bytes.equals(expected.bytes)).toBe(true)
    }
    expect(far.countRead()).toBeGreaterThan(0)
    expect(service.stats().images.stored).toMatchObject({ hit: 0 })
  })

  it('has them also where nothing can be kept', async () => {
    const { source } = createRemote(1)
    const service = serve({ far: source, near: near() }, { cache: false })
    for (const path of paths) {
      const [there, here] = await Promise.all(['far', 'near'].map(name => ask(service, urlOf(name, path))))
      expect(there?.bytes.equals(here!.bytes)).toBe(true)
    }
  })

  it('is on its way together with all others that one viewer asks for, however narrow the lane is', async () => {
    const { far, source } = createRemote()
    const service = serve({ far: source }, { cache: false, schedule: { tile: { concurrency: 1 } } })
    await ask(service, urlOf('far', '0,0,256,256/256,256'))
    far.hold()
    const answers = [1, 2, 3, 4, 5, 6].map(column =>
      ask(service, urlOf('far', `${column * 256},768,256,256/256,256`)),
    )
    await waitUntil(() => far.countWaiting() === answers.length)
    expect(service.stats().schedule.tile).toMatchObject({ running: 0, queued: 0 })
    far.go()
    for (const answer of await Promise.all(answers)) expect(answer.status).toBe(200)
  })

  it('asks for a place in the lane when too many wait, and is refused there', async () => {
    const { far, source } = createRemote()
    const tile = { concurrency: 1, maxQueue: 1 }
    const service = serve({ far: source }, { cache: false, schedule: { tile } })
    await ask(service, urlOf('far', '0,0,256,256/256,256'))
    far.hold()
    const answers = [1, 2, 3, 4].map(column =>
      ask(service, urlOf('far', `${column * 256},768,256,256/256,256`)),
    )
    // One waits beside the lane, one works in it, one queues.
    expect((await answers[3])?.status).toBe(503)
    far.go()
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 503])
  })

  it('is given up when its client leaves, and the source is told', async () => {
    const { far, source } = createRemote()
    const service = serve({ far: source }, { cache: false })
    await ask(service, urlOf('far', '0,0,256,256/256,256'))
    far.hold()
    const controller = new AbortController()
    const { signal } = controller
    const answer = ask(service, urlOf('far', '256,768,256,256/256,256'), { signal })
    await waitUntil(() => far.countWaiting() === 1)
    controller.abort()
    expect((await answer).status).toBe(499)
    await waitUntil(() => far.countWaiting() === 0)
    expect(far.countGivenUp()).toBe(1)
  })

  it.each(['heeding', 'deaf'] as const)(
    'that takes too long is 504, and is fetched anew for the next: from a %s source',
    async how => {
      const { far, source } = createRemote()
      const schedule = { timeouts: { readSeconds: 0.05 } }
      const service = serve({ far: source }, { cache: false, schedule })
      await ask(service, urlOf('far', '0,0,256,256/256,256'))
      far.hold(how === 'deaf' ? how : undefined)
      const url = urlOf('far', '256,768,256,256/256,256')
      expect(await askForError(service, url)).toMatchObject({ status: 504, code: 'timeout' })
      if (how === 'heeding') await waitUntil(() => far.countGivenUp() === 1)
      const before = far.reads.length
      const again = ask(service, url)
      await waitUntil(() => far.countWaiting() > 0)
      far.go()
      expect((await again).status).toBe(200)
      expect(far.reads.length).toBeGreaterThan(before)
    },
  )

  it('tells what went wrong', async () => {
    const { far, source } = createRemote()
    const service = serve({ far: source }, { cache: false })
    await ask(service, urlOf('far', '0,0,256,256/256,256'))
    far.hold()
    const answer = askForError(service, urlOf('far', '256,768,256,256/256,256'))
    await waitUntil(() => far.countWaiting() > 0)
    far.go(new Error('the cable was cut'))
    const error = await answer
    expect(error).toMatchObject({ status: 500 })
    expect(error.message).not.toContain('cable')
  })

  it('is told of with the time that it took', async () => {
    const onResponse = vi.fn()
    const { far, source } = createRemote()
    const service = serve({ far: source }, { cache: false, onResponse })
    await ask(service, urlOf('far', '0,0,256,256/256,256'))
    far.hold()
    const answer = ask(service, urlOf('far', '256,768,256,256/256,256'))
    await new Promise(resolve => setTimeout(resolve, 30))
    far.go()
    const { length } = (await answer).bytes
    const [report] = onResponse.mock.lastCall ?? []
    expect(report).toMatchObject({ way: 'stored', cache: 'none', bytesRead: length })
    expect(report.phases.readMs).toBeGreaterThan(20)
  })
})

describe('the memory of a stored tile', () => {
  it.each([
    ['shared, for doors that take it', true, SharedArrayBuffer],
    ['ordinary, for all others', false, ArrayBuffer],
  ])('is %s', async (_, takesSharedMemory, kind) => {
    const service = serve({ far: createRemote().source }, { cache: false })
    const { body } = await ask(service, urlOf('far', '256,256,256,256/256,256'), { takesSharedMemory })
    if (!(body instanceof Uint8Array)) throw new Error('no tile')
    expect(body.buffer).toBeInstanceOf(kind)
  })
})
