import express from 'express'
import { describe, expect, it } from 'vitest'
import { createExpressMiddleware } from '../../src/adapters/express.js'
import { express4 } from './doors.js'
import { start } from './server.js'
import { createService, makeImage } from './site.js'

const image = '/iiif/3/noise.png/square/64,/0/default.jpg'

describe.each([
  ['4', express4],
  ['5', express],
])('the door of Express %s', (_, create) => {
  function createApplication(): express.Express {
    const app = create()
    app.set('trust proxy', true)
    app.set('strict routing', true)
    app.use(create.json())
    const router = create.Router()
    router.use('/images', createExpressMiddleware(createService()))
    app.use('/:tenant', router)
    app.post('/orders', (request, response) => void response.json(request.body))
    return app
  }

  it('works under a router with a parameter, behind a body parser and with trusted proxies', async () => {
    const server = await start('http', createApplication())
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'a.example' }
    const info = await server.send('/t%C3%A9/images/iiif/3/a%2Fb.png/info.json', { headers })
    const { body } = await server.send(`/t/images${image}`)
    const order = await server.send('/orders', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"a":1}',
    })
    await server.close()
    expect(JSON.parse(info.body.toString()).id).toBe('https://a.example/t%C3%A9/images/iiif/3/a%2Fb.png')
    expect(body.equals(await makeImage(image))).toBe(true)
    expect(order.body.toString()).toBe('{"a":1}')
  })

  it('hands what it cannot write to the error handlers, once', async () => {
    const app = create()
    const errors: unknown[] = []
    app.use((_request, response, next) => {
      response.write('too early')
      next()
    })
    app.use(createExpressMiddleware(createService()))
    const rescue: express.ErrorRequestHandler = (error, _request, response, _next) => {
      errors.push(error)
      response.end()
    }
    app.use(rescue)
    const server = await start('http', app)
    const { body } = await server.send(image)
    expect(errors).toMatchObject([{ code: 'ERR_HTTP_HEADERS_SENT' }])
    await server.close()
    expect(body.toString()).toBe('too early')
  })
})
