import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildInfo, type InfoDocument, type InfoExtras } from '../../src/protocol/info.js'
import { applyInfoHook, type InfoAdditions } from '../../src/protocol/info-hook.js'
import { resolveLimits } from '../../src/protocol/limits.js'
import type { ImageApiVersion } from '../../src/protocol/version.js'

const facts = { width: 6000, height: 4000, isGray: false }
const build = (version: ImageApiVersion, extras: InfoExtras = {}) =>
  buildInfo(
    version,
    'https://example.org/iiif/cats',
    facts,
    {
      limits: resolveLimits({ maxWidth: 3000, maxHeight: 2000 }),
      formats: ['jpg', 'png', 'webp'],
      qualities: ['default', 'color', 'gray', 'bitonal'],
    },
    extras,
  )

const three = build(3)
const two = build(2)
const imageContext = 'http://iiif.io/api/image/3/context.json'
const authContext = 'http://iiif.io/api/auth/2/context.json'

describe('what a hook may add to info.json', () => {
  it.each<[additions: InfoAdditions, version3: InfoDocument, version2: InfoDocument]>([
    [{}, {}, {}],
    [
      { rights: 'http://creativecommons.org/licenses/by/4.0/' },
      { rights: 'http://creativecommons.org/licenses/by/4.0/' },
      { license: 'http://creativecommons.org/licenses/by/4.0/' },
    ],
    [{ attribution: 'Example Library' }, {}, { attribution: 'Example Library' }],
    [{ attribution: ['A', 'B'] }, {}, { attribution: ['A', 'B'] }],
    [{ logo: 'https://example.org/logo.png' }, {}, { logo: 'https://example.org/logo.png' }],
    [{ label: { en: ['Cats'] } }, { label: { en: ['Cats'] } }, {}],
    [{ preferredFormats: ['webp', 'png'] }, { preferredFormats: ['webp', 'png'] }, {}],
    [{ preferredFormats: ['avif', 'webp', 'exe'] }, { preferredFormats: ['webp'] }, {}],
    [
      { partOf: [{ id: 'https://example.org/manifest', type: 'Manifest', label: { en: ['A Book'] } }] },
      { partOf: [{ id: 'https://example.org/manifest', type: 'Manifest', label: { en: ['A Book'] } }] },
      {},
    ],
    [
      { seeAlso: [{ id: 'https://example.org/a.xml', type: 'Dataset' }] },
      { seeAlso: [{ id: 'https://example.org/a.xml', type: 'Dataset' }] },
      {},
    ],
    [
      {
        service: [
          {
            '@id': 'https://example.org/dim',
            '@type': 'X',
            profile: 'http://iiif.io/api/annex/services/physdim',
          },
        ],
      },
      {
        service: [
          {
            '@id': 'https://example.org/dim',
            '@type': 'X',
            profile: 'http://iiif.io/api/annex/services/physdim',
          },
        ],
      },
      {
        service: [
          {
            '@id': 'https://example.org/dim',
            '@type': 'X',
            profile: 'http://iiif.io/api/annex/services/physdim',
          },
        ],
      },
    ],
    [
      { contexts: ['https://example.org/extension.json'], 'example:mood': { purring: true } },
      {
        '@context': ['https://example.org/extension.json', imageContext],
        'example:mood': { purring: true },
      },
      { 'example:mood': { purring: true } },
    ],
  ])('%j', (additions, version3, version2) => {
    expect(applyInfoHook(three, additions)).toEqual({ document: { ...three, ...version3 }, dropped: [] })
    expect(applyInfoHook(two, additions)).toEqual({ document: { ...two, ...version2 }, dropped: [] })
  })

  it.each([undefined, null])('nothing is fine: %s', nothing => {
    expect(applyInfoHook(three, nothing)).toEqual({ document: three, dropped: [] })
  })

  it('adds services to those that are there, and sets other properties', () => {
    const login = { id: 'https://example.org/probe', type: 'AuthProbeService2' }
    const document = build(3, {
      service: [login],
      contexts: [authContext],
      rights: 'https://example.org/old',
    })
    const service = [{ id: 'https://example.org/search', type: 'SearchService2' }]
    const added = applyInfoHook(document, {
      service,
      contexts: [authContext, imageContext, 'https://x.example/'],
      rights: 'https://example.org/new',
    })
    expect(added.document).toMatchObject({
      service: [login, ...service],
      '@context': [authContext, 'https://x.example/', imageContext],
      rights: 'https://example.org/new',
    })
  })

  it('takes one service for a list of one', () => {
    const service = { id: 'https://example.org/search', type: 'SearchService2' }
    expect(applyInfoHook(three, { service }).document.service).toEqual([service])
  })

  it('changes nothing of what it was given', () => {
    const before = structuredClone(three)
    const additions = { rights: 'https://a.example/', service: [{ id: 'https://a.example/', type: 'X' }] }
    const { document } = applyInfoHook(three, additions)
    ;(document.service as InfoDocument[])[0] = {}
    expect(three).toEqual(before)
    expect(additions.service[0]).toEqual({ id: 'https://a.example/', type: 'X' })
  })
})

