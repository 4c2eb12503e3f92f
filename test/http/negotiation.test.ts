import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { negotiateError, negotiateInfo, negotiatePresentation } from '../../src/http/negotiation.js'

const json = 'application/json'
const jsonLd = 'application/ld+json'
const jsonLd3 = 'application/ld+json;profile="http://iiif.io/api/image/3/context.json"'
const jsonLd2 = 'application/ld+json;profile="http://iiif.io/api/image/2/context.json"'
const chromium =
  'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7'

describe('the Content-Type of info.json', () => {
  it.each<[accept: string | undefined, version3: string, version2: string]>([
    [undefined, jsonLd3, json],
    ['', jsonLd3, json],
    ['*/*', jsonLd3, json],
    ['application/*', jsonLd3, json],
    [json, json, json],
    [jsonLd, jsonLd3, jsonLd],
    ['APPLICATION/LD+JSON', jsonLd3, jsonLd],
    [jsonLd3, jsonLd3, jsonLd],
    [jsonLd2, jsonLd3, jsonLd],
    [`${jsonLd}, ${json}`, jsonLd3, jsonLd],
    [`${json}, ${jsonLd}`, jsonLd3, jsonLd],
    [`${json}, ${jsonLd};q=0.5`, json, json],
    [`${json};q=0.5, ${jsonLd}`, jsonLd3, jsonLd],
    [`${jsonLd};q=0.5, */*;q=0.1`, jsonLd3, jsonLd],
    [`${jsonLd};q=0.5, */*`, json, json],
    [`${json}, */*;q=0.1`, json, json],
    [`${json}, text/plain, */*`, jsonLd3, json],
    [`${jsonLd};q=0, */*`, json, json],
    [`${jsonLd};q=0.000, ${json};q=0.001`, json, json],
    [`${jsonLd};profile="a,b;q=0", ${json};q=0.9`, jsonLd3, jsonLd],
    [`${json};q=0.2, ${json};q=0.9, ${jsonLd};q=0.5`, json, json],
    [`${json};profile="x";q=0.2, ${json};q=0.4, ${jsonLd};q=0.5`, jsonLd3, jsonLd],
    ['*/*;q=0', jsonLd3, json],
    ['text/html', jsonLd3, json],
    [chromium, jsonLd3, json],
    ['text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2', jsonLd3, json],
    [`${json};q=abc`, jsonLd3, json],
    [`${json};q=2`, jsonLd3, json],
    [`${json};q=-1`, jsonLd3, json],
    [`${json};q=0.1234`, jsonLd3, json],
    [`${json};q=`, jsonLd3, json],
    [`${json} ; q=0.9 , ${jsonLd} ; q=0.8`, json, json],
    [',;=,"', jsonLd3, json],
    [`${json},${'a/b,'.repeat(1000)}`, jsonLd3, json],
  ])('of Accept %j is %s in version 3 and %s in version 2', (accept, version3, version2) => {
    expect(negotiateInfo(3, accept)).toBe(version3)
    expect(negotiateInfo(2, accept)).toBe(version2)
  })
})

describe('the kind of an error body', () => {
  it.each<[string | undefined, string]>([
    [undefined, 'text'],
    ['*/*', 'text'],
    ['text/*', 'text'],
    ['text/plain', 'text'],
    ['text/html', 'html'],
    [chromium, 'html'],
    ['image/avif,image/webp,*/*;q=0.8', 'text'],
    ['image/jpeg', 'text'],
    [json, 'json'],
    [jsonLd, 'json'],
    [`${json}, text/html;q=0.9`, 'json'],
    [`${json}, text/html`, 'html'],
    [`${json}, text/plain, */*`, 'text'],
    ['text/plain;q=0.5, text/html;q=0.4', 'text'],
    ['text/html;q=0, */*;q=0.1', 'text'],
  ])('of Accept %j is %s', (accept, kind) => {
    expect(negotiateError(accept, false)).toBe(kind)
  })

  it('is always JSON for info.json', () => {
    expect([undefined, 'text/html', 'text/plain'].map(accept => negotiateError(accept, true))).toEqual([
      'json',
      'json',
      'json',
    ])
  })
})

it('no Accept header makes negotiation throw or give anything else', () => {
  const accept = fc.string({ unit: fc.constantFrom(...'aq*/+=;,. 01"\\\n', 'application/json', 'text/html') })
  fc.assert(
    fc.property(accept, value => {
      expect([json, jsonLd3]).toContain(negotiateInfo(3, value))
      expect([json, jsonLd]).toContain(negotiateInfo(2, value))
      expect(['text', 'html', 'json']).toContain(negotiateError(value, false))
    }),
  )
})

describe('the version and the Content-Type of a manifest', () => {
  const second = 'application/ld+json;profile="http://iiif.io/api/presentation/2/context.json"'
  const third = 'application/ld+json;profile="http://iiif.io/api/presentation/3/context.json"'
  it.each<[accept: string | undefined, at3: [2 | 3, string], at2: [2 | 3, string]]>([
    [undefined, [3, third], [2, json]],
    ['*/*', [3, third], [2, json]],
    [json, [3, json], [2, json]],
    [jsonLd, [3, third], [2, jsonLd]],
    [third, [3, third], [3, third]],
    [second, [2, jsonLd], [2, jsonLd]],
    [`${second};q=0.5, ${third}`, [3, third], [3, third]],
    [`${second}, ${third};q=0.5`, [2, jsonLd], [2, jsonLd]],
    [`${second}, ${third}`, [3, third], [2, jsonLd]],
    [`${second};q=0`, [3, third], [2, json]],
    [`${json}, ${second};q=0.5`, [2, json], [2, json]],
    [jsonLd3, [3, third], [2, jsonLd]],
    [chromium, [3, third], [2, json]],
  ])('%s', (accept, [version3, type3], [version2, type2]) => {
    expect(negotiatePresentation(3, accept)).toEqual({ version: version3, contentType: type3 })
    expect(negotiatePresentation(2, accept)).toEqual({ version: version2, contentType: type2 })
  })
})
