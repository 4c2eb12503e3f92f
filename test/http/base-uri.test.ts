import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HttpRequest } from '../../src/contracts.js'
import { isIIIFError } from '../../src/errors.js'
import { type BaseUriOptions, createBaseUri, type PublicBase } from '../../src/http/base-uri.js'

const example: HttpRequest = {
  method: 'GET',
  url: '/iiif/3/cats/info.json',
  mountPath: '',
  headers: {},
  scheme: 'http',
  authority: 'h:8182',
  remoteAddress: '127.0.0.1',
}

function ask(request: Partial<HttpRequest>, options: BaseUriOptions = {}): PublicBase {
  return createBaseUri(options)({ ...example, ...request })
}

/** The `id` that the service makes out of a public base. */
function formatId({ origin, path, forwardedIdentifier }: PublicBase): string {
  return `${origin}${path}/iiif/3/${forwardedIdentifier ?? 'cats'}`
}

const proto = 'x-forwarded-proto'
const host = 'x-forwarded-host'
const port = 'x-forwarded-port'
const path = 'x-forwarded-path'
const id = 'x-forwarded-id'
const client = 'x-forwarded-for'

const table: [given: string, headers: HttpRequest['headers'], id: string][] = [
  ['nothing', {}, 'http://h:8182/iiif/3/cats'],
  ['Proto https', { [proto]: 'https' }, 'https://h/iiif/3/cats'],
  ['Host example.org', { [host]: 'example.org' }, 'http://example.org:8182/iiif/3/cats'],
  ['Host and Proto', { [host]: 'example.org', [proto]: 'https' }, 'https://example.org/iiif/3/cats'],
  [
    'Host with a port, Proto',
    { [host]: 'example.org:8080', [proto]: 'https' },
    'https://example.org:8080/iiif/3/cats',
  ],
  [
    'Host, Port, Proto and Path /',
    { [host]: 'example.org', [port]: '80', [proto]: 'http', [path]: '/' },
    'http://example.org/iiif/3/cats',
  ],
  [
    'Host, Path /images/',
    { [host]: 'example.org', [path]: '/images/' },
    'http://example.org:8182/images/iiif/3/cats',
  ],
  ['lists', { [proto]: 'https,http', [host]: 'a.org,b.org' }, 'https://a.org/iiif/3/cats'],
  [
    'Host, Proto and ID',
    { [host]: 'example.org', [proto]: 'https', [id]: 'orig%2F1' },
    'https://example.org/iiif/3/orig%2F1',
  ],
]

describe('the table of the specification', () => {
  it.each(table)('%s', (_given, headers, expected) => {
    expect(formatId(ask({ headers }))).toBe(expected)
  })

  it.each(table)('baseUri wins over everything but the identifier: %s', (_given, headers) => {
    const name = headers[id] ?? 'cats'
    for (const baseUri of ['https://x.net/img', 'https://x.net/img/', () => 'https://x.net:443/img//']) {
      expect(formatId(ask({ headers }, { baseUri }))).toBe(`https://x.net/img/iiif/3/${name}`)
    }
  })

  it.each(table)('an untrusted peer changes nothing: %s', (_given, headers) => {
    const peer = { remoteAddress: '203.0.113.7', headers }
    expect(formatId(ask(peer))).toBe('http://h:8182/iiif/3/cats')
    expect(formatId(ask({ headers }, { trustProxy: false }))).toBe('http://h:8182/iiif/3/cats')
  })
})

