// Signed URLs, and services that make only what info.json lists: as requests over HTTP.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allow, deny, scale } from '../../src/access/result.js'
import type { ServeOnly } from '../../src/access/serve-only.js'
import { signRequest } from '../../src/access/signature.js'
import type { ImageServiceOptions } from '../../src/options.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { fileSource } from '../../src/source/file.js'
import { doors } from '../adapters/doors.js'
import { start } from '../adapters/server.js'
import { createFolder } from '../image/picture.js'
import { ask, askForError } from './ask.js'
import { makePyramid } from './folder.js'

const urlKeys = 'a secret of more than thirty-two bytes'
const image = '/iiif/3/a.tif'
/** In canonical form: the image has 640 × 512 pixels and tiles of 256. */
const canonical = `${image}/0,0,256,256/max/0/default.jpg`
const small = `${image}/full/320,256/0/default.png`

let folder: string
const services: ImageService[] = []
const looked: string[] = []

beforeAll(async () => {
  folder = await createFolder()
  await writeFile(join(folder, 'a.tif'), await makePyramid(640, 512, { compression: 'jpeg' }))
})

afterAll(async () => {
  await Promise.all(services.map(service => service.close()))
})

function create(serveOnly: ServeOnly, options: Partial<ImageServiceOptions> = {}): ImageService {
  const files = fileSource(folder)
  const service = createImageService({
    source: (identifier, context) => {
      looked.push(identifier)
      return files(identifier, context)
    },
    serveOnly,
    urlKeys,
    ...options,
  })
  services.push(service)
  return service
}

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds
const sign = (path: string, seconds = 3600) =>
  signRequest(path, { keys: urlKeys, expires: inSeconds(seconds) })
const query = (path: string, seconds = 3600) => sign(path, seconds).slice(path.length)

const refused = { status: 403, code: 'invalid-signature' }

