import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const examples = join(root, 'examples')
const red = [200, 40, 30]
const blue = [20, 60, 220]
let folder: string

beforeAll(async () => {
  // The examples import the package as its users do: as it was built.
  if (!existsSync(join(root, 'dist/index.js')))
    throw new Error('dist/ is missing: run `npm run build` first.')
  folder = await mkdtemp(join(tmpdir(), 'honeydew-examples-'))
  const [left, right] = [red, blue].map(([r = 0, g = 0, b = 0]) =>
    sharp({ create: { width: 30, height: 40, channels: 3, background: { r, g, b } } }),
  )
  await left!
    .extend({ right: 30, background: { r: blue[0]!, g: blue[1]!, b: blue[2]! } })
    .png()
    .toFile(join(folder, 'flag.png'))
  await right!.png().toFile(join(folder, 'sea.png'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Starts an example, and reads the address that it prints as soon as it listens. */
async function startExample(
  name: string,
): Promise<{ readonly child: ChildProcess; readonly address: string }> {
  const child = spawn(process.execPath, [join(examples, name), folder], {
    env: { ...process.env, PORT: String(await findFreePort()) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  const address = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      printed += chunk
      const [found] = /http:\/\/localhost:\d+\S*\/(?=\s)/.exec(printed) ?? []
      if (found) resolve(found)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('exit', code => reject(new Error(`${name} ended with ${code}: ${printed}`)))
  })
  return { child, address }
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill()
  await exited
}

async function readPixels(bytes: Uint8Array): Promise<number[][]> {
  const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const pixelAt = (x: number) => [...data.subarray(x * info.channels, (x + 1) * info.channels)]
  return [[info.width, info.height], pixelAt(0), pixelAt(info.width - 1)]
}

describe('the examples', () => {
  it.each([
    ['node-http.js', 'flag.png'],
    ['express.js', 'flag.png'],
    ['koa.js', 'flag.png'],
    ['hono.js', 'flag.png'],
    ['custom-source.js', 'picture-1'],
    ['custom-source.js', 'flag.png'],
    ['presentation.js', 'flag.png'],
  ])('%s serves the image %s at the address that it prints', async (name, identifier) => {
    const { child, address } = await startExample(name)
    try {
      const image = await fetch(`${address}${identifier}/0,0,60,20/30,/0/default.png`)
      expect(await readPixels(new Uint8Array(await image.arrayBuffer()))).toEqual([[30, 10], red, blue])
      const info = (await (await fetch(`${address}${identifier}/info.json`)).json()) as { id: string }
      expect(info.id).toBe(`${address}${identifier}`)
      expect((await fetch(`${address}nobody.png/info.json`)).status).toBe(404)
      expect(await (await fetch(new URL('/', address))).text()).toMatch(/\/iiif\/3\/|Not found/)
    } finally {
      await stop(child)
    }
  })

  it('access.js shows everybody a small image, and readers who have logged in all of it', async () => {
    await sharp({ create: { width: 900, height: 600, channels: 3, background: '#204060' } })
      .png()
      .toFile(join(folder, 'large.png'))
    const { child, address } = await startExample('access.js')
    const get = async (cookie = '') => {
      const response = await fetch(`${address}large.png/full/max/0/default.png`, { headers: { cookie } })
      const bytes = new Uint8Array(await response.arrayBuffer())
      return [new URL(response.url).pathname.split('/')[3], (await readPixels(bytes))[0]?.[0]]
    }
    try {
      expect(await get()).toEqual(['large.png;tier=public', 400])
      const login = await fetch(new URL('/login', address), { method: 'POST', redirect: 'manual' })
      const [cookie] = (login.headers.get('set-cookie') ?? '').split(';', 1)
      expect(await get(cookie)).toEqual(['large.png', 900])
      expect(await get('session=guessed')).toEqual(['large.png;tier=public', 400])
      expect(await (await fetch(new URL('/', address))).text()).toContain('/iiif/3/')
    } finally {
      await stop(child)
      await rm(join(folder, 'large.png'))
    }
  })

  it('express.js tells its health', async () => {
    const { child, address } = await startExample('express.js')
    try {
      expect(await (await fetch(new URL('/health', address))).json()).toMatchObject({
        color: 'GREEN',
        checks: { renderer: { color: 'GREEN' } },
      })
    } finally {
      await stop(child)
    }
  })

  it('presentation.js serves manifests and a collection', async () => {
    const { child, address } = await startExample('presentation.js')
    try {
      const collection = await (await fetch(new URL('/presentation/3/collection', address))).json()
      expect(collection).toMatchObject({
        label: { en: ['Our images'] },
        items: [{ label: { none: ['flag.png'] } }, { label: { none: ['sea.png'] } }],
      })
      const [{ id }] = (collection as { items: [{ id: string }] }).items
      expect(await (await fetch(id)).json()).toMatchObject({
        requiredStatement: { value: { none: ['The Example Library'] } },
        items: [{ width: 60, height: 40 }],
      })
    } finally {
      await stop(child)
    }
  })

  it('export.js writes a folder that needs no server, and says what is wrong', async () => {
    const output = join(folder, '..', `${folder.split('/').at(-1)}-static`)
    const uri = 'https://static.example.org/flag'
    const first = await run('export.js', 'flag.png', output, uri)
    expect([first.code, first.text]).toEqual([
      0,
      `${output}: 1 images, 0 of them were there; viewers open ${uri}/info.json\n`,
    ])
    expect(JSON.parse(await readFile(join(output, 'info.json'), 'utf8'))).toMatchObject({
      id: uri,
      width: 60,
    })
    const [size] = await readPixels(await readFile(join(output, 'full/max/0/default.jpg')))
    expect(size).toEqual([60, 40])
    expect((await run('export.js', 'flag.png', output, uri)).text).toContain('1 of them were there')
    const other = await run('export.js', 'sea.png', output, uri)
    expect([other.code, other.text.startsWith('export-differs: ')]).toEqual([1, true])
    await rm(output, { recursive: true })
  })

  const runProcess = (path: string, output: string) => run('process.js', path, output)

  async function run(name: string, ...words: string[]): Promise<{ code: number; text: string }> {
    const child = spawn(process.execPath, [join(examples, name), folder, ...words], { stdio: 'pipe' })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (text += chunk))
    const [code] = (await once(child, 'close')) as [number]
    return { code, text }
  }

  it('process.js writes an image to a file', async () => {
    const output = join(folder, '..', `${folder.split('/').at(-1)}-made.png`)
    const { code, text } = await runProcess('/iiif/3/flag.png/full/!30,30/0/default.png', output)
    expect([code, text]).toEqual([0, `${output}: image/png, 30 × 20 pixels\n`])
    expect(await readPixels(await readFile(output))).toEqual([[30, 20], red, blue])
    await rm(output)
  })

  it.each([
    ['/iiif/3/nobody.png/full/max/0/default.jpg', 'not-found: There is no image'],
    ['/iiif/3/flag.png/full/0,/0/default.jpg', 'invalid-size: '],
  ])('process.js says what is wrong with %s', async (path, words) => {
    const { code, text } = await runProcess(path, join(folder, 'never.jpg'))
    expect([code, text.startsWith(words), text.split('\n').length]).toEqual([1, true, 2])
  })
})

describe('every example', async () => {
  const names = (await readdir(examples)).filter(name => name.endsWith('.js'))

  it('is one of those that are tested here', () => {
    const tested = ['access.js', 'custom-source.js', 'export.js', 'express.js', 'hono.js', 'koa.js']
    expect(names.toSorted()).toEqual([...tested, 'node-http.js', 'presentation.js', 'process.js'])
  })

  it.each(names)('%s is short, says how it is started, and imports public names only', async name => {
    const text = await readFile(join(examples, name), 'utf8')
    expect(text.trimEnd().split('\n').length).toBeLessThan(40)
    expect(text).toMatch(new RegExp(`^//   node examples/${name} `, 'm'))
    const imports = [...text.matchAll(/(?:from|import\(?) ?'([^']+)'/g)].map(([, from]) => from)
    expect(imports).toContain('honeydew')
    for (const from of imports) {
      expect(from).toMatch(
        /^(?:node:[\w/]+|honeydew(?:\/\w+)?|express|koa|hono|@hono\/node-server(?:\/conninfo)?)$/,
      )
    }
  })
})