describe('the origin', () => {
  it.each<[HttpRequest['headers'], string]>([
    [{ [proto]: 'HTTPS' }, 'https://h'],
    [{ [proto]: ' https , http' }, 'https://h'],
    [{ [proto]: ['https', 'http'] }, 'https://h'],
    [{ [proto]: 'http' }, 'http://h'],
    [{ [proto]: '' }, 'http://h:8182'],
    [{ [proto]: ', https' }, 'http://h:8182'],
    [{ [proto]: 'ftp' }, 'http://h:8182'],
    [{ [proto]: 'https://' }, 'http://h:8182'],
    [{ [proto]: 'javascript' }, 'http://h:8182'],
    [{ [proto]: 'https\r\nSet-Cookie: a=b' }, 'http://h:8182'],
    [{ [port]: '443' }, 'http://h:443'],
    [{ [port]: '80' }, 'http://h'],
    [{ [port]: '443', [proto]: 'https' }, 'https://h'],
    [{ [port]: '80', [proto]: 'https' }, 'https://h:80'],
    [{ [port]: '8443, 80', [proto]: 'https' }, 'https://h:8443'],
    [{ [port]: 'abc' }, 'http://h:8182'],
    [{ [port]: 'abc', [proto]: 'https' }, 'https://h'],
    [{ [port]: '0' }, 'http://h:8182'],
    [{ [port]: '65535' }, 'http://h:65535'],
    [{ [port]: '65536' }, 'http://h:8182'],
    [{ [port]: '-1' }, 'http://h:8182'],
    [{ [port]: '8e3' }, 'http://h:8182'],
    [{ [port]: '80 80' }, 'http://h:8182'],
    [{ [port]: '9'.repeat(400) }, 'http://h:8182'],
    [{ [host]: 'example.org:9090', [port]: '7070' }, 'http://example.org:7070'],
    [{ [host]: 'example.org:9090', [port]: 'abc' }, 'http://example.org:9090'],
    [{ [host]: 'example.org:' }, 'http://example.org:8182'],
    [{ [host]: 'example.org:80' }, 'http://example.org'],
    [{ [host]: 'example.org:443', [proto]: 'https' }, 'https://example.org'],
    [{ [host]: 'example.org:80', [proto]: 'https' }, 'https://example.org:80'],
    [{ [host]: 'example.org:abc' }, 'http://h:8182'],
    [{ [host]: 'example.org:0' }, 'http://h:8182'],
    [{ [host]: 'example.org:70000' }, 'http://h:8182'],
    [{ [host]: 'EXAMPLE.org' }, 'http://example.org:8182'],
    [{ [host]: 'http://example.org' }, 'http://example.org:8182'],
    [{ [host]: 'HTTPS://example.org:81' }, 'http://example.org:81'],
    [{ [host]: 'ftp://example.org' }, 'http://h:8182'],
    [{ [host]: 'https://https://example.org' }, 'http://h:8182'],
    [{ [host]: '[2001:DB8:0::1]' }, 'http://[2001:db8::1]:8182'],
    [{ [host]: '[2001:db8::1]:90' }, 'http://[2001:db8::1]:90'],
    [{ [host]: '[::1]', [proto]: 'https' }, 'https://[::1]'],
    [{ [host]: '2001:db8::1' }, 'http://h:8182'],
    [{ [host]: '[2001:db8::1' }, 'http://h:8182'],
    [{ [host]: '[1:2:3]' }, 'http://h:8182'],
    [{ [host]: '[fe80::1%25eth0]' }, 'http://h:8182'],
    [{ [host]: '192.0.2.1:90' }, 'http://192.0.2.1:90'],
    [{ [host]: '999.0.2.1' }, 'http://h:8182'],
    [{ [host]: 'my_service' }, 'http://my_service:8182'],
    [{ [host]: 'xn--bcher-kva.example' }, 'http://xn--bcher-kva.example:8182'],
    [{ [host]: 'a b' }, 'http://h:8182'],
    [{ [host]: 'evil.com/x' }, 'http://h:8182'],
    [{ [host]: 'evil.com?x' }, 'http://h:8182'],
    [{ [host]: 'evil.com#x' }, 'http://h:8182'],
    [{ [host]: 'evil.com\\x' }, 'http://h:8182'],
    [{ [host]: 'user@evil.com' }, 'http://h:8182'],
    [{ [host]: 'user:pass@evil.com' }, 'http://h:8182'],
    [{ [host]: '<script>' }, 'http://h:8182'],
    [{ [host]: 'evil.com"onload=x' }, 'http://h:8182'],
    [{ [host]: "evil.com'" }, 'http://h:8182'],
    [{ [host]: 'evil.com\r\nX: y' }, 'http://h:8182'],
    [{ [host]: 'evil\u0000.com' }, 'http://h:8182'],
    [{ [host]: 'evil%2ecom' }, 'http://h:8182'],
    [{ [host]: 'bücher.example' }, 'http://h:8182'],
    [{ [host]: 'a..b' }, 'http://h:8182'],
    [{ [host]: '.' }, 'http://h:8182'],
    [{ [host]: '*' }, 'http://h:8182'],
    [{ [host]: 'a'.repeat(64) }, 'http://h:8182'],
    [{ [host]: `${'a.'.repeat(20_000)}b` }, 'http://h:8182'],
    [{ [host]: ' , example.org' }, 'http://h:8182'],
  ])('%j gives %s', (headers, expected) => {
    expect(ask({ headers }).origin).toBe(expected)
  })

  it.each<[string | undefined, string]>([
    ['h', 'http://h'],
    ['h:80', 'http://h'],
    ['h:443', 'http://h:443'],
    ['H.Example:8182', 'http://h.example:8182'],
    ['[::1]:8182', 'http://[::1]:8182'],
    [undefined, 'http://localhost'],
    ['', 'http://localhost'],
    ['a b', 'http://localhost'],
    ['evil.com/x', 'http://localhost'],
    ['<script>', 'http://localhost'],
    ['a.org, b.org', 'http://localhost'],
    ['a.org\r\nX: y', 'http://localhost'],
    ['user@a.org', 'http://localhost'],
    ['a.org:99999', 'http://localhost'],
  ])('a Host of %j is %s without a proxy', (authority, expected) => {
    const { authority: _, ...request } = example
    const given = authority === undefined ? request : { ...request, authority }
    expect(createBaseUri()({ ...given, remoteAddress: '203.0.113.7' }).origin).toBe(expected)
  })

  it('keeps the scheme of the connection, whose default port is not written', () => {
    expect(ask({ scheme: 'https', authority: 'h:443' }).origin).toBe('https://h')
    expect(ask({ scheme: 'https', authority: 'h:80' }).origin).toBe('https://h:80')
    expect(ask({ scheme: 'https', authority: 'h:8443', headers: { [proto]: 'http' } }).origin).toBe(
      'http://h',
    )
  })
})

