import { totalmem } from 'node:os'
import process from 'node:process'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { resolveWorkMemory } from '../../src/schedule/memory.js'

afterEach(() => {
  vi.restoreAllMocks()
})

describe('the memory for work', () => {
  it.each<[title: string, limit: number, expected: number]>([
    ['is half of the container’s', 2 ** 29, 2 ** 28],
    ['is a whole number of bytes', 1_000_001, 500_000],
    ['is half of the machine’s where there is no limit', 0, Math.floor(totalmem() / 2)],
    ['is half of the machine’s where the limit is more than it has', 2 ** 60, Math.floor(totalmem() / 2)],
  ])('%s', (_, limit, expected) => {
    vi.spyOn(process, 'constrainedMemory').mockReturnValue(limit)
    expect(resolveWorkMemory()).toBe(expected)
  })

  it('is half of the machine’s where Node cannot tell', () => {
    vi.spyOn(process, 'constrainedMemory').mockReturnValue(undefined as unknown as number)
    expect(resolveWorkMemory()).toBe(Math.floor(totalmem() / 2))
  })
})
