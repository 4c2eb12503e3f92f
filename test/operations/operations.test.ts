// The endpoints, through every door and without one.
import { EventEmitter, once } from 'node:events'
import type http from 'node:http'
import express from 'express'
import Koa from 'koa'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createExpressMiddleware } from '../../src/adapters/express.js'
import { createKoaMiddleware } from '../../src/adapters/koa.js'
import { createNodeHandler } from '../../src/adapters/node.js'
import { createOperations, type Operations } from '../../src/operations/operations.js'
import type { OperationsOptions } from '../../src/operations/options.js'
import type { ImageServiceOptions } from '../../src/options.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { doors, express4, Koa2 } from '../adapters/doors.js'
import { type Listener, type Reply, type Running, start, tls } from '../adapters/server.js'
import { createService } from '../adapters/site.js'
import { parseMetrics } from '../http/metrics-text.js'
import { ask } from './asking.js'

const json = { 'content-type': 'application/json' }

function parse({ body }: Pick<Reply, 'body'>) {
  return JSON.parse(body.toString())
}

describe.each(doors)('through $name', door => {
  const isSecure = door.transport === 'https' || door.transport === 'h2'
  if (isSecure && tls === undefined) {
    it.skip('is not tested: openssl is missing')
    return
  }
  const mounts = door.mounts ? ['/a', '/b'] : []
  const path = door.mounts ? '/a/b' : ''
  let service: ImageService
  let operations: Operations
  let server: Running

  beforeAll(async () => {
    service = createService(new EventEmitter())
    operations = createOperations(service, { prefix: '/operations' })
    server = await start(door.transport, door.listen({ service: operations, mounts, log: [] }))
  })
  afterAll(async () => {
    await server.close()
    await operations.close()
    await service.close()
  })
  const send = (name: string, options: Parameters<Running['send']>[1] = {}) =>
    server.send(`${path}/operations${name}`, options)

  it('tells how the service is', async () => {
    const health = await send('/health')
    expect([health.status, parse(health).color]).toEqual([200, 'GREEN'])
    expect([(await send('/ready')).status, parse(await send('/ready'))]).toEqual([200, { ready: true }])
    expect(parse(await send('/status')).versions.node).toBe(process.versions.node)
    const names = parseMetrics((await send('/metrics')).body.toString()).map(({ name }) => name)
    expect(names).toContain('honeydew_responses')
  })

  it('takes a task, tells of it where it says, and stops it', async () => {
    const order = { kind: 'purge', identifiers: ['ä'] }
    const begun = await send('/tasks', { method: 'POST', headers: json, body: JSON.stringify(order) })
    const { id } = parse(begun)
    expect([begun.status, parse(begun).order]).toEqual([202, order])
    expect(begun.headers.location).toBe(`${path}/operations/tasks/${id}`)
    await expect
      .poll(async () => parse(await server.send(String(begun.headers.location))).state)
      .toBe('succeeded')
    const stopped = await server.send(String(begun.headers.location), { method: 'DELETE' })
    expect([stopped.status, parse(stopped).state]).toEqual([200, 'succeeded'])
  })

  it('refuses what is too long without breaking off', async () => {
    const body = `"${'x'.repeat(1_100_000)}"`
    const reply = await send('/tasks', { method: 'POST', headers: json, body })
    expect([reply.status, parse(reply).code]).toEqual([413, 'body-too-large'])
    expect((await send('/ready')).status).toBe(200)
  })

  it('lets nobody in who came through a proxy', async () => {
    const headers = { 'x-forwarded-for': '192.0.2.1' }
    for (const name of ['/health', '/ready', '/metrics', '/status', '/tasks']) {
      const reply = await send(name, { headers })
      expect([name, reply.status, parse(reply).code]).toEqual([name, 403, 'access-denied'])
      expect(reply.headers['access-control-allow-origin']).toBeUndefined()
    }
  })

  it.each(['/', '/nothing', '/tasks/', '/tasks/a/b', '/healthy', '/constructor'])(
    'passes on what is not its own: %s',
    async name => {
      const reply = await send(name)
      expect([reply.status, reply.body.toString()]).toEqual([404, 'nobody'])
    },
  )
})

