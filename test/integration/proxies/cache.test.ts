/* Proxies that keep answers keep what honeydew lets them keep, for as long as it says, and for whom it says. */
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeBehind } from './behind.js'
import { type Asking, sites } from './client.js'
import { proxies } from './servers.js'
import { writePicture } from './upstream.js'

const caching = proxies.filter(({ keeps }) => sites.some(keeps))

describeBehind((chain, { keeps, gathers }) => {
  // Over TLS, and in clear text where that is kept too.
  const site = sites.filter(keeps).at(-1) ?? sites[0]!
  const ask = (path: string, asking?: Asking) => chain.client.ask(site, `${site.path}/iiif/3/${path}`, asking)
  /** What the proxy says of an answer, in one word for both: HIT, MISS, REVALIDATED... */
  const told = (headers: Readonly<Record<string, string>>): string =>
    (headers['x-cache-status'] ?? headers['x-cache'] ?? '')
      .split(' ')[0]!
      .replace(/^REVALIDATE$/, 'REVALIDATED')
  /** What became of a request: the word of the proxy, the status, and how often honeydew was asked. */
  const watch = async (path: string, asking?: Asking) => {
    chain.upstream.forget()
    const { status, headers, body } = await ask(path, asking)
    const asked = chain.upstream.requests.map(request => request.status)
    return { status, told: told(headers), asked, headers, body }
  }
  const colour = 'full/max/0/default.png'

  it('an image is asked for once, and kept', async () => {
    const first = await watch(`plain.png/${colour}`)
    expect([first.told, first.status, first.asked]).toEqual(['MISS', 200, [200]])
    const second = await watch(`plain.png/${colour}`)
    expect([second.told, second.status, second.asked]).toEqual(['HIT', 200, []])
    expect(second.body.equals(first.body)).toBe(true)
    for (const name of ['etag', 'link', 'content-type', 'cache-control', 'access-control-allow-origin'])
      expect([name, second.headers[name]]).toEqual([name, first.headers[name]])
  })

  it('a client that has it already is told so without honeydew', async () => {
    const { headers } = await watch(`e%40f.png/${colour}`)
    const again = await watch(`e%40f.png/${colour}`, { headers: { 'if-none-match': headers.etag ?? '' } })
    expect([again.told, again.status, again.asked, again.body.length]).toEqual(['HIT', 304, [], 0])
  })

  it('info.json is kept apart by what the client accepts', async () => {
    const accept = (type: string) => watch('a+b.png/info.json', { headers: { accept: type } })
    const types = ['application/json', 'application/ld+json']
    const firsts = [await accept(types[0]!), await accept(types[1]!)]
    expect(firsts.map(({ asked }) => asked)).toEqual([[200], [200]])
    const seconds = [await accept(types[0]!), await accept(types[1]!)]
    expect(seconds.map(({ asked }) => asked)).toEqual([[], []])
    for (const [index, type] of types.entries())
      expect(seconds[index]?.headers['content-type']).toMatch(
        new RegExp(`^${type.replace('+', '\\+')}(?:;|$)`),
      )
  })

  it('identifiers that differ in how they are encoded are kept apart', async () => {
    const ids = ['a%2Fb.png', 'a%252Fb.png']
    const read = async (id: string) => JSON.parse((await ask(`${id}/info.json`)).body.toString()).width
    for (const _ of [1, 2]) expect([await read(ids[0]!), await read(ids[1]!)]).toEqual([40, 58])
  })

  it('what has gone stale is asked for with its tag, and kept on where it is the same', async () => {
    await writePicture(join(chain.upstream.folder, 'brief1.png'), 40)
    const path = `brief1.png/${colour}`
    const first = await watch(path)
    expect([first.told, first.headers['cache-control']]).toEqual(['MISS', 'public, max-age=1'])
    await wait(2100)
    const stale = await watch(path)
    expect([stale.told, stale.status, stale.asked]).toEqual(['REVALIDATED', 200, [304]])
    expect(stale.body.equals(first.body)).toBe(true)
  })

  it('an image that has changed is seen when its time is over', async () => {
    const file = join(chain.upstream.folder, 'brief2.png')
    await writePicture(file, 40)
    const path = 'brief2.png/info.json'
    const width = async () => JSON.parse((await ask(path)).body.toString()).width
    expect(await width()).toBe(40)
    await writePicture(`${file}.new`, 44)
    renameSync(`${file}.new`, file)
    await wait(2100)
    expect(await width()).toBe(44)
  })

  it('errors are not kept', async () => {
    const path = 'late.png/info.json'
    const first = await watch(path)
    expect([first.status, first.asked]).toEqual([404, [404]])
    await writePicture(join(chain.upstream.folder, 'late.png'), 46)
    const second = await watch(path)
    expect([second.status, second.asked]).toEqual([200, [200]])
    for (const _ of [1, 2]) expect((await watch('busy.jpg/info.json')).asked).toEqual([503])
  })

  it('what is not for everybody is never kept', async () => {
    await writePicture(join(chain.upstream.folder, 'private.png'), 48)
    await writePicture(join(chain.upstream.folder, 'public.png'), 50)
    const reader = { headers: { cookie: 'reader=1' } }
    for (const path of ['guarded/private.png/info.json', `guarded/private.png/${colour}`]) {
      for (const _ of [1, 2]) {
        const given = await watch(path, reader)
        expect([given.status, given.asked, given.headers['cache-control']]).toEqual([
          200,
          [200],
          'private, no-cache',
        ])
        const refused = await watch(path)
        expect([refused.status, refused.asked]).toEqual([403, [403]])
        expect(refused.headers['cache-control']).toMatch(/no-store/)
      }
    }
    // For everybody is what the application says is for everybody.
    expect((await watch(`guarded/public.png/${colour}`, reader)).asked).toEqual([200])
    expect((await watch(`guarded/public.png/${colour}`)).asked).toEqual([])
  })

  it('HEAD leaves nothing that GET would be answered with', async () => {
    const path = `x;y.png/${colour}`
    expect((await watch(path, { method: 'HEAD' })).asked).toEqual([200])
    const { body, asked } = await watch(path)
    expect([body.length > 0, asked]).toEqual([true, [200]])
    expect((await watch(path, { method: 'HEAD' })).body.length).toBe(0)
  })

  it.each([
    [
      'headers',
      { 'x-forwarded-host': 'evil.example', 'x-forwarded-id': 'evil', 'x-forwarded-path': '/evil' },
      {},
    ],
    ['a port', { host: `${site.host}:666` }, { isOld: true }],
    ['a host', { host: 'evil.example' }, { isOld: true }],
    [
      'headers that are to be taken away',
      { connection: 'x-forwarded-host, x-forwarded-proto' },
      { isOld: true },
    ],
  ])('nobody can put a wrong address into the cache: %s', async (title, headers, asking) => {
    const path = `plain.png/info.json?by=${encodeURIComponent(title)}`
    await ask(path, { headers, ...asking })
    const { body } = await ask(path)
    expect(JSON.parse(body.toString()).id).toBe(`${chain.client.baseOf(site)}/iiif/3/plain.png`)
  })

  // Apache lets all of them through, and honeydew makes the image once.
  it.each(gathers ? ['one'] : [])('of many who ask for the same at once %s asks honeydew', async () => {
    chain.upstream.forget()
    const answers = Array.from({ length: 12 }, () => ask('a%2Fb.png/full/11,/0/default.png'))
    for (const { status } of await Promise.all(answers)) expect(status).toBe(200)
    expect(chain.upstream.requests).toHaveLength(1)
  })
}, caching)

/* Times of HTTP are whole seconds. */
function wait(ms: number): Promise<void> {
  return new Promise(later => setTimeout(later, ms))
}
