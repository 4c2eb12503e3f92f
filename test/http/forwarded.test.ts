import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ForwardedElement, parseForwarded } from '../../src/http/forwarded.js'

describe('parseForwarded', () => {
  it.each<[string, ForwardedElement[]]>([
    ['', []],
    [' , ,', []],
    ['for=192.0.2.60;proto=http;by=203.0.113.43', [{ for: '192.0.2.60', proto: 'http' }]],
    ['for=192.0.2.43, for="[2001:db8:cafe::17]"', [{ for: '192.0.2.43' }, { for: '[2001:db8:cafe::17]' }]],
    ['FOR="_gazonk"', [{ for: '_gazonk' }]],
    ['host="a;b,c"', [{ host: 'a;b,c' }]],
    ['secret=x', [{}]],
    ['for=a;for=b, proto=https', [{ for: 'unknown' }, { proto: 'https' }]],
    ['rubbish, for=a', [{ for: 'unknown' }, { for: 'a' }]],
    ['for="a', [{ for: 'unknown' }]],
  ])('%j is %j', (text, expected) => {
    expect(parseForwarded(text)).toEqual(expected)
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'for=;, "\\[]:1ü\n') }), text => {
        expect(parseForwarded(text).length).toBeLessThanOrEqual(text.length)
      }),
    )
  })
})
