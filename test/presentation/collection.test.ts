import { beforeAll, describe, expect, it } from 'vitest'
import { type CollectionOptions, collectionFor } from '../../src/presentation/collection.js'
import { type Listing, listingOf } from '../../src/presentation/listing.js'
import { listImages } from '../../src/source/list.js'
import { createFolder } from './images.js'
import { findFaults, findSchemaFaults, upgrade } from './validate.js'

const { folder, fill } = createFolder()
beforeAll(fill)
const options: CollectionOptions = { baseUri: 'https://example.org' }
const listing = listingOf(({ signal }) => listImages(folder, signal ? { signal } : {}))

interface Item {
  readonly id: string
  readonly type: string
  readonly label: Record<string, string[]>
  readonly thumbnail?: unknown
}

/** All items of a collection, page by page, as a crawler reads them; the links to pages left out. */
async function crawl(from: Listing, more: Partial<CollectionOptions> = {}): Promise<string[][]> {
  const pages: string[][] = []
  let after: string | undefined
  do {
    const given = { ...options, ...more, ...(after !== undefined && { after }) }
    const { items } = await collectionFor(from, given)
    const next = (items as Item[]).find(({ id }) => id.includes('collection?after='))
    pages.push((items as Item[]).filter(item => item !== next).map(({ id }) => id))
    after = next && (new URL(next.id).searchParams.get('after') ?? undefined)
  } while (after !== undefined && pages.length < 2_000)
  return pages
}

const manifest = (name: string) => `https://example.org/presentation/3/${name}/manifest`

