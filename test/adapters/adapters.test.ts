import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { doors } from './doors.js'
import { type Reply, tls } from './server.js'
import { folder, makeImage, openSite, type Site } from './site.js'
import { colourOf, names, secret } from './sources.js'

let site: Site

beforeAll(() => {
  // Frameworks print what breaks off.
  vi.spyOn(console, 'error').mockImplementation(() => {})
})

async function readColour(body: Uint8Array): Promise<number[]> {
  const { data } = await sharp(body).raw().toBuffer({ resolveWithObject: true })
  return [...data.subarray(0, 3)]
}

function withoutDate({ headers }: Reply): Reply['headers'] {
  const { date: _date, connection: _connection, 'keep-alive': _keepAlive, ...rest } = headers
  return rest
}

const image = '/iiif/3/noise.png/10,20,100,80/50,/0/default.jpg'
const whole = '/iiif/3/noise.png/full/max/0/default.png'
const text = 'text/plain; charset=utf-8'

type Headers = Record<string, string | undefined>

function row(title: string, method: string, path: string, status: number, headers: Headers = {}) {
  return { title, method, path, status, headers }
}

const rows = [
  row('an image', 'GET', image, 200, { 'content-type': 'image/jpeg' }),
  row('an image of version 2', 'GET', '/iiif/2/plain.png/full/full/0/gray.png', 200),
  row('an image with a query', 'GET', `${image}?a=/b/c`, 200, { 'content-type': 'image/jpeg' }),
  row('an unchanged image', 'GET', whole, 200, {
    'content-type': 'image/png',
    'transfer-encoding': undefined,
  }),
  row('info.json', 'GET', '/iiif/3/plain.png/info.json', 200, { 'access-control-allow-origin': '*' }),
  row('a base URI', 'GET', '/iiif/3/plain.png', 303, { 'content-length': '0', 'content-type': undefined }),
  row('a trailing slash', 'GET', '/iiif/3/plain.png/', 301, {
    'content-length': '0',
    'content-type': undefined,
  }),
  row('a preflight', 'OPTIONS', image, 204, { allow: 'GET, HEAD, OPTIONS', 'content-type': undefined }),
  row('a method that there is not', 'DELETE', image, 405, {
    allow: 'GET, HEAD, OPTIONS',
    'content-type': text,
  }),
  row('a method with a body', 'POST', image, 405),
  row('an unknown identifier', 'GET', '/iiif/3/nobody.png/info.json', 404),
  row('an empty identifier', 'GET', '/iiif/3//info.json', 404),
  row('a path under the prefix that is no request', 'GET', '/iiif/3/a/b/c', 404),
  row('a bad region', 'GET', '/iiif/3/plain.png/1,2,3/max/0/default.jpg', 400, { 'content-type': text }),
  row('a bad escape', 'GET', '/iiif/3/50%.png/info.json', 400),
  row('an identifier that leaves the folder', 'GET', '/iiif/3/..%2Fsecret.png/info.json', 400),
  row('an identifier with NUL', 'GET', '/iiif/3/a%00.png/info.json', 400),
  row('a resolver that throws', 'GET', '/iiif/3/throws.png/info.json', 500),
]

