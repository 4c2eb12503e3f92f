import { describe, expect, it } from 'vitest'
import type { Box, Dimensions } from '../../src/protocol/geometry.js'
import {
  formatBox,
  formatRegion,
  parseRegion,
  type Region,
  resolveRegion,
} from '../../src/protocol/region.js'
import { refusal } from './refusal.js'

const pixels = (x: number, y: number, width: number, height: number): Region => ({
  kind: 'pixels',
  x,
  y,
  width,
  height,
})

const percent = (x: number, y: number, width: number, height: number): Region => ({
  kind: 'percent',
  x,
  y,
  width,
  height,
})

describe('parseRegion', () => {
  it.each<[row: number, text: string, region: Region, written?: string]>([
    [22, 'full', { kind: 'full' }],
    [23, 'square', { kind: 'square' }],
    [25, '0,1,2,3', pixels(0, 1, 2, 3)],
    [25, '00,01,010,3', pixels(0, 1, 10, 3), '0,1,10,3'],
    [37, '0,0,99999999999,5', pixels(0, 0, 99_999_999_999, 5)],
    [26, 'pct:41.6,7.5,66.6,100', percent(41.6, 7.5, 66.6, 100)],
    [33, 'pct:50,50,100,200', percent(50, 50, 100, 200)],
    [39, 'pct:.5,0,1.50,100', percent(0.5, 0, 1.5, 100), 'pct:0.5,0,1.5,100'],
    [31, 'pct:0,0,0.0000001,100', percent(0, 0, 1e-7, 100)],
  ])('row %i: reads "%s"', (_row, text, region, written = text) => {
    expect(parseRegion(text)).toEqual(region)
    expect(formatRegion(region)).toBe(written)
  })

  it.each<[row: number, text: string]>([
    [20, 'FULL'],
    [20, 'Square'],
    [20, 'PCT:0,0,10,10'],
    [25, ''],
    [25, '1.5,0,10,10'],
    [25, '0,0,10.0,10'],
    [25, '-1,0,10,10'],
    [25, '+1,0,10,10'],
    [25, ' 0,0,10,10'],
    [25, '0, 0,10,10'],
    [25, '0,0,10,10 '],
    [30, '0,0,0,10'],
    [30, '0,0,10,0'],
    [30, 'pct:0,0,0,10'],
    [30, 'pct:0,0,10,0.0'],
    [34, 'pct:100,0,10,10'],
    [34, 'pct:0,100.5,10,10'],
    [37, '0,0,1e3,5'],
    [37, '0,0,Infinity,5'],
    [37, `0,0,${'9'.repeat(400)},5`],
    [38, '1,2,3'],
    [38, '1,2,3,4,5'],
    [38, '1,2,,4'],
    [38, ',,,'],
    [38, '1,2,3,4,'],
    [38, '1;2;3;4'],
    [39, 'pct:'],
    [39, 'pct:NaN,0,10,10'],
    [39, 'pct:+1,0,10,10'],
    [39, 'pct:-1,0,10,10'],
    [39, 'pct:1e1,0,10,10'],
    [39, 'pct:1.,0,10,10'],
    [39, 'pct:pct:0,0,10,10'],
    [39, 'pct:0,0,10'],
  ])('row %i: refuses "%s"', (_row, text) => {
    expect(() => parseRegion(text)).toThrow(refusal('invalid-region'))
  })
})

describe('resolveRegion', () => {
  it.each<[row: number, text: string, image: [number, number], box: [number, number, number, number]]>([
    [22, 'full', [300, 200], [0, 0, 300, 200]],
    [23, 'square', [300, 200], [50, 0, 200, 200]],
    [23, 'square', [200, 301], [0, 50, 200, 200]],
    [23, 'square', [4, 1], [1, 0, 1, 1]],
    [24, 'square', [200, 200], [0, 0, 200, 200]],
    [25, '125,15,120,140', [300, 200], [125, 15, 120, 140]],
    [25, '299,199,1,1', [300, 200], [299, 199, 1, 1]],
    [27, '125,15,200,200', [300, 200], [125, 15, 175, 185]],
    [28, 'pct:41.6,7.5,66.6,100', [300, 200], [125, 15, 175, 185]],
    [31, 'pct:0,0,0.1,0.1', [100, 100], [0, 0, 1, 1]],
    [31, 'pct:99.999,99.999,10,10', [100, 100], [99, 99, 1, 1]],
    [31, 'pct:0,0,0.0000001,100', [100, 100], [0, 0, 1, 100]],
    [31, 'pct:50,50,50,50', [1, 1], [0, 0, 1, 1]],
    [32, 'pct:0,0,50,50', [101, 5], [0, 0, 51, 3]],
    [32, 'pct:50,50,50,50', [101, 5], [51, 3, 50, 2]],
    [32, 'pct:0.1,0.2,0.2,0.1', [500, 500], [1, 1, 1, 1]],
    [33, 'pct:50,50,100,200', [300, 200], [150, 100, 150, 100]],
    [35, '0,0,300,200', [300, 200], [0, 0, 300, 200]],
    [36, 'pct:0,0,100,100', [300, 200], [0, 0, 300, 200]],
    [37, '0,0,9007199254740991,5', [300, 200], [0, 0, 300, 5]],
    [37, '299,0,9007199254740991,9007199254740991', [300, 200], [299, 0, 1, 200]],
    [37, 'pct:99,0,9007199254740991,100', [300, 200], [297, 0, 3, 200]],
  ])('row %i: "%s" of %j is %j', (_row, text, [width, height], [x, y, w, h]) => {
    expect(resolveRegion(parseRegion(text), { width, height })).toEqual({ x, y, width: w, height: h })
  })

  it.each<[row: number, text: string]>([
    [29, '300,0,10,10'],
    [29, '0,200,10,10'],
    [29, '9007199254740991,0,1,1'],
  ])('row %i: refuses "%s" of 300 x 200: it starts at or past the edge', (_row, text) => {
    const outside = () => resolveRegion(parseRegion(text), { width: 300, height: 200 })
    expect(outside).toThrow(refusal('invalid-region'))
  })
})

describe('formatBox', () => {
  const image: Dimensions = { width: 300, height: 200 }
  it.each<[row: number, box: Box, text: string]>([
    [35, { x: 0, y: 0, width: 300, height: 200 }, 'full'],
    [108, { x: 0, y: 0, width: 299, height: 200 }, '0,0,299,200'],
    [108, { x: 1, y: 0, width: 299, height: 200 }, '1,0,299,200'],
    [108, { x: 0, y: 1, width: 300, height: 199 }, '0,1,300,199'],
  ])('row %i: writes %j as %s', (_row, box, text) => {
    expect(formatBox(box, image)).toBe(text)
  })
})
