import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createVariantCodec, formatVariantUri, type Variant } from '../../src/access/variant.js'
import { formatIdentifier } from '../../src/protocol/identifier.js'
import { createMetaIdentifierCodec } from '../../src/protocol/meta-identifier.js'
import { reduceScale } from '../../src/protocol/scale.js'
import * as any from '../protocol/arbitraries.js'

const meta = createMetaIdentifierCodec()
const codec = createVariantCodec(['public', 'press', 'staff'], meta)
const half = { numerator: 1, denominator: 2 }

describe('the identifier of a variant', () => {
  it.each<[identifier: string, variant: Variant]>([
    ['cats', { identifier: 'cats' }],
    ['cats;tier=public', { identifier: 'cats', tier: 'public' }],
    ['cats;tier=press', { identifier: 'cats', tier: 'press' }],
    ['cats;1:2', { identifier: 'cats', scale: half }],
    ['a/b.tif;tier=public', { identifier: 'a/b.tif', tier: 'public' }],
    ['cats;3', { identifier: 'cats', page: 3 }],
    ['cats;3;1:2', { identifier: 'cats', page: 3, scale: half }],
    ['cats;3;tier=public', { identifier: 'cats', page: 3, tier: 'public' }],
    ['cats;3;1:2;tier=public', { identifier: 'cats', page: 3, scale: half, tier: 'public' }],
    // Only one tier is read: what stands before it is an identifier like any other.
    ['cats;tier=public;1:2', { identifier: 'cats;tier=public', scale: half }],
    ['cats;tier=public;tier=press', { identifier: 'cats;tier=public', tier: 'press' }],
    // No suffixes.
    ['cats;tier=nobody', { identifier: 'cats;tier=nobody' }],
    ['cats;tier=', { identifier: 'cats;tier=' }],
    ['cats;tier=PUBLIC', { identifier: 'cats;tier=PUBLIC' }],
    ['cats;2:1', { identifier: 'cats;2:1' }],
    ['cats;0:1', { identifier: 'cats;0:1' }],
    ['cats;1:2x', { identifier: 'cats;1:2x' }],
    [';tier=public', { identifier: ';tier=public' }],
    [';1:2', { identifier: ';1:2' }],
    ['tier=public', { identifier: 'tier=public' }],
    ['', { identifier: '' }],
  ])('%j is read, and written again as it was', (identifier, variant) => {
    expect(codec.parse(identifier)).toEqual(variant)
    expect(codec.format(variant)).toBe(identifier)
  })

  it.each<[asked: string, normal: string]>([
    // The highest tier is what an identifier without a suffix names.
    ['cats;tier=staff', 'cats'],
    ['cats;2:4', 'cats;1:2'],
    ['cats;3:3', 'cats'],
    ['cats;01:02', 'cats;1:2'],
    ['cats;1', 'cats'],
    ['cats;02;2:4', 'cats;2;1:2'],
    ['cats;1;tier=staff', 'cats'],
  ])('%s has another spelling, %s, so that the first can be redirected', (asked, normal) => {
    expect(codec.format(codec.parse(asked))).toBe(normal)
  })

  it('is read alike however often it was written', () => {
    const variant: fc.Arbitrary<Variant> = fc.oneof(
      any.identifier.map((identifier): Variant => ({ identifier })),
      fc.record({ identifier: any.identifier, tier: fc.constantFrom('public', 'press') }),
      fc.record({
        identifier: any.identifier,
        scale: fc
          .tuple(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 1, max: 99 }))
          .map(([n, more]) => reduceScale(n, n + more) ?? half),
      }),
    )
    fc.assert(
      fc.property(variant, variant => {
        if (variant.identifier === '') return
        const text = codec.format(variant)
        expect(codec.format(codec.parse(text))).toBe(text)
        if (variant.tier ?? variant.scale) expect(codec.parse(text)).toEqual(variant)
      }),
      { numRuns: 1000 },
    )
  })

  it('without tiers has scales only', () => {
    const plain = createVariantCodec([], meta)
    expect(plain.parse('cats;tier=public')).toEqual({ identifier: 'cats;tier=public' })
    expect(plain.parse('cats;1:2')).toEqual({ identifier: 'cats', scale: half })
  })

  it('without meta-identifiers has tiers only', () => {
    const bare = createVariantCodec(['public', 'staff'], undefined)
    expect(bare.parse('cats;2;1:2;tier=public')).toEqual({ identifier: 'cats;2;1:2', tier: 'public' })
    expect(bare.parse('cats;2')).toEqual({ identifier: 'cats;2' })
  })

  it('every variant of an image has an identifier of its own', () => {
    const variants: Variant[] = [
      { identifier: 'cats' },
      { identifier: 'cats', tier: 'public' },
      { identifier: 'cats', tier: 'press' },
      { identifier: 'cats', scale: half },
      { identifier: 'cats', scale: { numerator: 1, denominator: 4 } },
    ]
    expect(new Set(variants.map(codec.format)).size).toBe(variants.length)
  })
})

describe('rewriting an encoded identifier', () => {
  it.each<[encoded: string, decoded: string, variant: Omit<Variant, 'identifier'>, rewritten: string]>([
    ['cats', 'cats', { tier: 'public' }, 'cats;tier=public'],
    ['cats;tier=public', 'cats;tier=public', {}, 'cats'],
    ['cats;tier=public', 'cats;tier=public', { tier: 'press' }, 'cats;tier=press'],
    ['cats%3Btier%3Dpublic', 'cats;tier=public', {}, 'cats'],
    ['cats%3btier%3dp%75blic', 'cats;tier=public', { scale: half }, 'cats;1:2'],
    ['cats%3B1%3A2', 'cats;1:2', { tier: 'staff' }, 'cats'],
    // What stands before the suffix stays as it was encoded.
    ['ark:%2F1%2f2;1:2', 'ark:/1/2;1:2', {}, 'ark:%2F1%2f2'],
    ['%C3%BC%25;1:2', 'ü%;1:2', { tier: 'public' }, '%C3%BC%25;tier=public'],
  ])('%s (%s) as %j is %s', (encoded, decoded, variant, rewritten) => {
    expect(codec.rewrite(encoded, decoded, { identifier: 'whatever', ...variant })).toBe(rewritten)
  })

  it('gives what encoding the other variant would give', () => {
    const variant = fc.constantFrom<Omit<Variant, 'identifier'>>({}, { tier: 'public' }, { scale: half })
    fc.assert(
      fc.property(any.identifier, variant, variant, (identifier, from, to) => {
        if (identifier === '' || codec.parse(identifier).identifier !== identifier) return
        const decoded = codec.format({ identifier, ...from })
        const rewritten = codec.rewrite(formatIdentifier(decoded), decoded, { identifier, ...to })
        expect(rewritten).toBe(formatIdentifier(codec.format({ identifier, ...to })))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('the public URI of a variant', () => {
  const asked = {
    prefix: 'https://example.org/iiif/3',
    encodedIdentifier: 'a%2Fb;tier=public',
    identifier: 'a/b;tier=public',
  }

  it('keeps the identifier as the client wrote it', () => {
    expect(formatVariantUri(codec, asked, { identifier: 'a/b' })).toBe('https://example.org/iiif/3/a%2Fb')
  })

  it('is built on the name that a proxy has given the image', () => {
    const forwarded = { ...asked, forwardedIdentifier: 'orig%2F1;tier=public' }
    expect(formatVariantUri(codec, forwarded, { identifier: 'a/b', scale: half })).toBe(
      'https://example.org/iiif/3/orig%2F1;1:2',
    )
  })
})
