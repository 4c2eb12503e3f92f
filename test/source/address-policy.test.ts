// Nothing that a URL, an answer of DNS or a redirect says may make this server connect to where it must not.
import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAddressPolicy, isPublicAddress } from '../../src/source/address-policy.js'
import { httpSource } from '../../src/source/http.js'
import { createFolder } from '../image/picture.js'
import { type FileServer, startFileServer } from './http-server.js'

let connections = 0
let listeners: Server[]
let port = 0
let folder: string
let front: FileServer

/* Listens on every address of loopback, so that whoever connects is counted. */
const listen = (host: string, at: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer(socket => {
      connections += 1
      socket.destroy()
    })
    server.once('error', reject)
    server.listen(at, host, () => resolve(server))
  })

beforeAll(async () => {
  const first = await listen('0.0.0.0', 0)
  port = (first.address() as { port: number }).port
  const second = await listen('::1', port).catch(() => undefined)
  listeners = second ? [first, second] : [first]
  folder = await createFolder()
  front = await startFileServer()
})

afterAll(() => {
  for (const listener of listeners) listener.close()
})

/* The port of the listener stands for `:P`. */
const hostileUrls = [
  'http://127.0.0.1:P/a.tif',
  'http://127.1:P/a.tif',
  'http://127.0.1:P/a.tif',
  'http://127.255.255.254:P/a.tif',
  'http://2130706433:P/a.tif',
  'http://0x7f000001:P/a.tif',
  'http://0x7f.1:P/a.tif',
  'http://0177.0.0.1:P/a.tif',
  'http://017700000001:P/a.tif',
  'http://127.0.0.1.:P/a.tif',
  'http://①②⑦.⓪.⓪.①:P/a.tif',
  'http://%31%32%37.0.0.1:P/a.tif',
  'http://0.0.0.0:P/a.tif',
  'http://0:P/a.tif',
  'http://localhost:P/a.tif',
  'http://LOCALHOST:P/a.tif',
  'http://[::1]:P/a.tif',
  'http://[::]:P/a.tif',
  'http://[0:0:0:0:0:0:0:1]:P/a.tif',
  'http://[::ffff:127.0.0.1]:P/a.tif',
  'http://[::ffff:7f00:1]:P/a.tif',
  'http://[0:0:0:0:0:ffff:7f00:0001]:P/a.tif',
  'http://[::127.0.0.1]:P/a.tif',
  'http://[64:ff9b::7f00:1]:P/a.tif',
  'http://[64:ff9b:1::7f00:1]:P/a.tif',
  'http://[2002:7f00:1::]:P/a.tif',
  'http://[2001:0:7f00:1::1]:P/a.tif',
  'http://[fe80::1]:P/a.tif',
  'http://[fd00::1]:P/a.tif',
  'http://[fd00:ec2::254]:P/latest/meta-data',
  'http://[ff02::1]:P/a.tif',
  'http://10.0.0.1:P/a.tif',
  'http://172.16.0.1:P/a.tif',
  'http://172.31.255.255:P/a.tif',
  'http://192.168.0.1:P/a.tif',
  'http://169.254.169.254/latest/meta-data/iam/security-credentials/',
  'http://2852039166/latest/meta-data/',
  'http://0xA9FEA9FE/latest/meta-data/',
  'http://[::ffff:169.254.169.254]/latest/meta-data/',
  'http://100.64.0.1:P/a.tif',
  'http://100.100.100.200/latest/meta-data/',
  'http://168.63.129.16/metadata',
  'http://192.0.0.1:P/a.tif',
  'http://198.18.0.1:P/a.tif',
  'http://224.0.0.1:P/a.tif',
  'http://255.255.255.255:P/a.tif',
  'http://240.0.0.1:P/a.tif',
]

/* Where no HTTP is spoken, or the origin is not one that was named. */
const strangeUrls = [
  'file:///etc/passwd',
  'ftp://127.0.0.1:P/a.tif',
  'gopher://127.0.0.1:P/_GET%20/',
  'data:image/png;base64,AAAA',
  'unix:/var/run/docker.sock',
  'http://user@127.0.0.1:P/a.tif',
  'http://img.example.org@127.0.0.1:P/a.tif',
  'http://127.0.0.1:P#@img.example.org/a.tif',
  'http://127.0.0.1:P\\@img.example.org/a.tif',
  'https://img.example.org.evil.example:P/a.tif',
  'http:127.0.0.1:P/a.tif',
  '//127.0.0.1:P/a.tif',
]

