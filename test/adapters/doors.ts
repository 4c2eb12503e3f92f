/* Every door in a small application: something before it that writes down what was answered, something after it. */
import type http from 'node:http'
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import express from 'express'
import { Hono } from 'hono'
import Koa from 'koa'
import { createExpressMiddleware } from '../../src/adapters/express.js'
import { createFetchHandler } from '../../src/adapters/fetch.js'
import { createKoaMiddleware } from '../../src/adapters/koa.js'
import { createNodeHandler } from '../../src/adapters/node.js'
import type { HttpHandler } from '../../src/contracts.js'
import type { Listener, Transport } from './server.js'

const require = createRequire(import.meta.url)
/** The older versions are installed under other names, and have the interface of the newer ones. */
export const express4 = require('express4') as typeof express
export const Koa2 = require('koa2') as typeof Koa
const createRouter = require('router') as () => express.Router
export const mountKoa = require('koa-mount') as (path: string, inner: Koa.Middleware) => Koa.Middleware

export interface Application {
  readonly service: HttpHandler
  /** The paths that the door lies below, such as `['/a', '/b']`. */
  readonly mounts: readonly string[]
  /** Takes a line such as `GET 200` for each answer, as middleware before the door sees it. */
  readonly log: string[]
  /** Takes what the framework calls the request, as middleware before the door sees it. */
  readonly seen?: unknown[]
}

export interface Door {
  readonly name: string
  readonly transport: Transport
  /** Whether the framework takes the mount path away; Node has no frameworks, and the prefixes of the service do it. */
  readonly mounts: boolean
  readonly listen: (application: Application) => Listener
}

/** What the application answers itself. */
export function answerElse(path: string | undefined): { readonly status: number; readonly text: string } {
  return path === '/elsewhere' ? { status: 200, text: 'elsewhere' } : { status: 404, text: 'nobody' }
}

function answerNode(request: http.IncomingMessage, response: http.ServerResponse): void {
  const { status, text } = answerElse(request.url)
  response.writeHead(status).end(text)
}

function listenNode({ service, log, seen }: Application): Listener {
  const handle = createNodeHandler(service, answerNode)
  return (request, response) => {
    seen?.push(request)
    response.once('finish', () => log.push(`${request.method} ${response.statusCode}`))
    return handle(request, response)
  }
}

function listenExpress(create: typeof express): Door['listen'] {
  return ({ service, mounts, log, seen }) => {
    const app = create()
    app.use((request, response, next) => {
      seen?.push(request)
      response.once('finish', () => log.push(`${request.method} ${response.statusCode}`))
      next()
    })
    const nest = (inner: express.RequestHandler, path: string) => create.Router().use(path, inner)
    app.use(mounts.reduceRight<express.RequestHandler>(nest, createExpressMiddleware(service)))
    app.use((request, response) => answerNode(request, response))
    return app
  }
}

/* What Express 5 routes with, without what Express makes of requests and responses, which only those of HTTP/1 bear. */
function listenRouter({ service, mounts, log, seen }: Application): Listener {
  const nest = (inner: express.RequestHandler, path: string) => createRouter().use(path, inner)
  const routes = createRouter().use(
    mounts.reduceRight<express.RequestHandler>(nest, createExpressMiddleware(service)),
  )
  return (request, response) => {
    seen?.push(request)
    response.once('finish', () => log.push(`${request.method} ${response.statusCode}`))
    routes(request as express.Request, response as express.Response, () => answerNode(request, response))
  }
}

function listenKoa(Framework: typeof Koa): Door['listen'] {
  return ({ service, mounts, log, seen }) => {
    const app = new Framework()
    app.silent = true
    app.use(async (context, next) => {
      seen?.push(context)
      await next()
      log.push(`${context.method} ${context.status}`)
    })
    const nest = (inner: Koa.Middleware, path: string) => mountKoa(path, inner)
    app.use(mounts.reduceRight<Koa.Middleware>(nest, createKoaMiddleware(service)))
    app.use(context => {
      const { status, text } = answerElse(context.url)
      context.status = status
      context.body = text
    })
    return app.callback()
  }
}

function listenHono({ service, mounts, log, seen }: Application): Listener {
  const handle = createFetchHandler(service)
  const mountPath = mounts.join('')
  const app = new Hono()
  app.use(async (context, next) => {
    seen?.push(context.req.raw)
    await next()
    log.push(`${context.req.method} ${context.res.status}`)
  })
  app.use(`${mountPath}/*`, async (context, next) => {
    const { address } = getConnInfo(context).remote
    const facts = { mountPath, ...(address === undefined ? {} : { remoteAddress: address }) }
    return (await handle(context.req.raw, facts)) ?? next()
  })
  app.get('/elsewhere', context => context.text('elsewhere'))
  app.notFound(context => context.text('nobody', 404))
  return getRequestListener(app.fetch, { overrideGlobalObjects: false })
}

/** The smallest bridge from Node to the fetch door: no framework, Node's own Request and Response. */
function listenFetch({ service, mounts, log, seen }: Application): Listener {
  const handle = createFetchHandler(service)
  return async (request, response) => {
    const controller = new AbortController()
    response.once('close', () => controller.abort())
    const { method = 'GET' } = request
    const hasBody = method !== 'GET' && method !== 'HEAD'
    const init = {
      method,
      headers: request.headers as Record<string, string>,
      signal: controller.signal,
      ...(hasBody && { body: Readable.toWeb(request) as BodyInit, duplex: 'half' as const }),
    }
    const url = `http://${request.headers.host}${request.url}`
    const remoteAddress = request.socket.remoteAddress ?? ''
    const asked = new Request(url, init)
    seen?.push(asked)
    const answer = await handle(asked, { mountPath: mounts.join(''), remoteAddress })
    log.push(`${request.method} ${answer?.status ?? answerElse(request.url).status}`)
    if (answer === undefined) return answerNode(request, response)
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    if (answer.body === null) return response.end()
    const body = Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0])
    response.once('close', () => body.destroy())
    return body.once('error', error => response.destroy(error)).pipe(response)
  }
}

const node = { mounts: false, listen: listenNode }

export const doors: readonly Door[] = [
  { name: 'node http', transport: 'http', ...node },
  { name: 'node https', transport: 'https', ...node },
  { name: 'node http2 without TLS', transport: 'h2c', ...node },
  { name: 'node http2', transport: 'h2', ...node },
  { name: 'express 4', transport: 'http', mounts: true, listen: listenExpress(express4) },
  { name: 'express 5', transport: 'http', mounts: true, listen: listenExpress(express) },
  { name: 'koa 2', transport: 'http', mounts: true, listen: listenKoa(Koa2) },
  { name: 'koa 3', transport: 'http', mounts: true, listen: listenKoa(Koa) },
  { name: 'the router of express 5 over http2', transport: 'h2c', mounts: true, listen: listenRouter },
  { name: 'koa 3 over http2', transport: 'h2c', mounts: true, listen: listenKoa(Koa) },
  { name: 'fetch', transport: 'http', mounts: true, listen: listenFetch },
  { name: 'fetch with hono', transport: 'http', mounts: true, listen: listenHono },
]
