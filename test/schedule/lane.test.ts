import { describe, expect, it, vi } from 'vitest'
import { createLane, type Lane, type LaneRequest, type LaneSettings } from '../../src/schedule/lane.js'
import { countListeners, settleAll, stateOf, useOwnClock } from './deferred.js'

useOwnClock()

function makeLane(settings: Partial<LaneSettings> = {}): Lane {
  return createLane({ concurrency: 1, maxQueue: 10, maxWaitMs: Infinity, ...settings })
}

function requestOf(client: string, wanted: Partial<LaneRequest> = {}): LaneRequest {
  return { client, take: () => true, resumes: false, signal: undefined, ...wanted }
}

/** Asks for places and writes down who got one, in the order in which they did. */
function createLog(lane: Lane) {
  const entered: string[] = []
  const leave = new Map<string, () => void>()
  return {
    entered,
    /** Asks for a place; `name` begins with the letter of its client. */
    ask(name: string, wanted: Partial<LaneRequest> = {}): Promise<void> {
      return lane.enter(requestOf(name[0]!, wanted)).then(given => {
        entered.push(name)
        leave.set(name, given)
      })
    },
    /** Gives a place back, and tells who got in. */
    async end(name: string): Promise<string> {
      await settleAll()
      const before = entered.length
      leave.get(name)?.()
      await settleAll()
      return entered.slice(before).join(' ')
    },
  }
}

describe('a place in the lane', () => {
  it('is given at once where there is one', async () => {
    const lane = makeLane({ concurrency: 2 })
    const leave = await lane.enter(requestOf('a'))
    expect(lane.stats()).toEqual({ running: 1, queued: 0, admitted: 1, refused: 0, abandoned: 0 })
    leave()
    expect(lane.stats()).toMatchObject({ running: 0, admitted: 1 })
  })

  it('is given to who waits when it is given back, one for one', async () => {
    const lane = makeLane()
    const log = createLog(lane)
    const all = ['a1', 'b1', 'c1'].map(name => log.ask(name))
    await settleAll()
    expect(log.entered).toEqual(['a1'])
    expect(lane.stats()).toMatchObject({ running: 1, queued: 2 })
    expect(await log.end('a1')).toBe('b1')
    expect(await log.end('b1')).toBe('c1')
    await log.end('c1')
    await Promise.all(all)
    expect(lane.stats()).toEqual({ running: 0, queued: 0, admitted: 3, refused: 0, abandoned: 0 })
  })
})

describe('one client', () => {
  it('leaves one place to the others, whatever he asks for', async () => {
    const lane = makeLane({ concurrency: 3 })
    const log = createLog(lane)
    for (const name of ['a1', 'a2', 'a3', 'a4']) void log.ask(name)
    await settleAll()
    expect(log.entered).toEqual(['a1', 'a2'])
    void log.ask('b1')
    await settleAll()
    expect(log.entered).toEqual(['a1', 'a2', 'b1'])
    expect(await log.end('b1')).toBe('')
    expect(await log.end('a1')).toBe('a3')
  })

  it('has the place where there is only one', async () => {
    const log = createLog(makeLane({ concurrency: 1 }))
    void log.ask('a1')
    await settleAll()
    expect(log.entered).toEqual(['a1'])
  })

  it('with 1,000 requests does not keep another waiting for more than one place', async () => {
    const lane = makeLane({ concurrency: 1, maxQueue: 2000 })
    const log = createLog(lane)
    for (let index = 0; index < 1000; index += 1) void log.ask(`a${index}`)
    void log.ask('b1')
    await settleAll()
    expect(log.entered).toEqual(['a0'])
    expect(await log.end('a0')).toBe('a1')
    expect(await log.end('a1')).toBe('b1')
  })

  it('and what he resumes keeps nobody else waiting for a place that he cannot have', async () => {
    const log = createLog(makeLane({ concurrency: 2 }))
    void log.ask('a1')
    void log.ask('a2', { resumes: true })
    void log.ask('b1')
    await settleAll()
    expect(log.entered).toEqual(['a1', 'b1'])
    expect(await log.end('b1')).toBe('')
    expect(await log.end('a1')).toBe('a2')
  })
})

