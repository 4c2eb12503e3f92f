// Pages of other sites in a real browser on the machine of the operator: they may order nothing, and read nothing.
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createNodeHandler } from '../../src/adapters/node.js'
import { createOperations, type Operations } from '../../src/operations/operations.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { chromiumPath, launchChromium } from './chromium.js'

async function listen(listener: http.RequestListener): Promise<http.Server> {
  const server = http.createServer(listener)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return server
}

const portOf = (server: http.Server) => (server.address() as AddressInfo).port

describe.skipIf(chromiumPath === undefined)('a page (Chromium)', () => {
  const log: string[] = []
  let service: ImageService
  let operations: Operations
  let operated: http.Server
  let elsewhere: http.Server
  let browser: Browser

  beforeAll(async () => {
    service = createImageService({ source: () => undefined })
    operations = createOperations(service)
    const answerPage = (_: http.IncomingMessage, response: http.ServerResponse) =>
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<iframe name="frame"></iframe>')
    const handle = createNodeHandler(operations, answerPage)
    operated = await listen((request, response) => {
      response.once('finish', () => log.push(`${request.method} ${request.url} ${response.statusCode}`))
      return handle(request, response)
    })
    elsewhere = await listen(answerPage)
    browser = await launchChromium()
  }, 120_000)

  afterAll(async () => {
    await browser?.close()
    for (const server of [operated, elsewhere]) {
      server.closeAllConnections()
      server.close()
    }
    await operations.close()
    await service.close()
  })

  /** Opens a page, and asks on it as scripts do; tells a status, or that the browser did not let it. */
  async function askOn(page: string, url: string, init: RequestInit = {}): Promise<string | number> {
    const context = await browser.newContext()
    try {
      const opened = await context.newPage()
      await opened.goto(page)
      return await opened.evaluate(
        ([target, given]) =>
          fetch(target, given).then(
            ({ status }) => status,
            () => 'refused',
          ),
        [url, init] as const,
      )
    } finally {
      await context.close()
    }
  }

  const body = '{"kind":"purge","all":true}'
  const headers = { 'content-type': 'application/json' }

  const listTasks = async () => {
    const reply = await fetch(`http://127.0.0.1:${portOf(operated)}/tasks`)
    return ((await reply.json()) as { tasks: readonly unknown[] }).tasks
  }

  it.each(['127.0.0.1', 'localhost'])('of another origin (%s) can neither order nor read', async host => {
    const page = `http://${host}:${portOf(elsewhere)}/`
    const url = `http://localhost:${portOf(operated)}`
    log.length = 0
    expect(await askOn(page, `${url}/tasks`, { method: 'POST', body, headers })).toBe('refused')
    // This one is sent, as forms are, without the server being asked first.
    const form = { method: 'POST', body, mode: 'no-cors' } as const
    expect(await askOn(page, `${url}/tasks`, form)).toBe('refused')
    expect(await askOn(page, `${url}/tasks/1`, { method: 'DELETE' })).toBe('refused')
    for (const path of ['/status', '/metrics', '/health', '/tasks'])
      expect(await askOn(page, `${url}${path}`)).toBe('refused')
    expect(log.filter(line => /^(POST|DELETE)/.test(line))).toEqual(['POST /tasks 403'])
    expect(await listTasks()).toEqual([])
  })

  it('of another origin cannot order by a form either', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(`http://127.0.0.1:${portOf(elsewhere)}/`)
    log.length = 0
    await page.evaluate(
      action => {
        const form = document.createElement('form')
        Object.assign(form, { method: 'post', enctype: 'text/plain', target: 'frame', action })
        // In text/plain this is JSON.
        const field = Object.assign(document.createElement('input'), { name: '{"kind":"purge","all":true,"' })
        form.append(Object.assign(field, { value: '":1}' }))
        document.body.append(form)
        form.submit()
      },
      `http://localhost:${portOf(operated)}/tasks`,
    )
    await expect.poll(() => log).toEqual(['POST /tasks 403'])
    expect(await listTasks()).toEqual([])
    await context.close()
  })

  it('of the server itself can', async () => {
    const page = `http://localhost:${portOf(operated)}/`
    expect(await askOn(page, '/status')).toBe(200)
    expect(await askOn(page, '/tasks', { method: 'POST', body, headers })).toBe(202)
    expect(await listTasks()).toHaveLength(1)
  })

  it('under a name of somebody else that leads here cannot', async () => {
    // The browser takes both for one origin; that its name is not of this machine is what is left.
    const args = ['--host-resolver-rules=MAP evil.example 127.0.0.1', '--no-sandbox', '--disable-gpu']
    const { chromium } = await import('playwright-core')
    const fooled = await chromium.launch({ executablePath: chromiumPath ?? '', args })
    try {
      const page = await fooled.newPage()
      const port = portOf(operated)
      await page.goto(`http://evil.example:${port}/`)
      const statuses = await page.evaluate(
        async given => [(await fetch('/status')).status, (await fetch('/tasks', given)).status],
        { method: 'POST', body, headers },
      )
      expect(statuses).toEqual([403, 403])
    } finally {
      await fooled.close()
    }
  })
})
