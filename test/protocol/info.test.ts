import { describe, expect, it } from 'vitest'
import {
  buildInfo,
  type InfoDocument,
  type InfoFacts,
  type InfoSettings,
  resolveLevel,
} from '../../src/protocol/info.js'
import { type LimitOptions, resolveLimits } from '../../src/protocol/limits.js'
import type { ImageApiVersion } from '../../src/protocol/version.js'

const id = 'https://example.org/iiif/3/ark:%2F12025%2F654xz321'
const facts: InfoFacts = { width: 6000, height: 4000, isGray: false }
const versions: readonly ImageApiVersion[] = [2, 3]

const open: InfoSettings = {
  limits: resolveLimits({ maxArea: Infinity }),
  formats: ['jpg', 'png', 'webp'],
  qualities: ['default', 'color', 'gray', 'bitonal'],
}

const limited = (options: LimitOptions): InfoSettings => ({ ...open, limits: resolveLimits(options) })

function details(document: InfoDocument): InfoDocument {
  return (document.profile as [string, InfoDocument])[1]
}

describe('buildInfo of version 3', () => {
  const info = buildInfo(3, id, facts, open)

  it('rows 117 to 122: has what is required, the context first', () => {
    expect(Object.keys(info)[0]).toBe('@context')
    expect(info).toMatchObject({
      '@context': 'http://iiif.io/api/image/3/context.json',
      id,
      type: 'ImageService3',
      protocol: 'http://iiif.io/api/image',
      profile: 'level2',
      width: 6000,
      height: 4000,
    })
  })

  it('row 124: lists sizes, the smallest first', () => {
    expect(info.sizes).toEqual([
      { width: 94, height: 63 },
      { width: 188, height: 125 },
      { width: 375, height: 250 },
      { width: 750, height: 500 },
      { width: 1500, height: 1000 },
      { width: 3000, height: 2000 },
      { width: 6000, height: 4000 },
    ])
  })

  it('row 125: leaves out the height of square tiles only', () => {
    expect(info.tiles).toEqual([{ width: 512, scaleFactors: [1, 2, 4, 8, 16] }])
    const strips = buildInfo(3, id, { ...facts, tile: { width: 6000, height: 4096 } }, open)
    expect(strips.tiles).toEqual([{ width: 6000, height: 4096, scaleFactors: [1] }])
    const small = buildInfo(3, id, facts, { ...open, tileSize: 4096 })
    expect(small.tiles).toEqual([{ width: 4096, scaleFactors: [1, 2] }])
  })

  it('rows 96 and 129: lists every quality beyond default', () => {
    expect(info.extraQualities).toEqual(['color', 'gray', 'bitonal'])
  })

  it('row 92: does not list color for a grey image', () => {
    const gray = buildInfo(3, id, { ...facts, isGray: true }, open)
    expect(gray.extraQualities).toEqual(['gray', 'bitonal'])
  })

  it('row 130: lists the formats beyond the level', () => {
    expect(info.extraFormats).toEqual(['webp'])
    const level1 = buildInfo(3, id, facts, { ...open, formats: ['jpg', 'webp'] })
    expect(level1).toMatchObject({ profile: 'level1', extraFormats: ['webp'] })
  })

  it('row 131: lists the features beyond the level', () => {
    expect(info.extraFeatures).toEqual([
      'canonicalLinkHeader',
      'mirroring',
      'profileLinkHeader',
      'rotationArbitrary',
    ])
    expect(buildInfo(3, id, facts, limited({ maxScale: 2 })).extraFeatures).toContain('sizeUpscaling')
  })

  it('row 127: prefers only formats that are served', () => {
    const settings = { ...open, preferredFormats: ['webp', 'avif', 'jpg'] as const }
    expect(buildInfo(3, id, facts, settings).preferredFormats).toEqual(['webp', 'jpg'])
  })

  it('rows 128, 133, 134 and 135: adds rights, partOf, seeAlso and service, the last three as lists', () => {
    const added = {
      rights: 'http://creativecommons.org/licenses/by/4.0/',
      partOf: [{ id: 'https://example.org/manifest', type: 'Manifest' }],
      seeAlso: [{ id: 'https://example.org/mets', type: 'Dataset' }],
      service: [{ '@id': 'https://example.org/auth', '@type': 'AuthCookieService1' }],
    }
    expect(buildInfo(3, id, facts, open, added)).toMatchObject(added)
  })

  it('rows 117 and 137: puts the contexts of extensions before its own', () => {
    const added = { contexts: ['http://example.org/extension.json'] }
    expect(buildInfo(3, id, facts, open, added)['@context']).toEqual([
      'http://example.org/extension.json',
      'http://iiif.io/api/image/3/context.json',
    ])
  })

  it('rows 137 and 138: has no property of version 2 and no empty list', () => {
    const added = { attribution: 'Library', logo: 'https://example.org/logo.png', partOf: [], seeAlso: [] }
    const settings = { ...limited({ maxWidth: 10 }), formats: ['jpg'], preferredFormats: [] } as const
    const document = buildInfo(3, id, facts, settings, added)
    for (const name of ['attribution', 'logo', 'license', '@id', 'partOf', 'seeAlso', 'preferredFormats']) {
      expect(document).not.toHaveProperty([name])
    }
    expect(document).not.toHaveProperty('sizes')
    expect(document).not.toHaveProperty('extraFormats')
  })
})

