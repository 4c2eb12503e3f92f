import { describe, expect, it } from 'vitest'
import {
  defaultMaxArea,
  fitWithin,
  isWithinLimits,
  type LimitOptions,
  noLimits,
  resolveLimits,
} from '../../src/protocol/limits.js'

describe('resolveLimits', () => {
  it('scales nothing up and bounds the area when no option is given', () => {
    expect(resolveLimits()).toEqual({
      maxWidth: Infinity,
      maxHeight: Infinity,
      maxArea: defaultMaxArea,
      maxScale: 1,
    })
  })

  it('row 41: takes maxHeight from maxWidth', () => {
    expect(resolveLimits({ maxWidth: 1000 }).maxHeight).toBe(1000)
    expect(resolveLimits({ maxWidth: 1000, maxHeight: 500 }).maxHeight).toBe(500)
  })

  it('takes Infinity for an area without a limit', () => {
    expect(resolveLimits({ maxArea: Infinity }).maxArea).toBe(Infinity)
  })

  it.each<[row: number, options: LimitOptions, name: string]>([
    [63, { maxHeight: 100 }, 'limits.maxHeight'],
    [63, { maxWidth: Infinity, maxHeight: 100 }, 'limits.max'],
    [62, { maxScale: 2, maxArea: Infinity }, 'limits.maxScale'],
    [62, { maxScale: 2, maxArea: Infinity, maxWidth: Infinity }, 'limits.max'],
    [64, { maxWidth: 0 }, 'limits.maxWidth'],
    [64, { maxWidth: -1 }, 'limits.maxWidth'],
    [64, { maxWidth: 1.5 }, 'limits.maxWidth'],
    [64, { maxWidth: 100, maxHeight: Number.NaN }, 'limits.maxHeight'],
    [64, { maxArea: 0 }, 'limits.maxArea'],
    [64, { maxArea: '5' as unknown as number }, 'limits.maxArea'],
    [64, { maxScale: 0.5 }, 'limits.maxScale'],
    [64, { maxScale: Number.NaN }, 'limits.maxScale'],
    [64, { maxScale: Infinity }, 'limits.maxScale'],
  ])('row %i: refuses %o and names %s', (_row, options, name) => {
    expect(() => resolveLimits(options)).toThrow(TypeError)
    expect(() => resolveLimits(options)).toThrow(name)
  })

  it('row 62: takes a scale above 1 beside a width or an area', () => {
    expect(resolveLimits({ maxScale: 2, maxWidth: 1000, maxArea: Infinity }).maxScale).toBe(2)
    expect(resolveLimits({ maxScale: 2 }).maxArea).toBe(defaultMaxArea)
  })
})

describe('isWithinLimits', () => {
  const limits = resolveLimits({ maxWidth: 30, maxHeight: 20, maxArea: 500 })
  it.each<[width: number, height: number, expected: boolean]>([
    [25, 20, true],
    [30, 16, true],
    [31, 1, false],
    [1, 21, false],
    [26, 20, false],
  ])('row 56: of %d x %d is %s', (width, height, expected) => {
    expect(isWithinLimits({ width, height }, limits)).toBe(expected)
  })

  it('row 56: knows no bound without limits', () => {
    expect(isWithinLimits({ width: 1e9, height: 1e9 }, noLimits)).toBe(true)
  })
})

describe('fitWithin', () => {
  it.each<[row: number, options: LimitOptions, region: [number, number], fitted: [number, number]]>([
    [41, {}, [1000, 800], [1000, 800]],
    [66, { maxArea: 4_000_000 }, [6000, 4000], [2449, 1632]],
    [67, { maxWidth: 3000, maxHeight: 2000 }, [6000, 4000], [3000, 2000]],
    [67, { maxWidth: 3000 }, [4000, 6000], [2000, 3000]],
    [65, { maxWidth: 3000, maxHeight: 2000, maxArea: 4_000_000 }, [6000, 4000], [2449, 1632]],
    [65, { maxWidth: 300, maxHeight: 2000, maxArea: 4_000_000 }, [6000, 4000], [300, 200]],
    [65, { maxWidth: 1000, maxHeight: 100 }, [6000, 4000], [150, 100]],
    [65, { maxWidth: 333 }, [1000, 667], [333, 222]],
    [59, { maxWidth: 100 }, [1000, 3], [100, 1]],
    [59, { maxArea: 100 }, [1000, 1], [100, 1]],
    [59, { maxArea: 100 }, [1, 1000], [1, 100]],
    [59, { maxArea: 1 }, [1, 1_000_000], [1, 1]],
  ])('row %i: with %o, %j becomes %j', (_row, options, [width, height], [fittedWidth, fittedHeight]) => {
    const region = { width, height }
    expect(fitWithin(region, region, resolveLimits(options))).toEqual({
      width: fittedWidth,
      height: fittedHeight,
    })
  })
})
