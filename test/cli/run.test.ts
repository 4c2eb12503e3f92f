import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commands } from '../../src/cli/commands.js'
import { run } from '../../src/cli/run.js'
import { startServer } from '../check/server.js'

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'honeydew-cli-'))
  await sharp({ create: { width: 1500, height: 1200, channels: 3, background: '#c04020' } })
    .jpeg()
    .toFile(join(folder, 'my photo.jpg'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

async function call(...words: string[]) {
  let [out, err] = ['', '']
  const code = await run(words, {
    out(text) {
      out += text
    },
    err(text) {
      err += text
    },
    isTerminal: false,
    signal: new AbortController().signal,
  })
  return { code, out, err }
}

describe('the program', () => {
  it('shows its commands and its version', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'))
    for (const word of ['--version', '-v'])
      expect(await call(word)).toEqual({ code: 0, out: `${version}\n`, err: '' })
    for (const word of ['--help', '-h']) {
      const { code, out, err } = await call(word)
      expect([code, err]).toEqual([0, ''])
      for (const name of Object.keys(commands)) expect(out).toContain(`  ${name}`)
    }
  })

  it.each(Object.keys(commands))('shows help for %s that fits on a screen', async name => {
    const { code, out, err } = await call(name, '--help')
    expect([code, err]).toEqual([0, ''])
    const lines = out.trimEnd().split('\n')
    expect(lines.length).toBeLessThanOrEqual(23)
    expect(lines.filter(line => line.length > 80)).toEqual([])
    expect(out).toMatch(/^Usage: honeydew \w+ </)
    const { command } = await commands[name]!.load()
    // A server has more options than a screen has lines.
    const all = command.options.options ? `${out}${(await call(name, '--options')).out}` : out
    for (const option of Object.keys(command.options))
      expect(all).toMatch(new RegExp(`[ ;,] --${option}[ ,;\\n]`))
  })

  it.each([
    [[], ['A command is missing: expected serve, doctor, pyramid, export, check']],
    [['fly'], ['There is no command "fly": expected serve, doctor, pyramid, export, check']],
    [['constructor'], ['There is no command "constructor": expected serve, doctor, pyramid, export, check']],
    [
      ['--fly', '--version=1'],
      ['--fly: there is no such option', '--version: it takes no value'],
    ],
    [['doctor'], ['A file or a folder is missing']],
    [
      ['doctor', 'a', 'b', '--budget', 'x'],
      [
        '--budget: expected a number from 0 to 3600 but received "x"',
        'Expected one file or folder but received 2',
      ],
    ],
    [['doctor', '--fast', 'a'], ['--fast: there is no such option']],
    [
      ['export', 'a', '--tile', '3', '--formats', 'png,bmp', '--uri', 'ftp://a'],
      [
        '--tile: expected a number from 16 but received "3"',
        '--uri: expected the http or https URI of the folder, without query',
        '--formats: expected formats, "jpg" among them, but received png,bmp',
        'Expected an identifier and a folder but received 1',
      ],
    ],
    [['pyramid', 'a'], ['Expected two files or two folders but received 1']],
    [
      ['pyramid', 'a', 'b', '--tile', '100', '--quality', '0'],
      [
        '--quality: expected a number from 1 to 100 but received "0"',
        '--tile: expected a multiple of 16 but received 100',
      ],
    ],
    [['check'], ['Expected the URL of an image service or of its info.json but received ""']],
    [
      ['check', 'ftp://x/', '--level', '3'],
      [
        '--level: expected 0, 1, 2 but received "3"',
        'Expected the URL of an image service or of its info.json but received "ftp://x/"',
      ],
    ],
    [['check', 'http://127.0.0.1:1/x', '--only', 'nothing'], ['There is no row "nothing".']],
  ])('refuses wrong words with a line for each, and 2: %j', async (words, problems) => {
    const { code, out, err } = await call(...words)
    expect([code, out]).toEqual([2, ''])
    const name = words[0] && Object.hasOwn(commands, words[0]) ? words[0] : undefined
    const more = name ? [`"honeydew ${name} --help" shows what can be said`] : []
    expect(err.trimEnd().split('\n')).toEqual([...problems, ...more])
  })
})

describe('doctor', () => {
  it('says what is slow and what would make it fast; the command does', async () => {
    const { code, out, err } = await call('doctor', folder, '--quick')
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/my photo\.jpg +jpg +1500 × 1200 .* JPEG +none +render +render +fair/)
    const command = /^ {2}npx honeydew (pyramid .*)$/m.exec(out)?.[1] ?? ''
    expect(command).toBe(`pyramid '${folder}/my photo.jpg' '${folder}/my photo.tif'`)
    const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
    expect(await call(...words)).toMatchObject({ code: 0, out: expect.stringContaining('sent as stored') })
    const { out: after } = await call('doctor', join(folder, 'my photo.tif'), '--quick')
    expect(after).toMatch(/JPEG tiles of 512, 3 levels +none +stored +render +fast/)
    expect(after).toMatch(/^1 image: 1 fast$/m)
  })

  it('prints a line of JSON for each image', async () => {
    const { out } = await call('doctor', join(folder, 'my photo.jpg'), '--quick', '--json')
    expect(JSON.parse(out)).toMatchObject({
      cost: 'fair',
      stored: { width: 1500 },
      warnings: [{ code: 'no-tiles' }],
    })
  })

  it('tells of what cannot be served, and fails only where a folder cannot be read', async () => {
    await writeFile(join(folder, 'bad.txt'), 'text')
    const { code, out } = await call('doctor', join(folder, 'bad.txt'))
    expect(code).toBe(0)
    expect(out).toContain('it cannot be served: The source cannot be read as an image')
    expect(out).toContain('1 image: 1 cannot be served')
    expect(await call('doctor', 'nowhere')).toEqual({
      code: 1,
      out: '',
      err: 'There is no file or folder "nowhere".\n',
    })
  })

  it('says what makes a whole folder fast, in another one', async () => {
    const images = join(folder, 'two images')
    await mkdir(images)
    const image = sharp({ create: { width: 1500, height: 1200, channels: 3, background: '#204060' } })
    for (const name of ['a.jpg', 'b.jpg']) await image.clone().toFile(join(images, name))
    const { out } = await call('doctor', images, '--quick')
    expect(out.split('\n').at(-2)).toBe(`  npx honeydew pyramid '${images}' '${images}-pyramids'`)
  })
})

