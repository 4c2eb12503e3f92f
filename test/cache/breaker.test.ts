import { describe, expect, it } from 'vitest'
import { createBreaker } from '../../src/cache/breaker.js'

describe('a breaker', () => {
  const create = () => {
    const clock = { now: 0 }
    return { clock, breaker: createBreaker({ maxFailures: 2, pauseMs: 100, now: () => clock.now }) }
  }

  it('opens at the last failure in a row that is allowed, and says so', () => {
    const { breaker } = create()
    expect(breaker.fail()).toBe(false)
    breaker.succeed()
    expect(breaker.fail()).toBe(false)
    expect(breaker.enter()).toBe(true)
    expect(breaker.fail()).toBe(true)
    expect(breaker.enter()).toBe(false)
  })

  it('lets one call through after each pause, whether that has come back or not', () => {
    const { breaker, clock } = create()
    breaker.fail()
    breaker.fail()
    clock.now = 100
    expect([breaker.enter(), breaker.enter()]).toEqual([true, false])
    clock.now = 200
    expect([breaker.enter(), breaker.enter()]).toEqual([true, false])
    breaker.fail()
    clock.now = 250
    expect(breaker.enter()).toBe(false)
  })

  it('closes with one success', () => {
    const { breaker, clock } = create()
    breaker.fail()
    breaker.fail()
    clock.now = 100
    breaker.enter()
    breaker.succeed()
    expect([breaker.enter(), breaker.enter()]).toEqual([true, true])
    expect(breaker.fail()).toBe(false)
  })
})
