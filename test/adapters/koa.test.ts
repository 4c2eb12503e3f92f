import { Readable } from 'node:stream'
import { createGzip, gunzipSync } from 'node:zlib'
import Koa from 'koa'
import { describe, expect, it } from 'vitest'
import { createKoaMiddleware } from '../../src/adapters/koa.js'
import { Koa2, mountKoa } from './doors.js'
import { type Running, start } from './server.js'
import { createService, makeImage } from './site.js'

const compress: Koa.Middleware = async (context, next) => {
  await next()
  const { body } = context
  if (!(body instanceof Readable || Buffer.isBuffer(body))) return
  context.set('Content-Encoding', 'gzip')
  context.remove('Content-Length')
  context.body = (Buffer.isBuffer(body) ? Readable.from([body]) : body).pipe(createGzip())
}

describe.each([
  ['2', Koa2],
  ['3', Koa],
])('the door of Koa %s', (_, Framework) => {
  async function open(...middleware: readonly Koa.Middleware[]): Promise<Running> {
    const app = new Framework()
    app.silent = true
    for (const step of middleware) app.use(step)
    app.use(createKoaMiddleware(createService()))
    return start('http', app.callback())
  }

  it.each([
    ['bytes', '/iiif/3/noise.png/square/64,/0/default.jpg'],
    ['a stream', '/iiif/3/noise.png/full/max/0/default.png'],
  ])('lets middleware compress %s', async (_, path) => {
    const server = await open(compress)
    const { headers, body } = await server.send(path)
    await server.close()
    expect([headers['content-encoding'], headers['content-length']]).toEqual(['gzip', undefined])
    expect(gunzipSync(body).equals(await makeImage(path))).toBe(true)
  })

  it('breaks off when a compressed stream breaks off, and lives on', async () => {
    const server = await open(compress)
    await expect(server.send('/iiif/3/breaks.png/full/max/0/default.png')).rejects.toThrow()
    const { status } = await server.send('/iiif/3/plain.png/info.json')
    await server.close()
    expect(status).toBe(200)
  })

  it('gives redirects an empty body, whatever type was set before', async () => {
    const server = await open((context, next) => {
      context.type = 'json'
      return next()
    })
    const { status, headers, body } = await server.send('/iiif/3/plain.png')
    const after = await server.send('/iiif/3/plain.png/info.json')
    await server.close()
    expect([status, headers['content-type'], body.length]).toEqual([303, undefined, 0])
    expect(after.status).toBe(200)
  })

  it('knows its mount path also where the mount takes the slash', async () => {
    const app = new Framework()
    app.use(mountKoa('/images/', createKoaMiddleware(createService())))
    const server = await start('http', app.callback())
    const { body } = await server.send('/images/iiif/3/a%2Fb.png/info.json')
    await server.close()
    expect(JSON.parse(body.toString()).id).toBe(`${server.origin}/images/iiif/3/a%2Fb.png`)
  })
})
