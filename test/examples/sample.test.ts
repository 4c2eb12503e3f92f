import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderRows } from '../../examples/start/picture.js'
import { createSample } from '../../examples/start/sample.js'

const sampleModule = new URL('../../examples/start/sample.js', import.meta.url).href
const size = { width: 1200, height: 900 }
let place: string
let path: string
const progress: number[] = []

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'honeydew-test-sample-'))
  path = await createSample(join(place, 'made'), { size, onProgress: part => progress.push(part) })
})

afterAll(() => rm(place, { recursive: true, force: true }))

/** The mean difference between neighbours in a row: what a blur would take away. */
function measureDetail(pixels: Uint8Array, width: number): number {
  let sum = 0
  let count = 0
  for (let i = 0; i < pixels.length - 1; i++) {
    if ((i + 1) % width === 0) continue
    sum += Math.abs(pixels[i + 1]! - pixels[i]!)
    count++
  }
  return sum / count
}

function readGray(box: { left: number; top: number; width: number; height: number }): Promise<Buffer> {
  return sharp(path).extract(box).grayscale().raw().toBuffer()
}

describe('the sample file', () => {
  it('is a pyramid of JPEG tiles of 256 pixels that halves down to one tile', async () => {
    const { pages = 0 } = await sharp(path).metadata()
    const sizes = []
    for (let page = 0; page < pages; page++) {
      const { width, height } = await sharp(path, { page }).metadata()
      sizes.push([width, height])
    }
    expect(sizes).toEqual([
      [1200, 900],
      [600, 450],
      [300, 225],
      [150, 112],
    ])
    expect(readTags(await readFile(path))).toMatchObject({ 259: 7, 322: 256, 323: 256 })
  })

  it('holds the pixels of the picture, as well as JPEG can keep them', async () => {
    const stored = await sharp(path).raw().toBuffer()
    const rendered = renderRows(size, 0, size.height)
    expect(stored.length).toBe(rendered.length)
    let difference = 0
    for (let i = 0; i < stored.length; i++) difference += Math.abs(stored[i]! - rendered[i]!)
    expect(difference / stored.length).toBeLessThan(12)
  })

  it.each([
    [0, 0],
    [600, 0],
    [0, 450],
    [600, 450],
  ])('has detail at full size in the quarter at %i,%i', async (left, top) => {
    const box = { left, top, width: 600, height: 450 }
    const sharpDetail = measureDetail(await readGray(box), box.width)
    const blurred = await sharp(path).extract(box).grayscale().blur(2).raw().toBuffer()
    expect(sharpDetail).toBeGreaterThan(4)
    expect(sharpDetail).toBeGreaterThan(2 * measureDetail(blurred, box.width))
  })

  it('has a grid line every 512 pixels and a label beside the crossings', () => {
    const plain = renderRows(size, 511, 3)
    const row = (y: number) => plain.subarray((y - 511) * size.width * 3, (y - 510) * size.width * 3)
    // A line is lightened by three tenths of the way to white, so no pixel of it is darker than that.
    expect(Math.min(...row(512))).toBeGreaterThanOrEqual(76)
    expect(Math.min(...row(511))).toBeLessThan(76)
    const label = renderRows(size, 512 + 5 + 2, 1).subarray((512 + 5) * 3, (512 + 5 + 47) * 3)
    expect(Math.max(...label)).toBeGreaterThan(240)
    expect(Math.min(...label)).toBeLessThan(120)
  })
})

describe('createSample', () => {
  it('tells its progress up to the end, never backwards', () => {
    expect(progress.at(-1)).toBe(1)
    expect(progress.length).toBeGreaterThan(10)
    expect(progress).toEqual(progress.toSorted((a, b) => a - b))
  })

  it('makes the same file again in another place', async () => {
    const again = await createSample(join(place, 'again'), { size })
    expect((await readFile(again)).equals(await readFile(path))).toBe(true)
  })

  it('renders the same rows whichever rows are asked for', () => {
    const all = renderRows(size, 480, 100)
    const part = renderRows(size, 510, 20)
    expect(Buffer.from(part).equals(Buffer.from(all.subarray(30 * 3600, 50 * 3600)))).toBe(true)
  })

  it('does not make a file that is there', async () => {
    const before: number[] = []
    expect(await createSample(join(place, 'made'), { size, onProgress: part => before.push(part) })).toBe(
      path,
    )
    expect(before).toEqual([])
  })

  it.each([0.3, 0.95])('leaves nothing behind when it is stopped after %f of the work', async part => {
    const controller = new AbortController()
    const folder = join(place, `stopped-${part}`)
    const stopped = createSample(folder, {
      size,
      signal: controller.signal,
      onProgress: done => done >= part && controller.abort(),
    })
    await expect(stopped).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }))
    expect((await readdir(place)).filter(name => name.startsWith(basename(folder)))).toEqual([])
  })

  it('leaves no file under the final name when the process is killed', async () => {
    const folder = join(place, 'killed')
    const script = `import(${JSON.stringify(sampleModule)}).then(({ createSample }) =>
      createSample(${JSON.stringify(folder)}, { size: { width: 4000, height: 3000 }, onProgress: console.log }))`
    const child = spawn(process.execPath, ['--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exit = once(child, 'exit')
    for await (const _ of child.stdout) break
    child.kill('SIGKILL')
    expect(await exit).toEqual([null, 'SIGKILL'])
    const left = (await readdir(place)).filter(name => name.startsWith('killed'))
    expect(left).toEqual([expect.stringMatching(/^killed-./)])
  })

  it('removes what killed runs have left, but not what another run is making', async () => {
    const folder = join(place, 'cleaned')
    await mkdir(`${folder}-killed`)
    await mkdir(`${folder}-working`)
    const longAgo = new Date(Date.now() - 2 * 60 * 60 * 1000)
    await utimes(`${folder}-killed`, longAgo, longAgo)
    await createSample(folder, { size: { width: 320, height: 240 } })
    expect((await readdir(place)).filter(name => name.startsWith('cleaned')).sort()).toEqual([
      'cleaned',
      'cleaned-working',
    ])
  })
})

/** The short and long values of the first directory of a little-endian TIFF. */
function readTags(file: Buffer): Record<number, number> {
  const start = file.readUInt32LE(4)
  const tags: Record<number, number> = {}
  for (let i = 0; i < file.readUInt16LE(start); i++) {
    const at = start + 2 + i * 12
    tags[file.readUInt16LE(at)] =
      file.readUInt16LE(at + 2) === 3 ? file.readUInt16LE(at + 8) : file.readUInt32LE(at + 8)
  }
  return tags
}
