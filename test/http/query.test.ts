import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseQuery, splitQuery } from '../../src/http/query.js'

describe('parseQuery', () => {
  it.each<[string, [string, string][]]>([
    ['/a', []],
    ['/a?', []],
    ['/a?page=2', [['page', '2']]],
    [
      '/a?x=%zz&y=%',
      [
        ['x', '%zz'],
        ['y', '%'],
      ],
    ],
    [
      '/a?x=1?2&y',
      [
        ['x', '1?2'],
        ['y', ''],
      ],
    ],
    ['/a?x=1#?y=2', [['x', '1']]],
    ['/a#?y=2', []],
    [
      "/a?response-content-disposition=attachment;%20filename*%3DUTF-8''%25C3%25BC.jpg",
      [['response-content-disposition', "attachment; filename*=UTF-8''%C3%BC.jpg"]],
    ],
    ['/a?__proto__=x', [['__proto__', 'x']]],
  ])('%j is %j', (url, expected) => {
    expect([...parseQuery(url)]).toEqual(expected)
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'?&=%#az0+\ud800\u0000') }), url => {
        expect(parseQuery(url)).toBeInstanceOf(URLSearchParams)
      }),
    )
  })
})

it.each<[url: string, path: string, query: string]>([
  ['/a', '/a', ''],
  ['/a?', '/a', '?'],
  ['/a?b=/c?d', '/a', '?b=/c?d'],
  ['/a?b#c?d', '/a', '?b'],
  ['/a#b?c', '/a', ''],
])('%s is cut into %s and %j', (url, path, query) => {
  expect(splitQuery(url)).toEqual({ path, query })
})
