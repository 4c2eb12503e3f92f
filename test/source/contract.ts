// What every image source must do: run it over each implementation.
import { describe, expect, it } from 'vitest'
import type { ImageSource } from '../../src/contracts.js'
import { discard } from '../../src/discard.js'

const bytes: Uint8Array = Uint8Array.from(
  { length: 700_001 },
  (_, index) => (index * 31 + (index >> 8)) % 251,
)

/** Describes a source; `create` gives a new one over the bytes it is given. */
export function describeSourceContract(
  name: string,
  create: (bytes: Uint8Array) => ImageSource | Promise<ImageSource>,
): void {
  describe(`${name} fulfils the contract of a source`, () => {
    it('has a version that is not empty, and its size where it knows it', async () => {
      const source = await create(bytes)
      expect(source.version).toMatch(/^\S+$/)
      expect([undefined, bytes.length]).toContain(source.size)
    })

    it('has another version when the bytes are others', async () => {
      const first = await create(bytes.slice(0, 10))
      const second = await create(bytes.slice(1, 12))
      expect(first.version).not.toBe(second.version)
    })

    it.each([
      ['the beginning', 0, 16],
      ['the middle', 300_000, 70_000],
      ['all', 0, 700_001],
      ['the last byte', 700_000, 1],
    ])('reads %s', async (_, offset, length) => {
      const source = await create(bytes)
      expectBytes(await source.read(offset, length), bytes.slice(offset, offset + length))
      await source.close?.()
    })

    it('gives memory that nobody else holds, if it says so', async () => {
      const source = await create(bytes)
      if (source.isOwn) {
        for (let time = 0; time < 3; time += 1) {
          const found = await source.read(100_000, 50_000)
          expectBytes(found, bytes.slice(100_000, 150_000))
          discard(found)
        }
      }
      await source.close?.()
    })

    it('gives fewer bytes only at the end, and none after it', async () => {
      const source = await create(bytes)
      expectBytes(await source.read(700_000, 50), bytes.slice(700_000))
      expect((await source.read(700_001, 10)).length).toBe(0)
      expect((await source.read(2 ** 50, 10)).length).toBe(0)
      expect((await source.read(5, 0)).length).toBe(0)
      await source.close?.()
    })

    it('needs no memory for a length that a damaged file claims', async () => {
      const source = await create(bytes.slice(0, 100))
      expectBytes(await source.read(90, Number.MAX_SAFE_INTEGER), bytes.slice(90, 100))
      await source.close?.()
    })

    it.each([
      [-1, 10],
      [0, -1],
      [Number.NaN, 10],
    ])('refuses to read from %s, %s bytes', async (offset, length) => {
      const source = await create(bytes)
      await expect(source.read(offset, length)).rejects.toThrow()
      await source.close?.()
    })

    it('answers reads at the same time', async () => {
      const source = await create(bytes)
      const offsets = Array.from({ length: 40 }, (_, index) => index * 17_000)
      const parts = await Promise.all(offsets.map(offset => source.read(offset, 5000)))
      parts.forEach((part, index) => {
        expectBytes(part, bytes.slice(index * 17_000, index * 17_000 + 5000))
      })
      await source.close?.()
    })

    it('reads nothing for a request that was given up', async () => {
      const source = await create(bytes)
      await expect(source.read(0, 10, AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' })
      await source.close?.()
    })

    it('reads an empty source as no bytes', async () => {
      const source = await create(new Uint8Array())
      expect((await source.read(0, 10)).length).toBe(0)
      await source.close?.()
    })

    it.each([
      ['all', {}, 0, 700_001],
      ['from a byte', { start: 650_000 }, 650_000, 700_001],
      ['up to a byte', { end: 262_145 }, 0, 262_145],
      ['a range', { start: 1, end: 524_290 }, 1, 524_290],
      ['a range beyond the end', { start: 700_000, end: 800_000 }, 700_000, 700_001],
      ['nothing from after the end', { start: 700_001 }, 0, 0],
      ['nothing of a range of nothing', { start: 20, end: 10 }, 0, 0],
    ])('streams %s', async (_, range, start, end) => {
      const source = await create(bytes)
      if (source.stream) expectBytes(await collect(source.stream(range)), bytes.slice(start, end))
      else expect(source.stream).toBeUndefined()
    })

    it('streams nothing to a request that was given up', async () => {
      const stream = (await create(bytes)).stream?.({ signal: AbortSignal.abort() })
      if (stream) await expect(collect(stream)).rejects.toMatchObject({ code: 'aborted' })
      else expect(stream).toBeUndefined()
    })

    it('lets a stream be left, and closes without a read', async () => {
      const source = await create(bytes)
      for await (const chunk of source.stream?.() ?? []) {
        expectBytes(chunk, bytes.slice(0, chunk.length))
        break
      }
      await source.close?.()
    })
  })
}

/** Everything that a stream gives. */
export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

// Not `toEqual`: on a difference it would print 700,000 numbers.
function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length)
  expect(Buffer.compare(actual, expected)).toBe(0)
}
