import { describe, expect, it } from 'vitest'
import { decodeSegment, formatIdentifier, parseIdentifier } from '../../src/protocol/identifier.js'
import { refusal } from './refusal.js'

describe('parseIdentifier', () => {
  it.each<[row: number, segment: string, identifier: string]>([
    [11, 'ark:%2F12025%2F654xz321', 'ark:/12025/654xz321'],
    [11, 'a%253C69', 'a%3C69'],
    [11, '%2525', '%25'],
    [12, 'http:%2F%2Fexample.com%2F%3F54%23a', 'http://example.com/?54#a'],
    [8, 'a%2Fb', 'a/b'],
    [8, 'a%2fb', 'a/b'],
    [9, 'urn:foo:a123,456', 'urn:foo:a123,456'],
    [9, '%5Bfrob%5D%40', '[frob]@'],
    [9, 'b%C3%A4r%20%F0%9F%8D%AF', 'bär 🍯'],
    [10, '%69%64%2D1', 'id-1'],
    [10, 'a+b', 'a+b'],
    [10, 'a^b|c{d}', 'a^b|c{d}'],
    [10, 'a@b', 'a@b'],
    [10, "~!$&'()*+,;=:._-", "~!$&'()*+,;=:._-"],
  ])('row %i: decodes "%s" once', (_row, segment, identifier) => {
    expect(parseIdentifier(segment)).toBe(identifier)
  })

  it.each<[row: number, segment: string]>([
    [13, '%zz'],
    [13, '%'],
    [13, 'a%'],
    [13, 'a%2'],
    [13, '%C3'],
    [13, '%C3%28'],
    [13, '%C0%AF'],
    [13, '%ED%A0%80'],
    [13, '%F4%90%80%80'],
    [13, '%FF'],
    [15, '[frob]'],
    [16, 'a\\b'],
    [16, '..\\..\\etc'],
    [17, 'a b'],
    [17, 'a\tb'],
    [17, 'a\0b'],
    [17, 'bär'],
    [17, '\ud83c'],
    [17, '<script>'],
    [17, 'a"b'],
    [17, 'a`b'],
  ])('row %i: refuses "%s" before any look-up', (_row, segment) => {
    expect(() => parseIdentifier(segment)).toThrow(refusal('invalid-path'))
  })

  it.each(['%00', 'a%00.jpg', '%0D%0ASet-Cookie:x', '%1B', '%7F', '%C2%85'])(
    'row 16: refuses the control character in "%s"',
    segment => {
      expect(() => parseIdentifier(segment)).toThrow(refusal('invalid-identifier'))
    },
  )

  it('row 8: reads a substitute as a slash, after decoding', () => {
    expect(parseIdentifier('a~~b~~c', '~~')).toBe('a/b/c')
    expect(parseIdentifier('a%7E~b', '~~')).toBe('a/b')
    expect(parseIdentifier('a$b', '$')).toBe('a/b')
    expect(parseIdentifier('a.b', '.')).toBe('a/b')
  })

  it('leaves the identifier alone when the substitute is empty', () => {
    expect(parseIdentifier('ab', '')).toBe('ab')
  })
})

describe('decodeSegment', () => {
  it('names the cause of a malformed escape', () => {
    const failure = () => decodeSegment('%zz')
    expect(failure).toThrow(expect.objectContaining({ cause: expect.any(URIError) }))
  })
})

describe('formatIdentifier', () => {
  it.each<[row: number, identifier: string, segment: string]>([
    [9, 'a/b?c#d[e]f@g%h', 'a%2Fb%3Fc%23d%5Be%5Df%40g%25h'],
    [9, 'bär', 'b%C3%A4r'],
    [9, 'urn:foo:a,b;c', 'urn:foo:a,b;c'],
    [9, '$&+=', '$&+='],
    [11, 'ark:/12025/654xz321', 'ark:%2F12025%2F654xz321'],
    [11, '%3A', '%253A'],
    [11, 'a%3C69', 'a%253C69'],
    [12, 'http://example.com/?54#a', 'http:%2F%2Fexample.com%2F%3F54%23a'],
  ])('row %i: writes "%s" as "%s"', (_row, identifier, segment) => {
    expect(formatIdentifier(identifier)).toBe(segment)
  })

  it.each(['\ud800', 'a\udfffb'])('refuses half a surrogate pair, which has no encoding', identifier => {
    expect(() => formatIdentifier(identifier)).toThrow(refusal('invalid-identifier'))
  })
})
