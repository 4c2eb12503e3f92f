import { describe, expect, it } from 'vitest'
import type { AccessOptions } from '../../src/access/access.js'
import { grant } from '../../src/access/login.js'
import { allow } from '../../src/access/result.js'
import {
  ask,
  flowOptions,
  get,
  type Reader,
  readCookie,
  readJson,
  readPosted,
  resolveFlowAccess,
  start,
} from './site.js'

const client = 'https://client.example.org'
const query = `messageId=ae3415&origin=${client}`

function open(options: Partial<AccessOptions<Reader>> = {}) {
  return resolveFlowAccess({ authorize: () => allow(), flow: flowOptions, ...options })
}

// By its header: what a session of the application is.
const authenticate: AccessOptions<Reader>['authenticate'] = ({ headers }) =>
  headers['x-user'] === undefined ? undefined : { id: String(headers['x-user']) }
const ada = { headers: { 'x-user': 'ada' } }

describe('the token service of version 2', () => {
  it('posts a token to who asks for it, to the origin that was given', async () => {
    const access = open({ authenticate })
    const reply = await get(access, `/iiif/auth/2/token?${query}`, ada)
    expect(reply.status).toBe(200)
    expect(reply.headers['Content-Type']).toBe('text/html; charset=utf-8')
    const { message, target } = readPosted(reply)
    expect(target).toBe(client)
    expect(message).toEqual({
      '@context': 'http://iiif.io/api/auth/2/context.json',
      type: 'AuthAccessToken2',
      accessToken: expect.stringMatching(/^default\.[\w-]+\.[\w-]{43}$/),
      expiresIn: 300,
      messageId: 'ae3415',
    })
    expect(access.flow.token.box.open(String(message.accessToken))).toEqual({
      kind: 'valid',
      claims: { user: { id: 'ada' }, expires: start + 300 },
    })
  })

  it('takes the slash that version 1 has behind an origin', async () => {
    const reply = await get(open({ authenticate }), `/iiif/auth/2/token?${query}/`, ada)
    expect(readPosted(reply)).toMatchObject({ target: client, message: { type: 'AuthAccessToken2' } })
  })

  it('never lets a token outlive the cookie that it stands for', async () => {
    let now = start
    const login = () => grant({ id: 'ada' })
    const flow = {
      ...flowOptions,
      now: () => now * 1000,
      services: [{ profile: 'kiosk', login, label: 'Gallery' } as const],
    }
    const access = open({ flow })
    const headers = { cookie: readCookie(await get(access, '/iiif/auth/2/access/kiosk')) }
    now = start + 3590
    expect(readPosted(await get(access, `/iiif/auth/2/token?${query}`, { headers })).message.expiresIn).toBe(
      10,
    )
    now = start + 3600
    expect(readPosted(await get(access, `/iiif/auth/2/token?${query}`, { headers })).message).toMatchObject({
      type: 'AuthAccessTokenError2',
      profile: 'expiredAspect',
    })
  })

  const failing = () => {
    throw new Error('no database')
  }

  it.each<
    [
      profile: string,
      options: Partial<AccessOptions<Reader>>,
      query: string,
      headers?: Record<string, string>,
    ]
  >([
    ['missingAspect', {}, query],
    ['missingAspect', { authenticate }, query],
    ['missingAspect', { authenticate }, query, { authorization: 'Bearer x' }],
    ['missingAspect', {}, query, { cookie: 'honeydew=a.b.c' }],
    ['invalidAspect', {}, query, { cookie: '__Host-honeydew=a.b.c' }],
    ['unavailable', { authenticate: failing }, query],
    ['unavailable', { authenticate: async () => failing() }, query],
    ['unavailable', { authenticate: () => new Promise(() => {}), authorizeTimeoutMs: 5 }, query],
    ['unavailable', { authenticate, flow: { ...flowOptions, toToken: failing } }, query, ada.headers],
    [
      'unavailable',
      { authenticate, flow: { ...flowOptions, toToken: () => 'x'.repeat(4000) } },
      query,
      ada.headers,
    ],
    ['invalidOrigin', { authenticate, flow: { ...flowOptions, origins: failing } }, query, ada.headers],
    ['invalidOrigin', { authenticate, flow: { ...flowOptions, origins: [] } }, query, ada.headers],
    [
      'invalidOrigin',
      { authenticate, flow: { ...flowOptions, origins: ['https://other.example'] } },
      query,
      ada.headers,
    ],
    [
      'invalidOrigin',
      { authenticate, flow: { ...flowOptions, origins: async () => failing() } },
      query,
      ada.headers,
    ],
    [
      'invalidOrigin',
      { authenticate, flow: { ...flowOptions, origins: (() => 'yes') as never } },
      query,
      ada.headers,
    ],
    ['invalidRequest', { authenticate }, `origin=${client}`, ada.headers],
  ])('posts %s', async (profile, options, query, headers = {}) => {
    const { message, target } = readPosted(
      await get(open(options), `/iiif/auth/2/token?${query}`, { headers }),
    )
    expect(message).toMatchObject({ type: 'AuthAccessTokenError2', profile, heading: {}, note: {} })
    expect(message).not.toHaveProperty('accessToken')
    expect(target).toBe(client)
  })

  it.each([
    '',
    '&origin=null',
    '&origin=*',
    '&origin=javascript:alert(1)',
    '&origin=https://a.example/x',
    '&origin=',
  ])('gives no token without an origin (%s), and tells everybody just that', async origin => {
    const reply = await get(open({ authenticate }), `/iiif/auth/2/token?messageId=1${origin}`, ada)
    const { message, target } = readPosted(reply)
    expect(reply.status).toBe(200)
    expect(target).toBe('*')
    expect(message).toMatchObject({ profile: 'invalidRequest', messageId: '1' })
    expect(String(reply.body)).not.toContain('accessToken')
  })

  it.each([
    '</script><script>alert(1)</script>',
    '"}, "*"); alert(1); ({"',
    "');alert(1)//",
    '\u2028',
    '<!--',
  ])('repeats the messageId %j as text only', async messageId => {
    const url = `/iiif/auth/2/token?origin=${client}&messageId=${encodeURIComponent(messageId)}`
    const reply = await get(open({ authenticate }), url, ada)
    expect(readPosted(reply)).toMatchObject({ target: client, message: { messageId } })
    expect(String(reply.body).match(/<script/g)).toHaveLength(1)
  })

  it('takes the first of several origins for message and check alike', async () => {
    const flow = { ...flowOptions, origins: ['https://good.example'] }
    const url = '/iiif/auth/2/token?messageId=1&origin=https://good.example&origin=https://evil.example'
    expect(readPosted(await get(open({ authenticate, flow }), url, ada)).target).toBe('https://good.example')
    const other = '/iiif/auth/2/token?messageId=1&origin=https://evil.example&origin=https://good.example'
    expect(readPosted(await get(open({ authenticate, flow }), other, ada)).message.profile).toBe(
      'invalidOrigin',
    )
  })

  it('can be read by no script of another page, and is kept by nobody', async () => {
    const { headers } = await get(open({ authenticate }), `/iiif/auth/2/token?${query}`, ada)
    expect(headers).not.toHaveProperty('Access-Control-Allow-Origin')
    expect(headers['Cache-Control']).toBe('private, no-store')
    const options = await get(open(), '/iiif/auth/2/token', { method: 'OPTIONS' })
    expect(options).toEqual({ status: 204, headers: { Allow: 'GET, HEAD, OPTIONS' } })
  })

  it('gives no token for a token', async () => {
    const access = open({ authenticate })
    const { message } = readPosted(await get(access, `/iiif/auth/2/token?${query}`, ada))
    const headers = {
      authorization: `Bearer ${message.accessToken}`,
      cookie: `__Host-honeydew=${message.accessToken}`,
    }
    expect(readPosted(await get(access, `/iiif/auth/2/token?${query}`, { headers })).message.profile).toBe(
      'invalidAspect',
    )
  })

  it('tells the head of its page to HEAD', async () => {
    const reply = await get(open(), `/iiif/auth/2/token?${query}`, { method: 'HEAD' })
    expect(reply.body).toBeUndefined()
    expect(Number(reply.headers['Content-Length'])).toBeGreaterThan(100)
  })
})

