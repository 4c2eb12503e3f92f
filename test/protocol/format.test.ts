import { describe, expect, it } from 'vitest'
import { type Format, isFormat, mediaTypes, parseFormat } from '../../src/protocol/format.js'
import { refusal } from './refusal.js'

describe('parseFormat', () => {
  it.each<[row: number, format: Format, mediaType: string]>([
    [98, 'jpg', 'image/jpeg'],
    [99, 'png', 'image/png'],
    [100, 'tif', 'image/tiff'],
    [100, 'gif', 'image/gif'],
    [100, 'jp2', 'image/jp2'],
    [100, 'pdf', 'application/pdf'],
    [100, 'webp', 'image/webp'],
    [101, 'avif', 'image/avif'],
  ])('row %i: reads %s, which is %s', (_row, format, mediaType) => {
    expect(parseFormat(format)).toBe(format)
    expect(mediaTypes[format]).toBe(mediaType)
  })

  it.each<[row: number, text: string]>([
    [20, 'JPG'],
    [20, 'Png'],
    [101, 'jpeg'],
    [101, 'tiff'],
    [101, 'jpe'],
    [101, 'jxl'],
    [102, 'bmp'],
    [102, ''],
    [102, 'jpg '],
    [102, 'constructor'],
    [102, '__proto__'],
    [102, 'toString'],
  ])('row %i: refuses "%s"', (_row, text) => {
    expect(() => parseFormat(text)).toThrow(refusal('invalid-format'))
    expect(isFormat(text)).toBe(false)
  })

  it.each<[text: string, hint: string]>([
    ['jpeg', 'write jpg'],
    ['TIFF', 'write tif'],
    ['PNG', 'write png'],
    ['constructor', 'expected one of jpg, png'],
  ])('row 101: tells who wrote "%s" to %s', (text, hint) => {
    expect(() => parseFormat(text)).toThrow(hint)
  })
})