/* What a name that was allowed may turn out to be. */
const hostileAnswers: (readonly string[])[] = [
  ['127.0.0.1'],
  ['::1'],
  ['0.0.0.0'],
  ['::ffff:127.0.0.1'],
  ['0:0:0:0:0:ffff:7f00:1'],
  ['169.254.169.254'],
  ['10.1.2.3'],
  ['fd12::1'],
  ['fe80::1%lo'],
  ['64:ff9b::a9fe:a9fe'],
  ['93.184.215.14', '127.0.0.1'],
  ['2606:2800:21f:cb07:6820:80da:af6b:8b2c', '::1'],
  ['not an address'],
  [],
]

const withPort = (url: string): string => url.replaceAll(':P', `:${port}`)

const originOf = (url: string): string => {
  const { protocol, host } = new URL(url)
  return `${protocol}//${host}`
}

async function ask(url: string, allow: readonly string[], resolveHost?: () => Promise<readonly string[]>) {
  const source = httpSource({
    url: () => url,
    allow,
    tempDirectory: folder,
    maxAttempts: 1,
    ...(resolveHost && { resolveHost }),
  })
  try {
    return await source('x', {})
  } catch (error) {
    return error
  } finally {
    await source.close()
  }
}

describe('a URL that leads inside is refused, also where its origin is allowed', () => {
  it.each(hostileUrls)('%s', async template => {
    const url = withPort(template)
    expect(await ask(url, [originOf(url)])).toMatchObject({ status: 403, code: 'source-forbidden' })
    expect(connections).toBe(0)
  })
})

it('a name that only some systems know is refused, or not found', async () => {
  const url = withPort('http://localhost.:P/a.tif')
  const error = await ask(url, [originOf(url)])
  expect(['source-forbidden', 'source-unavailable']).toContain((error as { code?: string }).code)
  expect(connections).toBe(0)
})

describe('a URL that is none of those that were allowed is refused', () => {
  it.each(strangeUrls)('%s', async template => {
    const error = await ask(withPort(template), ['https://img.example.org'])
    expect(error).toMatchObject({ status: expect.toSatisfy((status: number) => [400, 403].includes(status)) })
    expect(connections).toBe(0)
  })
})

describe('a name is refused by the addresses that it has when the connection is made', () => {
  it.each(hostileAnswers.map(answer => [answer.join(' and ') || 'none', answer] as const))(
    '%s',
    async (_, answer) => {
      const url = `http://img.example.org:${port}/a.tif`
      const error = await ask(url, [`http://img.example.org:${port}`], async () => answer)
      expect(error).toMatchObject({ status: answer.length === 0 ? 502 : 403 })
      expect(`${error}`).not.toMatch(/127|::1|169/)
      expect(connections).toBe(0)
    },
  )

  it('each time: an answer that changes between two connections is held to the same', async () => {
    const answers = [['127.0.0.1'], ['10.0.0.1']]
    const source = httpSource({
      url: `http://img.example.org:${front.port}/{identifier}`,
      allowPrivateAddresses: ['127.0.0.1'],
      tempDirectory: folder,
      revalidateSeconds: 0,
      resolveHost: async () => answers.shift() ?? [],
    })
    front.files.set('/a', { bytes: Uint8Array.of(1, 2, 3) })
    expect((await source('a', {}))?.size).toBe(3)
    // The next request finds its connection closed and must make another one.
    front.closeConnections()
    await expect(source('a', {})).rejects.toMatchObject({ status: 403, code: 'source-forbidden' })
    await source.close()
  })
})

describe('a redirect is held to the same policy', () => {
  const targets = [
    'http://169.254.169.254/latest/meta-data/',
    'http://127.0.0.2:P/a.tif',
    'http://[::1]:P/a.tif',
    'http://localhost:P/a.tif',
    'http://2130706433:P/a.tif',
    '//10.0.0.1/a.tif',
    'file:///etc/passwd',
    'https://other.example.org/a.tif',
    'http://user:password@127.0.0.1:P/a.tif',
  ]
  it.each(targets)('to %s', async target => {
    front.intercept = (_request, response) => {
      response.writeHead(302, { location: withPort(target) }).end()
      return true
    }
    const source = httpSource({
      url: `${front.origin}/{identifier}`,
      allow: [
        'http://169.254.169.254',
        'http://10.0.0.1',
        withPort('http://localhost:P'),
        withPort('http://[::1]:P'),
      ],
      allowPrivateAddresses: ['127.0.0.1'],
      tempDirectory: folder,
      // The name of the machine itself, as a system with IPv6 may have it.
      resolveHost: async () => ['::1'],
    })
    await expect(source('a', {})).rejects.toMatchObject({ status: 403, code: 'source-forbidden' })
    expect(connections).toBe(0)
    await source.close()
    front.reset()
  })
})

