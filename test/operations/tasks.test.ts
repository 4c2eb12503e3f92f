// Tasks: in which order they are done, what is told of them, how they are stopped.
import { setTimeout as sleep } from 'node:timers/promises'
import sharp from 'sharp'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { memoryCache } from '../../src/cache/memory.js'
import type { Cache, SweepReport } from '../../src/contracts.js'
import { IIIFError } from '../../src/errors.js'
import { createTasks, type Task, type Tasks } from '../../src/operations/tasks.js'
import type { ImageServiceOptions } from '../../src/options.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { bytesSource } from '../../src/source/bytes.js'
import { createDeferred, type Deferred } from '../schedule/deferred.js'

let png: Buffer
beforeAll(async () => {
  png = await sharp({ create: { width: 300, height: 200, channels: 3, background: '#c04020' } })
    .png()
    .toBuffer()
})

/** A cache whose deleting and sweeping wait until they are let go on. */
function createHeld() {
  const inner = memoryCache()
  const deletes: (Deferred<void> & { readonly match: unknown })[] = []
  const sweeps: (Deferred<SweepReport> & { readonly signal: AbortSignal | undefined })[] = []
  const cache: Cache = {
    ...inner,
    delete(match) {
      const deferred = createDeferred()
      deletes.push({ ...deferred, match })
      return deferred.promise
    },
    sweep(signal) {
      const deferred = createDeferred<SweepReport>()
      sweeps.push({ ...deferred, signal })
      return deferred.promise
    },
  }
  return { cache, deletes, sweeps }
}

function create(options: Partial<ImageServiceOptions> = {}, maxTasks = 100): Tasks {
  const service = createImageService({
    source: identifier => (identifier.startsWith('cat') ? bytesSource(png, { version: '1' }) : undefined),
    maintenance: false,
    ...options,
  })
  const tasks = createTasks(service as ImageService, maxTasks)
  onTestFinished(() => service.close())
  return tasks
}

/** A task when it has ended. */
async function end(tasks: Tasks, { id }: Task): Promise<Task> {
  for (;;) {
    const task = tasks.find(id)
    if (task.endedAt !== undefined) return task
    await sleep(5)
  }
}

const isoShape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

describe('a task', () => {
  it('is begun at once, and told of until it has ended', async () => {
    const { cache, deletes } = createHeld()
    const tasks = create({ cache })
    const order = { kind: 'purge', all: true } as const
    const begun = tasks.begin(order)
    const time = expect.stringMatching(isoShape)
    expect(begun).toEqual({
      id: expect.any(String),
      order,
      state: 'running',
      createdAt: time,
      startedAt: time,
    })
    await expect.poll(() => deletes.length).toBe(1)
    expect(tasks.find(begun.id).state).toBe('running')
    deletes[0]?.resolve()
    expect(await end(tasks, begun)).toEqual({ ...begun, state: 'succeeded', endedAt: time })
  })

  it('that fails says no more than that it has', async () => {
    const { cache, deletes } = createHeld()
    const tasks = create({ cache })
    const task = tasks.begin({ kind: 'purge', all: true })
    await expect.poll(() => deletes.length).toBe(1)
    deletes[0]?.reject(new Error('EACCES /srv/secret'))
    const message = 'It did not succeed: a copy may be left in the cache.'
    expect(await end(tasks, task)).toMatchObject({ state: 'failed', message })
  })

  it('that fails on purpose says why', async () => {
    const cache = { ...memoryCache(), sweep: () => Promise.reject(new IIIFError(503, 'closed', 'Too late.')) }
    const tasks = create({ cache })
    const task = tasks.begin({ kind: 'purge', expired: true })
    expect(await end(tasks, task)).toMatchObject({ state: 'failed', message: 'Too late.' })
  })

  it('that nobody knows is none', () => {
    const tasks = create()
    for (const ask of [tasks.find, tasks.stop]) {
      expect(() => ask('nobody')).toThrow(expect.objectContaining({ status: 404, code: 'not-found' }))
    }
  })
})

