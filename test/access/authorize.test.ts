import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { type Authorize, isThenable, runAuthorize, waitFor } from '../../src/access/authorize.js'
import { allow, deny, scale, tier } from '../../src/access/result.js'
import {
  AccessError,
  BadRequestError,
  buildUnknownImage,
  IIIFError,
  NotFoundError,
} from '../../src/errors.js'

const ask = (authorize: unknown, timeoutMs = 10_000) =>
  runAuthorize(authorize as Authorize, {} as never, { timeoutMs })

// A promise of another library, or what looks like one.
const withThen = (then: unknown) => Object.fromEntries([['then', then]])

const fail = (error: unknown) => () => {
  throw error
}

describe('runAuthorize', () => {
  it('answers at once where the application does', () => {
    expect(ask(() => allow())).toEqual(allow())
    expect(ask(() => tier('public'))).toEqual(tier('public'))
  })

  it('waits for promises, also for those of other libraries', async () => {
    await expect(ask(async () => scale(2, 4))).resolves.toEqual(scale(1, 2))
    const foreign = withThen((resolve: (value: unknown) => void) => resolve(allow()))
    await expect(ask(() => foreign)).resolves.toEqual(allow())
  })

  it('hands its context on', () => {
    const context = { identifier: 'cats' } as never
    const authorize: Authorize = given => (given === context ? allow() : deny(404))
    expect(runAuthorize(authorize, context, { timeoutMs: 1 })).toEqual(allow())
  })

  it.each<[error: unknown, result: unknown]>([
    [new Error('no database'), deny(403)],
    ['a string', deny(403)],
    [undefined, deny(403)],
    [null, deny(403)],
    [new BadRequestError('invalid-size', 'x'), deny(403)],
    [new IIIFError(500, 'internal', 'x'), deny(403)],
    [new AccessError(403, 'access-denied', 'x'), deny(403)],
    [new NotFoundError('not-found', 'x'), deny(404)],
    [buildUnknownImage(), deny(404)],
    [new AccessError(401, 'unauthorized', 'x', { challenge: 'Basic' }), deny(401, { challenge: 'Basic' })],
    [new AccessError(401, 'unauthorized', 'x'), deny(401, { challenge: 'Bearer' })],
    [new IIIFError(401, 'unauthorized', 'x'), deny(401)],
  ])('when %o is thrown, has denied', async (error, result) => {
    expect(ask(fail(error))).toEqual(result)
    await expect(ask(async () => fail(error)())).resolves.toEqual(result)
  })

  it.each<[unknown]>([
    [undefined],
    [null],
    [true],
    [1],
    ['allow'],
    [{}],
    [{ kind: 'yes' }],
    [Symbol('x')],
    [() => allow()],
  ])('when %o comes, has denied', async answer => {
    expect(ask(() => answer)).toEqual(deny(403))
    await expect(ask(async () => answer)).resolves.toEqual(deny(403))
  })

  it('when a result bites, has denied', () => {
    const bait = {
      kind: 'allow',
      get shared() {
        throw new Error('bite')
      },
    }
    const trap = new Proxy({}, { get: fail(new Error('bite')), has: fail(new Error('bite')) })
    expect(ask(() => bait)).toEqual(deny(403))
    expect(ask(() => trap)).toEqual(deny(403))
  })

  it('when no answer comes in time, has denied, and what comes later is heard by nobody', async () => {
    let answer: (value: unknown) => void = () => {}
    const late = new Promise(resolve => {
      answer = resolve
    })
    const result = ask(() => late, 5)
    await expect(result).resolves.toEqual(deny(403))
    answer(allow())
    await wait(0)
    await expect(result).resolves.toEqual(deny(403))
  })

  it('when a rejection comes too late, nothing is left unhandled', async () => {
    let reject: (error: Error) => void = () => {}
    const late = new Promise((_, fail) => {
      reject = fail
    })
    const unhandled: unknown[] = []
    const note = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', note)
    await expect(ask(() => late, 5)).resolves.toEqual(deny(403))
    reject(new Error('late'))
    await wait(10)
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
})

describe('waitFor', () => {
  it('leaves no timer behind', async () => {
    vi.useFakeTimers()
    try {
      await waitFor(Promise.resolve(1), 60_000)
      await waitFor(Promise.reject(new Error('x')), 60_000).catch(() => {})
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('isThenable', () => {
  it.each<[unknown, boolean]>([
    [Promise.resolve(), true],
    [withThen(() => {}), true],
    [withThen(1), false],
    [{}, false],
    [null, false],
    ['then', false],
  ])('%o: %s', (value, expected) => {
    expect(isThenable(value)).toBe(expected)
  })
})
