import { describe, expect, it } from 'vitest'
import {
  ceilDivide,
  coversImage,
  floorPixels,
  rotateDimensions,
  roundPixels,
  scaleSide,
} from '../../src/protocol/geometry.js'

describe('roundPixels', () => {
  it.each<[value: number, pixels: number]>([
    [0, 0],
    [0.49, 0],
    [0.5, 1],
    [1.5, 2],
    [2.5, 3],
    [222.111, 222],
    [1.005 * 1000 - 1004.5, 1],
    [(0.1 + 0.2) * 5, 2],
    [0.285 * 100, 29],
    [1e12 + 0.5, 1e12 + 1],
  ])('row 60: rounds %d to %d, halves up', (value, pixels) => {
    expect(roundPixels(value)).toBe(pixels)
  })
})

describe('floorPixels', () => {
  it.each<[value: number, pixels: number]>([
    [0.999, 0],
    [1, 1],
    [2449.49, 2449],
    [0.29 * 100, 29],
    [Math.sqrt(2) * Math.sqrt(2), 2],
  ])('row 66: cuts %d to %d and forgives what floating point lost', (value, pixels) => {
    expect(floorPixels(value)).toBe(pixels)
  })
})

describe('scaleSide', () => {
  it.each<[row: number, side: number, from: number, to: number, expected: number]>([
    [60, 667, 1000, 333, 222],
    [60, 75, 100, 50, 38],
    [59, 3, 1000, 100, 1],
    [59, 1, 1_000_000, 1, 1],
    [44, 400, 600, 1200, 800],
    [43, 400, 600, 600, 400],
  ])('row %i: a side of %d beside %d that becomes %d is %d', (_row, side, from, to, expected) => {
    expect(scaleSide(side, from, to)).toBe(expected)
  })
})

describe('ceilDivide', () => {
  it.each<[length: number, divisor: number, expected: number]>([
    [512, 512, 1],
    [513, 512, 2],
    [1, 512, 1],
    [1000, 4, 250],
    [1001, 4, 251],
  ])('row 126: %d by %d is %d', (length, divisor, expected) => {
    expect(ceilDivide(length, divisor)).toBe(expected)
  })
})

describe('coversImage', () => {
  it.each<[box: [number, number, number, number], expected: boolean]>([
    [[0, 0, 30, 20], true],
    [[1, 0, 29, 20], false],
    [[0, 1, 30, 19], false],
    [[0, 0, 29, 20], false],
    [[0, 0, 30, 19], false],
  ])('row 35: of %j in 30 x 20 is %s', ([x, y, width, height], expected) => {
    expect(coversImage({ x, y, width, height }, { width: 30, height: 20 })).toBe(expected)
  })
})

describe('rotateDimensions', () => {
  it.each<[row: number, degrees: number, width: number, height: number]>([
    [81, 0, 100, 50],
    [88, 90, 50, 100],
    [81, 180, 100, 50],
    [81, 270, 50, 100],
    [82, 360, 100, 50],
    [86, 45, 106, 106],
    [86, 30, 112, 93],
    [86, 135, 106, 106],
    [86, 345, 110, 74],
  ])('row %i: 100 x 50 turned by %d degrees needs %d x %d', (_row, degrees, width, height) => {
    expect(rotateDimensions({ width: 100, height: 50 }, degrees)).toEqual({ width, height })
  })

  it('row 86: never makes less than a pixel', () => {
    expect(rotateDimensions({ width: 1, height: 1 }, 0.001)).toEqual({ width: 1, height: 1 })
  })
})
