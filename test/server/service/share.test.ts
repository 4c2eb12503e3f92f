import { describe, expect, it } from 'vitest'
import { divideMachine } from '../../../src/server/service/share.js'

const gib = 2 ** 30

describe('what each worker gets of the machine', () => {
  it.each([
    [{ processors: 8, memoryBytes: 16 * gib }, {}, { workers: 8, processors: 1 }],
    // Where there is too little memory for a process for each processor.
    [{ processors: 16, memoryBytes: 2 * gib }, {}, { workers: 4, processors: 4 }],
    [{ processors: 1, memoryBytes: gib / 8 }, {}, { workers: 1, processors: 1 }],
    [{ processors: 8, memoryBytes: 16 * gib }, { workers: 3 }, { workers: 3, processors: 3 }],
    [{ processors: 2, memoryBytes: 4 * gib }, { workers: 6 }, { workers: 6, processors: 1 }],
  ])('%j with %j', (machine, settings, expected) => {
    expect(divideMachine(settings, machine)).toMatchObject(expected)
  })

  it('all parts together are no more than there is', () => {
    const machine = { processors: 3, memoryBytes: 6 * gib }
    const { workers, workBytes, cacheBytes } = divideMachine({ memory: gib, cacheMemory: 1000 }, machine)
    expect([workers, workBytes, cacheBytes]).toEqual([3, Math.floor(gib / 3), 333])
    const untold = divideMachine({}, machine)
    expect(untold.workBytes * 3).toBeLessThanOrEqual(machine.memoryBytes / 2)
    expect(untold.cacheBytes).toBe(64 * 2 ** 20)
    expect(divideMachine({}, { processors: 1, memoryBytes: gib / 8 }).cacheBytes).toBe(gib / 64)
    expect(divideMachine({ cacheMemory: 0 }, machine).cacheBytes).toBe(0)
  })
})
