import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { createWorkshop, exists, moveFinished, sweepWorkshops } from '../../../src/image/pyramid/part-file.js'

const folders: string[] = []
let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'honeydew-part-'))
  folders.push(folder)
})

afterAll(() => Promise.all(folders.map(path => rm(path, { recursive: true, force: true }))))

describe('a workshop', () => {
  it('lies beside the file, hidden, and is gone afterwards with all that is in it', async () => {
    const workshop = await createWorkshop(join(folder, 'a.tif'))
    expect(await readdir(folder)).toEqual([expect.stringMatching(/^\.a\.tif\.honeydew-.*\.part$/)])
    await writeFile(join(workshop.path, 'x'), 'x')
    await workshop.remove()
    expect(await readdir(folder)).toEqual([])
    await workshop.remove()
  })

  it('has a name that file systems take, however long that of the file is', async () => {
    const workshop = await createWorkshop(join(folder, `${'ä'.repeat(125)}.tif`))
    expect(Buffer.byteLength((await readdir(folder))[0]!)).toBeLessThan(255)
    await workshop.remove()
  })
})

describe('a finished file', () => {
  it.each([true, false])('gets its name, with all of its bytes (may replace: %s)', async mayReplace => {
    await writeFile(join(folder, 'part'), 'whole')
    await moveFinished(join(folder, 'part'), join(folder, 'out'), mayReplace)
    expect(await readFile(join(folder, 'out'), 'utf8')).toBe('whole')
    expect(await readdir(folder)).toEqual(['out'])
  })

  it('replaces another one only where it may', async () => {
    await writeFile(join(folder, 'part'), 'new')
    await writeFile(join(folder, 'out'), 'old')
    const move = (mayReplace: boolean) => moveFinished(join(folder, 'part'), join(folder, 'out'), mayReplace)
    await expect(move(false)).rejects.toMatchObject({ code: 'EEXIST' })
    expect(await readFile(join(folder, 'out'), 'utf8')).toBe('old')
    await move(true)
    expect(await readFile(join(folder, 'out'), 'utf8')).toBe('new')
  })
})

it('exists as a link that leads nowhere, too', async () => {
  await symlink(join(folder, 'nowhere'), join(folder, 'link'))
  expect(await Promise.all(['link', 'nowhere'].map(name => exists(join(folder, name))))).toEqual([
    true,
    false,
  ])
})

describe('what killed runs have left', () => {
  const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
  const make = async (name: string) => {
    await mkdir(join(folder, name))
    await writeFile(join(folder, name, 'pyramid.tif'), 'half')
  }

  it('is removed at once where its process has ended', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', 'console.log(process.pid)'])
    await make(`.a.tif.honeydew-${host}-${stdout.trim()}-0123456789ab.part`)
    expect(await sweepWorkshops(folder)).toBe(1)
    expect(await readdir(folder)).toEqual([])
  })

  it('is left where its process runs, or where it cannot be asked, until it is a day old', async () => {
    const names = [
      `.a.tif.honeydew-${host}-${process.pid}-0123456789ab.part`,
      '.b.tif.honeydew-00000000-1-0123456789ab.part',
    ]
    for (const name of names) await make(name)
    expect(await sweepWorkshops(folder)).toBe(0)
    const old = new Date(Date.now() - 25 * 60 * 60 * 1000)
    for (const name of names) await utimes(join(folder, name), old, old)
    expect(await sweepWorkshops(folder)).toBe(2)
  })

  it('is nothing else: neither files of that name, nor folders of others', async () => {
    await writeFile(join(folder, `.a.tif.honeydew-${host}-999999999-0123456789ab.part`), 'a file')
    await make('.a.tif.part')
    await make('honeydew')
    expect(await sweepWorkshops(folder, Date.now() + 1e12)).toBe(0)
    expect(await readdir(folder)).toHaveLength(3)
  })

  it('may be in a folder that is not there', async () => {
    expect(await sweepWorkshops(join(folder, 'nowhere'))).toBe(0)
  })
})