describe('the Forwarded header', () => {
  it.each<[string, HttpRequest['headers'], string]>([
    ['proto=https', {}, 'https://h'],
    ['host=example.org', {}, 'http://example.org:8182'],
    ['Proto="HTTPS";Host="example.org:8080";for=192.0.2.1', {}, 'https://example.org:8080'],
    ['for="[2001:db8::1]:80" ; proto=https , proto=http;host=b.org', {}, 'https://h'],
    ['proto=https;host=a.org, proto=http;host=b.org', {}, 'https://a.org'],
    ['proto=https;host="a.org, b.org"', {}, 'https://h'],
    ['proto=https;host="ex\\ample.org"', {}, 'https://example.org'],
    ['host=example.org:90', {}, 'http://example.org:90'],
    ['proto=https;host=a.org', { [host]: 'x.org' }, 'https://x.org'],
    ['proto=https;host=a.org', { [proto]: 'http' }, 'http://a.org'],
    ['proto=https;host=a.org:90', { [port]: '91' }, 'https://a.org:91'],
    ['proto=https;host=a.org', { [host]: 'a b' }, 'https://a.org'],
    ['proto=https;proto=http', {}, 'http://h:8182'],
    ['proto=https;host="a.org', {}, 'http://h:8182'],
    ['proto', {}, 'http://h:8182'],
    [';;proto=https;', {}, 'https://h'],
    ['proto=gopher;host=a/b', {}, 'http://h:8182'],
    ['host="a.org\r\nX: y"', {}, 'http://h:8182'],
    ['=;=,=', {}, 'http://h:8182'],
    [`proto=https;x=${' '.repeat(50_000)}"`, {}, 'http://h:8182'],
  ])('%s with %j gives %s', (forwarded, headers, expected) => {
    expect(ask({ headers: { ...headers, forwarded } }).origin).toBe(expected)
  })

  it('is not read from an untrusted peer, nor in place of baseUri', () => {
    const headers = { forwarded: 'proto=https;host=a.org;for=192.0.2.9' }
    expect(ask({ headers, remoteAddress: '203.0.113.7' })).toEqual({
      origin: 'http://h:8182',
      path: '',
      clientAddress: '203.0.113.7',
    })
    expect(ask({ headers }, { baseUri: 'http://x.net' }).origin).toBe('http://x.net')
  })
})

