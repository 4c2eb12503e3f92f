import { describe, expect, it } from 'vitest'
import { type LimitOptions, resolveLimits } from '../../src/protocol/limits.js'
import { formatSize, parseSize, resolveSize, type SizeForm } from '../../src/protocol/size.js'
import type { ImageApiVersion } from '../../src/protocol/version.js'
import { refusal } from './refusal.js'

describe('parseSize', () => {
  it.each<[row: number, text: string, form: SizeForm, written?: string]>([
    [41, 'max', { kind: 'max' }],
    [43, '100,', { kind: 'width', width: 100 }],
    [45, ',100', { kind: 'height', height: 100 }],
    [46, 'pct:50', { kind: 'percent', percent: 50 }],
    [46, 'pct:.50', { kind: 'percent', percent: 0.5 }, 'pct:0.5'],
    [48, '225,100', { kind: 'exact', width: 225, height: 100 }],
    [50, '!225,100', { kind: 'confined', width: 225, height: 100 }],
    [69, '0100,', { kind: 'width', width: 100 }, '100,'],
    [69, '!0225,0100', { kind: 'confined', width: 225, height: 100 }, '!225,100'],
  ])(
    'row %i: reads "%s" in both versions, and in version 3 after a caret',
    (_row, text, form, written = text) => {
      expect(parseSize(text, 2)).toEqual({ ...form, upscale: false })
      expect(parseSize(text, 3)).toEqual({ ...form, upscale: false })
      expect(parseSize(`^${text}`, 3)).toEqual({ ...form, upscale: true })
      expect(formatSize({ ...form, upscale: false })).toBe(written)
      expect(formatSize({ ...form, upscale: true })).toBe(`^${written}`)
    },
  )

  it('row 70: reads full in version 2', () => {
    expect(parseSize('full', 2)).toEqual({ kind: 'full', upscale: false })
    expect(formatSize({ kind: 'full', upscale: false })).toBe('full')
  })

  it.each<[row: number, text: string]>([
    [53, 'full'],
    [53, '^full'],
    [42, '^'],
    [42, '^^max'],
    [42, 'max^'],
    [45, ',^240'],
    [50, '!^100,100'],
  ])('row %i: refuses "%s" in version 3', (_row, text) => {
    expect(() => parseSize(text, 3)).toThrow(refusal('invalid-size'))
  })

  it.each(['^max', '^full', '^100,', '^,100', '^100,100', '^!100,100', '^pct:120'])(
    'row 76: refuses "%s" in version 2',
    text => {
      expect(() => parseSize(text, 2)).toThrow(refusal('invalid-size'))
    },
  )

  it.each<[row: number, text: string]>([
    [20, 'MAX'],
    [20, 'FULL'],
    [20, 'PCT:50'],
    [43, ''],
    [43, ','],
    [43, '100'],
    [43, '-100,'],
    [43, '+100,'],
    [43, ' 100,'],
    [43, '100, '],
    [46, 'pct:'],
    [46, 'pct:-1'],
    [46, 'pct:1e1'],
    [46, 'pct:50,50'],
    [46, '!pct:50'],
    [48, '100,100,'],
    [48, '100,100,100'],
    [50, '!'],
    [50, '!,'],
    [50, '!100,'],
    [50, '!,100'],
    [50, '!!100,100'],
    [50, '!max'],
    [59, '0,'],
    [59, ',0'],
    [59, '0,0'],
    [59, '100,0'],
    [59, '00,100'],
    [59, '!0,100'],
    [59, 'pct:0'],
    [59, 'pct:0.0'],
    [68, '100.5,'],
    [68, ',100.0'],
    [68, '1e3,'],
    [68, `${'9'.repeat(400)},`],
  ])('row %i: refuses "%s" in both versions', (_row, text) => {
    expect(() => parseSize(text, 2)).toThrow(refusal('invalid-size'))
    expect(() => parseSize(text, 3)).toThrow(refusal('invalid-size'))
  })
})

type Sides = readonly [width: number, height: number]

