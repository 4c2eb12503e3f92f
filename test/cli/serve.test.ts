// The command as a person meets it: what it says at its beginning, and when it cannot begin.
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { describe, expect, it } from 'vitest'
import { askOnce, launch, start, useFolder } from '../server/program.js'

const folder = useFolder()

/** Runs the command until it ends by itself. */
async function run(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const served = launch(folder.path(), words, environment)
  return { code: await served.ended, out: served.out(), err: served.err() }
}

describe('honeydew serve', () => {
  it('tells what it serves, where, and by how many, and what it would make faster', async () => {
    const server = await start(folder.path(), ['--workers', '2'])
    expect(server.err()).toMatch(/honeydew serves .*photos at http:\/\/localhost:\d+\/ by 2 workers\n/)
    await server.told(/The image is slow to serve; .*: npx honeydew doctor \S*photos$/m)
    expect((await askOnce(`${server.origin}/iiif/3/wave.png/full/10,/0/default.jpg`)).status).toBe(200)
    expect((await askOnce(`${server.origin}/presentation/3/wave.png/manifest`)).status).toBe(404)
    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
  })

  it('takes a variable and a file of the working directory for options', async () => {
    const own = folder.path('own')
    await mkdir(own)
    await writeFile(
      folder.path('own/honeydew.config.mjs'),
      "export default { folder: '../photos', prefix3: '/three' }",
    )
    const served = launch(own, [], { HONEYDEW_PORT: '0', HONEYDEW_WORKERS: '1', HONEYDEW_PROT: '1' })
    const [, port] = await served.told(/localhost:(\d+)/)
    expect((await askOnce(`http://127.0.0.1:${port}/three/wave.png/info.json`)).status).toBe(200)
    expect(served.err()).toContain('HONEYDEW_PROT: there is no such option\n')
    served.child.kill('SIGTERM')
    expect(await served.ended).toBe(0)
  })

  it('prints the configuration without starting, and all options', async () => {
    const { code, out, err } = await run(['photos', '--print-config'], { HONEYDEW_PORT: '99' })
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^port +99 +HONEYDEW_PORT$/m)
    expect(out).toMatch(/^folder +".*photos" +--folder$/m)
    expect((await run(['--options'])).out).toContain('HONEYDEW_CACHE_FOLDER\n')
  })

  it.each<[readonly string[], readonly (string | RegExp)[]]>([
    [[], ['There is nothing to serve: name a folder, as in "honeydew serve ./images"']],
    [['nowhere'], [/^There is no folder ".*nowhere"$/]],
    [['photos/wave.png'], [/^".*wave\.png" is no folder$/]],
    [['photos', 'more'], ['Expected one folder but received 2']],
    [['photos', '--http2', '--no-http2'], ['--http2: expected no --no-http2 beside it']],
    [['photos', '--fly'], ['--fly: there is no such option']],
    [
      ['photos', '--port', 'x', '--workers', '0'],
      [
        '--port: expected a whole number from 0 to 65535 but received "x"',
        /^--workers: expected a whole number/,
      ],
    ],
    [
      ['photos', '--tls-cert', 'a.pem'],
      ['tlsCert: expected tlsKey beside it', /^tlsCert: there is no file ".*a\.pem"$/],
    ],
    [
      ['photos', '--cache-folder', 'a', '--cache-redis', 'redis://b'],
      ['cacheFolder: expected nothing of cacheRedis beside it'],
    ],
    [
      ['photos', '--metrics-access', 'token'],
      ['operationsTokenFile: expected a file, because access is by token'],
    ],
    [['photos', '--formats', 'bmp'], [/^formats: /]],
    [['photos', '--prefix3', '/iiif', '--prefix2', '/iiif'], [/prefix/]],
  ])('refuses what is wrong in a line each, and 2: %j', async (words, problems) => {
    for (const more of [[], ['--workers', '2']]) {
      const { code, out, err } = await run([
        '--port',
        '0',
        ...(words.includes('--workers') ? [] : more),
        ...words,
      ])
      expect([code, out]).toEqual([2, ''])
      const lines = err.trimEnd().split('\n')
      expect(lines.pop()).toBe('"honeydew serve --help" shows what can be said')
      expect(lines).toEqual(
        problems.map(problem => (typeof problem === 'string' ? problem : expect.stringMatching(problem))),
      )
    }
  })

  it.each(['1', '2'])('tells in one line that the port is in use, and 1: %s worker(s)', async workers => {
    const other = net.createServer().listen(0, '127.0.0.1')
    await new Promise(settle => other.once('listening', settle))
    const address = other.address()
    const port = typeof address === 'object' ? String(address?.port) : ''
    const { code, err } = await run(['photos', '--port', port, '--workers', workers])
    other.close()
    expect([code, err]).toEqual([1, `Port ${port} is in use: choose another one with --port\n`])
  })

  it('tells in one line that the machine has no such address', async () => {
    const { code, err } = await run(['photos', '--host', '192.0.2.1', '--port', '0', '--workers', '1'])
    expect([code, err]).toEqual([1, 'This machine has no address "192.0.2.1"\n'])
  })

  it.each([
    [
      'a package that is not there',
      "import 'no-such-package'\nexport default {}",
      /cannot be loaded: Cannot find package/,
    ],
    ['what is no JavaScript', 'export default {\n  a: }', /cannot be loaded: .* \(line 2\)/],
  ])('tells in one line what is wrong with a file: %s', async (_what, text, expected) => {
    await writeFile(folder.path('broken.mjs'), text)
    const { code, err } = await run(['photos', '--port', '0', '--config', 'broken.mjs'])
    expect(code).toBe(2)
    expect(err).toMatch(expected)
    expect(err.trimEnd().split('\n')).toHaveLength(2)
  })

  it('keeps operations for who has the token, or is on this machine', async () => {
    const token = 'a-token-of-more-than-16'
    await writeFile(folder.path('token'), `${token}\n`)
    await chmod(folder.path('token'), 0o600)
    const server = await start(folder.path(), [
      '--workers',
      '1',
      '--operations-token-file',
      'token',
      '--operations-prefix',
      '/operations',
    ])
    const metrics = `${server.origin}/operations/metrics`
    expect((await askOnce(metrics)).status).toBe(401)
    expect((await askOnce(metrics, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200)
    expect((await askOnce(`${server.origin}/operations/health`)).status).toBe(200)
    expect((await askOnce(`${server.origin}/operations/health`, { headers: { via: 'proxy' } })).status).toBe(
      403,
    )
    expect((await askOnce(`${server.origin}/metrics`)).status).toBe(404)
    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
  })
})
