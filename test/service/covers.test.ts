// What covers images, over HTTP: redactions that no way leads around, for each who asks his own; overlays that no way leads
// around either, and whose tiles join.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allow } from '../../src/access/result.js'
import { fileCache } from '../../src/cache/file.js'
import type { HttpRequest } from '../../src/contracts.js'
import type { OverlayOptions } from '../../src/image/overlay.js'
import type { RedactionOptions } from '../../src/image/redaction.js'
import type { ImageServiceOptions } from '../../src/options.js'
import type { ResponseReport } from '../../src/service/report.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { fileSource } from '../../src/source/file.js'
import { saturation, secretPixels } from '../image/covered-files.js'
import { createRandom } from '../image/jpeg/coefficients.js'
import { createFolder, decode, fromPixels, pixelAt } from '../image/picture.js'
import { ask, askForError } from './ask.js'
import { readBody } from './folder.js'

const size = { width: 512, height: 384 }
/** Two things to hide, each within one tile of 128. */
const left = { x: 32, y: 32, width: 64, height: 64 }
const right = { x: 288, y: 160, width: 64, height: 64 }

let folder: string
const services: ImageService[] = []

beforeAll(async () => {
  folder = await createFolder()
  const picture = fromPixels(secretPixels(size, [left, right], 'marker')).withExif({
    IFD0: { Copyright: 'embedded words' },
  })
  const pyramid = { tile: true, tileWidth: 128, tileHeight: 128, pyramid: true, quality: 90 } as const
  await writeFile(join(folder, 'a.jpg'), await picture.clone().jpeg({ quality: 90 }).toBuffer())
  await writeFile(
    join(folder, 'a.tif'),
    await picture
      .clone()
      .tiff({ ...pyramid, compression: 'jpeg' })
      .toBuffer(),
  )
})

afterAll(async () => {
  await Promise.all(services.map(service => service.close()))
})

function create(options: Partial<ImageServiceOptions> = {}): ImageService {
  const service = createImageService({ source: fileSource(folder), ...options })
  services.push(service)
  return service
}

const url = (path: string) => `/iiif/3/${path}`

const drawn = (background: string) =>
  sharp({ create: { width: 8, height: 8, channels: 3, background } })
    .png()
    .toBuffer()

const ways = [
  'a.tif/0,0,128,128/max/0/default.jpg',
  'a.tif/0,0,256,256/128,128/0/default.jpg',
  'a.tif/0,0,256,256/max/0/default.jpg',
  'a.tif/full/max/0/default.jpg',
  'a.tif/full/max/0/default.tif',
  'a.tif/full/512,384/0/color.tif',
  'a.tif/256,128,128,128/max/!90/default.png',
  'a.jpg/full/max/0/default.jpg',
  'a.jpg/full/512,384/0/color.jpg',
  'a.jpg/full/64,/0/default.webp',
  'a.jpg/40,40,8,8/max/0/default.png',
  'a.jpg/32,32,20,20/max/33/default.png',
]

