// The logs of a real server: who asked, what went wrong, what nobody may write into them, and files that are changed.
import { readFile, rename, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { askOnce, launch, load, start, until, useFolder } from './program.js'

const folder = useFolder()
const info = '/iiif/3/wave.png/info.json'
const readLines = async (path: string): Promise<string[]> =>
  (await readFile(path, 'utf8')).trimEnd().split('\n')

describe('the access log', () => {
  it('tells of each answer who asked, behind a proxy too, and hides what is secret', async () => {
    const config = folder.path('users.mjs')
    await writeFile(
      config,
      `export default {
        service: {
          authorize: () => ({ kind: 'allow' }),
          authenticate: ({ headers }) => headers['x-user'] && { name: headers['x-user'] },
        },
        nameUser: user => user.name,
      }`,
    )
    const path = folder.path('who.log')
    const server = await start(folder.path(), ['--workers', '1', '--access-log', path, '--config', config])
    const headers = {
      'x-user': 'ada "the first"\tof all',
      'x-forwarded-for': '198.51.100.7',
      'user-agent': 'test" 200 0 "-" "forged',
      referer: 'https://example.org/?token=hush',
    }
    await askOnce(`${server.origin}${info}?token=hush`, { headers })
    await askOnce(`${server.origin}/iiif/3/nobody.png/info.json`, { headers })
    await askOnce(`${server.origin}/`, { headers })
    await askOnce(`${server.origin}/nothing`, { method: 'POST' })
    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
    const lines = await readLines(path)
    expect(lines.join()).not.toContain('hush')
    const agent = '"test\\x22 200 0 \\x22-\\x22 \\x22forged"'
    const referer = '"https://example.org/?token=***"'
    const user = 'ada\\x20\\x22the\\x20first\\x22\\x09of\\x20all'
    expect(lines.map(line => line.replace(/\[[^\]]+\]/, '[]').replace(/(" \d+) \d+/, '$1 N'))).toEqual([
      `198.51.100.7 - ${user} [] "GET ${info}?token=*** HTTP/1.1" 200 N ${referer} ${agent}`,
      `198.51.100.7 - ${user} [] "GET /iiif/3/nobody.png/info.json HTTP/1.1" 404 N ${referer} ${agent}`,
      `198.51.100.7 - - [] "GET / HTTP/1.1" 404 N ${referer} ${agent}`,
      '127.0.0.1 - - [] "POST /nothing HTTP/1.1" 404 N "-" "-"',
    ])
  })

  it.each([1, 2])(
    'loses no line when its file is renamed under load, and SIGHUP opens a new one: %i worker(s)',
    async workers => {
      const path = folder.path(`rotated-${workers}.log`)
      const server = await start(folder.path(), ['--workers', String(workers), '--access-log', path])
      const clients = load(server.port, 8)
      await until(() => (clients.tally.statuses[200] ?? 0) > 30)
      await rename(path, `${path}.1`)
      server.child.kill('SIGHUP')
      await server.told(/The server answers by the new options/)
      const before = clients.tally.statuses[200] ?? 0
      await until(() => (clients.tally.statuses[200] ?? 0) > before + 30)
      const { statuses, failures } = await clients.stop()
      server.child.kill('SIGTERM')
      expect(await server.ended).toBe(0)
      expect(failures).toEqual([])
      const [old, fresh] = await Promise.all([readLines(`${path}.1`), readLines(path)])
      expect(fresh.length).toBeGreaterThan(0)
      expect(old.length + fresh.length).toBe(statuses[200])
      for (const line of [...old, ...fresh])
        expect(line).toMatch(/^127\.0\.0\.1 - - \[.*\] "GET \/iiif\/.*" 200 \d+ "-" "-"$/)
    },
  )

  it('is a line of JSON where that is wanted, and goes to the standard output by itself', async () => {
    const server = await start(folder.path(), ['--workers', '1', '--access-log-format', 'json'])
    await askOnce(`${server.origin}${info}`)
    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
    expect(JSON.parse(server.out())).toMatchObject({
      method: 'GET',
      url: info,
      status: 200,
      client: '127.0.0.1',
    })
  })

  it('a path that cannot be opened is told, and ends the server with 2', async () => {
    const failed = await start(folder.path(), [
      '--workers',
      '1',
      '--access-log',
      'no/such/folder/a.log',
    ]).catch(String)
    expect(failed).toContain('accessLog: the file cannot be opened (ENOENT)')
  })
})

describe('the error log', () => {
  it('has no line for requests of what is not offered: that is no failure', async () => {
    const server = await start(folder.path(), ['--workers', '1', '--no-access-log', '--formats', 'jpg,png'])
    const { status } = await askOnce(`${server.origin}/iiif/3/wave.png/full/max/0/default.webp`)
    expect(status).toBe(501)
    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
    expect(server.err()).not.toMatch(/ error |501/)
  })

  it('a path that cannot be opened is told, and ends the server with 2', async () => {
    const server = launch(folder.path(), ['photos', '--port', '0', '--error-log', 'no/such/folder/e.log'])
    expect(await server.ended).toBe(2)
    expect(server.err()).toMatch(/^errorLog: the file cannot be opened \(ENOENT\)$/m)
  })

  it('tells a failure with its cause and its request, which the client only learns the number of', async () => {
    const config = folder.path('fails.mjs')
    await writeFile(
      config,
      `const fail = () => { throw new Error('the database\\nat 10.0.0.7') }
      export default { service: { source: fail, authorize: ({ identifier }) => (identifier === 'denied' ? fail() : { kind: 'allow' }) } }`,
    )
    const path = folder.path('errors.log')
    const words = ['--no-access-log', '--error-log', path, '--error-log-format', 'json', '--config', config]
    const server = await start(folder.path(), ['--workers', '1', ...words])
    const given = await askOnce(`${server.origin}/iiif/3/a/info.json?token=hush`, {
      headers: { 'x-request-id': 'abc-1' },
    })
    const made = await askOnce(`${server.origin}/iiif/3/a/info.json`, {
      headers: { 'x-request-id': 'not "an" id' },
    })
    const denied = await askOnce(`${server.origin}/iiif/3/denied/info.json`)
    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
    expect([given.status, given.headers['x-request-id']]).toEqual([500, 'abc-1'])
    expect(given.text + made.text).not.toContain('10.0.0.7')
    expect(made.headers['x-request-id']).toMatch(/^[0-9a-f]{16}$/)
    expect(denied.status).toBe(403)
    const lines = (await readLines(path))
      .map(line => JSON.parse(line))
      .filter(({ level }) => level === 'error')
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'error',
        requestId: 'abc-1',
        request: 'GET /iiif/3/a/info.json?token=***',
        cause: expect.stringContaining('the database | at 10.0.0.7'),
      }),
      expect.objectContaining({ requestId: made.headers['x-request-id'] }),
      expect.objectContaining({
        message: 'authorize has failed: access is denied.',
        request: expect.stringMatching(/denied/),
      }),
    ])
  })

  it.each([1, 2])(
    'is opened anew by SIGHUP, also what the server tells of itself: %i worker(s)',
    async workers => {
      const path = folder.path(`moved-${workers}.log`)
      const words = ['--no-access-log', '--error-log', path, '--workers', String(workers)]
      const server = await start(folder.path(), words)
      await until(async () => (await readFile(path, 'utf8')).includes('honeydew serves'))
      await rename(path, `${path}.1`)
      server.child.kill('SIGHUP')
      const hasNew = (words: string) => async () =>
        (await readFile(path, 'utf8').catch(() => '')).includes(words)
      await until(hasNew('The server answers by the new options'))
      server.child.kill('SIGTERM')
      expect(await server.ended).toBe(0)
      expect(await hasNew('SIGTERM: the server ends')()).toBe(true)
    },
  )
})
