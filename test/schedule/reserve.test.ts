import { describe, expect, it } from 'vitest'
import { createReserve } from '../../src/schedule/reserve.js'
import { settleAll, stateOf } from './deferred.js'

const waits = { maxQueue: 2, maxWaitMs: Infinity }

describe('a reserve of memory', () => {
  it('gives what there is at once, and the rest in turn', async () => {
    const reserve = createReserve(100, waits)
    const first = await reserve(60)
    const second = reserve(50)
    const third = reserve(10)
    expect(await stateOf(second)).toBe('pending')
    // What would fit does not pass by what waits: large images would never be read.
    expect(await stateOf(third)).toBe('pending')
    first()
    await settleAll()
    expect([await stateOf(second), await stateOf(third)]).toEqual(['resolved', 'resolved'])
  })

  it('gives all of it to what is larger', async () => {
    const reserve = createReserve(100, waits)
    const giveBack = await reserve(1000)
    const next = reserve(1)
    expect(await stateOf(next)).toBe('pending')
    giveBack()
    expect(await stateOf(next)).toBe('resolved')
  })

  it('refuses when too many wait, and forgets who leaves', async () => {
    const reserve = createReserve(1, waits)
    const giveBack = await reserve(1)
    const controller = new AbortController()
    const leaver = reserve(1, controller.signal)
    const patient = reserve(1)
    await expect(reserve(1)).rejects.toMatchObject({ status: 503, code: 'overloaded' })
    controller.abort()
    await expect(leaver).rejects.toMatchObject({ code: 'aborted' })
    await expect(reserve(1, controller.signal)).rejects.toMatchObject({ code: 'aborted' })
    giveBack()
    expect(await stateOf(patient)).toBe('resolved')
  })
})
