import { describe, expect, it } from 'vitest'
import type { ImageReader } from '../../src/contracts.js'
import { createReaderPool, type Lease, type ReaderPool } from '../../src/image/reader-pool.js'

/** A reader that holds so many bytes and tells how often it was closed. */
class Reader implements ImageReader {
  readonly description: ImageReader['description'] = {
    width: 1,
    height: 1,
    format: 'png',
    pages: 1,
    levels: [{ width: 1, height: 1, scaleFactor: 1 }],
    bands: 1,
    depth: 8,
    hasAlpha: false,
    colour: 'gray',
    orientation: 1,
    hasProfile: false,
  }
  readonly heldBytes?: number
  closed = 0

  constructor(heldBytes?: number) {
    if (heldBytes !== undefined) this.heldBytes = heldBytes
  }

  pixels(): Promise<never> {
    throw new Error('nobody asks for pixels here')
  }

  async close(): Promise<void> {
    this.closed += 1
  }
}

async function settle(): Promise<void> {
  await new Promise(resolve => setImmediate(resolve))
}

/** Lends the reader and gives it back at once. */
async function use(pool: ReaderPool, key: string, reader: Reader = new Reader()): Promise<Reader> {
  const lease = await pool.lend(key, async () => reader)
  lease.release()
  await settle()
  return lease.reader as Reader
}

function isOpen(pool: ReaderPool, key: string): boolean {
  return pool.peek(key) !== undefined
}

describe('a reader', () => {
  it('is opened once, and lent to everybody who asks', async () => {
    const pool = createReaderPool(10, 1e6)
    let opened = 0
    const reader = new Reader()
    const open = async (): Promise<Reader> => {
      opened += 1
      return reader
    }
    const leases = await Promise.all([pool.lend('a', open), pool.lend('a', open)])
    leases.push(await pool.lend('a', open))
    expect(leases.every(lease => lease.reader === reader)).toBe(true)
    expect([opened, pool.size]).toEqual([1, 1])
    for (const lease of leases) lease.release()
    expect(reader.closed).toBe(0)
  })

  it('can be looked at as soon as it is open, and not before', async () => {
    const pool = createReaderPool(10, 1e6)
    const reader = new Reader()
    const lending = pool.lend('a', async () => reader)
    expect(pool.peek('a')).toBeUndefined()
    await lending
    expect(pool.peek('a')).toBe(reader)
    expect(pool.peek('b')).toBeUndefined()
  })

  it('that cannot be opened is an error for all who asked, and is tried again by the next', async () => {
    const pool = createReaderPool(10, 1e6)
    let opened = 0
    const fail = async (): Promise<Reader> => {
      opened += 1
      throw new Error('damaged')
    }
    const all = [pool.lend('a', fail), pool.lend('a', fail)]
    for (const lending of all) await expect(lending).rejects.toThrow('damaged')
    expect([opened, pool.size]).toEqual([1, 0])
    const reader = await use(pool, 'a')
    expect(pool.peek('a')).toBe(reader)
  })

  it('that cannot be closed harms nobody', async () => {
    const pool = createReaderPool(1, 1e6)
    const stubborn = new Reader()
    stubborn.close = async () => {
      throw new Error('cannot be closed')
    }
    await use(pool, 'a', stubborn)
    await use(pool, 'b')
    expect([isOpen(pool, 'a'), isOpen(pool, 'b')]).toEqual([false, true])
  })
})

describe('of too many readers', () => {
  it('the one that was not used for longest is closed', async () => {
    const pool = createReaderPool(2, 1e6)
    const first = await use(pool, 'a')
    const second = await use(pool, 'b')
    await use(pool, 'a')
    const third = await use(pool, 'c')
    expect([first.closed, second.closed, third.closed]).toEqual([0, 1, 0])
    expect([isOpen(pool, 'a'), isOpen(pool, 'b'), isOpen(pool, 'c')]).toEqual([true, false, true])
  })

  it('one that was looked at counts as used', async () => {
    const pool = createReaderPool(2, 1e6)
    await use(pool, 'a')
    await use(pool, 'b')
    pool.peek('a')
    await use(pool, 'c')
    expect([isOpen(pool, 'a'), isOpen(pool, 'b')]).toEqual([true, false])
  })

  it('one that is in use is closed when the last has given it back, and only once', async () => {
    const pool = createReaderPool(1, 1e6)
    const reader = new Reader()
    const leases = [await pool.lend('a', async () => reader), await pool.lend('a', async () => reader)]
    await use(pool, 'b')
    expect(reader.closed).toBe(0)
    leases[0]?.release()
    leases[0]?.release()
    await settle()
    expect(reader.closed).toBe(0)
    leases[1]?.release()
    leases[1]?.release()
    await settle()
    expect(reader.closed).toBe(1)
  })

  it('one that was dropped is opened anew for who asks again, also while others use the old one', async () => {
    const pool = createReaderPool(1, 1e6)
    const [old, fresh] = [new Reader(), new Reader()]
    const lease = await pool.lend('a', async () => old)
    await use(pool, 'b')
    expect(await use(pool, 'a', fresh)).toBe(fresh)
    lease.release()
    await settle()
    expect([old.closed, fresh.closed]).toEqual([1, 0])
    expect(pool.peek('a')).toBe(fresh)
  })

  it('one that is still being opened is lent all the same, and closed afterwards', async () => {
    const pool = createReaderPool(1, 1e6)
    const reader = new Reader()
    let finish: (reader: Reader) => void = () => {}
    const lending = pool.lend(
      'a',
      () =>
        new Promise<Reader>(resolve => {
          finish = resolve
        }),
    )
    await use(pool, 'b')
    finish(reader)
    const lease = await lending
    expect(lease.reader).toBe(reader)
    // It must not come back into the pool: it is the reader of nobody who asks from now on.
    expect([isOpen(pool, 'a'), isOpen(pool, 'b'), pool.size]).toEqual([false, true, 1])
    lease.release()
    await settle()
    expect(reader.closed).toBe(1)
  })
})

