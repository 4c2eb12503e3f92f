import { describe, expect, it, vi } from 'vitest'
import type { ImageSource } from '../../src/contracts.js'
import { createGuard } from '../../src/service/guard.js'
import { createDeferred, settleAll, useOwnClock } from '../schedule/deferred.js'

useOwnClock()

const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 251)

/** A source as programs write them: an object of a class, whose methods are not its own. */
class Source implements ImageSource {
  readonly version = '1'
  readonly size = 1000
  readonly closed: string[] = []

  async read(offset: number, length: number): Promise<Uint8Array> {
    return bytes.subarray(offset, offset + length)
  }

  async *stream({ start = 0, end = 1000 } = {}): AsyncGenerator<Uint8Array> {
    try {
      for (let offset = start; offset < end; offset += 300)
        yield bytes.subarray(offset, Math.min(offset + 300, end))
    } finally {
      this.closed.push('stream')
    }
  }

  async close(): Promise<void> {
    this.closed.push('source')
  }
}

async function readAll(stream: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream ?? []) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('a guarded source', () => {
  it('is the source, also where that is an object of a class', async () => {
    const source = new Source()
    const guarded = createGuard(1000).guard(source)
    expect(guarded).toMatchObject({ version: '1', size: 1000 })
    expect(guarded).not.toHaveProperty('path')
    expect(guarded).not.toHaveProperty('readSync')
    expect(await guarded.read(10, 5)).toEqual(bytes.subarray(10, 15))
    expect((await readAll(guarded.stream?.({ start: 100, end: 800 }))).equals(bytes.subarray(100, 800))).toBe(
      true,
    )
    await guarded.close?.()
    expect(source.closed).toEqual(['stream', 'source'])
  })

  it('has no stream where the source has none', () => {
    const { version, read } = new Source()
    expect(createGuard(1000).guard({ version, read })).not.toHaveProperty('stream')
  })
})

describe('a read that takes too long', () => {
  it('is given up, and the source is told', async () => {
    let told: AbortSignal | undefined
    const guarded = createGuard(1000).guard({
      version: '1',
      read(_offset, _length, signal) {
        told = signal
        return createDeferred<Uint8Array>().promise
      },
    })
    const reading = guarded.read(0, 10)
    vi.advanceTimersByTime(999)
    expect(told?.aborted).toBe(false)
    vi.advanceTimersByTime(1)
    await expect(reading).rejects.toMatchObject({ status: 504, code: 'timeout' })
    expect(told?.aborted).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('of a stream is the time for one piece: the stream is told, and ended', async () => {
    const gates = [createDeferred<IteratorResult<Uint8Array>>(), createDeferred<IteratorResult<Uint8Array>>()]
    let [asked, returned] = [0, 0]
    let told: AbortSignal | undefined
    const guarded = createGuard(1000).guard({
      version: '1',
      read: async () => bytes,
      stream({ signal } = {}) {
        told = signal
        return {
          [Symbol.asyncIterator]: () => ({
            next() {
              asked += 1
              return gates[asked - 1]!.promise
            },
            async return() {
              returned += 1
              return { done: true, value: undefined }
            },
          }),
        }
      },
    })
    const chunks = guarded.stream!()[Symbol.asyncIterator]()
    const first = chunks.next()
    vi.advanceTimersByTime(900)
    gates[0]?.resolve({ done: false, value: bytes })
    expect((await first).value).toBe(bytes)
    const second = chunks.next()
    vi.advanceTimersByTime(900)
    await settleAll()
    expect([told?.aborted, returned]).toEqual([false, 0])
    vi.advanceTimersByTime(100)
    await expect(second).rejects.toMatchObject({ code: 'timeout' })
    expect([told?.aborted, returned]).toEqual([true, 1])
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a client that leaves', () => {
  it('before a read is the reason why the source is not asked', async () => {
    let asked = 0
    const source = createGuard(1000).guard({
      version: '1',
      async read() {
        asked += 1
        return new Uint8Array()
      },
    })
    await expect(source.read(0, 1, AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' })
    expect(asked).toBe(0)
  })

  it('ends the waiting for a stream that does not heed him', async () => {
    const controller = new AbortController()
    const guarded = createGuard(1000).guard({
      version: '1',
      read: async () => bytes,
      async *stream() {
        yield await createDeferred<Uint8Array>().promise
      },
    })
    const chunks = guarded.stream!({ signal: controller.signal })[Symbol.asyncIterator]()
    const next = chunks.next()
    controller.abort()
    await expect(next).rejects.toMatchObject({ code: 'aborted' })
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('what is read', () => {
  it('is counted for the request that it is read for, and for no other', async () => {
    const { guard, meter } = createGuard(1000)
    const [one, other] = [new AbortController(), new AbortController()]
    const meters = [meter(one.signal), meter(other.signal), meter(undefined)]
    const guarded = guard(new Source())
    await guarded.read(0, 100, one.signal)
    await guarded.read(990, 100, one.signal)
    await guarded.read(0, 7, other.signal)
    await guarded.read(0, 50)
    await readAll(guarded.stream?.({ signal: other.signal }))
    expect(meters.map(each => each.bytes)).toEqual([110, 1007, 0])
  })

  it('is counted from when somebody counts', async () => {
    const { guard, meter } = createGuard(1000)
    const { signal } = new AbortController()
    const guarded = guard(new Source())
    await guarded.read(0, 100, signal)
    const late = meter(signal)
    await guarded.read(0, 10, signal)
    expect(late.bytes).toBe(10)
  })
})
