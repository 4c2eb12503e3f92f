import { describe, expect, it, vi } from 'vitest'
import { discard } from '../src/discard.js'

describe('memory that is given back', () => {
  it('is counted no more a moment later, and the array is empty', async () => {
    const before = process.memoryUsage().arrayBuffers
    const bytes = new Uint8Array(64 * 2 ** 20)
    expect(process.memoryUsage().arrayBuffers).toBeGreaterThanOrEqual(before + bytes.length)
    discard(bytes)
    expect(bytes).toHaveLength(0)
    await vi.waitFor(() => expect(process.memoryUsage().arrayBuffers).toBeLessThan(before + 8 * 2 ** 20))
  })

  it('is given back whichever part of it is named', () => {
    const bytes = new Uint8Array(2 ** 16)
    discard(bytes.subarray(10, 20))
    expect(bytes).toHaveLength(0)
  })

  it('leaves alone what is short, which Node shares between buffers', () => {
    const bytes = Buffer.from('a few words')
    discard(bytes)
    expect(bytes.toString()).toBe('a few words')
  })

  it('leaves alone what threads share', () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(2 ** 16))
    discard(bytes)
    expect(bytes).toHaveLength(2 ** 16)
  })

  it('does not keep a program alive, nor fail where it was given back before', () => {
    const bytes = new Uint8Array(2 ** 16)
    discard(bytes)
    expect(() => discard(bytes)).not.toThrow()
  })
})