function resolve(
  text: string,
  [width, height]: Sides,
  options: LimitOptions,
  version: ImageApiVersion,
): Sides {
  const size = resolveSize(parseSize(text, version), { width, height }, resolveLimits(options), version)
  return [size.width, size.height]
}

const scaling: LimitOptions = { maxScale: 4 }

describe('resolveSize in both versions', () => {
  it.each<[row: number, text: string, region: Sides, options: LimitOptions, expected: Sides]>([
    [41, 'max', [600, 400], {}, [600, 400]],
    [41, 'max', [600, 400], scaling, [600, 400]],
    [41, 'max', [600, 400], { maxWidth: 300 }, [300, 200]],
    [41, 'max', [600, 400], { maxWidth: 600, maxHeight: 100 }, [150, 100]],
    [66, 'max', [6000, 4000], { maxArea: 4_000_000 }, [2449, 1632]],
    [67, 'max', [6000, 4000], { maxWidth: 3000, maxHeight: 2000 }, [3000, 2000]],
    [43, '150,', [600, 400], {}, [150, 100]],
    [43, '600,', [600, 400], {}, [600, 400]],
    [45, ',100', [600, 400], {}, [150, 100]],
    [46, 'pct:50', [600, 400], {}, [300, 200]],
    [46, 'pct:100', [600, 400], {}, [600, 400]],
    [46, 'pct:33.3', [1000, 667], {}, [333, 222]],
    [46, 'pct:0.0001', [600, 400], {}, [1, 1]],
    [48, '100,300', [600, 400], {}, [100, 300]],
    [48, '600,400', [600, 400], {}, [600, 400]],
    [50, '!300,300', [200, 200], {}, [200, 200]],
    [50, '!300,300', [200, 200], scaling, [200, 200]],
    [51, '!2000,500', [1000, 1000], {}, [500, 500]],
    [51, '!225,100', [600, 400], {}, [150, 100]],
    [57, '!500,500', [600, 400], { maxWidth: 300 }, [300, 200]],
    [57, '!9007199254740991,9007199254740991', [600, 400], {}, [600, 400]],
    [59, '100,', [1000, 3], {}, [100, 1]],
    [59, '!100,100', [3, 1000], {}, [1, 100]],
    [59, 'max', [1, 1000], { maxArea: 100 }, [1, 100]],
    [60, '333,', [1000, 667], {}, [333, 222]],
    [60, '50,', [100, 75], {}, [50, 38]],
    [60, 'pct:50', [75, 75], {}, [38, 38]],
  ])('row %i: "%s" of %j with %o is %j', (_row, text, region, options, expected) => {
    expect(resolve(text, region, options, 3)).toEqual(expected)
    expect(resolve(text, region, options, 2)).toEqual(expected)
  })

  it.each<[row: number, text: string, options: LimitOptions]>([
    [56, '301,', { maxWidth: 300 }],
    [56, ',201', { maxWidth: 300, maxHeight: 200 }],
    [56, 'pct:51', { maxWidth: 300 }],
    [56, '200,200', { maxArea: 39_999 }],
  ])('row %i: refuses "%s" of 600 x 400 with %o: over a limit', (_row, text, options) => {
    expect(() => resolve(text, [600, 400], options, 3)).toThrow(refusal('over-limit'))
    expect(() => resolve(text, [600, 400], options, 2)).toThrow(refusal('over-limit'))
  })
})

