import { describe, expect, it } from 'vitest'
import { TimeoutError } from '../../src/errors.js'
import { createSingleFlight } from '../../src/schedule/single-flight.js'
import { countListeners, createDeferred, settleAll, stateOf } from './deferred.js'

describe('computations of equal keys that overlap', () => {
  it('are one, and everybody gets its result', async () => {
    const flight = createSingleFlight<object>()
    const deferred = createDeferred<object>()
    let begun = 0
    const work = () => {
      begun += 1
      return deferred.promise
    }
    const all = Array.from({ length: 200 }, () => flight.run('key', new AbortController().signal, work))
    expect(flight.size).toBe(1)
    const result = {}
    deferred.resolve(result)
    expect(new Set(await Promise.all(all))).toEqual(new Set([result]))
    expect(begun).toBe(1)
    expect(flight.size).toBe(0)
  })

  it('are several where the keys differ', async () => {
    const flight = createSingleFlight<string>()
    const work = (name: string) => flight.run(name, undefined, async () => name)
    expect(await Promise.all([work('a'), work('b'), work('a')])).toEqual(['a', 'b', 'a'])
  })

  it('that do not overlap begin anew', async () => {
    const flight = createSingleFlight<number>()
    let begun = 0
    const work = async () => {
      begun += 1
      return begun
    }
    expect(await flight.run('key', undefined, work)).toBe(1)
    expect(await flight.run('key', undefined, work)).toBe(2)
  })
})

describe('an error', () => {
  it('reaches everybody who waits, and is not kept', async () => {
    const flight = createSingleFlight<string>()
    const deferred = createDeferred<string>()
    const all = [1, 2, 3].map(() => flight.run('key', new AbortController().signal, () => deferred.promise))
    const error = new Error('damaged')
    deferred.reject(error)
    for (const waiter of all) await expect(waiter).rejects.toBe(error)
    expect(flight.size).toBe(0)
    expect(await flight.run('key', undefined, async () => 'whole')).toBe('whole')
  })
})

describe('a waiter that leaves', () => {
  it('takes only himself away', async () => {
    const flight = createSingleFlight<string>()
    const deferred = createDeferred<string>()
    const leaver = new AbortController()
    let shared: AbortSignal | undefined
    const work = (signal: AbortSignal) => {
      shared = signal
      return deferred.promise
    }
    const left = flight.run('key', leaver.signal, work)
    const stayed = flight.run('key', new AbortController().signal, work)
    leaver.abort()
    await expect(left).rejects.toMatchObject({ code: 'aborted' })
    expect(shared?.aborted).toBe(false)
    deferred.resolve('result')
    expect(await stayed).toBe('result')
  })

  it('is told why, where his signal has a reason of ours', async () => {
    const flight = createSingleFlight<string>()
    const controller = new AbortController()
    const waiter = flight.run('key', controller.signal, () => createDeferred<string>().promise)
    const reason = new TimeoutError('too long')
    controller.abort(reason)
    await expect(waiter).rejects.toBe(reason)
  })

  it('and was gone before he came begins nothing', async () => {
    const flight = createSingleFlight<string>()
    let begun = 0
    const asked = flight.run('key', AbortSignal.abort(), async () => {
      begun += 1
      return ''
    })
    await expect(asked).rejects.toMatchObject({ code: 'aborted' })
    expect([begun, flight.size]).toEqual([0, 0])
  })
})

describe('when nobody is left', () => {
  it('the computation is given up, and who asks then begins anew', async () => {
    const flight = createSingleFlight<string>()
    const [first, second] = [new AbortController(), new AbortController()]
    const signals: AbortSignal[] = []
    const deferreds = [createDeferred<string>(), createDeferred<string>()]
    const work = (signal: AbortSignal) => {
      signals.push(signal)
      return deferreds[signals.length - 1]!.promise
    }
    const left = [first, second].map(({ signal }) => flight.run('key', signal, work).catch(error => error))
    first.abort()
    await settleAll()
    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
    second.abort()
    expect(await Promise.all(left)).toMatchObject([{ code: 'aborted' }, { code: 'aborted' }])
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    expect(flight.size).toBe(0)

    const late = flight.run('key', new AbortController().signal, work)
    // The one that was given up lands, or fails, in the sky of the new one: it must not take its place.
    deferreds[0]!.reject(new Error('given up'))
    await settleAll()
    expect(flight.size).toBe(1)
    const joined = flight.run('key', undefined, work)
    deferreds[1]!.resolve('new')
    expect(await Promise.all([late, joined])).toEqual(['new', 'new'])
    expect(signals).toHaveLength(2)
  })

  it('an error of what was given up is nobody’s, and ends no process', async () => {
    const flight = createSingleFlight<string>()
    const controller = new AbortController()
    const deferred = createDeferred<string>()
    const waiter = flight.run('key', controller.signal, () => deferred.promise)
    controller.abort()
    await expect(waiter).rejects.toMatchObject({ code: 'aborted' })
    // An unhandled rejection fails the run of vitest.
    deferred.reject(new Error('late'))
    await settleAll()
  })

  it('because it is done, the computation is not told that it was given up', async () => {
    const flight = createSingleFlight<string>()
    let shared: AbortSignal | undefined
    const result = flight.run('key', new AbortController().signal, async signal => {
      shared = signal
      return 'done'
    })
    expect(await result).toBe('done')
    await settleAll()
    expect(shared?.aborted).toBe(false)
  })
})

it('leaves no listeners behind', async () => {
  const flight = createSingleFlight<string>()
  const deferred = createDeferred<string>()
  const { signal } = new AbortController()
  const all = [1, 2, 3].map(() => flight.run('key', signal, () => deferred.promise))
  expect(countListeners(signal)).toBe(3)
  deferred.resolve('')
  await Promise.all(all)
  await settleAll()
  expect(countListeners(signal)).toBe(0)
  const failing = flight.run('key', signal, async () => {
    throw new Error('fails')
  })
  expect(await stateOf(failing)).toBe('rejected')
  expect(countListeners(signal)).toBe(0)
})
