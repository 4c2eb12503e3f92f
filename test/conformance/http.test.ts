/* Rows 159 to 176 of the checklist: HTTP (Image API 3.0 and 2.1.1 sections 5.1, 7 and 9). */
import { once } from 'node:events'
import { stat, utimes, writeFile } from 'node:fs/promises'
import { connect, createServer, type Http2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createNodeHandler } from '../../src/adapters/node.js'
import { IIIFError } from '../../src/errors.js'
import { listTileRequests } from './info.js'
import { cells, expectView, sizes } from './pictures.js'
import { createFolder, readLink, type Server, startServer, whole } from './server.js'

const name = '600x400.png'
const jsonLd3 = 'application/ld+json;profile="http://iiif.io/api/image/3/context.json"'
let folder: string
let server: Server
/** Fails in the way that the identifier names. */
let failing: Server
let http2: Http2Server

beforeAll(async () => {
  folder = await createFolder(name, 'photo.jpg', 'grid.png')
  server = await startServer(folder)
  failing = await startServer(identifier => {
    const status = Number(identifier)
    if (status > 0) throw new IIIFError(status, 'source-forbidden', `Refused with ${status}.`)
    throw new Error('secret: /var/lib/images is gone')
  })
  http2 = createServer(createNodeHandler(server.service))
  await once(http2.listen(0, '127.0.0.1'), 'listening')
})

afterAll(() => new Promise<void>(settle => http2.close(() => settle())))

describe('the media type of info.json', () => {
  const typeOf = async (version: number, accept?: string) => {
    const reply = await server.ask(
      `/iiif/${version}/${name}/info.json`,
      accept === undefined ? {} : { headers: { accept } },
    )
    expect([reply.status, reply.headers.vary]).toEqual([200, expect.stringMatching(/\baccept\b/i)])
    return reply.headers['content-type']
  }

  test.each([
    [undefined, jsonLd3],
    ['*/*', jsonLd3],
    ['application/ld+json', jsonLd3],
    [jsonLd3, jsonLd3],
    ['application/json', 'application/json'],
  ])('159 of version 3, for Accept %s, is %s', async (accept, type) => {
    expect(await typeOf(3, accept)).toBe(type)
  })

  test.each([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['application/*', 'application/json'],
    ['application/json', 'application/json'],
    ['application/ld+json', 'application/ld+json'],
    ['application/ld+json, application/json;q=0.9', 'application/ld+json'],
  ])('160 of version 2, for Accept %s, is %s', async (accept, type) => {
    expect((await typeOf(2, accept))?.split(';')[0]).toBe(type)
  })

  test.each([
    [3, 'application/json;q=0.5, application/ld+json;q=0.9', jsonLd3],
    [3, 'application/json;q=0.9, application/ld+json;q=0.5', 'application/json'],
    [3, 'application/ld+json;q=0, application/json', 'application/json'],
    [3, 'text/html', jsonLd3],
    [3, 'text/html,application/xhtml+xml,*/*;q=0.8', jsonLd3],
    [2, 'application/ld+json;q=0.1, application/json;q=0.2', 'application/json'],
    [2, 'application/ld+json;q=0', 'application/json'],
    [2, 'text/html', 'application/json'],
    [3, ',;q=,/;;;"', jsonLd3],
  ])('161 of version %i, for Accept %s, is %s', async (version, accept, type) => {
    expect(await typeOf(version, accept)).toBe(type)
  })
})

