import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AccessEntry, formatAccessLine } from '../../../src/server/log/access-line.js'

const entry: AccessEntry = {
  date: new Date('2026-11-05T07:08:09.123Z'),
  client: '192.0.2.7',
  user: 'ada',
  method: 'GET',
  url: '/iiif/3/a%2Fb.tif/full/max/0/default.jpg',
  httpVersion: '1.1',
  status: 200,
  bytes: 1234,
  referer: 'https://example.org/',
  userAgent: 'Mozilla/5.0 (X11)',
  details: { totalMs: 12.345, cache: 'hit', isComplete: false, errorCode: undefined },
}

const common =
  '192.0.2.7 - ada [05/Nov/2026:07:08:09 +0000] "GET /iiif/3/a%2Fb.tif/full/max/0/default.jpg HTTP/1.1" 200 1234 ' +
  '"https://example.org/" "Mozilla/5.0 (X11)"'

describe('a line of the access log', () => {
  it('is the combined format, with what is not known as a dash', () => {
    expect(formatAccessLine(entry, 'combined')).toBe(common)
    const { client, user, referer, userAgent, ...rest } = entry
    expect(formatAccessLine({ ...rest, bytes: 0 }, 'combined')).toMatch(/^- - - \[.*\] ".*" 200 - "-" "-"$/)
  })

  it('has the details at its end where they are wanted', () => {
    expect(formatAccessLine(entry, 'timed')).toBe(`${common} totalMs=12.3 cache=hit isComplete=false`)
  })

  it('is one object of JSON where that is wanted', () => {
    expect(JSON.parse(formatAccessLine(entry, 'json'))).toEqual({
      time: '2026-11-05T07:08:09.123Z',
      client: '192.0.2.7',
      user: 'ada',
      method: 'GET',
      url: entry.url,
      httpVersion: '1.1',
      status: 200,
      bytes: 1234,
      referer: entry.referer,
      userAgent: entry.userAgent,
      totalMs: 12.345,
      cache: 'hit',
      isComplete: false,
    })
  })

  it.each([
    ['quotes', 'a" 200 5 "b', 'a\\x22 200 5 \\x22b'],
    ['backslashes', 'a\\x22', 'a\\x5Cx22'],
    ['the ends of lines', 'a\r\nb\u2028c', 'a\\x0D\\x0Ab\\xE2\\x80\\xA8c'],
    ['what terminals obey', '\u001b[2J', '\\x1B[2J'],
    ['letters beyond ASCII', 'Ünïon', '\\xC3\\x9Cn\\xC3\\xAFon'],
    ['half a letter', '\ud800', '\\xEF\\xBF\\xBD'],
  ])('escapes %s', (_what, given, expected) => {
    expect(formatAccessLine({ ...entry, userAgent: given }, 'combined').endsWith(`"${expected}"`)).toBe(true)
  })

  it('keeps a user with blanks one word', () => {
    expect(formatAccessLine({ ...entry, user: 'a b - [x]' }, 'combined')).toContain(
      ' - a\\x20b\\x20-\\x20[x] [05/',
    )
  })

  it.each([
    ['/a?token=s3cret&x=1', '/a?token=***&x=1'],
    ['/a?x=1&X-Amz-Signature=s3cret', '/a?x=1&X-Amz-Signature=***'],
    ['/a?x-amz-credential=s3cret;sig=s3cret', '/a?x-amz-credential=***;sig=***'],
    ['/a?%74oken=s3cret', '/a?%74oken=***'],
    ['/a?access_token=s3cret=s3cret', '/a?access_token=***'],
    ['/a?page=2', '/a?page=2'],
    ['https://me:s3cret@example.org/?code=s3cret', 'https://me:***@example.org/?code=***'],
  ])('hides what lets somebody in: %s', (given, expected) => {
    for (const format of ['combined', 'json'] as const) {
      const line = formatAccessLine({ ...entry, url: given, referer: given }, format)
      expect(line).toContain(expected)
      expect(line).not.toContain('s3cret')
    }
  })

  it('cannot be forged, whatever comes: it is one line of printable ASCII with the fields in their places', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('"', '\\', '\n', ' ', 'a', '[') }),
    )
    const shape =
      /^[!-~]+ - [!-~]+ \[05\/Nov\/2026:07:08:09 \+0000\] "[ -!#-~]*" 200 1234 "[ -!#-~]+" "[ -!#-~]+"$/
    fc.assert(
      fc.property(text, text, text, text, text, (client, user, url, referer, userAgent) => {
        expect(formatAccessLine({ ...entry, client, user, url, referer, userAgent }, 'combined')).toMatch(
          shape,
        )
        expect(formatAccessLine({ ...entry, client, user, url, referer, userAgent }, 'json')).not.toMatch(
          /[\r\n]/,
        )
      }),
    )
  })

  it('is bounded, and takes time that grows with its length only', () => {
    const long = '?'.repeat(60_000)
    expect(
      formatAccessLine({ ...entry, url: long, userAgent: '&token'.repeat(10_000) }, 'combined').length,
    ).toBeLessThan(40_000)
  })
})