describe('behind a parser of bodies', () => {
  it.each<[string, (operations: Operations) => Listener]>([
    ['express 4', operations => express4().use(express4.json(), createExpressMiddleware(operations))],
    ['express 5', operations => express().use(express.json(), createExpressMiddleware(operations))],
    [
      'express 5, as text',
      operations => express().use(express.text({ type: '*/*' }), createExpressMiddleware(operations)),
    ],
    [
      'express 5, as bytes',
      operations => express().use(express.raw({ type: '*/*' }), createExpressMiddleware(operations)),
    ],
    ['koa 2', operations => new Koa2().use(readForKoa).use(createKoaMiddleware(operations)).callback()],
    ['koa 3', operations => new Koa().use(readForKoa).use(createKoaMiddleware(operations)).callback()],
  ])('of %s a task is understood nevertheless', async (_, listen) => {
    const { operations } = create()
    const server = await start('http', listen(operations))
    onTestFinished(() => server.close())
    const order = { kind: 'purge', identifiers: ['ä'] }
    const reply = await server.send('/tasks', { method: 'POST', headers: json, body: JSON.stringify(order) })
    expect([reply.status, parse(reply).order]).toEqual([202, order])
  })
})

/** What parsers of bodies do in Koa. */
async function readForKoa(context: Koa.Context, next: () => Promise<unknown>): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of context.req) chunks.push(chunk)
  Object.assign(context.request, { body: JSON.parse(Buffer.concat(chunks).toString()) })
  await next()
}

function create(options: OperationsOptions = {}, serviceOptions: Partial<ImageServiceOptions> = {}) {
  const service = createImageService({ source: () => undefined, ...serviceOptions })
  const operations = createOperations(service, options)
  onTestFinished(async () => {
    await operations.close()
    await service.close()
  })
  return { service, operations }
}

describe('health and readiness', () => {
  it('are apart: what drains is not ready, and well', async () => {
    const { service, operations } = create()
    service.drain()
    expect([(await ask(operations, '/ready')).status, (await ask(operations, '/health')).status]).toEqual([
      503, 200,
    ])
    expect((await ask(operations, '/ready')).json).toEqual({ ready: false })
    await service.close()
    const { status, json: health } = await ask(operations, '/health')
    expect([status, health.color]).toEqual([503, 'RED'])
  })

  it('answer 200 to yellow and 503 to red, as monitors of IIIF servers know it', async () => {
    const fail = () => Promise.reject(new Error('/srv/secret'))
    const yellow = create({}, { cache: { get: fail, set: fail, delete: fail } })
    const answer = await ask(yellow.operations, '/health')
    expect([answer.status, answer.json.color, answer.text.includes('secret')]).toEqual([200, 'YELLOW', false])
    const red = await ask(create({}, { health: { identifier: 'nobody' } }).operations, '/health')
    expect([red.status, red.json.color, red.json.message]).toEqual([
      503,
      'RED',
      'The test image cannot be made (not-found).',
    ])
  })
})