describe('a redaction', () => {
  it.each(ways)('is made whatever is asked for: %s', async path => {
    const reports: ResponseReport[] = []
    const service = create({
      redactions: () => [left, right],
      onResponse: report => reports.push(report),
    })
    const open = await ask(create(), url(path))
    expect(saturation(await decode(open.bytes))).toBeGreaterThan(100)
    for (const headers of [
      {},
      { range: 'bytes=0-99999999' },
      { 'if-none-match': String(open.headers.ETag) },
    ]) {
      const { bytes, status, headers: told } = await ask(service, url(path), { headers })
      expect([200, 206]).toContain(status)
      expect(saturation(await decode(bytes))).toBeLessThan(6)
      expect(bytes.toString('latin1')).not.toContain('embedded words')
      expect(told.ETag).not.toBe(open.headers.ETag)
      expect(told['Last-Modified']).toBeUndefined()
    }
    const [head, part] = await Promise.all([
      ask(service, url(path), { method: 'HEAD' }),
      ask(service, url(path), { headers: { range: 'bytes=0-9' } }),
    ])
    expect(head.headers['Content-Length']).not.toBe(open.headers['Content-Length'])
    expect(part.headers['Content-Range']).not.toBe(`bytes 0-9/${open.bytes.length}`)
    for (const { way } of reports) expect(way).toBe('render')
  })

  it('leaves stored tiles as they are that have nothing of it', async () => {
    const reports: ResponseReport[] = []
    const service = create({ redactions: () => [left], onResponse: report => reports.push(report) })
    const path = 'a.tif/384,128,128,128/max/0/default.jpg'
    const { bytes } = await ask(service, url(path))
    expect(reports[0]?.way).toBe('stored')
    expect(bytes.equals((await ask(create(), url(path))).bytes)).toBe(true)
  })

  it('is in images that programs ask for, and in those that are made before anybody asks', async () => {
    const service = create({ redactions: () => [left, right] })
    for (const path of ways) {
      const request = service.parseRequest(url(path))
      if (request?.kind !== 'image') throw new Error('no image request')
      const { body } = await service.process(request)
      expect(saturation(await decode(await readBody(body)))).toBeLessThan(6)
    }
    let made = 0
    for await (const { outcome } of service.warm('a.tif')) made += outcome === 'miss' ? 1 : 0
    expect(made).toBeGreaterThan(3)
    const hits = service.stats().images.render.hit
    expect(
      saturation(await decode((await ask(service, url('a.tif/full/256,192/0/default.jpg'))).bytes)),
    ).toBeLessThan(6)
    expect(service.stats().images.render.hit).toBe(hits + 1)
  })

  it('is made in the tiers that do not say otherwise', async () => {
    const service = create({
      authorize: () => allow(),
      redactions: () => [left, right],
      tiers: { public: { limits: { maxWidth: 512 } }, staff: { redactions: false } },
    })
    for (const path of ways) {
      const [hidden, shown] = [path.replace('/', ';tier=public/'), path]
      expect(saturation(await decode((await ask(service, url(hidden))).bytes))).toBeLessThan(6)
      expect(saturation(await decode((await ask(service, url(shown))).bytes))).toBeGreaterThan(100)
    }
  })
})

const never = () => new Promise<never>(() => {})
const fails = () => {
  throw new Error('no database at /srv/secret')
}

/** What is no answer, whatever it was meant to be. */
const nonsense: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['false', false],
  ['zero', 0],
  ['an empty text', ''],
  ['a record', {}],
  ['a list of nothing', [undefined]],
]

const wrongRedactions: readonly (readonly [string, () => unknown])[] = [
  ['throws', fails],
  ['rejects', async () => fails()],
  ['never answers', never],
  ...nonsense.map(([name, value]) => [`answers ${name}`, () => value] as const),
  ['answers a rectangle beside the image', () => [{ x: 600, y: 0, width: 9, height: 9 }]],
  ['answers a rectangle of no size', () => [{ x: 0, y: 0, width: 0, height: 9 }]],
  ['answers a rectangle of texts', () => [{ x: '0', y: '0', width: '9', height: '9' }]],
  ['answers a style that there is not', () => [{ ...left, style: { kind: 'sketch' } }]],
  ['answers one good rectangle and one bad', () => [left, { x: Number.NaN }]],
]

const wrongOverlays: readonly (readonly [string, () => unknown])[] = [
  ['throws', fails],
  ['rejects', async () => fails()],
  ['never answers', never],
  ...nonsense.map(([name, value]) => [`answers ${name}`, () => value] as const),
  ['answers a file that is not there', () => ({ kind: 'image', image: '/srv/secret' })],
  ['answers bytes that are no image', () => ({ kind: 'image', image: Buffer.from('no image') })],
  ['answers an empty text', () => ({ kind: 'text', text: ' ' })],
]

