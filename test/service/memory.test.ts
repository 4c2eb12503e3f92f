/* Whole images of 108 megapixels, asked for by many at once, against a budget of memory: the process lives, and nothing that
   it sends is cut short. The server is a process of its own, so that what it takes is what the service takes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ServiceStats } from '../../src/service/stats.js'
import { createFolder } from '../image/picture.js'

const [width, height] = [12_000, 9000]

const memoryBytes = 512 * 2 ** 20

/* What the process takes beside the images in work: Node, libvips and its threads, tiles on their way, what the allocator
   keeps of what was given back. */
const besideBytes = 250 * 2 ** 20

const script = fileURLToPath(new URL('./memory-serve.js', import.meta.url))

let server: ChildProcess | undefined
let lines: Interface
let port: number

/** A large picture of one small one, again and again. */
async function makeLarge(): Promise<Buffer> {
  const side = 512
  const samples = new Uint8Array(side * side * 3)
  let state = 1
  for (let at = 0; at < samples.length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    samples[at] = 128 + 70 * Math.sin(at / 700) + (state >>> 28)
  }
  const input = await sharp(samples, { raw: { width: side, height: side, channels: 3 } })
    .png()
    .toBuffer()
  const blank = { width, height, channels: 3, background: '#888' } as const
  return sharp({ create: blank })
    .composite([{ input, tile: true }])
    .jpeg({ quality: 80 })
    .toBuffer()
}

beforeAll(async () => {
  const folder = await createFolder()
  const plain = await makeLarge()
  await sharp(plain).toFile(join(folder, 'plain.jpg'))
  await sharp(plain)
    .tiff({ compression: 'jpeg', quality: 80, tile: true, tileWidth: 512, tileHeight: 512, pyramid: true })
    .toFile(join(folder, 'pyramid.tif'))
  server = spawn(process.execPath, [script, folder, String(memoryBytes)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  lines = createInterface({ input: server.stdout! })
  port = Number((await once(lines, 'line'))[0])
}, 60_000)

afterAll(async () => {
  if (server === undefined || server.exitCode !== null) return
  const ended = once(server, 'exit')
  server.stdin?.end()
  await ended
})

async function readStats(): Promise<ServiceStats> {
  const answered = once(lines, 'line')
  server?.stdin?.write('\n')
  return JSON.parse((await answered)[0])
}

interface Answer {
  readonly status: number
  /** Whether all of the body came that was promised, or the end that the format has. */
  readonly isWhole: boolean
  readonly hasBrokenOff: boolean
}

/* What each format ends with. */
const ends: Readonly<Record<string, string>> = { jpg: 'ffd9', png: '49454e44ae426082' }

function ask(path: string): Promise<Answer> {
  const end = ends[path.slice(path.lastIndexOf('.') + 1)] ?? ''
  return new Promise(resolve => {
    const request = get({ host: '127.0.0.1', port, path: `/iiif/3/${path}`, agent: false }, response => {
      const { statusCode: status = 0, headers } = response
      let size = 0
      let last = Buffer.alloc(0)
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        last = Buffer.concat([last, chunk]).subarray(-8)
      })
      const tell = (hasBrokenOff: boolean): void => {
        const promised = headers['content-length']
        const isLong = promised === undefined || size === Number(promised)
        resolve({
          status,
          hasBrokenOff,
          isWhole: isLong && (status !== 200 || last.toString('hex').endsWith(end)),
        })
      }
      response.once('end', () => tell(false))
      response.once('error', () => tell(true))
    })
    request.once('error', () => resolve({ status: 0, hasBrokenOff: true, isWhole: false }))
  })
}

function readPeak(): number {
  const status = readFileSync(`/proc/${server?.pid}/status`, 'utf8')
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1])
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`

describe.skipIf(!existsSync('/proc/self/status'))('whole images of 108 megapixels, many at once', () => {
  it('are sent whole, or refused with 503, and take no more memory than the budget and a constant', async () => {
    const paths = [
      // A render of all pixels; one that takes more than the budget has is 413.
      ...Array.from({ length: 16 }, (_, index) => `plain.jpg/full/${width - index},/0/default.jpg`),
      ...Array.from({ length: 14 }, (_, index) => `pyramid.tif/full/${7000 - index},/0/gray.png`),
      // Stored tiles, joined piece by piece, and the source as it is.
      ...Array.from({ length: 8 }, () => 'pyramid.tif/full/max/0/default.jpg'),
      ...Array.from({ length: 8 }, () => 'plain.jpg/full/max/0/default.jpg'),
    ]
    const tooLarge = ask('plain.jpg/full/max/90/default.jpg')
    const answers = await Promise.all(paths.map(ask))
    expect((await tooLarge).status).toBe(413)
    expect(server?.exitCode).toBeNull()
    const peak = readPeak()
    const counts = new Map<number, number>()
    for (const { status } of answers) counts.set(status, (counts.get(status) ?? 0) + 1)
    process.stdout.write(
      `peak of ${megabytes(peak)} with a budget of ${megabytes(memoryBytes)}: ${JSON.stringify([...counts])}\n`,
    )
    expect([...counts.keys()].sort()).toEqual([200, 503])
    // None was cut short, neither with nor without a sign.
    expect(answers.filter(({ isWhole }) => !isWhole)).toEqual([])
    expect(answers.filter(({ hasBrokenOff }) => hasBrokenOff)).toEqual([])
    // The sources as they are, who is at work, and those who wait for him: there is room for eight.
    expect(counts.get(200)).toBeGreaterThan(16)
    expect(peak).toBeLessThan(memoryBytes + besideBytes)
  }, 120_000)

  it('leave nothing behind', async () => {
    let stats = await readStats()
    while (stats.schedule.memoryBytes > 0) stats = await readStats()
    expect(stats).toMatchObject({
      inFlight: 0,
      making: 0,
      schedule: { memoryBytes: 0, tile: { running: 0, queued: 0 }, large: { running: 0, queued: 0 } },
    })
    expect(await ask('pyramid.tif/0,0,512,512/512,/0/default.jpg')).toEqual({
      status: 200,
      isWhole: true,
      hasBrokenOff: false,
    })
  })
})
