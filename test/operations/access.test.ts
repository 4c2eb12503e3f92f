// Who is let in, and who is not: the peers, names, headers and tokens of requests.
import { describe, expect, it } from 'vitest'
import { isIIIFError } from '../../src/errors.js'
import { createGates, type Gate, requireSameSite } from '../../src/operations/access.js'
import { type Asking, buildRequest } from './asking.js'

/** The status of a refusal; 200 for who is let in. */
function enter(gate: Gate | undefined, asking: Asking): number {
  try {
    gate?.(buildRequest('/health', asking))
    return gate ? 200 : 404
  } catch (error) {
    return isIIIFError(error) ? error.status : Number.NaN
  }
}

const loopback = createGates().health

describe('the gate for who is on the same machine', () => {
  it.each<[string | undefined, number]>([
    ['127.0.0.1', 200],
    ['127.8.9.1', 200],
    ['::1', 200],
    ['::ffff:127.0.0.1', 200],
    ['::ffff:7f00:1', 200],
    ['10.0.0.1', 403],
    ['192.168.1.2', 403],
    ['fe80::1', 403],
    ['::ffff:10.0.0.1', 403],
    ['128.0.0.1', 403],
    ['::', 403],
    ['localhost', 403],
    ['', 403],
    // A unix socket, at which proxies are most often.
    [undefined, 403],
  ])('answers the peer %s with %i', (remoteAddress, status) => {
    expect(enter(loopback, { remoteAddress })).toBe(status)
  })

  it.each([
    'x-forwarded-for',
    'x-forwarded-proto',
    'x-forwarded-host',
    'x-forwarded-anything',
    'forwarded',
    'via',
    'x-real-ip',
    'x-client-ip',
    'cf-connecting-ip',
    'true-client-ip',
  ])('lets nobody in who came through a proxy: %s', name => {
    expect(enter(loopback, { headers: { [name]: '127.0.0.1' } })).toBe(403)
    expect(enter(loopback, { headers: { [name]: '' } })).toBe(403)
  })

  it.each<[string | undefined, number]>([
    ['localhost', 200],
    ['LocalHost:8182', 200],
    ['a.localhost:80', 200],
    ['127.0.0.1:8182', 200],
    ['[::1]:8182', 200],
    ['images.example.org', 403],
    // A name that somebody lets lead to this machine, so that browsers take his page for one of it.
    ['localhost.example.org', 403],
    ['127.0.0.1.example.org', 403],
    ['localhost@example.org', 403],
    ['', 403],
    [undefined, 403],
  ])('answers who asks for the host %s with %i', (authority, status) => {
    expect(enter(loopback, { authority })).toBe(status)
  })
})

const token = 'abcdefghijklmnop'
const other = 'QRSTUVWXYZ-._~+/012=='

describe('the gate for who has a token', () => {
  const { tasks } = createGates({ tasks: { token: [token, other] } })
  it.each([
    [`Bearer ${token}`, 200],
    [`bearer   ${token}`, 200],
    [`Bearer ${other}`, 200],
    [`Bearer ${token}x`, 401],
    [`Bearer ${token.slice(1)}`, 401],
    [`Bearer ${token.toUpperCase()}`, 401],
    [`Bearer ${token}, Bearer ${token}`, 401],
    [`Basic ${token}`, 401],
    [token, 401],
    ['Bearer', 401],
    ['', 401],
  ])('answers %j with %i', (authorization, status) => {
    expect(enter(tasks, { headers: { authorization } })).toBe(status)
  })

  it('lets in from anywhere, and nobody for being near', () => {
    const far = { remoteAddress: '192.0.2.1', authority: 'images.example.org' }
    const headers = { authorization: `Bearer ${token}`, 'x-forwarded-for': '192.0.2.7' }
    expect(enter(tasks, { ...far, headers })).toBe(200)
    expect(enter(tasks, {})).toBe(401)
  })

  it('asks for a token, and lets nobody keep the answer', () => {
    expect(() => tasks?.(buildRequest('/tasks'))).toThrow(
      expect.objectContaining({
        code: 'unauthorized',
        headers: { 'WWW-Authenticate': 'Bearer realm="operations"', 'Cache-Control': 'private, no-store' },
      }),
    )
  })
})

describe('the groups', () => {
  const far = { remoteAddress: '192.0.2.1' }
  it('are for who is near unless something else is said', () => {
    const gates = createGates({ health: 'open', metrics: 'closed', tasks: { token } })
    expect(enter(gates.health, far)).toBe(200)
    expect(gates.metrics).toBeUndefined()
    expect([enter(gates.status, far), enter(gates.status, {})]).toEqual([403, 200])
    expect(enter(gates.tasks, {})).toBe(401)
  })

  it.each([
    ['open', 200],
    ['loopback', 403],
    [{ token }, 401],
  ] as const)('can all be %j', (access, status) => {
    const gates = createGates(access)
    for (const group of ['health', 'metrics', 'status', 'tasks'] as const) {
      expect(enter(gates[group], far)).toBe(status)
    }
  })

  it('can all be closed', () => expect(createGates('closed')).toEqual({}))

  it.each<[unknown, RegExp]>([
    ['public', /^access: expected/],
    [null, /^access: expected/],
    [7, /^access: expected/],
    [{ helth: 'open' }, /^access: expected some of .* "helth"/],
    [{ health: 'yes' }, /^access\.health: expected/],
    [{ health: null }, /^access\.health: expected/],
    [{ token, tokens: [] }, /^access\.tokens: there is no such option/],
    [{ tasks: { token, scope: 'a' } }, /^access\.tasks\.scope: there is no such option/],
    [{ token: [] }, /^access\.token: expected at least one/],
    [{ token: 'abcdefghijklmno' }, /^access\.token: expected at least 16/],
    [{ token: ['abcdefghijklmnop', 'short'] }, /^access\.token: /],
    [{ tasks: { token: 'not a token at all' } }, /^access\.tasks\.token: /],
    [{ tasks: { token: undefined } }, /^access\.tasks\.token: /],
    [{ tasks: { token: 'ünïcödé-ünïcödé-' } }, /^access\.tasks\.token: /],
  ])('refuse %j', (access, message) => {
    expect(() => createGates(access as never)).toThrow(
      expect.objectContaining({ name: 'TypeError', message: expect.stringMatching(message) }),
    )
  })

  it('never repeat a secret that is refused', () => {
    expect(() => createGates({ token: 'secret' })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('secret') }),
    )
  })
})

describe('a page in a browser', () => {
  it.each<[string, Record<string, string>, boolean]>([
    ['is a program', {}, true],
    ['is of the same origin', { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:8182' }, true],
    ['was typed in', { 'sec-fetch-site': 'none' }, true],
    ['is of the same origin, in an old browser', { origin: 'http://LOCALHOST:8182' }, true],
    ['is of another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, false],
    ['is of another port', { 'sec-fetch-site': 'same-site', origin: 'http://localhost:3000' }, false],
    ['is of another port, in an old browser', { origin: 'http://localhost:3000' }, false],
    ['is of a name that begins alike', { origin: 'http://localhost:8182.evil.example' }, false],
    ['has no origin', { origin: 'null' }, false],
    ['says nothing of its origin', { 'sec-fetch-site': 'cross-site' }, false],
    ['is an extension', { origin: 'moz-extension://localhost:8182' }, false],
  ])('that %s', (_, headers, isLet) => {
    const check = () => requireSameSite(buildRequest('/tasks', { method: 'POST', headers }))
    if (isLet) expect(check).not.toThrow()
    else expect(check).toThrow(expect.objectContaining({ status: 403, code: 'cross-site' }))
  })
})
