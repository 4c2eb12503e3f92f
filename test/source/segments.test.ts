import { describe, expect, it } from 'vitest'
import { parseSegments } from '../../src/source/segments.js'

const long = 'x'.repeat(255)

describe('the grammar of identifiers that name files', () => {
  it.each([
    ['a.tif', ['a.tif']],
    ['a/b/c.tif', ['a', 'b', 'c.tif']],
    ['..a', ['..a']],
    ['a..', ['a..']],
    ['...', ['...']],
    ['a b;2:1,%2F%00.tif', ['a b;2:1,%2F%00.tif']],
    ['ark:/12025/654xz321', ['ark:', '12025', '654xz321']],
    ['Grüße/Übersicht 東京 🗺.jpg', ['Grüße', 'Übersicht 東京 🗺.jpg']],
    ['con', ['con']],
    [long, [long]],
    [`${'x/'.repeat(2047)}yz`, [...Array<string>(2047).fill('x'), 'yz']],
  ])('takes %s', (identifier, segments) => {
    expect(parseSegments(identifier, false)).toEqual(segments)
  })

  it.each([
    ['CON'],
    ['nul.tif'],
    ['a/prn'],
    ['com1.tif'],
    ['LPT9'],
    ['COM².txt'],
    ['aux .jpg'],
    ['a.tif:stream'],
    ['a.tif::$DATA'],
    ['c:a.tif'],
    ['a.tif.'],
    ['a.tif '],
    ['folder./a.tif'],
    ['a?.tif'],
    ['a*.tif'],
    ['<a>.tif'],
    ['a|b.tif'],
    ['"a".tif'],
  ])('refuses %s where Windows would read something else', identifier => {
    expect(() => parseSegments(identifier, true)).toThrow(
      expect.objectContaining({ status: 400, code: 'invalid-identifier' }),
    )
    expect(parseSegments(identifier, false).join('/')).toBe(identifier)
  })

  it.each([['console.tif'], ['nullable.tif'], ['com10.tif'], ['.hidden']])(
    'takes %s on Windows',
    identifier => {
      expect(parseSegments(identifier, true)).toEqual([identifier])
    },
  )

  it('keeps the identifier out of its messages', () => {
    expect(() => parseSegments('secret\u001b[31m', false)).not.toThrow('\u001b')
    expect(() => parseSegments('secret/../name', false)).not.toThrow(/secret/)
  })
})
