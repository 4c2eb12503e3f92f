import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { buildChanged } from '../../src/source/failure.js'
import { createSpool, type SaveFile, type Spool } from '../../src/source/spool.js'
import { createSpooledSource } from '../../src/source/spooled-source.js'
import { createFolder } from '../image/picture.js'
import { describeSourceContract } from './contract.js'

const spools: Spool[] = []

afterAll(async () => {
  await Promise.all(spools.map(spool => spool.close()))
})

async function open({ directory = '', maxBytes = 10_000_000, maxFileBytes = 5_000_000 } = {}) {
  const folder = directory || (await createFolder())
  const spool = createSpool({ directory: folder, maxBytes, maxFileBytes })
  spools.push(spool)
  return { spool, folder: join(folder, 'honeydew-spool'), directory: folder }
}

const listBytes = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter(name => !name.endsWith('.owner')).toSorted()

const saveBytes =
  (bytes: Uint8Array): SaveFile =>
  async writer => {
    await writer.restart(bytes.length)
    for (let at = 0; at < bytes.length; at += 100_000) await writer.write(bytes.subarray(at, at + 100_000))
  }

let count = 0
describeSourceContract('a file in a spool', async bytes => {
  count += 1
  const { spool } = await open()
  return createSpooledSource(
    { spool, name: `contract${count}`, save: saveBytes(bytes), size: bytes.length },
    { version: `v${bytes.length}` },
  )
})

describe('a file in a spool', () => {
  it('is fetched once for all who want it, and stays', async () => {
    const { spool, folder } = await open()
    let saves = 0
    const save: SaveFile = async (writer, signal) => {
      saves += 1
      await new Promise(resolve => setImmediate(resolve))
      await saveBytes(Uint8Array.of(1, 2, 3))(writer, signal)
    }
    const files = await Promise.all(Array.from({ length: 100 }, () => spool.obtain('a', save)))
    await spool.obtain('a', save)
    expect(saves).toBe(1)
    expect(new Set(files.map(({ version }) => version)).size).toBe(1)
    expect(await listBytes(folder)).toEqual(['a.bytes'])
    expect([...(await readFile(spool.pathOf('a')))]).toEqual([1, 2, 3])
  })

  it('that could not be fetched leaves nothing, and is fetched by the next who wants it', async () => {
    const { spool, folder } = await open()
    const fail: SaveFile = async writer => {
      await writer.restart()
      await writer.write(new Uint8Array(1000))
      throw buildChanged()
    }
    await expect(spool.obtain('a', fail)).rejects.toMatchObject({ code: 'source-changed' })
    expect(await listBytes(folder)).toEqual([])
    expect((await spool.obtain('a', saveBytes(new Uint8Array(10)))).size).toBe(10)
  })

  it('that is begun anew has only the bytes of the last beginning', async () => {
    const { spool } = await open()
    await spool.obtain('a', async writer => {
      await writer.restart()
      await writer.write(Buffer.from('broken off in the middle'))
      await writer.restart(4)
      await writer.write(Buffer.from('good'))
    })
    expect(await readFile(spool.pathOf('a'), 'utf8')).toBe('good')
  })

  it('is not fetched on when nobody waits for it, and is when somebody still does', async () => {
    const { spool, folder } = await open()
    const [first, second] = [new AbortController(), new AbortController()]
    let ended: AbortSignal | undefined
    const save: SaveFile = async (writer, signal) => {
      await writer.restart()
      await writer.write(new Uint8Array(10))
      ended = signal
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }
    const waits = [first, second].map(({ signal }) =>
      expect(spool.obtain('a', save, signal)).rejects.toMatchObject({ code: 'aborted' }),
    )
    while (!ended) await new Promise(resolve => setImmediate(resolve))
    first.abort()
    await waits[0]
    expect(ended.aborted).toBe(false)
    second.abort()
    await waits[1]
    expect(ended.aborted).toBe(true)
    while ((await listBytes(folder)).length > 0) await new Promise(resolve => setTimeout(resolve, 5))
  })

  it('of which no name is known before is named by its bytes', async () => {
    const { spool, folder } = await open()
    const names: string[] = []
    const nameOf = (digest: string) => {
      names.push(digest)
      return `by-${digest.length}`
    }
    await spool.add(nameOf, saveBytes(Uint8Array.of(1)))
    await spool.add(nameOf, saveBytes(Uint8Array.of(1)))
    expect(names[0]).toBe(names[1])
    expect(await listBytes(folder)).toEqual(['by-43.bytes'])
  })
})

