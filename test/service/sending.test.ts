import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, expect, it, vi } from 'vitest'
import { TimeoutError } from '../../src/errors.js'
import { cutInPieces, watchSending } from '../../src/service/sending.js'
import { createDeferred, settleAll, useOwnClock } from '../schedule/deferred.js'

useOwnClock()

const sendMs = 1000

/** A body of pieces, and what became of it. */
function createBody(sizes: readonly number[]) {
  const fate = { asked: 0, ended: 0, returned: 0 }
  const pieces = sizes.map((size, index) => new Uint8Array(size).fill(index + 1))
  const body: AsyncIterableIterator<Uint8Array> = {
    async next() {
      fate.asked += 1
      const value = pieces.shift()
      return value ? { done: false, value } : { done: true, value: undefined }
    },
    async return() {
      fate.returned += 1
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
  const onEnd = (): void => {
    fate.ended += 1
  }
  return { body, fate, onEnd }
}

/** A client that takes a piece whenever it is told to. */
function createClient() {
  const taken: Uint8Array[] = []
  let take: (() => void) | undefined
  const writable = new Writable({
    highWaterMark: 1,
    write(chunk, _encoding, callback) {
      take = () => {
        take = undefined
        taken.push(chunk)
        callback()
      }
    },
  })
  const takeOne = async (): Promise<void> => {
    await settleAll()
    take?.()
    await settleAll()
  }
  return { writable, takeOne, countTaken: () => taken.reduce((sum, { length }) => sum + length, 0) }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await settleAll()
}

describe('a client that reads to the end', () => {
  it('gets everything, and everything is given back once', async () => {
    const { body, fate, onEnd } = createBody([300_000, 300_000, 5])
    const stream = watchSending(body, { sendMs, onEnd })
    let size = 0
    for await (const chunk of stream) size += chunk.length
    await settleAll()
    expect(size).toBe(600_005)
    expect(fate.ended).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('may take his time for every piece, and all the time in the world for all of them', async () => {
    const { body, onEnd, fate } = createBody(Array<number>(20).fill(100_000))
    const client = createClient()
    const sending = pipeline(watchSending(body, { sendMs, onEnd }), client.writable)
    for (let piece = 0; piece < 20; piece += 1) {
      vi.advanceTimersByTime(sendMs - 1)
      await client.takeOne()
    }
    await sending
    expect(client.countTaken()).toBe(2_000_000)
    expect(fate.ended).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is never broken off where there is no limit', async () => {
    const { body, onEnd } = createBody([300_000, 300_000])
    const client = createClient()
    const sending = pipeline(watchSending(body, { sendMs: Infinity, onEnd }), client.writable)
    await turns()
    expect(vi.getTimerCount()).toBe(0)
    for (let piece = 0; piece < 2; piece += 1) await client.takeOne()
    await sending
    expect(client.countTaken()).toBe(600_000)
  })
})

describe('a client that takes nothing any more', () => {
  it.each<[title: string, sizes: readonly number[], takes: number]>([
    ['from the beginning', [300_000, 300_000, 300_000], 0],
    ['in the middle', [300_000, 300_000, 300_000], 1],
    ['before the last piece, which is small', [300_000, 300_000, 5], 1],
    ['where there is one small piece', [5], 0],
  ])('is broken off, and everything given back: %s', async (_, sizes, takes) => {
    const { body, fate, onEnd } = createBody(sizes)
    const client = createClient()
    const sending = pipeline(watchSending(body, { sendMs, onEnd }), client.writable).catch(error => error)
    for (let piece = 0; piece < takes; piece += 1) await client.takeOne()
    await turns()
    vi.advanceTimersByTime(sendMs - 1)
    await turns()
    // One piece is on its way; of a body that is not longer than that, nothing more is held.
    const isHeld = fate.ended === 0
    vi.advanceTimersByTime(1)
    await turns()
    expect(fate.ended).toBe(1)
    if (isHeld) {
      expect(await sending).toBeInstanceOf(TimeoutError)
      expect(client.writable.destroyed).toBe(true)
    }
    expect(vi.getTimerCount()).toBe(0)
  })

  it('or never asked for anything: a door that forgets a body', async () => {
    const { body, fate, onEnd } = createBody([300_000])
    const stream = watchSending(body, { sendMs, onEnd }).on('error', () => {})
    await turns()
    vi.advanceTimersByTime(sendMs)
    await turns()
    expect([fate.ended, fate.returned, fate.asked]).toEqual([1, 1, 0])
    expect(stream.destroyed).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('where the body comes from', () => {
  it('may take its time: only the client is watched', async () => {
    const gate = createDeferred<IteratorResult<Uint8Array>>()
    const ended = createDeferred()
    const stream = watchSending(
      { [Symbol.asyncIterator]: () => ({ next: () => gate.promise }) },
      { sendMs, onEnd: ended.resolve },
    )
    const reading = stream[Symbol.asyncIterator]().next()
    await turns()
    vi.advanceTimersByTime(10 * sendMs)
    gate.resolve({ done: false, value: new Uint8Array(7) })
    expect((await reading).value).toHaveLength(7)
    stream.destroy()
    await ended.promise
  })

  it('may fail: so does the stream, and what is held is given back', async () => {
    const { onEnd, fate } = createBody([])
    const failing = {
      async *[Symbol.asyncIterator]() {
        yield new Uint8Array(10)
        throw new Error('the disk has gone')
      },
    }
    const stream = watchSending(failing, { sendMs, onEnd })
    const read = async (): Promise<void> => {
      for await (const _ of stream);
    }
    await expect(read()).rejects.toThrow('the disk has gone')
    expect(fate.ended).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('may hang: a stream that is given up is closed at once', async () => {
    const { onEnd, fate } = createBody([])
    const hanging = {
      async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
        yield await createDeferred<Uint8Array>().promise
      },
    }
    const stream = watchSending(hanging, { sendMs, onEnd })
    stream.resume()
    await turns()
    const closed = new Promise(resolve => stream.once('close', resolve))
    stream.destroy()
    await closed
    expect(fate.ended).toBe(1)
  })

  it('may fail to end: nobody hears of it', async () => {
    const { body, onEnd, fate } = createBody([10, 10])
    body.return = async () => {
      throw new Error('cannot be ended')
    }
    const stream = watchSending(body, { sendMs, onEnd })
    stream.destroy()
    await turns()
    expect(fate.ended).toBe(1)
  })
})

describe('bytes that are cut', () => {
  it.each([0, 1, 262_144, 262_145, 1_000_000])(
    '%d are the same again, in pieces of a quarter of a megabyte',
    async size => {
      const bytes = Uint8Array.from({ length: size }, (_, index) => index % 251)
      const pieces: Uint8Array[] = []
      for await (const piece of cutInPieces(bytes)) pieces.push(piece)
      expect(Buffer.concat(pieces).equals(bytes)).toBe(true)
      expect(pieces.every(piece => piece.length > 0 && piece.length <= 262_144)).toBe(true)
      expect(pieces).toHaveLength(Math.ceil(size / 262_144))
    },
  )
})