describe('what a hook cannot break', () => {
  const bound = {
    '@context': 'x',
    id: 'https://evil.example/',
    '@id': 'https://evil.example/',
    type: 'Image',
    '@type': 'x',
    protocol: 'x',
    profile: 'level0',
    width: 1,
    height: 1,
    maxWidth: 99_999,
    maxHeight: 99_999,
    maxArea: 1e12,
    sizes: [],
    tiles: [],
    extraFormats: ['exe'],
    extraQualities: [],
    extraFeatures: [],
  }

  it.each(Object.entries(bound))('%s is the server’s', (name, value) => {
    for (const document of [three, two]) {
      const amended = applyInfoHook(document, { [name]: value })
      expect(amended.document).toEqual(document)
      expect(amended.dropped).toEqual([
        `The info hook's "${name}" was dropped: it tells what the server is bound by.`,
      ])
    }
  })

  it.each<[additions: unknown]>([
    [{ rights: 'none' }],
    [{ rights: ['https://a.example/'] }],
    [{ rights: null }],
    [{ label: 'Cats' }],
    [{ label: { en: 'Cats' } }],
    [{ preferredFormats: ['exe'] }],
    [{ preferredFormats: 'webp' }],
    [{ preferredFormats: [] }],
    [{ partOf: { id: 'https://a.example/', type: 'Manifest' } }],
    [{ partOf: [{ id: 'https://a.example/' }] }],
    [{ partOf: [{ type: 'Manifest' }] }],
    [{ partOf: [] }],
    [{ seeAlso: [{ id: 'a', type: 'Dataset' }] }],
    [{ service: [{ profile: 'x' }] }],
    [{ service: ['https://a.example/'] }],
    [{ service: [{ id: 'https://a.example/', '@type': 'X' }] }],
    [{ contexts: ['no uri'] }],
    [{ contexts: 'https://a.example/' }],
  ])('in version 3, %j has not the shape', additions => {
    const amended = applyInfoHook(three, additions)
    expect(amended.document).toEqual(three)
    expect(amended.dropped).toEqual([expect.stringContaining('shape')])
  })

  it.each<[additions: unknown]>([
    [{ attribution: 7 }],
    [{ attribution: '' }],
    [{ attribution: [] }],
    [{ logo: 'logo.png' }],
    [{ rights: 'none' }],
    [{ service: [{}] }],
  ])('in version 2, %j has not the shape', additions => {
    const amended = applyInfoHook(two, additions)
    expect(amended.document).toEqual(two)
    expect(amended.dropped).toEqual([expect.stringContaining('shape')])
  })

  const cycle: Record<string, unknown> = {}
  cycle.self = cycle

  it.each<[what: string, additions: unknown]>([
    ['a text', 'rights'],
    ['a list', [{ rights: 'https://a.example/' }]],
    ['a cycle', cycle],
    ['a number beyond JSON', { x: 1n }],
    ['a function', () => ({})],
    [
      'a trap',
      new Proxy(
        {},
        {
          ownKeys() {
            throw new Error('bite')
          },
        },
      ),
    ],
  ])('%s is dropped, not the document', (_, additions) => {
    const amended = applyInfoHook(three, additions)
    expect(amended.document).toEqual(three)
  })

  it('prototypes are not reached', () => {
    const amended = applyInfoHook(three, JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}'))
    expect((amended.document as { polluted?: boolean }).polluted).toBeUndefined()
    expect(Object.getPrototypeOf(amended.document)).toBe(Object.prototype)
    expect(amended.dropped).toHaveLength(1)
  })

  it('a property that is not dropped leaves all others as they are, whatever comes', () => {
    const names = fc.constantFrom(
      ...Object.keys(bound),
      'rights',
      'service',
      'contexts',
      'label',
      'partOf',
      'x',
    )
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('https://a.example/', [{ id: 'https://a.example/', type: 'X' }]),
    )
    fc.assert(
      fc.property(fc.dictionary(names, value), fc.constantFrom(three, two), (additions, document) => {
        const amended = applyInfoHook(document, additions).document
        for (const name of Object.keys(bound).filter(name => name !== '@context')) {
          expect(amended[name]).toEqual(document[name])
        }
        expect([amended['@context']].flat().at(-1)).toBe(document['@context'])
        expect(Object.keys(amended)[0]).toBe('@context')
        expect(JSON.parse(JSON.stringify(amended))).toEqual(amended)
      }),
      { numRuns: 500 },
    )
  })
})
