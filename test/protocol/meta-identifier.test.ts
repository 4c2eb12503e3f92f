import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  constrainDimensions,
  constrainSizes,
  createMetaIdentifierCodec,
  expandBox,
  fullScale,
  parsePage,
  reduceConstraint,
  requireConstrained,
  type ScaleConstraint,
} from '../../src/protocol/meta-identifier.js'
import { refusal } from './refusal.js'

const codec = createMetaIdentifierCodec()
const scale = (numerator: number, denominator: number): ScaleConstraint => ({ numerator, denominator })

describe('a meta-identifier', () => {
  it.each<[text: string, identifier: string, page: number, constraint: ScaleConstraint, shortest?: string]>([
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
    .map(([a, b]) => reduceConstraint(scale(Math.min(a, b), Math.max(a, b))))

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

describe('an image under a constraint', () => {
  it.each([
    [scale(1, 1), 6000, 4001],
    [scale(1, 2), 3000, 2001],
    [scale(2, 3), 4000, 2667],
    [scale(1, 5000), 1, 1],
  ])('%o has %i x %i pixels', (constraint, width, height) => {
    expect(constrainDimensions({ width: 6000, height: 4001 }, constraint)).toEqual({ width, height })
  })

  const image = {
    width: 6000,
    height: 4000,
    isGray: false,
    tile: { width: 256, height: 256 },
    levels: [1, 2, 4, 8].map(scaleFactor => ({
      width: 6000 / scaleFactor,
      height: 4000 / scaleFactor,
      scaleFactor,
    })),
  }

  it('tells the levels and tiles that are left, where they are stored', () => {
    expect(constrainSizes(image, fullScale)).toBe(image)
    const quarter = constrainSizes(image, scale(1, 4))
    expect(quarter).toMatchObject({ width: 1500, height: 1000, isGray: false, tile: image.tile })
    expect(quarter.levels).toEqual([
      { width: 1500, height: 1000, scaleFactor: 1 },
      { width: 750, height: 500, scaleFactor: 2 },
    ])
  })

  it('tells none where its size is not stored', () => {
    expect(constrainSizes(image, scale(2, 3))).toEqual({ width: 4000, height: 2667, isGray: false })
  })

  it('has regions that stand for larger ones of the whole image', () => {
    const whole = { width: 6000, height: 4001 }
    expect(expandBox({ x: 256, y: 512, width: 256, height: 256 }, whole, scale(1, 2))).toEqual({
      x: 512,
      y: 1024,
      width: 512,
      height: 512,
    })
    expect(expandBox({ x: 0, y: 1792, width: 1, height: 209 }, whole, scale(1, 2))).toEqual({
      x: 0,
      y: 3584,
      width: 2,
      height: 417,
    })
    expect(expandBox({ x: 0, y: 0, width: 3000, height: 2001 }, whole, scale(1, 2))).toEqual({
      x: 0,
      y: 0,
      ...whole,
    })
  })

  it('is covered by its tiles without gap or overlap', () => {
    const sides = fc.integer({ min: 1, max: 5000 })
    const scales = fc
      .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 20 }))
      .map(([n, more]) => scale(n, n + more))
    fc.assert(
      fc.property(
        sides,
        sides,
        scales,
        fc.integer({ min: 1, max: 600 }),
        (width, height, constraint, tile) => {
          const whole = { width, height }
          const shown = constrainDimensions(whole, constraint)
          let next = 0
          for (let x = 0; x < shown.width; x += tile) {
            const box = { x, y: 0, width: Math.min(tile, shown.width - x), height: shown.height }
            const full = expandBox(box, whole, constraint)
            expect(full).toMatchObject({ x: next, y: 0, height })
            next += full.width
          }
          expect(next).toBe(width)
        },
      ),
    )
  })

  const region = { width: 300, height: 200 }
  it.each([
    [scale(1, 2), { width: 300, height: 200 }, true],
    [scale(1, 2), { width: 10, height: 10 }, true],
    [scale(1, 2), { width: 301, height: 200 }, false],
    [scale(1, 2), { width: 300, height: 201 }, false],
    [fullScale, { width: 3000, height: 2000 }, true],
  ])('%o: of a region of 300 x 200, %o is given: %s', (constraint, size, isGiven) => {
    const ask = () => requireConstrained(region, size, constraint)
    if (isGiven) expect(ask).not.toThrow()
    else expect(ask).toThrow(refusal('scale-constrained', 403))
  })
})