describe('the path', () => {
  it.each<[string, string]>([
    ['/images', '/images'],
    ['images', '/images'],
    ['//images//', '/images'],
    ['/', ''],
    ['///', ''],
    ['', '/mounted'],
    ['/a/b%20c/', '/a/b%20c'],
    ['/a,/b', '/a'],
    ['/~user/a;b=c:d@e', '/~user/a;b=c:d@e'],
    ['/a//b', '/mounted'],
    ['/a/../b', '/mounted'],
    ['/a/%2e%2E/b', '/mounted'],
    ['/.', '/mounted'],
    ['/a b', '/mounted'],
    ['/a?b', '/mounted'],
    ['/a#b', '/mounted'],
    ['/a\\b', '/mounted'],
    ['/a"b', '/mounted'],
    ["/a'b", '/mounted'],
    ['/<script>', '/mounted'],
    ['/a%zz', '/mounted'],
    ['/a%2', '/mounted'],
    ['/ü', '/mounted'],
    ['/a\r\nX: y', '/mounted'],
    ['https://evil.com', '/mounted'],
    [`/${'a'.repeat(3000)}`, '/mounted'],
    ['/'.repeat(50_000), '/mounted'],
  ])('X-Forwarded-Path %j on a mounted application is %j', (value, expected) => {
    expect(ask({ mountPath: '/mounted', headers: { [path]: value } }).path).toBe(expected)
  })

  it('is the mount path, unless that is not fit to be repeated', () => {
    expect(ask({ mountPath: '/app/images' }).path).toBe('/app/images')
    expect(ask({ mountPath: '/a"><script>' }).path).toBe('')
    expect(ask({ mountPath: '/app' }, { baseUri: 'http://x.net' }).path).toBe('')
  })
})

describe('the forwarded identifier', () => {
  it.each<[HttpRequest['headers'], string | undefined]>([
    [{ [id]: 'ark:%2F12025%2F654' }, 'ark:%2F12025%2F654'],
    [{ [id]: '50%25.jpg' }, '50%25.jpg'],
    [{ [id]: 'a%2cb, c' }, 'a%2cb'],
    [{ [id]: '%C3%BC.tif;2' }, '%C3%BC.tif;2'],
    [{ [id]: 'a', 'x-iiif-id': 'b' }, 'a'],
    [{ 'x-iiif-id': 'b' }, 'b'],
    [{ [id]: '', 'x-iiif-id': 'b' }, 'b'],
    [{ [id]: 'a/b' }, undefined],
    [{ [id]: 'a?b' }, undefined],
    [{ [id]: 'a#b' }, undefined],
    [{ [id]: 'a b' }, undefined],
    [{ [id]: 'a\tb' }, undefined],
    [{ [id]: 'a"b' }, undefined],
    [{ [id]: "a'b" }, undefined],
    [{ [id]: '<b>' }, undefined],
    [{ [id]: 'a\\b' }, undefined],
    [{ [id]: 'a\u0000' }, undefined],
    [{ [id]: 'a\r\nb' }, undefined],
    [{ [id]: 'ü.tif' }, undefined],
    [{ [id]: '100%' }, undefined],
    [{ [id]: '..' }, undefined],
    [{ [id]: '%2e%2e' }, undefined],
    [{ [id]: 'a'.repeat(2049) }, undefined],
  ])('%j gives %j', (headers, expected) => {
    expect(ask({ headers }).forwardedIdentifier).toBe(expected)
  })
})

