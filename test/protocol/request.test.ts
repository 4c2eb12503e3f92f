import { describe, expect, it } from 'vitest'
import {
  formatParameters,
  formatRequest,
  type ImageParameters,
  matchPrefix,
  type ParseOptions,
  parseParameters,
  parseRequest,
} from '../../src/protocol/request.js'
import { refusal } from './refusal.js'

const plain: ImageParameters = {
  region: { kind: 'full' },
  size: { kind: 'max', upscale: false },
  rotation: { mirror: false, degrees: 0 },
  quality: 'default',
  format: 'jpg',
}

const target = (encodedIdentifier: string, identifier: string, version: 2 | 3 = 3) => ({
  version,
  identifier,
  encodedIdentifier,
})

describe('parseRequest: the kinds of requests', () => {
  it.each<[row: number, path: string, expected: object]>([
    [1, '/iiif/3/id/full/max/0/default.jpg', { kind: 'image', ...target('id', 'id'), ...plain }],
    [1, '/iiif/2/id/full/max/0/default.jpg', { kind: 'image', ...target('id', 'id', 2), ...plain }],
    [2, '/iiif/3/id/info.json', { kind: 'info', ...target('id', 'id') }],
    [2, '/iiif/2/id/info.json', { kind: 'info', ...target('id', 'id', 2) }],
    [2, '/iiif/3/info.json/info.json', { kind: 'info', ...target('info.json', 'info.json') }],
    [3, '/iiif/3/id', { kind: 'base', ...target('id', 'id'), trailingSlash: false }],
    [3, '/iiif/3/info.json', { kind: 'base', ...target('info.json', 'info.json'), trailingSlash: false }],
    [4, '/iiif/2/id/', { kind: 'base', ...target('id', 'id', 2), trailingSlash: true }],
    [5, '/iiif/3/a%2fb%2C/info.json', { kind: 'info', ...target('a%2fb%2C', 'a/b,') }],
    [11, '/iiif/3/a%253C69/info.json', { kind: 'info', ...target('a%253C69', 'a%3C69') }],
    [18, '/iiif/3/id/info.json?a=/b', { kind: 'info', ...target('id', 'id') }],
    [18, '/iiif/3/id?', { kind: 'base', ...target('id', 'id'), trailingSlash: false }],
    [18, '/iiif/3/id/full/max/0/default.jpg?x=1#y', { kind: 'image', ...target('id', 'id'), ...plain }],
  ])('row %i: reads %s', (_row, path, expected) => {
    expect(parseRequest(path)).toEqual(expected)
  })

  it.each([
    '',
    '/',
    '/iiif',
    '/iiif/3',
    '/iiif/3?x',
    '/iiif/4/id',
    '/iiif/33/id/info.json',
    'iiif/3/id',
    '*',
  ])('leaves "%s" to others: it lies under no prefix', path => {
    expect(parseRequest(path)).toBeUndefined()
  })

  it.each<[row: number, path: string]>([
    [6, ''],
    [6, '/'],
    [6, '/info.json'],
    [6, '/full/max/0/default.jpg'],
    [6, 'id/full'],
    [6, 'id/full/max'],
    [6, 'id/full/max/0'],
    [6, 'id//'],
    [6, 'id/info.json/'],
    [6, 'id/INFO.JSON'],
    [14, 'ark:/12025/x/info.json'],
    [14, 'a/b/full/max/0/default.jpg'],
  ])('row %i: finds no request in /iiif/3/%s', (_row, path) => {
    expect(() => parseRequest(`/iiif/3/${path}`)).toThrow(refusal('not-an-image-request', 404))
  })
})

