// The tarball that npm would publish, looked at and used as a stranger would.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'honeydew-package-'))
let tarball = ''

const run = (command: string, args: readonly string[], cwd: string) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

beforeAll(async () => {
  run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], root)
  tarball = readdirSync(folder).find(name => name.endsWith('.tgz')) ?? ''
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}')
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`], folder)
  await sharp({ create: { width: 400, height: 300, channels: 3, background: '#c04020' } })
    .png()
    .toFile(join(folder, 'cat.png'))
}, 240_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the packed tarball', () => {
  it('holds what is needed and nothing else', () => {
    const names = run('tar', ['-tzf', tarball], folder).trim().split('\n')
    const known = /^package\/(?:dist\/.+\.(?:js|d\.ts)|src\/docs\/.+\.md|examples\/(?!start\/).+)$/
    const others = names.filter(name => !known.test(name))
    expect(others.toSorted()).toEqual([
      'package/CHANGELOG.md',
      'package/LICENSE',
      'package/README.md',
      'package/package.json',
    ])
  })

  it('holds the examples that its pages name', () => {
    const names = run('tar', ['-tzf', tarball], folder).trim().split('\n')
    const named = [
      'README.md',
      ...readdirSync(join(root, 'src/docs')).map(name => `src/docs/${name}`),
    ].flatMap(page => readFileSync(join(root, page), 'utf8').match(/\bexamples\/[\w./-]*\w/g) ?? [])
    expect(named).toContain('examples/proxies')
    expect(named.filter(path => !names.some(name => `${name}/`.startsWith(`package/${path}/`)))).toEqual([])
  })

  it('pleases publint', async () => {
    const { messages, pkg } = await publint({ pkgDir: join(folder, 'node_modules/honeydew'), strict: true })
    expect(messages.map(message => formatMessage(message, pkg ?? {}))).toEqual([])
  })

  it('has types that resolve for every entry (arethetypeswrong)', () => {
    const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js')
    const check = () => run(process.execPath, [attw, '--profile', 'esm-only', join(folder, tarball)], root)
    expect(check).not.toThrow()
  })

  it.each([
    ['import', 'app.mjs', `import { createImageService, fileSource } from 'honeydew'`],
    ['require', 'app.cjs', `const { createImageService, fileSource } = require('honeydew')`],
  ])('makes an image in a new project by %s', async (_kind, name, line) => {
    const program = `${line}
const service = createImageService({ source: fileSource(${JSON.stringify(folder)}) })
service.process(service.parseRequest('/iiif/3/cat.png/full/40,/90/default.png'))
  .then(({ body }) => process.stdout.write(Buffer.from(body).toString('base64')))`
    writeFileSync(join(folder, name), program)
    const output = run(process.execPath, ['--no-warnings', name], folder)
    const { data, info } = await sharp(Buffer.from(output, 'base64'))
      .raw()
      .toBuffer({ resolveWithObject: true })
    expect([info.width, info.height]).toEqual([30, 40])
    expect([...data.subarray(0, 3)]).toEqual([0xc0, 0x40, 0x20])
  })

  it.each([
    'protocol',
    'presentation',
    'node',
    'express',
    'koa',
    'fetch',
    'access',
    'operations',
    'server',
    's3',
    'testing',
  ])('offers honeydew/%s', entry => {
    const script = `import('honeydew/${entry}').then(module => console.log(Object.keys(module).length > 0))`
    expect(run(process.execPath, ['-e', script], folder).trim()).toBe('true')
  })

  it('has the program honeydew, which npx finds', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const honeydew = (...words: string[]) => run('npx', ['--no-install', 'honeydew', ...words], folder)
    expect(honeydew('--help')).toMatch(/^Usage: honeydew <command>/)
    expect(honeydew('--version').trim()).toBe(version)
    honeydew('pyramid', 'cat.png', 'cat.tif', '--tile', '64')
    expect(honeydew('doctor', 'cat.tif', '--quick')).toMatch(/JPEG tiles of 64, 4 levels .* fast$/m)
  })

  it('serves a folder by one command, with a page that has all that it loads', async () => {
    const words = ['--no-install', 'honeydew', 'serve', '.', '--port', '0', '--workers', '2']
    // A group of its own: npx starts the program as a child, and a terminal tells both to end.
    const server = spawn('npx', words, { cwd: folder, detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
    const ended = once(server, 'close')
    try {
      let told = ''
      for await (const text of server.stderr) {
        told += String(text)
        if (told.includes(' workers')) break
      }
      const [origin = ''] = /http:\/\/localhost:\d+/.exec(told) ?? []
      const page = await (await fetch(`${origin}/`)).text()
      expect(page).toContain('cat.png')
      const files = ['/?image=cat.png', '/honeydew/style.css', '/honeydew/icon.svg', '/honeydew/viewer.js']
      for (const path of [...files, '/honeydew/tiles.js', '/iiif/3/cat.png/full/max/0/default.jpg'])
        expect([path, (await fetch(origin + path)).status]).toEqual([path, 200])
    } finally {
      process.kill(-(server.pid ?? 0), 'SIGINT')
      await ended
    }
  })

  it.each([
    [
      '--cache-redis',
      'redis://localhost:1',
      'cacheRedis: the package redis, or ioredis, is not installed: npm install redis',
    ],
    [
      '--cache-s3-bucket',
      'a',
      'cacheS3Bucket: the package @aws-sdk/client-s3 is not installed: npm install @aws-sdk/client-s3',
    ],
  ])('tells in a sentence which package is missing, and 2: %s', (flag, value, sentence) => {
    const words = ['serve', '.', '--port', '0', '--workers', '1', flag, value]
    const { status, stderr } = spawnSync('node_modules/.bin/honeydew', words, {
      cwd: folder,
      encoding: 'utf8',
    })
    expect([status, stderr.split('\n')[0]]).toEqual([2, sentence])
  })

  it('never shows the types of iiif-builder in its own', () => {
    const found = run(
      'sh',
      ['-c', 'grep -rl iiif-builder node_modules/honeydew/dist --include=*.d.ts || true'],
      folder,
    )
    expect(found).toBe('')
  })
})
