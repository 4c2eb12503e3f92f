// What can be posted to /tasks.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Order, parseOrder, readOrder } from '../../src/operations/order.js'
import { buildRequest } from './asking.js'

const read = (body: unknown, headers: Record<string, string> = {}) =>
  readOrder(buildRequest('/tasks', { method: 'POST', body, headers }))

describe('an order', () => {
  it.each<[unknown, Order]>([
    [
      { kind: 'purge', identifier: 'a/b ü.tif' },
      { kind: 'purge', identifiers: ['a/b ü.tif'] },
    ],
    [
      { kind: 'purge', identifiers: ['a', 'b'] },
      { kind: 'purge', identifiers: ['a', 'b'] },
    ],
    [
      { kind: 'purge', expired: true },
      { kind: 'purge', expired: true },
    ],
    [
      { kind: 'purge', all: true },
      { kind: 'purge', all: true },
    ],
    [
      { kind: 'warm', identifier: 'a' },
      { kind: 'warm', identifier: 'a' },
    ],
    [
      { kind: 'warm', identifier: 'a', sizes: false, tiles: true, scaleFactors: [1, 4], format: 'webp' },
      { kind: 'warm', identifier: 'a', sizes: false, tiles: true, scaleFactors: [1, 4], format: 'webp' },
    ],
    // Cantaloupe's.
    [{ verb: 'PurgeCache' }, { kind: 'purge', all: true }],
    [{ verb: 'PurgeInvalidFromCache' }, { kind: 'purge', expired: true }],
    [
      { verb: 'PurgeItemFromCache', identifier: 'cats' },
      { kind: 'purge', identifiers: ['cats'] },
    ],
  ])('%j is understood', async (body, order) => {
    expect(await read(body)).toEqual(order)
  })

  it.each<[unknown, RegExp]>([
    [null, /an object/],
    [[], /an object/],
    ['"purge"', /an object/],
    ['{', /a body of JSON/],
    ['', /a body of JSON/],
    [{}, /"kind"/],
    [{ kind: 'render' }, /"kind"/],
    [{ kind: 'purge' }, /one of/],
    [{ kind: 'purge', all: false }, /one of/],
    [{ kind: 'purge', all: 1 }, /one of/],
    [{ kind: 'purge', all: true, expired: true }, /one of/],
    [{ kind: 'purge', identifier: 'a', identifiers: ['b'] }, /one of/],
    [{ kind: 'purge', identifier: '' }, /"identifier"/],
    [{ kind: 'purge', identifier: 7 }, /"identifier"/],
    [{ kind: 'purge', identifier: 'x'.repeat(4097) }, /"identifier"/],
    [{ kind: 'purge', identifiers: [] }, /"identifiers"/],
    [{ kind: 'purge', identifiers: ['a', null] }, /"identifiers"/],
    [{ kind: 'purge', identifiers: 'a' }, /"identifiers"/],
    [{ kind: 'purge', identifiers: new Array(10_001).fill('a') }, /"identifiers"/],
    ['{"kind":"purge","identifier":"\\ud800"}', /"identifier"/],
    ['{"kind":"purge","__proto__":true}', /one of/],
    [{ kind: 'warm' }, /"identifier"/],
    [{ kind: 'warm', identifier: 'a', sizes: 1 }, /"sizes"/],
    [{ kind: 'warm', identifier: 'a', tiles: 'no' }, /"tiles"/],
    [{ kind: 'warm', identifier: 'a', scaleFactors: [0] }, /"scaleFactors"/],
    [{ kind: 'warm', identifier: 'a', scaleFactors: [1.5] }, /"scaleFactors"/],
    [{ kind: 'warm', identifier: 'a', scaleFactors: new Array(33).fill(1) }, /"scaleFactors"/],
    [{ kind: 'warm', identifier: 'a', format: 'jpeg' }, /"format"/],
    [{ kind: 'warm', identifier: 'a', signal: {} }, /nothing else/],
    [{ verb: 'PurgeInfoCache' }, /"verb"/],
    [{ verb: 'PurgeCache', identifier: 'a' }, /"verb"/],
    [{ verb: 'PurgeItemFromCache' }, /one of/],
    [{ verb: 'PurgeCache', kind: 'purge' }, /"kind" alone/],
  ])('%j is refused', async (body, message) => {
    await expect(read(body)).rejects.toMatchObject({
      status: 400,
      code: 'invalid-task',
      message: expect.stringMatching(message),
    })
  })

  it('keeps nothing of the prototype of what was posted', () => {
    expect(() => parseOrder(JSON.parse('{"__proto__":{"kind":"purge","all":true}}'))).toThrow(/"kind"/)
  })

  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
    'may be of type %s',
    async type => {
      expect(await read({ kind: 'purge', all: true }, { 'content-type': type })).toEqual({
        kind: 'purge',
        all: true,
      })
    },
  )

  // The first three are what forms of other sites may send.
  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'text/plain; x=application/json',
    'application/json; charset=latin1',
    'application/json, text/plain',
    '',
  ])('may not be of type %j', async type => {
    await expect(read({ kind: 'purge', all: true }, { 'content-type': type })).rejects.toMatchObject({
      status: 415,
      code: 'unsupported-media-type',
    })
  })

  it('is refused before it is read where it says that it is too long', async () => {
    const request = buildRequest('/tasks', { body: {}, headers: { 'content-length': '2097153' } })
    let isRead = false
    const body = (async function* () {
      isRead = true
      yield new Uint8Array()
    })()
    await expect(readOrder({ ...request, body })).rejects.toMatchObject({
      status: 413,
      code: 'body-too-large',
    })
    expect(isRead).toBe(false)
  })

  it.each([1.5, 1000])('that is too long by a factor of %i is read no further than it must', async factor => {
    let chunks = 0
    const body = (async function* () {
      for (; chunks < factor * 16; chunks += 1) yield new Uint8Array(65_536).fill(32)
    })()
    const request = { ...buildRequest('/tasks', { body: {} }), body }
    await expect(readOrder(request)).rejects.toMatchObject({ status: 413, code: 'body-too-large' })
    expect(chunks).toBeLessThan(40)
  })

  it('that breaks off is the fault of who sent it', async () => {
    const body = (async function* () {
      yield Buffer.from('{')
      throw new Error('aborted')
    })()
    await expect(readOrder({ ...buildRequest('/tasks', { body: {} }), body })).rejects.toMatchObject({
      status: 400,
      code: 'invalid-task',
    })
  })

  it('that is not UTF-8 is no JSON', async () => {
    const body = (async function* () {
      yield Buffer.from('{"kind":"purge","identifier":"\xff"}', 'latin1')
    })()
    await expect(readOrder({ ...buildRequest('/tasks', { body: {} }), body })).rejects.toMatchObject({
      status: 400,
    })
  })
})

describe('the page on operations', () => {
  const page = readFileSync('src/docs/operations.md', 'utf8')
  const orders = [...page.matchAll(/^\{ "kind": .*\}$/gm)].map(([text]) => text)

  it('shows each kind of order', () => expect(orders).toHaveLength(5))

  it.each(orders)('is right: %s', order => {
    const given = JSON.parse(order)
    expect(parseOrder(given).kind).toBe(given.kind)
  })
})
