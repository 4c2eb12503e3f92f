import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatCookie, formatCookieName, parseCookies } from '../../src/access/cookie.js'

describe('parseCookies', () => {
  it.each<[header: string | undefined, cookies: Record<string, string>]>([
    [undefined, {}],
    ['', {}],
    [';;; ;', {}],
    ['sid=abc', { sid: 'abc' }],
    ['a=1; b=2', { a: '1', b: '2' }],
    ['a=1;b=2', { a: '1', b: '2' }],
    ['  a=1 ;  b=2  ', { a: '1', b: '2' }],
    ['a=', { a: '' }],
    ['a="b"', { a: 'b' }],
    ['a=""', { a: '' }],
    ['a=b=c==', { a: 'b=c==' }],
    ['a=s%3Ax.y%2Fz', { a: 's:x.y/z' }],
    ['a=%C3%BC', { a: 'ü' }],
    // What does not decode, or decodes to control characters, stays as it is.
    ['a=%zz; b=%ff', { a: '%zz', b: '%ff' }],
    ['a=x%0d%0aSet-Cookie:%20y', { a: 'x%0d%0aSet-Cookie:%20y' }],
    // The first of several counts.
    ['a=1; a=2', { a: '1' }],
    ['a=1; A=2', { a: '1', A: '2' }],
    // Names are never decoded: they could come to look like another one.
    ['%5f%5fHost-a=1', { '%5f%5fHost-a': '1' }],
    // No cookie by the grammar.
    ['a', {}],
    ['=b', {}],
    ['a b=c', {}],
    ['a=b c', {}],
    ['a=b,c', {}],
    ['a=b\\c', {}],
    ['a="b', {}],
    ['a=b"', {}],
    ['a="b"c', {}],
    ['a=ü', {}],
    ['ü=a', {}],
    ['a(b)=c', {}],
    ['bad value=1; good=2; worse="', { good: '2' }],
    ['$Version=1; a=b', { $Version: '1', a: 'b' }],
  ])('reads %j', (header, cookies) => {
    expect({ ...parseCookies(header) }).toEqual(cookies)
  })

  it('gives a record that leads nowhere else', () => {
    const cookies = parseCookies('__proto__=a; constructor=b; toString=c')
    expect(Object.getPrototypeOf(cookies)).toBeNull()
    expect(Object.entries(cookies)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['toString', 'c'],
    ])
    expect(parseCookies('a=b').constructor).toBeUndefined()
    expect(() => {
      ;(cookies as Record<string, string>).a = 'b'
    }).toThrow(TypeError)
  })

  it('never throws and never gives a control character, whatever comes', () => {
    const nasty = fc.string({ unit: fc.constantFrom(...'a=;"% \\,\r\n\0\u0085ü\ud800%0d%41'), maxLength: 60 })
    fc.assert(
      fc.property(fc.oneof(fc.string(), nasty, fc.string({ unit: 'binary' })), header => {
        for (const [name, value] of Object.entries(parseCookies(header))) {
          expect(name).toMatch(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/)
          expect(value).not.toMatch(/\p{Cc}/u)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('reads what formatCookie writes', () => {
    const name = fc.stringMatching(/^[\w-]{1,20}$/).filter(text => text !== '')
    const value = fc.stringMatching(/^[\w.-]{0,40}$/)
    fc.assert(
      fc.property(name, value, (name, value) => {
        const [pair] = formatCookie(name, value, { maxAgeSeconds: 1, isSecure: true }).split(';', 1)
        expect(parseCookies(pair)[name]).toBe(value)
      }),
    )
  })

  it('takes a time that grows with the length only', () => {
    const parts = Array.from({ length: 100_000 }, (_, index) => `a${index}="`)
    expect(Object.keys(parseCookies(parts.join(';')))).toEqual([])
  })
})

describe('formatCookie', () => {
  it('over https, is sent with the images of other pages too, and never to scripts', () => {
    expect(formatCookie('__Host-a', 'b', { maxAgeSeconds: 60, isSecure: true })).toBe(
      '__Host-a=b; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=None',
    )
  })

  it('without https, is sent to its own site only', () => {
    expect(formatCookie('a', 'b', { maxAgeSeconds: 60, isSecure: false })).toBe(
      'a=b; Path=/; Max-Age=60; HttpOnly; SameSite=Lax',
    )
  })

  it('may be for a whole domain', () => {
    const options = { maxAgeSeconds: 0, isSecure: true, domain: 'example.org' }
    expect(formatCookie('a', '', options)).toContain('; Domain=example.org; Max-Age=0; ')
  })

  it.each<[isSecure: boolean, domain: string | undefined, name: string]>([
    [true, undefined, '__Host-a'],
    [true, 'example.org', '__Secure-a'],
    [false, undefined, 'a'],
    [false, 'example.org', 'a'],
  ])('promises in its name what browsers hold it to: secure %s, domain %s: %s', (isSecure, domain, name) => {
    expect(formatCookieName('a', { isSecure, ...(domain !== undefined && { domain }) })).toBe(name)
  })
})
