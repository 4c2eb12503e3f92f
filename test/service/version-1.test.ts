// Requests of Image API 1.1 are led to version 2, and show there what they asked for.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HttpRequest } from '../../src/contracts.js'
import type { ImageServiceOptions } from '../../src/options.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { fileSource } from '../../src/source/file.js'
import { createFolder, fromPixels, wavePixels } from '../image/picture.js'
import { ask, askForError } from './ask.js'

const root = 'https://images.example.org'
const services: ImageService[] = []
let folder: string

function create(options: Partial<ImageServiceOptions> = {}): ImageService {
  const service = createImageService({ source: fileSource(folder), baseUri: root, ...options })
  services.push(service)
  return service
}

beforeAll(async () => {
  folder = await createFolder()
  await writeFile(join(folder, 'a.png'), await fromPixels(wavePixels(90, 70)).png().toBuffer())
  await writeFile(join(folder, 'ä b.png'), await fromPixels(wavePixels(30, 20)).png().toBuffer())
})

afterAll(async () => {
  await Promise.all(services.map(service => service.close()))
})

describe('a request of version 1.1', () => {
  it.each([
    ['/iiif/1/a.png/info.json', '/iiif/2/a.png/info.json'],
    ['/iiif/1/a.png', '/iiif/2/a.png'],
    ['/iiif/1/a.png/', '/iiif/2/a.png'],
    ['/iiif/1/a.png/full/full/0/native.jpg', '/iiif/2/a.png/full/full/0/default.jpg'],
    ['/iiif/1/a.png/full/full/0/native', '/iiif/2/a.png/full/full/0/default.jpg'],
    ['/iiif/1/a.png/10,10,40,30/20,/90/grey.png', '/iiif/2/a.png/10,10,40,30/20,/90/gray.png'],
    ['/iiif/1/a.png/pct:10,10,50,50/!20,20/0/color.jpg', '/iiif/2/a.png/pct:10,10,50,50/!20,20/0/color.jpg'],
    ['/iiif/1/a.png/full/pct:50/180/bitonal.png?x=1', '/iiif/2/a.png/full/pct:50/180/bitonal.png?x=1'],
    ['/iiif/1/%C3%A4%20b.png/full/10,/0/native.png', '/iiif/2/%C3%A4%20b.png/full/10,/0/default.png'],
  ])('%s is led to %s, where there is an answer', async (asked, expected) => {
    const service = create()
    const { status, headers } = await ask(service, asked)
    expect([status, headers.Location]).toEqual([301, root + expected])
    expect(headers['Access-Control-Allow-Origin']).toBe('*')
    const { status: there } = await ask(service, expected)
    expect(there).toBe(
      /\.(?:png|jpg|json)(?:\?.*)?$/.test(expected) && expected.split('/').length > 4 ? 200 : 303,
    )
  })

  it('of grey shows grey', async () => {
    const service = create()
    const { headers } = await ask(service, '/iiif/1/a.png/full/full/0/grey.png')
    const { bytes } = await ask(service, String(headers.Location).slice(root.length))
    expect((await sharp(bytes).metadata()).channels).toBe(1)
  })

  it('is led to what the client knows: public prefix, address and identifier', async () => {
    const service = create({ baseUri: undefined, publicPrefixes: { 2: '/pictures' } } as object)
    const headers = {
      host: 'inner',
      'x-forwarded-host': 'out.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-id': 'public',
    }
    const http: Partial<HttpRequest> = { headers, remoteAddress: '127.0.0.1' }
    const { headers: got } = await ask(service, '/iiif/1/a.png/full/full/0/native.jpg', http)
    expect(got.Location).toBe('https://out.example/pictures/public/full/full/0/default.jpg')
  })

  it('that is none of either version is refused before anything is looked up', async () => {
    let lookedUp = 0
    const source = () => {
      lookedUp += 1
      return undefined
    }
    const service = create({ source })
    expect(await askForError(service, '/iiif/1/a.png/full/full/0/sepia.jpg')).toMatchObject({ status: 400 })
    expect(await askForError(service, '/iiif/1/a.png/full/')).toMatchObject({ status: 404 })
    expect((await ask(service, '/iiif/1/a.png/info.json', { method: 'POST' })).status).toBe(405)
    expect((await ask(service, '/iiif/1/a.png/info.json', { method: 'OPTIONS' })).status).toBe(204)
    expect((await ask(service, '/iiif/1/nobody/info.json')).status).toBe(301)
    expect(lookedUp).toBe(0)
  })

  it('leads to no other host, whatever its identifier is', async () => {
    const service = create()
    for (const path of ['/iiif/1///evil.example/info.json', '/iiif/1/%2F%2Fevil.example/info.json']) {
      const { headers } = await ask(service, path)
      expect(headers.Location ?? root).toMatch(/^https:\/\/images\.example\.org/)
    }
  })

  it('is reported like all others', async () => {
    const statuses: number[] = []
    const service = create({ onResponse: ({ status }) => void statuses.push(status) })
    await ask(service, '/iiif/1/a.png/info.json')
    await ask(service, '/iiif/1/a.png/full/full/0/sepia.jpg')
    expect(statuses).toEqual([301, 400])
  })
})

describe('the prefix of version 1', () => {
  const http = { method: 'GET', mountPath: '', headers: {}, scheme: 'http' } as const

  it('may be another, or nobody’s, and is nobody’s where there is no version 2', async () => {
    const other = create({ version1Prefix: '/old' })
    expect((await ask(other, '/old/a.png/info.json')).status).toBe(301)
    for (const service of [other, create({ version1Prefix: false }), create({ prefixes: { 2: false } })])
      expect(await service.handle({ ...http, url: '/iiif/1/a.png/info.json' })).toBeUndefined()
  })

  it('is checked', () => {
    expect(() => create({ version1Prefix: 'iiif' })).toThrow('version1Prefix:')
  })
})
