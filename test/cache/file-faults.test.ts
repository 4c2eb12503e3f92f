// Disks that are full or can only be read: real ones, small file systems in memory, which takes root on Linux.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fileCache } from '../../src/cache/file.js'
import { createSafeCache } from '../../src/cache/safe.js'
import type { Cache } from '../../src/contracts.js'
import { formatKey, isRight, makeEntry } from '../bench/cache-trace.js'
import { listEntryFiles, listTempFiles } from './cache-folder.js'

const disk = mkdtempSync(join(tmpdir(), 'honeydew-disk-'))
const folder = join(disk, 'cache')
const mount = (...words: string[]) => spawnSync('mount', [...words, disk], { stdio: 'ignore' })
const canMount = mount('-t', 'tmpfs', '-o', 'size=64k', 'tmpfs').status === 0
if (canMount) execFileSync('umount', [disk])

beforeEach(() => {
  if (canMount) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk])
})
afterEach(() => {
  // Lazily: other programs of the machine may be looking into folders of temporary files.
  if (canMount) execFileSync('umount', ['--lazy', disk])
})
afterAll(() => rmSync(disk, { recursive: true, force: true }))

const safe = (maxBytes: number): Cache => createSafeCache(fileCache({ folder, maxBytes }))

/** Writes entries and tells which of these numbers can be read; what is wrong fails the test. */
const write = async (cache: Cache, from: number, to: number): Promise<void> => {
  for (let number = from; number < to; number += 1)
    await cache.set(formatKey(number), makeEntry(formatKey(number)))
}
const read = async (cache: Cache, from: number, to: number): Promise<number[]> => {
  const kept: number[] = []
  for (let number = from; number < to; number += 1) {
    const found = await cache.get(formatKey(number))
    if (found) kept.push(number)
    if (found && !isRight(formatKey(number), found)) expect.fail(`${number} is wrong`)
  }
  return kept
}
const fillDisk = (): string => {
  const path = join(disk, 'others')
  const { bavail, bsize } = statfsSync(disk)
  writeFileSync(path, Buffer.alloc(bavail * bsize))
  return path
}

describe.skipIf(!canMount)('on a full disk the file cache', () => {
  it('rejects a new entry, gives what it has, and leaves nothing half written', async () => {
    const cache = fileCache({ folder, maxBytes: 2 ** 20 })
    await write(cache, 0, 20)
    fillDisk()
    const large = { bytes: Buffer.alloc(500_000), mediaType: 'image/jpeg' }
    await expect(cache.set('large|1', large)).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(await cache.get('large|1')).toBeUndefined()
    expect((await read(cache, 0, 20)).length).toBeGreaterThan(10)
    expect(listTempFiles(folder)).toEqual([])
  })

  it('gives way to others, behind its wall without a failure, and comes back when there is room', async () => {
    const cache = safe(2 ** 20)
    await write(cache, 0, 40)
    const before = listEntryFiles(folder).length
    const others = fillDisk()
    await write(cache, 40, 60)
    expect(listEntryFiles(folder).length).toBeLessThan(before + 20)
    await read(cache, 0, 60)
    rmSync(others)
    const later = safe(2 ** 20)
    await write(later, 60, 70)
    expect(await read(later, 60, 70)).toHaveLength(10)
  })

  it('goes on to keep what is new when its bound is larger than the disk', async () => {
    const cache = safe(2 ** 30)
    await write(cache, 0, 300)
    expect((await read(cache, 250, 300)).length).toBeGreaterThan(40)
    expect(listTempFiles(folder)).toEqual([])
  })

  it('keeps nothing when there is no room for its folder', async () => {
    fillDisk()
    const cache = safe(2 ** 20)
    await write(cache, 0, 5)
    expect(await read(cache, 0, 5)).toEqual([])
  })
})

describe.skipIf(!canMount)('on a disk that can only be read the file cache', () => {
  const remount = (mode: string) => execFileSync('mount', ['-o', `remount,${mode}`, disk])

  it('gives what it has and keeps nothing new', async () => {
    const cache = safe(2 ** 20)
    await write(cache, 0, 10)
    await cache.close?.()
    remount('ro')
    const reader = safe(2 ** 20)
    expect(await read(reader, 0, 10)).toHaveLength(10)
    await write(reader, 10, 30)
    expect(await read(reader, 10, 30)).toEqual([])
    expect(reader.stats?.()).toMatchObject({ hits: 10, failures: 5, skipped: 15 })
    await reader.close?.()
    remount('rw')
  })

  it('does not give what is damaged, though it cannot delete it', async () => {
    const cache = safe(2 ** 20)
    await write(cache, 0, 1)
    writeFileSync(listEntryFiles(folder)[0] ?? '', 'rubbish')
    remount('ro')
    expect(await read(cache, 0, 1)).toEqual([])
    expect(cache.stats?.()).toMatchObject({ damaged: 1, failures: 0 })
    remount('rw')
  })

  it('says that it could not forget', async () => {
    const cache = safe(2 ** 20)
    await write(cache, 0, 1)
    remount('ro')
    await expect(cache.delete({ kind: 'all' })).rejects.toMatchObject({ code: 'EROFS' })
    remount('rw')
    await cache.delete({ kind: 'all' })
    expect(listEntryFiles(folder)).toEqual([])
  })
})