describe('a full queue', () => {
  it('refuses with 503, tells when to come back, and goes on', async () => {
    const lane = makeLane({ maxQueue: 1 })
    const log = createLog(lane)
    void log.ask('a1')
    void log.ask('a2')
    await expect(log.ask('a3')).rejects.toMatchObject({
      status: 503,
      code: 'overloaded',
      headers: { 'Retry-After': '1' },
    })
    expect(lane.stats()).toMatchObject({ running: 1, queued: 1, refused: 1, abandoned: 0 })
    expect(await log.end('a1')).toBe('a2')
  })

  it('lets the heaviest give way', async () => {
    const log = createLog(makeLane({ maxQueue: 2 }))
    void log.ask('a1')
    void log.ask('a2')
    const heaviest = log.ask('a3').catch(error => error)
    void log.ask('b1')
    expect(await heaviest).toMatchObject({ code: 'overloaded' })
    expect(await log.end('a1')).toBe('a2')
    expect(await log.end('a2')).toBe('b1')
  })

  it('costs nobody a place where the newcomer need not wait at all', async () => {
    const lane = makeLane({ concurrency: 2, maxQueue: 1 })
    const log = createLog(lane)
    void log.ask('a1')
    const waits = log.ask('a2')
    void log.ask('b1')
    await settleAll()
    expect(log.entered).toEqual(['a1', 'b1'])
    expect(await stateOf(waits)).toBe('pending')
    expect(lane.stats()).toMatchObject({ queued: 1, refused: 0 })
  })

  it('of no places lets in whom it can and refuses the rest', async () => {
    const log = createLog(makeLane({ maxQueue: 0 }))
    void log.ask('a1')
    await expect(log.ask('b1')).rejects.toMatchObject({ code: 'overloaded' })
    await log.end('a1')
    await log.ask('b2')
    expect(log.entered).toEqual(['a1', 'b2'])
  })
})