describe('the room of a spool', () => {
  const megabyte = new Uint8Array(1_000_000)

  it('is bounded: the files that were used longest ago go', async () => {
    const { spool, folder } = await open({ maxBytes: 3_500_000 })
    for (const [age, name] of ['a', 'b', 'c'].entries()) {
      await spool.obtain(name, saveBytes(megabyte))
      const past = Date.now() / 1000 - 1000 + age
      await utimes(spool.pathOf(name), past, past)
    }
    await spool.obtain('a', saveBytes(megabyte))
    await spool.obtain('d', saveBytes(megabyte))
    expect(await listBytes(folder)).toEqual(['a.bytes', 'c.bytes', 'd.bytes'])
  })

  it('is never taken from a file that is open', async () => {
    const { spool, folder } = await open({ maxBytes: 2_500_000 })
    const source = createSpooledSource({ spool, name: 'a', save: saveBytes(megabyte) }, { version: '1' })
    await source.read(0, 10)
    const past = Date.now() / 1000 - 1000
    await spool.obtain('b', saveBytes(megabyte))
    await utimes(spool.pathOf('b'), past, past)
    await spool.obtain('c', saveBytes(megabyte))
    expect(await listBytes(folder)).toEqual(['a.bytes', 'c.bytes'])
    expect((await source.read(999_000, 5000)).length).toBe(1000)
    await source.close?.()
  })

  it('is told to be too small where everything in it is open', async () => {
    const { spool } = await open({ maxBytes: 1_500_000 })
    const source = createSpooledSource({ spool, name: 'a', save: saveBytes(megabyte) }, { version: '1' })
    await source.read(0, 10)
    await expect(spool.obtain('b', saveBytes(megabyte))).rejects.toMatchObject({
      status: 500,
      code: 'source-unreadable',
    })
    await source.close?.()
    expect((await spool.obtain('b', saveBytes(megabyte))).size).toBe(1_000_000)
  })

  it('counts what is on its way: many at once do not outgrow it together', async () => {
    const { spool, folder } = await open({ maxBytes: 2_500_000 })
    const outcomes = await Promise.allSettled(
      ['a', 'b', 'c', 'd', 'e'].map(name => spool.obtain(name, saveBytes(megabyte))),
    )
    const files = await listBytes(folder)
    expect(files.length).toBeLessThanOrEqual(2)
    expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true)
  })

  it('is not given to one file without end', async () => {
    const { spool, folder } = await open({ maxFileBytes: 1_000_000 })
    const endless: SaveFile = async writer => {
      await writer.restart()
      for (;;) await writer.write(megabyte.subarray(0, 300_000))
    }
    await expect(spool.obtain('a', endless)).rejects.toMatchObject({ status: 413, code: 'source-too-large' })
    await expect(spool.obtain('b', writer => writer.restart(1_000_001))).rejects.toMatchObject({
      status: 413,
    })
    expect(await listBytes(folder)).toEqual([])
  })
})

