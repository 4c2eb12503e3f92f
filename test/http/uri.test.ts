import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatHeaderUri, formatOrigin, parseAuthority } from '../../src/http/uri.js'

describe('formatOrigin', () => {
  it('never writes a default port', () => {
    expect(formatOrigin('http', { host: 'a', port: 80 })).toBe('http://a')
    expect(formatOrigin('https', { host: 'a', port: 443 })).toBe('https://a')
    expect(formatOrigin('https', { host: '[::1]', port: 80 })).toBe('https://[::1]:80')
    expect(formatOrigin('http', { host: 'a' })).toBe('http://a')
  })
})

describe('parseAuthority', () => {
  it.each<[string, ReturnType<typeof parseAuthority>]>([
    ['0x7f.1', { host: '127.0.0.1' }],
    ['1.2.3.4:080', { host: '1.2.3.4', port: 80 }],
    ['example.org.', { host: 'example.org.' }],
    ['xn--a', undefined],
    [':80', undefined],
    ['[]', undefined],
    ['a:80:80', undefined],
    ['a:1e1', undefined],
  ])('%j is %j', (text, expected) => {
    expect(parseAuthority(text)).toEqual(expected)
  })
})

describe('formatHeaderUri', () => {
  it.each<[string, string]>([
    ['http://h/iiif/3/a%2Fb/full/^max/!0/default.jpg', 'http://h/iiif/3/a%2Fb/full/^max/!0/default.jpg'],
    ['http://h/<a>"b c', 'http://h/%3Ca%3E%22b%20c'],
    ['http://h/ü', 'http://h/%C3%BC'],
    ['http://h/a\r\nX: y', 'http://h/a%0D%0AX:%20y'],
    ['http://h/\ud800', 'http://h/%EF%BF%BD'],
    ['http://h/😀', 'http://h/%F0%9F%98%80'],
  ])('%j is %s', (uri, expected) => {
    expect(formatHeaderUri(uri)).toBe(expected)
  })

  it('is fit for a header whatever it is given, and leaves its own result alone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), uri => {
        const once = formatHeaderUri(uri)
        expect(once).toMatch(/^[\x21-\x7e]*$/)
        expect(once).not.toMatch(/[<>"]/)
        expect(formatHeaderUri(once)).toBe(once)
      }),
    )
  })
})
