import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isIIIFError } from '../../src/errors.js'
import { type RedactionOptions, resolveRedactions } from '../../src/image/redaction.js'

const image = { width: 1000, height: 800 }
const rect = { x: 10, y: 20, width: 30, height: 40 }
const resolve = (...list: unknown[]) => resolveRedactions(list as RedactionOptions[], image)

describe('rectangles', () => {
  it.each<[string, object, object]>([
    ['are taken as they are', rect, rect],
    [
      'are rounded outwards',
      { x: 10.9, y: 20.1, width: 1.2, height: 0.1 },
      { x: 10, y: 20, width: 3, height: 1 },
    ],
    [
      'are cut at the edges',
      { x: -5, y: 790, width: 2000, height: 2000 },
      { x: 0, y: 790, width: 1000, height: 10 },
    ],
    [
      'may begin far outside',
      { x: -1e6, y: -1e6, width: 1e6 + 1, height: 1e6 + 1 },
      { x: 0, y: 0, width: 1, height: 1 },
    ],
  ])('%s', (_, given, box) => {
    expect(resolve(given)?.list).toEqual([{ box, style: { kind: 'fill', colour: { r: 0, g: 0, b: 0 } } }])
  })

  it('hold all that was asked for, in whole pixels inside the image', () => {
    const place = fc.double({ min: -1500, max: 1500, noNaN: true })
    const length = fc.double({ min: 0.001, max: 3000, noNaN: true })
    fc.assert(
      fc.property(place, place, length, length, (x, y, width, height) => {
        const outside = x >= 1000 || y >= 800 || x + width <= 0 || y + height <= 0
        if (outside) {
          expect(() => resolve({ x, y, width, height })).toThrow()
          return
        }
        const { box } = resolve({ x, y, width, height })!.list[0]!
        expect(Object.values(box).every(Number.isInteger)).toBe(true)
        expect(box.x <= Math.max(0, x) && box.y <= Math.max(0, y)).toBe(true)
        expect(box.x + box.width).toBeGreaterThanOrEqual(Math.min(1000, x + width))
        expect(box.y + box.height).toBeGreaterThanOrEqual(Math.min(800, y + height))
        expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= 1000 && box.y + box.height <= 800).toBe(true)
      }),
    )
  })

  it('are none where the list is empty', () => {
    expect(resolve()).toBeUndefined()
  })

  it.each([
    ['right', { ...rect, x: 1000 }],
    ['left', { ...rect, x: -30 }],
    ['below', { ...rect, y: 800 }],
    ['above', { ...rect, y: -40 }],
  ])('refuse the image when one lies outside, to the %s: it was meant for another', (_, given) => {
    const found = (() => {
      try {
        return resolve(rect, given)
      } catch (error) {
        return error
      }
    })()
    expect(isIIIFError(found)).toBe(true)
    expect(found).toMatchObject({ status: 500, code: 'redaction-failed' })
  })
})

describe('styles', () => {
  it.each<[object | undefined, object]>([
    [undefined, { kind: 'fill', colour: { r: 0, g: 0, b: 0 } }],
    [{ kind: 'fill' }, { kind: 'fill', colour: { r: 0, g: 0, b: 0 } }],
    [
      { kind: 'fill', colour: '#f80' },
      { kind: 'fill', colour: { r: 255, g: 136, b: 0 } },
    ],
    [{ kind: 'pixelate' }, { kind: 'pixelate', cells: 6 }],
    [
      { kind: 'pixelate', cells: 8 },
      { kind: 'pixelate', cells: 8 },
    ],
    [
      { kind: 'blur', cells: 1 },
      { kind: 'blur', cells: 1 },
    ],
  ])('%o is %o', (style, expected) => {
    expect(resolve({ ...rect, ...(style ? { style } : {}) })?.list[0]?.style).toEqual(expected)
  })

  it('that are surfaces are painted over all others', () => {
    const kinds = resolve({ ...rect, style: { kind: 'fill' } }, { ...rect, style: { kind: 'blur' } }, rect, {
      ...rect,
      style: { kind: 'pixelate' },
    })
    expect(kinds?.list.map(({ style }) => style.kind)).toEqual(['blur', 'pixelate', 'fill', 'fill'])
  })
})

describe('what is not valid is refused by name', () => {
  it.each<[unknown, string]>([
    [null, 'redactions[1]'],
    [7, 'redactions[1]'],
    [{ ...rect, x: '10' }, 'redactions[1].x'],
    [{ ...rect, x: Number.NaN }, 'redactions[1].x'],
    [{ ...rect, y: Infinity }, 'redactions[1].y'],
    [{ ...rect, width: 0 }, 'redactions[1].width'],
    [{ ...rect, height: -1 }, 'redactions[1].height'],
    [{ ...rect, height: undefined }, 'redactions[1].height'],
    [{ ...rect, w: 4 }, 'redactions[1].w'],
    [{ ...rect, style: 'fill' }, 'redactions[1].style'],
    [{ ...rect, style: null }, 'redactions[1].style'],
    [{ ...rect, style: {} }, 'redactions[1].style.kind'],
    [{ ...rect, style: { kind: 'blurr' } }, 'redactions[1].style.kind'],
    [{ ...rect, style: { kind: 'fill', color: '#fff' } }, 'redactions[1].style.color'],
    [{ ...rect, style: { kind: 'fill', colour: 'red' } }, 'redactions[1].style.colour'],
    [{ ...rect, style: { kind: 'fill', cells: 4 } }, 'redactions[1].style.cells'],
    [{ ...rect, style: { kind: 'pixelate', cells: 9 } }, 'redactions[1].style.cells'],
    [{ ...rect, style: { kind: 'blur', cells: 2.5 } }, 'redactions[1].style.cells'],
    [{ ...rect, style: { kind: 'blur', colour: '#fff' } }, 'redactions[1].style.colour'],
  ])('%o', (given, name) => {
    expect(() => resolve(rect, given)).toThrow(TypeError)
    expect(() => resolve(rect, given)).toThrow(`${name}:`)
  })

  it('as a list, and where there are too many', () => {
    expect(() => resolveRedactions('all' as never, image)).toThrow('redactions: expected a list')
    expect(() => resolve(...Array.from({ length: 1001 }, () => rect))).toThrow('at most 1000')
  })
})

describe('the key', () => {
  it('is the same for the same rectangles of the same image, however they are written', () => {
    expect(resolve(rect)?.key).toBe(resolve({ ...rect, style: { kind: 'fill', colour: '#000' } })?.key)
    expect(resolve(rect)?.key).toMatch(/^[\w-]{22}$/)
  })

  it('is another for anything else', () => {
    const keys = [
      resolve(rect),
      resolve(rect, rect),
      resolve({ ...rect, x: 11 }),
      resolve({ ...rect, style: { kind: 'fill', colour: '#001' } }),
      resolve({ ...rect, style: { kind: 'blur' } }),
      resolve({ ...rect, style: { kind: 'pixelate' } }),
      resolve({ ...rect, style: { kind: 'blur', cells: 5 } }),
      resolveRedactions([rect], { width: 1000, height: 801 }),
    ].map(redactions => redactions?.key)
    expect(new Set(keys).size).toBe(keys.length)
  })
})