describe('the memory that readers hold', () => {
  it('is bounded: who was not used for longest goes until the rest fits', async () => {
    const pool = createReaderPool(100, 100_000)
    const first = await use(pool, 'a', new Reader(40_000))
    const second = await use(pool, 'b', new Reader(40_000))
    expect([first.closed, second.closed]).toEqual([0, 0])
    const third = await use(pool, 'c', new Reader(40_000))
    expect([first.closed, second.closed, third.closed]).toEqual([1, 0, 0])
    expect(pool.size).toBe(2)
  })

  it('of one reader alone may be more than the bound: it is kept, and no other', async () => {
    const pool = createReaderPool(100, 100_000)
    const small = await use(pool, 'a', new Reader(1000))
    const large = await use(pool, 'b', new Reader(1_000_000))
    expect([small.closed, large.closed, pool.size]).toEqual([1, 0, 1])
    expect(pool.peek('b')).toBe(large)
  })

  it('is some kilobytes where a reader does not tell', async () => {
    const pool = createReaderPool(100, 10_000)
    for (const key of ['a', 'b', 'c']) await use(pool, key)
    expect(pool.size).toBe(2)
  })

  it('counts readers in use too, which are closed when they are given back', async () => {
    const pool = createReaderPool(100, 100_000)
    const reader = new Reader(90_000)
    const lease = await pool.lend('a', async () => reader)
    await use(pool, 'b', new Reader(90_000))
    expect([reader.closed, isOpen(pool, 'a')]).toEqual([0, false])
    lease.release()
    await settle()
    expect(reader.closed).toBe(1)
  })

  it('that becomes known when a reader is open does not close the reader itself', async () => {
    const pool = createReaderPool(100, 100_000)
    const reader = await use(pool, 'a', new Reader(50_000))
    expect(reader.closed).toBe(0)
    expect(pool.peek('a')).toBe(reader)
  })
})

describe('a pool that is closed', () => {
  it('closes what nobody uses, and the rest when it is given back', async () => {
    const pool = createReaderPool(10, 1e6)
    const idle = await use(pool, 'a')
    const used = new Reader()
    const lease = await pool.lend('b', async () => used)
    pool.close()
    await settle()
    expect([idle.closed, used.closed, pool.size]).toEqual([1, 0, 0])
    lease.release()
    await settle()
    expect(used.closed).toBe(1)
  })
})

it('after many have asked at random every reader is open or closed once, and none is closed in use', async () => {
  const pool = createReaderPool(3, 50_000)
  const all: Reader[] = []
  const inUse = new Set<Lease>()
  let state = 7
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state >>> 8) % below
  }
  const open = async (): Promise<Reader> => {
    if (random(3) === 0) await settle()
    if (random(5) === 0) throw new Error('damaged')
    const reader = new Reader(random(30_000))
    all.push(reader)
    return reader
  }
  const visit = async (): Promise<void> => {
    const lease = await pool.lend(`key ${random(6)}`, open).catch(() => undefined)
    if (lease === undefined) return
    inUse.add(lease)
    for (let turn = random(4); turn > 0; turn -= 1) await settle()
    expect((lease.reader as Reader).closed).toBe(0)
    inUse.delete(lease)
    lease.release()
  }
  const visits: Promise<void>[] = []
  for (let index = 0; index < 2000; index += 1) {
    visits.push(visit())
    if (random(4) === 0) await settle()
  }
  await Promise.all(visits)
  expect(inUse.size).toBe(0)
  pool.close()
  await settle()
  expect(all.length).toBeGreaterThan(100)
  expect(new Set(all.map(({ closed }) => closed))).toEqual(new Set([1]))
})
