import { describe, expect, it } from 'vitest'
import { readMachine } from '../../src/schedule/machine.js'
import { resolveWorkMemory } from '../../src/schedule/memory.js'

describe('the memory for work', () => {
  it('is half of what the process may use', () => {
    expect(resolveWorkMemory(2 ** 29)).toBe(2 ** 28)
    expect(resolveWorkMemory()).toBe(Math.floor(readMachine().memoryBytes / 2))
  })

  it('is a whole number of bytes', () => {
    expect(resolveWorkMemory(1_000_001)).toBe(500_000)
  })
})