describe('pyramid', () => {
  it('tells of a failure in one line, and of 1', async () => {
    const [input, output] = [join(folder, 'my photo.jpg'), join(folder, 'twice.tif')]
    expect(await call('pyramid', input, output, '--json')).toMatchObject({ code: 0 })
    expect(await call('pyramid', input, output)).toEqual({ code: 1, out: '', err: 'The output exists.\n' })
    expect(await call('pyramid', input, output, '--force', '--check')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/differs by \d\.\d\d on average/),
    })
    expect(await call('pyramid', join(folder, 'nobody.jpg'), output, '--force')).toMatchObject({
      code: 1,
      err: 'There is no such file.\n',
    })
  })

  it('makes folders of folders, and sums up', async () => {
    const output = join(folder, 'pyramids')
    await writeFile(join(folder, 'bad.jpg'), 'text')
    const first = await call('pyramid', folder, output)
    expect(first.code).toBe(1)
    expect(first.out).toMatch(/ made, 0 up to date, \d failed$/m)
    expect(first.err).toContain('bad.jpg: The source cannot be read as an image')
    const second = await call('pyramid', folder, output, '--json')
    const kinds = second.out
      .trim()
      .split('\n')
      .map(line => JSON.parse(line).kind)
    expect(new Set(kinds)).toEqual(new Set(['fresh', 'failed']))
  })
})

describe('check', () => {
  it('explains what is not right, and tells by its code', async () => {
    const origin = await startServer({
      change: (answer, path) =>
        path.includes('/!90/') ? { ...answer, status: 500, body: Buffer.from('\u001b[2J') } : answer,
    })
    const junit = join(folder, 'junit.xml')
    const { code, out } = await call('check', `${origin}/iiif/3/grid.png`, '--junit', junit)
    expect(code).toBe(1)
    expect(out).toMatch(
      /^FAILED {2}rotation-mirror \(MUST, section 4\.3\): .*\n {8}says .*\n {8}asked {5}GET .*!90\/default\.jpg\n {8}came {6}status 500/,
    )
    expect(out).not.toContain('\u001b')
    expect(out).toContain('Image API 3, level 2: 1 of what MUST be is not')
    expect(await readFile(junit, 'utf8')).toContain('failures="1"')
  })

  it('passes a server that is right, and prints JSON', async () => {
    const url = `${await startServer()}/iiif/2/grid.png`
    const { code, out } = await call('check', url, '--json', '--level', '1')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ version: 2, level: 1, isCompliant: true, base: url })
    const all = await call('check', url, '--all', '--only', 'region-px,size-w')
    expect(all.out.split('\n').slice(0, 3)).toEqual([
      expect.stringContaining('ok      info-document'),
      'ok      region-px: a region in pixels',
      'ok      size-w: a width, and the height that belongs to it',
    ])
  })
})

describe('export', () => {
  const uri = 'https://static.example.org/photo'

  it('tells which folder of images is not there', async () => {
    const words = ['export', 'cat.tif', join(folder, 'static'), '--images', 'nowhere', '--uri', uri]
    expect(await call(...words)).toEqual({ code: 1, out: '', err: 'There is no folder "nowhere".\n' })
  })

  it('writes a folder that a web server can hand out, and goes on where it was', async () => {
    const target = join(folder, 'static')
    const words = ['export', 'my photo.jpg', target, '--images', folder, '--uri', `${uri}/`]
    expect(await call(...words)).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringContaining(`open ${uri}/info.json`),
    })
    const info = JSON.parse(await readFile(join(target, 'info.json'), 'utf8'))
    expect(info).toMatchObject({ id: uri, width: 1500, height: 1200, profile: 'level0' })
    const again = JSON.parse((await call(...words, '--json')).out)
    expect(again.skipped).toBe(again.total)
    expect(again.total).toBeGreaterThan(4)
  })

  it('overwrites nothing else unless it is told to', async () => {
    const target = join(folder, 'version-2')
    const words = ['export', 'my photo.jpg', target, '--images', folder, '--uri', uri]
    expect((await call(...words)).code).toBe(0)
    expect(await call(...words, '--version', '2')).toMatchObject({ code: 1, out: '' })
    expect((await call(...words, '--version', '2', '--force')).code).toBe(0)
    expect(JSON.parse(await readFile(join(target, 'info.json'), 'utf8'))).toMatchObject({ '@id': uri })
  })

  it('of what is not there fails in one line', async () => {
    const { code, out, err } = await call(
      'export',
      'none.jpg',
      join(folder, 'none'),
      '--images',
      folder,
      '--uri',
      uri,
    )
    expect([code, out]).toEqual([1, ''])
    expect(err.trim().split('\n')).toHaveLength(1)
  })
})
