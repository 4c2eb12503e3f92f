import { describe, expect, it } from 'vitest'
import { formatCanonical } from '../../src/protocol/canonical.js'
import { type LimitOptions, resolveLimits } from '../../src/protocol/limits.js'
import { parseParameters } from '../../src/protocol/request.js'
import { type ImageFacts, resolveRequest } from '../../src/protocol/resolved.js'
import type { ImageApiVersion } from '../../src/protocol/version.js'

const landscape: ImageFacts = { width: 600, height: 400, isGray: false }

function canonical(
  text: string,
  version: ImageApiVersion,
  options: LimitOptions = {},
  image: ImageFacts = landscape,
): string {
  const limits = resolveLimits(options)
  const request = { version, ...parseParameters(text.split('/'), version) }
  return formatCanonical(resolveRequest(request, image, limits), { version, image, limits })
}

const scaling: LimitOptions = { maxScale: 4 }

describe('formatCanonical in version 3', () => {
  it.each<[row: number, text: string, expected: string, options?: LimitOptions]>([
    [115, 'full/300,/0/default.jpg', 'full/300,200/0/default.jpg'],
    [115, 'pct:25,25,50,50/max/0/default.jpg', '150,100,300,200/max/0/default.jpg'],
    [115, 'full/!300,300/0/default.jpg', 'full/300,200/0/default.jpg'],
    [115, 'full/^1200,/0/default.jpg', 'full/^1200,800/0/default.jpg', scaling],
    [115, 'full/600,400/0/default.jpg', 'full/max/0/default.jpg'],
    [108, '0,0,600,400/max/0/default.jpg', 'full/max/0/default.jpg'],
    [108, 'pct:0,0,100,100/max/0/default.jpg', 'full/max/0/default.jpg'],
    [108, 'square/max/0/default.jpg', '100,0,400,400/max/0/default.jpg'],
    [108, '500,300,200,200/max/0/default.jpg', '500,300,100,100/max/0/default.jpg'],
    [109, 'full/max/0/default.jpg', 'full/max/0/default.jpg', { maxWidth: 300 }],
    [109, 'full/300,/0/default.jpg', 'full/max/0/default.jpg', { maxWidth: 300 }],
    [109, 'full/!600,600/0/default.jpg', 'full/max/0/default.jpg', { maxWidth: 300 }],
    [109, 'full/^max/0/default.jpg', 'full/^max/0/default.jpg', { maxScale: 4, maxWidth: 900 }],
    [109, 'full/^900,/0/default.jpg', 'full/^max/0/default.jpg', { maxScale: 4, maxWidth: 900 }],
    [109, 'full/^pct:400/0/default.jpg', 'full/^max/0/default.jpg', scaling],
    [109, 'full/^max/0/default.jpg', 'full/max/0/default.jpg'],
    [109, 'full/^max/0/default.jpg', 'full/max/0/default.jpg', { maxScale: 4, maxWidth: 300 }],
    [109, 'full/^700,100/0/default.jpg', 'full/^700,100/0/default.jpg', scaling],
    [54, 'full/^300,/0/default.jpg', 'full/300,200/0/default.jpg', scaling],
    [54, 'full/^600,400/0/default.jpg', 'full/max/0/default.jpg', scaling],
    [69, 'full/0300,/0/default.jpg', 'full/300,200/0/default.jpg'],
    [110, 'full/max/!022.50/default.jpg', 'full/max/!22.5/default.jpg'],
    [110, 'full/max/.5/default.jpg', 'full/max/0.5/default.jpg'],
    [82, 'full/max/360/default.jpg', 'full/max/0/default.jpg'],
    [111, 'full/max/0/color.jpg', 'full/max/0/default.jpg'],
    [111, 'full/max/0/gray.jpg', 'full/max/0/gray.jpg'],
    [112, 'full/max/0/default.png', 'full/max/0/default.png'],
  ])('row %i: %s is %s', (_row, text, expected, options) => {
    expect(canonical(text, 3, options)).toBe(expected)
    expect(canonical(expected, 3, options)).toBe(expected)
  })
})

describe('formatCanonical in version 2', () => {
  it.each<[row: number, text: string, expected: string, options?: LimitOptions]>([
    [115, 'full/300,200/0/default.jpg', 'full/300,/0/default.jpg'],
    [115, 'full/pct:50/0/default.jpg', 'full/300,/0/default.jpg'],
    [115, 'full/300,100/0/default.jpg', 'full/300,100/0/default.jpg'],
    [115, 'full/600,/0/default.jpg', 'full/full/0/default.jpg'],
    [109, 'full/max/0/default.jpg', 'full/full/0/default.jpg'],
    [109, 'full/max/0/default.jpg', 'full/300,/0/default.jpg', { maxWidth: 300 }],
    [109, 'full/!300,300/0/default.jpg', 'full/300,/0/default.jpg'],
    [109, 'full/,200/0/default.jpg', 'full/300,/0/default.jpg'],
    [109, 'full/1200,800/0/default.jpg', 'full/1200,/0/default.jpg', scaling],
    [109, 'full/600,399/0/default.jpg', 'full/600,399/0/default.jpg'],
    [108, 'pct:25,25,50,50/full/0/default.jpg', '150,100,300,200/full/0/default.jpg'],
    [110, 'full/full/!0.50/default.jpg', 'full/full/!0.5/default.jpg'],
    [111, 'full/full/0/color.jpg', 'full/full/0/default.jpg'],
  ])('row %i: %s is %s', (_row, text, expected, options) => {
    expect(canonical(text, 2, options)).toBe(expected)
    expect(canonical(expected, 2, options)).toBe(expected)
  })
})

describe('formatCanonical in both versions', () => {
  it('row 24: the square of a square image is full', () => {
    const square: ImageFacts = { width: 400, height: 400, isGray: false }
    expect(canonical('square/max/0/default.jpg', 3, {}, square)).toBe('full/max/0/default.jpg')
    expect(canonical('square/max/0/default.jpg', 2, {}, square)).toBe('full/full/0/default.jpg')
  })

  it('row 111: gray of a grey image is default', () => {
    const gray: ImageFacts = { ...landscape, isGray: true }
    expect(canonical('full/max/0/gray.jpg', 3, {}, gray)).toBe('full/max/0/default.jpg')
    expect(canonical('full/max/0/gray.jpg', 2, {}, gray)).toBe('full/full/0/default.jpg')
  })
})

describe('formatCanonical of a source that is sent as it is', () => {
  it.each<[version: ImageApiVersion, text: string, expected: string]>([
    [3, 'full/600,/0/color.jpg', 'full/600,400/0/default.jpg'],
    [2, 'full/pct:100/0/default.jpg', 'full/full/0/default.jpg'],
  ])(
    'row 116: version %i writes %s as %s, which means the same, though max is smaller',
    (version, text, expected) => {
      const limits = resolveLimits({ maxWidth: 300 })
      const resolve = (path: string) =>
        resolveRequest({ version, ...parseParameters(path.split('/'), version) }, landscape, limits, 'jpg')
      const canonicalText = formatCanonical(resolve(text), { version, image: landscape, limits })
      expect(canonicalText).toBe(expected)
      expect(resolve(canonicalText)).toEqual(resolve(text))
    },
  )
})
