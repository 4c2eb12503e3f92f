/* The joiner with workers is the compiled one: a worker cannot be started from TypeScript. `npm run build` comes first. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Worker } from 'node:worker_threads'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createInlineJoiner, type Joiner } from '../../src/image/joiner.js'
import type { JoinPlan } from '../../src/image/jpeg/join.js'
import { readLevels, type TiledLevel } from './jpeg/tiff-tiles.js'
import { createPicture } from './tiff/material.js'

const compiled = new URL('../../dist/image/joiner.js', import.meta.url)
const builds = ['joiner.js', 'join-worker.js'].map(
  name => new URL(`../../dist/image/${name}`, import.meta.url),
)

let createJoiner: (maxWorkers?: number) => Joiner
// 6000 × 4000 pixels: 24 × 16 tiles of 256.
let level: TiledLevel
const started: Worker[] = []
const noteWorker = (worker: Worker) => void started.push(worker)

beforeAll(async () => {
  const missing = builds.filter(build => !existsSync(build)).map(build => fileURLToPath(build))
  if (missing.length > 0) throw new Error(`not compiled, run "npm run build": ${missing.join(', ')}`)
  ;({ createJoiner } = await import(compiled.href))
  const picture = createPicture(1500, 1000, 3).resize(6000, 4000, { kernel: 'cubic' })
  const file = await sharp(await picture.raw().toBuffer(), {
    raw: { width: 6000, height: 4000, channels: 3 },
  })
    .tiff({ compression: 'jpeg', quality: 85, tile: true, tileWidth: 256, tileHeight: 256 })
    .toBuffer()
  level = readLevels(file)[0]!
  process.on('worker', noteWorker)
}, 60_000)

afterAll(() => {
  process.off('worker', noteWorker)
})

/** The tiles and the plan of a part, told in tiles. */
function part(column: number, row: number, columns: number, rows: number) {
  const tiles = level.tiles.filter((_, at) => {
    const [x, y] = [at % level.columns, Math.floor(at / level.columns)]
    return x >= column && x < column + columns && y >= row && y < row + rows
  })
  const width = Math.min(columns * 256, level.width - column * 256)
  const height = Math.min(rows * 256, level.height - row * 256)
  const { tile, colour, tables } = level
  const plan: JoinPlan = { tile, columns, box: { x: 0, y: 0, width, height }, colour, tables }
  return { tiles, plan, rowsOf: (at: number) => tiles.slice(at * columns, (at + 1) * columns), rows }
}

const whole = () => part(0, 0, 24, 16)
const countBytes = (tiles: readonly Uint8Array[]) => tiles.reduce((sum, tile) => sum + tile.length, 0)

async function stream(joiner: Joiner, wanted: ReturnType<typeof part>): Promise<Buffer> {
  const join = joiner.begin(wanted.plan)
  const pieces: Uint8Array[] = []
  for (let row = 0; row < wanted.rows; row += 1) pieces.push(await join.addRow(wanted.rowsOf(row)))
  join.end()
  return Buffer.concat(pieces)
}

/** Gives `pending` where a promise is not settled although its worker is gone long since. */
function settle(promise: Promise<unknown>): Promise<unknown> {
  const late = new Promise(resolve => setTimeout(resolve, 4000, 'pending').unref())
  return Promise.race([promise.catch((error: unknown) => error), late])
}

async function withJoiner<T>(maxWorkers: number, use: (joiner: Joiner) => Promise<T>): Promise<T> {
  const joiner = createJoiner(maxWorkers)
  try {
    return await use(joiner)
  } finally {
    joiner.close()
  }
}

/** Ends the worker that was started last; Node tells of a new one in the next tick. */
async function endLastWorker(): Promise<void> {
  await new Promise(resolve => setImmediate(resolve))
  await started.at(-1)!.terminate()
}

