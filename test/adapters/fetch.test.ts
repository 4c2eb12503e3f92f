import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { createFetchHandler, type FetchContext } from '../../src/adapters/fetch.js'
import { type Running, start } from './server.js'
import { createService } from './site.js'
import { secret } from './sources.js'

const host = 'http://images.example:8182'
const info = '/iiif/3/a%2Fb.png/info.json'

function ask(url: string, init: RequestInit = {}, context?: FetchContext): Promise<Response | undefined> {
  return createFetchHandler(createService())(new Request(url, init), context)
}

async function readId(response: Response | undefined): Promise<string> {
  return (await response?.json())?.id
}

describe('createFetchHandler', () => {
  it('needs nothing but the request', async () => {
    expect(await readId(await ask(`${host}${info}`))).toBe(`${host}/iiif/3/a%2Fb.png`)
  })

  it('is undefined for what is not its own', async () => {
    expect(await ask(`${host}/elsewhere`)).toBeUndefined()
  })

  it.each(['/images', '/images/', '/a/b'])('takes the mount path %s off the URL', async mountPath => {
    const path = mountPath.replace(/\/$/, '')
    const response = await ask(`${host}${path}${info}`, {}, { mountPath })
    expect(await readId(response)).toBe(`${host}${path}/iiif/3/a%2Fb.png`)
  })

  it('believes forwarded headers only from a peer that it is told of', async () => {
    const init = { headers: { 'x-forwarded-host': 'public.example:80' } }
    expect(await readId(await ask(`${host}${info}`, init))).toContain(host)
    const told = await ask(`${host}${info}`, init, { remoteAddress: '127.0.0.1' })
    expect(await readId(told)).toContain('http://public.example/')
  })

  it('tells HEAD the length, without a body', async () => {
    const get = await ask(`${host}${info}`)
    const head = await ask(`${host}${info}`, { method: 'HEAD' })
    expect([head?.status, head?.body]).toEqual([200, null])
    expect(head?.headers.get('content-length')).toBe(String((await get?.arrayBuffer())?.byteLength))
  })

  it('does no work for a request that was given up', async () => {
    const response = await ask(`${host}${info}`, { signal: AbortSignal.abort() })
    expect(response?.status).toBe(499)
  })

  it('tells nothing of why a stream broke off', async () => {
    const response = await ask(`${host}/iiif/3/breaks.png/full/max/0/default.png`)
    const error: Error = await response?.arrayBuffer().catch(reason => reason)
    expect(error).toBeInstanceOf(Error)
    expect(error.message).not.toContain(secret)
  })
})

describe('the fetch door in Hono', () => {
  // Hono prints what breaks off.
  beforeAll(() => void vi.spyOn(console, 'error').mockImplementation(() => {}))

  async function open(app: Hono): Promise<Running> {
    // By default the server puts its own Request and Response in the place of Node's.
    return start('http', getRequestListener(app.fetch))
  }

  it('works where a mount has taken the path off', async () => {
    const answer = createFetchHandler(createService())
    const app = new Hono()
    app.mount('/images', async request => {
      return (await answer(request, { mountPath: '/images' })) ?? new Response('nobody', { status: 404 })
    })
    const server = await open(app)
    const { body } = await server.send(`/images${info}`)
    const other = await server.send('/images/elsewhere')
    await server.close()
    expect(JSON.parse(body.toString()).id).toBe(`${server.origin}/images/iiif/3/a%2Fb.png`)
    expect([other.status, other.body.toString()]).toEqual([404, 'nobody'])
  })

  it('serves with its Request and Response', async () => {
    const answer = createFetchHandler(createService())
    const app = new Hono()
    app.use(async (context, next) => (await answer(context.req.raw)) ?? next())
    const server = await open(app)
    const image = await server.send('/iiif/3/noise.png/full/max/0/default.png')
    const head = await server.send(info, { method: 'HEAD' })
    const redirect = await server.send('/iiif/3/plain.png')
    const preflight = await server.send(info, { method: 'OPTIONS' })
    // A short form of an address is a host that a URL parser rewrites.
    const short = await server.send('/iiif/3/plain.png/info.json', { headers: { host: '127.1:8182' } })
    const broken = server.send('/iiif/3/breaks.png/full/max/0/default.png')
    await expect(broken).rejects.toThrow()
    await server.close()
    expect([image.status, image.headers['content-length']]).toEqual([200, String(image.body.length)])
    expect([head.status, head.body.length, redirect.status, preflight.status]).toEqual([200, 0, 303, 204])
    expect(Number(head.headers['content-length'])).toBeGreaterThan(0)
    expect(JSON.parse(short.body.toString()).id).toBe('http://127.0.0.1:8182/iiif/3/plain.png')
  })
})