describe('the address of the client', () => {
  it.each<[string, HttpRequest['headers'], string | undefined]>([
    ['127.0.0.1', {}, '127.0.0.1'],
    ['203.0.113.7', { [client]: '192.0.2.1' }, '203.0.113.7'],
    ['127.0.0.1', { [client]: '192.0.2.1' }, '192.0.2.1'],
    ['::1', { [client]: '192.0.2.1' }, '192.0.2.1'],
    ['::ffff:127.0.0.1', { [client]: '192.0.2.1' }, '192.0.2.1'],
    ['::ffff:203.0.113.7', { [client]: '192.0.2.1' }, '203.0.113.7'],
    ['fe80::1%eth0', { [client]: '192.0.2.1' }, '192.0.2.1'],
    ['127.0.0.1', { [client]: '1.1.1.1, 192.0.2.1' }, '192.0.2.1'],
    ['127.0.0.1', { [client]: ['1.1.1.1', '192.0.2.1'] }, '192.0.2.1'],
    ['127.0.0.1', { [client]: '1.1.1.1, 192.0.2.1, 10.0.0.9, 192.168.1.1' }, '192.0.2.1'],
    ['127.0.0.1', { [client]: '10.0.0.8, 10.0.0.9' }, '10.0.0.8'],
    ['127.0.0.1', { [client]: '192.0.2.1:4711' }, '192.0.2.1'],
    ['127.0.0.1', { [client]: '[2001:DB8::1]:4711' }, '2001:db8::1'],
    ['127.0.0.1', { [client]: '2001:db8:0::1' }, '2001:db8::1'],
    ['127.0.0.1', { [client]: '::ffff:c000:201' }, '192.0.2.1'],
    ['127.0.0.1', { [client]: ' , ' }, '127.0.0.1'],
    ['127.0.0.1', { [client]: '192.0.2.1,' }, '192.0.2.1'],
    ['127.0.0.1', { [client]: 'unknown' }, undefined],
    ['127.0.0.1', { [client]: '192.0.2.1, <script>' }, undefined],
    ['127.0.0.1', { [client]: '<script>, 192.0.2.1' }, '192.0.2.1'],
    ['127.0.0.1', { forwarded: 'for=192.0.2.1' }, '192.0.2.1'],
    ['127.0.0.1', { forwarded: 'for=1.1.1.1, for="[2001:db8::1]:_p", for=10.0.0.1' }, '2001:db8::1'],
    ['127.0.0.1', { forwarded: 'for=192.0.2.1', [client]: '192.0.2.2' }, '192.0.2.2'],
    ['127.0.0.1', { forwarded: 'for=_hidden' }, undefined],
    ['127.0.0.1', { forwarded: 'for=192.0.2.1, proto=https' }, undefined],
    ['127.0.0.1', { forwarded: 'for=", for=192.0.2.1' }, undefined],
    ['127.0.0.1', { forwarded: 'proto=https' }, '127.0.0.1'],
    ['not an address', {}, undefined],
  ])('the peer %s with %j is %s', (remoteAddress, headers, expected) => {
    expect(ask({ remoteAddress, headers }).clientAddress).toBe(expected)
  })

  it('is told with a configured baseUri too', () => {
    expect(ask({ headers: { [client]: '192.0.2.1' } }, { baseUri: 'http://x.net' }).clientAddress).toBe(
      '192.0.2.1',
    )
  })

  it('of a unix socket is known only where every peer, or the empty address, is trusted', () => {
    const { remoteAddress: _, ...request } = {
      ...example,
      headers: { [client]: '192.0.2.1', [proto]: 'https' },
    }
    expect(createBaseUri()(request)).toEqual({ origin: 'http://h:8182', path: '' })
    for (const trustProxy of [true, (address: string) => address === '']) {
      expect(createBaseUri({ trustProxy })(request)).toEqual({
        origin: 'https://h',
        path: '',
        clientAddress: '192.0.2.1',
      })
    }
  })
})

