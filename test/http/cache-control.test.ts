import { describe, expect, it } from 'vitest'
import {
  type CacheControl,
  type CacheControlFacts,
  type CacheControlOption,
  formatCacheControl,
  resolveCacheControl,
} from '../../src/http/cache-control.js'

describe('a header', () => {
  it.each<[control: CacheControl, header: string]>([
    [{}, 'public'],
    [{ private: true }, 'private'],
    [{ private: false }, 'public'],
    [{ maxAgeSeconds: 60 }, 'public, max-age=60'],
    [{ maxAgeSeconds: 0 }, 'public, max-age=0'],
    [{ maxAgeSeconds: 60, sharedMaxAgeSeconds: 3600 }, 'public, max-age=60, s-maxage=3600'],
    [{ staleWhileRevalidateSeconds: 30 }, 'public, stale-while-revalidate=30'],
    [{ staleIfErrorSeconds: 30 }, 'public, stale-if-error=30'],
    [{ noCache: true }, 'public, no-cache'],
    [{ mustRevalidate: true, noCache: false }, 'public, must-revalidate'],
    [{ immutable: true, maxAgeSeconds: 31_536_000 }, 'public, immutable, max-age=31536000'],
    [{ noTransform: true }, 'public, no-transform'],
    [{ noStore: true }, 'no-store'],
    [{ noStore: true, private: true, maxAgeSeconds: 60 }, 'no-store'],
    [{ maxAgeSeconds: undefined as unknown as number }, 'public'],
  ])('of %j is %s', (control, header) => {
    expect(formatCacheControl(control)).toBe(header)
    expect(resolveCacheControl(control).fixed).toBe(header)
  })

  it.each<[control: unknown, message: string]>([
    [{ maxAgeSeconds: -1 }, 'cacheControl.maxAgeSeconds: expected whole seconds but received -1'],
    [{ maxAgeSeconds: 1.5 }, 'cacheControl.maxAgeSeconds: expected whole seconds but received 1.5'],
    [{ maxAgeSeconds: '60' }, 'cacheControl.maxAgeSeconds: expected whole seconds but received 60'],
    [{ sharedMaxAgeSeconds: Infinity }, 'cacheControl.sharedMaxAgeSeconds: expected whole seconds'],
    [{ private: 1 }, 'cacheControl.private: expected true or false but received 1'],
    [{ noStore: true, immutable: 'yes' }, 'cacheControl.immutable: expected true or false'],
    [{ maxAge: 60 }, 'cacheControl.maxAge: there is no such option'],
    [{ constructor: true }, 'cacheControl.constructor: there is no such option'],
    [['public'], 'cacheControl.0: there is no such option'],
    [null, 'cacheControl: expected'],
    [60, 'cacheControl: expected'],
    [true, 'cacheControl: expected'],
    ['max-age=1\r\nSet-Cookie: a=b', 'cacheControl: expected'],
    ['öffentlich', 'cacheControl: expected'],
  ])('cannot be %j', (control, message) => {
    const resolve = () => resolveCacheControl(control as CacheControlOption)
    expect(resolve).toThrow(TypeError)
    expect(resolve).toThrow(message)
  })
})

const facts = (status: number): CacheControlFacts => ({ status })

describe('the default', () => {
  it.each<[status: number, header: string]>([
    [200, 'public, max-age=86400'],
    [304, 'public, max-age=86400'],
    [301, ''],
    [303, ''],
    [400, 'no-cache'],
    [404, 'no-cache'],
    [405, 'no-cache'],
    [413, 'no-cache'],
    [500, 'no-cache'],
    [503, 'no-cache'],
    [504, 'no-cache'],
  ])('of %d is %j', (status, header) => {
    expect(resolveCacheControl().decide(facts(status))).toBe(header)
  })

  it('of errors and redirects is kept by an option that is no function', () => {
    for (const option of ['public, max-age=31536000', { maxAgeSeconds: 31_536_000 }] as const) {
      const { decide, fixed } = resolveCacheControl(option)
      expect(fixed).toBe('public, max-age=31536000')
      expect([200, 303, 404, 500].map(status => decide(facts(status)))).toEqual([
        'public, max-age=31536000',
        '',
        'no-cache',
        'no-cache',
      ])
    }
  })

  it('is switched off by an empty text', () => {
    expect(resolveCacheControl('').decide(facts(200))).toBe('')
  })
})

describe('a function', () => {
  it('is asked for each response, with what it is', () => {
    const asked: CacheControlFacts[] = []
    const { decide, fixed } = resolveCacheControl(given => {
      asked.push(given)
      return given.errorCode === 'not-found' ? { maxAgeSeconds: 10 } : undefined
    })
    expect(fixed).toBeUndefined()
    expect(decide({ status: 404, errorCode: 'not-found' })).toBe('public, max-age=10')
    expect(decide({ status: 200 })).toBe('public, max-age=86400')
    expect(decide({ status: 500, errorCode: 'internal' })).toBe('no-cache')
    expect(decide({ status: 303 })).toBe('')
    expect(asked.map(({ status }) => status)).toEqual([404, 200, 500, 303])
  })

  it('may give a text or an object, and is held to the same', () => {
    expect(resolveCacheControl(() => 'private').decide(facts(200))).toBe('private')
    expect(resolveCacheControl(() => ({ noStore: true })).decide(facts(404))).toBe('no-store')
    expect(() => resolveCacheControl(() => 'a\nb').decide(facts(200))).toThrow(TypeError)
    expect(() => resolveCacheControl(() => ({ maxAgeSeconds: -1 })).decide(facts(200))).toThrow(TypeError)
  })

  it.each<[title: string, option: CacheControlOption]>([
    [
      'throws',
      () => {
        throw new Error('no such table')
      },
    ],
    ['gives what is no header', () => 'a\nb'],
  ])('that %s leaves an error its default: it must be answered', (_, option) => {
    expect(resolveCacheControl(option).decide(facts(500))).toBe('no-cache')
  })
})