describe.each([
  ['redactions', 'redaction-failed', wrongRedactions],
  ['overlay', 'overlay-failed', wrongOverlays],
] as const)('an image whose %s fail', (option, code, rows) => {
  it.each(rows)('is refused, and nothing of it is shown or kept: the hook %s', async (_, hook) => {
    let isWrong = true
    const good = option === 'redactions' ? [left, right] : { kind: 'image', image: await drawn('#00ff00') }
    const service = create({
      [option]: () => (isWrong ? hook() : good),
      authorizeTimeoutMs: 30,
    } as Partial<ImageServiceOptions>)
    for (const path of ['a.jpg/full/max/0/default.jpg', 'a.tif/0,0,128,128/max/0/default.jpg']) {
      const { headers } = await ask(create(), url(path))
      for (const request of [
        {},
        { method: 'HEAD' },
        { headers: { range: 'bytes=0-99' } },
        { headers: { 'if-none-match': String(headers.ETag) } },
        { headers: { 'if-modified-since': String(headers['Last-Modified']) } },
      ] satisfies Partial<HttpRequest>[]) {
        const reply = await ask(service, url(path), request)
        // What is drawn is found to be none when it is drawn: not for those who have an image with it already, and
        // not for headers.
        const isLate = option === 'overlay' && reply.status === 200 && request.method === 'HEAD'
        if (!isLate) expect(reply.status).toBe(500)
        expect(reply.headers['Content-Type']).toMatch(isLate ? /^image/ : /^text\/plain/)
        expect(reply.bytes.toString()).not.toMatch(/secret|database/)
      }
      expect(await askForError(service, url(path))).toMatchObject({ status: 500, code })
      const request = service.parseRequest(url(path))
      if (request?.kind === 'image') await expect(service.process(request)).rejects.toMatchObject({ code })
      isWrong = false
      expect((await ask(service, url(path))).status).toBe(200)
      isWrong = true
    }
  })
})

describe('what users see who see different things', () => {
  /** Who may see what: the parts of the image that each does not. */
  const hidden: Readonly<Record<string, readonly RedactionOptions[] | undefined>> = {
    ada: undefined,
    ben: [left],
    cai: [right],
    dee: [left, right],
    eve: [right, left],
    fay: [{ ...left, style: { kind: 'fill', colour: '#ffffff' } }, right],
  }
  const names = Object.keys(hidden)
  const options: Partial<ImageServiceOptions> = {
    authenticate: ({ headers }) => String(headers['x-user']),
    redactions: async ({ user }) => hidden[String(user)],
  }
  const asked = (user: string, headers: Record<string, string> = {}) => ({
    headers: { ...headers, 'x-user': user },
  })

  it('is each his own: 2,000 requests at random through one cache, at once', async () => {
    const service = create({
      ...options,
      cache: fileCache({ folder: await createFolder(), maxBytes: 2 ** 27 }),
    })
    const random = createRandom(3)
    const one = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T
    const paths = ['512,384', '256,192', '128,96'].flatMap(wanted =>
      ['a.jpg', 'a.tif'].map(file => `${file}/full/${wanted}/0/default.png`),
    )
    const seen = new Map<string, Buffer>()
    const check = async (path: string, user: string) => {
      const { status, bytes } = await ask(service, url(path), asked(user))
      expect(status).toBe(200)
      const key = `${user} ${path}`
      const known = seen.get(key)
      if (known) return expect(known.equals(bytes)).toBe(true)
      seen.set(key, bytes)
      const pixels = await decode(bytes)
      const isSeen = ({ x, y }: { readonly x: number; readonly y: number }) => {
        const [r = 0, g = 0] = pixelAt(
          pixels,
          Math.floor(((x + 32) * pixels.width) / size.width),
          Math.floor(((y + 32) * pixels.height) / size.height),
        )
        return r - g > 100
      }
      const boxes = hidden[user] ?? []
      const isHidden = (at: typeof left) => boxes.some(({ x }) => x === at.x)
      expect([user, isSeen(left), isSeen(right)]).toEqual([user, !isHidden(left), !isHidden(right)])
    }
    for (let done = 0; done < 2_000; done += 40) {
      const path = one(paths)
      await Promise.all(Array.from({ length: 40 }, () => check(path, one(names))))
    }
    expect(seen.size).toBe(names.length * paths.length)
    expect(service.stats().images.render.hit).toBeGreaterThan(1_000)
  }, 60_000)

  it('has tags that are good for those who see the same, and for nobody else', async () => {
    const service = create(options)
    const path = url('a.jpg/full/200,/0/default.jpg')
    const tags = new Map<string, string>()
    for (const name of names) tags.set(name, String((await ask(service, path, asked(name))).headers.ETag))
    // The order in which surfaces of one colour are painted makes no difference, but nobody works that out.
    expect(new Set(tags.values()).size).toBe(names.length)
    for (const name of names) {
      for (const [other, tag] of tags) {
        const { status } = await ask(service, path, asked(name, { 'if-none-match': tag }))
        expect([name, other, status]).toEqual([name, other, name === other ? 304 : 200])
      }
    }
  })

  it('is told nobody by the date of the source, which does not change with it', async () => {
    const service = create(options)
    const later = new Date(Date.now() + 1000).toUTCString()
    for (const name of names) {
      const request = asked(name, { 'if-modified-since': later })
      const { status, headers } = await ask(service, url('a.jpg/full/200,/0/default.jpg'), request)
      expect([name, status, headers['Last-Modified']]).toEqual([name, 200, undefined])
    }
  })

  it.each<[what: string, Partial<ImageServiceOptions>, header: string]>([
    ['redactions', options, 'private, no-cache'],
    ['an overlay that is told', { overlay: () => undefined }, 'private, no-cache'],
    [
      'redactions, if everybody has the same',
      { ...options, authorize: () => allow({ shared: true }) },
      'public, max-age=86400',
    ],
    [
      'redactions, if nobody says that everybody has the same',
      { ...options, authorize: () => allow() },
      'private, no-cache',
    ],
    ['redactions and a header of its own', { ...options, cacheControl: 'no-store' }, 'private, no-store'],
  ])('is kept, with %s, as it may be', async (_, given, header) => {
    const service = create(given)
    for (const name of ['ada', 'ben']) {
      const { headers } = await ask(service, url('a.jpg/full/200,/0/default.jpg'), asked(name))
      expect(headers['Cache-Control']).toBe(header)
    }
  })
})