describe('a spool that several share', () => {
  it('gives what another has fetched, and goes with the last of them', async () => {
    const one = await open()
    const two = await open({ directory: one.directory })
    await one.spool.obtain('a', saveBytes(Uint8Array.of(7)))
    const file = await two.spool.obtain('a', () => Promise.reject(new Error('fetched again')))
    expect(file.size).toBe(1)
    await one.spool.close()
    expect(await listBytes(one.folder)).toEqual(['a.bytes'])
    await two.spool.close()
    expect(await readdir(one.directory)).toEqual([])
  })

  it('gives up what is on its way when it is closed, and takes nothing more', async () => {
    const { spool, directory } = await open()
    let isBegun = false
    const save: SaveFile = async (writer, signal) => {
      await writer.restart()
      await writer.write(new Uint8Array(10))
      isBegun = true
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }
    const lost = expect(spool.obtain('a', save)).rejects.toThrow()
    while (!isBegun) await new Promise(resolve => setImmediate(resolve))
    await spool.close()
    await lost
    expect(await readdir(directory)).toEqual([])
    await expect(spool.obtain('b', save)).rejects.toMatchObject({ code: 'closed' })
  })

  it('removes what a process that was killed has left, and nothing of those that live', async () => {
    const directory = await createFolder()
    const program = join(directory, 'program.mjs')
    await writeFile(
      program,
      `import { createSpool } from ${JSON.stringify(new URL('../../dist/source/spool.js', import.meta.url).href)}
const spool = createSpool({ directory: process.argv[2], maxBytes: 1e6, maxFileBytes: 1e6 })
spool.obtain('left', async writer => {
  await writer.restart()
  await writer.write(new Uint8Array(1000))
  process.send('begun')
  await new Promise(resolve => setTimeout(resolve, 60_000))
})`,
    )
    const shared = join(directory, 'shared')
    await mkdir(shared)
    const child = fork(program, [shared], { execArgv: [] })
    await new Promise(resolve => child.once('message', resolve))
    const folder = join(shared, 'honeydew-spool')
    const first = await open({ directory: shared })
    await first.spool.obtain('a', saveBytes(Uint8Array.of(1)))
    expect((await listBytes(folder)).filter(name => name.endsWith('.part'))).toHaveLength(1)
    child.kill('SIGKILL')
    await new Promise(resolve => child.once('exit', resolve))
    const second = await open({ directory: shared })
    await second.spool.obtain('a', saveBytes(Uint8Array.of(1)))
    expect(await listBytes(folder)).toEqual(['a.bytes'])
    await first.spool.close()
    await second.spool.close()
    expect(await readdir(shared)).toEqual([])
  })

  it('of another machine is left alone until it is clear that nobody writes there', async () => {
    const { spool, folder, directory } = await open()
    await mkdir(folder, { mode: 0o700 })
    const part = join(folder, 'x.0badcafe-1-abc-0123456789ab-1.part')
    await writeFile(part, 'half')
    await spool.obtain('a', saveBytes(Uint8Array.of(1)))
    expect(existsSync(part)).toBe(true)
    const past = Date.now() / 1000 - 3600
    await utimes(part, past, past)
    const other = await open({ directory })
    await other.spool.obtain('a', saveBytes(Uint8Array.of(1)))
    expect(existsSync(part)).toBe(false)
  })
})

it('what an earlier process of our number has left is removed, as after the restart of a container', async () => {
  const { spool, folder, directory } = await open()
  await spool.obtain('a', saveBytes(Uint8Array.of(1)))
  const own = (await readdir(folder)).find(name => name.endsWith('.owner')) ?? ''
  const [machine, pid] = own.split('-')
  const left = [`${machine}-${pid}-zzz-0123456789ab.owner`, `b.${machine}-${pid}-zzz-0123456789ab-1.part`]
  for (const name of left) await writeFile(join(folder, name), '')
  const other = await open({ directory })
  await other.spool.obtain('a', saveBytes(Uint8Array.of(1)))
  expect((await readdir(folder)).filter(name => left.includes(name))).toEqual([])
  expect(await readdir(folder)).toContain(own)
})

describe('a folder that is not ours alone', () => {
  const refused = {
    status: 500,
    code: 'source-unreadable',
    message: expect.not.stringContaining('honeydew-spool'),
  }

  it('is not used: others may write to it', async () => {
    const { spool, folder } = await open()
    await mkdir(folder)
    await chmod(folder, 0o777)
    await expect(spool.obtain('a', saveBytes(Uint8Array.of(1)))).rejects.toMatchObject(refused)
  })

  it('is not used: it is a link to somewhere else', async () => {
    const { spool, folder } = await open()
    await symlink(await createFolder(), folder)
    await expect(spool.obtain('a', saveBytes(Uint8Array.of(1)))).rejects.toMatchObject(refused)
  })
})
