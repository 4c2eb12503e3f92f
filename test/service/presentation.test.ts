/* Manifests and collections as a service answers with them: everything that HTTP and proxies have to say. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { allow, deny, redirect, scale } from '../../src/access/result.js'
import { createNodeHandler } from '../../src/adapters/node.js'
import type { HttpReply, HttpRequest } from '../../src/contracts.js'
import type { ImageServiceOptions } from '../../src/options.js'
import { listingOf } from '../../src/presentation/listing.js'
import type { PresentationOptions } from '../../src/presentation/service-options.js'
import { fileSource } from '../../src/source/file.js'
import { listImages } from '../../src/source/list.js'
import { start } from '../adapters/server.js'
import { createFolder, createService } from '../presentation/images.js'
import { findFaults } from '../presentation/validate.js'

const { folder, fill } = createFolder()
beforeAll(fill)
const listing = listingOf(() => listImages(folder))
const service = createService(folder, { presentation: { listing } })
const manifestPath = '/presentation/3/map.tif/manifest'
const jsonLd = (version: 2 | 3) =>
  `application/ld+json;profile="http://iiif.io/api/presentation/${version}/context.json"`

function ask(
  url: string,
  request: Partial<HttpRequest> = {},
  of: { handle(http: HttpRequest): Promise<HttpReply | undefined> } = service,
): Promise<HttpReply | undefined> {
  return of.handle({
    method: 'GET',
    url,
    mountPath: '',
    headers: {},
    scheme: 'http',
    authority: 'h:8182',
    remoteAddress: '127.0.0.1',
    ...request,
  })
}

async function get(...asked: Parameters<typeof ask>): Promise<HttpReply> {
  const reply = await ask(...asked)
  if (reply === undefined) throw new Error(`expected an answer at ${asked[0]}`)
  return reply
}

const readJson = ({ body }: HttpReply) =>
  JSON.parse(typeof body === 'string' ? body : new TextDecoder().decode(body as Uint8Array))

describe('a service with manifests', () => {
  it('answers with a manifest, as JSON-LD of its version', async () => {
    const reply = await get(manifestPath)
    expect(reply.status).toBe(200)
    expect(reply.headers).toMatchObject({
      'Content-Type': jsonLd(3),
      'Access-Control-Allow-Origin': '*',
      'Cache-Control': 'public, max-age=86400',
      Vary: 'Accept',
      'X-Content-Type-Options': 'nosniff',
      Link: '<http://h:8182/presentation/2/map.tif/manifest>;rel="alternate"',
      'Last-Modified': expect.stringMatching(/GMT$/),
      ETag: expect.stringMatching(/^"[\w-]{27}"$/),
    })
    expect(reply.headers['Content-Length']).toBe(String(Buffer.byteLength(reply.body as string)))
    const manifest = readJson(reply)
    expect(findFaults(manifest)).toEqual([])
    expect(manifest).toMatchObject({
      id: 'http://h:8182/presentation/3/map.tif/manifest',
      partOf: [{ id: 'http://h:8182/presentation/3/collection', type: 'Collection' }],
      items: [{ id: 'http://h:8182/presentation/3/map.tif/canvas/1', width: 1216, height: 928 }],
    })
  })

  it('says in it what the image tells about itself', async () => {
    expect(readJson(await get('/presentation/3/told.jpg/manifest'))).toMatchObject({
      label: { en: ['Waves'], de: ['Wellen'] },
      rights: 'http://creativecommons.org/licenses/by/4.0/',
    })
  })

  it('leads from info.json to it, in version 3 only', async () => {
    expect(readJson(await get('/iiif/3/map.tif/info.json')).partOf).toEqual([
      { id: 'http://h:8182/presentation/3/map.tif/manifest', type: 'Manifest' },
    ])
    expect(readJson(await get('/iiif/2/map.tif/info.json'))).not.toHaveProperty('partOf')
    const silent = createService(folder, { presentation: { partOf: false } })
    expect(readJson(await get('/iiif/3/map.tif/info.json', {}, silent))).not.toHaveProperty('partOf')
    const others = [{ id: 'https://example.org/book', type: 'Manifest' }]
    const own = createService(folder, { presentation: true, info: { partOf: others } })
    // What the owner says stands.
    expect(readJson(await get('/iiif/3/map.tif/info.json', {}, own)).partOf).toEqual(others)
  })

  it('answers in version 2.1 where the path or Accept says so', async () => {
    const byPath = await get('/presentation/2/map.tif/manifest')
    expect(byPath.headers['Content-Type']).toBe('application/json')
    expect(byPath.headers.Link).toBe('<http://h:8182/presentation/3/map.tif/manifest>;rel="alternate"')
    expect(readJson(byPath)['@type']).toBe('sc:Manifest')
    const byAccept = await get(manifestPath, { headers: { accept: jsonLd(2) } })
    expect(byAccept.headers['Content-Type']).toBe('application/ld+json')
    expect(readJson(byAccept)).toEqual(readJson(byPath))
    const third = await get('/presentation/2/map.tif/manifest', { headers: { accept: jsonLd(3) } })
    expect(readJson(third).type).toBe('Manifest')
    const plain = await get(manifestPath, { headers: { accept: 'application/json' } })
    expect([plain.headers['Content-Type'], readJson(plain).type]).toEqual(['application/json', 'Manifest'])
  })

  it('answers 304 to who has it, by an ETag that differs for each form', async () => {
    const asked = [
      [manifestPath, {}],
      [manifestPath, { accept: 'application/json' }],
      ['/presentation/2/map.tif/manifest', {}],
    ] as const
    const tags = new Set<string>()
    for (const [path, headers] of asked) {
      const { headers: told } = await get(path, { headers })
      const etag = told.ETag ?? ''
      tags.add(etag)
      const fresh = await get(path, { headers: { ...headers, 'if-none-match': etag } })
      expect([fresh.status, fresh.body, fresh.headers.ETag]).toEqual([304, undefined, etag])
      expect(fresh.headers.Vary).toBe('Accept')
      expect((await get(path, { headers: { ...headers, 'if-none-match': '"other"' } })).status).toBe(200)
      // The date of the source does not tell whether settings have changed.
      const dated = { ...headers, 'if-modified-since': told['Last-Modified'] }
      expect((await get(path, { headers: dated })).status).toBe(200)
    }
    expect(tags.size).toBe(3)
  })

  it('answers HEAD as GET, without the body', async () => {
    for (const path of [manifestPath, '/presentation/3/collection']) {
      const { body, ...got } = await get(path)
      expect(body).toBeTypeOf('string')
      expect(await get(path, { method: 'HEAD' })).toEqual(got)
    }
  })

  it('answers OPTIONS for all that viewers send, and refuses other methods', async () => {
    const preflight = await get(manifestPath, { method: 'OPTIONS' })
    expect([preflight.status, preflight.headers['Access-Control-Allow-Methods']]).toEqual([
      204,
      'GET, HEAD, OPTIONS',
    ])
    const refused = await get(manifestPath, { method: 'POST' })
    expect([refused.status, refused.headers.Allow]).toEqual([405, 'GET, HEAD, OPTIONS'])
  })

  it.each<[path: string, status: number, code: string]>([
    ['/presentation/3/nobody.tif/manifest', 404, 'not-found'],
    ['/presentation/3/..%2Fsecret/manifest', 400, 'invalid-identifier'],
    ['/presentation/3/a%zz/manifest', 400, 'invalid-path'],
    ['/presentation/3/map.tif', 404, 'not-found'],
    ['/presentation/', 404, 'not-found'],
    ['/presentation/3/map.tif/canvas/1', 404, 'not-found'],
    ['/presentation/3/nowhere/collection', 404, 'not-found'],
    ['/presentation/3/collection?after=burnt.tif', 404, 'not-found'],
  ])('answers %s with %i and JSON, whatever is accepted', async (path, status, code) => {
    const reply = await get(path, { headers: { accept: 'text/html' } })
    expect([reply.status, reply.headers['Content-Type']]).toEqual([status, 'application/json'])
    expect(readJson(reply)).toMatchObject({ status, code })
    expect(reply.headers).toMatchObject({ 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'no-cache' })
    expect(JSON.stringify(reply)).not.toContain(folder)
  })

  it('leaves other paths to others, and all of them where it is not asked for', async () => {
    for (const path of ['/presentation', '/presentations/3/collection', '/', '/iiif']) {
      expect(await ask(path)).toBeUndefined()
    }
    expect(await ask(manifestPath, {}, createService(folder))).toBeUndefined()
    expect(await ask(manifestPath, {}, createService(folder, { presentation: false }))).toBeUndefined()
  })

  it('answers 503 when it was closed', async () => {
    const closed = createService(folder, { presentation: true })
    await closed.close()
    expect((await get(manifestPath, {}, closed)).status).toBe(503)
  })

  it('is a manifest of the new image when the image has changed', async () => {
    const fresh = createService(folder, { presentation: true, revalidate: 'always' })
    const path = join(folder, 'changing.png')
    const paint = (width: number) =>
      sharp({ create: { width, height: 50, channels: 3, background: 'red' } })
        .png()
        .toBuffer()
    await writeFile(path, await paint(60))
    const first = await get('/presentation/3/changing.png/manifest', {}, fresh)
    await writeFile(path, await paint(70))
    const second = await get('/presentation/3/changing.png/manifest', {}, fresh)
    expect([readJson(first).items[0].width, readJson(second).items[0].width]).toEqual([60, 70])
    expect(second.headers.ETag).not.toBe(first.headers.ETag)
  })

  it('says what the owner says of each image, anew each time', async () => {
    let times = 0
    const about: PresentationOptions['about'] = async identifier => {
      times += 1
      return { label: `${identifier} ${times}`, behavior: ['individuals'] }
    }
    const told = createService(folder, { presentation: { about } })
    expect(readJson(await get(manifestPath, {}, told)).label).toEqual({ none: ['map.tif 1'] })
    expect(readJson(await get(manifestPath, {}, told)).label).toEqual({ none: ['map.tif 2'] })
    const fixed = createService(folder, {
      presentation: { about: { summary: 'All alike.' }, embedded: ['creator'] },
    })
    expect(readJson(await get('/presentation/3/told.jpg/manifest', {}, fixed))).toMatchObject({
      summary: { none: ['All alike.'] },
      label: { none: ['told.jpg'] },
      metadata: [{ label: { en: ['Creator'] } }],
    })
  })

  it('tells monitors and hooks of its answers', async () => {
    const reports: unknown[] = []
    const watched = createService(folder, {
      presentation: true,
      onResponse: ({ status, errorCode, bytesSent, clientAddress }) =>
        reports.push({ status, errorCode, bytesSent, clientAddress }),
    })
    const { body } = await get(manifestPath, {}, watched)
    await get('/presentation/3/nobody/manifest', {}, watched)
    expect(reports).toMatchObject([
      { status: 200, bytesSent: (body as string).length, clientAddress: '127.0.0.1' },
      { status: 404, errorCode: 'not-found' },
    ])
    expect(watched.stats().responses).toEqual({ 200: 1, 404: 1 })
  })

  it('goes through a door as it is', async () => {
    const running = await start('http', createNodeHandler(service))
    try {
      const { status, headers, body } = await running.send(
        '/presentation/3/2024%2F%C3%BC%20&%20%3Cb%3E.jpg/manifest',
      )
      expect([status, headers['content-type']]).toEqual([200, jsonLd(3)])
      const { id, items } = JSON.parse(body.toString())
      expect(id).toBe(`${running.origin}/presentation/3/2024%2F%C3%BC%20&%20%3Cb%3E.jpg/manifest`)
      // What is in it can be asked for as it stands there.
      const picture = items[0].items[0].items[0].body.id as string
      const image = await running.send(picture.slice(running.origin.length))
      expect([image.status, image.headers['content-type']]).toEqual([200, 'image/jpeg'])
      const thumbnail = await running.send((items[0].thumbnail[0].id as string).slice(running.origin.length))
      expect(thumbnail.status).toBe(200)
      expect((await running.send(new URL(id).pathname)).status).toBe(200)
    } finally {
      await running.close()
    }
  })
})

describe('behind a proxy', () => {
  const forwarded = {
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'example.org',
    'x-forwarded-path': '/images/',
  }

  it('has the address that the client knows, in every URI', async () => {
    for (const path of [manifestPath, '/presentation/2/map.tif/manifest', '/presentation/3/collection']) {
      const { body, headers } = await get(path, { headers: forwarded })
      const uris = [...`${headers.Link} ${body}`.matchAll(/https?:\/\/[^"\s>]+/g)].map(([uri]) => uri)
      const own = uris.filter(uri => !uri.startsWith('http://iiif.io/'))
      expect(own.length).toBeGreaterThan(4)
      for (const uri of own)
        expect(uri).toMatch(/^https:\/\/example\.org\/images\/(?:presentation|iiif)\/[23]\//)
    }
    const { body } = await get('/iiif/3/map.tif/info.json', { headers: forwarded })
    expect(body).toContain('https://example.org/images/presentation/3/map.tif/manifest')
  })

  it('keeps two hosts apart', async () => {
    const [one, two] = await Promise.all(
      ['a.example', 'b.example'].map(authority => get(manifestPath, { authority })),
    )
    expect([readJson(one!).id, readJson(two!).id]).toEqual([
      'http://a.example/presentation/3/map.tif/manifest',
      'http://b.example/presentation/3/map.tif/manifest',
    ])
    expect(one!.headers.ETag).not.toBe(two!.headers.ETag)
  })

  it('has the identifier that the client knows', async () => {
    const headers = { ...forwarded, 'x-forwarded-id': 'orig%2F1' }
    const { body } = await get(manifestPath, { headers })
    expect(JSON.parse(body as string)).toMatchObject({
      id: 'https://example.org/images/presentation/3/orig%2F1/manifest',
      items: [{ id: 'https://example.org/images/presentation/3/orig%2F1/canvas/1', width: 1216 }],
    })
    expect(body).toContain('https://example.org/images/iiif/3/orig%2F1/full/max/0/default.jpg')
    const info = await get('/iiif/3/map.tif/info.json', { headers })
    expect(readJson(info).partOf[0].id).toBe('https://example.org/images/presentation/3/orig%2F1/manifest')
  })

  it('has other prefixes where they are rewritten', async () => {
    const rewritten = createService(folder, {
      presentation: { prefix: '/iiif/presentation', publicPrefix: '/p' },
      publicPrefixes: { 2: '/i2', 3: '' },
      baseUri: 'https://example.org',
    })
    const manifest = readJson(await get('/iiif/presentation/3/map.tif/manifest', {}, rewritten))
    expect(manifest.id).toBe('https://example.org/p/3/map.tif/manifest')
    const text = JSON.stringify(manifest)
    expect(text).toContain('"https://example.org/map.tif/full/max/0/default.jpg"')
    expect(text).toContain('"@id":"https://example.org/i2/map.tif"')
  })

  it('writes a substitute for slashes where the proxy lets none pass', async () => {
    const substituted = createService(folder, { presentation: { listing }, slashSubstitute: '~' })
    const { body } = await get('/presentation/3/2024~%C3%BC%20&%20%3Cb%3E.jpg/manifest', {}, substituted)
    expect(JSON.parse(body as string).id).toContain('/3/2024~%C3%BC%20&%20%3Cb%3E.jpg/manifest')
    const { items } = readJson(await get('/presentation/3/collection', {}, substituted))
    expect(items.at(-1).id).toBe('http://h:8182/presentation/3/2024~%C3%BC%20&%20%3Cb%3E.jpg/manifest')
  })

  it('leads to a manifest whose identifier is one segment, also where slashes may stand in images', async () => {
    const slashed = createService(folder, { presentation: true, allowSlashes: true })
    const info = await get('/iiif/3/2024/%C3%BC%20&%20%3Cb%3E.jpg/info.json', {}, slashed)
    const [{ id }] = readJson(info).partOf
    expect((await get(new URL(id).pathname, {}, slashed)).status).toBe(200)
  })
})

describe('a collection', () => {
  it('is answered with a page at a time', async () => {
    const paged = createService(folder, {
      presentation: { listing, pageSize: 2, collection: { label: 'Sea' } },
    })
    const first = await get('/presentation/3/collection', {}, paged)
    expect([first.status, first.headers['Content-Type']]).toEqual([200, jsonLd(3)])
    const { label, items, id } = readJson(first)
    expect([id, label]).toEqual(['http://h:8182/presentation/3/collection', { none: ['Sea'] }])
    expect(items.map(({ type }: { type: string }) => type)).toEqual(['Manifest', 'Manifest', 'Collection'])
    const next = new URL(items[2].id)
    const second = await get(`${next.pathname}${next.search}`, {}, paged)
    expect(readJson(second)).toMatchObject({ id: items[2].id })
    expect(second.headers.ETag).not.toBe(first.headers.ETag)
    const headers = { 'if-none-match': second.headers.ETag }
    expect((await get(`${next.pathname}${next.search}`, { headers }, paged)).status).toBe(304)
  })

  it('is not there where nothing is listed', async () => {
    const unlisted = createService(folder, { presentation: true })
    expect((await get('/presentation/3/collection', {}, unlisted)).status).toBe(404)
    expect(readJson(await get(manifestPath, {}, unlisted))).not.toHaveProperty('partOf')
  })

  it('opens no image', async () => {
    await get('/presentation/3/collection')
    const fresh = createService(folder, { presentation: { listing } })
    await get('/presentation/3/collection', {}, fresh)
    expect(fresh.stats().openImages).toBe(0)
  })
})

describe('pages', () => {
  beforeAll(async () => {
    const page = (width: number) =>
      sharp({ create: { width, height: 40, channels: 3, background: 'red' } })
        .png()
        .toBuffer()
    const pages = [await page(60), await page(60), await page(60)]
    await writeFile(
      join(folder, 'book.tif'),
      await sharp(pages, { join: { animated: true } })
        .tiff()
        .toBuffer(),
    )
  })

  it('lead to the manifest of the whole image', async () => {
    for (const name of ['book.tif;2', 'book.tif;1:2', 'book.tif;2;1:2']) {
      const moved = await get(`/presentation/3/${name}/manifest`)
      expect([moved.status, moved.headers.Location]).toEqual([
        303,
        'http://h:8182/presentation/3/book.tif/manifest',
      ])
      const info = readJson(await get(`/iiif/3/${name}/info.json`))
      expect(info.partOf).toEqual([
        { id: 'http://h:8182/presentation/3/book.tif/manifest', type: 'Manifest' },
      ])
    }
  })

  it('are canvases, by the name that the client knows', async () => {
    const headers = { 'x-forwarded-id': 'Book%201' }
    const { items } = readJson(await get('/presentation/3/book.tif/manifest', { headers }))
    expect(items.map(({ id, label }: { id: string; label: object }) => [id, label])).toEqual(
      [1, 2, 3].map(number => [
        `http://h:8182/presentation/3/Book%201/canvas/${number}`,
        { none: [String(number)] },
      ]),
    )
    expect(items[2].items[0].items[0].body.id).toBe('http://h:8182/iiif/3/Book%201;3/full/max/0/default.jpg')
    // The proxy may name a page and mean the book.
    const ofPage = await get('/presentation/3/book.tif;2/manifest', { headers })
    expect(readJson(ofPage).items).toEqual(items)
  })

  it('can be asked for as the manifest says', async () => {
    const { items } = readJson(await get('/presentation/3/book.tif/manifest'))
    for (const {
      items: [
        {
          items: [{ body }],
        },
      ],
    } of items) {
      expect((await get(new URL(body.id).pathname)).status).toBe(200)
    }
  })

  it('are none where identifiers mean what they say', async () => {
    const plain = createService(folder, { presentation: true, metaIdentifiers: false })
    expect(readJson(await get('/presentation/3/book.tif/manifest', {}, plain)).items).toHaveLength(1)
  })
})

describe('an image that is elsewhere', () => {
  const source: ImageServiceOptions['source'] = (identifier, context) => {
    if (identifier === 'old.tif') return { kind: 'redirect', status: 301, identifier: 'map.tif' }
    if (identifier === 'far.tif')
      return { kind: 'redirect', status: 302, location: 'https://example.org/far' }
    if (identifier === 'gone.tif') return { kind: 'refusal', status: 410, message: 'It was burnt.' }
    return fileSource(folder)(identifier, context)
  }

  it.each([
    ['old.tif', 301, 'http://h:8182/presentation/3/map.tif/manifest'],
    ['far.tif', 302, 'https://example.org/far'],
    ['gone.tif', 410, undefined],
  ])('%s: %i', async (identifier, status, location) => {
    const elsewhere = createService(folder, { source, presentation: true })
    const reply = await get(`/presentation/3/${identifier}/manifest`, {}, elsewhere)
    expect([reply.status, reply.headers.Location]).toEqual([status, location])
  })
})

describe('who may see what', () => {
  const seen: string[] = []
  /* By the name of the image, and the reader in a header. */
  const authorize: NonNullable<ImageServiceOptions['authorize']> = ({ stage, identifier, headers }) => {
    seen.push(`${stage} ${identifier}`)
    if (identifier.startsWith('2024')) return deny(404)
    if (identifier === 'told.jpg')
      return headers['x-reader'] === 'ada' ? allow() : deny(401, { showInfo: false })
    if (identifier === 'plain.png') return redirect('https://example.org/login')
    return allow({ shared: identifier === 'map.tif' })
  }
  const guarded = createService(folder, { authorize, presentation: { listing } })

  it('is asked before a manifest is given', async () => {
    const refused = await get('/presentation/3/told.jpg/manifest', {}, guarded)
    expect([refused.status, refused.headers['WWW-Authenticate'], refused.headers['Cache-Control']]).toEqual([
      401,
      'Bearer',
      'private, no-store',
    ])
    const moved = await get('/presentation/3/plain.png/manifest', {}, guarded)
    expect([moved.status, moved.headers.Location]).toEqual([302, 'https://example.org/login'])
    const [hidden, missing] = await Promise.all(
      ['2024%2Fsecret.jpg', 'nobody.jpg'].map(name => get(`/presentation/3/${name}/manifest`, {}, guarded)),
    )
    expect(hidden).toEqual(missing)
  })

  it('decides who may keep it', async () => {
    const shared = await get(manifestPath, {}, guarded)
    expect(shared.headers['Cache-Control']).toBe('public, max-age=86400')
    const own = await get('/presentation/3/told.jpg/manifest', { headers: { 'x-reader': 'ada' } }, guarded)
    expect([own.status, own.headers['Cache-Control']]).toEqual([200, 'private, no-cache'])
    // What was built for one is not given to another.
    expect((await get('/presentation/3/told.jpg/manifest', {}, guarded)).status).toBe(401)
  })

  it('decides what a collection lists, and then nobody shares it; no image is looked at for that', async () => {
    seen.length = 0
    const reply = await get('/presentation/3/collection', {}, guarded)
    const names = readJson(reply).items.map(({ label }: { label: { none: string[] } }) => label.none[0])
    expect(names).toContain('map.tif')
    for (const name of ['told.jpg', 'plain.png', 'ü & <b>.jpg']) expect(names).not.toContain(name)
    expect(reply.headers['Cache-Control']).toBe('private, no-cache')
    expect(seen.filter(line => line.startsWith('image'))).toEqual([])
    const ada = await get('/presentation/3/collection', { headers: { 'x-reader': 'ada' } }, guarded)
    expect(JSON.stringify(readJson(ada))).toContain('told.jpg')
  })

  it('shows the manifest of what is shown smaller, whose info.json leads to the smaller one', async () => {
    const small = createService(folder, { authorize: () => scale(1, 2), presentation: true })
    const manifest = await get(manifestPath, {}, small)
    expect([manifest.status, manifest.headers['Cache-Control']]).toEqual([200, 'private, no-cache'])
    const info = await get('/iiif/3/map.tif/info.json', {}, small)
    expect([info.status, info.headers.Location]).toEqual([302, 'http://h:8182/iiif/3/map.tif;1:2/info.json'])
  })
})