describe('buildInfo of version 2', () => {
  const info = buildInfo(2, id, facts, open)

  it('rows 139 to 141: has what is required, the context first', () => {
    expect(Object.keys(info)[0]).toBe('@context')
    expect(info).toMatchObject({
      '@context': 'http://iiif.io/api/image/2/context.json',
      '@id': id,
      protocol: 'http://iiif.io/api/image',
      width: 6000,
      height: 4000,
      profile: [
        'http://iiif.io/api/image/2/level2.json',
        { formats: ['jpg', 'png', 'webp'], qualities: ['default', 'color', 'gray', 'bitonal'] },
      ],
    })
    expect(info).not.toHaveProperty('id')
    expect(info).not.toHaveProperty('type')
  })

  it('row 139: keeps its context a string, whatever extensions there are', () => {
    const added = { contexts: ['http://example.org/extension.json'] }
    expect(buildInfo(2, id, facts, open, added)['@context']).toBe('http://iiif.io/api/image/2/context.json')
  })

  it('row 142: tells limits inside the profile, not on top', () => {
    const document = buildInfo(2, id, facts, limited({ maxWidth: 3000, maxHeight: 2000, maxArea: 4_000_000 }))
    expect(details(document)).toMatchObject({ maxWidth: 3000, maxHeight: 2000, maxArea: 4_000_000 })
    expect(document).not.toHaveProperty('maxWidth')
    expect(document).not.toHaveProperty('maxArea')
  })

  it('row 143: lists the features beyond the level', () => {
    expect(details(info).supports).toEqual([
      'canonicalLinkHeader',
      'mirroring',
      'profileLinkHeader',
      'regionSquare',
      'rotationArbitrary',
    ])
    expect(details(buildInfo(2, id, facts, limited({ maxScale: 2 }))).supports).toContain('sizeAboveFull')
  })

  it('rows 144 and 145: adds attribution, license, logo and service', () => {
    const rights = 'http://creativecommons.org/licenses/by/4.0/'
    const rest = {
      attribution: ['Library', 'Archive'],
      logo: 'https://example.org/logo.png',
      service: [{ '@context': 'http://iiif.io/api/annex/services/physdim/1/context.json' }],
    }
    const document = buildInfo(2, id, facts, open, { ...rest, rights, partOf: [{ id: 'x' }], seeAlso: [{}] })
    expect(document).toMatchObject({ ...rest, license: rights })
    for (const name of ['rights', 'partOf', 'seeAlso']) expect(document).not.toHaveProperty([name])
  })

  it('row 146: has the sizes and tiles of version 3', () => {
    const { sizes, tiles } = buildInfo(3, id, facts, open)
    expect(info).toMatchObject({ sizes, tiles })
  })
})

describe('buildInfo of both versions', () => {
  it.each<[row: number, options: LimitOptions, told: InfoDocument]>([
    [123, { maxArea: Infinity }, {}],
    [123, {}, { maxArea: 50_000_000 }],
    [123, { maxWidth: 3000, maxArea: Infinity }, { maxWidth: 3000 }],
    [123, { maxWidth: 3000, maxHeight: 3000, maxArea: Infinity }, { maxWidth: 3000 }],
    [123, { maxWidth: 3000, maxHeight: 2000, maxArea: 9 }, { maxWidth: 3000, maxHeight: 2000, maxArea: 9 }],
  ])('row %i: tells of %o the limits %o', (_row, options, told) => {
    const limits = (document: InfoDocument) =>
      Object.fromEntries(Object.entries(document).filter(([key]) => key.startsWith('max')))
    expect(limits(buildInfo(3, id, facts, limited(options)))).toEqual(told)
    expect(limits(details(buildInfo(2, id, facts, limited(options))))).toEqual(told)
  })

  it.each(versions)('row 122: version %i tells the full size even where the limits forbid it', version => {
    expect(buildInfo(version, id, facts, limited({ maxWidth: 10 }))).toMatchObject({
      width: 6000,
      height: 4000,
    })
  })

  it.each(versions)('row 121: version %i names the highest level that is met', version => {
    expect(resolveLevel(version, open)).toBe(2)
    expect(resolveLevel(version, { ...open, formats: ['jpg'] })).toBe(1)
    expect(resolveLevel(version, { ...open, formats: ['png'] })).toBe(0)
  })

  it.each<[ImageApiVersion, LimitOptions]>(
    versions.flatMap((version): [ImageApiVersion, LimitOptions][] => [
      [version, {}],
      [version, { maxWidth: 3000, maxArea: Infinity }],
      [version, { maxWidth: 3000, maxHeight: 2000, maxScale: 2 }],
    ]),
  )('version %i with %o says the same after a round trip through JSON', (version, options) => {
    const document = buildInfo(version, id, facts, limited(options))
    expect(JSON.parse(JSON.stringify(document))).toEqual(document)
  })

  it('row 63: limits that info.json cannot tell are refused beforehand: no height without bound beside a width', () => {
    expect(() => resolveLimits({ maxWidth: 3000, maxHeight: Infinity })).toThrow(TypeError)
  })
})
