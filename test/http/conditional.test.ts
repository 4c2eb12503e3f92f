import { describe, expect, it } from 'vitest'
import { formatEtag, formatHttpDate, isFresh } from '../../src/http/conditional.js'

const etag = '"abc"'
const lastModified = formatHttpDate(new Date('1994-11-06T08:49:37.900Z'))

describe('isFresh', () => {
  it.each<[Record<string, string | string[]>, boolean]>([
    [{}, false],
    [{ 'if-none-match': '"abc"' }, true],
    [{ 'if-none-match': 'W/"abc"' }, true],
    [{ 'if-none-match': '"x", W/"abc" , "y"' }, true],
    [{ 'if-none-match': ['"x"', '"abc"'] }, true],
    [{ 'if-none-match': ' * ' }, true],
    [{ 'if-none-match': '"x"' }, false],
    [{ 'if-none-match': '"a,b", "abc"' }, true],
    [{ 'if-none-match': 'abc' }, false],
    [{ 'if-none-match': '"abc' }, false],
    [{ 'if-none-match': '"ABC"' }, false],
    [{ 'if-none-match': '' }, false],
    [{ 'if-none-match': '"*"' }, false],
    [{ 'if-modified-since': 'Sun, 06 Nov 1994 08:49:37 GMT' }, true],
    [{ 'if-modified-since': 'Sun, 06 Nov 1994 08:49:38 GMT' }, true],
    [{ 'if-modified-since': 'Sun, 06 Nov 1994 08:49:36 GMT' }, false],
    [{ 'if-modified-since': 'Sunday, 06-Nov-94 08:49:37 GMT' }, true],
    [{ 'if-modified-since': 'Sun Nov  6 08:49:37 1994' }, true],
    [{ 'if-modified-since': 'Sun Nov  6 08:49:36 1994' }, false],
    [{ 'if-modified-since': '2100-01-01' }, false],
    [{ 'if-modified-since': '2100' }, false],
    [{ 'if-modified-since': 'Sun, 06 Xyz 2100 08:49:37 GMT' }, false],
    [{ 'if-modified-since': 'tomorrow' }, false],
    [{ 'if-none-match': '"x"', 'if-modified-since': 'Sun, 06 Nov 2050 08:49:37 GMT' }, false],
    [{ 'if-none-match': '"abc"', 'if-modified-since': 'Sun, 06 Nov 1970 08:49:37 GMT' }, true],
  ])('%j is %s', (headers, expected) => {
    expect(isFresh(headers, { etag, lastModified })).toBe(expected)
  })

  it('compares weakly in both directions', () => {
    expect(isFresh({ 'if-none-match': '"abc"' }, { etag: 'W/"abc"' })).toBe(true)
  })

  it('without a validator nothing is fresh but for the star', () => {
    expect(isFresh({ 'if-none-match': '"abc"' }, {})).toBe(false)
    expect(isFresh({ 'if-modified-since': 'Sun, 06 Nov 2050 08:49:37 GMT' }, {})).toBe(false)
    expect(isFresh({ 'if-none-match': '*' }, {})).toBe(true)
    const invalid = { lastModified: formatHttpDate(new Date(Number.NaN)) }
    expect(isFresh({ 'if-modified-since': 'Sun, 06 Nov 2050 08:49:37 GMT' }, invalid)).toBe(false)
  })
})

describe('formatEtag', () => {
  it('is a strong tag that tells nothing of its parts and changes with each of them', () => {
    const tag = formatEtag(['/secret/path', 'full/max/0/default.jpg'])
    expect(tag).toMatch(/^"[A-Za-z0-9_-]{27}"$/)
    expect(formatEtag(['/secret/path', 'full/max/0/default.jpg'])).toBe(tag)
    const tags = [['ab', 'c'], ['a', 'bc'], ['abc'], ['abc', ''], []].map(formatEtag)
    expect(new Set(tags).size).toBe(5)
  })

  it('matches itself', () => {
    const tag = formatEtag(['a'])
    expect(isFresh({ 'if-none-match': `W/${tag}` }, { etag: tag })).toBe(true)
  })
})

describe('formatHttpDate', () => {
  it('writes whole seconds in GMT', () => {
    expect(lastModified.text).toBe('Sun, 06 Nov 1994 08:49:37 GMT')
    expect(formatHttpDate(new Date(0)).text).toBe('Thu, 01 Jan 1970 00:00:00 GMT')
  })

  it('gives nothing for what is no date, or no date of HTTP', () => {
    expect(formatHttpDate(new Date(Number.NaN)).text).toBeUndefined()
    expect(formatHttpDate(new Date(8.64e15)).text).toBeUndefined()
    expect(formatHttpDate(new Date(-1e14)).text).toBeUndefined()
  })
})
