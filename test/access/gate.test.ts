import { describe, expect, it } from 'vitest'
import { type Access, type AccessOptions, resolveAccess } from '../../src/access/access.js'
import type { AuthorizeContext } from '../../src/access/authorize.js'
import { readFacts } from '../../src/access/facts.js'
import { askBoth, askImage, askRequest, openQuestion } from '../../src/access/gate.js'
import { allow, deny, tier } from '../../src/access/result.js'
import type { HttpRequest } from '../../src/contracts.js'
import { parseRequest } from '../../src/protocol/request.js'
import {
  address,
  buildRequest,
  flowOptions,
  inspected,
  type Reader,
  resolveFlowAccess,
  start,
} from './site.js'

const image = '/iiif/3/cats/full/max/0/default.jpg'
const info = '/iiif/3/cats/info.json'
const serve = { kind: 'serve', shared: false }

function open(access: Access<Reader>, url: string, request: Partial<HttpRequest> = {}, isProbe = false) {
  const parsed = parseRequest(url)
  if (parsed === undefined || parsed.kind === 'base') throw new Error(`expected a request, not ${url}`)
  return openQuestion(access, readFacts(buildRequest(url, request), address), parsed, isProbe)
}

const resolve = (options: AccessOptions<Reader>) => resolveAccess<Reader>(options)

describe('who asks', () => {
  it('is nobody where nothing tells', async () => {
    expect((await open(resolve({ authorize: () => allow() }), image)).user).toBeUndefined()
  })

  it('is who the application knows, at once or later', async () => {
    const session = { headers: { cookie: 'sid=7' } }
    const known = {
      authorize: () => allow(),
      authenticate: ({ cookies }: { cookies: Record<string, string> }) => ({ id: cookies.sid ?? '' }),
    }
    expect((await open(resolve(known), image, session)).user).toEqual({ id: '7' })
    const later = { ...known, authenticate: async () => ({ id: 'later' }) }
    expect((await open(resolve(later), image, session)).user).toEqual({ id: 'later' })
  })

  it.each<[string, AccessOptions<Reader>['authenticate']]>([
    [
      'fails',
      () => {
        throw new Error('no database')
      },
    ],
    [
      'fails later',
      async () => {
        throw new Error('no database')
      },
    ],
    ['takes too long', () => new Promise(() => {})],
    ['gives null', () => null as never],
  ])('is nobody where the application %s', async (_, authenticate) => {
    const access = resolve({
      authorize: () => allow(),
      ...(authenticate && { authenticate }),
      authorizeTimeoutMs: 5,
    })
    expect((await open(access, image)).user).toBeUndefined()
  })

  const access = resolveFlowAccess({ authorize: () => allow(), flow: flowOptions })
  const seal = (box: 'token' | 'cookie') =>
    access.flow[box].box.seal({ user: { id: 'ada' }, expires: start + 60 })
  const bearer = { headers: { authorization: `Bearer ${seal('token')}` } }
  const cookie = { headers: { cookie: `__Host-honeydew=${seal('cookie')}` } }

  it('is, for pixels, never told by the token of a viewer: any script may hold it', async () => {
    expect((await open(access, image, bearer)).user).toBeUndefined()
    expect((await open(access, image, cookie)).user).toEqual({ id: 'ada' })
  })

  it('is, for info.json and probes, told by either', async () => {
    expect((await open(access, info, bearer)).user).toEqual({ id: 'ada' })
    expect((await open(access, info, cookie)).user).toEqual({ id: 'ada' })
    expect((await open(access, image, bearer, true)).user).toEqual({ id: 'ada' })
  })

  it('is not told by a cookie that came over http, where the client is at https', async () => {
    const insecure = { headers: { cookie: `honeydew=${seal('cookie')}` } }
    expect((await open(access, image, insecure)).user).toBeUndefined()
  })

  it('may be told by a token of the application’s own', async () => {
    const own = resolveFlowAccess({
      authorize: () => allow(),
      flow: flowOptions,
      authenticate: ({ headers }) => (headers.authorization === 'Bearer own' ? { id: 'robot' } : undefined),
    })
    const headers = { authorization: 'Bearer own' }
    expect((await open(own, image, { headers })).user).toEqual({ id: 'robot' })
    expect((await open(own, info, { headers })).user).toEqual({ id: 'robot' })
  })
})

