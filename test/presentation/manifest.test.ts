import { beforeAll, describe, expect, it } from 'vitest'
import { type ManifestOptions, manifestFor } from '../../src/presentation/manifest.js'
import { createFolder, createService } from './images.js'
import { findFaults, findSchemaFaults, travel, upgrade } from './validate.js'

const { folder, fill } = createFolder()
beforeAll(fill)
const service = createService(folder)
const options: ManifestOptions = { service, baseUri: 'https://example.org/app' }

const everything: ManifestOptions = {
  ...options,
  label: { en: ['Waves of the sea'], fr: ['Les vagues'] },
  summary: 'What the sea does.',
  metadata: [{ label: 'Shelfmark', value: { none: ['W 1', 'W 2'] } }],
  rights: 'http://rightsstatements.org/vocab/InC/1.0/',
  requiredStatement: { label: 'Attribution', value: 'The Library' },
  provider: [
    {
      id: 'https://library.example.org/',
      type: 'Agent',
      label: { en: ['The Library'] },
      homepage: [
        {
          id: 'https://library.example.org/',
          type: 'Text',
          label: { en: ['Home'] },
          format: 'text/html',
          language: ['en'],
        },
      ],
      logo: [{ id: 'https://library.example.org/logo.png', type: 'Image', format: 'image/png' }],
    },
  ],
  homepage: [
    { id: 'https://library.example.org/w1', type: 'Text', label: { en: ['W 1'] }, format: 'text/html' },
  ],
  seeAlso: [{ id: 'https://library.example.org/w1.xml', type: 'Dataset', format: 'application/xml' }],
  rendering: [
    {
      id: 'https://library.example.org/w1.pdf',
      type: 'Text',
      label: { en: ['PDF'] },
      format: 'application/pdf',
    },
  ],
  viewingDirection: 'right-to-left',
  behavior: ['paged'],
  navDate: '1652-01-01T00:00:00Z',
  partOf: [{ id: 'https://example.org/app/presentation/3/collection', type: 'Collection' }],
}

interface Canvas {
  readonly id: string
  readonly label: unknown
  readonly width: number
  readonly height: number
  readonly service?: readonly Record<string, unknown>[]
  readonly thumbnail: readonly Record<string, unknown>[]
  readonly items: readonly {
    readonly items: readonly { readonly body: Record<string, unknown>; readonly target: string }[]
  }[]
}

async function canvasOf(identifier: string, more: Partial<ManifestOptions> = {}): Promise<Canvas> {
  const { items } = await manifestFor(identifier, { ...options, ...more })
  const [canvas] = items as readonly Canvas[]
  if (!canvas) throw new Error('expected a canvas')
  return canvas
}