describe('a collection', () => {
  it.each([
    ['whole', {}],
    ['with a next page', { pageSize: 2 }],
    ['the last page', { after: 'plain.png' }],
    [
      'with what the owner says',
      { label: { en: ['Sea'] }, summary: 'All seas', rights: 'http://creativecommons.org/licenses/by/4.0/' },
    ],
  ])('%s pleases the schema, and comes back whole from the vault', async (_, more) => {
    expect(findFaults(await collectionFor(listing, { ...options, ...more }))).toEqual([])
  })

  it('lists every image with its name and a thumbnail that is a box', async () => {
    const { id, label, items } = await collectionFor(listing, options)
    expect([id, label]).toEqual(['https://example.org/presentation/3/collection', { en: ['All images'] }])
    expect((items as Item[]).map(item => [item.type, item.id, item.label])).toEqual([
      ['Manifest', manifest('map.tif'), { none: ['map.tif'] }],
      ['Manifest', manifest('plain.png'), { none: ['plain.png'] }],
      ['Manifest', manifest('told.jpg'), { none: ['told.jpg'] }],
      ['Manifest', manifest('2024%2F%C3%BC%20&%20%3Cb%3E.jpg'), { none: ['ü & <b>.jpg'] }],
    ])
    expect((items as Item[])[0]?.thumbnail).toEqual([
      {
        id: 'https://example.org/iiif/3/map.tif/full/!240,240/0/default.jpg',
        type: 'Image',
        format: 'image/jpeg',
        service: [{ id: 'https://example.org/iiif/3/map.tif', type: 'ImageService3', profile: 'level2' }],
      },
    ])
  })

  it('has no thumbnails where the server does not scale into a box', async () => {
    const { items } = await collectionFor(listing, { ...options, level: 1 })
    expect((items as Item[])[0]).not.toHaveProperty('thumbnail')
  })

  it('has its next page as the last member, and no page twice', async () => {
    const { items } = await collectionFor(listing, { ...options, pageSize: 3 })
    expect((items as Item[]).at(-1)).toEqual({
      id: 'https://example.org/presentation/3/collection?after=told.jpg',
      type: 'Collection',
      label: { en: ['More, after told.jpg'] },
    })
    const all = ['map.tif', 'plain.png', 'told.jpg', '2024%2F%C3%BC%20&%20%3Cb%3E.jpg'].map(manifest)
    expect(await crawl(listing, { pageSize: 3 })).toEqual([all.slice(0, 3), all.slice(3)])
    expect(await crawl(listing, { pageSize: 4 })).toEqual([all])
    expect(await crawl(listing, { pageSize: 1 })).toEqual(all.map(id => [id]))
  })

  it('says so where a page is gone because its image is', async () => {
    const gone = collectionFor(listing, { ...options, after: 'burnt.tif' })
    await expect(gone).rejects.toMatchObject({ status: 404, code: 'not-found' })
  })

  it('leads from folder to folder where the listing does', async () => {
    const folders: Listing = ({ folder: of }) => {
      if (of === undefined) return [{ folder: 'maps/old', label: 'Old maps' }, 'cat.tif', { folder: 'new' }]
      return of === 'maps/old' ? ['maps/old/1652.tif'] : undefined
    }
    expect((await collectionFor(folders, options)).items).toMatchObject([
      {
        type: 'Collection',
        id: 'https://example.org/presentation/3/maps%2Fold/collection',
        label: { none: ['Old maps'] },
      },
      { type: 'Manifest', id: manifest('cat.tif') },
      { type: 'Collection', label: { none: ['new'] } },
    ])
    const inner = await collectionFor(folders, { ...options, folder: 'maps/old' })
    expect(findFaults(inner)).toEqual([])
    expect(inner).toMatchObject({
      id: 'https://example.org/presentation/3/maps%2Fold/collection',
      label: { none: ['old'] },
      items: [{ id: manifest('maps%2Fold%2F1652.tif'), label: { none: ['1652.tif'] } }],
    })
    const missing = collectionFor(folders, { ...options, folder: 'nowhere' })
    await expect(missing).rejects.toMatchObject({ status: 404 })
    await expect(collectionFor(listing, { ...options, folder: '2024' })).rejects.toMatchObject({
      status: 404,
    })
  })

  it('may be empty', async () => {
    const empty = await collectionFor(() => [], options)
    expect(empty.items).toEqual([])
    expect(findSchemaFaults(empty)).toEqual([])
  })

  it('tells nothing of what is not listed, not even where a page begins', async () => {
    const secret: Listing = ({ after = '' }) =>
      ['a', 'hidden-1', 'b', 'hidden-2', 'hidden-3', 'c', 'hidden-4'].filter(name => name > after).toSorted()
    const isListed = async (identifier: string) => !identifier.startsWith('hidden')
    for (const pageSize of [1, 2, 3]) {
      const pages: string[] = []
      let after: string | undefined
      do {
        const given = { ...options, isListed, pageSize, ...(after !== undefined && { after }) }
        const document = await collectionFor(secret, given)
        pages.push(JSON.stringify(document))
        after = /collection\?after=(\w+)"/.exec(JSON.stringify(document.items))?.[1]
      } while (after !== undefined && pages.length < 10)
      expect(pages).toHaveLength(Math.ceil(3 / pageSize))
      expect(pages.join()).not.toContain('hidden')
    }
  })

  it('of 100,000 images is read a page at a time', async () => {
    const name = (index: number) => `image-${String(index).padStart(6, '0')}.tif`
    let [looked, held] = [0, 0]
    // As a database does it: by its key, no more than what is asked for.
    const database: Listing = async function* query({ after, limit }) {
      const start = after === undefined ? 0 : Number(/\d+/.exec(after)?.[0]) + 1
      held = Math.max(held, limit)
      for (let index = start; index < Math.min(start + limit, 100_000); index += 1) {
        looked += 1
        yield name(index)
      }
    } as Listing
    const first = await collectionFor(database, options)
    expect((first.items as Item[]).length).toBe(101)
    expect(looked).toBe(101)
    const middle = await collectionFor(database, { ...options, after: name(49_999) })
    expect((middle.items as Item[])[0]?.id).toBe(manifest(name(50_000)))
    const last = await collectionFor(database, { ...options, after: name(99_899) })
    expect((last.items as Item[]).map(({ type }) => type)).toEqual(Array(100).fill('Manifest'))
    expect(looked).toBeLessThan(400)
    const pages = await crawl(database, { pageSize: 1_000 })
    expect([pages.length, new Set(pages.flat()).size]).toEqual([100, 100_000])
    expect(held).toBe(1_001)
  }, 120_000)

  it('of 100,000 names that are only listed from the beginning passes over them without keeping them', async () => {
    let alive = 0
    const plain = listingOf(async function* names() {
      alive += 1
      for (let index = 0; index < 100_000; index += 1) yield `image-${index}.tif`
      alive -= 1
    })
    const { items } = await collectionFor(plain, { ...options, after: 'image-60000.tif' })
    expect((items as Item[])[0]?.id).toBe(manifest('image-60001.tif'))
    expect((items as Item[]).length).toBe(101)
    // The names behind the page were not asked for.
    expect(alive).toBe(1)
  })

  it('of version 2.1 has the same members, and the parser understands it', async () => {
    const second = await collectionFor(listing, { ...options, version: 2, pageSize: 2 })
    expect(second).toMatchObject({
      '@context': 'http://iiif.io/api/presentation/2/context.json',
      '@id': 'https://example.org/presentation/2/collection',
      '@type': 'sc:Collection',
      label: { '@value': 'All images', '@language': 'en' },
      members: [
        {
          '@type': 'sc:Manifest',
          '@id': 'https://example.org/presentation/2/map.tif/manifest',
          thumbnail: { '@id': 'https://example.org/iiif/2/map.tif/full/!240,240/0/default.jpg' },
        },
        { '@type': 'sc:Manifest', '@id': 'https://example.org/presentation/2/plain.png/manifest' },
        { '@type': 'sc:Collection', '@id': 'https://example.org/presentation/2/collection?after=plain.png' },
      ],
    })
    const upgraded = upgrade(second)
    expect(findSchemaFaults(upgraded)).toEqual([])
    expect((upgraded.items as Item[]).map(({ type }) => type)).toEqual(['Manifest', 'Manifest', 'Collection'])
  })

  it.each<[Partial<CollectionOptions>, RegExp]>([
    [{ pageSize: 0 }, /^pageSize: /],
    [{ pageSize: 1001 }, /^pageSize: /],
    [{ baseUri: '//example.org' }, /^baseUri: /],
  ])('is refused for %j', async (wrong, message) => {
    await expect(collectionFor(listing, { ...options, ...wrong })).rejects.toThrow(message)
  })
})
