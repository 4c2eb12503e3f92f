// What lies at the edges of access: sources that are elsewhere, pages, identifiers that name no scales, endpoints of logins
// below the prefix of images, and a service that is closed.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AuthorizeContext } from '../../src/access/authorize.js'
import { allow, deny, scale, tier } from '../../src/access/result.js'
import type { SourceAnswer } from '../../src/contracts.js'
import type { ImageServiceOptions } from '../../src/options.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { fileSource } from '../../src/source/file.js'
import { createFolder, decode, pixelAt } from '../image/picture.js'
import { ask, askForError } from './ask.js'

let folder: string
const services: ImageService[] = []
const colours = ['#c04020', '#20c040', '#2040c0'] as const

const flow = {
  keys: 'a secret of more than thirty-two bytes',
  services: [{ profile: 'active', login: 'https://example.org/login', label: 'Log in' }],
} as const

beforeAll(async () => {
  folder = await createFolder()
  const pages = await Promise.all(
    colours.map(background =>
      sharp({ create: { width: 80, height: 60, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  )
  const book = sharp(pages, { join: { animated: true } })
  await writeFile(join(folder, 'book.gif'), await book.gif({ delay: [50, 50, 50] }).toBuffer())
})

afterAll(async () => {
  await Promise.all(services.map(service => service.close()))
})

function create(options: Partial<ImageServiceOptions> = {}): ImageService {
  const service = createImageService({ source: fileSource(folder), ...options })
  services.push(service)
  return service
}

const readProbe = async (service: ImageService, identifier: string) => {
  const { status, bytes } = await ask(service, `/iiif/auth/2/probe/3/${identifier}`)
  expect(status).toBe(200)
  return JSON.parse(bytes.toString())
}

describe('an image that is elsewhere', () => {
  const elsewhere =
    (answer: SourceAnswer): ImageServiceOptions['source'] =>
    identifier =>
      identifier === 'old' ? answer : undefined
  const renamed = elsewhere({ kind: 'redirect', status: 301, identifier: 'new name' })
  const tiers = { public: {}, staff: {} }

  it.each<[asked: string, location: string]>([
    ['old/full/max/0/default.jpg', 'new%20name/full/max/0/default.jpg'],
    ['old;tier=public/full/max/0/default.jpg', 'new%20name;tier=public/full/max/0/default.jpg'],
    ['old;2;1:3/info.json', 'new%20name;2;1:3/info.json'],
    ['old/info.json?page=2', 'new%20name/info.json?page=2'],
  ])('is shown there as it would be here: %s', async (asked, location) => {
    const service = create({ source: renamed, tiers, authorize: () => allow() })
    const { status, headers } = await ask(service, `/iiif/3/${asked}`)
    expect([status, headers.Location]).toEqual([301, `http://localhost/iiif/3/${location}`])
    expect(headers['Cache-Control']).toBe('private, no-store')
  })

  it('keeps its page where nobody is asked', async () => {
    const { headers } = await ask(create({ source: renamed }), '/iiif/3/old;2/info.json')
    expect(headers.Location).toBe('http://localhost/iiif/3/new%20name;2/info.json')
  })

  it('is where the probe says', async () => {
    const service = create({ source: renamed, tiers, authorize: () => allow(), flow })
    expect(await readProbe(service, 'old;tier=public')).toMatchObject({
      status: 301,
      location: { id: 'http://localhost/iiif/3/new%20name;tier=public', type: 'ImageService3' },
    })
    const other = elsewhere({ kind: 'redirect', status: 302, location: 'https://example.org/iiif/old' })
    expect(await readProbe(create({ source: other, authorize: () => allow(), flow }), 'old')).toMatchObject({
      status: 302,
      location: { id: 'https://example.org/iiif/old' },
    })
  })

  it('is nowhere for who may not see it', async () => {
    const service = create({ source: renamed, authorize: () => deny(403), flow })
    for (const path of ['/iiif/3/old/full/max/0/default.jpg', '/iiif/3/old/info.json']) {
      const { status, headers, bytes } = await ask(service, path)
      expect([status, headers.Location]).toEqual([403, undefined])
      expect(bytes.toString()).not.toContain('new')
    }
    expect(JSON.stringify(await readProbe(service, 'old'))).not.toContain('new')
  })
})

describe('a page', () => {
  const url = (page: number, query = '') => `/iiif/3/book.gif;${page}/full/max/0/default.png${query}`

  it('may be shown where another is not, whichever way it is named', async () => {
    const seen: AuthorizeContext[] = []
    const service = create({
      authorize: context => {
        seen.push(context)
        return context.stage === 'image' && context.page === 2 ? deny(403) : allow()
      },
    })
    expect((await ask(service, url(3))).status).toBe(200)
    expect((await ask(service, url(2))).status).toBe(403)
    expect((await ask(service, '/iiif/3/book.gif/full/max/0/default.png?page=2')).status).toBe(403)
    expect((await ask(service, '/iiif/3/book.gif/info.json?page=2')).status).toBe(403)
    expect((await ask(service, '/iiif/3/book.gif/full/max/0/default.png')).status).toBe(200)
    for (const { identifier } of seen) expect(identifier).toBe('book.gif')
  })

  it('has redactions of its own', async () => {
    const box = { x: 0, y: 0, width: 80, height: 60 }
    const service = create({ redactions: ({ page }) => (page === 2 ? [box] : undefined) })
    const colourOf = async (page: number) =>
      pixelAt(await decode((await ask(service, url(page))).bytes), 40, 30).slice(0, 3)
    expect(await colourOf(2)).toEqual([0, 0, 0])
    expect(await colourOf(3)).not.toEqual([0, 0, 0])
  })

  it('that there is not tells nothing of an image that is hidden', async () => {
    const service = create({
      authorize: ({ stage, identifier }) =>
        stage === 'image' && identifier === 'book.gif' ? deny(404) : allow(),
    })
    for (const path of [
      ';2/info.json',
      ';9/info.json',
      ';9/full/max/0/default.png',
      '/full/max/0/default.png?page=9',
      ';3;1:2/full/999,/0/default.png',
    ]) {
      const [hidden, missing] = await Promise.all(
        ['book.gif', 'none.gif'].map(identifier => ask(service, `/iiif/3/${identifier}${path}`)),
      )
      expect([path, hidden]).toEqual([path, missing])
      expect(hidden?.status).toBe(404)
    }
  })

  it('that a query names has a probe of its own', async () => {
    const service = create({ authorize: ({ user }) => (user ? allow() : deny(401)), flow })
    for (const path of ['book.gif;2/info.json', 'book.gif/info.json?page=2']) {
      const info = JSON.parse((await ask(service, `/iiif/3/${path}`)).bytes.toString())
      expect(info.service[0].id).toBe('http://localhost/iiif/auth/2/probe/3/book.gif;2')
    }
  })
})

describe('a part that is granted', () => {
  it.each([undefined, flow])('is denied where no identifier can name it, and leads nowhere', async given => {
    const service = create({
      metaIdentifiers: false,
      authorize: () => scale(1, 2),
      ...(given && { flow: given }),
    })
    for (const path of ['full/max/0/default.jpg', 'info.json']) {
      expect(await askForError(service, `/iiif/3/book.gif/${path}`)).toMatchObject({
        status: 403,
        code: 'access-denied',
      })
    }
    if (given) expect(await readProbe(service, 'book.gif')).toMatchObject({ status: 403 })
  })

  it('is a part of a tier too', async () => {
    const service = create({
      authorize: () => tier('small'),
      tiers: { small: { scale: { maxWidth: 40 } }, all: {} },
    })
    const widthOf = async (suffix: string) => {
      const { bytes } = await ask(service, `/iiif/3/book.gif${suffix}/full/max/0/default.png`)
      return (await decode(bytes)).width
    }
    expect(await widthOf(';tier=small')).toBe(40)
    expect(await widthOf(';1:4;tier=small')).toBe(20)
    expect(await widthOf(';3:4;tier=small')).toBe(40)
    const { headers } = await ask(service, '/iiif/3/book.gif;1:4/full/max/0/default.png')
    expect(headers.Location).toBe('http://localhost/iiif/3/book.gif;tier=small/full/max/0/default.png')
  })
})

describe('the endpoints of a flow', () => {
  it.each(['', '/iiif', '/iiif/authors'])('are found where the prefix of images is %j', async prefix => {
    const statuses: number[] = []
    const service = create({
      prefixes: { 2: false, 3: prefix },
      authorize: ({ user }) => (user ? allow() : deny(401)),
      flow,
      onResponse: ({ status }) => statuses.push(status),
    })
    expect(await readProbe(service, 'book.gif')).toMatchObject({ status: 401 })
    expect((await ask(service, '/iiif/auth/2/token')).headers['Content-Type']).toMatch(/^text\/html/)
    expect((await ask(service, '/iiif/auth/2/nothing')).status).toBe(404)
    expect((await ask(service, `${prefix}/book.gif/info.json`)).status).toBe(200)
    // They are reported and counted as everything else is.
    expect(statuses).toEqual([200, 200, 404, 200])
    expect(service.stats().responses).toEqual({ 200: 3, 404: 1 })
  })

  it.each(['/iiif/auth', '/iiif/auth/images'])('cannot lie above images: %s', prefix => {
    expect(() => create({ prefixes: { 3: prefix }, authorize: () => allow(), flow })).toThrow(
      /^flow\.prefix: /,
    )
  })

  it('are closed with the service', async () => {
    const service = create({ authorize: () => allow(), flow })
    await service.close()
    expect((await ask(service, '/iiif/auth/2/probe/3/book.gif')).status).toBe(503)
  })
})

describe('what else the application is asked', () => {
  it('is which images a login is for, where that matters: not for tiles that are given', async () => {
    const asked: string[] = []
    const protects = (identifier: string) => {
      asked.push(identifier)
      return identifier !== 'book.gif'
    }
    const service = create({
      authorize: ({ headers }) => (headers.user ? allow() : tier('public')),
      tiers: { public: {}, all: {} },
      flow: { ...flow, protects },
    })
    const image = '/iiif/3/book.gif/full/max/0/default.png'
    for (let turn = 0; turn < 3; turn += 1) await ask(service, image, { headers: { user: 'ada' } })
    expect(asked).toEqual([])
    // Without a login for it, an image that is not given leads to the tier that is.
    expect((await ask(service, image)).status).toBe(302)
    const info = await ask(service, '/iiif/3/book.gif/info.json', { headers: { user: 'ada' } })
    expect(JSON.parse(info.bytes.toString())).not.toHaveProperty('service')
    expect(new Set(asked)).toEqual(new Set(['book.gif']))
  })

  it.each<[what: string, Partial<ImageServiceOptions>, header: string]>([
    ['everybody the same', {}, 'public, max-age=86400'],
    ['each what is his', { redactions: () => undefined }, 'private, no-cache'],
  ])(
    'is what to add to info.json, which is kept as it may be where it is told %s',
    async (_, options, header) => {
      const users: unknown[] = []
      const service = create({
        ...options,
        authenticate: () => 'ada',
        info: ({ user }) => {
          users.push(user)
          return {}
        },
      })
      const { headers } = await ask(service, '/iiif/3/book.gif/info.json')
      expect(headers['Cache-Control']).toBe(header)
      // A service that asks nobody about images tells its hook of nobody.
      expect(users).toEqual([header.startsWith('public') ? undefined : 'ada'])
    },
  )
})

it('Server-Timing tells nothing of what is hidden', async () => {
  const service = create({
    serverTiming: true,
    authorize: ({ stage, identifier }) =>
      stage === 'image' && identifier === 'book.gif' ? deny(404) : allow(),
  })
  const named = async (identifier: string) =>
    String((await ask(service, `/iiif/3/${identifier}/info.json`)).headers['Server-Timing']).replace(
      /[\d.]+/g,
      '',
    )
  expect(await named('book.gif')).toBe(await named('none.gif'))
})
