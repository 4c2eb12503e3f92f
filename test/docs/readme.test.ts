// The README's programs, run as they stand there against the built package.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'honeydew-readme-'))
const programs = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/```js\n(.*?)```/gs)].map(
  ([, program]) => program ?? '',
)

const launch = (name: string, program: string) => {
  writeFileSync(join(folder, name), program)
  return spawn(process.execPath, [name], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
}

beforeAll(async () => {
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules/honeydew'), 'junction')
  mkdirSync(join(folder, 'images/2024'), { recursive: true })
  const cat = sharp({ create: { width: 2000, height: 1500, channels: 3, background: '#808000' } }).tiff()
  await cat.clone().toFile(join(folder, 'images/cat.tif'))
  await cat.clone().toFile(join(folder, 'images/2024/cat.tif'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('has two programs', () => expect(programs).toHaveLength(2))

it('the first serves every URL of the table', async () => {
  const port = 20_000 + Math.floor(Math.random() * 20_000)
  const server = launch('server.mjs', (programs[0] ?? '').replace('8182', String(port)))
  try {
    const base = `http://127.0.0.1:${port}`
    await waitFor(`${base}/iiif/3/cat.tif/info.json`)
    const table = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^\| `(\/iiif\/[^`]+)`/gm)]
    expect(table.length).toBeGreaterThan(4)
    for (const [, path] of table) {
      const response = await fetch(base + path)
      expect([path, response.status]).toEqual([path, 200])
      await response.arrayBuffer()
    }
  } finally {
    server.kill()
  }
})

it('the second writes its picture and says what it is', async () => {
  const program = launch('steps.mjs', programs[1] ?? '')
  const output: Buffer[] = []
  program.stdout.on('data', chunk => output.push(chunk))
  expect(await new Promise(done => program.once('close', done))).toBe(0)
  expect(Buffer.concat(output).toString()).toBe('image/png 250,0,1500,1500/200,200/0/gray.png\n')
  const { width, height, space } = await sharp(join(folder, 'cat.png')).metadata()
  expect([width, height, space]).toEqual([200, 200, 'b-w'])
})

async function waitFor(url: string): Promise<void> {
  for (let left = 100; ; left -= 1) {
    try {
      await (await fetch(url)).arrayBuffer()
      return
    } catch (error) {
      if (left === 0) throw error
      await new Promise(done => setTimeout(done, 100))
    }
  }
}