describe('joins in workers', () => {
  it('give the bytes that joins in this thread give, as a whole and row by row', async () => {
    const wanted = whole()
    expect(countBytes(wanted.tiles)).toBeGreaterThan(2_000_000)
    const expected = Buffer.from(await createInlineJoiner().join(wanted.tiles, wanted.plan))
    expect(await sharp(expected).metadata()).toMatchObject({ format: 'jpeg', width: 6000, height: 4000 })
    await withJoiner(1, async joiner => {
      const before = started.length
      expect(expected.equals(await joiner.join(wanted.tiles, wanted.plan))).toBe(true)
      expect(expected.equals(await stream(joiner, wanted))).toBe(true)
      expect(expected.equals(await stream(createInlineJoiner(), wanted))).toBe(true)
      expect(started.length).toBe(before + 1)
    })
  }, 60_000)

  it('know the tables of the first tile when that is gone', async () => {
    // Tables of their own, and long enough for their memory to be given back after each row.
    const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const
    const tile = await sharp({ create: { width: 256, height: 256, channels: 3, background: 'grey', noise } })
      .jpeg({ quality: 95, optimiseCoding: false })
      .toBuffer()
    expect(tile.length).toBeGreaterThan(32 * 1024)
    const tiles = Array.from({ length: 12 }, () => tile)
    const box = { x: 0, y: 0, width: 768, height: 1024 }
    const plan: JoinPlan = { tile: level.tile, columns: 3, box, colour: level.colour }
    const rowsOf = (at: number) => tiles.slice(at * 3, at * 3 + 3)
    const expected = await createInlineJoiner().join(tiles, plan)
    const streamed = await withJoiner(1, joiner => stream(joiner, { tiles, plan, rowsOf, rows: 4 }))
    expect(streamed.equals(expected)).toBe(true)
  })

  it('stay in this thread where they are small', async () => {
    const wanted = part(3, 3, 2, 2)
    const before = started.length
    await withJoiner(2, async joiner => {
      const expected = await createInlineJoiner().join(wanted.tiles, wanted.plan)
      expect(Buffer.from(expected).equals(await joiner.join(wanted.tiles, wanted.plan))).toBe(true)
    })
    expect(started.length).toBe(before)
  })

  it('keep the tiles that they are given', async () => {
    const wanted = part(0, 0, 12, 8)
    const copies = wanted.tiles.map(tile => Buffer.from(tile))
    await withJoiner(1, joiner => joiner.join(wanted.tiles, wanted.plan))
    expect(wanted.tiles.every((tile, at) => copies[at]!.equals(tile))).toBe(true)
  })

  it('do not copy more than the tiles, whatever these are views of', async () => {
    // Tiles of a source in memory are views of the whole file.
    const wanted = part(0, 0, 24, 4)
    const file = wanted.tiles[0]!.buffer.byteLength
    expect(wanted.tiles.every(tile => tile.buffer.byteLength === file)).toBe(true)
    expect(countBytes(wanted.tiles)).toBeLessThan(file / 3)
    await withJoiner(1, async joiner => {
      await joiner.join(wanted.tiles, wanted.plan)
      const worker = started.at(-1)!
      const send = worker.postMessage.bind(worker)
      let sent = 0
      worker.postMessage = (task: { tiles: Uint8Array[] }, ...rest) => {
        sent += [...new Set(task.tiles.map(tile => tile.buffer))].reduce(
          (sum, each) => sum + each.byteLength,
          0,
        )
        send(task, ...rest)
      }
      await joiner.join(wanted.tiles, wanted.plan)
      expect(sent).toBeGreaterThan(0)
      expect(sent).toBeLessThan(2 * countBytes(wanted.tiles))
    })
  })

  it('are not mixed up when there are many at once, streamed or not', async () => {
    const parts = Array.from({ length: 12 }, (_, at) => part(at, at % 4, 10 + (at % 3), 8 + (at % 2)))
    const inline = createInlineJoiner()
    const expected = await Promise.all(parts.map(({ tiles, plan }) => inline.join(tiles, plan)))
    await withJoiner(2, async joiner => {
      const before = started.length
      const found = await Promise.all(
        parts.flatMap(each => [joiner.join(each.tiles, each.plan), stream(joiner, each)]),
      )
      for (const [at, bytes] of found.entries()) {
        expect(Buffer.from(expected[at >> 1]!).equals(bytes)).toBe(true)
      }
      expect(started.length - before).toBeLessThanOrEqual(2)
    })
  }, 60_000)

  it('do not hold up this thread', async () => {
    const wanted = whole()
    const countTurns = async (work: () => Promise<unknown>): Promise<number> => {
      let turns = 0
      let isOver = false
      const turn = () => {
        if (isOver) return
        turns += 1
        setTimeout(turn, 1)
      }
      setTimeout(turn, 1)
      await work()
      isOver = true
      return turns
    }
    await withJoiner(1, async joiner => {
      await joiner.join(wanted.tiles, wanted.plan)
      const away = await countTurns(() => joiner.join(wanted.tiles, wanted.plan))
      const here = await countTurns(() => createInlineJoiner().join(wanted.tiles, wanted.plan))
      expect(here).toBe(0)
      expect(away).toBeGreaterThan(10)
    })
  }, 60_000)
})

