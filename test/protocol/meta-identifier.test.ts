import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMetaIdentifierCodec, parsePage } from '../../src/protocol/meta-identifier.js'
import { fullScale, reduceScale, type Scale } from '../../src/protocol/scale.js'
import { refusal } from './refusal.js'

const codec = createMetaIdentifierCodec()
const scale = (numerator: number, denominator: number): Scale => ({ numerator, denominator })

describe('a meta-identifier', () => {
  it.each<[text: string, identifier: string, page: number, constraint: Scale, shortest?: string]>([
    ['cat.tif', 'cat.tif', 1, fullScale],
    ['cat.tif;2', 'cat.tif', 2, fullScale],
    ['cat.tif;1:2', 'cat.tif', 1, scale(1, 2)],
    ['cat.tif;3;1:2', 'cat.tif', 3, scale(1, 2)],
    ['a/b;c;2', 'a/b;c', 2, fullScale],
    ['cat;1', 'cat', 1, fullScale, 'cat'],
    ['cat;1;1:1', 'cat', 1, fullScale, 'cat'],
    ['cat;2;1:1', 'cat', 2, fullScale, 'cat;2'],
    ['cat;007', 'cat', 7, fullScale, 'cat;7'],
    ['cat;2:4', 'cat', 1, scale(1, 2), 'cat;1:2'],
    ['cat;3;60:90', 'cat', 3, scale(2, 3), 'cat;3;2:3'],
    ['cat;5:5', 'cat', 1, fullScale, 'cat'],
    ['cat;1:2;3', 'cat;1:2', 3, fullScale],
    ['cat;1;2', 'cat;1', 2, fullScale],
    ['cat;1;1', 'cat;1', 1, fullScale],
    ['cat;2;1;1:2', 'cat;2', 1, scale(1, 2)],
    ['cat;1:2;1;1:1', 'cat;1:2', 1, fullScale, 'cat;1:2;1'],
    ['cat;0', 'cat;0', 1, fullScale],
    ['cat;-1', 'cat;-1', 1, fullScale],
    ['cat;1.5', 'cat;1.5', 1, fullScale],
    ['cat;0:1', 'cat;0:1', 1, fullScale],
    ['cat;1:0', 'cat;1:0', 1, fullScale],
    ['cat;2:1', 'cat;2:1', 1, fullScale],
    ['cat;1:2:3', 'cat;1:2:3', 1, fullScale],
    ['cat;', 'cat;', 1, fullScale],
    ['cat; 2', 'cat; 2', 1, fullScale],
    ['cat;9999999999', 'cat;9999999999', 1, fullScale],
    [';2', ';2', 1, fullScale],
    ['2', '2', 1, fullScale],
    ['1:2', '1:2', 1, fullScale],
    ['ark:/12025/654;2', 'ark:/12025/654', 2, fullScale],
  ])('%s is %s, page %i', (text, identifier, page, constraint, shortest = text) => {
    const meta = codec.parse(text)
    expect(meta).toEqual({ identifier, page, constraint })
    expect(codec.format(meta)).toBe(shortest)
  })

  const identifiers = fc
    .array(
      fc.oneof(
        fc.string({ minLength: 1, maxLength: 4 }),
        fc.constantFrom(';', ';1', ';2', ';1:2', ';1:1', '1', '1:2'),
      ),
    )
    .map(parts => parts.join(''))
    .filter(text => text !== '')
  const constraints = fc
    .tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 }))
    .map(([a, b]) => reduceScale(Math.min(a, b), Math.max(a, b)) ?? fullScale)

  it('is read as it was written, whatever the identifier looks like', () => {
    fc.assert(
      fc.property(
        identifiers,
        fc.integer({ min: 1, max: 1000 }),
        constraints,
        (identifier, page, constraint) => {
          const meta = { identifier, page, constraint }
          expect(codec.parse(codec.format(meta))).toEqual(meta)
        },
      ),
    )
  })

  it('has one form: writing what was read comes to rest at once', () => {
    fc.assert(
      fc.property(identifiers, text => {
        const shortest = codec.format(codec.parse(text))
        expect(codec.format(codec.parse(shortest))).toBe(shortest)
      }),
    )
  })

  it('may have another delimiter', () => {
    const other = createMetaIdentifierCodec({ delimiter: '--' })
    expect(other.parse('cat--2--1:2')).toEqual({ identifier: 'cat', page: 2, constraint: scale(1, 2) })
    expect(other.parse('cat;2')).toEqual({ identifier: 'cat;2', page: 1, constraint: fullScale })
    expect(other.format({ identifier: 'cat', page: 2, constraint: fullScale })).toBe('cat--2')
  })

  it.each(['', '1', 'a1', ':', '/', 'a/', '\n'])('has no delimiter such as %j', delimiter => {
    expect(() => createMetaIdentifierCodec({ delimiter })).toThrow(/^delimiter: expected /)
  })
})

describe('the page of a query', () => {
  it.each([
    ['1', 1],
    ['02', 2],
    ['300', 300],
  ])('%s', (text, page) => expect(parsePage(text)).toBe(page))
  it.each(['', '0', '-1', '1.5', 'two', '1e3', '99999999999'])('is not %j', text => {
    expect(() => parsePage(text)).toThrow(refusal('invalid-identifier'))
  })
})