describe('resolveSize in version 3', () => {
  it.each<[row: number, text: string, region: Sides, options: LimitOptions, expected: Sides]>([
    [42, '^max', [600, 400], { maxScale: 4, maxWidth: 900 }, [900, 600]],
    [42, '^max', [600, 400], { maxScale: 4, maxWidth: 300 }, [300, 200]],
    [42, '^max', [600, 400], { maxScale: 2 }, [1200, 800]],
    [44, '^1200,', [600, 400], scaling, [1200, 800]],
    [45, '^,800', [600, 400], scaling, [1200, 800]],
    [47, '^pct:120', [600, 400], scaling, [720, 480]],
    [49, '^1200,100', [600, 400], scaling, [1200, 100]],
    [52, '^!2000,3000', [1000, 1000], scaling, [2000, 2000]],
    [52, '^!2000,500', [1000, 1000], scaling, [500, 500]],
    [52, '^!360,360', [300, 200], scaling, [360, 240]],
    [57, '^!2000,2000', [600, 400], { maxScale: 4, maxWidth: 900 }, [900, 600]],
    [54, '^300,', [600, 400], scaling, [300, 200]],
    [55, '^max', [600, 400], {}, [600, 400]],
    [55, '^300,', [600, 400], {}, [300, 200]],
    [55, '^600,400', [600, 400], {}, [600, 400]],
    [55, '^pct:100', [600, 400], {}, [600, 400]],
    [55, '^!300,300', [600, 400], {}, [300, 200]],
  ])('row %i: "%s" of %j with %o is %j', (_row, text, region, options, expected) => {
    expect(resolve(text, region, options, 3)).toEqual(expected)
  })

  it.each<[row: number, text: string]>([
    [43, '601,'],
    [45, ',401'],
    [46, 'pct:100.1'],
    [46, 'pct:120'],
    [48, '601,400'],
    [48, '600,401'],
    [48, '1200,1'],
  ])('row %i: refuses "%s" of 600 x 400 without a caret, whether or not it scales up', (_row, text) => {
    expect(() => resolve(text, [600, 400], {}, 3)).toThrow(refusal('invalid-size'))
    expect(() => resolve(text, [600, 400], scaling, 3)).toThrow(refusal('invalid-size'))
  })

  it.each(['^pct:120', '^601,', '^,401', '^601,1', '^1,401'])(
    'row 47: answers "%s" of 600 x 400 with 501 where it does not scale up',
    text => {
      expect(() => resolve(text, [600, 400], {}, 3)).toThrow(refusal('not-implemented', 501))
    },
  )

  it.each(['^2401,', '^pct:401', '^1,1601', '^9007199254740991,'])(
    'row 56: refuses "%s" of 600 x 400 where it scales up to four times',
    text => {
      expect(() => resolve(text, [600, 400], scaling, 3)).toThrow(refusal('over-limit'))
    },
  )

  it('row 107: gives the same largest size by ^max, ^w,h and ^pct:n', () => {
    const options = { maxScale: 1.5 }
    const largest = resolve('^max', [3, 3], options, 3)
    expect(resolve('^pct:150', [3, 3], options, 3)).toEqual(largest)
    expect(() => resolve(`^${largest[0] + 1},${largest[1] + 1}`, [3, 3], options, 3)).toThrow(
      refusal('over-limit'),
    )
  })
})

describe('resolveSize in version 2', () => {
  it.each<[row: number, text: string, options: LimitOptions, expected: Sides]>([
    [70, 'full', {}, [600, 400]],
    [71, 'max', {}, [600, 400]],
    [71, 'max', { maxWidth: 300 }, [300, 200]],
    [72, 'pct:25', {}, [150, 100]],
    [75, '1200,', scaling, [1200, 800]],
    [75, 'pct:120', scaling, [720, 480]],
    [75, '1200,100', scaling, [1200, 100]],
    [74, '!2000,2000', scaling, [600, 400]],
  ])('row %i: "%s" of 600 x 400 with %o is %j', (_row, text, options, expected) => {
    expect(resolve(text, [600, 400], options, 2)).toEqual(expected)
  })

  it.each(['601,', ',401', '601,400', 'pct:100.1'])(
    'row 75: refuses "%s" of 600 x 400 with 400 where it does not scale up',
    text => {
      expect(() => resolve(text, [600, 400], {}, 2)).toThrow(refusal('invalid-size'))
    },
  )

  it('row 70: refuses full where the limits do', () => {
    expect(() => resolve('full', [600, 400], { maxWidth: 300 }, 2)).toThrow(refusal('over-limit'))
  })
})
