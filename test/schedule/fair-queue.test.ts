import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFairQueue, type FairQueue } from '../../src/schedule/fair-queue.js'

interface Item {
  readonly client: string
  readonly name: string
}

/** Items called by their client and a number: `a1`, `a2`, `b1`. */
function itemsOf(names: string): Item[] {
  return names.split(' ').map(name => ({ client: name[0]!, name }))
}

function fill(names: string, maxSize = Infinity): FairQueue<Item> {
  const queue = createFairQueue<Item>(maxSize)
  for (const item of itemsOf(names)) queue.push(item)
  return queue
}

const always = (): boolean => true

/** Serves all that is in the queue, in turn. */
function drain(queue: FairQueue<Item>, isReady: (client: string) => boolean = always): string {
  const names: string[] = []
  for (let next = queue.peek(isReady); next; next = queue.peek(isReady)) {
    queue.serve(next)
    names.push(next.name)
  }
  return names.join(' ')
}

describe('the turn', () => {
  it.each([
    ['of one client is the order in which he asked', 'a1 a2 a3', 'a1 a2 a3'],
    ['goes from client to client', 'a1 a2 a3 b1 b2 c1', 'a1 b1 c1 a2 b2 a3'],
    ['is the order of coming where everybody asks once', 'c1 a1 b1', 'c1 a1 b1'],
  ])('%s', (_, pushed, served) => {
    expect(drain(fill(pushed))).toBe(served)
  })

  it('of who comes last is next but one, however much another has asked for', () => {
    const queue = fill(Array.from({ length: 1000 }, (_, index) => `a${index}`).join(' '))
    const [late] = itemsOf('b1')
    queue.push(late!)
    expect(drain(queue).split(' ').indexOf('b1')).toBe(1)
  })

  it('passes over clients who must not go on, and they keep theirs', () => {
    const queue = fill('a1 a2 b1 c1')
    expect(queue.peek(client => client !== 'a')?.name).toBe('b1')
    expect(drain(queue, client => client === 'c')).toBe('c1')
    expect(queue.peek(() => false)).toBeUndefined()
    expect(drain(queue)).toBe('a1 b1 a2')
  })

  it('is not lost by looking', () => {
    const queue = fill('a1 b1')
    expect([queue.peek(always)?.name, queue.peek(always)?.name, queue.size]).toEqual(['a1', 'a1', 2])
  })

  it('is kept by a client who gives up his first request: a viewer does so whenever it pans', () => {
    const items = itemsOf('a1 a2 b1 c1')
    const queue = createFairQueue<Item>(Infinity)
    for (const item of items) queue.push(item)
    queue.remove(items[0]!)
    expect(drain(queue)).toBe('a2 b1 c1')
  })

  it('is lost by a client who has nothing left to wait for', () => {
    const items = itemsOf('a1 b1')
    const queue = createFairQueue<Item>(Infinity)
    for (const item of items) queue.push(item)
    queue.remove(items[0]!)
    queue.push(itemsOf('a2')[0]!)
    expect(drain(queue)).toBe('b1 a2')
  })
})

describe('a full queue', () => {
  it.each([
    ['refuses who has the most in it', 'a1 a2 a3', 'a4', 'a4', 'a1 a2 a3'],
    ['lets the latest of who has the most give way to another', 'a1 a2 a3', 'b1', 'a3', 'a1 b1 a2'],
    ['refuses who would have as much as the heaviest', 'a1 a2 b1', 'b2', 'b2', 'a1 b1 a2'],
    ['refuses a newcomer where everybody has one', 'a1 b1 c1', 'd1', 'd1', 'a1 b1 c1'],
    ['looks at the heaviest, not at the first', 'a1 b1 b2 c1', 'd1', 'b2', 'a1 b1 c1 d1'],
  ])('%s', (_, pushed, next, loser, served) => {
    const queue = fill(pushed, pushed.split(' ').length)
    const [item] = itemsOf(next)
    expect(queue.push(item!)?.name).toBe(loser)
    expect(drain(queue)).toBe(served)
  })

  it('of no places refuses everybody', () => {
    const queue = createFairQueue<Item>(0)
    const [item] = itemsOf('a1')
    expect(queue.push(item!)).toBe(item)
    expect([queue.size, queue.peek(always)]).toEqual([0, undefined])
  })

  it('has room again when somebody leaves', () => {
    const items = itemsOf('a1 a2')
    const queue = createFairQueue<Item>(2)
    for (const item of items) queue.push(item)
    queue.remove(items[1]!)
    expect(queue.push(itemsOf('a3')[0]!)).toBeUndefined()
    expect(drain(queue)).toBe('a1 a3')
  })
})

describe('taking out', () => {
  it('what is not there any more changes nothing', () => {
    const queue = createFairQueue<Item>(Infinity)
    const [gone, there] = itemsOf('a1 a2')
    queue.push(gone!)
    queue.push(there!)
    queue.remove(gone!)
    queue.remove(gone!)
    queue.remove(itemsOf('z1')[0]!)
    expect([queue.size, queue.peek(always)]).toEqual([1, there])
  })
})

it('holds what was put in and not taken out, each once, whatever is done to it', () => {
  const client = fc.constantFrom('a', 'b', 'c', 'd')
  const step = fc.oneof(
    fc.record({ kind: fc.constant('push' as const), client }),
    fc.record({ kind: fc.constant('serve' as const), client }),
    fc.record({ kind: fc.constant('remove' as const), at: fc.nat(20) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 8 }), (steps, maxSize) => {
      const queue = createFairQueue<Item>(maxSize)
      let held: Item[] = []
      const forget = (item: Item | undefined): void => {
        held = held.filter(each => each !== item)
      }
      for (const [index, doing] of steps.entries()) {
        if (doing.kind === 'push') {
          const item = { client: doing.client, name: `${doing.client}${index}` }
          held.push(item)
          forget(queue.push(item))
        } else if (doing.kind === 'serve') {
          const next = queue.peek(name => name === doing.client)
          // Of one client the first that came is the first to go.
          expect(next).toBe(held.find(item => item.client === doing.client))
          if (next) queue.serve(next)
          forget(next)
        } else {
          const item = held[doing.at]
          if (item) queue.remove(item)
          forget(item)
        }
        expect(queue.size).toBe(held.length)
        expect(queue.size).toBeLessThanOrEqual(maxSize)
      }
      expect(drain(queue).split(' ').filter(Boolean).sort()).toEqual(held.map(({ name }) => name).sort())
    }),
  )
})