describe.each([2, 3] as const)('HTTP in version %i', version => {
  const base = `/iiif/${version}/${name}`
  const image = `${base}/full/150,/0/default.jpg`
  const responses: readonly (readonly [number, string, string])[] = [
    [200, 'GET', image],
    [200, 'HEAD', image],
    [200, 'GET', `${base}/info.json`],
    [303, 'GET', base],
    [301, 'GET', `${base}/`],
    [400, 'GET', `${base}/full/nothing/0/default.jpg`],
    [400, 'GET', `/iiif/${version}/%zz/info.json`],
    [404, 'GET', `/iiif/${version}/nobody/info.json`],
    [404, 'GET', `/iiif/${version}/nobody${image.slice(base.length)}`],
    [404, 'GET', `${base}/info.xml`],
    [405, 'POST', image],
    [501, 'GET', `${base}/full/150,/0/default.jp2`],
  ]

  test.each(responses)(
    '163 every response may be read from every page: %i of %s %s',
    async (status, method, path) => {
      for (const headers of [{}, { origin: 'https://viewer.example' }]) {
        const reply = await server.ask(path, { method, headers })
        expect(reply.status).toBe(status)
        expect(reply.headers['access-control-allow-origin']).toBe('*')
        expect(reply.headers['access-control-expose-headers']).toMatch(
          /\bLink\b.*\bETag\b.*\bContent-Length\b/,
        )
      }
    },
  )

  test('163 so may 304 and 500, and a preflight is answered once for long', async () => {
    const { headers } = await server.ask(image)
    const fresh = await server.ask(image, { headers: { 'if-none-match': headers.etag ?? '' } })
    const broken = await failing.ask(`/iiif/${version}/x/info.json`)
    expect([fresh.status, broken.status]).toEqual([304, 500])
    for (const reply of [fresh, broken]) expect(reply.headers['access-control-allow-origin']).toBe('*')
    const preflight = await server.ask(`${base}/info.json`, {
      method: 'OPTIONS',
      headers: { origin: 'https://viewer.example', 'access-control-request-method': 'GET' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.body).toHaveLength(0)
    expect(preflight.headers['access-control-allow-methods']).toMatch(/\bGET\b.*\bHEAD\b/)
    expect(Number(preflight.headers['access-control-max-age'])).toBeGreaterThan(0)
  })

  test('164 a preflight allows Authorization by its name', async () => {
    const { headers } = await server.ask(`${base}/info.json`, { method: 'OPTIONS' })
    expect(headers['access-control-allow-headers']?.toLowerCase().split(/,\s*/)).toContain('authorization')
  })

  test('165 the profile is a link, with http, to the level that is claimed', async () => {
    const link = (level: number) => `http://iiif.io/api/image/${version}/level${level}.json`
    for (const path of [image, `${base}/info.json`])
      expect(readLink(await server.ask(path), 'profile')).toBe(link(2))
    const few = await startServer(folder, { formats: ['jpg'] })
    for (const path of [image, `${base}/info.json`])
      expect(readLink(await few.ask(path), 'profile')).toBe(link(1))
  })

  test('166 two links are one header, separated by a comma', async () => {
    const { headers } = await server.ask(image)
    expect(headers.link).toMatch(/^<[^<>\s]+>;rel="canonical", <[^<>\s]+>;rel="profile"$/)
  })

  test.each([
    ['the region "1,2,3"', '1,2,3/150,/0/default.jpg'],
    ['the size "0,"', 'full/0,/0/default.jpg'],
    ['the rotation "400"', 'full/150,/400/default.jpg'],
    ['the quality "best"', 'full/150,/0/best.jpg'],
    ['the format "xyz"', 'full/150,/0/default.xyz'],
  ])('167 an error says what was wrong: %s', async (what, parameters) => {
    const text = await server.ask(`${base}/${parameters}`)
    expect(text.headers['content-type']).toMatch(/^text\/plain/)
    expect(text.body.toString().toLowerCase()).toContain(what)
    expect(text.body.toString()).toMatch(/expected|must be/)
    const html = await server.ask(`${base}/${parameters}`, { headers: { accept: 'text/html,*/*;q=0.8' } })
    expect(html.headers['content-type']).toMatch(/^text\/html/)
  })

  test('167 what a request says comes back harmless', async () => {
    const headers = { accept: 'text/html' }
    const reply = await server.ask(`${base}/%3Cscript%3Ealert(1)%3C%2Fscript%3E/150,/0/default.jpg`, {
      headers,
    })
    expect(reply.status).toBe(400)
    expect(reply.body.toString()).not.toContain('<script')
    expect(reply.headers['x-content-type-options']).toBe('nosniff')
  })

  test.each([
    ['syntax', 'full/a,b/0/default.jpg'],
    ['out of range', '600,0,1,1/150,/0/default.jpg'],
    ['zero size', 'full/,0/0/default.jpg'],
    ['larger than the region', 'full/601,/0/default.jpg'],
  ])('168 400: %s', async (_, parameters) => {
    expect((await server.ask(`${base}/${parameters}`)).status).toBe(400)
  })

  test('169 401 and 403 are what a source says', async () => {
    for (const status of [401, 403]) {
      const reply = await failing.ask(`/iiif/${version}/${status}/full/150,/0/default.jpg`)
      expect(reply.status).toBe(status)
      expect(reply.body.toString()).toContain(`Refused with ${status}.`)
    }
  })

  test('170 404: an identifier that nobody knows, as image, as info.json', async () => {
    for (const tail of ['full/150,/0/default.jpg', 'info.json']) {
      expect((await server.ask(`/iiif/${version}/00000000-dead-beef/${tail}`)).status).toBe(404)
    }
  })

  test('171 500 is for the unforeseen, and tells nothing of it', async () => {
    for (const tail of ['full/150,/0/default.jpg', 'info.json']) {
      const reply = await failing.ask(`/iiif/${version}/x/${tail}`)
      expect(reply.status).toBe(500)
      expect(reply.body.toString()).not.toMatch(/secret|\/var|at .*\.ts/)
    }
  })

  test('172 501: what is valid and not offered', async () => {
    expect((await server.ask(`${base}/full/150,/0/default.pdf`)).status).toBe(501)
    if (version === 3) expect((await server.ask(`${base}/full/^1200,/0/default.jpg`)).status).toBe(501)
  })

  test('173 503: a service that is closed', async () => {
    const closing = await startServer(folder)
    await closing.service.close()
    const reply = await closing.ask(image)
    expect(reply.status).toBe(503)
    expect(reply.headers['cache-control']).toMatch(/no-cache|no-store/)
  })

  test('174 many tiles at once over one HTTP/2 connection', async () => {
    const origin = `http://127.0.0.1:${(http2.address() as AddressInfo).port}`
    const session = connect(origin)
    try {
      const tiles = listTileRequests(sizes['grid.png'], { width: 128, scaleFactors: [1] }, 1)
      const replies = await Promise.all(
        tiles.map(async ({ region, width, height }) => {
          const path = `/iiif/${version}/grid.png/${region}/${width},${height}/0/default.png`
          const stream = session.request({ ':path': path })
          const [headers] = await once(stream, 'response')
          const body: Buffer[] = await stream.toArray()
          return {
            region,
            width,
            height,
            status: headers[':status'],
            link: String(headers.link),
            body: Buffer.concat(body),
          }
        }),
      )
      for (const { region, status, link, body } of replies) {
        const [x = 0, y = 0, width = 0, height = 0] = region.split(',').map(Number)
        expect(status).toBe(200)
        expect(link).toContain(`<${origin}/iiif/`)
        await expectView(body, {
          picture: sizes['grid.png'],
          region: { x, y, width, height },
          size: { width, height },
        })
      }
    } finally {
      session.close()
    }
  })

  test('175 an image has a name to be saved under', async () => {
    const { headers } = await server.ask(`${base}/60,40,120,80/${whole[version]}/0/default.jpg`)
    expect(headers['content-disposition']).toMatch(
      /^inline; filename="600x400_60,40,120,80_(?:max|full)\.jpg"$/,
    )
  })
})

describe('caching', () => {
  const base = `/iiif/3/${name}`
  const image = `${base}/full/150,/0/default.jpg`

  test.each([image, `${base}/info.json`])('176 a client that has %s already gets 304', async path => {
    const { headers } = await server.ask(path)
    expect(headers.etag).toMatch(/^"[^"]+"$/)
    expect(headers['cache-control']).toMatch(/max-age=\d+/)
    const since = headers['last-modified'] ?? ''
    expect(since).toBe((await stat(join(folder, name))).mtime.toUTCString())
    for (const tag of [headers.etag ?? '', `W/${headers.etag}`, `"other", ${headers.etag}`, '*']) {
      const reply = await server.ask(path, { headers: { 'if-none-match': tag } })
      expect([tag, reply.status, reply.headers.etag]).toEqual([tag, 304, headers.etag])
    }
    expect((await server.ask(path, { headers: { 'if-none-match': '"other"' } })).status).toBe(200)
    const both = { 'if-none-match': '"other"', 'if-modified-since': since }
    expect((await server.ask(path, { headers: both })).status).toBe(200)
  })

  test('176 an image that has not been modified since is 304', async () => {
    const { headers } = await server.ask(image)
    const since = { 'if-modified-since': headers['last-modified'] ?? '' }
    expect((await server.ask(image, { headers: since })).status).toBe(304)
    expect((await server.ask(image, { headers: { 'if-modified-since': 'yesterday' } })).status).toBe(200)
    expect(
      (await server.ask(image, { headers: { 'if-modified-since': new Date(0).toUTCString() } })).status,
    ).toBe(200)
  })

  test('176 other pixels have another ETag, other spellings the same', async () => {
    const tagOf = async (parameters: string, at = server) =>
      (await at.ask(`${base}/${parameters}`)).headers.etag
    const tags = await Promise.all(
      [
        'full/150,/0/default.jpg',
        'full/151,/0/default.jpg',
        'full/150,/90/default.jpg',
        'full/150,/0/gray.jpg',
        'full/150,/0/default.png',
      ].map(parameters => tagOf(parameters)),
    )
    expect(new Set(tags).size).toBe(tags.length)
    expect(await tagOf('pct:0,0,100,100/pct:25/360/color.jpg')).toBe(tags[0])
    const coarse = await startServer(folder, { encode: { jpg: { quality: 20 } } })
    expect(await tagOf('full/150,/0/default.jpg', coarse)).not.toBe(tags[0])
  })

  test('176 a changed source is another image at once, where sources are looked up for every request', async () => {
    const path = '/iiif/3/photo.jpg/full/150,/0/default.jpg'
    const doubting = await startServer(folder, { revalidate: 'always' })
    const before = await doubting.ask(path)
    await writeFile(join(folder, 'photo.jpg'), await cells({ width: 450, height: 900 }).jpeg().toBuffer())
    await utimes(join(folder, 'photo.jpg'), new Date(), new Date(Date.now() + 5000))
    const after = await doubting.ask(path, { headers: { 'if-none-match': before.headers.etag ?? '' } })
    expect(after.status).toBe(200)
    expect(after.headers.etag).not.toBe(before.headers.etag)
    await expectView(after.body, { picture: { width: 450, height: 900 }, size: { width: 150, height: 300 } })
    const info = await doubting.ask('/iiif/3/photo.jpg/info.json')
    expect(JSON.parse(info.body.toString())).toMatchObject({ width: 450, height: 900 })
  })

  test('176 errors are not kept, and HEAD and 304 make no pixel', async () => {
    expect((await server.ask(`${base}/full/0,/0/default.jpg`)).headers['cache-control']).toMatch(
      /no-cache|no-store/,
    )
    let reads = 0
    const counted = await startServer(async (identifier, context) => {
      const source = await server.service.resolveSource(identifier, context)
      const { path: _path, ...rest } = source
      const count = (offset: number, length: number) => {
        reads += 1
        return source.read(offset, length)
      }
      return { ...rest, read: count }
    })
    const first = await counted.ask(image)
    const before = reads
    await counted.ask(`${base}/full/149,/0/default.jpg`, { method: 'HEAD' })
    await counted.ask(image, { headers: { 'if-none-match': first.headers.etag ?? '' } })
    expect(reads).toBe(before)
  })
})
