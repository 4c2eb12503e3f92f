/* Nobody outside can tell honeydew where it is, who asks, or what an image is called, and nobody gets at what is not for
   everybody. */
import { createConnection } from 'node:net'
import { expect, it } from 'vitest'
import { describeBehind } from './behind.js'
import { clientAddress, photoSite, type Site, sites } from './client.js'

/* Node writes the names as they are given here. */
const forged: Readonly<Record<string, string | string[]>> = {
  'X-Forwarded-Host': ['evil.example', 'evil.example.org:666'],
  'X-Forwarded-Proto': 'gopher, https',
  'X-Forwarded-Port': '666',
  'X-Forwarded-Path': '/evil',
  'X-Forwarded-ID': 'evil',
  'X-IIIF-ID': 'evil',
  'X-Forwarded-For': '6.6.6.6',
  Forwarded: 'for=6.6.6.6;host=evil.example;proto=http',
}

/** Headers that some proxies take away after they have set them, because the client said so. */
const hopByHop = Object.keys(forged).join(', ')

const everywhere = [...sites, photoSite]

/** The headers of HTTP/1.1 as HTTP/2 writes them. */
function forHttp2(headers: typeof forged): typeof forged {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

const identifierOn = (site: Site): string => (site === photoSite ? 'cat' : 'a%2Fb.png')

describeBehind(chain => {
  const idOn = (site: Site): string => `${chain.client.baseOf(site)}/iiif/3/${identifierOn(site)}`
  const readId = (body: Buffer): unknown => JSON.parse(body.toString()).id

  it.each(everywhere)('a client that forges headers changes nothing, $title', async site => {
    const path = `${site.path}/iiif/3/${identifierOn(site)}/info.json`
    const headers = site.scheme === 'https' ? forHttp2(forged) : forged
    chain.upstream.forget()
    const info = await chain.client.ask(site, `${path}?forged=1`, { headers })
    expect([info.status, readId(info.body)]).toEqual([200, idOn(site)])
    expect(chain.upstream.reports.map(report => report.clientAddress)).toEqual([clientAddress])
  })

  it.each(everywhere)('nor does one that has headers taken away, $title', async site => {
    const path = `${site.path}/iiif/3/${identifierOn(site)}/info.json`
    chain.upstream.forget()
    for (const connection of [hopByHop, `close, ${hopByHop.toLowerCase()}`]) {
      const headers = { ...forged, Connection: connection }
      const info = await chain.client.ask(site, `${path}?hop=${connection.length}`, { headers, isOld: true })
      expect([info.status, readId(info.body)]).toEqual([200, idOn(site)])
    }
    expect(chain.upstream.reports.map(report => report.clientAddress)).toEqual([clientAddress, clientAddress])
  })

  it.each(everywhere)('nor does a host or port that was never ours, $title', async site => {
    const path = `${site.path}/iiif/3/${identifierOn(site)}/info.json`
    const told = []
    for (const host of [`${site.host}:666`, 'evil.example', `evil.example:666`]) {
      const { status, body } = await chain.client.ask(site, path, { headers: { host }, isOld: true })
      told.push(status === 200 && body.length > 0 ? readId(body) : status)
    }
    // It may be refused (Caddy answers with an empty 200 then), or taken for the first site, which may not have the path.
    for (const answer of told) {
      if (typeof answer === 'string') expect(answer).not.toMatch(/evil|666/)
      else expect([200, 301, 308, 404, 421]).toContain(answer)
    }
    expect(readId((await chain.client.ask(site, path)).body)).toBe(idOn(site))
  })

  it.each([
    '/metrics',
    '/health',
    '/ready',
    '/status',
    '/tasks',
    '/',
    '/iiif',
    '/iiif/../metrics',
    '/iiif/3/../../metrics',
    '/iiif/%2e%2e/metrics',
    '/iiif/.%2E%2fmetrics',
    '/iiif/3/..%2f..%2fmetrics',
    '/metrics/../iiif/3/plain.png',
    '/metrics/../presentation/3/collection',
    '/presentation/../metrics',
    '/metrics/%2e%2e/iiif/3/plain.png',
    '/metrics%2f..%2fiiif%2f3/plain.png',
    '//metrics',
    '/./metrics',
    '/metrics?/iiif/',
    '/metrics#/iiif/',
    '/metrics%3f/iiif/',
    '/metrics;/iiif/',
    '/metrics%00/iiif/',
    '\\metrics',
    '/iiif\\..\\metrics',
    'http://iiif.example.org/metrics',
    'http://127.0.0.1/metrics',
  ])('%s does not lead to what is not for everybody', async path => {
    const { ports } = chain
    for (const { host, scheme, path: mount } of everywhere) {
      if (scheme === 'http') await send(ports.http, `GET ${path} HTTP/1.1`, host)
      if (scheme === 'http' && mount) await send(ports.http, `GET ${mount}${path} HTTP/1.1`, host)
    }
    // honeydew looks at paths as they come, and whatever comes through is below these.
    const isBelow = (leak: string) => /^\/(?:iiif|presentation)\//.test(leak)
    expect(chain.upstream.leaks.filter(leak => !isBelow(leak))).toEqual([])
  })
})

/** Sends a line that no library would send, and waits for the end of the answer. */
function send(port: number, line: string, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port, host: '127.0.0.1', localAddress: clientAddress })
    let answer = ''
    socket.on('data', chunk => (answer += chunk))
    socket.once('close', () => resolve(answer)).once('error', reject)
    socket.write(`${line}\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  })
}
