/* What every cache must do, as a list that any test runner can run: a check rejects with an assertion of node:assert. */
import assert from 'node:assert/strict'
import { buildCacheKey } from '../cache/key.js'
import type { Cache, CacheEntry } from '../contracts.js'

/** One thing that a cache must do. */
export interface CacheCheck {
  /** What it must do, as a sentence without its subject: `keeps keys apart…` */
  readonly title: string
  /**
   * Runs the check.
   *
   * @param create - gives a cache that is empty and has room for a hundred entries of up to 70 KB; it is closed when the
   * check is over, if it can be
   * @throws AssertionError when the cache does something else
   */
  run(create: () => Cache | Promise<Cache>): Promise<void>
}

/* Identifiers, and others that a careless purge would take with them. */
const neighbours: readonly (readonly [identifier: string, others: readonly string[]])[] = [
  ['a', ['ab', 'a/b', 'A', 'a|b', 'a%7Cb', 'b', 'a*', '']],
  ['a/b', ['a', 'a/b/c', 'a%2Fb', 'a/bc']],
  ['a*', ['a', 'ab', 'a?']],
  ['[ab]', ['a', 'b']],
  ['', ['a', '|']],
  ['..', ['.', '../a', '/']],
  ['\u00fc 50%|', ['\u00fc', '\u00fc 50%', 'u\u0308 50%|']],
]

const strangeKeys: readonly string[] = [
  buildCacheKey('a', '1', []),
  buildCacheKey('a', '1', ['']),
  buildCacheKey('A', '1', ['']),
  buildCacheKey('a/b', '1', ['full', 'max']),
  buildCacheKey('a%2Fb', '1', ['full', 'max']),
  buildCacheKey('../a', '1', ['full', 'max']),
  buildCacheKey('CON', '1', ['full', 'max']),
  buildCacheKey('con', '1', ['full', 'max']),
  buildCacheKey('\u00fc'.repeat(500), '1', ['x']),
  buildCacheKey('\u00fc'.repeat(500), '1', ['y']),
  buildCacheKey('__proto__', 'constructor', []),
]

/**
 * What every cache must do.
 *
 * @example
 * ```ts
 * import { test } from 'node:test'
 * import { cacheChecks } from 'honeydew/testing'
 *
 * for (const { title, run } of cacheChecks) test(`my cache ${title}`, () => run(() => myCache()))
 * ```
 */
export const cacheChecks: readonly CacheCheck[] = [
  check('has nothing at first', async cache => {
    await expectMissing(cache, 'a|1|x')
  }),
  check('gives the bytes and the media type that it was given', async cache => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256)
    const mediaType = 'application/ld+json;profile="http://iiif.io/api"'
    await cache.set('a|1|x', { bytes, mediaType })
    const found = await cache.get('a|1|x')
    assert.equal(found?.mediaType, mediaType)
    assert.ok(
      found.bytes instanceof Uint8Array && Buffer.compare(found.bytes, bytes) === 0,
      'the bytes differ',
    )
  }),
  check('takes bytes that are part of a larger buffer for what they are', async cache => {
    await cache.set('a|1|x', { bytes: Buffer.from('..part..').subarray(2, 6), mediaType: 'image/jpeg' })
    await expectText(cache, 'a|1|x', 'part')
  }),
  check('replaces an entry', async cache => {
    await fill(cache, ['a|1|x'])
    await cache.set('a|1|x', buildEntry('new'))
    await expectText(cache, 'a|1|x', 'new')
  }),
  check('keeps keys apart, whatever they are made of', async cache => {
    await fill(cache, strangeKeys)
    for (const key of strangeKeys) await expectText(cache, key, key)
  }),
  check('forgets one key', async cache => {
    await fill(cache, ['a|1|x', 'a|1|xy', 'a|1'])
    await cache.delete({ kind: 'key', key: 'a|1|x' })
    await expectMissing(cache, 'a|1|x')
    for (const key of ['a|1|xy', 'a|1']) await expectText(cache, key, key)
  }),
  ...neighbours.map(([identifier, others]) =>
    check(`forgets exactly the entries of ${JSON.stringify(identifier)}`, async cache => {
      const mine = [['1', 'full', 'max'], ['1', 'info'], ['2']].map(([version = '', ...parts]) =>
        buildCacheKey(identifier, version, parts),
      )
      const theirs = others.map(other => buildCacheKey(other, '1', ['full', 'max']))
      await fill(cache, [...mine, ...theirs])
      await cache.delete({ kind: 'identifier', identifier })
      for (const key of mine) await expectMissing(cache, key)
      for (const key of theirs) await expectText(cache, key, key)
    }),
  ),
  check('forgets everything, and can be filled again', async cache => {
    await fill(cache, ['a|1|x', 'b|1|x'])
    await cache.delete({ kind: 'all' })
    for (const key of ['a|1|x', 'b|1|x']) await expectMissing(cache, key)
    await fill(cache, ['a|1|x'])
    await expectText(cache, 'a|1|x', 'a|1|x')
  }),
  check('does not mind forgetting what it does not have', async cache => {
    await fill(cache, ['a|1|x'])
    await cache.delete({ kind: 'key', key: 'b|1|x' })
    await cache.delete({ kind: 'identifier', identifier: 'b' })
    await expectText(cache, 'a|1|x', 'a|1|x')
  }),
  check('answers calls at the same time', async cache => {
    const keys = Array.from({ length: 50 }, (_, index) => buildCacheKey(`image ${index}`, '1', ['x']))
    await Promise.all(keys.map(key => cache.set(key, buildEntry(key))))
    await Promise.all(keys.map(key => expectText(cache, key, key)))
  }),
  check('keeps what has not expired when it sweeps', async cache => {
    await fill(cache, ['a|1|x', 'b|1|x'])
    const report = await cache.sweep?.()
    for (const key of ['a|1|x', 'b|1|x']) await expectText(cache, key, key)
    assert.deepEqual([report?.deletedEntries ?? 0, report?.deletedBytes ?? 0], [0, 0])
  }),
]

function check(title: string, work: (cache: Cache) => Promise<void>): CacheCheck {
  return {
    title,
    async run(create) {
      const cache = await create()
      try {
        await work(cache)
      } finally {
        await cache.close?.()
      }
    },
  }
}

function buildEntry(text: string): CacheEntry {
  return { bytes: Buffer.from(text), mediaType: 'image/jpeg' }
}

async function fill(cache: Cache, keys: readonly string[]): Promise<void> {
  for (const key of keys) await cache.set(key, buildEntry(key))
}

async function expectMissing(cache: Cache, key: string): Promise<void> {
  assert.equal(await cache.get(key), undefined, `nothing should be kept under ${key}`)
}

async function expectText(cache: Cache, key: string, text: string): Promise<void> {
  const found = await cache.get(key)
  assert.ok(found, `something should be kept under ${key}`)
  assert.equal(`${found.mediaType} ${Buffer.from(found.bytes)}`, `image/jpeg ${text}`)
}
