/* Rows 1 to 21 of the checklist: the URI syntax and routing (Image API 3.0 and 2.1.1 sections 2, 3 and 9). */
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { cells, expectView, sizes } from './pictures.js'
import {
  createFolder,
  fetchCanonical,
  fetchImage,
  fetchInfo,
  fetchStatuses,
  readLink,
  type Server,
  startServer,
  whole,
} from './server.js'

const picture = sizes['300x200.png']
const difficultName = 'a?b#c[d]@e%f:g ü.png'
let pictures: string
let server: Server
let slashes: Server
let substitute: Server
/** A server that knows no image, and what it was asked for. */
let nobody: Server
const asked: string[] = []

beforeAll(async () => {
  const folder = await createFolder('300x200.png')
  const outside = await createFolder()
  await writeFile(join(outside, 'secret.png'), 'secret')
  await mkdir(join(folder, 'maps'))
  await copyFile(join(folder, '300x200.png'), join(folder, 'maps', 'a.png'))
  await copyFile(join(folder, '300x200.png'), join(folder, difficultName))
  await copyFile(join(folder, '300x200.png'), join(folder, 'bracket.png[page=1]'))
  await cells({ width: 20_000, height: 10 }).png().toFile(join(folder, 'strip.png'))
  await symlink(join(outside, 'secret.png'), join(folder, 'escape.png'))
  await symlink(outside, join(folder, 'away'))
  pictures = folder
  server = await startServer(folder)
  slashes = await startServer(folder, { allowSlashes: true })
  substitute = await startServer(folder, { slashSubstitute: '__' })
  nobody = await startServer(identifier => {
    asked.push(identifier)
    return undefined
  })
})