describe('the token service of version 1', () => {
  it('posts a token where there is a messageId', async () => {
    const { message, target } = readPosted(
      await get(open({ authenticate }), `/iiif/auth/1/token?${query}`, ada),
    )
    expect(message).toEqual({ accessToken: expect.any(String), expiresIn: 300, messageId: 'ae3415' })
    expect(target).toBe(client)
  })

  it('posts an error in its own words', async () => {
    const { message } = readPosted(await get(open(), `/iiif/auth/1/token?${query}`))
    expect(message).toMatchObject({ error: 'missingCredentials', messageId: 'ae3415' })
  })

  it('gives programs JSON, with a status', async () => {
    const found = await get(open({ authenticate }), '/iiif/auth/1/token', ada)
    expect(found).toMatchObject({ status: 200, headers: { 'Content-Type': 'application/json' } })
    expect(readJson(found)).toEqual({ accessToken: expect.any(String), expiresIn: 300 })
    const missing = await get(open({ authenticate }), '/iiif/auth/1/token')
    expect(missing.status).toBe(401)
    expect(readJson(missing)).toMatchObject({ error: 'missingCredentials' })
    expect(missing.headers).not.toHaveProperty('Access-Control-Allow-Origin')
  })

  it('knows no callbacks: JSON is never a script', async () => {
    const reply = await get(open({ authenticate }), '/iiif/auth/1/token?callback=steal', ada)
    expect(reply.headers).toMatchObject({
      'Content-Type': 'application/json',
      'X-Content-Type-Options': 'nosniff',
    })
    expect(String(reply.body)).not.toContain('steal')
  })

  it('gives tokens that count for version 2, because they stand for the same', async () => {
    const access = open({ authenticate })
    const { accessToken } = readJson(await get(access, '/iiif/auth/1/token', ada))
    expect(access.flow.token.box.open(String(accessToken)).kind).toBe('valid')
  })
})

it('what lies under another prefix is somebody else’s', async () => {
  expect(await ask(open(), '/iiif/3/cats/info.json')).toBeUndefined()
  expect(await ask(open(), '/iiif/auth')).toBeUndefined()
  expect(await ask(open(), '/iiif/authentic/2/token')).toBeUndefined()
})