describe('an overlay', () => {
  it.each(ways)('is laid on whatever is asked for: %s', async path => {
    const overlay = { kind: 'image', image: await drawn('#00ff00'), position: 'repeat' } as const
    for (const given of [overlay, () => overlay, async () => overlay]) {
      const service = create({ overlay: given })
      const { bytes, headers } = await ask(service, url(path))
      const pixels = await decode(bytes)
      const [r = 0, g = 0, b = 0] = pixelAt(pixels, pixels.width >> 1, pixels.height >> 1)
      expect(Math.min(g - r, g - b)).toBeGreaterThan(100)
      expect(bytes.toString('latin1')).not.toContain('embedded words')
      const isTold = typeof given === 'function'
      expect(headers['Cache-Control']).toBe(isTold ? 'private, no-cache' : 'public, max-age=86400')
    }
  })

  it('has tags and results of its own, for each user', async () => {
    const colours = { ada: '#ff0000', ben: '#00ff00', cai: '#0000ff' }
    const images = new Map<string, OverlayOptions>()
    for (const [user, colour] of Object.entries(colours))
      images.set(user, { kind: 'image', image: await drawn(colour), position: 'top-left' })
    const service = create({ overlay: ({ headers }) => images.get(String(headers['x-user'])) })
    const path = url('a.jpg/full/200,/0/default.png')
    const tags = new Set<unknown>()
    for (let turn = 0; turn < 3; turn += 1) {
      const replies = await Promise.all(
        ['ada', 'ben', 'cai', 'dan'].map(user => ask(service, path, { headers: { 'x-user': user } })),
      )
      const found = await Promise.all(
        replies.map(async ({ bytes }) => pixelAt(await decode(bytes), 2, 2).join()),
      )
      expect(found.slice(0, 3)).toEqual(['255,0,0', '0,255,0', '0,0,255'])
      for (const { headers } of replies) tags.add(headers.ETag)
    }
    expect(tags.size).toBe(4)
  })
})