describe('a damaged tile', () => {
  const damage = (wanted: ReturnType<typeof part>, at: number) => {
    const tiles = [...wanted.tiles]
    tiles[at] = tiles[at]!.map((byte, place) => (place > 300 ? 0xa5 : byte))
    return tiles
  }

  it('fails the join and no other', async () => {
    const wanted = part(0, 0, 12, 8)
    const expected = await createInlineJoiner().join(wanted.tiles, wanted.plan)
    await withJoiner(1, async joiner => {
      const [one, two, three] = await Promise.allSettled([
        joiner.join(wanted.tiles, wanted.plan),
        joiner.join(damage(wanted, 40), wanted.plan),
        joiner.join(wanted.tiles, wanted.plan),
      ])
      expect(two).toMatchObject({ status: 'rejected', reason: { code: 'source-damaged', status: 500 } })
      for (const each of [one, three]) {
        expect(each!.status === 'fulfilled' && Buffer.from(expected).equals(each!.value)).toBe(true)
      }
    })
  })

  it('is told as in this thread', async () => {
    const wanted = part(0, 0, 12, 8)
    const tiles = damage(wanted, 40)
    const inline: unknown = await createInlineJoiner()
      .join(tiles, wanted.plan)
      .catch(error => error)
    const away: unknown = await withJoiner(1, joiner => joiner.join(tiles, wanted.plan).catch(error => error))
    const { code, status, message } = inline as { code: string; status: number; message: string }
    expect(away).toMatchObject({ code, status, message })
  })

  it('in the middle of a stream fails its row', async () => {
    const wanted = part(0, 0, 12, 8)
    const tiles = damage(wanted, 40)
    await withJoiner(1, async joiner => {
      const join = joiner.begin(wanted.plan)
      for (let row = 0; row < 3; row += 1) await join.addRow(tiles.slice(row * 12, row * 12 + 12))
      await expect(join.addRow(tiles.slice(36, 48))).rejects.toMatchObject({ code: 'source-damaged' })
      join.end()
      await expect(stream(joiner, wanted)).resolves.toBeInstanceOf(Buffer)
    })
  })

  it('a plan that cannot be is told with the first row', async () => {
    const wanted = part(0, 0, 12, 8)
    const plan = { ...wanted.plan, box: { ...wanted.plan.box, width: 70_000 } }
    await withJoiner(1, async joiner => {
      await expect(joiner.join(wanted.tiles, plan)).rejects.toMatchObject({ code: 'source-unsupported' })
      const join = joiner.begin(plan)
      await expect(join.addRow(wanted.rowsOf(0))).rejects.toMatchObject({ code: 'source-unsupported' })
      join.end()
    })
  })
})