describe.each(doors)('$name', door => {
  const isSecure = door.transport === 'https' || door.transport === 'h2'
  if (isSecure && tls === undefined) {
    it.skip('is not tested: openssl is missing')
    return
  }
  beforeAll(async () => {
    site = await openSite(door)
  })
  afterAll(() => site.close())

  it.each(rows)('answers $title', async ({ method, path, status, headers }) => {
    const body = method === 'POST' ? { body: 'x'.repeat(100_000) } : {}
    const reply = await site.send(path, { method, ...body })
    expect(reply.status).toBe(status)
    expect(reply.headers['access-control-allow-origin']).toBe('*')
    for (const [name, value] of Object.entries(headers))
      expect([name, reply.headers[name]]).toEqual([name, value])
    if (status >= 300 && status < 400) expect(reply.headers.location).toMatch(`${site.root}/plain.png`)
    if (status < 400) return
    expect(reply.body.length).toBe(Number(reply.headers['content-length']))
    expect(reply.body.toString()).not.toMatch(`${secret}|TypeError|    at `)
  })

  it('gives the bytes that the service makes', async () => {
    for (const path of [image, whole, '/iiif/2/a%2Fb.png/full/20,/!90/color.webp']) {
      const { body, headers } = await site.send(path)
      const expected = await makeImage(path)
      expect(body.equals(expected)).toBe(true)
      expect(headers['content-length']).toBe(String(expected.byteLength))
    }
    expect((await site.send(whole)).body.equals(await readFile(join(folder, 'noise.png')))).toBe(true)
  })

  it.each(names)('keeps the identifier %s as it was sent', async (sent, file) => {
    const info = await site.send(`/iiif/3/${sent}/info.json`)
    expect(JSON.parse(info.body.toString())).toMatchObject({
      id: `${site.root}/${sent}`,
      width: 40,
      height: 30,
    })
    const { body } = await site.send(`/iiif/3/${sent}/square/max/0/default.png`)
    expect(await readColour(body)).toEqual(colourOf(file))
    const base = await site.send(`/iiif/3/${sent}`)
    expect(base.headers.location).toBe(`${site.root}/${sent}/info.json`)
  })

  it.each([image, whole, '/iiif/3/plain.png/info.json', '/iiif/3/plain.png', '/iiif/3/x.png/info.json'])(
    'answers HEAD of %s with the headers of GET and no body',
    async path => {
      const get = await site.send(path)
      const head = await site.send(path, { method: 'HEAD' })
      expect(head.status).toBe(get.status)
      expect(head.body.length).toBe(0)
      // What would have to be made first may lack its length (RFC 9110 section 9.3.2).
      const { 'content-length': length, ...expected } = withoutDate(get)
      expect(withoutDate(head)).toMatchObject(expected)
      expect(head.headers['content-length'] ?? length).toBe(length)
    },
  )

  it('answers 304 without a body to who has the image already', async () => {
    const { headers } = await site.send(image)
    const reply = await site.send(image, { headers: { 'if-none-match': String(headers.etag) } })
    expect([reply.status, reply.body.length, reply.headers['content-type']]).toEqual([304, 0, undefined])
    expect(reply.headers.etag).toBe(headers.etag)
  })

  it.each([
    ['/elsewhere', 200, 'elsewhere'],
    ['/', 404, 'nobody'],
    ['//iiif/3/plain.png/info.json', 404, 'nobody'],
    ['/iiif/30/plain.png/info.json', 404, 'nobody'],
    ['/iiif%2F3/plain.png/info.json', 404, 'nobody'],
  ])('passes on what is not its own: %s', async (path, status, body) => {
    const reply = await site.send(path)
    expect([reply.status, reply.body.toString()]).toEqual([status, body])
  })

  it('lets middleware before it see every status', async () => {
    site.log.length = 0
    const paths = [image, '/iiif/3/plain.png', '/iiif/3/x.png/info.json', '/elsewhere']
    for (const path of paths) await site.send(path)
    await site.send(image, { method: 'HEAD' })
    await site.send(image, { method: 'OPTIONS' })
    const expected = ['GET 200', 'GET 303', 'GET 404', 'GET 200', 'HEAD 200', 'OPTIONS 204']
    await vi.waitFor(() => expect(site.log).toEqual(expected))
  })

  it('says in info.json what the proxy in front of it says', async () => {
    const headers = {
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'images.example',
      'x-forwarded-path': '/public/',
      'x-forwarded-id': 'own%2Fname',
    }
    const { body } = await site.send('/iiif/3/plain.png/info.json', { headers })
    expect(JSON.parse(body.toString()).id).toBe('https://images.example/public/iiif/3/own%2Fname')
  })

  it('answers many requests at once over few connections', async () => {
    const before = site.connections()
    const paths = Array.from({ length: 24 }, (_, i) =>
      i % 6 === 5
        ? '/iiif/3/x.png/info.json'
        : `/iiif/3/noise.png/${(i % 12) * 8},${i},64,64/32,/0/default.png`,
    )
    const replies = await Promise.all(paths.map(path => site.send(path)))
    for (const [i, { status, body }] of replies.entries()) {
      expect(status).toBe(i % 6 === 5 ? 404 : 200)
      if (status === 200) expect(body.equals(await makeImage(paths[i]!))).toBe(true)
    }
    expect(site.connections() - before).toBeLessThanOrEqual(2)
  })

  it.each(['breaks.png', 'breaks-sizeless.png', 'breaks-at-once.png'])(
    'breaks the connection off when the source breaks off: %s',
    async identifier => {
      const broken = site.send(`/iiif/3/${identifier}/full/max/0/default.png`)
      // Whoever still finds that nothing was sent may say so with an error instead.
      const outcome = await broken.then(
        ({ status, body }) => [status >= 500, body.toString().includes(secret)],
        () => [true, false],
      )
      expect(outcome).toEqual([true, false])
      // A client may have taken the answer for whole, and its connection for one to use again.
      await vi.waitFor(async () => expect((await site.send(image)).status).toBe(200))
    },
  )

  it('aborts the signal of the resolver when the client leaves', async () => {
    const client = new AbortController()
    const asked = once(site.events, 'asked')
    const gone = site.send('/iiif/3/hangs.png/info.json', { signal: client.signal })
    const [signal] = (await asked) as [AbortSignal]
    const aborted = once(signal, 'abort')
    expect(signal.aborted).toBe(false)
    client.abort()
    await expect(gone).rejects.toThrow()
    await aborted
    expect((await site.send(image)).status).toBe(200)
  })

  it('closes the stream of the source when the client leaves', async () => {
    const client = new AbortController()
    const closed = once(site.events, 'closed')
    const path = '/iiif/3/endless.png/full/max/0/default.png'
    const gone = site.send(path, { signal: client.signal, onData: () => client.abort() })
    await expect(gone).rejects.toThrow()
    await closed
  })

  it.each([[['/images']], [['/a', '/b']]])('works below %j', async mounts => {
    const mounted = await openSite(door, mounts)
    const path = mounts.join('')
    try {
      const info = await mounted.send(`${path}/iiif/3/a%2Fb.png/info.json?x=1`)
      expect(JSON.parse(info.body.toString()).id).toBe(`${mounted.root}/a%2Fb.png`)
      const { headers } = await mounted.send(`${path}/iiif/3/a%2Fb.png/`)
      expect(headers.location).toBe(`${mounted.root}/a%2Fb.png`)
      const reply = await mounted.send(`${path}${image}`)
      expect(reply.body.equals(await makeImage(image))).toBe(true)
      expect(reply.headers.link).toContain(`<${mounted.root}/noise.png/10,20,100,80/50,40/0/default.jpg>`)
      for (const other of [path, `${path}/`, `${path}x${image}`, `${path}/other`]) {
        const passedOn = await mounted.send(other)
        expect([other, passedOn.status, passedOn.body.toString()]).toEqual([other, 404, 'nobody'])
      }
    } finally {
      await mounted.close()
    }
  })
})
