import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildCacheKey, isKeyOf } from '../../src/cache/key.js'

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