describe('to purge images', () => {
  it('tells how far it has come, and goes on when one fails', async () => {
    const { cache, deletes } = createHeld()
    const tasks = create({ cache })
    const task = tasks.begin({ kind: 'purge', identifiers: ['a', 'b', 'c'] })
    for (const [index, identifier] of ['a', 'b', 'c'].entries()) {
      await expect.poll(() => deletes.length).toBe(index + 1)
      expect(deletes[index]?.match).toEqual({ kind: 'identifier', identifier })
      const failed = index > 1 ? 1 : 0
      expect(tasks.find(task.id).progress).toEqual({ done: index, total: 3, failed })
      if (index === 1) deletes[index]?.reject(new Error('no'))
      else deletes[index]?.resolve()
    }
    expect(await end(tasks, task)).toMatchObject({
      state: 'failed',
      message: '1 of 3 failed.',
      progress: { done: 3, total: 3, failed: 1 },
    })
  })

  it('waits neither for a sweep nor for a pyramid that is warmed', async () => {
    const { cache, sweeps } = createHeld()
    const tasks = create({ cache: { ...cache, delete() {} } })
    tasks.begin({ kind: 'purge', expired: true })
    await expect.poll(() => sweeps.length).toBe(1)
    const task = tasks.begin({ kind: 'purge', identifiers: ['a'] })
    expect((await end(tasks, task)).state).toBe('succeeded')
    sweeps[0]?.resolve({ deletedEntries: 0, deletedBytes: 0 })
  })

  it('goes on side by side up to four times; the others wait for their turn', async () => {
    const { cache, deletes } = createHeld()
    const tasks = create({ cache })
    const begun = [1, 2, 3, 4, 5, 6].map(() => tasks.begin({ kind: 'purge', all: true }))
    await expect.poll(() => deletes.length).toBe(4)
    expect(tasks.count()).toEqual({ queued: 2, running: 4 })
    for (let index = 0; index < 6; index += 1) {
      await expect.poll(() => deletes.length).toBeGreaterThan(index)
      deletes[index]?.resolve()
    }
    for (const task of begun) expect((await end(tasks, task)).state).toBe('succeeded')
  })
})

describe('to sweep', () => {
  it('is done once for all who order it meanwhile, and tells what was deleted', async () => {
    const { cache, sweeps } = createHeld()
    const tasks = create({ cache })
    const begun = Array.from({ length: 20 }, () => tasks.begin({ kind: 'purge', expired: true }))
    expect(new Set(begun.map(({ id }) => id)).size).toBe(1)
    await expect.poll(() => sweeps.length).toBe(1)
    const report = { deletedEntries: 3, deletedBytes: 4000 }
    sweeps[0]?.resolve(report)
    expect(await end(tasks, begun[0]!)).toMatchObject({ state: 'succeeded', report })
    const again = tasks.begin({ kind: 'purge', expired: true })
    expect(again.id).not.toBe(begun[0]?.id)
    await expect.poll(() => sweeps.length).toBe(2)
    sweeps[1]?.resolve(report)
    await end(tasks, again)
  })
})

describe('to warm', () => {
  it('makes the images of one identifier, and tells how many there are', async () => {
    const cache = memoryCache()
    const tasks = create({ cache, tileSize: 100 })
    const task = tasks.begin({ kind: 'warm', identifier: 'cat', sizes: false, scaleFactors: [1] })
    expect(await end(tasks, task)).toMatchObject({
      state: 'succeeded',
      progress: { done: 6, total: 6, failed: 0 },
    })
    expect(cache.stats?.().entries).toBeGreaterThanOrEqual(6)
  })

  it('fails where there is no such image', async () => {
    const tasks = create()
    const task = tasks.begin({ kind: 'warm', identifier: 'nobody' })
    const message = 'There is no image with this identifier.'
    expect(await end(tasks, task)).toMatchObject({ state: 'failed', message })
  })
})

