import { expect, it } from 'vitest'
import { limitMaxAge, resolveCacheControl } from '../../src/access/cache-control.js'

const configured = 'public, max-age=86400'

it.each<[isGuarded: boolean, shared: boolean, header: string]>([
  [false, false, configured],
  [false, true, configured],
  [true, true, configured],
  [true, false, 'private, no-cache'],
])('guarded %s and shared %s is kept as %s', (isGuarded, shared, header) => {
  expect(resolveCacheControl(configured, { isGuarded, shared })).toBe(header)
})

it.each([false, true])('what nobody is to keep is kept by nobody, shared or not: %s', shared => {
  expect(resolveCacheControl('no-store', { isGuarded: true, shared })).toMatch(/no-store$/)
})

it.each<[header: string, seconds: number, limited: string]>([
  ['public, max-age=86400', 60, 'public, max-age=60'],
  ['public, max-age=30', 60, 'public, max-age=30'],
  ['public, max-age=86400, s-maxage=99', 9.9, 'public, max-age=9, s-maxage=9'],
  [
    'max-age=5, stale-while-revalidate=600, stale-if-error=600',
    7,
    'max-age=5, stale-while-revalidate=7, stale-if-error=7',
  ],
  ['public, max-age=86400', -3, 'public, max-age=0'],
  ['private, no-cache', 60, 'private, no-cache'],
  ['no-store', 60, 'no-store'],
  // Where nothing is said, caches guess.
  ['', 60, 'max-age=60'],
  ['public', 60, 'public, max-age=60'],
  ['public, s-maxage=99', 60, 'public, s-maxage=60, max-age=60'],
  ['public, no-cache="Set-Cookie"', 60, 'public, no-cache="Set-Cookie", max-age=60'],
])('%s for %d seconds more is %s', (header, seconds, limited) => {
  expect(limitMaxAge(header, seconds)).toBe(limited)
})
