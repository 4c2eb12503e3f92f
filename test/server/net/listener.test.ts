// What comes on one connection: the turn of pipelined requests, how many of them may wait, and headers without number.
import { once } from 'node:events'
import net from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { type AnyRequest, type AnyResponse, createListener } from '../../../src/server/net/listener.js'
import { until } from '../program.js'

interface Asked {
  readonly request: AnyRequest
  readonly response: AnyResponse
}

const endings: (() => unknown)[] = []

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function listen(): Promise<{ readonly asked: Asked[]; readonly socket: net.Socket }> {
  const asked: Asked[] = []
  const settings = { port: 0, host: '127.0.0.1', http2: false, h2c: false, maxConnections: 10 }
  const seconds = { keepAliveSeconds: 60, headSeconds: 60, sendSeconds: 60 }
  const listener = createListener({ ...settings, ...seconds }, undefined, (request, response) => {
    asked.push({ request, response })
  })
  const socket = net.connect({ host: '127.0.0.1', port: await listener.listen() })
  socket.on('error', () => {})
  endings.push(
    () => listener.stop(0),
    () => socket.destroy(),
  )
  await once(socket, 'connect')
  return { asked, socket }
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`

/* All requests of one piece are read before anything else happens. */
const pause = () => new Promise(settle => setImmediate(settle))

it('a request that did not wait for the answer before it is answered when its turn comes', async () => {
  const { asked, socket } = await listen()
  socket.write(get('/a') + get('/b') + get('/c'))
  for (const path of ['/a', '/b', '/c']) {
    await until(() => asked.at(-1)?.request.url === path)
    await pause()
    expect(asked.at(-1)?.request.url).toBe(path)
    asked.at(-1)?.response.end(path)
  }
  expect(asked.length).toBe(3)
})

it('nothing is made for those that wait when their client leaves', async () => {
  const { asked, socket } = await listen()
  socket.write(get('/a') + get('/b') + get('/c'))
  await until(() => asked.length > 0)
  socket.destroy()
  const [first] = asked
  if (!first?.response.destroyed) await once(first?.response as NodeJS.EventEmitter, 'close')
  await pause()
  expect(asked.length).toBe(1)
})

it('more requests than anybody waits for are the end of their connection', async () => {
  const { asked, socket } = await listen()
  socket.write(get('/a').repeat(300))
  await once(socket.resume(), 'close')
  expect(asked.length).toBeLessThan(2)
})

it('the header that a proxy puts behind thousands of others is seen', async () => {
  const { asked, socket } = await listen()
  socket.write(`GET / HTTP/1.1\r\nHost: a\r\n${'a:\r\n'.repeat(3000)}X-Forwarded-For: 192.0.2.1\r\n\r\n`)
  await until(() => asked.length > 0)
  expect(asked[0]?.request.headers['x-forwarded-for']).toBe('192.0.2.1')
})
