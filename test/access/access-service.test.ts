import { describe, expect, it } from 'vitest'
import type { AccessOptions } from '../../src/access/access.js'
import { buildGrantReply } from '../../src/access/access-service.js'
import { grant, type LoginFunction, type LoginRequest } from '../../src/access/login.js'
import { allow, deny, redirect } from '../../src/access/result.js'
import type { AccessServiceOptions } from '../../src/access/service-options.js'
import type { HttpReply } from '../../src/contracts.js'
import { address, flowOptions, get, type Reader, readCookie, resolveFlowAccess, start } from './site.js'

const client = encodeURIComponent('https://client.example.org')
const ada: Reader = { id: 'ada' }

function open(
  service: Partial<AccessServiceOptions<Reader>>,
  flow: Partial<AccessOptions<Reader>['flow']> = {},
) {
  const services = [
    { profile: 'active', label: 'Log in to Example Library', ...service } as AccessServiceOptions<Reader>,
  ]
  return resolveFlowAccess({ authorize: () => allow(), flow: { ...flowOptions, services, ...flow } })
}

const cookieOf = ({ headers }: HttpReply) => headers['Set-Cookie']
const closesAtOnce = ({ body }: HttpReply) => String(body).includes('>window.close()<')

describe('a window for which a function tells who is there', () => {
  it('sets a cookie that says who, for as long as it is good', async () => {
    const access = open({ login: async () => grant(ada) })
    const reply = await get(access, '/iiif/auth/2/access/active')
    expect(cookieOf(reply)).toMatch(
      /^__Host-honeydew=default\.[\w.-]+; Path=\/; Max-Age=3600; HttpOnly; Secure; SameSite=None$/,
    )
    const [, token = ''] = readCookie(reply).split('=')
    expect(access.flow.cookie.box.open(token)).toEqual({
      kind: 'valid',
      claims: { user: ada, expires: start + 3600 },
    })
  })

  it('sets a cookie of another kind than the tokens that scripts see', async () => {
    const access = open({ login: () => grant(ada) })
    const [, token = ''] = readCookie(await get(access, '/iiif/auth/2/access/active')).split('=')
    expect(access.flow.token.box.open(token)).toEqual({ kind: 'invalid' })
  })

  it('without https sets a cookie for its own site', async () => {
    const reply = await get(
      open({ login: () => grant(ada) }),
      '/iiif/auth/2/access/active',
      {},
      {
        origin: 'http://127.0.0.1:8080',
        path: '',
      },
    )
    expect(cookieOf(reply)).toMatch(/^honeydew=[^;]+; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/)
  })

  it('may set it for a whole domain', async () => {
    const access = open(
      { login: () => grant(ada) },
      { cookie: { name: 'reader', seconds: 60, domain: 'example.org' } },
    )
    expect(cookieOf(await get(access, '/iiif/auth/2/access/active'))).toMatch(
      /^__Secure-reader=[^;]+; Path=\/; Domain=example\.org; Max-Age=60; /,
    )
  })

  // 2.0 appendix A: without a click the cookie would not be sent in the pages of another site.
  it.each<[path: string, service: Partial<AccessServiceOptions<Reader>>, atOnce: boolean]>([
    [`2/access/active?origin=${client}`, {}, false],
    ['2/access/active', {}, false],
    [`2/access/active?origin=${encodeURIComponent(address.origin)}`, {}, true],
    [`2/access/kiosk?origin=${client}`, { profile: 'kiosk' }, true],
    [`1/access/active?origin=${client}`, {}, true],
    [`1/access/kiosk?origin=${client}`, { profile: 'kiosk' }, true],
    [`1/access/active?origin=${client}`, { confirm: true }, true],
  ])('at %s with %j closes at once: %s', async (path, service, atOnce) => {
    const reply = await get(open({ ...service, login: () => grant(ada) }), `/iiif/auth/${path}`)
    expect(reply.status).toBe(200)
    expect(closesAtOnce(reply)).toBe(atOnce)
    expect(cookieOf(reply)).toBeDefined()
  })

  it('tells the function where it is, who has opened it and what the browser has sent', async () => {
    const seen: LoginRequest[] = []
    const login: LoginFunction<Reader> = request => {
      seen.push(request)
      return deny()
    }
    const access = open({ login })
    await get(access, `/iiif/auth/2/access/active?origin=${client}`, { headers: { cookie: 'sso=1' } })
    await get(access, '/iiif/auth/1/access/active?origin=javascript:alert(1)')
    expect(seen.map(({ uri, origin, cookies }) => ({ uri, origin, cookies: { ...cookies } }))).toEqual([
      {
        uri: `https://images.example.org/iiif/auth/2/access/active?origin=${client}`,
        origin: 'https://client.example.org',
        cookies: { sso: '1' },
      },
      { uri: 'https://images.example.org/iiif/auth/1/access/active', origin: undefined, cookies: {} },
    ])
  })

  it('may send the user elsewhere first', async () => {
    const login: LoginFunction<Reader> = ({ uri }) =>
      redirect(`https://sso.example.org/?back=${encodeURIComponent(uri)}`, 303)
    const reply = await get(open({ login }), '/iiif/auth/2/access/active')
    expect(reply).toEqual({
      status: 303,
      headers: {
        Location:
          'https://sso.example.org/?back=https%3A%2F%2Fimages.example.org%2Fiiif%2Fauth%2F2%2Faccess%2Factive',
        'Cache-Control': 'private, no-store',
        'Content-Length': '0',
      },
    })
  })

  it.each([
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    'https://a.example/\r\nSet-Cookie: a=b',
    'evil',
  ])('sends nobody to %j', async location => {
    const reply = await get(open({ login: () => redirect(location) }), '/iiif/auth/2/access/active')
    expect(reply.status).toBe(500)
    expect(reply.headers).not.toHaveProperty('Location')
    expect(cookieOf(reply)).toBeUndefined()
  })

  it.each<[what: string, login: unknown, status: number]>([
    ['denies', () => deny(403), 403],
    ['denies later', async () => deny(401), 401],
    [
      'throws',
      () => {
        throw new Error('no directory at ldap://10.0.0.1')
      },
      500,
    ],
    ['rejects', async () => Promise.reject(new Error('no directory at ldap://10.0.0.1')), 500],
    ['gives nothing', () => undefined, 500],
    ['gives a user as it is', () => ada, 500],
    ['gives more than a cookie holds', () => grant({ id: 'x'.repeat(5000) }), 500],
  ])('that %s sets no cookie and says nothing of the server', async (_, login, status) => {
    const reply = await get(open({ login: login as LoginFunction<Reader> }), '/iiif/auth/2/access/active')
    expect(reply.status).toBe(status)
    expect(cookieOf(reply)).toBeUndefined()
    expect(String(reply.body)).not.toContain('ldap')
    expect(closesAtOnce(reply)).toBe(false)
  })

  it('says why, where the function does, as text', async () => {
    const login = () => deny(403, { heading: 'Not <b>yet</b>', note: { en: ['Come & see'] } })
    const { body } = await get(open({ login }), '/iiif/auth/2/access/active')
    expect(body).toContain('<h1>Not &#60;b&#62;yet&#60;/b&#62;</h1>\n<p>Come &#38; see</p>')
  })
})