describe('the options', () => {
  it.each([
    '',
    'x.net',
    '//x.net',
    'https:x.net',
    'https:///x.net',
    'ftp://x.net',
    'https://',
    'https://user:secret@x.net',
    'https://x.net/?a=b',
    'https://x.net/?',
    'https://x.net/#',
    'https://x.net/a b',
    'https://x.net\\a',
    ' https://x.net',
    'https://x.net/\u0001',
    'https://x.net/a//b',
    "https://x.net/a'b",
    'https://x.net:99999',
    'https://999.1.1.1',
  ])('the baseUri %j is refused at creation, and with a 500 when a function gives it', baseUri => {
    expect(() => createBaseUri({ baseUri })).toThrow(TypeError)
    expect(() => createBaseUri({ baseUri })).toThrow(/^baseUri must/)
    try {
      ask({}, { baseUri: () => baseUri })
      expect.unreachable()
    } catch (error) {
      expect(isIIIFError(error) && [error.status, error.code]).toEqual([500, 'internal'])
    }
  })

  it.each<[string, string]>([
    ['https://x.net', 'https://x.net'],
    ['HTTPS://X.net:443/', 'https://x.net'],
    ['http://[::1]:8182/a/', 'http://[::1]:8182/a'],
    ['https://bücher.example/ü', 'https://xn--bcher-kva.example/%C3%BC'],
    ['https://x.net/@team', 'https://x.net/@team'],
  ])('the baseUri %j is %s', (baseUri, expected) => {
    const { origin, path: root } = ask({}, { baseUri })
    expect(origin + root).toBe(expected)
  })

  it('a baseUri function sees the request, and leaves it to the headers by giving undefined', () => {
    const baseUri = (request: HttpRequest) =>
      request.headers['x-tenant'] === 'a' ? 'https://a.example/iiif-a' : undefined
    expect(ask({ headers: { 'x-tenant': 'a', [proto]: 'https' } }, { baseUri })).toMatchObject({
      origin: 'https://a.example',
      path: '/iiif-a',
    })
    expect(ask({ headers: { [proto]: 'https' } }, { baseUri }).origin).toBe('https://h')
  })

  it('baseUri of another type is refused', () => {
    expect(() => createBaseUri({ baseUri: 5 as never })).toThrow(/^baseUri must/)
  })

  it('two hosts in front of one server each see their own', () => {
    const baseUri = createBaseUri()
    const see = (name: string) => baseUri({ ...example, headers: { [host]: name } }).origin
    expect([see('a.org'), see('b.org'), see('a.org')]).toEqual([
      'http://a.org:8182',
      'http://b.org:8182',
      'http://a.org:8182',
    ])
  })
})

describe('whatever the headers hold', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'aA0.:/[]",;=% \\\r\n\t\u0000<>@?#-_ü\ud800') }),
    fc.constantFrom('https', 'example.org:8080', '[::1]:80', '/a/b/', 'for="[::1]";proto=https', '192.0.2.1'),
  )
  const value = fc.option(fc.oneof(nasty, fc.array(nasty, { maxLength: 3 })), { nil: undefined })
  const headers = fc.record({
    [proto]: value,
    [host]: value,
    [port]: value,
    [path]: value,
    [id]: value,
    [client]: value,
    'x-iiif-id': value,
    forwarded: value,
  })

  it('nothing throws, and what comes out is a URI that survives URL unchanged', () => {
    const baseUri = createBaseUri({ trustProxy: true })
    fc.assert(
      fc.property(headers, nasty, nasty, nasty, (given, authority, mountPath, remoteAddress) => {
        const base = baseUri({ ...example, headers: given, authority, mountPath, remoteAddress })
        expect(base.origin).toMatch(/^https?:\/\/(?:[a-z0-9._-]+|\[[0-9a-f:]+\])(?::[1-9][0-9]{0,4})?$/)
        expect(new URL(base.origin).origin).toBe(base.origin)
        expect(base.path).toMatch(/^(?:\/(?:[A-Za-z0-9._~!$&()*+,;=:@-]|%[0-9A-Fa-f]{2})+)*$/)
        expect(new URL(base.origin + base.path).href.replace(/\/$/, '')).toBe(base.origin + base.path)
        expect(base.forwardedIdentifier ?? 'a').toMatch(/^(?:[A-Za-z0-9._~!$&()*+,;=:@-]|%[0-9A-Fa-f]{2})+$/)
        expect(base.clientAddress ?? '::').toMatch(/^[0-9a-f:.]+$/)
      }),
      { numRuns: 2000 },
    )
  })

  it('an untrusted peer cannot change anything', () => {
    const baseUri = createBaseUri()
    fc.assert(
      fc.property(headers, given => {
        expect(baseUri({ ...example, headers: given, remoteAddress: '203.0.113.7' })).toEqual({
          origin: 'http://h:8182',
          path: '',
          clientAddress: '203.0.113.7',
        })
      }),
    )
  })
})