describe.each([2, 3] as const)('the URI syntax of version %i', version => {
  const prefix = `/iiif/${version}`
  const base = `${prefix}/300x200.png`
  const rest = `full/${whole[version]}/0/default.jpg`
  const size = { width: 150, height: 100 }

  test('1 an image request has five parameters, in this order, and all of them', async () => {
    await expectView(await fetchImage(server, `${base}/square/100,/90/default.png`), {
      picture,
      region: { x: 50, y: 0, width: 200, height: 200 },
      size: { width: 100, height: 100 },
      degrees: 90,
    })
    const swapped = [`0/${whole[version]}/full/default.jpg`, `full/0/${whole[version]}/default.jpg`]
    expect(
      await fetchStatuses(
        server,
        swapped.map(path => `${base}/${path}`),
      ),
    ).toEqual(swapped.map(path => `400 ${base}/${path}`))
    const short = ['full/0/default.jpg', 'default.jpg', `full/${whole[version]}/0`]
    expect(
      await fetchStatuses(
        server,
        short.map(path => `${base}/${path}`),
      ),
    ).toEqual(short.map(path => `404 ${base}/${path}`))
  })

  test('1 a prefix may be any path, also one that lies below that of the other version', async () => {
    const other = version === 2 ? 3 : 2
    const prefixes = { [version]: '/a/b', [other]: '/a' } as Record<2 | 3, string>
    const roots = { [version]: '/b', [other]: '' } as Record<2 | 3, string>
    for (const [options, path] of [
      [prefixes, '/a/b'],
      [roots, '/b'],
      [{ [version]: '', [other]: false }, ''],
    ] as const) {
      const at = await startServer(pictures, { prefixes: options })
      const info = await fetchInfo(at, `${path}/300x200.png/info.json`)
      expect(info['@context']).toBe(`http://iiif.io/api/image/${version}/context.json`)
      expect(info[version === 2 ? '@id' : 'id']).toBe(`${at.origin}${path}/300x200.png`)
    }
  })

  test('1 a request target in absolute form means the same (RFC 9112 section 3.2.2)', async () => {
    const reply = await server.ask(`${server.origin}${base}/info.json`)
    expect(reply.status).toBe(200)
    expect(JSON.parse(reply.body.toString())[version === 2 ? '@id' : 'id']).toBe(`${server.origin}${base}`)
  })

  test('2 the image information is at info.json', async () => {
    expect(await fetchInfo(server, `${base}/info.json`)).toMatchObject(picture)
  })

  test('3 the base URI redirects to info.json with 303', async () => {
    const reply = await server.ask(base)
    expect(reply.status).toBe(303)
    expect(reply.headers.location).toBe(`${server.origin}${base}/info.json`)
  })

  test('4 the base URI with a slash at its end redirects to the one without it', async () => {
    const reply = await server.ask(`${base}/`)
    expect(reply.status).toBe(301)
    expect(reply.headers.location).toBe(`${server.origin}${base}`)
  })

  test.each([
    ['as the client called the host', '300x200.png', { host: 'images.example.org' }],
    ['with its port', '300x200.png', { host: 'images.example.org:8080' }],
    ['with the escapes that the client wrote', '300x200%2epng', { host: 'a.example' }],
    ['with the slash still encoded', 'maps%2Fa.png', { host: 'a.example' }],
    [
      'with the colon as it came',
      encodeURIComponent(difficultName).replace('%3A', ':'),
      { host: 'a.example' },
    ],
  ])('5 the id is the base URI %s', async (_, identifier, headers) => {
    const reply = await server.ask(`${prefix}/${identifier}/info.json`, { headers })
    const info = JSON.parse(reply.body.toString())
    expect(info[version === 2 ? '@id' : 'id']).toBe(`http://${headers.host}${prefix}/${identifier}`)
  })

  test('6 what is no request is 404, what is one with a bad part is 400', async () => {
    const nothing = [
      `${base}/info.xml`,
      `${base}/full`,
      `${base}/info.json/`,
      `${base}//`,
      `${prefix}/`,
      '/elsewhere',
    ]
    expect(await fetchStatuses(server, nothing)).toEqual(nothing.map(path => `404 ${path}`))
    const bad = [`${base}/nothing/${whole[version]}/0/default.jpg`, `${base}/full/nothing/0/default.jpg`]
    expect(await fetchStatuses(server, bad)).toEqual(bad.map(path => `400 ${path}`))
  })

  test('6 random words in the place of a parameter are 400', async () => {
    const defaults = ['full', '150,', '0', 'default.jpg']
    let state = version
    // The characters of ASCII from "0" to "z", without those that end a segment.
    const letter = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return String.fromCharCode(48 + ((state >>> 8) % 75)).replace('?', '$')
    }
    for (let i = 0; i < 400; i += 1) {
      const word = `${letter()}${letter()}x${letter()}`
      const parts = defaults.map((part, at) => (at === i % 4 ? word : part))
      if (i % 8 === 3) parts[3] = `default.${word}`
      if (i % 8 === 7) parts[3] = `${word}.jpg`
      const path = `${base}/${parts.join('/')}`
      expect([path, (await server.ask(path)).status]).toEqual([path, 400])
    }
  })

  test('7 HEAD is refused where GET is, also for what only the encoder cannot do', async () => {
    for (const parameters of [
      `full/${whole[version]}/0/default.webp`,
      `full/${whole[version]}/90/default.avif`,
    ]) {
      const path = `${prefix}/strip.png/${parameters}`
      const got = await server.ask(path)
      const head = await server.ask(path, { method: 'HEAD' })
      expect([path, got.status, head.status]).toEqual([path, 400, 400])
    }
  })

  test.each([`${base}/info.json`, `${base}/${rest}`])(
    '7 GET, HEAD and OPTIONS are the methods of %s',
    async path => {
      const got = await server.ask(path)
      const head = await server.ask(path, { method: 'HEAD' })
      const { 'content-length': _length, date: _date, ...headers } = got.headers
      expect(head).toMatchObject({
        status: 200,
        body: Buffer.alloc(0),
        headers: expect.objectContaining(headers),
      })
      expect((await server.ask(path, { method: 'OPTIONS' })).status).toBe(204)
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND']) {
        const reply = await server.ask(path, { method })
        expect([method, reply.status]).toEqual([method, 405])
        expect(reply.headers.allow).toMatch(/\bGET\b.*\bHEAD\b.*\bOPTIONS\b/)
      }
    },
  )

  test('8 separators are literal slashes; an encoded one belongs to its part', async () => {
    await expectView(await fetchImage(server, `${prefix}/maps%2Fa.png/full/150,/0/default.jpg`), {
      picture,
      size,
    })
    const encoded = [
      `${base}%2F${rest}`,
      `${base}/full%2F150,/0/default.jpg`,
      `${base}/full/150,/0%2Fdefault.jpg`,
    ]
    for (const status of await fetchStatuses(server, encoded)) expect(status).toMatch(/^40[04] /)
  })

  test('9 what clients must encode in an identifier arrives, and a colon need not be encoded', async () => {
    const encoded = difficultName.replace(/[/?#[\]@% ü]/g, encodeURIComponent)
    expect(encoded).toContain(':')
    await expectView(await fetchImage(server, `${prefix}/${encoded}/full/150,/0/default.jpg`), {
      picture,
      size,
    })
  })

  test('9 brackets at the end of a name are a part of it, and no options for a decoder', async () => {
    const path = `${prefix}/300x200.png%5Bpage=1,dpi=9%5D/full/150,/0/default.jpg`
    expect((await server.ask(path)).status).toBe(404)
    const named = `${prefix}/bracket.png%5Bpage=1%5D/full/150,/0/default.jpg`
    await expectView(await fetchImage(server, named), { picture, size })
  })

  test.each<string[]>([
    ['%2D for a hyphen and %2E for a point', '300x200%2Epng/full/150%2C/0/default.jpg'],
    ['%2C for a comma', '300x200.png/0%2C0%2C300%2C200/150%2C100/0/default.jpg'],
    ['%3A for a colon', '300x200.png/pct%3A0,0,100,100/pct%3A50/0/default.jpg'],
    ['%21 for an exclamation mark', '300x200.png/full/%21150,150/0/default.jpg'],
    ['letters', '%33%30%30x200.png/%66ull/150,/%30/d%65fault.%6Apg'],
    ...(version === 3 ? [['%5E for a caret', '300x200.png/full/%5E150,/0/default.jpg']] : []),
  ])('10 encoding more than needed is harmless: %s', async (_, path) => {
    const plain = await fetchImage(server, `${base}/full/150,/0/default.jpg`)
    expect((await fetchImage(server, `${prefix}/${path}`)).equals(plain)).toBe(true)
  })

  test.each([
    ['ark:%2F12025%2F654xz321', 'ark:/12025/654xz321'],
    ['urn:foo:a123%2C456', 'urn:foo:a123,456'],
    ['info:lccn%2F%253C69', 'info:lccn/%3C69'],
    ['a%252Fb', 'a%2Fb'],
    ['b%C3%A4r', 'bär'],
  ])('11 the identifier %s is decoded once, to %s', async (encoded, identifier) => {
    asked.length = 0
    expect((await nobody.ask(`${prefix}/${encoded}/${rest}`)).status).toBe(404)
    expect((await nobody.ask(`${prefix}/${encoded}/info.json`)).status).toBe(404)
    expect(asked).toEqual([identifier, identifier])
  })

  test('12 an identifier may be a URL', async () => {
    asked.length = 0
    await nobody.ask(`${prefix}/http:%2F%2Fexample.com%2F%3F54%23a/info.json`)
    expect(asked).toEqual(['http://example.com/?54#a'])
  })

  test.each(['%zz', '%', 'a%', '%2', '%ff', '%C3', '%C3%28', '%ED%A0%80', '%F8%88%80%80%80'])(
    '13 the invalid escape %s is 400, in every part',
    async written => {
      const paths = [
        `${prefix}/${written}/${rest}`,
        `${prefix}/${written}/info.json`,
        `${base}/${written}/150,/0/default.jpg`,
        `${base}/full/${written}/0/default.jpg`,
        `${base}/full/150,/${written}/default.jpg`,
        `${base}/full/150,/0/default.${written}`,
      ]
      expect(await fetchStatuses(server, paths)).toEqual(paths.map(path => `400 ${path}`))
    },
  )

  test('14 an unencoded slash in an identifier is no request, unless the server reads paths from the right', async () => {
    const path = `${prefix}/maps/a.png/full/150,/0/default.jpg`
    expect((await server.ask(path)).status).toBe(404)
    await expectView(await fetchImage(slashes, path), { picture, size })
    expect(await fetchInfo(slashes, `${prefix}/maps/a.png/info.json`)).toMatchObject(picture)
    expect((await slashes.ask(`${prefix}/maps/a.png`)).headers.location).toBe(
      `${slashes.origin}${prefix}/maps/a.png/info.json`,
    )
    await expectView(await fetchImage(substitute, `${prefix}/maps__a.png/full/150,/0/default.jpg`), {
      picture,
      size,
    })
  })

  test('15 an identifier with unescaped brackets is 400 or 404', async () => {
    for (const path of [`${prefix}/[frob]/${rest}`, `${prefix}/[frob]/info.json`]) {
      expect([400, 404]).toContain((await server.ask(path)).status)
    }
  })

  test.each([
    '..%2F..%2Fetc%2Fpasswd',
    '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    '..',
    '.',
    '%2e%2e',
    '%2Fetc%2Fpasswd',
    '%00',
    '300x200.png%00.jpg',
    'maps%5Ca.png',
    '..%5C..%5Cetc%5Cpasswd',
    'C:%5Cwindows',
    'C:%2Fwindows',
    'maps%2F..%2F300x200.png',
    'maps%2F%2Fa.png',
    'escape.png',
    'away%2Fsecret.png',
    'maps',
    '%0d%0aSet-Cookie:%20a=b',
  ])('16 nothing is read outside of the root, nor through detours: %s', async identifier => {
    for (const tail of [rest, 'info.json']) {
      const reply = await server.ask(`${prefix}/${identifier}/${tail}`)
      expect([400, 404]).toContain(reply.status)
      expect(reply.body.toString()).not.toMatch(/secret|root:|honeydew-conformance/)
      expect(reply.headers['set-cookie']).toBeUndefined()
    }
  })

  test('17 what cannot be right is refused before anything is looked up', async () => {
    asked.length = 0
    const paths = [
      '1,2,3/max/0/default.jpg',
      'full/0,/0/default.jpg',
      'full/max/361/default.jpg',
      'full/max/0/native.jpg',
      'full/max/0/default.xyz',
      'full/max/0/default.jp2',
      `${'9'.repeat(6000)},0,1,1/max/0/default.jpg`,
    ].map(path => `${prefix}/anything/${path}`)
    for (const path of paths) expect([400, 501]).toContain((await nobody.ask(path)).status)
    expect(asked).toEqual([])
    expect((await server.ask(`${prefix}/${'a'.repeat(9000)}/info.json`)).status).toBe(400)
  })

  test('18 a query is no part of the request: it changes neither image nor canonical URI nor id', async () => {
    const plain = await server.ask(`${base}/${rest}`)
    const asked = await server.ask(`${base}/${rest}?v=2&x=%zz&/full/max/0/gray.png`)
    expect(asked.status).toBe(200)
    expect(asked.body.equals(plain.body)).toBe(true)
    expect(readLink(asked, 'canonical')).toBe(readLink(plain, 'canonical'))
    expect(readLink(asked, 'canonical')).not.toContain('?')
    const info = await fetchInfo(server, `${base}/info.json?v=2`)
    expect(info[version === 2 ? '@id' : 'id']).toBe(`${server.origin}${base}`)
    expect((await server.ask(`${base}?v=2`)).headers.location).toBe(`${server.origin}${base}/info.json`)
  })

  test('19 redirects have a location, and neither they nor 304 have a body', async () => {
    for (const path of [base, `${base}/`]) {
      const reply = await server.ask(path)
      expect(reply.headers.location).toMatch(/^http:\/\/127\.0\.0\.1:/)
      expect(reply.body).toHaveLength(0)
    }
    const { headers } = await server.ask(`${base}/${rest}`)
    const again = await server.ask(`${base}/${rest}`, { headers: { 'if-none-match': headers.etag ?? '' } })
    expect(again.status).toBe(304)
    expect(again.body).toHaveLength(0)
  })

  test.each([
    'FULL/150,/0/default.jpg',
    'Square/150,/0/default.jpg',
    'PCT:0,0,50,50/150,/0/default.jpg',
    'full/MAX/0/default.jpg',
    'full/PCT:50/0/default.jpg',
    'full/150,/0/Default.jpg',
    'full/150,/0/default.JPG',
  ])('20 parameters are in lower case: %s is 400', async path => {
    expect((await server.ask(`${base}/${path}`)).status).toBe(400)
  })

  test('21 the format is never left out', async () => {
    for (const name of ['default', 'default.', 'jpg', '.jpg']) {
      expect((await server.ask(`${base}/full/150,/0/${name}`)).status).toBe(400)
    }
    expect(await fetchCanonical(server, base, 'full/150,/0/default.jpg')).toMatch(/\/default\.jpg$/)
  })
})
