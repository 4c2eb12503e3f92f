import { describe, expect, it } from 'vitest'
import { isQuality, parseQuality, type Quality, resolveQuality } from '../../src/protocol/quality.js'
import { refusal } from './refusal.js'

describe('parseQuality', () => {
  it.each<[row: number, quality: Quality]>([
    [91, 'default'],
    [92, 'color'],
    [93, 'gray'],
    [94, 'bitonal'],
  ])('row %i: reads %s', (_row, quality) => {
    expect(parseQuality(quality)).toBe(quality)
    expect(isQuality(quality)).toBe(true)
  })

  it.each<[row: number, text: string]>([
    [93, 'grey'],
    [93, 'native'],
    [95, ''],
    [95, 'colour'],
    [95, 'default '],
    [95, 'constructor'],
    [95, '__proto__'],
    [95, '0'],
    [20, 'Default'],
    [20, 'COLOR'],
  ])('row %i: refuses "%s"', (_row, text) => {
    expect(() => parseQuality(text)).toThrow(refusal('invalid-quality'))
    expect(isQuality(text)).toBe(false)
  })
})

describe('resolveQuality', () => {
  it.each<[row: number, quality: Quality, ofColour: Quality, ofGray: Quality]>([
    [91, 'default', 'default', 'default'],
    [111, 'color', 'default', 'default'],
    [111, 'gray', 'gray', 'default'],
    [111, 'bitonal', 'bitonal', 'bitonal'],
  ])(
    'row %i: names %s "%s" on an image with colours and "%s" on a grey one',
    (_row, quality, ofColour, ofGray) => {
      expect(resolveQuality(quality, false)).toBe(ofColour)
      expect(resolveQuality(quality, true)).toBe(ofGray)
    },
  )
})
