import { describe, expect, it } from 'vitest'
import { formatRotation, isQuarterTurn, parseRotation } from '../../src/protocol/rotation.js'
import { refusal } from './refusal.js'

describe('parseRotation', () => {
  it.each<[row: number, text: string, mirror: boolean, degrees: number, written: string]>([
    [79, '0', false, 0, '0'],
    [79, '345', false, 345, '345'],
    [79, '359.999', false, 359.999, '359.999'],
    [80, '!345', true, 345, '!345'],
    [81, '90', false, 90, '90'],
    [81, '180', false, 180, '180'],
    [81, '270', false, 270, '270'],
    [82, '360', false, 0, '0'],
    [82, '!360', true, 0, '!0'],
    [82, '360.0', false, 0, '0'],
    [83, '!0', true, 0, '!0'],
    [83, '!180', true, 180, '!180'],
    [90, '22.50', false, 22.5, '22.5'],
    [90, '0.0', false, 0, '0'],
    [90, '.5', false, 0.5, '0.5'],
    [90, '022.5', false, 22.5, '22.5'],
    [110, '90.0', false, 90, '90'],
    [110, '0.00000001', false, 1e-8, '0.00000001'],
  ])('row %i: reads "%s"', (_row, text, mirror, degrees, written) => {
    const rotation = parseRotation(text)
    expect(rotation).toEqual({ mirror, degrees })
    expect(formatRotation(rotation)).toBe(written)
  })

  it.each<[row: number, text: string]>([
    [84, ''],
    [84, '-90'],
    [84, '+90'],
    [84, '361'],
    [84, '360.1'],
    [84, 'abc'],
    [84, '!'],
    [84, '!!0'],
    [84, '0!'],
    [84, '9e1'],
    [84, '90 '],
    [84, 'NaN'],
    [84, 'Infinity'],
    [106, '90.'],
    [106, '22..5'],
    [106, '22,5'],
  ])('row %i: refuses "%s"', (_row, text) => {
    expect(() => parseRotation(text)).toThrow(refusal('invalid-rotation'))
  })
})

describe('isQuarterTurn', () => {
  it.each<[degrees: number, expected: boolean]>([
    [0, true],
    [90, true],
    [180, true],
    [270, true],
    [45, false],
    [89.999, false],
    [1e-8, false],
  ])('row 81: of %d degrees is %s', (degrees, expected) => {
    expect(isQuarterTurn({ mirror: false, degrees })).toBe(expected)
  })
})