describe('a manifest of version 3', () => {
  it.each<[name: string, identifiers: string | string[], options: ManifestOptions]>([
    ['of a pyramid', 'map.tif', options],
    ['of an image that tells about itself', 'told.jpg', options],
    ['of an image in a folder, with a name that must be encoded', '2024/ü & <b>.jpg', options],
    ['of several images', ['told.jpg', 'plain.png', 'map.tif'], options],
    ['with everything that can be said', 'told.jpg', everything],
    [
      'where only version 3 of the Image API is served',
      'map.tif',
      { ...options, imagePrefixes: { 2: false } },
    ],
    [
      'where only version 2 of the Image API is served',
      'map.tif',
      { ...options, imagePrefixes: { 3: false } },
    ],
  ])(
    '%s pleases the schema and the parser, and comes back whole from the vault',
    async (_, identifiers, given) => {
      expect(findFaults(await manifestFor(identifiers, given))).toEqual([])
    },
  )

  it('is judged by those who do find faults', async () => {
    const manifest = await manifestFor('map.tif', options)
    const { label: _, ...nameless } = manifest
    expect(findFaults(nameless).join()).toMatch(/schema.*label/)
    expect(findFaults({ ...manifest, viewingDirection: 'sideways' }).join()).toMatch(
      /schema.*viewingDirection/,
    )
    const [canvas] = manifest.items as [Record<string, unknown>]
    expect(findFaults({ ...manifest, items: [{ ...canvas, width: '1216' }] })).not.toEqual([])
  })

  it('has one canvas with the true dimensions, and the image painted on it', async () => {
    const canvas = await canvasOf('map.tif')
    expect([canvas.width, canvas.height]).toEqual([1216, 928])
    expect(canvas.id).toBe('https://example.org/app/presentation/3/map.tif/canvas/1')
    const [annotation] = canvas.items[0]!.items
    expect(annotation?.target).toBe(canvas.id)
    expect(annotation?.body).toMatchObject({
      id: 'https://example.org/app/iiif/3/map.tif/full/max/0/default.jpg',
      type: 'Image',
      format: 'image/jpeg',
      width: 1216,
      height: 928,
    })
  })

  it('tells of both image services what info.json tells: profile, sizes, tiles', async () => {
    const canvas = await canvasOf('map.tif')
    const [third, second] = canvas.items[0]!.items[0]!.body.service as Record<string, unknown>[]
    const info = await service.info('map.tif', 3, 'https://example.org/app/iiif/3/map.tif')
    const { id, profile, sizes, tiles, width, height, maxArea } = info
    expect(third).toEqual({ id, type: 'ImageService3', profile, width, height, maxArea, sizes, tiles })
    expect(tiles).toEqual([{ width: 256, scaleFactors: [1, 2, 4, 8] }])
    expect(second).toEqual({
      '@id': 'https://example.org/app/iiif/2/map.tif',
      '@type': 'ImageService2',
      profile: 'http://iiif.io/api/image/2/level2.json',
      width,
      height,
      sizes,
      tiles,
    })
  })

  it('takes a thumbnail from the sizes of info.json, with what is needed to choose another', async () => {
    const { thumbnail } = await canvasOf('map.tif')
    const { sizes } = await service.info('map.tif', 3, 'x')
    expect(sizes).toContainEqual({ width: 304, height: 232 })
    expect(thumbnail).toMatchObject([
      { id: 'https://example.org/app/iiif/3/map.tif/full/304,232/0/default.jpg', width: 304, height: 232 },
    ])
    expect(thumbnail[0]?.service).toMatchObject([{ type: 'ImageService3', sizes }])
    expect(JSON.stringify(thumbnail)).not.toContain('tiles')
  })

  it('scales a thumbnail for its purpose where all preferred sizes are large', async () => {
    const info: ManifestOptions['service']['info'] = async (...asked) => ({
      ...(await service.info(...asked)),
      sizes: [{ width: 1216, height: 928 }],
    })
    const { thumbnail } = await canvasOf('map.tif', { service: { describe: service.describe, info } })
    expect(thumbnail).toMatchObject([{ width: 240, height: 183 }])
    expect(thumbnail[0]?.id).toContain('/full/240,183/0/')
  })

  it('says what the image that is painted really measures, where the server gives no more', async () => {
    const small = createService(folder, { limits: { maxWidth: 600 } })
    const canvas = await canvasOf('map.tif', { service: small })
    expect([canvas.width, canvas.height]).toEqual([1216, 928])
    expect(canvas.items[0]!.items[0]!.body).toMatchObject({ width: 600, height: 458 })
  })

  it('says how large a pixel is, by the density of the image', async () => {
    const [ruler] = (await canvasOf('told.jpg')).service ?? []
    expect(ruler).toMatchObject({
      profile: 'http://iiif.io/api/annex/services/physdim',
      physicalScale: 1 / 300,
      physicalUnits: 'in',
    })
    expect((await canvasOf('told.jpg', { physicalDimensions: false })).service).toBeUndefined()
    expect((await canvasOf('plain.png')).service).toBeUndefined()
  })

  it('says nothing of the density that programs write who know none', async () => {
    const describeAs = (density: number) => ({
      ...service,
      describe: async (identifier: string) => ({ ...(await service.describe(identifier)), density }),
    })
    for (const density of [72, 96]) {
      expect((await canvasOf('plain.png', { service: describeAs(density) })).service).toBeUndefined()
    }
    expect((await canvasOf('plain.png', { service: describeAs(400) })).service).toMatchObject([
      { physicalScale: 0.0025 },
    ])
  })

  it('is named by the title that the image holds, and says what it tells about itself', async () => {
    expect(await manifestFor('told.jpg', options)).toMatchObject({
      label: { en: ['Waves'], de: ['Wellen'] },
      rights: 'http://creativecommons.org/licenses/by/4.0/',
      metadata: [
        { label: { en: ['Creator'] }, value: { none: ['Ada', 'Eve'] } },
        { label: { en: ['Date created'] }, value: { none: ['1652-03'] } },
        { label: { en: ['Credit line'] }, value: { none: ['Library of Waves'] } },
      ],
    })
  })

  it('shows what an image tells as text, also where it looks like HTML', async () => {
    const { summary } = await manifestFor('told.jpg', options)
    expect(summary).toEqual({
      en: ['<span>&lt;b&gt;Waves&lt;/b&gt; &amp; more &lt;br&gt;</span>'],
    })
  })

  it('tells what is on the list, in its order, and nothing else', async () => {
    const { label, metadata } = await manifestFor('told.jpg', {
      ...options,
      embedded: ['software', 'creator'],
    })
    expect(label).toEqual({ none: ['told.jpg'] })
    expect(metadata).toEqual([
      { label: { en: ['Software'] }, value: { none: ['Brush 1'] } },
      { label: { en: ['Creator'] }, value: { none: ['Ada', 'Eve'] } },
    ])
    expect(await manifestFor('told.jpg', { ...options, embedded: false })).not.toHaveProperty('metadata')
  })

  it('is named by its file where the image has no title', async () => {
    expect(await manifestFor('2024/ü & <b>.jpg', options)).toMatchObject({
      id: 'https://example.org/app/presentation/3/2024%2F%C3%BC%20&%20%3Cb%3E.jpg/manifest',
      label: { none: ['ü & <b>.jpg'] },
    })
  })

  it('puts what the owner says before what the image says', async () => {
    const manifest = await manifestFor('told.jpg', everything)
    expect(manifest).toMatchObject({
      label: { en: ['Waves of the sea'], fr: ['Les vagues'] },
      summary: { none: ['What the sea does.'] },
      rights: 'http://rightsstatements.org/vocab/InC/1.0/',
      requiredStatement: { label: { none: ['Attribution'] }, value: { none: ['The Library'] } },
      viewingDirection: 'right-to-left',
      behavior: ['paged'],
      navDate: '1652-01-01T00:00:00Z',
      provider: everything.provider,
      homepage: everything.homepage,
      partOf: everything.partOf,
    })
    expect((manifest.metadata as unknown[])[0]).toEqual({
      label: { none: ['Shelfmark'] },
      value: { none: ['W 1', 'W 2'] },
    })
  })

  it('takes the rights of info.json where the owner says nothing else', async () => {
    const rights = 'http://creativecommons.org/publicdomain/zero/1.0/'
    const free = createService(folder, { info: { rights } })
    expect(await manifestFor('told.jpg', { ...options, service: free })).toMatchObject({ rights })
  })

  it.each([
    ['https://rightsstatements.org/page/InC/1.0/', 'http://rightsstatements.org/vocab/InC/1.0/'],
    [
      'http://creativecommons.org/publicdomain/mark/1.0/',
      'http://creativecommons.org/publicdomain/mark/1.0/',
    ],
    ['https://example.org/my-licence', undefined],
    ['javascript:alert(1)//creativecommons.org/licenses/by/4.0/', undefined],
  ])('takes %s for the rights %s', async (license, rights) => {
    const metadata = async () => ({ license: { none: [license] } })
    const manifest = await manifestFor('plain.png', {
      ...options,
      service: { ...service, metadata },
    })
    expect(manifest.rights).toBe(rights)
  })

  it('has a canvas for each of several images, named by them', async () => {
    const { items, label } = await manifestFor(['told.jpg', 'map.tif'], options)
    expect(label).toEqual({ none: ['told.jpg'] })
    expect(items).toMatchObject([
      { label: { none: ['told.jpg'] }, width: 900 },
      { label: { none: ['map.tif'] }, width: 1216 },
    ])
  })

  it('has a canvas for each page of an image, by the identifiers of the pages', async () => {
    const asked: string[] = []
    const paged: ManifestOptions['service'] = {
      describe: async identifier => {
        asked.push(identifier)
        const page = Number(identifier.split(';')[1] ?? 1)
        return { ...(await service.describe('map.tif')), width: 100 * page, pages: 3 }
      },
      info: async (identifier, version, id) => {
        const { width } = await paged.describe(identifier)
        return { ...(await service.info('map.tif', version, id)), width }
      },
    }
    const formatPageIdentifier = (identifier: string, page: number) => `${identifier};${page}`
    const manifest = await manifestFor('book.tif', { ...options, service: paged, formatPageIdentifier })
    const base = 'https://example.org/app/presentation/3/book.tif'
    expect(findFaults(manifest)).toEqual([])
    expect(manifest.id).toBe(`${base}/manifest`)
    expect(manifest.items).toMatchObject([
      { id: `${base}/canvas/1`, label: { none: ['1'] }, width: 100 },
      { id: `${base}/canvas/2`, label: { none: ['2'] }, width: 200 },
      { id: `${base}/canvas/3`, label: { none: ['3'] }, width: 300 },
    ])
    const [, second] = manifest.items as readonly Canvas[]
    expect(second?.items[0]?.items[0]?.body.id).toBe(
      'https://example.org/app/iiif/3/book.tif;2/full/max/0/default.jpg',
    )
    expect(new Set(asked)).toEqual(new Set(['book.tif', 'book.tif;2', 'book.tif;3']))
    const few = await manifestFor('book.tif', {
      ...options,
      service: paged,
      formatPageIdentifier,
      maxCanvases: 2,
    })
    expect(few.items).toHaveLength(2)
    expect((await manifestFor('book.tif', { ...options, service: paged })).items).toHaveLength(1)
  })

  it('has the same identities today and tomorrow', async () => {
    expect(await manifestFor('told.jpg', everything)).toEqual(await manifestFor('told.jpg', everything))
  })

  it('writes identifiers as a proxy lets them pass', async () => {
    const { id } = await manifestFor('2024/ü & <b>.jpg', { ...options, slashSubstitute: '~' })
    expect(id).toBe('https://example.org/app/presentation/3/2024~%C3%BC%20&%20%3Cb%3E.jpg/manifest')
  })

  it('fails as the service does for an image that there is not', async () => {
    await expect(manifestFor('nobody.tif', options)).rejects.toMatchObject({ code: 'not-found', status: 404 })
  })

  it.each<[Partial<ManifestOptions>, RegExp]>([
    [{ baseUri: 'example.org' }, /^baseUri: /],
    [{ baseUri: 'https://example.org/?a' }, /^baseUri: /],
    [{ prefix: 'presentation' }, /^prefix: /],
    [{ imagePrefixes: { 3: '/a b' } }, /^imagePrefixes\[3\]: /],
    [{ imagePrefixes: { 2: false, 3: false } }, /^imagePrefixes: /],
    [{ maxCanvases: 0 }, /^maxCanvases: /],
    [{ rights: 'all mine' }, /^rights: /],
    [{ viewingDirection: 'sideways' as never }, /^viewingDirection: /],
    [{ label: 7 as never }, /^label: /],
    [{ metadata: [{ label: 'a', value: [] as never }] }, /^metadata\[0\]\.value: /],
  ])('is refused for %j', async (wrong, message) => {
    const failure = manifestFor('map.tif', { ...options, ...wrong })
    await expect(failure).rejects.toThrow(TypeError)
    await expect(failure).rejects.toThrow(message)
  })

  it('is refused for no image at all', async () => {
    await expect(manifestFor([], options)).rejects.toThrow(/^identifiers: /)
  })
})

