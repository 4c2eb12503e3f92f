import { describe, expect, it } from 'vitest'
import { addSafetyHeaders, buildPreflight, createHeaders, formatLink } from '../../src/http/headers.js'

describe('CORS', () => {
  it('opens every response and exposes what viewers read', () => {
    const headers = createHeaders()
    expect(headers['Access-Control-Allow-Origin']).toBe('*')
    const exposed = headers['Access-Control-Expose-Headers']?.split(', ')
    expect(exposed).toEqual(expect.arrayContaining(['Link', 'ETag', 'Content-Length', 'Content-Disposition']))
  })

  it('answers a preflight with 204, the methods, the headers and a day', () => {
    const { status, headers, body } = buildPreflight()
    expect([status, body]).toEqual([204, undefined])
    expect(headers).toMatchObject({
      ...createHeaders(),
      Allow: 'GET, HEAD, OPTIONS',
      'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS',
      'Access-Control-Max-Age': '86400',
    })
    const allowed = headers['Access-Control-Allow-Headers']?.split(', ')
    expect(allowed).toEqual(
      expect.arrayContaining([
        'Authorization',
        'Content-Type',
        'Accept',
        'If-None-Match',
        'If-Modified-Since',
        'Range',
      ]),
    )
  })

  it('gives every caller a record of its own', () => {
    expect(buildPreflight().headers).not.toBe(buildPreflight().headers)
    expect(createHeaders()).not.toBe(createHeaders())
  })
})

describe('safety headers', () => {
  it.each<[string, boolean]>([
    ['image/jpeg', false],
    ['application/pdf', false],
    ['application/json', false],
    ['image/svg+xml', true],
    ['IMAGE/SVG+XML; charset=utf-8', true],
    ['text/html; charset=utf-8', true],
  ])('of %s forbid scripts: %s', (mediaType, forbidden) => {
    const headers: Record<string, string> = {}
    addSafetyHeaders(headers, mediaType)
    expect(headers['Content-Type']).toBe(mediaType)
    expect(headers['X-Content-Type-Options']).toBe('nosniff')
    expect(headers['Cross-Origin-Resource-Policy']).toBe('cross-origin')
    expect('Content-Security-Policy' in headers).toBe(forbidden)
  })
})

describe('formatLink', () => {
  it('writes one header for all links', () => {
    expect(
      formatLink([
        { uri: 'http://h/iiif/3/a/full/max/0/default.jpg', rel: 'canonical' },
        { uri: 'http://iiif.io/api/image/3/level2.json', rel: 'profile' },
      ]),
    ).toBe(
      '<http://h/iiif/3/a/full/max/0/default.jpg>;rel="canonical", <http://iiif.io/api/image/3/level2.json>;rel="profile"',
    )
    expect(formatLink([])).toBe('')
  })

  it('lets nothing out of its brackets and quotes', () => {
    expect(formatLink([{ uri: 'http://h/a>;rel="x"\r\n', rel: 'a"\r\n\\b' }])).toBe(
      '<http://h/a%3E;rel=%22x%22%0D%0A>;rel="ab"',
    )
  })
})
