import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import {
  type Admission,
  type AdmissionSettings,
  createAdmission,
  type Permit,
  type Work,
} from '../../src/schedule/admission.js'
import type { LaneSettings } from '../../src/schedule/lane.js'
import { countListeners, createDeferred, settleAll, stateOf, useOwnClock } from './deferred.js'

useOwnClock()

const wide: LaneSettings = { concurrency: 100, maxQueue: 100, maxWaitMs: Infinity }

function makeAdmission(settings: Partial<AdmissionSettings> = {}): Admission {
  return createAdmission({ tile: wide, large: wide, memoryBytes: 1000, ...settings })
}

const tile = (bytes: number, client = 'a'): Work => ({ lane: 'tile', bytes, client })
const large = (bytes: number, client = 'a'): Work => ({ lane: 'large', bytes, client })

describe('the budget of memory', () => {
  it('is shared by both lanes, and given back', async () => {
    const admission = makeAdmission()
    const permits = [await admission.admit(tile(300)), await admission.admit(large(500))]
    expect(admission.stats()).toMatchObject({ memoryBytes: 800, maxMemoryBytes: 1000 })
    for (const permit of permits) permit.release()
    expect(admission.stats().memoryBytes).toBe(0)
  })

  it('is what work waits for, and who waits goes on when there is enough, in whichever lane', async () => {
    const admission = makeAdmission()
    const held = await admission.admit(large(700))
    const waits = [admission.admit(tile(400)), admission.admit(large(400))]
    expect(await stateOf(waits[0]!)).toBe('pending')
    expect(admission.stats()).toMatchObject({ tile: { queued: 1 }, large: { queued: 1 }, memoryBytes: 700 })
    held.release()
    const permits = await Promise.all(waits)
    expect(admission.stats()).toMatchObject({ tile: { running: 1 }, large: { running: 1 }, memoryBytes: 800 })
    for (const permit of permits) permit.release()
    expect(admission.stats()).toMatchObject({ tile: { running: 0 }, large: { running: 0 }, memoryBytes: 0 })
  })

  it('is never all taken by large work: tiles have a quarter of it', async () => {
    const admission = makeAdmission()
    const first = await admission.admit(large(500))
    const second = admission.admit(large(300))
    expect(await stateOf(second)).toBe('pending')
    const small = await admission.admit(tile(250))
    first.release()
    const permits = [await second, small]
    for (const permit of permits) permit.release()
    expect(admission.stats().memoryBytes).toBe(0)
  })

  it.each<[title: string, work: Work, fits: boolean]>([
    ['a tile may take all of it', tile(1000), true],
    ['large work may take three quarters', large(750), true],
    ['a tile that needs more is refused at once', tile(1001), false],
    ['large work that needs more is refused at once', large(751), false],
  ])('%s', async (_, work, fits) => {
    const admission = makeAdmission()
    const asked = admission.admit(work)
    if (fits) (await asked).release()
    else await expect(asked).rejects.toMatchObject({ status: 413, code: 'source-too-large' })
    expect(admission.stats()).toMatchObject({ memoryBytes: 0, tile: { queued: 0 }, large: { queued: 0 } })
  })
})

describe('a permit', () => {
  const narrow: LaneSettings = { ...wide, concurrency: 1 }

  it('gives back the place when the work is done, and the memory but for the result', async () => {
    const admission = makeAdmission({ tile: narrow })
    const permit = await admission.admit(tile(600))
    permit.finish(200)
    expect(admission.stats()).toMatchObject({ tile: { running: 0 }, memoryBytes: 200 })
    const next = await admission.admit(tile(800))
    permit.release()
    expect(admission.stats()).toMatchObject({ tile: { running: 1 }, memoryBytes: 800 })
    next.release()
  })

  it('holds no more for a result than it was given', async () => {
    const admission = makeAdmission()
    const permit = await admission.admit(tile(100))
    permit.finish(5000)
    expect(admission.stats().memoryBytes).toBe(100)
    permit.release()
    expect(admission.stats().memoryBytes).toBe(0)
  })

  it.each<[title: string, end: (permit: Permit) => void]>([
    ['released twice', permit => permit.release()],
    ['finished after it was released', permit => permit.finish(50)],
    ['finished with more after it was released', permit => permit.finish(5000)],
  ])('that is %s gives back nothing twice', async (_, again) => {
    const admission = makeAdmission({ tile: narrow })
    const permit = await admission.admit(tile(100))
    permit.release()
    const other = await admission.admit(tile(300))
    again(permit)
    expect(admission.stats()).toMatchObject({ tile: { running: 1 }, memoryBytes: 300 })
    other.release()
    expect(admission.stats()).toMatchObject({ tile: { running: 0 }, memoryBytes: 0 })
  })
})

describe('the lanes', () => {
  it('do not wait for each other', async () => {
    const narrow: LaneSettings = { ...wide, concurrency: 1 }
    const admission = makeAdmission({ tile: narrow, large: narrow })
    const permits = [await admission.admit(large(100))]
    const waits = admission.admit(large(100))
    permits.push(await admission.admit(tile(100)))
    expect(admission.stats()).toMatchObject({ large: { running: 1, queued: 1 }, tile: { running: 1 } })
    permits[0]?.release()
    permits.push(await waits)
    for (const permit of permits) permit.release()
    expect(admission.stats()).toMatchObject({ large: { running: 0 }, tile: { running: 0 }, memoryBytes: 0 })
  })
})