it('a kiosk closes also where nobody is let in: the viewer waits for it', async () => {
  for (const login of [() => deny(403), () => Promise.reject(new Error('x'))]) {
    const reply = await get(open({ profile: 'kiosk', login }), '/iiif/auth/2/access/kiosk')
    expect(closesAtOnce(reply)).toBe(true)
    expect(cookieOf(reply)).toBeUndefined()
  }
})

describe('a window in which users agree to something', () => {
  const terms = open({
    login: () => grant({ id: 'visitor' }),
    confirm: true,
    heading: 'Terms of <use>',
    note: 'For "study" only.',
    confirmLabel: 'I & mine agree',
  })
  const url = `/iiif/auth/2/access/active?origin=${client}`
  const post = (headers: Record<string, string>) => get(terms, url, { method: 'POST', headers })

  it('shows it, and sets no cookie before they do', async () => {
    const reply = await get(terms, url)
    expect(cookieOf(reply)).toBeUndefined()
    expect(reply.body).toContain('<h1>Terms of &#60;use&#62;</h1>')
    expect(reply.body).toContain('<p>For &#34;study&#34; only.</p>')
    expect(reply.body).toContain('<form method="post"><button>I &#38; mine agree</button></form>')
    expect(reply.headers['Content-Security-Policy']).toContain("form-action 'self'")
    expect(reply.headers['Content-Security-Policy']).toContain("frame-ancestors 'none'")
  })

  it.each<[headers: Record<string, string>, isTaken: boolean]>([
    [{ 'sec-fetch-site': 'same-origin' }, true],
    [{ 'sec-fetch-site': 'same-origin', origin: 'null' }, true],
    [{ origin: 'https://images.example.org' }, true],
    [{ 'sec-fetch-site': 'cross-site' }, false],
    [{ 'sec-fetch-site': 'same-site' }, false],
    [{ 'sec-fetch-site': 'none' }, false],
    [{ 'sec-fetch-site': 'cross-site', origin: 'https://images.example.org' }, false],
    [{ origin: 'https://evil.example' }, false],
    [{ origin: 'https://images.example.org.evil.example' }, false],
    [{ origin: 'null' }, false],
    [{}, false],
  ])('takes the form of a page with %j: %s', async (headers, isTaken) => {
    const reply = await post(headers)
    expect(reply.status).toBe(isTaken ? 200 : 403)
    expect(cookieOf(reply) !== undefined).toBe(isTaken)
    expect(closesAtOnce(reply)).toBe(isTaken)
  })

  it('in version 1 is shown by the viewer, and closes at once', async () => {
    const reply = await get(terms, `/iiif/auth/1/access/active?origin=${client}`)
    expect(cookieOf(reply)).toBeDefined()
    expect(closesAtOnce(reply)).toBe(true)
  })
})