describe('a worker that ends', () => {
  it('leaves no join pending, and another takes its place', async () => {
    const wanted = whole()
    await withJoiner(1, async joiner => {
      const joins = [1, 2, 3].map(() => settle(joiner.join(wanted.tiles, wanted.plan)))
      await endLastWorker()
      // The same join is made in this thread: a worker that is lost never changes an answer.
      const expected = await createInlineJoiner().join(wanted.tiles, wanted.plan)
      for (const outcome of await Promise.all(joins)) {
        expect(Buffer.from(outcome as Uint8Array).equals(expected)).toBe(true)
      }
      const before = started.length
      expect(await settle(joiner.join(wanted.tiles, wanted.plan))).toBeInstanceOf(Uint8Array)
      expect(started.length).toBe(before + 1)
    })
  }, 60_000)

  it('between two rows fails the next row', async () => {
    const wanted = whole()
    await withJoiner(1, async joiner => {
      const join = joiner.begin(wanted.plan)
      await join.addRow(wanted.rowsOf(0))
      await endLastWorker()
      expect(await settle(Promise.resolve().then(() => join.addRow(wanted.rowsOf(1))))).toMatchObject({
        message: 'A worker that joins tiles was lost.',
      })
      join.end()
    })
  })

  it('because the joiner is closed fails joins under way and streams', async () => {
    const wanted = whole()
    const joiner = createJoiner(2)
    const join = joiner.begin(wanted.plan)
    await join.addRow(wanted.rowsOf(0))
    const outcome = settle(joiner.join(wanted.tiles, wanted.plan))
    const row = settle(join.addRow(wanted.rowsOf(1)))
    joiner.close()
    expect(await outcome).toMatchObject({ status: expect.any(Number) })
    expect(await row).not.toBe('pending')
    expect(await settle(Promise.resolve().then(() => join.addRow(wanted.rowsOf(2))))).toMatchObject({
      status: expect.any(Number),
    })
  })

  it('does not take others along that were started after a close', async () => {
    const wanted = part(0, 0, 12, 8)
    const joiner = createJoiner(1)
    await joiner.join(wanted.tiles, wanted.plan)
    const first = started.at(-1)!
    joiner.close()
    const again = settle(joiner.join(wanted.tiles, wanted.plan))
    await new Promise(resolve => first.once('exit', resolve))
    await again
    const before = started.length
    // Either a closed joiner refuses, or it keeps the worker that it started and ends it with the next close.
    await settle(joiner.join(wanted.tiles, wanted.plan))
    expect(started.length).toBe(before)
    joiner.close()
  })
})

describe('giving up', () => {
  it('rejects a join whose signal is aborted, before or while it is made', async () => {
    const wanted = whole()
    await withJoiner(1, async joiner => {
      await expect(joiner.join(wanted.tiles, wanted.plan, AbortSignal.abort())).rejects.toMatchObject({
        code: 'aborted',
      })
      const controller = new AbortController()
      const join = joiner.join(wanted.tiles, wanted.plan, controller.signal)
      controller.abort()
      await expect(join).rejects.toMatchObject({ code: 'aborted' })
      expect(await settle(joiner.join(wanted.tiles, wanted.plan))).toBeInstanceOf(Uint8Array)
    })
  })
})

describe('a process', () => {
  const run = async (script: string) => {
    const text = `import { createJoiner } from ${JSON.stringify(compiled.href)}\n${script}`
    return promisify(execFile)(process.execPath, ['--input-type=module', '-e', text], { timeout: 20_000 })
  }
  // Tiles that cannot be joined make as much use of a worker as those that can.
  const tiles = 'Array.from({ length: 8 }, () => new Uint8Array(100_000))'
  const plan = `{ tile: { width: 256, height: 256 }, columns: 8,
    box: { x: 0, y: 0, width: 2048, height: 256 }, colour: { photometric: 'ycbcr' } }`

  it('ends while workers are idle', async () => {
    const { stdout } = await run(`
      const joiner = createJoiner(2)
      await Promise.all([1, 2, 3].map(() => joiner.join(${tiles}, ${plan}).catch(error => console.log(error.code))))`)
    expect(stdout).toBe('source-damaged\n'.repeat(3))
  })

  it('ends while streams are begun and forgotten', async () => {
    const { stdout } = await run(`
      const joiner = createJoiner(2)
      const join = joiner.begin(${plan})
      await join.addRow(${tiles}).catch(error => console.log(error.code))
      joiner.begin(${plan})`)
    expect(stdout).toBe('source-damaged\n')
  })

  it('does not end before a join is answered', async () => {
    const { stdout } = await run(`
      const joiner = createJoiner(1)
      joiner.join(${tiles}, ${plan}).catch(error => console.log('answered', error.code))`)
    expect(stdout).toBe('answered source-damaged\n')
  })

  it('ends where a task could not be sent', async () => {
    const { stdout } = await run(`
      const joiner = createJoiner(1)
      const plan = { ...${plan}, colour: () => {} }
      await joiner.join(${tiles}, plan).catch(error => console.log(error.name))`)
    expect(stdout).toBe('DataCloneError\n')
  })
})