describe('parseRequest: encoding', () => {
  it.each<[row: number, plainPath: string, encodedPath: string]>([
    [10, 'a-b/full/max/0/default.jpg', 'a%2Db/%66ull/max/%30/default.jpg'],
    [10, 'id/1,2,3,4/5,6/!90/gray.png', 'id/1%2C2%2c3%2C4/5%2C6/%2190/gray%2Epng'],
    [10, 'id/pct:1,2,3,4/^pct:50/0/default.jpg', 'id/pct%3A1,2,3,4/%5Epct%3a50/0/default.jpg'],
    [10, 'id/full/!5,5/0/default.jpg', 'id/full/%215,5/0/default.jpg'],
    [10, 'id/info.json', 'id/info%2Ejson'],
  ])('row %i: %s may be written %s', (_row, plainPath, encodedPath) => {
    const expected = { ...parseRequest(`/iiif/3/${plainPath}`), encodedIdentifier: encodedPath.split('/')[0] }
    expect(parseRequest(`/iiif/3/${encodedPath}`)).toEqual(expected)
  })

  it.each<[row: number, path: string]>([
    [8, 'id%2Ffull/max/0/default.jpg/x'],
    [11, 'id/%2566ull/max/0/default.jpg'],
    [13, '%zz/info.json'],
    [13, 'id/full/max/0/default.jpg%'],
    [13, 'id/%C3/max/0/default.jpg'],
    [15, '[frob]/info.json'],
    [16, '%00/info.json'],
    [16, '..\\..\\secret/info.json'],
    [17, 'a b/info.json'],
    [17, 'id/full/max/0/default.jpg\n'],
    [17, 'id/full/max/0\t/default.jpg'],
  ])('row %i: refuses /iiif/3/%s', (_row, path) => {
    expect(() => parseRequest(`/iiif/3/${path}`)).toThrow(expect.objectContaining({ status: 400 }))
  })

  it('row 8: an encoded slash belongs to its part', () => {
    const path = '/iiif/3/id/full%2Fmax/0/default.jpg'
    expect(() => parseRequest(path)).toThrow(refusal('not-an-image-request', 404))
  })

  it('row 16: a traversal stays one identifier, for the source to judge', () => {
    expect(parseRequest('/iiif/3/..%2F..%2Fetc/info.json')).toMatchObject({ identifier: '../../etc' })
    expect(() => parseRequest('/iiif/3/../../etc/info.json')).toThrow(refusal('not-an-image-request', 404))
  })

  it('row 17: keeps control characters out of parameters, and so out of messages and logs', () => {
    const path = '/iiif/3/id/full/max/0/default.jpg%0D%0ASet-Cookie:x'
    expect(() => parseRequest(path)).toThrow(
      expect.objectContaining({ status: 400, message: expect.not.stringMatching(/\p{Cc}/u) }),
    )
  })
})

describe('parseRequest: a path of five parts with a bad part', () => {
  it.each<[row: number, parameters: string, code: Parameters<typeof refusal>[0]]>([
    [6, 'x/max/0/default.jpg', 'invalid-region'],
    [6, '/max/0/default.jpg', 'invalid-region'],
    [6, 'full/x/0/default.jpg', 'invalid-size'],
    [6, 'full//0/default.jpg', 'invalid-size'],
    [6, 'full/max/x/default.jpg', 'invalid-rotation'],
    [6, 'full/max/0/x.jpg', 'invalid-quality'],
    [6, 'full/max/0/.jpg', 'invalid-quality'],
    [6, 'full/max/0/default.jpg.jpg', 'invalid-quality'],
    [6, 'full/max/0/default.x', 'invalid-format'],
    [20, 'FULL/max/0/default.jpg', 'invalid-region'],
    [20, 'full/max/0/default.JPG', 'invalid-format'],
    [21, 'full/max/0/default', 'invalid-format'],
    [21, 'full/max/0/default.', 'invalid-format'],
    [53, 'full/full/0/default.jpg', 'invalid-size'],
    [101, 'full/max/0/default.jpeg', 'invalid-format'],
  ])('row %i: refuses %s', (_row, parameters, code) => {
    expect(() => parseRequest(`/iiif/3/id/${parameters}`)).toThrow(refusal(code))
  })
})