describe('a manifest of version 2.1', () => {
  const second = (identifiers: string | string[], more: Partial<ManifestOptions> = {}) =>
    manifestFor(identifiers, { ...options, ...more, version: 2 })

  it.each<[name: string, identifiers: string | string[], options: Partial<ManifestOptions>]>([
    ['of a pyramid', 'map.tif', {}],
    ['of several images', ['told.jpg', '2024/ü & <b>.jpg'], {}],
    ['with everything that can be said', 'told.jpg', everything],
  ])('%s becomes one of version 3 that pleases the schema', async (_, identifiers, more) => {
    const manifest = await second(identifiers, more)
    expect(manifest['@context']).toBe('http://iiif.io/api/presentation/2/context.json')
    const upgraded = upgrade(manifest)
    expect(findSchemaFaults(upgraded)).toEqual([])
    const canvases = travel(upgraded).items as readonly Canvas[]
    const original = (await manifestFor(identifiers, { ...options, ...more })).items as readonly Canvas[]
    const shown = ({ id, width, height, label }: Canvas) => ({ id, width, height, label })
    expect(canvases.map(shown)).toEqual(original.map(shown))
    expect(canvases[0]?.items[0]?.items[0]?.target).toBe(original[0]?.id)
  })

  it('has the words that viewers of version 2 know', async () => {
    expect(await second('told.jpg', everything)).toMatchObject({
      '@id': 'https://example.org/app/presentation/2/told.jpg/manifest',
      '@type': 'sc:Manifest',
      label: [
        { '@value': 'Waves of the sea', '@language': 'en' },
        { '@value': 'Les vagues', '@language': 'fr' },
      ],
      description: 'What the sea does.',
      license: 'http://rightsstatements.org/vocab/InC/1.0/',
      attribution: 'The Library',
      logo: { '@id': 'https://library.example.org/logo.png' },
      viewingDirection: 'right-to-left',
      viewingHint: 'paged',
      within: 'https://example.org/app/presentation/3/collection',
      related: { '@id': 'https://library.example.org/w1', format: 'text/html' },
      rendering: { '@id': 'https://library.example.org/w1.pdf', format: 'application/pdf' },
      seeAlso: { '@id': 'https://library.example.org/w1.xml', format: 'application/xml' },
      navDate: '1652-01-01T00:00:00Z',
    })
  })

  it('paints by version 2 of the Image API, at the size that is called full', async () => {
    const { sequences } = await second('map.tif')
    const info = await service.info('map.tif', 2, 'https://example.org/app/iiif/2/map.tif')
    expect(sequences).toMatchObject([
      {
        '@type': 'sc:Sequence',
        canvases: [
          {
            '@id': 'https://example.org/app/presentation/3/map.tif/canvas/1',
            images: [
              {
                '@type': 'oa:Annotation',
                motivation: 'sc:painting',
                on: 'https://example.org/app/presentation/3/map.tif/canvas/1',
                resource: {
                  '@id': 'https://example.org/app/iiif/2/map.tif/full/full/0/default.jpg',
                  '@type': 'dctypes:Image',
                  service: {
                    '@context': 'http://iiif.io/api/image/2/context.json',
                    '@id': 'https://example.org/app/iiif/2/map.tif',
                    profile: 'http://iiif.io/api/image/2/level2.json',
                    sizes: info.sizes,
                    tiles: info.tiles,
                  },
                },
              },
            ],
            thumbnail: { '@id': 'https://example.org/app/iiif/2/map.tif/full/304,/0/default.jpg' },
          },
        ],
      },
    ])
  })

  it('asks for the largest size where the full one is over the limits', async () => {
    const small = createService(folder, { limits: { maxWidth: 600 } })
    const text = JSON.stringify(await second('map.tif', { service: small }))
    expect(text).toContain('/iiif/2/map.tif/full/max/0/default.jpg')
    expect(text).not.toContain('/full/full/')
  })

  it('names who provides the images where nothing must be shown', async () => {
    const { requiredStatement: _, ...others } = everything
    expect(await second('told.jpg', others)).toMatchObject({ attribution: 'The Library' })
  })
})
