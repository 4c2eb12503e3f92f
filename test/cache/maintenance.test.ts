import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMaintenance } from '../../src/cache/maintenance.js'

const module = JSON.stringify(resolve(import.meta.dirname, '../../dist/cache/maintenance.js'))

describe('the maintenance', () => {
  it('sweeps again and again, also when a sweep fails', async () => {
    let sweeps = 0
    await new Promise<void>(done => {
      const maintenance = createMaintenance({
        intervalSeconds: 0.001,
        sweep() {
          sweeps += 1
          if (sweeps < 5) throw new Error('failed')
          done(maintenance.stop())
        },
      })
    })
    expect(sweeps).toBe(5)
  })

  it('never sweeps twice at a time', async () => {
    let running = 0
    let most = 0
    let sweeps = 0
    await new Promise<void>(done => {
      const maintenance = createMaintenance({
        intervalSeconds: 0.001,
        async sweep() {
          running += 1
          most = Math.max(most, running)
          await new Promise(later => {
            setTimeout(later, 10)
          })
          running -= 1
          sweeps += 1
          if (sweeps === 5) done(void maintenance.stop())
        },
      })
    })
    expect(most).toBe(1)
  })

  it('stops, tells the sweep that has begun, and waits for it', async () => {
    const events: string[] = []
    let stopped: Promise<void> = Promise.resolve()
    await new Promise<void>(begun => {
      const maintenance = createMaintenance({
        intervalSeconds: 0.001,
        async sweep(signal) {
          setImmediate(() => {
            stopped = maintenance.stop().then(() => void events.push('stopped'))
            begun()
          })
          await new Promise(aborted => signal.addEventListener('abort', aborted))
          events.push('aborted')
        },
      })
    })
    await stopped
    expect(events).toEqual(['aborted', 'stopped'])
  })

  it('stops before its first sweep', async () => {
    let sweeps = 0
    const maintenance = createMaintenance({
      intervalSeconds: 0.01,
      sweep() {
        sweeps += 1
      },
    })
    await maintenance.stop()
    await new Promise(later => {
      setTimeout(later, 50)
    })
    expect(sweeps).toBe(0)
  })

  it('keeps no process alive', () => {
    const program = `import { createMaintenance } from ${module}; createMaintenance({ sweep() {} })`
    const { status, error } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      timeout: 20_000,
    })
    expect([status, error]).toEqual([0, undefined])
  })

  it.each([
    ['intervalSeconds', 0],
    ['intervalSeconds', Number.POSITIVE_INFINITY],
    ['jitter', 1],
    ['jitter', -0.1],
  ])('names %s when it is %s', (name, value) => {
    expect(() => createMaintenance({ sweep() {}, [name]: value })).toThrow(new RegExp(`^${name}: expected `))
  })
})

describe('the times of the maintenance', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('are jittered: first a part of the interval, then the interval, more or less', async () => {
    const chances = [0.25, 0, 1, 0.5]
    const begun = Date.now()
    const times: number[] = []
    const maintenance = createMaintenance({
      intervalSeconds: 100,
      jitter: 0.2,
      random: () => chances.shift() ?? 0,
      sweep() {
        times.push((Date.now() - begun) / 1000)
      },
    })
    await vi.advanceTimersByTimeAsync(350_000)
    expect(times).toEqual([25, 105, 225, 325])
    await maintenance.stop()
    await vi.advanceTimersByTimeAsync(350_000)
    expect(times).toHaveLength(4)
  })
})
