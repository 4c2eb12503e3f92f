import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
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

  it('may have been given back before', () => {
    const bytes = new Uint8Array(2 ** 16)
    discard(bytes)
    expect(() => discard(bytes)).not.toThrow()
  })

  it('does not keep a program alive', async () => {
    const compiled = new URL('../dist/discard.js', import.meta.url)
    const program = `import { discard } from '${compiled.href}'; discard(new Uint8Array(2 ** 16))`
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { timeout: 10_000 })
  })
})
