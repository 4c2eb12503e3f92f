import { describe, expect, it } from 'vitest'
import type { AccessOptions } from '../../src/access/access.js'
import type { AuthorizeContext } from '../../src/access/authorize.js'
import { parseProbe } from '../../src/access/probe.js'
import { type AuthorizeResult, allow, deny, redirect, scale, tier } from '../../src/access/result.js'
import type { HttpRequest } from '../../src/contracts.js'
import { BadRequestError } from '../../src/errors.js'
import { address, flowOptions, get, type Reader, readJson, resolveFlowAccess, start } from './site.js'

const tiers = { public: { scale: { maxWidth: 80 }, label: { en: ['A small image'] } }, staff: {} }

function open(options: Partial<AccessOptions<Reader>> = {}) {
  return resolveFlowAccess({
    authorize: ({ user }) => (user ? allow() : deny(401)),
    flow: flowOptions,
    ...options,
  })
}

function tokenOf(access: ReturnType<typeof open>, user: Reader, seconds = 60, identifiers?: string[]) {
  const claims = { user: { ...user }, expires: start + seconds, ...(identifiers && { identifiers }) }
  return { headers: { authorization: `Bearer ${access.flow.token.box.seal(claims)}` } }
}

async function probe(
  access: ReturnType<typeof open>,
  request: Partial<HttpRequest> = {},
  path = '3/cats',
  given = address,
) {
  const reply = await get(access, `/iiif/auth/2/probe/${path}`, request, given)
  // 2.0 section 5.2: always.
  expect(reply.status).toBe(200)
  return readJson(reply)
}

