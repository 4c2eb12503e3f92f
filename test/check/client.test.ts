import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, expect, it } from 'vitest'
import { type ClientOptions, createClient } from '../../src/check/client.js'

const endings: (() => unknown)[] = []
afterAll(() => Promise.all(endings.map(end => end())))

const bounds: ClientOptions = { timeoutMs: 20_000, deadlineMs: 20_000, maxBytes: 1000 }

async function start(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>(settle => server.listen(0, '127.0.0.1', settle))
  endings.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function open(options: Partial<ClientOptions> = {}) {
  const client = createClient({ ...bounds, ...options })
  endings.push(() => client.close())
  return client
}

it('sends paths as they are', async () => {
  const paths: (string | undefined)[] = []
  const origin = await start((request, response) => {
    paths.push(request.url)
    response.end()
  })
  const client = open()
  const wanted = ['/a/../b', '/%zz', '/x%2Fy/./z?q=1', '/[frob]', '/a;b:c', '']
  for (const path of wanted) await client.ask(origin + path)
  expect(paths).toEqual([...wanted.slice(0, -1), '/'])
  expect(client.requests).toBe(6)
})

it('gives status, headers and body', async () => {
  const seen: IncomingMessage['headers'][] = []
  const origin = await start((request, response) => {
    seen.push(request.headers)
    response.writeHead(418, { 'X-Kind': 'Tea', Link: ['<a>', '<b>'] }).end('short and stout')
  })
  const reply = await open().ask(`${origin}/pot`, { headers: { accept: 'text/tea' } })
  expect(reply).toMatchObject({ status: 418, redirects: 0, method: 'GET', url: `${origin}/pot` })
  expect(reply.headers).toMatchObject({ 'x-kind': 'Tea', link: '<a>, <b>' })
  expect(Buffer.from(reply.body).toString()).toBe('short and stout')
  expect(seen[0]).toMatchObject({ accept: 'text/tea', 'user-agent': 'honeydew check' })
})

it.each([301, 302, 303, 307, 308])('follows a redirect with %i, and can leave it alone', async status => {
  const origin = await start((request, response) => {
    if (request.url === '/new') return void response.end('here')
    response.writeHead(status, { Location: 'new' }).end()
  })
  const client = open()
  expect(await client.ask(`${origin}/old`)).toMatchObject({
    status: 200,
    redirects: 1,
    asked: `${origin}/old`,
    url: `${origin}/new`,
  })
  expect(await client.ask(`${origin}/old`, { follow: false })).toMatchObject({ status, redirects: 0 })
})

it.each(['file:///etc/passwd', 'javascript:alert(1)', 'http://'])(
  'does not follow a redirect to %s',
  async location => {
    const origin = await start((_, response) => void response.writeHead(302, { Location: location }).end())
    expect(await open().ask(`${origin}/x`)).toMatchObject({ status: 302, redirects: 0 })
  },
)

it('reads no more than it may, told or not', async () => {
  const origin = await start((request, response) => {
    if (request.url === '/told') response.setHeader('Content-Length', 5000)
    response.end('x'.repeat(5000))
  })
  for (const path of ['/told', '/untold']) {
    const reply = await open().ask(origin + path)
    expect(reply).toMatchObject({ status: 200, failure: 'the answer has more than 1000 bytes' })
    expect(reply.body.length).toBe(0)
  }
})

it('gives up a server that stops in the middle, and one that closes', async () => {
  const origin = await start((request, response) => {
    response.write('begun')
    if (request.url === '/close') setTimeout(() => response.destroy(), 20)
  })
  expect(await open({ timeoutMs: 100 }).ask(`${origin}/stop`)).toMatchObject({
    failure: 'no answer within 0.1 s',
  })
  expect(await open().ask(`${origin}/close`)).toMatchObject({
    status: 0,
    failure: expect.stringContaining('no answer'),
  })
})

it('asks nothing any more when the time for all is over', async () => {
  const client = open({ deadlineMs: 0 })
  expect(await client.ask('http://127.0.0.1:1/')).toMatchObject({
    status: 0,
    failure: 'the time for all requests is over',
  })
})
