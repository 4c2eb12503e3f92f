import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatHttpDate } from '../../src/http/conditional.js'
import { type ByteRange, resolveRange } from '../../src/http/range.js'

const size = 10_000
const etag = '"abc"'
const lastModified = formatHttpDate(new Date('1994-11-06T08:49:37.900Z'))

type Found = readonly [start: number, end: number] | 'unsatisfiable' | 'whole'

function resolve(headers: Record<string, string | string[]>, bytes = size): Found {
  const range: ByteRange | 'unsatisfiable' | undefined = resolveRange(headers, bytes, { etag, lastModified })
  return range === undefined ? 'whole' : range === 'unsatisfiable' ? range : [range.start, range.end]
}

describe('a range (RFC 9110 section 14.1.2)', () => {
  it.each<[range: string, found: Found]>([
    // The examples of the specification, for a representation of 10,000 bytes.
    ['bytes=0-499', [0, 500]],
    ['bytes=500-999', [500, 1000]],
    ['bytes=-500', [9500, 10_000]],
    ['bytes=9500-', [9500, 10_000]],
    // One byte, the first and the last.
    ['bytes=0-0', [0, 1]],
    ['bytes=9999-9999', [9999, 10_000]],
    ['bytes=-1', [9999, 10_000]],
    ['bytes=9999-', [9999, 10_000]],
    // Beyond the end: what there is.
    ['bytes=0-', [0, 10_000]],
    ['bytes=0-9999', [0, 10_000]],
    ['bytes=0-10000', [0, 10_000]],
    ['bytes=9999-123456789', [9999, 10_000]],
    ['bytes=-10000', [0, 10_000]],
    ['bytes=-20000', [0, 10_000]],
    ['bytes=000-0499', [0, 500]],
    // Nothing of it lies in the body.
    ['bytes=10000-', 'unsatisfiable'],
    ['bytes=10000-10001', 'unsatisfiable'],
    ['bytes=9999999999999999-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    // "A recipient of an int-range whose last-pos is less than first-pos MUST ignore it."
    ['bytes=500-499', 'whole'],
    ['bytes=20000-10', 'whole'],
    // Units are case-insensitive; unknown ones are ignored (section 14.2).
    ['Bytes=0-499', [0, 500]],
    ['BYTES=0-499', [0, 500]],
    ['lines=0-499', 'whole'],
    // Spaces around the set, as lists may have them.
    ['bytes= 0-499', [0, 500]],
    ['bytes=0-499 ', [0, 500]],
    ['bytes=\t0-499', [0, 500]],
    // What is no range is ignored.
    ['', 'whole'],
    ['bytes', 'whole'],
    ['bytes=', 'whole'],
    ['bytes=-', 'whole'],
    ['bytes=0', 'whole'],
    ['bytes=a-b', 'whole'],
    ['bytes=0-499x', 'whole'],
    ['bytes=+0-499', 'whole'],
    ['bytes=0x0-0xf', 'whole'],
    ['bytes=1e1-2e1', 'whole'],
    ['bytes=--5', 'whole'],
    ['bytes=0 - 499', 'whole'],
    ['bytes 0-499', 'whole'],
    ['bytes=0-499/10000', 'whole'],
    ['bytes=٠-٩', 'whole'],
    // Longer than any file: a server may ignore the header (section 14.2).
    ['bytes=99999999999999999999-', 'whole'],
    // Several ranges: we send the whole, as section 14.2 allows.
    ['bytes=0-0,-1', 'whole'],
    ['bytes=500-600,601-999', 'whole'],
    ['bytes=0-499,', 'whole'],
  ])('%s: %j', (range, found) => {
    expect(resolve({ range })).toEqual(found)
  })

  it('is none without the header', () => {
    expect(resolve({})).toBe('whole')
  })

  it('that was sent twice is two ranges', () => {
    expect(resolve({ range: ['bytes=0-1', 'bytes=5-6'] })).toBe('whole')
  })

  it.each(['bytes=0-', 'bytes=0-0', 'bytes=-1', 'bytes=-0'])('of an empty body has nothing: %s', range => {
    expect(resolve({ range }, 0)).toBe('unsatisfiable')
  })

  it('is never more than there is, and never empty', () => {
    const text = fc.oneof(
      fc.tuple(fc.nat(30), fc.nat(30)).map(([first, last]) => `bytes=${first}-${last}`),
      fc.nat(30).map(first => `bytes=${first}-`),
      fc.nat(30).map(last => `bytes=-${last}`),
      fc.string().map(rest => `bytes=${rest}`),
    )
    fc.assert(
      fc.property(text, fc.nat(20), (range, bytes) => {
        const found = resolve({ range }, bytes)
        if (typeof found === 'string') return
        const [start, end] = found
        expect(start).toBeGreaterThanOrEqual(0)
        expect(end).toBeGreaterThan(start)
        expect(end).toBeLessThanOrEqual(bytes)
      }),
    )
  })

  it('is read in a time that grows with its length only', () => {
    const long = 'bytes='.padEnd(100_000, ' ')
    expect(resolve({ range: `${long}x` })).toBe('whole')
    expect(resolve({ range: `bytes=${'0'.repeat(100_000)}-` })).toBe('whole')
  })
})

describe('If-Range (RFC 9110 section 13.1.5)', () => {
  const range = 'bytes=0-499'

  it.each<[condition: string, found: Found]>([
    ['"abc"', [0, 500]],
    [' "abc" ', [0, 500]],
    ['"abd"', 'whole'],
    ['"ABC"', 'whole'],
    // "A client MUST NOT generate an If-Range header field containing an entity tag that is marked as weak": such a tag
    // never matches, because the comparison is the strong one.
    ['W/"abc"', 'whole'],
    ['*', 'whole'],
    ['"abc", "abd"', 'whole'],
    ['', 'whole'],
    // "The HTTP-date validator provided exactly matches the Last-Modified field value."
    ['Sun, 06 Nov 1994 08:49:37 GMT', [0, 500]],
    ['Sun, 06 Nov 1994 08:49:38 GMT', 'whole'],
    ['Sun, 06 Nov 1994 08:49:36 GMT', 'whole'],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 'whole'],
    ['tomorrow', 'whole'],
  ])('%s: %j', (condition, found) => {
    expect(resolve({ range, 'if-range': condition })).toEqual(found)
  })

  it('is not asked for a range that is none', () => {
    expect(resolve({ range: 'lines=1-2', 'if-range': '"abc"' })).toBe('whole')
  })

  it('of another version sends the whole also where the range would be unsatisfiable', () => {
    expect(resolve({ range: 'bytes=99999-', 'if-range': '"abd"' })).toBe('whole')
  })

  it.each([
    ['by a date where no date is known', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['by the word for nothing', 'undefined'],
  ])('matches nothing %s', (_, condition) => {
    const headers = { range, 'if-range': condition }
    expect(resolveRange(headers, size, { etag })).toBeUndefined()
    expect(resolveRange(headers, size, { etag, lastModified: { time: 0, text: undefined } })).toBeUndefined()
    expect(resolveRange(headers, size, {})).toBeUndefined()
  })
})