describe('the status', () => {
  it('tells what is at work, and nothing that is a secret', async () => {
    const token = 'secret-secret-secret'
    const { operations } = create(
      { access: { tasks: { token } } },
      { baseUri: 'https://secret.example', revalidate: 'never', limits: { maxWidth: 500 } },
    )
    const { json: status, text } = await ask(operations, '/status')
    expect(status).toMatchObject({
      name: 'honeydew',
      versions: { honeydew: expect.stringMatching(/^\d+\.\d+\.\d+/), libvips: expect.stringMatching(/^8\./) },
      ready: true,
      settings: { limits: { maxWidth: 500, maxArea: 50_000_000 }, revalidateSeconds: null, cache: true },
      certificates: [],
      tasks: { queued: 0, running: 0 },
    })
    const [report, ...others] = status.processes as Record<string, Record<string, number>>[]
    expect([others, report?.process?.pid]).toEqual([[], process.pid])
    expect(report?.process?.residentBytes).toBeGreaterThan(10_000_000)
    expect(text).not.toContain('secret')
  })

  it('tells of other processes where there are some', async () => {
    const first = createImageService({ source: () => undefined })
    onTestFinished(() => first.close())
    const { createProcessMonitor } = await import('../../src/operations/process-monitor.js')
    const monitor = createProcessMonitor(first)
    onTestFinished(() => monitor.close())
    const reports = async () => ['1', '2'].map(worker => JSON.parse(JSON.stringify(monitor.report(worker))))
    const { operations } = create({ reports })
    const { processes } = (await ask(operations, '/status')).json
    expect((processes as { worker: string }[]).map(({ worker }) => worker)).toEqual(['1', '2'])
    const metrics = parseMetrics((await ask(operations, '/metrics')).text)
    const ready = metrics.find(({ name }) => name === 'honeydew_ready')
    expect(ready?.samples.map(({ labels, value }) => [labels.worker, value])).toEqual([
      ['1', 1],
      ['2', 1],
    ])
  })

  it('that cannot be had says so without a word of why', async () => {
    const reports = () => Promise.reject(new Error('worker 3 at /srv/secret is gone'))
    const { operations } = create({ reports })
    for (const path of ['/status', '/metrics']) {
      const { status, text } = await ask(operations, path)
      expect([status, text.includes('secret')]).toEqual([500, false])
    }
  })
})

describe('methods', () => {
  it.each([
    ['/health', 'GET, HEAD, OPTIONS'],
    ['/ready', 'GET, HEAD, OPTIONS'],
    ['/metrics', 'GET, HEAD, OPTIONS'],
    ['/status', 'GET, HEAD, OPTIONS'],
    ['/tasks', 'GET, POST, HEAD, OPTIONS'],
    ['/tasks/1', 'GET, DELETE, HEAD, OPTIONS'],
  ])('of %s are %s', async (path, allow) => {
    const { operations } = create()
    const options = await ask(operations, path, { method: 'OPTIONS' })
    expect([options.status, options.headers.Allow]).toEqual([204, allow])
    for (const method of ['PUT', 'PATCH', 'TRACE', 'constructor', 'get']) {
      const { status, headers, json: error } = await ask(operations, path, { method })
      expect([status, headers.Allow, error.code]).toEqual([405, allow, 'method-not-allowed'])
    }
  })

  it('HEAD has the headers of GET and no body', async () => {
    const { operations } = create()
    const get = await ask(operations, '/ready')
    const head = await ask(operations, '/ready', { method: 'HEAD' })
    expect([head.status, head.headers, head.text]).toEqual([get.status, get.headers, ''])
  })

  it.each(['POST', 'DELETE'])('%s is not for pages of other sites', async method => {
    const { operations } = create()
    const path = method === 'POST' ? '/tasks' : '/tasks/1'
    for (const headers of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'null' },
    ]) {
      const body = { kind: 'purge', all: true }
      const { status, json: error } = await ask(operations, path, { method, headers, body })
      expect([status, error.code]).toEqual([403, 'cross-site'])
    }
    expect((await ask(operations, '/tasks')).json).toEqual({ tasks: [] })
  })

  it('POST is not for forms', async () => {
    const { operations } = create()
    const headers = { 'content-type': 'text/plain' }
    const { status } = await ask(operations, '/tasks', {
      method: 'POST',
      headers,
      body: '{"kind":"purge","all":true}',
    })
    expect(status).toBe(415)
    expect((await ask(operations, '/tasks')).json).toEqual({ tasks: [] })
  })
})

describe('an answer', () => {
  it.each(['/health', '/ready', '/metrics', '/status', '/tasks', '/tasks/1'])(
    'is kept by nobody and shown to no page of another origin: %s',
    async path => {
      const { headers } = await ask(create().operations, path)
      expect(headers).toMatchObject({
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
        'Cross-Origin-Resource-Policy': 'same-origin',
      })
      expect(Object.keys(headers).filter(name => /access-control/i.test(name))).toEqual([])
    },
  )

  it('that asks for a token says so', async () => {
    const { operations } = create({ access: { token: 'abcdefghijklmnop' } })
    const { status, headers, json: error } = await ask(operations, '/tasks')
    expect([status, error.code]).toEqual([401, 'unauthorized'])
    expect(headers).toMatchObject({
      'WWW-Authenticate': 'Bearer realm="operations"',
      'Cache-Control': 'no-store',
    })
  })
})