describe('who waits for too long', () => {
  it('is refused with 503, and leaves no timer', async () => {
    const lane = makeLane({ maxWaitMs: 5 })
    const log = createLog(lane)
    void log.ask('a1')
    const late = log.ask('b1').catch(error => error)
    vi.advanceTimersByTime(5)
    expect(await late).toMatchObject({ status: 503, code: 'overloaded' })
    expect(lane.stats()).toEqual({ running: 1, queued: 0, admitted: 1, refused: 1, abandoned: 0 })
    await log.end('a1')
    expect(lane.stats().running).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('makes way for those behind, where it was he who needed too much', async () => {
    const log = createLog(makeLane({ concurrency: 2, maxWaitMs: 5 }))
    void log.ask('a1')
    const greedy = log.ask('b1', { take: () => false }).catch(error => error)
    void log.ask('c1')
    vi.advanceTimersByTime(5)
    expect(await greedy).toMatchObject({ code: 'overloaded' })
    await settleAll()
    expect(log.entered).toEqual(['a1', 'c1'])
  })
})

describe('a client who leaves while he waits', () => {
  it('is forgotten: he takes no place, and leaves neither timer nor listener', async () => {
    const lane = makeLane({ maxWaitMs: 60_000 })
    const log = createLog(lane)
    const controller = new AbortController()
    void log.ask('a1')
    const waits = log.ask('b1', { signal: controller.signal }).catch(error => error)
    void log.ask('c1')
    controller.abort()
    expect(await waits).toMatchObject({ code: 'aborted' })
    expect(lane.stats()).toMatchObject({ queued: 1, refused: 0, abandoned: 1 })
    expect(countListeners(controller.signal)).toBe(0)
    expect(await log.end('a1')).toBe('c1')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('makes way for those whom he has held up', async () => {
    const log = createLog(makeLane({ concurrency: 2 }))
    const controller = new AbortController()
    const greedy = log.ask('a1', { take: () => false, signal: controller.signal }).catch(error => error)
    void log.ask('b1')
    await settleAll()
    expect(log.entered).toEqual([])
    controller.abort()
    await greedy
    await settleAll()
    expect(log.entered).toEqual(['b1'])
  })

  it('before he asks gets nothing', async () => {
    const lane = makeLane()
    await expect(lane.enter(requestOf('a', { signal: AbortSignal.abort() }))).rejects.toMatchObject({
      code: 'aborted',
    })
    expect(lane.stats()).toEqual({ running: 0, queued: 0, admitted: 0, refused: 0, abandoned: 0 })
  })

  it('after he was let in changes nothing', async () => {
    const lane = makeLane()
    const log = createLog(lane)
    const controller = new AbortController()
    void log.ask('a1')
    void log.ask('b1', { signal: controller.signal })
    await log.end('a1')
    controller.abort()
    expect(countListeners(controller.signal)).toBe(0)
    expect(lane.stats()).toMatchObject({ running: 1, abandoned: 0 })
    await log.end('b1')
    expect(lane.stats().running).toBe(0)
  })
})

describe('who comes next and needs more than there is', () => {
  it('holds up those behind, and goes first when there is enough', async () => {
    const lane = makeLane({ concurrency: 3 })
    const log = createLog(lane)
    let isEnough = false
    void log.ask('a1', { take: () => isEnough })
    void log.ask('b1')
    await settleAll()
    expect(log.entered).toEqual([])
    lane.advance()
    expect(lane.stats()).toMatchObject({ running: 0, queued: 2 })
    isEnough = true
    lane.advance()
    await settleAll()
    expect(log.entered).toEqual(['a1', 'b1'])
  })

  it('is not passed by a newcomer', async () => {
    const log = createLog(makeLane({ concurrency: 3 }))
    void log.ask('a1', { take: () => false })
    await settleAll()
    let asked = 0
    const take = (): boolean => {
      asked += 1
      return true
    }
    void log.ask('b1', { take })
    await settleAll()
    expect([log.entered, asked]).toEqual([[], 0])
  })
})

describe('resumed work', () => {
  it('is never refused, however much and however long it waits', async () => {
    const lane = makeLane({ maxQueue: 0, maxWaitMs: 5 })
    const log = createLog(lane)
    void log.ask('a1')
    const resumed = ['b1', 'b2', 'b3', 'b4'].map(name => log.ask(name, { resumes: true }))
    expect(vi.getTimerCount()).toBe(0)
    expect(lane.stats()).toMatchObject({ queued: 4, refused: 0 })
    for (const [name, next] of [
      ['a1', 'b1'],
      ['b1', 'b2'],
      ['b2', 'b3'],
      ['b3', 'b4'],
    ] as const)
      expect(await log.end(name)).toBe(next)
    await Promise.all(resumed)
  })

  it('goes before new work', async () => {
    const log = createLog(makeLane())
    void log.ask('a1')
    void log.ask('b1')
    void log.ask('c1', { resumes: true })
    expect(await log.end('a1')).toBe('c1')
    expect(await log.end('c1')).toBe('b1')
  })

  it('can be abandoned', async () => {
    const lane = makeLane()
    const log = createLog(lane)
    const controller = new AbortController()
    void log.ask('a1')
    const resumed = log.ask('b1', { resumes: true, signal: controller.signal }).catch(error => error)
    controller.abort()
    expect(await resumed).toMatchObject({ code: 'aborted' })
    expect(lane.stats()).toMatchObject({ queued: 0, abandoned: 1 })
  })
})

describe('Retry-After', () => {
  it('is a whole number of seconds from 1 to 60', async () => {
    const log = createLog(makeLane({ maxQueue: 0 }))
    void log.ask('a1')
    const error = await log.ask('b1').catch(reason => reason)
    expect(Number(error.headers['Retry-After'])).toBeGreaterThanOrEqual(1)
    expect(Number(error.headers['Retry-After'])).toBeLessThanOrEqual(60)
    expect(error.headers['Retry-After']).toMatch(/^\d+$/)
  })
})
