import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { createNodeHandler } from '../../src/adapters/node.js'
import type { HttpHandler } from '../../src/contracts.js'
import { doors } from './doors.js'
import { type Listener, start, type Transport } from './server.js'
import { createService, openSite } from './site.js'
import { secret } from './sources.js'

describe('the fallback of createNodeHandler', () => {
  it('is a 404 where there is none', async () => {
    const server = await start('http', createNodeHandler(createService()))
    const reply = await server.send('/elsewhere')
    await server.close()
    expect([reply.status, reply.headers['content-type']]).toEqual([404, 'text/plain; charset=utf-8'])
  })

  it.each<[string, Listener]>([
    [
      'throws',
      () => {
        throw new Error(secret)
      },
    ],
    ['rejects', async () => Promise.reject(new Error(secret))],
  ])('that %s is answered with a 500 that tells nothing', async (_, fallback) => {
    const server = await start('http', createNodeHandler(createService(), fallback))
    const reply = await server.send('/elsewhere')
    await server.close()
    expect([reply.status, reply.body.toString()]).toEqual([500, 'Internal Server Error\n'])
  })

  it.each<Transport>(['http', 'h2c'])(
    'that throws after it has begun breaks off over %s',
    async transport => {
      const fallback: Listener = async (_, response) => {
        response.writeHead(200).write('half')
        throw secret
      }
      const server = await start(transport, createNodeHandler(createService(), fallback))
      await expect(server.send('/elsewhere')).rejects.toThrow()
      await server.close()
    },
  )
})

describe('createNodeHandler', () => {
  it.each<Transport>(['http', 'h2c'])(
    'asks no source for a client that has left before, over %s',
    async transport => {
      const resolver = vi.fn(() => undefined)
      const handle = createNodeHandler(createService(undefined, { source: resolver }))
      const client = new AbortController()
      const answered = new Promise<void>((resolve, reject) => {
        start(transport, async (request, response) => {
          client.abort()
          await once(response, 'close')
          await handle(request, response)
          resolve()
        }).then(async server => {
          const path = '/iiif/3/plain.png/info.json'
          await expect(server.send(path, { signal: client.signal })).rejects.toThrow()
          await server.close()
        }, reject)
      })
      await answered
      expect(resolver).not.toHaveBeenCalled()
    },
  )

  it('accepts the absolute form of a request', async () => {
    const server = await start('http', createNodeHandler(createService()))
    const { status } = await server.send('http://images.example/iiif/3/plain.png/info.json')
    await server.close()
    expect(status).toBe(200)
  })

  it.each(doors.filter(door => door.transport.startsWith('h2')))(
    'speaks HTTP/2 as it wants to be spoken: $name',
    async door => {
      const site = await openSite(door)
      const { headers, body } = await site.send('/iiif/3/plain.png/info.json', {
        headers: { ':authority': 'images.example:8443' },
      })
      await site.close()
      // RFC 9113 section 8.2.2: connection-specific header fields are malformed.
      for (const name of ['connection', 'keep-alive', 'transfer-encoding'])
        expect(headers).not.toHaveProperty(name)
      const scheme = door.transport === 'h2' ? 'https' : 'http'
      expect(JSON.parse(body.toString()).id).toBe(`${scheme}://images.example:8443/iiif/3/plain.png`)
    },
  )
})

describe('requests that are sent without waiting for answers', () => {
  const pipelined = 40

  /** Sends requests on one connection; the handler never answers the first. */
  async function openPipeline(): Promise<{
    readonly signals: AbortSignal[]
    readonly warnings: Error[]
    readonly socket: Socket
    release(): void
    close(): Promise<void>
  }> {
    const signals: AbortSignal[] = []
    const warnings: Error[] = []
    const warn = (warning: Error) => void warnings.push(warning)
    process.on('warning', warn)
    let release = (): void => {}
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    const service: HttpHandler = {
      async handle({ signal }) {
        if (signal) signals.push(signal)
        await held
        return { status: 200, headers: { 'Content-Length': '2' }, body: 'ok' }
      },
    }
    const server = createServer(createNodeHandler(service))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(pipelined))
    await vi.waitFor(() => expect(signals).toHaveLength(pipelined), { timeout: 20_000 })
    return {
      signals,
      warnings,
      socket,
      release,
      async close() {
        process.off('warning', warn)
        socket.destroy()
        await new Promise(settle => server.close(settle))
      },
    }
  }

  it('are all given up when their client leaves, also those that wait behind others', async () => {
    const { signals, warnings, socket, close } = await openPipeline()
    socket.destroy()
    await vi.waitFor(() => expect(signals.every(({ aborted }) => aborted)).toBe(true), { timeout: 20_000 })
    expect(warnings).toEqual([])
    await close()
  })

  it('are answered in their turn, and none of them is given up', async () => {
    const { signals, socket, release, close } = await openPipeline()
    let text = ''
    socket.on('data', chunk => {
      text += chunk
    })
    release()
    await vi.waitFor(() => expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(pipelined), { timeout: 20_000 })
    await close()
    expect(signals.some(({ aborted }) => aborted)).toBe(false)
  })
})
