import { describe, expect, it } from 'vitest'
import { readMachine } from '../../src/schedule/machine.js'
import { resolveWorkMemory } from '../../src/schedule/memory.js'
import { measureLanes, resolveScheduleOptions, type ScheduleOptions } from '../../src/schedule/options.js'

describe('without options', () => {
  it('lanes are as wide as the processors, and the threads of libuv, have work', () => {
    expect([1, 2, 4, 64].map(measureLanes)).toEqual([
      { tile: 2, large: 1 },
      { tile: 3, large: 1 },
      { tile: 5, large: 2 },
      { tile: 5, large: 2 },
    ])
  })

  it('the schedule is what the documentation says', () => {
    const threads = Math.min(4, readMachine().processors)
    expect(resolveScheduleOptions()).toMatchObject({
      tile: { concurrency: threads + 1, maxQueue: 1000, maxWaitMs: 10_000 },
      large: { concurrency: Math.ceil(threads / 2), maxQueue: 50, maxWaitMs: 10_000 },
      memoryBytes: resolveWorkMemory(),
      timeouts: {
        resolveMs: 10_000,
        readMs: 30_000,
        renderMs: 60_000,
        requestMs: 120_000,
        sendMs: 60_000,
      },
    })
  })

  it('and with some, the others keep their defaults', () => {
    const { tile, large, timeouts } = resolveScheduleOptions({
      tile: { concurrency: 7 },
      large: { maxQueue: 0 },
      maxWaitSeconds: 0.5,
      timeouts: { sendSeconds: 1.5 },
    })
    expect(tile).toEqual({ concurrency: 7, maxQueue: 1000, maxWaitMs: 500 })
    expect(large).toMatchObject({ maxQueue: 0, maxWaitMs: 500 })
    expect(timeouts).toMatchObject({ sendMs: 1500, readMs: 30_000 })
  })
})

describe('an option', () => {
  it.each<[options: ScheduleOptions, name: string]>([
    [{ tile: { concurrency: 0 } }, 'schedule.tile.concurrency'],
    [{ tile: { concurrency: 1.5 } }, 'schedule.tile.concurrency'],
    [{ tile: { maxQueue: -1 } }, 'schedule.tile.maxQueue'],
    [{ large: { concurrency: Number.NaN } }, 'schedule.large.concurrency'],
    [{ large: { concurrency: Infinity } }, 'schedule.large.concurrency'],
    [{ large: { maxQueue: '5' as unknown as number } }, 'schedule.large.maxQueue'],
    [{ memoryBytes: 0 }, 'schedule.memoryBytes'],
    [{ memoryBytes: 2 ** 60 }, 'schedule.memoryBytes'],
    [{ maxWaitSeconds: 0 }, 'schedule.maxWaitSeconds'],
    [{ maxWaitSeconds: -Infinity }, 'schedule.maxWaitSeconds'],
    [{ maxWaitSeconds: '10' as unknown as number }, 'schedule.maxWaitSeconds'],
    [{ timeouts: { resolveSeconds: -1 } }, 'schedule.timeouts.resolveSeconds'],
    [{ timeouts: { readSeconds: Number.NaN } }, 'schedule.timeouts.readSeconds'],
    // Node would wait for a millisecond.
    [{ timeouts: { renderSeconds: 2 ** 31 / 1000 } }, 'schedule.timeouts.renderSeconds'],
    [{ timeouts: { requestSeconds: null as unknown as number } }, 'schedule.timeouts.requestSeconds'],
    [{ timeouts: { sendSeconds: 0 } }, 'schedule.timeouts.sendSeconds'],
  ])('that cannot be is refused by its name: %j', (options, name) => {
    const resolve = () => resolveScheduleOptions(options)
    expect(resolve).toThrow(TypeError)
    expect(resolve).toThrow(`${name}: expected`)
  })

  it('for time may be infinite', () => {
    const { tile, timeouts } = resolveScheduleOptions({
      maxWaitSeconds: Infinity,
      timeouts: { readSeconds: Infinity },
    })
    expect([tile.maxWaitMs, timeouts.readMs]).toEqual([Infinity, Infinity])
  })
})