describe('a service of signed URLs', () => {
  it('gives what was signed, and nothing that was not', async () => {
    const service = create('signed')
    expect((await ask(service, sign(canonical))).status).toBe(200)
    expect((await ask(service, sign(canonical), { method: 'HEAD' })).status).toBe(200)
    expect(await askForError(service, canonical)).toMatchObject(refused)
    const info = await ask(service, `${image}/info.json`)
    expect([info.status, info.headers['Cache-Control']]).toEqual([200, 'public, max-age=86400'])
  })

  it('looks nothing up for those that nobody has signed', async () => {
    const service = create('signed')
    const before = looked.length
    expect(await askForError(service, canonical)).toMatchObject(refused)
    expect(await askForError(service, canonical.replace('a.tif', 'b.tif'))).toMatchObject(refused)
    expect(looked.length).toBe(before)
  })

  it.each<[what: string, url: (good: string) => string]>([
    ['the region', good => good.replace('0,0,256', '0,0,255')],
    ['the size', good => good.replace('/max/', '/9,/')],
    ['the rotation', good => good.replace('/0/default', '/90/default')],
    ['the quality', good => good.replace('default.jpg', 'gray.jpg')],
    ['the format', good => good.replace('.jpg', '.png')],
    ['the version', good => good.replace('/3/', '/2/')],
    ['the time', good => good.replace(/expires=(\d+)/, (_, time) => `expires=${Number(time) + 1}`)],
    ['the key', good => good.replace('key=default', 'key=other')],
    [
      'the first letter of the signature',
      good => good.replace(/(?<=signature=)./, letter => (letter === 'A' ? 'B' : 'A')),
    ],
    ['the length of the signature', good => good.slice(0, -1)],
    ['the arguments: one more', good => `${good}&response-content-disposition=attachment`],
    ['the arguments: a time twice', good => `${good}&expires=${inSeconds(9999)}`],
    ['the arguments: no signature', good => good.replace(/&signature=.*/, '')],
  ])('refuses a URL of which was changed %s', async (_, change) => {
    const service = create('signed')
    const good = sign(canonical)
    expect(change(good)).not.toBe(good)
    expect(await askForError(service, change(good))).toMatchObject(refused)
  })

  it('refuses a URL that has expired, and says so', async () => {
    const service = create('signed')
    const { message, ...error } = await askForError(service, sign(canonical, -1))
    expect(error).toMatchObject(refused)
    expect(message).toContain('expired')
  })

  it.each([
    '0,0,256,256/256,256/0/default.jpg',
    '0,0,256,256/256,/0/default.jpg',
    '0,0,256,256/,256/0/default.jpg',
    '0,0,256,256/!256,256/0/color.jpg',
    '0,0,256,256/pct:100/0.0/default.jpg',
    'pct:0,0,40,50/max/0/default.jpg',
    '0%2C0%2C256%2C256/max/0/default.jpg',
  ])('gives what was signed in canonical form by the spelling %s, as one result', async parameters => {
    const service = create('signed', { encode: { storedTiles: 'never' } })
    const first = await ask(service, sign(canonical))
    const again = await ask(service, `${image}/${parameters}${query(canonical)}`)
    expect([again.status, again.headers.ETag]).toEqual([200, first.headers.ETag])
    expect(service.stats().images.render).toMatchObject({ miss: 1, hit: 1 })
  })

  it('gives what was signed in another spelling by that spelling only', async () => {
    const service = create('signed', { redirectToCanonical: true })
    const spelled = `${image}/pct:0,0,40,50/256,/0/color.jpg`
    expect((await ask(service, sign(spelled))).status).toBe(200)
    expect(await askForError(service, canonical + query(spelled))).toMatchObject(refused)
  })

  it('has arguments signed too', async () => {
    const service = create('signed')
    const url = sign(`${canonical}?response-content-disposition=attachment`)
    const { status, headers } = await ask(service, url)
    expect([status, headers['Content-Disposition']]).toEqual([200, expect.stringContaining('attachment')])
    expect(await askForError(service, url.replace('attachment', 'inline'))).toMatchObject(refused)
  })

  it('takes every key, and signs with the first', async () => {
    const keys = [
      { id: 'new', secret: 'another secret of more than thirty-two bytes' },
      { id: 'old', secret: urlKeys },
    ]
    const service = create('signed', { urlKeys: keys })
    for (const list of [keys, keys.toReversed()]) {
      const url = signRequest(canonical, { keys: list, expires: inSeconds(60) })
      expect((await ask(service, url)).status).toBe(200)
    }
    const stranger = [{ id: 'new', secret: urlKeys }]
    const url = signRequest(canonical, { keys: stranger, expires: inSeconds(60) })
    expect(await askForError(service, url)).toMatchObject(refused)
  })

  it.each<[configured: ImageServiceOptions['cacheControl'], most: RegExp]>([
    ['public, max-age=86400', /^public, max-age=(\d+)$/],
    ['public', /^public, max-age=(\d+)$/],
    ['', /^max-age=(\d+)$/],
    ['max-age=9, s-maxage=86400', /^max-age=9, s-maxage=(\d+)$/],
  ])('lets nobody keep what it sends for longer than the URL is good: %s', async (cacheControl, shape) => {
    const service = create('signed', { cacheControl: cacheControl ?? '' })
    const { headers } = await ask(service, sign(canonical, 100))
    const [, seconds] = shape.exec(String(headers['Cache-Control'])) ?? []
    expect(Number(seconds)).toBeGreaterThan(60)
    expect(Number(seconds)).toBeLessThanOrEqual(100)
    const { headers: again } = await ask(service, sign(canonical, 100), {
      headers: { 'if-none-match': String(headers.ETag) },
    })
    expect(again['Cache-Control']).toMatch(shape)
  })

  it('asks the application all the same, before it looks at the signature', async () => {
    const service = create('signed', {
      authorize: ({ headers }) => (headers['x-user'] === 'ada' ? allow() : deny(403)),
    })
    expect(await askForError(service, sign(canonical))).toMatchObject({ status: 403, code: 'access-denied' })
    const request = { headers: { 'x-user': 'ada' } }
    expect(await askForError(service, canonical, request)).toMatchObject(refused)
    const { status, headers } = await ask(service, sign(canonical), request)
    expect([status, headers['Cache-Control']]).toEqual([200, 'private, no-cache'])
  })

  it.each(doors.filter(({ mounts, transport }) => mounts && transport === 'http'))(
    'is signed without the path that it is mounted at: $name',
    async door => {
      const service = create('signed')
      const running = await start('http', door.listen({ service, mounts: ['/images'], log: [] }))
      const replies = [
        await running.send(`/images${sign(canonical)}`),
        await running.send(sign(`/images${canonical}`)),
      ]
      expect(replies.map(({ status }) => status)).toEqual([200, 403])
      await running.close()
    },
  )
})