describe('the tasks', () => {
  it('purge what a service has kept', async () => {
    const { service, operations } = create({}, { cache: { maxBytes: 2 ** 20 } })
    const body = { kind: 'purge', all: true }
    const {
      status,
      json: task,
      headers,
    } = await ask(operations, '/tasks', { method: 'POST', body, mountPath: '/m' })
    expect([status, headers.Location]).toEqual([202, `/m/tasks/${task.id}`])
    await expect.poll(async () => (await ask(operations, `/tasks/${task.id}`)).json.state).toBe('succeeded')
    expect(service.stats().cache?.entries).toBe(0)
    expect((await ask(operations, '/tasks')).json.tasks).toHaveLength(1)
  })

  it('warm only in formats that are made', async () => {
    const { operations } = create({}, { formats: ['jpg', 'png'] })
    const body = { kind: 'warm', identifier: 'a', format: 'webp' }
    const { status, json: error } = await ask(operations, '/tasks', { method: 'POST', body })
    expect([status, error.message]).toEqual([400, 'Expected a format that is made here: jpg, png.'])
  })
})

describe('the options', () => {
  it.each<[OperationsOptions, RegExp]>([
    [{ prefix: 'operations' }, /^prefix: /],
    [{ prefix: '/a b' }, /^prefix: /],
    [{ prefix: '/%61' }, /^prefix: /],
    [{ prefix: 7 as never }, /^prefix: /],
    [{ maxTasks: 0 }, /^maxTasks: /],
    [{ maxTasks: 1.5 }, /^maxTasks: /],
    [{ access: 'all' as never }, /^access: /],
    [{ acess: 'closed' } as never, /^acess: there is no such option/],
  ])('%j are refused', async (options, message) => {
    const service = createService(new EventEmitter())
    onTestFinished(() => service.close())
    expect(() => createOperations(service, options)).toThrow(
      expect.objectContaining({ name: 'TypeError', message: expect.stringMatching(message) }),
    )
  })

  it.each([undefined, '/', '', '/operations', '/operations/'])('prefix can be %j', async prefix => {
    const { operations } = create(prefix === undefined ? {} : { prefix })
    const path = prefix?.replace(/\/$/, '') ?? ''
    expect((await ask(operations, `${path}/ready?a=/b`)).status).toBe(200)
  })

  it('that close a group leave its paths to the application', async () => {
    const { operations } = create({ access: { status: 'closed' } })
    await expect(ask(operations, '/status')).rejects.toThrow('not answered')
  })
})

it('a node server answers operations first, then images, then nothing', async () => {
  const service = createService(new EventEmitter())
  const operations = createOperations(service)
  const server = await start('http', createNodeHandler(operations, createNodeHandler(service)))
  onTestFinished(async () => {
    await server.close()
    await operations.close()
    await service.close()
  })
  const paths = ['/ready', '/iiif/3/plain.png/info.json', '/nothing']
  const statuses = await Promise.all(paths.map(async path => (await server.send(path)).status))
  expect(statuses).toEqual([200, 200, 404])
})

it('a client that leaves in the middle of a task that it sends has sent none', async () => {
  const { operations } = create()
  const seen = new EventEmitter()
  const handle = createNodeHandler(operations)
  const server = await start('http', async (request: http.IncomingMessage, response) => {
    await handle(request, response)
    seen.emit('answered')
  })
  onTestFinished(() => server.close())
  const { connect } = await import('node:net')
  const socket = connect(Number(new URL(server.origin).port), '127.0.0.1')
  const answered = once(seen, 'answered')
  socket.write(
    'POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"kind":',
  )
  socket.end()
  await answered
  expect((await ask(operations, '/tasks')).json).toEqual({ tasks: [] })
})