describe('asking the application', () => {
  it('is not done where nothing is held back, and everything is shared', async () => {
    const access = resolve({})
    const question = await open(access, image)
    expect(askRequest(access, question)).toEqual({ kind: 'serve', shared: true })
    expect(askImage(access, question, inspected)).toEqual({ kind: 'serve', shared: true })
    expect(question.variant).toEqual({ identifier: 'cats' })
  })

  it('reads pages and scales also where nothing is held back', async () => {
    const question = await open(resolve({}), '/iiif/3/cats;2;1:2/info.json')
    expect(question.variant).toEqual({ identifier: 'cats', page: 2, scale: { numerator: 1, denominator: 2 } })
  })

  it('answers at once where it does', async () => {
    const access = resolve({ authorize: () => allow() })
    const question = await open(access, image)
    expect(askRequest(access, question)).toEqual(serve)
    expect(askImage(access, question, inspected)).toEqual(serve)
  })

  it('tells all that is known', async () => {
    const seen: AuthorizeContext<Reader>[] = []
    const access = resolve({
      authorize(context) {
        seen.push(context)
        return allow()
      },
      authenticate: () => ({ id: 'ada' }),
      tiers: { public: {}, staff: {} },
    })
    const { signal } = new AbortController()
    const native = { framework: true }
    const url = '/iiif/3/cats;tier=public/full/max/0/default.jpg?x=1'
    const headers = { cookie: 'a=b', 'user-agent': 'test' }
    const http = { method: 'HEAD', headers, signal, native }
    const question = await open(access, url, http)
    await askBoth(
      access,
      { ...question, facts: readFacts(buildRequest(url, http), { ...address, clientAddress: '192.0.2.7' }) },
      () => inspected,
    )
    const shared = {
      method: 'HEAD',
      url,
      headers,
      native,
      clientAddress: '192.0.2.7',
      isSecure: true,
      user: { id: 'ada' },
      identifier: 'cats',
      askedIdentifier: 'cats;tier=public',
      isProbe: false,
      tier: 'public',
      scale: undefined,
    }
    expect(seen).toMatchObject([
      { stage: 'request', ...shared },
      { stage: 'image', ...shared, ...inspected },
    ])
    for (const context of seen) {
      expect(context.cookies.a).toBe('b')
      expect(context.signal).toBe(signal)
      expect(context.request.kind).toBe('image')
    }
  })

  it('names the highest tier where the identifier names none, and a scale where it names one', async () => {
    const seen: unknown[] = []
    const access = resolve({
      authorize({ tier, scale }) {
        seen.push([tier, scale])
        return allow()
      },
      tiers: { public: {}, staff: {} },
    })
    for (const identifier of ['cats', 'cats;1:2', 'cats;tier=staff']) {
      await askRequest(access, await open(access, `/iiif/3/${identifier}/info.json`))
    }
    expect(seen).toEqual([
      ['staff', undefined],
      ['staff', { numerator: 1, denominator: 2 }],
      ['staff', undefined],
    ])
  })
})

describe('asking in both stages', () => {
  const inspect = () => {
    throw new Error('the source was touched')
  }

  it('touches no source where the first stage does not serve', async () => {
    const access = resolve({ authorize: () => deny(403) })
    await expect(askBoth(access, await open(access, image), inspect)).resolves.toMatchObject({
      kind: 'refuse',
    })
    const lower = resolve({ authorize: () => tier('public'), tiers: { public: {}, staff: {} } })
    await expect(askBoth(lower, await open(lower, image), inspect)).resolves.toMatchObject({
      kind: 'substitute',
    })
  })

  it('takes what the second stage says', async () => {
    const access = resolve({
      authorize: context =>
        context.stage === 'image' && context.fullSize.width > 500 ? tier('public') : allow(),
      tiers: { public: {}, staff: {} },
    })
    const decision = await askBoth(access, await open(access, image), async () => inspected)
    expect(decision).toEqual({ kind: 'substitute', variant: { identifier: 'cats', tier: 'public' } })
  })

  it.each<[first: boolean, second: boolean]>([
    [true, true],
    [true, false],
    [false, true],
  ])('says shared only where both stages do: %s and %s', async (first, second) => {
    const access = resolve({
      authorize: ({ stage }) => allow({ shared: stage === 'request' ? first : second }),
    })
    await expect(askBoth(access, await open(access, image), () => inspected)).resolves.toEqual({
      kind: 'serve',
      shared: first && second,
    })
  })

  it('fails where looking at the image does: nothing is served by mistake', async () => {
    const access = resolve({ authorize: () => allow() })
    await expect(askBoth(access, await open(access, image), inspect)).rejects.toThrow(
      'the source was touched',
    )
  })
})
