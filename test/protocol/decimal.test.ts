import { describe, expect, it } from 'vitest'
import { formatDecimal, parseDecimal, parseInteger } from '../../src/protocol/decimal.js'

describe('parseInteger', () => {
  it.each<[row: number, text: string, value: number]>([
    [25, '0', 0],
    [25, '125', 125],
    [37, '99999999999', 99_999_999_999],
    [37, '9007199254740991', Number.MAX_SAFE_INTEGER],
    [69, '0100', 100],
    [69, '000', 0],
  ])('row %i: reads "%s" as %d', (_row, text, value) => {
    expect(parseInteger(text)).toBe(value)
  })

  it.each<[row: number, text: string]>([
    [25, ''],
    [25, '-1'],
    [25, '-0'],
    [25, '+1'],
    [25, ' 1'],
    [25, '1 '],
    [25, '1\n'],
    [25, '1.5'],
    [25, '1.0'],
    [37, '1e3'],
    [37, '9007199254740992'],
    [37, '9'.repeat(400)],
    [37, 'Infinity'],
    [37, 'NaN'],
    [37, '0x10'],
    [37, '1_000'],
    [37, '1n'],
    [37, '٣'],
    [37, '１２'],
  ])('row %i: does not read "%s"', (_row, text) => {
    expect(parseInteger(text)).toBeUndefined()
  })
})

describe('parseDecimal', () => {
  it.each<[row: number, text: string, value: number]>([
    [106, '0', 0],
    [106, '22.5', 22.5],
    [106, '0.1234567891', 0.1234567891],
    [39, '.5', 0.5],
    [90, '022.5', 22.5],
    [90, '22.50', 22.5],
    [90, '0.0', 0],
    [106, '41.6', 41.6],
    [106, `0.${'3'.repeat(40)}`, 1 / 3],
    [106, '9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('row %i: reads "%s" as %d', (_row, text, value) => {
    expect(parseDecimal(text)).toBe(value)
  })

  it.each<[row: number, text: string]>([
    [106, ''],
    [106, '.'],
    [106, '1.'],
    [106, '1..2'],
    [106, '1.2.3'],
    [106, '1,5'],
    [39, '+1'],
    [39, '-1'],
    [39, '1e3'],
    [39, '1E3'],
    [39, '1e-3'],
    [39, 'NaN'],
    [39, 'Infinity'],
    [106, ' 1'],
    [106, '1\n'],
    [106, '0x1F'],
    [37, '9007199254740992'],
    [37, '9'.repeat(400)],
  ])('row %i: does not read "%s"', (_row, text) => {
    expect(parseDecimal(text)).toBeUndefined()
  })
})

describe('formatDecimal', () => {
  it.each<[row: number, value: number, text: string]>([
    [110, 0, '0'],
    [110, 90, '90'],
    [110, 22.5, '22.5'],
    [110, 0.5, '0.5'],
    [110, 0.000001, '0.000001'],
    [110, 1e-7, '0.0000001'],
    [110, 1.5e-7, '0.00000015'],
    [110, 1.25e-10, '0.000000000125'],
    [110, Number.MIN_VALUE, `0.${'0'.repeat(323)}5`],
    [110, Number.MAX_SAFE_INTEGER, '9007199254740991'],
  ])('row %i: writes %d without exponent and trailing zeros: "%s"', (_row, value, text) => {
    expect(formatDecimal(value)).toBe(text)
  })
})
