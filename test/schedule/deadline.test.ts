import { describe, expect, it, vi } from 'vitest'
import { AbortedError, TimeoutError } from '../../src/errors.js'
import { withDeadline } from '../../src/schedule/deadline.js'
import { countListeners, createDeferred, settleAll, useOwnClock } from './deferred.js'

useOwnClock()

describe('work that is done in time', () => {
  it('gives its result, whether it was waited for or not', async () => {
    expect(await withDeadline(60_000, 'to wait', undefined, async () => 1)).toBe(1)
    expect(await withDeadline(60_000, 'to wait', undefined, () => 2)).toBe(2)
  })

  it('fails with its own error, whether it throws or rejects', async () => {
    const error = new Error('its own')
    const rejects = withDeadline(60_000, 'to wait', undefined, async () => {
      throw error
    })
    const throws = withDeadline(60_000, 'to wait', undefined, () => {
      throw error
    })
    await expect(rejects).rejects.toBe(error)
    await expect(throws).rejects.toBe(error)
  })

  it('is not told to stop afterwards, and leaves neither timer nor listener behind', async () => {
    const { signal } = new AbortController()
    let within: AbortSignal | undefined
    await withDeadline(60_000, 'to wait', signal, async given => {
      within = given
    })
    await expect(
      withDeadline(60_000, 'to wait', signal, () => {
        throw new Error('fails')
      }),
    ).rejects.toThrow('fails')
    await settleAll()
    expect(within?.aborted).toBe(false)
    expect(countListeners(signal)).toBe(0)
    expect(countListeners(within!)).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('work that takes too long', () => {
  it('is given up with a 504 that says what it was, and is told so', async () => {
    let within: AbortSignal | undefined
    const work = withDeadline(5, 'to read the image', undefined, signal => {
      within = signal
      return createDeferred().promise
    })
    vi.advanceTimersByTime(4)
    expect(within?.aborted).toBe(false)
    vi.advanceTimersByTime(1)
    await expect(work).rejects.toMatchObject({
      status: 504,
      code: 'timeout',
      message: 'The server gave up, because to read the image took too long.',
    })
    expect(within?.aborted).toBe(true)
    expect(within?.reason).toBeInstanceOf(TimeoutError)
  })

  it('may fail later without anybody hearing of it', async () => {
    const deferred = createDeferred()
    const work = withDeadline(5, 'to wait', undefined, () => deferred.promise)
    vi.advanceTimersByTime(5)
    await expect(work).rejects.toBeInstanceOf(TimeoutError)
    deferred.reject(new Error('late'))
    await settleAll()
  })

  it('goes on for as long as it takes where there is no limit', async () => {
    const deferred = createDeferred<string>()
    const work = withDeadline(Infinity, 'to wait', undefined, () => deferred.promise)
    expect(vi.getTimerCount()).toBe(0)
    deferred.resolve('done')
    expect(await work).toBe('done')
  })
})

describe('a client that leaves', () => {
  it('ends the waiting, and the work is told', async () => {
    const controller = new AbortController()
    let within: AbortSignal | undefined
    const work = withDeadline(60_000, 'to wait', controller.signal, signal => {
      within = signal
      return createDeferred().promise
    })
    controller.abort()
    await expect(work).rejects.toBeInstanceOf(AbortedError)
    expect(within?.aborted).toBe(true)
    expect(countListeners(controller.signal)).toBe(0)
  })

  it('before it begins: nothing begins', async () => {
    let begun = false
    const work = withDeadline(60_000, 'to wait', AbortSignal.abort(), () => {
      begun = true
    })
    await expect(work).rejects.toBeInstanceOf(AbortedError)
    expect(begun).toBe(false)
  })

  it('of a deadline within a deadline: the reason of the outer one is told', async () => {
    const outer = withDeadline(5, 'to make the image', undefined, signal =>
      withDeadline(60_000, 'to read the image', signal, () => createDeferred().promise),
    )
    vi.advanceTimersByTime(5)
    await expect(outer).rejects.toMatchObject({
      message: 'The server gave up, because to make the image took too long.',
    })
  })
})
