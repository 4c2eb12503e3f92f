// Pages and scales that an identifier names, and sources that are elsewhere, or change while they are read.
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HttpReply, HttpRequest, ImageSource, SourceAnswer } from '../../src/contracts.js'
import type { ImageServiceOptions } from '../../src/options.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { bytesSource } from '../../src/source/bytes.js'
import { buildChanged } from '../../src/source/failure.js'
import { fileSource } from '../../src/source/file.js'
import { createFolder } from '../image/picture.js'
import { makePyramid, readBody } from './folder.js'

let folder: string
const services: ImageService[] = []
const colours = ['#c04020', '#20c040', '#2040c0'] as const

beforeAll(async () => {
  folder = await createFolder()
  // Three pages of one size: an animation, and the same as a TIFF.
  const pages = await sharp(
    await Promise.all(
      colours.map(background =>
        sharp({ create: { width: 80, height: 60, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    ),
    { join: { animated: true } },
  )
    .gif({ delay: [50, 50, 50] })
    .toBuffer()
  await writeFile(join(folder, 'book.gif'), pages)
  await writeFile(
    join(folder, 'book.tif'),
    await sharp(pages, { animated: true }).removeAlpha().tiff({ compression: 'none' }).toBuffer(),
  )
  await writeFile(join(folder, 'map.tif'), await makePyramid(2001, 1401, { compression: 'jpeg' }))
  await writeFile(join(folder, 'odd;name.png'), await sharp(pages).png().toBuffer())
})

afterAll(async () => {
  await Promise.all(services.map(service => service.close()))
  await rm(folder, { recursive: true, force: true })
})

function create(options: Partial<ImageServiceOptions> = {}): ImageService {
  const service = createImageService({ source: fileSource(folder), ...options })
  services.push(service)
  return service
}

async function ask(service: ImageService, url: string, more: Partial<HttpRequest> = {}): Promise<HttpReply> {
  const reply = await service.handle({
    method: 'GET',
    url,
    mountPath: '',
    headers: {},
    scheme: 'http',
    authority: 'h',
    remoteAddress: '127.0.0.1',
    ...more,
  })
  if (reply === undefined) throw new Error('not ours')
  return reply
}

async function colourOf(reply: HttpReply): Promise<string> {
  expect(reply.status).toBe(200)
  const { data } = await sharp(await readBody(reply.body as Uint8Array))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return `#${data.subarray(0, 3).toString('hex')}`
}

const readInfo = async (reply: HttpReply) => {
  expect(reply.status).toBe(200)
  return JSON.parse(String(reply.body))
}

describe('a page', () => {
  const service = () => create()

  it.each(['book.gif', 'book.tif'])('of %s is named by the identifier or by the query', async name => {
    const library = service()
    for (const [index, colour] of colours.entries()) {
      const page = index + 1
      const path = (identifier: string) => `/iiif/3/${identifier}/full/max/0/default.png`
      if (page > 1) expect(await colourOf(await ask(library, path(`${name};${page}`)))).toBe(colour)
      expect(await colourOf(await ask(library, `${path(name)}?page=${page}`))).toBe(colour)
    }
    expect(await library.describe(`${name};2`)).toMatchObject({ width: 80, height: 60, pages: 3 })
  })

  it('has an info.json and a canonical URI of its own, whichever way it was named', async () => {
    const library = service()
    const byName = await ask(library, '/iiif/3/book.gif;2/full/40,/0/default.png')
    const byQuery = await ask(library, '/iiif/3/book.gif/full/40,/0/default.png?page=2')
    const first = await ask(library, '/iiif/3/book.gif/full/40,/0/default.png')
    const link = '<http://h/iiif/3/book.gif;2/full/40,30/0/default.png>;rel="canonical"'
    expect(byName.headers.Link).toContain(link)
    expect(byQuery.headers.Link).toContain(link)
    expect(byQuery.headers.ETag).toBe(byName.headers.ETag)
    expect(first.headers.ETag).not.toBe(byName.headers.ETag)
    for (const url of ['/iiif/3/book.gif;2/info.json', '/iiif/3/book.gif/info.json?page=2']) {
      expect(await readInfo(await ask(library, url))).toMatchObject({ id: 'http://h/iiif/3/book.gif;2' })
    }
  })

  it('is kept apart from the others in the cache, and purged with them', async () => {
    const library = service()
    const url = (page: number) => `/iiif/3/book.gif;${page}/full/40,/0/default.png`
    for (const page of [2, 3, 2, 3])
      expect(await colourOf(await ask(library, url(page)))).toBe(colours[page - 1])
    expect(library.stats().images.render).toEqual({ hit: 2, miss: 2, none: 0 })
    await library.purge({ identifier: 'book.gif' })
    await ask(library, url(2))
    expect(library.stats().images.render).toEqual({ hit: 2, miss: 3, none: 0 })
  })

  it.each(['/iiif/3/book.gif;4/info.json', '/iiif/3/book.gif/full/max/0/default.png?page=9'])(
    'that there is not is 404, and told how many there are: %s',
    async url => {
      const reply = await ask(service(), url)
      expect(reply.status).toBe(404)
      expect(Buffer.from(reply.body as Uint8Array).toString()).toContain('3 pages')
    },
  )

  it.each(['0', 'x', '-1', '1.5'])('%j is none', async page => {
    expect((await ask(service(), `/iiif/3/book.gif/full/max/0/default.png?page=${page}`)).status).toBe(400)
  })
})

describe('another spelling of an identifier', () => {
  it.each([
    ['book.gif;1', 'book.gif'],
    ['book.gif;02', 'book.gif;2'],
    ['map.tif;2:4', 'map.tif;1:2'],
    ['map.tif;1;3:3', 'map.tif'],
    ['book.gif%3B1', 'book.gif'],
  ])('%s is redirected to %s, with all that stands behind it', async (asked, normal) => {
    const image = await ask(create(), `/iiif/3/${asked}/full/40,/0/default.jpg`)
    expect([image.status, image.headers.Location]).toEqual([
      301,
      `http://h/iiif/3/${normal}/full/40,/0/default.jpg`,
    ])
    const info = await ask(create(), `/iiif/3/${asked}/info.json`)
    expect([info.status, info.headers.Location]).toEqual([301, `http://h/iiif/3/${normal}/info.json`])
  })

  it('keeps the public identifier that a proxy has named', async () => {
    const headers = { 'x-forwarded-id': 'ark:%2F1%2F2;01' }
    const reply = await ask(create(), '/iiif/3/book.gif;1/info.json', { headers })
    expect(reply.headers.Location).toBe('http://h/iiif/3/ark:%2F1%2F2/info.json')
  })

  it('is an identifier like any other where pages and scales are switched off', async () => {
    const service = create({ metaIdentifiers: false })
    expect((await ask(service, '/iiif/3/book.gif;1/info.json')).status).toBe(404)
    expect((await ask(service, '/iiif/3/odd;name.png/info.json')).status).toBe(200)
    expect((await ask(create(), '/iiif/3/odd;name.png/info.json')).status).toBe(200)
  })

  it('may have another delimiter, or another form', async () => {
    const dashes = create({ metaIdentifiers: { delimiter: '--' } })
    expect(await colourOf(await ask(dashes, '/iiif/3/book.gif--3/full/max/0/default.png'))).toBe(colours[2])
    const own = create({
      metaIdentifiers: {
        parse: text => {
          const [, page = '1', identifier = text] = /^p(\d+)_(.+)$/.exec(text) ?? []
          return { identifier, page: Number(page), constraint: { numerator: 1, denominator: 1 } }
        },
        format: ({ identifier, page }) => (page === 1 ? identifier : `p${page}_${identifier}`),
      },
    })
    expect(await colourOf(await ask(own, '/iiif/3/p2_book.gif/full/max/0/default.png'))).toBe(colours[1])
    const moved = await ask(own, '/iiif/3/p1_book.gif/full/max/0/default.png')
    expect([moved.status, moved.headers.Location]).toEqual([
      301,
      'http://h/iiif/3/book.gif/full/max/0/default.png',
    ])
  })
})

describe('a scale', () => {
  it('shows a smaller image, with tiles that are stored', async () => {
    const service = create()
    const info = await readInfo(await ask(service, '/iiif/3/map.tif;1:2/info.json'))
    expect(info).toMatchObject({ id: 'http://h/iiif/3/map.tif;1:2', width: 1001, height: 701 })
    expect(info.tiles).toEqual([{ width: 256, scaleFactors: [1, 2, 4] }])
    for (const { width } of info.sizes) expect(width).toBeLessThanOrEqual(1001)
    await ask(service, '/iiif/3/map.tif;1:2/256,256,256,256/256,256/0/default.jpg')
    expect(service.stats().images.stored).toEqual({ hit: 0, miss: 0, none: 1 })
  })

  it('has the pixels of the whole image, made smaller', async () => {
    const service = create()
    const decode = async (url: string) =>
      sharp(await readBody((await ask(service, url)).body as Uint8Array))
        .raw()
        .toBuffer()
    const half = await decode('/iiif/3/map.tif;1:2/256,256,256,256/256,256/0/default.png')
    const same = await decode('/iiif/3/map.tif/512,512,512,512/256,256/0/default.png')
    expect(half.equals(same)).toBe(true)
  })

  it.each([
    ['full/1002,', 403],
    ['full/^1002,', 403],
    ['full/pct:110', 403],
    ['0,0,10,10/11,', 403],
    ['full/max', 200],
    ['full/^max', 200],
    ['full/!5000,5000', 200],
    ['1001,0,10,10/max', 400],
  ])('answers %s with %i', async (parameters, status) => {
    const reply = await ask(create(), `/iiif/3/map.tif;1:2/${parameters}/0/default.jpg`)
    expect(reply.status).toBe(status)
  })

  it('is what programs get too', async () => {
    const service = create()
    const request = service.parseRequest('/iiif/3/map.tif;1:4/full/max/0/default.png')
    if (request?.kind !== 'image') throw new Error('no image')
    const { width } = await sharp(await readBody((await service.process(request)).body)).metadata()
    expect(width).toBe(500)
    expect(await service.info('map.tif;1:4', 3, 'http://x/y')).toMatchObject({ width: 500, height: 350 })
  })
})

describe('a resolver that says where an image is, or why it is not', () => {
  const answers: Record<string, SourceAnswer> = {
    moved: { kind: 'redirect', status: 301, identifier: 'ü/b;2' },
    away: { kind: 'redirect', status: 302, location: 'https://example.org/a b' },
    gone: { kind: 'refusal', status: 410 },
    legal: { kind: 'refusal', status: 451, message: 'For legal reasons.' },
  }
  const service = () => create({ source: identifier => answers[identifier] })

  it.each([
    ['moved/full/max/0/default.jpg', 301, 'http://h/iiif/3/%C3%BC%2Fb;2/full/max/0/default.jpg'],
    ['moved/info.json', 301, 'http://h/iiif/3/%C3%BC%2Fb;2/info.json'],
    ['away/info.json', 302, 'https://example.org/a%20b'],
    ['gone/info.json', 410, undefined],
    ['legal/info.json', 451, undefined],
  ])('%s is %i', async (path, status, location) => {
    const reply = await ask(service(), `/iiif/3/${path}`)
    expect([reply.status, reply.headers.Location]).toEqual([status, location])
    if (status === 451)
      expect(Buffer.from(reply.body as Uint8Array).toString()).toContain('For legal reasons.')
  })
})

describe('a source that changes while it is read', () => {
  it('is read once more, as it is now', async () => {
    const bytes = await sharp({ create: { width: 80, height: 60, channels: 3, background: colours[0] } })
      .png()
      .toBuffer()
    let failures = 1
    let looks = 0
    const resolve = (): ImageSource => {
      looks += 1
      const source = bytesSource(bytes, { version: String(looks) })
      return {
        ...source,
        async read(offset, length, signal) {
          if (failures > 0) {
            failures -= 1
            throw buildChanged()
          }
          return source.read(offset, length, signal)
        },
      }
    }
    const service = create({ source: resolve, revalidate: 'never' })
    expect(await colourOf(await ask(service, '/iiif/3/x/full/max/0/default.png'))).toBe(colours[0])
    expect(looks).toBe(2)
    failures = 5
    await service.purge({ all: true })
    expect((await ask(service, '/iiif/3/x/full/40,/0/default.png')).status).toBe(503)
  })
})

it('resolvers that keep something are closed with the service', async () => {
  let closed = 0
  const resolver = Object.assign(() => undefined, {
    async close() {
      closed += 1
    },
  })
  await createImageService({ source: [resolver, fileSource(folder)] }).close()
  expect(closed).toBe(1)
})