describe('a task that is stopped', () => {
  it('is never begun where it waits', async () => {
    const { cache, deletes } = createHeld()
    const tasks = create({ cache })
    const begun = [1, 2, 3, 4, 5].map(() => tasks.begin({ kind: 'purge', all: true }))
    const last = begun.at(-1)!
    await expect.poll(() => deletes.length).toBe(4)
    expect(tasks.stop(last.id)).toMatchObject({ state: 'stopped', endedAt: expect.any(String) })
    for (const deferred of deletes) deferred.resolve()
    for (const task of begun.slice(0, 4)) await end(tasks, task)
    expect([deletes.length, tasks.find(last.id).state]).toEqual([4, 'stopped'])
  })

  it('ends before the next image', async () => {
    const { cache, deletes } = createHeld()
    const tasks = create({ cache })
    const task = tasks.begin({ kind: 'purge', identifiers: ['a', 'b'] })
    await expect.poll(() => deletes.length).toBe(1)
    expect(tasks.stop(task.id).state).toBe('running')
    deletes[0]?.resolve()
    expect(await end(tasks, task)).toMatchObject({ state: 'stopped', progress: { done: 0, total: 2 } })
    expect(deletes.length).toBe(1)
  })

  it('ends in the middle of a sweep, and another can be begun at once', async () => {
    const { cache, sweeps } = createHeld()
    const tasks = create({ cache })
    const task = tasks.begin({ kind: 'purge', expired: true })
    await expect.poll(() => sweeps.length).toBe(1)
    tasks.stop(task.id)
    expect(sweeps[0]?.signal?.aborted).toBe(true)
    const next = tasks.begin({ kind: 'purge', expired: true })
    expect([next.id === task.id, next.state]).toEqual([false, 'queued'])
    sweeps[0]?.resolve({ deletedEntries: 1, deletedBytes: 1 })
    expect(await end(tasks, task)).toMatchObject({ state: 'stopped', report: { deletedEntries: 1 } })
    await expect.poll(() => sweeps.length).toBe(2)
    sweeps[1]?.resolve({ deletedEntries: 0, deletedBytes: 0 })
    await end(tasks, next)
  })

  it('ends in the middle of warming', async () => {
    let made = 0
    const inner = memoryCache()
    const cache: Cache = {
      ...inner,
      set(key, entry) {
        made += 1
        if (made === 3) tasks.stop(task.id)
        return inner.set(key, entry)
      },
    }
    const tasks = create({ cache, tileSize: 16 })
    const task = tasks.begin({ kind: 'warm', identifier: 'cat' })
    const { state, progress } = await end(tasks, task)
    expect(state).toBe('stopped')
    expect(progress?.done).toBeLessThan(progress?.total ?? 0)
  })

  it('stays as it was when it has ended', async () => {
    const tasks = create()
    const task = await end(tasks, tasks.begin({ kind: 'purge', all: true }))
    expect(tasks.stop(task.id)).toEqual(task)
  })
})

describe('of many tasks', () => {
  it('the oldest that have ended are forgotten', async () => {
    const tasks = create({}, 3)
    const ids: string[] = []
    for (let turn = 0; turn < 5; turn += 1) {
      const task = tasks.begin({ kind: 'purge', all: true })
      ids.unshift(task.id)
      await end(tasks, task)
    }
    expect(tasks.list().map(({ id }) => id)).toEqual(ids.slice(0, 3))
    expect(() => tasks.find(ids.at(-1)!)).toThrow(expect.objectContaining({ status: 404 }))
  })

  it('none that is not done is forgotten: there are no more for a while', async () => {
    const { cache, deletes } = createHeld()
    const tasks = create({ cache }, 3)
    const begun = [1, 2, 3].map(() => tasks.begin({ kind: 'purge', all: true }))
    expect(() => tasks.begin({ kind: 'purge', all: true })).toThrow(
      expect.objectContaining({ status: 503, code: 'overloaded', headers: { 'Retry-After': '10' } }),
    )
    await expect.poll(() => deletes.length).toBe(3)
    deletes[1]?.resolve()
    await end(tasks, begun[1]!)
    const next = tasks.begin({ kind: 'purge', all: true })
    expect(tasks.list().map(({ id }) => id)).toEqual([next.id, begun[2]?.id, begun[0]?.id])
    for (const deferred of deletes) deferred.resolve()
    await expect.poll(() => deletes.length).toBe(4)
    deletes[3]?.resolve()
    for (const task of [begun[0]!, begun[2]!, next]) await end(tasks, task)
  })
})

it('to close waits for what goes on, takes away what waits, and lets nothing begin', async () => {
  const { cache, deletes } = createHeld()
  const tasks = create({ cache })
  const begun = [1, 2, 3, 4, 5].map(() => tasks.begin({ kind: 'purge', identifiers: ['a', 'b'] }))
  await expect.poll(() => deletes.length).toBe(4)
  let isClosed = false
  const closing = tasks.close().then(() => {
    isClosed = true
  })
  expect(() => tasks.begin({ kind: 'purge', all: true })).toThrow(expect.objectContaining({ status: 503 }))
  await sleep(20)
  expect(isClosed).toBe(false)
  for (const deferred of deletes) deferred.resolve()
  await closing
  expect(deletes.length).toBe(4)
  for (const { id } of begun) expect(tasks.find(id).state).toBe('stopped')
})
