import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { type FolderOptions, type PyramidOutcome, writePyramids } from '../src/pyramid-folder.js'

const folders: string[] = []
let from = ''
let to = ''

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'honeydew-folder-'))
  folders.push(folder)
  from = join(folder, 'in')
  to = join(folder, 'out')
  await mkdir(join(from, 'sub'), { recursive: true })
  const image = sharp({ create: { width: 150, height: 100, channels: 3, background: '#c04020' } })
  for (const name of ['a.jpg', 'b.png', 'sub/c.webp']) await image.clone().toFile(join(from, name))
  await writeFile(join(from, 'broken.jpg'), 'no image')
  await writeFile(join(from, 'readme.txt'), 'no image either')
})

afterAll(() => Promise.all(folders.map(path => rm(path, { recursive: true, force: true }))))

async function run(options: FolderOptions = {}, output = to) {
  const outcomes: PyramidOutcome[] = []
  for await (const outcome of writePyramids(from, output, { tile: 64, ...options })) outcomes.push(outcome)
  return outcomes
}

const kinds = (outcomes: readonly PyramidOutcome[]) => outcomes.map(({ name, kind }) => `${name} ${kind}`)

it('all images of a folder become pyramids, and what fails does not hold up the rest', async () => {
  const heard: string[] = []
  const outcomes = await run({ onProgress: name => heard.push(name) })
  expect(kinds(outcomes)).toEqual(['a.jpg made', 'b.png made', 'broken.jpg failed', 'sub/c.webp made'])
  expect(outcomes[2]).toMatchObject({ error: { code: 'source-unsupported' } })
  expect((await readdir(to, { recursive: true })).sort()).toEqual(['a.tif', 'b.tif', 'sub', 'sub/c.tif'])
  expect(new Set(heard)).toEqual(new Set(['a.jpg', 'b.png', 'sub/c.webp']))
})

describe('what is there already', () => {
  it('is left as it is where it is up to date, and made again where its image is younger', async () => {
    await run()
    const before = await stat(join(to, 'a.tif'))
    const later = new Date(Date.now() + 10_000)
    await utimes(join(from, 'b.png'), later, later)
    expect(kinds(await run())).toEqual(['a.jpg fresh', 'b.png made', 'broken.jpg failed', 'sub/c.webp fresh'])
    expect((await stat(join(to, 'a.tif'))).ino).toBe(before.ino)
  })

  it('is made again where that is wished', async () => {
    await run()
    expect(kinds(await run({ force: true }))).toContain('a.jpg made')
  })

  it('is never replaced where it was not made here, unless that is wished', async () => {
    await mkdir(to)
    await sharp(join(from, 'a.jpg')).tiff().toFile(join(to, 'a.tif'))
    const before = await readFile(join(to, 'a.tif'))
    const old = new Date(0)
    await utimes(join(to, 'a.tif'), old, old)
    const [first] = await run()
    expect(first).toMatchObject({
      kind: 'failed',
      error: { message: expect.stringContaining('was not made by honeydew') },
    })
    expect((await readFile(join(to, 'a.tif'))).equals(before)).toBe(true)
    expect((await run({ force: true }))[0]).toMatchObject({ kind: 'made' })
  })
})

it('two images whose pyramids would have one name do not replace each other', async () => {
  await sharp(join(from, 'a.jpg')).png().toFile(join(from, 'a.png'))
  const outcomes = await run()
  expect(kinds(outcomes).slice(0, 2)).toEqual(['a.jpg made', 'a.png failed'])
  expect(outcomes[1]).toMatchObject({
    error: { message: 'Its pyramid would have the name of that of a.jpg.' },
  })
})

it('the pyramids may lie inside of the folder, and do not become pyramids themselves', async () => {
  const inside = join(from, 'out')
  expect(kinds(await run({}, inside))).toHaveLength(4)
  expect(kinds(await run({}, inside))).toHaveLength(4)
})

it('both folders must not be one', async () => {
  await expect(run({}, from)).rejects.toThrow('The folder of the pyramids is the folder of the images.')
})

it('a folder that is not there is an error, and so is a wrong option', async () => {
  await rm(from, { recursive: true })
  await expect(run()).rejects.toThrow()
  await mkdir(from)
  await sharp({ create: { width: 9, height: 9, channels: 3, background: '#fff' } })
    .png()
    .toFile(join(from, 'x.png'))
  await expect(run({ quality: 0 })).rejects.toThrow(TypeError)
})

it('a signal ends it, between two images and within one', async () => {
  const controller = new AbortController()
  const work = run({ signal: controller.signal, onProgress: () => controller.abort() })
  await expect(work).rejects.toMatchObject({ code: 'aborted' })
  expect(await readdir(to)).toEqual([])
})
