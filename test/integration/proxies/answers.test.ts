/* What honeydew answers reaches clients as it was answered, whatever the proxy; and a client that leaves is missed. */
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { describeBehind } from './behind.js'
import { type Asking, type Site, sites } from './client.js'
import { largeSize } from './upstream.js'

const image = 'plain.png/full/20,/0/default.png'
const whole = (identifier: string): string => `${identifier}/full/max/0/default.jpg`

describeBehind((chain, { hearsSilence, keeps }) => {
  const ask = (site: Site, path: string, asking?: Asking) =>
    chain.client.ask(site, `${site.path}/iiif/3/${path}`, asking)

  it.each(sites)('HEAD gives the headers of GET and no body, $title', async site => {
    for (const path of ['plain.png/info.json', image]) {
      const got = await ask(site, path)
      const head = await ask(site, path, { method: 'HEAD' })
      expect([head.status, head.body.length]).toEqual([200, 0])
      for (const name of ['etag', 'content-type', 'link', 'cache-control', 'last-modified'])
        expect([name, head.headers[name]]).toEqual([name, got.headers[name]])
    }
  })

  it.each(sites)('a copy that is still good is answered with 304, $title', async site => {
    for (const path of ['plain.png/info.json', image]) {
      const { headers } = await ask(site, path)
      expect(headers.etag).toMatch(/^(?:W\/)?".+"$/)
      const again = await ask(site, path, { headers: { 'if-none-match': headers.etag ?? '' } })
      expect([again.status, again.body.length]).toEqual([304, 0])
      expect(again.headers['access-control-allow-origin']).toBe('*')
      const other = await ask(site, path, { headers: { 'if-none-match': '"another"' } })
      expect(other.status).toBe(200)
    }
  })

  it.each(sites)('so is a document that was compressed on the way, $title', async site => {
    const headers = { 'accept-encoding': 'gzip' }
    const first = await ask(site, 'plain.png/info.json', { headers })
    const again = await ask(site, 'plain.png/info.json', {
      headers: { ...headers, 'if-none-match': first.headers.etag ?? '' },
    })
    expect([first.status, again.status]).toEqual([200, 304])
    // Images never are: they are compressed already.
    const picture = await ask(site, image, { headers })
    expect([picture.status, picture.headers['content-encoding']]).toEqual([200, undefined])
  })

  it.each(sites)('a range is given as a range, $title', async site => {
    const range = async (words: string) => {
      const { status, headers, body } = await ask(site, whole('large.jpg'), { headers: { range: words } })
      return { status, range: headers['content-range'], body }
    }
    const middle = await range('bytes=1000000-1000999')
    expect([middle.status, middle.range]).toEqual([206, `bytes 1000000-1000999/${largeSize}`])
    expect(middle.body.equals(chain.upstream.large.subarray(1_000_000, 1_001_000))).toBe(true)
    expect((await range(`bytes=${largeSize}-`)).status).toBe(416)
  })

  it.each(sites)('a large image comes whole, $title', async site => {
    const { status, headers, body } = await ask(site, `${whole('large.jpg')}?whole=${site.scheme}`)
    expect([status, headers['content-type'], body.length]).toEqual([200, 'image/jpeg', largeSize])
    expect(body.equals(chain.upstream.large)).toBe(true)
  })

  it.each(sites)('several large images come whole at the same time, $title', async site => {
    const answers = Array.from({ length: 3 }, (_, index) => ask(site, `${whole('large.jpg')}?part=${index}`))
    for (const { status, body } of await Promise.all(answers))
      expect([status, body.equals(chain.upstream.large)]).toEqual([200, true])
  })

  it.each(sites)('a browser may ask before it asks, $title', async site => {
    const headers = { origin: 'https://viewer.example', 'access-control-request-method': 'GET' }
    const asking = {
      method: 'OPTIONS',
      headers: { ...headers, 'access-control-request-headers': 'authorization' },
    }
    const { status, headers: told } = await ask(site, 'plain.png/info.json', asking)
    expect(status).toBe(204)
    expect(told).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD, OPTIONS',
      'access-control-allow-headers': expect.stringContaining('Authorization'),
    })
  })

  it.each(sites)('errors are told in the words of honeydew, $title', async site => {
    const told = async (path: string, accept: string) => {
      const { status, headers, body } = await ask(site, path, { headers: { accept } })
      return [status, headers['content-type'], body.toString()]
    }
    expect(await told('nobody.png/info.json', '*/*')).toEqual([
      404,
      'application/json',
      expect.stringContaining('"not-found"'),
    ])
    expect(await told('plain.png/full/0,/0/default.png', 'text/html')).toEqual([
      400,
      'text/html; charset=utf-8',
      expect.stringContaining('<p>The size'),
    ])
    expect(await told('plain.png/full/0,/0/default.png', 'text/plain')).toEqual([
      400,
      'text/plain; charset=utf-8',
      expect.stringMatching(/^400 Bad Request\n\nThe size/),
    ])
    const { status, headers } = await ask(site, image, { method: 'DELETE' })
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS'])
  })

  it.each(sites)('a honeydew that has too much to do says when to come back, $title', async site => {
    const { status, headers, body } = await ask(site, 'busy.jpg/info.json')
    expect([status, headers['retry-after'], headers['cache-control']]).toEqual([503, '7', 'no-cache'])
    expect(body.toString()).toContain('"overloaded"')
  })

  it.each(sites)('HTTP/1.1 is spoken with those who know no other, $title', async site => {
    const { status, body } = await ask(site, 'plain.png/info.json', { isOld: true })
    expect([status, JSON.parse(body.toString()).id]).toEqual([
      200,
      `${chain.client.baseOf(site)}/iiif/3/plain.png`,
    ])
  })

  // A proxy that fills its cache goes on without the client.
  const passing = sites.filter(site => !keeps(site))

  it.each(passing)('a client that leaves in the middle ends the work, $title', async site => {
    const leaving = new AbortController()
    const closed = once(chain.upstream.events, 'closed')
    const answer = ask(site, whole('slow.jpg'), { signal: leaving.signal, onData: () => leaving.abort() })
    await expect(answer).rejects.toThrow()
    await closed
    await expect.poll(() => lastReport('slow.jpg')?.isComplete, { timeout: 10_000 }).toBe(false)
    chain.upstream.forget()
  })

  // Apache looks at the client again when there is something to send.
  it.each(hearsSilence ? passing : [])('so does one that leaves before anything came, $title', async site => {
    const leaving = new AbortController()
    const asked = once(chain.upstream.events, 'asked') as Promise<[AbortSignal]>
    const answer = ask(site, 'hangs.png/info.json', { signal: leaving.signal })
    const [signal] = await asked
    expect(signal.aborted).toBe(false)
    const aborted = once(signal, 'abort')
    leaving.abort()
    await expect(answer).rejects.toThrow()
    await aborted
    expect(signal.aborted).toBe(true)
  })

  const lastReport = (identifier: string) =>
    chain.upstream.reports.filter(({ request }) => request.url.includes(identifier)).at(-1)
})