/** What info.json lists, and what it does not. */
const onGrid = [
  'full/max/0/default.jpg',
  'full/320,256/0/default.webp',
  'full/320,/0/default.png',
  '0,0,256,256/256,256/0/default.jpg',
  '512,256,128,256/128,/0/color.jpg',
  '0,0,512,512/256,256/0/default.jpg',
]
const offGrid = [
  'full/319,/0/default.jpg',
  'full/max/90/default.jpg',
  'full/max/!0/default.jpg',
  'full/max/0/gray.jpg',
  '0,0,256,256/255,/0/default.jpg',
  '1,0,256,256/max/0/default.jpg',
  '0,0,257,256/max/0/default.jpg',
]

describe('a service of what info.json lists', () => {
  it('makes that, and nothing else, signed or not', async () => {
    const service = create('grid')
    for (const parameters of onGrid) {
      const { status, headers } = await ask(service, `${image}/${parameters}`)
      expect([parameters, status, headers['Cache-Control']]).toEqual([
        parameters,
        200,
        'public, max-age=86400',
      ])
    }
    for (const parameters of offGrid) {
      for (const url of [`${image}/${parameters}`, sign(`${image}/${parameters}`)]) {
        const error = await askForError(service, url)
        expect([url, error]).toMatchObject([url, { status: 403, code: 'off-grid' }])
      }
    }
  })

  it('lists of each tier what it makes of that tier', async () => {
    const service = create('grid', {
      authorize: () => allow(),
      tiers: { small: { scale: { maxWidth: 200 } }, some: { limits: { maxWidth: 320 } }, all: {} },
    })
    for (const suffix of [';tier=small', ';tier=some', '', ';1:4']) {
      const base = `${image}${suffix}`
      const info = JSON.parse((await ask(service, `${base}/info.json`)).bytes.toString())
      for (const { width, height } of info.sizes) {
        const url = `${base}/full/${width},${height}/0/default.jpg`
        expect([url, (await ask(service, url)).status]).toEqual([url, 200])
      }
      expect((await ask(service, `${base}/full/77,/0/default.jpg`)).status).toBe(403)
    }
    expect((await ask(service, `${image};tier=small/full/200,160/0/default.jpg`)).status).toBe(200)
  })
})

describe('the scales of a service of what info.json lists', () => {
  it.each<[granted: string | undefined, suffix: string, status: number]>([
    [undefined, ';1:2', 200],
    [undefined, ';1:8', 200],
    // Each would have a grid of its own, and there are a million times a million.
    [undefined, ';999:1000', 403],
    [undefined, ';3:4', 403],
    ['2:3', ';2:3', 200],
    ['2:3', ';1:2', 200],
    ['2:3', ';1:3', 403],
  ])('where %s is granted, the whole of %s is answered with %i', async (granted, suffix, status) => {
    const [numerator = 1, denominator = 1] = granted?.split(':').map(Number) ?? []
    const service = create('grid', granted ? { authorize: () => scale(numerator, denominator) } : {})
    const info = JSON.parse((await ask(service, `${image}${suffix}/info.json`)).bytes.toString())
    for (const path of [`full/${info.width},${info.height}`, 'full/max']) {
      const { status: given } = await ask(service, `${image}${suffix}/${path}/0/default.jpg`)
      expect([path, given]).toEqual([path, status])
    }
  })
})

describe('a service of both', () => {
  it('makes what is listed, and all else that is signed', async () => {
    const service = create('signedOrGrid')
    for (const parameters of onGrid) {
      expect((await ask(service, `${image}/${parameters}`)).status).toBe(200)
      expect((await ask(service, sign(`${image}/${parameters}`))).status).toBe(200)
    }
    for (const parameters of offGrid) {
      const path = `${image}/${parameters}`
      expect(await askForError(service, path)).toMatchObject({ status: 403, code: 'off-grid' })
      expect(await askForError(service, sign(path, -1))).toMatchObject(refused)
      expect((await ask(service, sign(path))).status).toBe(200)
    }
    expect((await ask(service, sign(small))).status).toBe(200)
  })
})