describe('the probe', () => {
  it('says 401 without a token, 200 with one', async () => {
    const access = open()
    expect(await probe(access)).toMatchObject({
      '@context': 'http://iiif.io/api/auth/2/context.json',
      type: 'AuthProbeResult2',
      status: 401,
      heading: { en: [expect.any(String)] },
      note: { en: [expect.any(String)] },
    })
    expect(await probe(access, tokenOf(access, { id: 'ada' }))).toEqual({
      '@context': 'http://iiif.io/api/auth/2/context.json',
      type: 'AuthProbeResult2',
      status: 200,
    })
  })

  it.each<[what: string, (token: string) => string]>([
    ['of another scheme', token => `Basic ${token}`],
    ['without a scheme', token => token],
    ['changed', token => `Bearer ${token}x`],
    ['cut', token => `Bearer ${token.slice(0, -1)}`],
    ['twice', token => `Bearer ${token}, Bearer ${token}`],
    ['empty', () => 'Bearer '],
  ])('says 401 with a token that is %s', async (_, change) => {
    const access = open()
    const { authorization } = tokenOf(access, { id: 'ada' }).headers
    const headers = { authorization: change(authorization.slice('Bearer '.length)) }
    expect(await probe(access, { headers })).toMatchObject({ status: 401 })
  })

  it('reads the scheme in any case (RFC 9110 section 11.1)', async () => {
    const access = open()
    const { authorization } = tokenOf(access, { id: 'ada' }).headers
    const headers = { authorization: authorization.replace('Bearer', 'bearer') }
    expect(await probe(access, { headers })).toMatchObject({ status: 200 })
  })

  it('says 401 with a token that has expired, or is for other images', async () => {
    const access = open()
    expect(await probe(access, tokenOf(access, { id: 'ada' }, 0))).toMatchObject({ status: 401 })
    expect(await probe(access, tokenOf(access, { id: 'ada' }, 60, ['dogs']))).toMatchObject({ status: 401 })
    expect(await probe(access, tokenOf(access, { id: 'ada' }, 60, ['cats']))).toMatchObject({ status: 200 })
  })

  it('takes no cookie for a token, and no token for a cookie', async () => {
    const access = open()
    const cookie = access.flow.cookie.box.seal({ user: { id: 'ada' }, expires: start + 60 })
    expect(await probe(access, { headers: { authorization: `Bearer ${cookie}` } })).toMatchObject({
      status: 401,
    })
    const { authorization } = tokenOf(access, { id: 'ada' }).headers
    const headers = { cookie: `__Host-honeydew=${authorization.slice(7)}` }
    expect(await probe(access, { headers })).toMatchObject({ status: 401 })
  })

  it('tells what a browser that sends its cookie here too will get', async () => {
    const access = open()
    const cookie = access.flow.cookie.box.seal({ user: { id: 'ada' }, expires: start + 60 })
    expect(await probe(access, { headers: { cookie: `__Host-honeydew=${cookie}` } })).toMatchObject({
      status: 200,
    })
  })

  it('asks the application whether it knows the user still', async () => {
    const access = open({ flow: { ...flowOptions, fromToken: async () => undefined } })
    expect(await probe(access, tokenOf(access, { id: 'ada' }))).toMatchObject({ status: 401 })
  })

  it.each<[result: AuthorizeResult, document: object]>([
    [allow(), { status: 200 }],
    [tier('staff'), { status: 200 }],
    [deny(401), { status: 401 }],
    [
      deny(403, { heading: 'Closed', note: 'Until 2030' }),
      { status: 403, heading: { none: ['Closed'] }, note: { none: ['Until 2030'] } },
    ],
    [deny(404), { status: 404 }],
    [
      tier('public'),
      {
        status: 401,
        substitute: [
          {
            id: 'https://images.example.org/iiif/3/cats;tier=public',
            type: 'ImageService3',
            label: { en: ['A small image'] },
            profile: 'level2',
          },
        ],
      },
    ],
    [
      scale(1, 2),
      {
        status: 401,
        substitute: [
          { id: 'https://images.example.org/iiif/3/cats;1:2', type: 'ImageService3', profile: 'level2' },
        ],
      },
    ],
    [
      redirect('https://other.example/iiif/3/cats/full/max/0/default.jpg', 302),
      { status: 302, location: { id: 'https://other.example/iiif/3/cats', type: 'ImageService3' } },
    ],
    [
      redirect('/iiif/3/dogs/info.json', 307),
      { status: 307, location: { id: 'https://images.example.org/iiif/3/dogs' } },
    ],
    [
      redirect('https://other.example/iiif/3/cats', 301),
      { status: 301, location: { id: 'https://other.example/iiif/3/cats' } },
    ],
    [redirect('https://other.example/', 303), { status: 303, location: { id: 'https://other.example/' } }],
    [{ kind: 'nonsense' } as never, { status: 403 }],
    [tier('nobody'), { status: 403 }],
  ])('after %j says %j', async (result, document) => {
    const found = await probe(open({ authorize: () => result, tiers }))
    expect(found).toMatchObject(document)
    expect('substitute' in found).toBe('substitute' in document)
    expect('location' in found).toBe('location' in document)
  })

  it('of a tier that is given says 200', async () => {
    const access = open({ authorize: () => tier('public'), tiers })
    expect(await probe(access, {}, '3/cats;tier=public')).toMatchObject({ status: 200 })
    expect(await probe(access, {}, '3/cats%3Btier%3Dpublic')).toMatchObject({ status: 200 })
  })

  it('tells of substitutes by the address and the name that the client knows', async () => {
    const access = open({ authorize: () => tier('public'), tiers })
    const given = { origin: 'https://proxy.example', path: '/app', forwardedIdentifier: 'orig%2F1' }
    expect(await probe(access, {}, '2/cats', given)).toMatchObject({
      substitute: [{ id: 'https://proxy.example/app/iiif/2/orig%2F1;tier=public', type: 'ImageService2' }],
    })
    expect(await probe(access, {}, '3/a%2Fb')).toMatchObject({
      substitute: [{ id: 'https://images.example.org/iiif/3/a%2Fb;tier=public' }],
    })
  })

  it('asks in both stages, for the whole image, and says that it is a probe', async () => {
    const seen: AuthorizeContext<Reader>[] = []
    const authorize = (context: AuthorizeContext<Reader>) => {
      seen.push(context)
      return allow()
    }
    await probe(open({ authorize, tiers }), {}, '3/cats;tier=public')
    expect(seen).toMatchObject([
      {
        stage: 'request',
        isProbe: true,
        identifier: 'cats',
        askedIdentifier: 'cats;tier=public',
        tier: 'public',
        user: undefined,
        request: {
          kind: 'image',
          version: 3,
          region: { kind: 'full' },
          size: { kind: 'max' },
          format: 'jpg',
        },
      },
      { stage: 'image', isProbe: true, fullSize: { width: 600, height: 400 }, page: 1 },
    ])
    expect(seen[0]).not.toHaveProperty('fullSize')
  })

  it('what is denied in the second stage is denied', async () => {
    const access = open({ authorize: ({ stage }) => (stage === 'image' ? deny(403) : allow()) })
    expect(await probe(access)).toMatchObject({ status: 403 })
  })

  it('cannot be used to tell what is hidden from what is not there', async () => {
    const access = open({
      authorize: ({ identifier }) => (identifier === 'cats' ? deny(404, { heading: 'Secret' }) : allow()),
    })
    expect(await probe(access, {}, '3/cats')).toEqual(await probe(access, {}, '3/nothing'))
  })

  it.each<[path: string, status: number]>([
    ['3/nothing', 404],
    ['3/%zz', 400],
    ['3/a%00b', 400],
    ['3/cats/more', 404],
    ['3/', 404],
    ['4/cats', 404],
    ['cats', 404],
  ])('of %s says %d', async (path, status) => {
    expect(await probe(open({ authorize: () => allow() }), {}, path)).toMatchObject({ status })
  })

  it('says 403 when the application fails, and 500 when we do, and nothing of why', async () => {
    const fail = () => {
      throw new Error('no database at 10.0.0.1')
    }
    expect(await probe(open({ authorize: fail }))).toMatchObject({ status: 403 })
    const access = open({ authorize: () => allow(), flow: { ...flowOptions, fromToken: fail } })
    expect(await probe(access, tokenOf(access, { id: 'ada' }))).toMatchObject({ status: 200 })
    const broken = { ...access, codec: { ...access.codec, parse: fail } }
    const found = await probe(broken)
    expect(found).toMatchObject({ status: 500 })
    expect(JSON.stringify(found)).not.toContain('10.0.0.1')
  })

  it('can be read by the scripts of any page, with a token and without cookies', async () => {
    const preflight = await get(open(), '/iiif/auth/2/probe/3/cats', { method: 'OPTIONS' })
    expect(preflight.status).toBe(204)
    expect(preflight.headers).toMatchObject({
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Allow-Headers': expect.stringContaining('Authorization'),
      'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS',
    })
    const { headers } = await get(open(), '/iiif/auth/2/probe/3/cats')
    expect(headers).toMatchObject({
      'Access-Control-Allow-Origin': '*',
      'Content-Type': 'application/ld+json;profile="http://iiif.io/api/auth/2/context.json"',
      'Cache-Control': 'private, no-store',
    })
    expect(headers).not.toHaveProperty('Access-Control-Allow-Credentials')
    expect(headers).not.toHaveProperty('Vary')
  })

  it('tells its head to HEAD', async () => {
    const reply = await get(open(), '/iiif/auth/2/probe/3/cats', { method: 'HEAD' })
    expect(reply.body).toBeUndefined()
    expect(reply.status).toBe(200)
  })
})

describe('parseProbe', () => {
  it('reads identifiers as the service does', () => {
    expect(parseProbe('2/probe/3/a%2Fb', {})).toMatchObject({
      version: 3,
      identifier: 'a/b',
      encodedIdentifier: 'a%2Fb',
    })
    expect(parseProbe('2/probe/2/a!b', { slashSubstitute: '!' })).toMatchObject({
      version: 2,
      identifier: 'a/b',
    })
    expect(parseProbe('2/probe/3/a/b', { allowSlashes: true })).toMatchObject({ identifier: 'a/b' })
    expect(parseProbe('2/probe/3/cats', { prefixes: { 2: false, 3: false } })).toMatchObject({
      identifier: 'cats',
    })
    expect(() => parseProbe('2/probe/3/%', {})).toThrow(BadRequestError)
  })
})
