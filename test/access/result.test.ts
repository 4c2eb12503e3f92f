import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AuthorizeResult,
  allow,
  deny,
  isLocation,
  parseResult,
  redirect,
  scale,
  tier,
} from '../../src/access/result.js'

describe('parseResult', () => {
  it.each<[AuthorizeResult]>([
    [allow()],
    [allow({ shared: true })],
    [deny()],
    [deny(401)],
    [deny(401, { challenge: 'Bearer realm="example"' })],
    [deny(403, { showInfo: true, heading: 'Closed', note: { en: ['Until 2030'] } })],
    [deny(404)],
    [redirect('https://example.org/elsewhere?x=1#y')],
    [redirect('/elsewhere', 307)],
    [tier('public')],
    [scale(1, 2)],
  ])('takes %j as it is', result => {
    expect(parseResult(result)).toEqual(result)
  })

  it('reduces scales', () => {
    expect(parseResult(scale(4, 8))).toEqual(scale(1, 2))
  })

  it.each<[unknown]>([
    [undefined],
    [null],
    [true],
    [false],
    ['allow'],
    [200],
    [[]],
    [{}],
    [() => allow()],
    [{ kind: 'Allow' }],
    [{ kind: ['allow'] }],
    [{ allow: true }],
    [{ kind: 'deny' }],
    [{ kind: 'deny', status: 200 }],
    [{ kind: 'deny', status: '401' }],
    [{ kind: 'redirect', status: 302 }],
    [{ kind: 'redirect', status: 308, location: '/x' }],
    [{ kind: 'redirect', status: 200, location: '/x' }],
    [{ kind: 'redirect', status: 302, location: 'javascript:alert(1)' }],
    [{ kind: 'redirect', status: 302, location: '//evil.example' }],
    [{ kind: 'tier' }],
    [{ kind: 'tier', tier: 1 }],
    [{ kind: 'scale', numerator: 2, denominator: 1 }],
    [{ kind: 'scale', numerator: 0, denominator: 1 }],
    [{ kind: 'scale', numerator: '1', denominator: 2 }],
    [{ kind: 'scale', numerator: 0.5, denominator: 2 }],
    [{ kind: 'scale', numerator: 1 }],
    [{ status: 401, challenge: 'Basic' }],
  ])('refuses %j', value => {
    expect(() => parseResult(value)).toThrow(TypeError)
  })

  it.each<[challenge: unknown]>([
    ['Basic realm="a"\r\nSet-Cookie: a=b'],
    ['Basic realm="ü"'],
    [' Basic'],
    [''],
    [42],
  ])('drops the challenge %j and denies all the same', challenge => {
    expect(parseResult({ kind: 'deny', status: 401, challenge })).toEqual(deny(401))
  })

  it('drops what viewers could not show', () => {
    const value = { kind: 'deny', status: 403, heading: 7, note: { en: 'no list' }, showInfo: 'yes' }
    expect(parseResult(value)).toEqual(deny(403))
  })

  it('copies: what is changed later changes nothing, and what is not known is left behind', () => {
    const given = { ...deny(403), more: 'x' }
    const result = parseResult(given)
    given.status = 404
    expect(result).toEqual(deny(403))
  })

  it('says shared only where just that was said', () => {
    expect(parseResult({ kind: 'allow', shared: 'yes' })).toEqual(allow())
  })
})

describe('isLocation', () => {
  it.each([
    '/',
    '/iiif/3/a%2Fb/info.json',
    '/a//b',
    'https://example.org',
    'http://example.org:8080/a?b=c#d',
    'HTTPS://EXAMPLE.ORG/',
    'https://[::1]/',
    'https://example.org/full/^max/0/default.jpg'.replace('^', '%5E'),
  ])('takes %s', location => {
    expect(isLocation(location)).toBe(true)
  })

  it.each<[unknown]>([
    [''],
    ['relative'],
    ['?query'],
    ['#fragment'],
    // Another server, in one browser or another.
    ['//evil.example/'],
    ['/\\evil.example/'],
    ['\\\\evil.example/'],
    ['https:evil.example'],
    ['https:/evil.example'],
    ['https:///evil.example'],
    ['https://'],
    ['https://?x'],
    ['http://exa mple.org/'],
    ['http://example.org:99999/'],
    // Other schemes.
    ['javascript:alert(1)'],
    ['data:text/html,x'],
    ['ftp://example.org/'],
    ['file:///etc/passwd'],
    // What would end a header, or hide in one.
    ['/a\r\nSet-Cookie: b=c'],
    ['/a\nb'],
    ['/a\0'],
    ['/a b'],
    ['/ü'],
    ['\t/a'],
    [' /a'],
    ['/a"b'],
    ['/a<b>'],
    [`/${'a'.repeat(9_000)}`],
    [undefined],
    [7],
    [['/a']],
  ])('refuses %j', location => {
    expect(isLocation(location)).toBe(false)
  })

  it('whatever it takes stays on the server that the text names', () => {
    const piece = fc.constantFrom(
      '/',
      '\\',
      '//',
      'https:',
      'http:',
      '@',
      '.',
      'evil',
      '?',
      '#',
      ':',
      '%2f',
      '\t',
      ' ',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), pieces => {
        const text = pieces.join('')
        if (!isLocation(text)) return
        const target = new URL(text, 'https://here.example')
        expect(text.startsWith('/') ? target.origin : 'https://here.example').toBe('https://here.example')
        expect(target.protocol).toMatch(/^https?:$/)
      }),
      { numRuns: 3000 },
    )
  })
})