describe('logging out', () => {
  it.each(['1', '2'])('in version %s deletes the cookie', async version => {
    const reply = await get(open({ login: () => grant(ada) }), `/iiif/auth/${version}/logout`)
    expect(reply.status).toBe(200)
    expect(cookieOf(reply)).toBe('__Host-honeydew=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=None')
    expect(reply.body).toContain('You have logged out.')
  })
})

it.each([
  '2/access/nobody',
  '2/access/',
  '2/access',
  '2/access/active/x',
  '3/token',
  '2/tokens',
  '2',
  '',
  '2/%2e%2e/token',
])('there is nothing at %s', async path => {
  expect(await get(open({ login: () => grant(ada) }), `/iiif/auth/${path}`)).toMatchObject({ status: 404 })
})

it('a version that no info.json tells of has no endpoints', async () => {
  const only2 = open({ login: () => grant(ada), confirm: true }, { versions: { 2: [2] } })
  for (const path of ['1/access/active', '1/token', '1/logout']) {
    const reply = await get(only2, `/iiif/auth/${path}`)
    expect(reply.status).toBe(404)
    expect(cookieOf(reply)).toBeUndefined()
  }
  expect((await get(only2, '/iiif/auth/2/access/active')).status).toBe(200)
  const only1 = open({ login: () => grant(ada) }, { versions: { 3: [1] } })
  expect((await get(only1, '/iiif/auth/2/probe/3/cats')).status).toBe(404)
})

it('a page of the application’s own is no window of ours', async () => {
  expect(
    await get(open({ login: 'https://www.example.org/login' }), '/iiif/auth/2/access/active'),
  ).toMatchObject({
    status: 404,
  })
})

it.each(['PUT', 'DELETE', 'PATCH', 'TRACE'])('%s is no method of any endpoint', async method => {
  for (const path of ['2/access/active', '2/token', '2/probe/3/cats', '1/logout']) {
    const reply = await get(open({ login: () => grant(ada) }), `/iiif/auth/${path}`, { method })
    expect(reply.status).toBe(405)
    expect(reply.headers.Allow).toMatch(/^GET, HEAD, OPTIONS/)
  }
  expect(
    (await get(open({ login: () => grant(ada) }), '/iiif/auth/2/token', { method: 'POST' })).status,
  ).toBe(405)
})

it('a login of the application may leave the cookie to us', () => {
  const { flow } = open({ login: 'https://www.example.org/login' })
  const reply = buildGrantReply(flow, address, grant(ada))
  expect(cookieOf(reply)).toMatch(/^__Host-honeydew=/)
  expect(closesAtOnce(reply)).toBe(true)
})
