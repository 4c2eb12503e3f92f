import { describe, expect, it } from 'vitest'
import {
  formatCollectionUri,
  formatManifestUri,
  matchPresentation,
  type Place,
  parsePresentationPath,
} from '../../src/presentation/place.js'

const place: Place = {
  root: 'https://example.org/app',
  prefix: '/presentation',
  imagePrefixes: { 2: '/iiif/2', 3: '/iiif/3' },
}

describe('a path of a document', () => {
  it.each<[path: string, request: object]>([
    [
      '3/cat.tif/manifest',
      { kind: 'manifest', version: 3, identifier: 'cat.tif', encodedIdentifier: 'cat.tif' },
    ],
    [
      '2/cat.tif/manifest',
      { kind: 'manifest', version: 2, identifier: 'cat.tif', encodedIdentifier: 'cat.tif' },
    ],
    [
      '3/2024%2F%C3%BC.tif/manifest?a=b',
      { kind: 'manifest', version: 3, identifier: '2024/ü.tif', encodedIdentifier: '2024%2F%C3%BC.tif' },
    ],
    [
      '3/50%2525.jpg/manifest',
      { kind: 'manifest', version: 3, identifier: '50%25.jpg', encodedIdentifier: '50%2525.jpg' },
    ],
    [
      '3/collection/manifest',
      { kind: 'manifest', version: 3, identifier: 'collection', encodedIdentifier: 'collection' },
    ],
    ['3/collection', { kind: 'collection', version: 3 }],
    ['2/collection', { kind: 'collection', version: 2 }],
    ['3/collection?after=2024%2Fcat.tif', { kind: 'collection', version: 3, after: '2024/cat.tif' }],
    ['3/collection?after=', { kind: 'collection', version: 3, after: '' }],
    ['3/maps%2Fold/collection', { kind: 'collection', version: 3, folder: 'maps/old' }],
    ['3/maps/collection?x=1&after=b', { kind: 'collection', version: 3, folder: 'maps', after: 'b' }],
    ['3/manifest/collection', { kind: 'collection', version: 3, folder: 'manifest' }],
  ])('%s', (path, request) => {
    expect(parsePresentationPath(path)).toEqual(request)
  })

  it.each([
    '',
    '3',
    '3/',
    '3/cat.tif',
    '3/manifest',
    '3//manifest',
    '3//collection',
    '3/a/b/manifest',
    '3/cat.tif/manifest/',
    '3/cat.tif/manifest.json',
    '3/cat.tif/canvas/1',
    '4/cat.tif/manifest',
    '03/cat.tif/manifest',
    'cat.tif/manifest',
    `3/${'a'.repeat(9_000)}/manifest`,
  ])('%s is none', path => {
    expect(() => parsePresentationPath(path)).toThrow(expect.objectContaining({ status: 404 }))
  })

  it.each(['3/a%zz/manifest', '3/a%00b/manifest', '3/<b>/manifest', '3/%ff/manifest', '3/[a]/collection'])(
    '%s is not well encoded',
    path => {
      expect(() => parsePresentationPath(path)).toThrow(expect.objectContaining({ status: 400 }))
    },
  )

  it('may have a substitute for slashes', () => {
    expect(parsePresentationPath('3/a~b.tif/manifest', '~')).toMatchObject({ identifier: 'a/b.tif' })
  })

  it('lies under its prefix', () => {
    expect(matchPresentation('/presentation/3/collection?x', '/presentation')).toBe('3/collection?x')
    expect(matchPresentation('/presentations/3/collection', '/presentation')).toBeUndefined()
    expect(matchPresentation('/presentation', '/presentation')).toBeUndefined()
  })
})

describe('the URI of a document', () => {
  it('is read again as what it was written for', () => {
    for (const identifier of [
      'cat.tif',
      'a/b c.tif',
      'ü&<>.tif',
      '50%25.jpg',
      'a?b#c',
      'x+y=z;2',
      'collection',
    ]) {
      const uri = formatManifestUri(place, 3, encodeURIComponent(identifier))
      expect(parsePresentationPath(uri.slice('https://example.org/app/presentation/'.length))).toMatchObject({
        kind: 'manifest',
        identifier,
      })
      const page = formatCollectionUri(place, 2, { folder: identifier, after: identifier })
      expect(parsePresentationPath(page.slice('https://example.org/app/presentation/'.length))).toEqual({
        kind: 'collection',
        version: 2,
        folder: identifier,
        after: identifier,
      })
    }
  })
})
