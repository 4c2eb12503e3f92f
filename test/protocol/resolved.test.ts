import { describe, expect, it } from 'vitest'
import type { Format } from '../../src/protocol/format.js'
import { type LimitOptions, resolveLimits } from '../../src/protocol/limits.js'
import { parseParameters } from '../../src/protocol/request.js'
import {
  formatResolved,
  type ImageFacts,
  isUnchanged,
  type ResolvedRequest,
  resolveRequest,
} from '../../src/protocol/resolved.js'
import type { ImageApiVersion } from '../../src/protocol/version.js'
import { refusal } from './refusal.js'

const image: ImageFacts = { width: 600, height: 400, isGray: false }

function resolve(
  text: string,
  facts: ImageFacts = image,
  options: LimitOptions = {},
  storedFormat?: Format,
  version: ImageApiVersion = 3,
): ResolvedRequest {
  const request = { version, ...parseParameters(text.split('/'), version) }
  return resolveRequest(request, facts, resolveLimits(options), storedFormat)
}

describe('resolveRequest', () => {
  it('row 105: takes the size from the region, and leaves rotation for after it', () => {
    expect(resolve('125,15,120,140/90,/!345/gray.jpg')).toEqual({
      region: { x: 125, y: 15, width: 120, height: 140 },
      size: { width: 90, height: 105 },
      rotation: { mirror: true, degrees: 345 },
      quality: 'gray',
      format: 'jpg',
    })
  })

  it('row 88: gives the size before rotation', () => {
    expect(resolve('full/100,50/90/default.jpg').size).toEqual({ width: 100, height: 50 })
  })

  it.each<[row: number, one: string, other: string]>([
    [24, 'square/max/0/default.jpg', '100,0,400,400/max/0/default.jpg'],
    [35, '0,0,600,400/max/0/default.jpg', 'full/max/0/default.jpg'],
    [36, 'pct:0,0,100,100/max/0/default.jpg', 'full/max/0/default.jpg'],
    [37, '0,0,99999999999,99999999999/max/0/default.jpg', 'full/max/0/default.jpg'],
    [46, 'full/pct:100/0/default.jpg', 'full/max/0/default.jpg'],
    [54, 'full/^300,200/0/default.jpg', 'full/300,/0/default.jpg'],
    [69, 'full/0300,/0/default.jpg', 'full/300,/0/default.jpg'],
    [82, 'full/max/360/default.jpg', 'full/max/0/default.jpg'],
    [90, 'full/max/022.50/default.jpg', 'full/max/22.5/default.jpg'],
    [111, 'full/max/0/color.jpg', 'full/max/0/default.jpg'],
  ])('row %i: %s and %s mean the same', (_row, one, other) => {
    expect(resolve(one)).toEqual(resolve(other))
  })

  it.each(['full/max/0/default.jpg', 'full/600,/0/default.jpg', '0,0,600,400/600,400/0/default.jpg'])(
    'row 115: %s and full/full/0/default.jpg mean the same in version 2',
    text => {
      const full = resolve('full/full/0/default.jpg', image, {}, undefined, 2)
      expect(resolve(text, image, {}, undefined, 2)).toEqual(full)
      expect(full.size).toEqual({ width: 600, height: 400 })
    },
  )

  it('row 92: color and gray of a grey image are its default', () => {
    const gray = { ...image, isGray: true }
    expect(resolve('full/max/0/color.jpg', gray).quality).toBe('default')
    expect(resolve('full/max/0/gray.jpg', gray).quality).toBe('default')
  })

  it('row 58: a limit binds the response, not the scale of the whole image', () => {
    const large = { width: 4000, height: 3000, isGray: false }
    const tile = resolve('512,512,512,512/512,512/0/default.jpg', large, { maxWidth: 1000 })
    expect(tile.size).toEqual({ width: 512, height: 512 })
  })

  it('row 23: a square of one side of the image', () => {
    expect(resolve('square/max/0/default.jpg').region).toEqual({ x: 100, y: 0, width: 400, height: 400 })
  })

  it('row 29: refuses a region outside the image', () => {
    expect(() => resolve('600,0,1,1/max/0/default.jpg')).toThrow(refusal('invalid-region'))
  })
})

describe('resolveRequest: the canvas of a turned image', () => {
  it('row 89: refuses a strip that needs a far larger canvas than the limits allow', () => {
    const strip = { width: 10_000, height: 10, isGray: false }
    const options = { maxArea: 100_000 }
    expect(() => resolve('full/10000,10/45/default.png', strip, options)).toThrow(refusal('over-limit'))
    expect(resolve('full/10000,10/90/default.png', strip, options).size).toEqual({
      width: 10_000,
      height: 10,
    })
  })

  it('row 89: turns a square of the largest area by 45 degrees', () => {
    const square = { width: 300, height: 300, isGray: false }
    expect(resolve('full/max/45/default.png', square, { maxArea: 90_000 }).size.width).toBe(300)
  })
})

describe('resolveRequest: a source that may be sent as it is', () => {
  it.each<[text: string, version: ImageApiVersion]>([
    ['full/600,400/0/default.jpg', 3],
    ['full/600,/0/color.jpg', 3],
    ['full/pct:100/360/default.jpg', 3],
    ['full/full/0/default.jpg', 2],
  ])('cantaloupe.md: %s is what is stored, and no limit binds it', (text, version) => {
    const resolved = resolve(text, image, { maxWidth: 300 }, 'jpg', version)
    expect(resolved.size).toEqual({ width: 600, height: 400 })
    expect(() => resolve(text, image, { maxWidth: 300 }, undefined, version)).toThrow(refusal('over-limit'))
  })

  it.each([
    'full/600,400/0/default.png',
    'full/600,400/90/default.jpg',
    'full/600,400/!0/default.jpg',
    'full/600,400/0/gray.jpg',
    'full/599,400/0/default.jpg',
    '0,0,599,400/599,400/0/default.jpg',
  ])('row 56: %s is not what is stored and keeps to the limits', text => {
    expect(() => resolve(text, image, { maxWidth: 300 }, 'jpg')).toThrow(refusal('over-limit'))
  })

  it('row 41: max keeps to the limits', () => {
    expect(resolve('full/max/0/default.jpg', image, { maxWidth: 300 }, 'jpg').size.width).toBe(300)
  })
})

describe('isUnchanged', () => {
  it.each<[text: string, expected: boolean]>([
    ['full/max/0/default.jpg', true],
    ['0,0,600,400/600,400/360/color.jpg', true],
    ['full/max/0/default.png', false],
    ['full/max/0/gray.jpg', false],
    ['full/max/180/default.jpg', false],
    ['full/max/!0/default.jpg', false],
    ['full/599,400/0/default.jpg', false],
    ['full/600,399/0/default.jpg', false],
    ['1,0,600,400/max/0/default.jpg', false],
  ])('of %s is %s', (text, expected) => {
    expect(isUnchanged(resolve(text), image, 'jpg')).toBe(expected)
  })

  it('is false where the source may not be sent as it is', () => {
    expect(isUnchanged(resolve('full/max/0/default.jpg'), image)).toBe(false)
  })
})

describe('formatResolved', () => {
  it('writes absolute numbers, the same for both versions', () => {
    const text = '0,0,600,400/600,400/!22.5/default.jpg'
    expect(formatResolved(resolve('full/max/!22.50/color.jpg'))).toBe(text)
    expect(formatResolved(resolve('full/full/!22.5/default.jpg', image, {}, undefined, 2))).toBe(text)
  })
})
