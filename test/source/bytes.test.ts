import { describe, expect, it } from 'vitest'
import { bytesSource } from '../../src/source/bytes.js'
import { describeSourceContract } from './contract.js'

describeSourceContract('bytes in memory', bytes => bytesSource(bytes))

describe('bytes in memory', () => {
  it('have the digest of the bytes as their version, so that equal bytes are one version', () => {
    const first = bytesSource(Uint8Array.of(1, 2, 3))
    expect(bytesSource(Buffer.from([1, 2, 3])).version).toBe(first.version)
    expect(bytesSource(Uint8Array.of(1, 2, 4)).version).not.toBe(first.version)
  })

  it('tell what they were given', () => {
    const lastModified = new Date(5000)
    const source = bytesSource(Uint8Array.of(1), { version: 'v7', lastModified, formatHint: 'png' })
    expect(source).toMatchObject({ version: 'v7', lastModified, formatHint: 'png', size: 1 })
    expect(Object.keys(bytesSource(Uint8Array.of(1)))).not.toContain('formatHint')
  })

  it('are not copied', async () => {
    const bytes = Uint8Array.of(1, 2, 3, 4)
    const part = await bytesSource(bytes).read(1, 2)
    expect(part.buffer).toBe(bytes.buffer)
  })

  it.each([
    ['bytes', () => bytesSource('text' as unknown as Uint8Array)],
    ['version', () => bytesSource(new Uint8Array(), { version: '' })],
    ['lastModified', () => bytesSource(new Uint8Array(), { lastModified: new Date(Number.NaN) })],
  ])('a wrong %s is told by its name', (name, create) => {
    expect(create).toThrow(TypeError)
    expect(create).toThrow(new RegExp(`^${name}: expected `))
  })
})