describe('what is allowed expressly', () => {
  it.each<[boolean | readonly string[], string, boolean]>([
    [true, '10.0.0.1', true],
    [true, '::1', true],
    [true, '169.254.169.254', false],
    [true, '::ffff:169.254.169.254', false],
    [true, 'fd00:ec2::254', false],
    [true, '100.100.100.200', false],
    [['169.254.169.254'], '169.254.169.254', true],
    [['10.0.0.0/8'], '10.255.0.1', true],
    [['10.0.0.0/8'], '11.0.0.1', true],
    [['10.0.0.0/8'], '192.168.0.1', false],
    [['fd00::/8'], 'fd12::1', true],
    [['fd00::/8'], 'fe80::1', false],
    [false, '10.0.0.1', false],
    [false, '93.184.215.14', true],
  ])('%j: %s is %s', async (allowPrivateAddresses, address, isAllowed) => {
    const policy = createAddressPolicy({
      allow: ['http://a.example'],
      allowPrivateAddresses,
      resolveHost: async () => [address],
    })
    const found = await new Promise(resolve => {
      policy.lookup('a.example', { all: true }, (error, addresses) => resolve(error ?? addresses))
    })
    if (isAllowed) expect(found).toMatchObject([{ address }])
    else expect(found).toMatchObject({ code: 'source-forbidden' })
  })

  it('connects', async () => {
    front.files.set('/yes.tif', { bytes: Uint8Array.of(1, 2, 3) })
    const source = httpSource({
      url: `${front.origin}/{identifier}`,
      allowPrivateAddresses: true,
      tempDirectory: folder,
    })
    expect((await source('yes.tif', {}))?.size).toBe(3)
    await source.close()
  })
})

describe('a public address', () => {
  it.each([
    '1.1.1.1',
    '93.184.215.14',
    '172.15.255.255',
    '172.32.0.0',
    '100.63.255.255',
    '2606:2800:21f::1',
    '2a00::1',
  ])('is %s', address => expect(isPublicAddress(address)).toBe(true))
  it.each(['', 'localhost', '1.1.1', '2001:db8::1', '3fff::1', '2001:20::1', '203.0.113.9', '192.88.99.1'])(
    'is not %j',
    address => expect(isPublicAddress(address)).toBe(false),
  )
})

describe('a lookup', () => {
  const policy = createAddressPolicy({
    allow: ['http://a.example'],
    resolveHost: async () => ['2606:2800::1', '93.184.215.14'],
  })
  const look = (options: object) =>
    new Promise(resolve => policy.lookup('a.example', options, (...answer) => resolve(answer)))

  it('gives all addresses, or the first of the wanted family', async () => {
    expect(await look({ all: true })).toEqual([
      null,
      [
        { address: '2606:2800::1', family: 6 },
        { address: '93.184.215.14', family: 4 },
      ],
    ])
    expect(await look({})).toEqual([null, '2606:2800::1', 6])
    expect(await look({ family: 4 })).toEqual([null, '93.184.215.14', 4])
  })
})

describe('the options', () => {
  it.each<[string, object]>([
    ['allow', { allow: [] }],
    ['allow', { allow: ['img.example.org'] }],
    ['allow', { allow: ['https://img.example.org/path'] }],
    ['allow', { allow: ['ftp://img.example.org'] }],
    ['allow', { allow: ['*'] }],
    ['allowPrivateAddresses', { allow: ['http://a.example'], allowPrivateAddresses: 'yes' }],
    ['allowPrivateAddresses', { allow: ['http://a.example'], allowPrivateAddresses: ['10.0.0.0/33'] }],
    ['allowPrivateAddresses', { allow: ['http://a.example'], allowPrivateAddresses: ['intranet'] }],
  ])('a wrong %s is told by its name', (name, options) => {
    expect(() => createAddressPolicy(options as never)).toThrow(new RegExp(`^${name}: expected `))
  })
})
