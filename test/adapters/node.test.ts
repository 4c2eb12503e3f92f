import { once } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { createNodeHandler } from '../../src/adapters/node.js'
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