describe('a client who leaves while he waits for memory', () => {
  it('takes none, and lets those behind go on', async () => {
    const admission = makeAdmission()
    const held = await admission.admit(tile(500))
    const controller = new AbortController()
    const greedy = admission.admit(tile(800, 'b'), controller.signal).catch(error => error)
    const behind = admission.admit(tile(200, 'c'))
    expect(await stateOf(behind)).toBe('pending')
    controller.abort()
    expect(await greedy).toMatchObject({ code: 'aborted' })
    expect(admission.stats().memoryBytes).toBe(700)
    for (const permit of [held, await behind]) permit.release()
    expect(admission.stats().memoryBytes).toBe(0)
  })
})

describe('large work beside tiles that wait', () => {
  /** A tile that works, one that waits, and large work that took 100 ms and has its next behind it. */
  async function crowd() {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const admission = makeAdmission({ tile: { ...wide, concurrency: 1 } })
    const controller = new AbortController()
    const works = await admission.admit(tile(1))
    const waits = admission.admit(tile(1), controller.signal)
    waits.catch(() => {})
    const first = await admission.admit(large(1))
    vi.advanceTimersByTime(100)
    first.release()
    const next = admission.admit(large(1))
    expect(await stateOf(next)).toBe('pending')
    return { admission, controller, works, waits, next }
  }

  it('rests for nine times as long as it has worked', async () => {
    const { next } = await crowd()
    vi.advanceTimersByTime(899)
    expect(await stateOf(next)).toBe('pending')
    vi.advanceTimersByTime(1)
    expect(await stateOf(next)).toBe('resolved')
  })

  it('goes on as soon as no tile waits, because it was served', async () => {
    const { works, waits, next } = await crowd()
    works.release()
    await waits
    expect(await stateOf(next)).toBe('resolved')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('goes on as soon as no tile waits, because its client left', async () => {
    const { controller, next } = await crowd()
    controller.abort()
    expect(await stateOf(next)).toBe('resolved')
  })

  it('does not rest where no tile waits', async () => {
    const { admission, controller, next } = await crowd()
    controller.abort()
    const permit = await next
    vi.advanceTimersByTime(100)
    permit.release()
    expect(await stateOf(admission.admit(large(1)))).toBe('resolved')
  })
})

/* A step of the storm: somebody asks, and leaves, or works for some turns, and holds what he made for some more. */
interface Step {
  readonly work: Work
  readonly leavesAfter: number | undefined
  readonly worksFor: number
  readonly keeps: number | undefined
  readonly pause: boolean
}

const step: fc.Arbitrary<Step> = fc.record({
  work: fc.record({
    lane: fc.constantFrom('tile' as const, 'large' as const),
    bytes: fc.integer({ min: 0, max: 1100 }),
    client: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    resumes: fc.boolean(),
  }),
  leavesAfter: fc.option(fc.nat(6), { nil: undefined, freq: 2 }),
  worksFor: fc.nat(5),
  keeps: fc.option(fc.integer({ min: 0, max: 1500 }), { nil: undefined }),
  pause: fc.boolean(),
})

/* By the clock of the test a turn is a millisecond for one of those who take part. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) {
    await settleAll()
    vi.advanceTimersByTime(1)
  }
}

/** Goes the way of one step; gives what came of it. */
async function go(admission: Admission, { work, leavesAfter, worksFor, keeps }: Step): Promise<string> {
  const controller = new AbortController()
  const { signal } = controller
  if (leavesAfter !== undefined) void turns(leavesAfter).then(() => controller.abort())
  try {
    const permit = await admission.admit(work, signal)
    await turns(worksFor)
    if (keeps !== undefined) permit.finish(keeps)
    await turns(worksFor)
    permit.release()
    return 'done'
  } catch (error) {
    return (error as { readonly code: string }).code
  } finally {
    expect(countListeners(signal)).toBe(0)
  }
}

it('after a storm nothing is running, nothing waits, no memory is taken, no timer and no listener is left', async () => {
  const outcomes = new Set<string>()
  const narrow = { concurrency: 3, maxQueue: 12, maxWaitMs: 40 }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 50, maxLength: 150 }), async steps => {
      const admission = makeAdmission({ tile: narrow, large: { ...narrow, concurrency: 2 } })
      const ways: Promise<string>[] = []
      for (const each of steps) {
        ways.push(go(admission, each))
        if (each.pause) await settleAll()
        const { tile, large, memoryBytes } = admission.stats()
        expect(tile.running).toBeLessThanOrEqual(3)
        expect(large.running).toBeLessThanOrEqual(2)
        expect(memoryBytes).toBeLessThanOrEqual(1000)
      }
      for (const outcome of await Promise.all(ways)) outcomes.add(outcome)
      const { tile, large, memoryBytes } = admission.stats()
      expect([tile.running, tile.queued, large.running, large.queued, memoryBytes]).toEqual([0, 0, 0, 0, 0])
    }),
    // About five thousand requests, always the same ones.
    { numRuns: 50, seed: 20_261_124, endOnFailure: true },
  )
  expect([...outcomes].sort()).toEqual(['aborted', 'done', 'overloaded', 'source-too-large'])
  expect(vi.getTimerCount()).toBe(0)
})

it('everybody who may wait forever comes to his turn', async () => {
  const admission = makeAdmission({
    tile: { ...wide, concurrency: 2, maxQueue: 1000 },
    large: { ...wide, concurrency: 1, maxQueue: 1000 },
  })
  const done: Work[] = []
  const gate = createDeferred()
  const all = fc.sample(step, { numRuns: 500, seed: 1 }).map(async ({ work, worksFor }) => {
    const bytes = Math.min(work.bytes, work.lane === 'tile' ? 1000 : 750)
    await gate.promise
    const permit = await admission.admit({ ...work, bytes })
    await turns(worksFor)
    permit.release()
    done.push(work)
  })
  gate.resolve()
  await Promise.all(all)
  expect(done).toHaveLength(500)
  expect(admission.stats()).toMatchObject({ tile: { refused: 0 }, large: { refused: 0 }, memoryBytes: 0 })
})
