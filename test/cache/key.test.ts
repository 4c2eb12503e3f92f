import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  buildCacheKey,
  formatEntryName,
  formatNamePrefix,
  isEntryName,
  isKeyOf,
} from '../../src/cache/key.js'

const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('a', '|', '%', '/', '7', 'C'),
    fc.string({ unit: 'grapheme', maxLength: 1 }),
  ),
})

describe('keys', () => {
  it('begin with the encoded identifier and a bar', () => {
    expect(buildCacheKey('a/b|c', 'v1', ['full', '!200,200'])).toBe('a%2Fb%7Cc|v1|full|!200%2C200')
  })

  it('are different for different lists', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 2 }), fc.array(text, { minLength: 2 }), (one, two) => {
        const [first, second] = [one, two].map(([identifier = '', version = '', ...parts]) =>
          buildCacheKey(identifier, version, parts),
        )
        expect(first === second).toBe(JSON.stringify(one) === JSON.stringify(two))
      }),
    )
  })

  it('belong to their identifier and to no other', () => {
    fc.assert(
      fc.property(text, text, text, fc.array(text), (identifier, other, version, parts) => {
        const key = buildCacheKey(identifier, version, parts)
        expect(isKeyOf(identifier, key)).toBe(true)
        expect(isKeyOf(other, key)).toBe(other === identifier)
      }),
    )
  })

  it('cannot be built for what is not Unicode', () => {
    const refusal = expect.objectContaining({ code: 'invalid-identifier' })
    expect(() => buildCacheKey('a\ud800', '1', [])).toThrow(refusal)
    expect(() => isKeyOf('a\ud800', 'a|1')).toThrow(refusal)
  })
})

describe('names', () => {
  const name = (identifier: string, ...parts: string[]): string =>
    formatEntryName(buildCacheKey(identifier, '1', parts))

  it.each([
    ['maps/1652.tif', /-maps_2f1652_tif$/],
    ['../../etc/passwd', /-_2f_2fetc_2fpasswd$/],
    ['CON', /-con$/],
    ['\u00fc'.repeat(2000), /^.{98}$/],
    ['', /-$/],
  ])('of %j can be had in every store, and be read', (identifier, pattern) => {
    expect(name(identifier)).toMatch(pattern)
    expect(name(identifier)).toMatch(/^[0-9a-f]{32}-[0-9a-f]{32}-[0-9a-z_]{0,32}$/)
    expect(isEntryName(name(identifier))).toBe(true)
  })

  it.each([['index.html'], ['a'.repeat(98)], [`${'a'.repeat(32)}-${'a'.repeat(32)}-../x`], ['']])(
    'are never %j',
    other => {
      expect(isEntryName(other)).toBe(false)
    },
  )

  it('begin with the prefix of their identifier, and of no other', () => {
    fc.assert(
      fc.property(text, text, fc.array(text), (identifier, other, parts) => {
        const entry = name(identifier, ...parts)
        expect(entry.startsWith(formatNamePrefix(identifier))).toBe(true)
        expect(entry.startsWith(formatNamePrefix(other))).toBe(other === identifier)
      }),
    )
  })

  it('are different for different keys, whatever the case of letters', () => {
    const identifiers = ['a', 'A', 'a/b', 'a%2Fb', '\u00e4', 'a\u0308']
    const names = identifiers.flatMap(identifier => [
      name(identifier),
      name(identifier, 'x'),
      name(identifier, 'X'),
    ])
    expect(new Set(names.map(each => each.toLowerCase())).size).toBe(names.length)
  })

  it('cannot be had for what is not Unicode', () => {
    expect(() => formatNamePrefix('a\ud800')).toThrow(expect.objectContaining({ code: 'invalid-identifier' }))
  })
})