describe('parseRequest: options', () => {
  const slashes: ParseOptions = { allowSlashes: true }
  it.each<[row: number, path: string, options: ParseOptions, expected: object]>([
    [14, '/iiif/3/ark:/1/x/info.json', slashes, { kind: 'info', ...target('ark:/1/x', 'ark:/1/x') }],
    [14, '/iiif/3/ark:%2F1/x', slashes, { kind: 'base', identifier: 'ark:/1/x', trailingSlash: false }],
    [14, '/iiif/3/a/b/', slashes, { kind: 'base', identifier: 'a/b', trailingSlash: true }],
    [14, '/iiif/3/a/b/full/max/0/default.jpg', slashes, { kind: 'image', identifier: 'a/b', ...plain }],
    [14, '/iiif/3/id/full/max/0/default.jpg', slashes, { kind: 'image', identifier: 'id', ...plain }],
    [8, '/iiif/3/a--b/info.json', { slashSubstitute: '--' }, target('a--b', 'a/b')],
    [1, '/x/id/info.json', { prefixes: { 3: '/x' } }, target('id', 'id', 3)],
    [1, '/id/info.json', { prefixes: { 3: '', 2: false } }, target('id', 'id', 3)],
    [1, '/iiif/id/info.json', { prefixes: { 3: '/iiif' } }, target('id', 'id', 3)],
    [1, '/iiif/2/id/info.json', { prefixes: { 3: '/iiif' } }, target('id', 'id', 2)],
    [1, '/iiif/3/id/info.json', { prefixes: { 2: '/iiif' } }, target('id', 'id', 3)],
  ])('row %i: reads %s with %o', (_row, path, options, expected) => {
    expect(parseRequest(path, options)).toMatchObject(expected)
  })

  it('leaves the paths of a version that is off to others', () => {
    expect(parseRequest('/iiif/2/id/info.json', { prefixes: { 2: false } })).toBeUndefined()
    expect(parseRequest('/iiif/3/id/info.json', { prefixes: { 3: '/x' } })).toBeUndefined()
  })

  it('row 14: refuses an empty identifier, slashes allowed or not', () => {
    expect(() => parseRequest('/iiif/3//full/max/0/default.jpg', slashes)).toThrow(
      refusal('not-an-image-request', 404),
    )
  })
})

describe('formatRequest', () => {
  it.each([
    '/iiif/3/ark:%2F12025%2F654xz321/info.json',
    '/iiif/2/b%C3%A4r',
    '/iiif/2/id/',
    '/iiif/3/id/pct:1,2.5,3,4/^!5,6/!22.5/bitonal.png',
    '/iiif/2/id/square/full/0/color.webp',
  ])('writes %s as it was read', path => {
    const request = parseRequest(path)
    expect(request && formatRequest(request)).toBe(path)
  })

  it('writes under another prefix', () => {
    const request = parseRequest('/iiif/3/id/info.json')
    expect(request && formatRequest(request, '/images')).toBe('/images/id/info.json')
  })
})

describe('parseParameters and formatParameters', () => {
  it('are twins', () => {
    const text = '1,2,3,4/^5,/!90/gray.png'
    expect(formatParameters(parseParameters(text.split('/'), 3))).toBe(text)
  })
})

describe('matchPrefix', () => {
  it.each<[path: string, version: 2 | 3, rest: string]>([
    ['/iiif/3/id/info.json?x=/iiif/2/', 3, 'id/info.json'],
    ['/iiif/2/a%2Fb', 2, 'a%2Fb'],
    ['/iiif/3/', 3, ''],
  ])(
    'row 18: reads of %s version %i and leaves the rest as it is, without the query',
    (path, version, rest) => {
      expect(matchPrefix(path)).toEqual({ version, rest })
    },
  )

  it('gives nothing for a path of somebody else', () => {
    expect(matchPrefix('/iiif/3')).toBeUndefined()
    expect(matchPrefix('/images/id')).toBeUndefined()
  })
})