describe('the option presentation', () => {
  it.each<[PresentationOptions, Partial<ImageServiceOptions>, RegExp]>([
    [{ prefix: 'presentation' }, {}, /^presentation\.prefix: /],
    [{ prefix: '/iiif/3/manifests' }, {}, /^presentation\.prefix: .*\/iiif\/3/],
    [{}, { prefixes: { 3: '' } }, /^presentation\.prefix: /],
    [{ publicPrefix: '/a b' }, {}, /^presentation\.publicPrefix: /],
    [{ embedded: ['gps' as never] }, {}, /^presentation\.embedded: /],
    [{ listing: [] as never }, {}, /^presentation\.listing: /],
    [{ maxCanvases: 0 }, {}, /^presentation\.maxCanvases: /],
    [{ pageSize: 5_000 }, {}, /^presentation\.pageSize: /],
    [{ about: { rights: 'mine' } }, {}, /^rights: /],
    [{ collection: { label: 1 as never } }, {}, /^label: /],
  ])('is refused for %j with %j', (presentation, more, message) => {
    expect(() => createService(folder, { ...more, presentation })).toThrow(TypeError)
    expect(() => createService(folder, { ...more, presentation })).toThrow(message)
  })

  it('may be beside the Image API, under the same first word', () => {
    expect(() => createService(folder, { presentation: { prefix: '/iiif/presentation' } })).not.toThrow()
    expect(() => createService(folder, { presentation: { prefix: '/iiif/33' } })).not.toThrow()
  })
})
