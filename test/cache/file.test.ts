import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fileCache } from '../../src/cache/file.js'
import type { FileCacheOptions } from '../../src/cache/file-options.js'
import { formatEntryName } from '../../src/cache/key.js'
import type { Cache, CacheEntry } from '../../src/contracts.js'
import { countDiskBytes, createFolder, listEntryFiles, listTempFiles } from './cache-folder.js'
import { describeCacheContract } from './contract.js'

const maxBytes = 8 * 2 ** 20
describeCacheContract('a file cache', () => fileCache({ folder: createFolder(), maxBytes }))
describeCacheContract('a file cache that waits for the disk', () =>
  fileCache({ folder: join(createFolder(), 'a', 'b'), maxBytes, fsync: true }),
)

const key = 'maps%2F1652.tif|1|full'
const entry = (length: number, fill = 7): CacheEntry => ({
  bytes: Buffer.alloc(length, fill),
  mediaType: 'image/jpeg',
})
const create = (options: Partial<FileCacheOptions> = {}) => {
  const folder = options.folder ?? createFolder()
  return { folder, cache: fileCache({ folder, maxBytes, ...options }) }
}
const pathOf = (folder: string, of = key): string =>
  join(folder, formatEntryName(of).slice(0, 2), formatEntryName(of))
const found = async (cache: Cache, ...keys: string[]): Promise<string[]> => {
  const hits: string[] = []
  for (const each of keys) if (await cache.get(each)) hits.push(each)
  return hits
}

describe('the files of a file cache', () => {
  it('are there for the next process', async () => {
    const { folder, cache } = create()
    await cache.set(key, entry(100))
    await cache.close?.()
    expect(await create({ folder }).cache.get(key)).toEqual(entry(100))
  })

  it('have names that tell the image, and lie in their folder, whatever the identifier is', async () => {
    const { folder, cache } = create()
    await cache.set(key, entry(100))
    await cache.set('..%2F..%2Fetc|1', entry(100))
    await cache.set('C%3A%5CCON|1', entry(100))
    const names = listEntryFiles(folder).map(path => basename(path))
    expect(names.map(name => name.split('-')[2]).toSorted()).toEqual([
      '_2f_2fetc',
      'c_3a_5ccon',
      'maps_2f1652_tif',
    ])
    expect(listTempFiles(folder)).toEqual([])
  })

  it('can be read by nobody else', async () => {
    const { folder, cache } = create({ folder: join(createFolder(), 'cache') })
    await cache.set(key, entry(100))
    for (const path of [folder, dirname(pathOf(folder)), join(folder, 'tmp')])
      expect((statSync(path).mode & 0o777).toString(8)).toBe('700')
    for (const path of [pathOf(folder), join(folder, 'usage')])
      expect((statSync(path).mode & 0o777).toString(8)).toBe('600')
  })

  it.each([[1], [65_000], [65_536], [65_537], [131_072], [3_000_000]])('hold %i bytes', async length => {
    const { cache } = create()
    const bytes = Buffer.from(Array.from({ length: 251 }, (_, index) => index))
    await cache.set(key, { bytes: Buffer.alloc(length, bytes), mediaType: 'image/png' })
    const kept = await cache.get(key)
    expect(Buffer.compare(kept?.bytes ?? Buffer.alloc(0), Buffer.alloc(length, bytes))).toBe(0)
  })

  it('of which a folder is taken away come back', async () => {
    const { folder, cache } = create()
    await cache.set(key, entry(100))
    rmSync(folder, { recursive: true })
    expect(await cache.get(key)).toBeUndefined()
    await cache.set(key, entry(100))
    expect(await cache.get(key)).toEqual(entry(100))
  })

  it('are the only ones that are ever deleted', async () => {
    const { folder, cache } = create()
    await cache.set(key, entry(100))
    const strangers = ['photo.tif', '12/photo.tif', 'tmp/photo.tif', 'tmp/1.tmp'].map(name =>
      join(folder, name),
    )
    for (const path of strangers) {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, 'mine')
      utimesSync(path, 0, 0)
    }
    await cache.sweep?.()
    await cache.delete({ kind: 'all' })
    await cache.sweep?.()
    expect(listEntryFiles(folder)).toEqual([join(folder, '12/photo.tif')])
    for (const path of strangers) expect(existsSync(path)).toBe(true)
  })
})

describe('an entry in a file', () => {
  const damages: readonly (readonly [what: string, damage: (path: string, folder: string) => void])[] = [
    ['is empty', path => truncateSync(path, 0)],
    ['ends in its head', path => truncateSync(path, 20)],
    ['ends in its body', path => truncateSync(path, 150_000)],
    ['lacks its last byte', path => truncateSync(path, statSync(path).size - 1)],
    [
      'is longer than it was',
      path => writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.alloc(1)])),
    ],
    ['is nothing but zeros', path => writeFileSync(path, Buffer.alloc(statSync(path).size))],
    ['has another bit in its head', path => flip(path, 13)],
    ['has another bit in its key', path => flip(path, 40)],
    ['has another bit in its body', path => flip(path, 150_000)],
    ['has another last bit', path => flip(path, statSync(path).size - 1)],
    [
      'says that it is endless',
      path => {
        const bytes = readFileSync(path)
        bytes.writeDoubleLE(2 ** 50, 16)
        writeFileSync(path, bytes)
      },
    ],
    ['is that of another key', (path, folder) => renameSync(pathOf(folder, 'other|1'), path)],
  ]

  it.each(damages)('that %s is a miss, is deleted, and is made anew', async (_, damage) => {
    const { folder, cache } = create()
    await cache.set(key, entry(200_000))
    await cache.set('other|1', entry(200_000))
    damage(pathOf(folder), folder)
    expect(await cache.get(key)).toBeUndefined()
    expect(existsSync(pathOf(folder))).toBe(false)
    expect(cache.stats?.()).toMatchObject({ damaged: 1 })
    await cache.set(key, entry(200_000))
    expect(await cache.get(key)).toEqual(entry(200_000))
  })

  it('is not looked for behind a link', async () => {
    const { folder, cache } = create()
    await cache.set(key, entry(100))
    renameSync(pathOf(folder), join(folder, 'elsewhere'))
    symlinkSync(join(folder, 'elsewhere'), pathOf(folder))
    await expect(cache.get(key)).rejects.toMatchObject({ code: 'ELOOP' })
  })

  it('that is too large is not kept, and what was there is forgotten', async () => {
    const { folder, cache } = create({ maxEntryBytes: 10_000 })
    await cache.set(key, entry(9000))
    await cache.set(key, entry(10_000))
    expect(await cache.get(key)).toBeUndefined()
    expect(listEntryFiles(folder)).toEqual([])
  })

  it('that was kept under a larger bound costs no memory', async () => {
    const { folder, cache } = create()
    await cache.set(key, entry(100_000))
    expect(await create({ folder, maxEntryBytes: 50_000 }).cache.get(key)).toBeUndefined()
  })
})

describe('the time in a file cache', () => {
  const start = Date.now()
  const aged = (folder: string, seconds: number) =>
    fileCache({ folder, maxBytes, ttlSeconds: 60, now: () => start + seconds * 1000 })

  it('ends an entry when it is asked for, and asking does not put that off', async () => {
    const folder = createFolder()
    await aged(folder, 0).set(key, entry(100))
    expect(await found(aged(folder, 50), key)).toEqual([key])
    expect(await found(aged(folder, 61), key)).toEqual([])
    expect(listEntryFiles(folder)).toEqual([])
  })

  it('ends entries when it is swept, also those that were asked for', async () => {
    const folder = createFolder()
    const cache = aged(folder, 0)
    await cache.set(key, entry(10_000))
    await cache.set('b|1', entry(10_000))
    await cache.get('b|1')
    for (const each of [key, 'b|1']) utimesSync(pathOf(folder, each), start / 1000 + 55, start / 1000)
    await cache.set('c|1', entry(10_000))
    utimesSync(pathOf(folder, 'c|1'), start / 1000, start / 1000 + 50)
    expect(await aged(folder, 61).sweep?.()).toEqual({
      deletedEntries: 2,
      deletedBytes: 24_576,
      deletedLeftovers: 0,
    })
    expect(await found(aged(folder, 61), key, 'b|1')).toEqual([])
    expect(existsSync(pathOf(folder, 'c|1'))).toBe(true)
  })
})

describe('the bound of a file cache', () => {
  const keys = Array.from({ length: 400 }, (_, index) => `image-${index % 13}|1|${index}`)

  it('holds at every moment of a storm', async () => {
    const { folder, cache } = create({ maxBytes: 2 ** 20 })
    let most = 0
    let left = keys.length
    const write = async (lane: number): Promise<void> => {
      for (let index = lane; index < keys.length; index += 8) {
        await cache.set(keys[index] ?? '', entry(5000 + ((index * 7919) % 20_000)))
        left -= 1
        most = Math.max(most, countDiskBytes(listEntryFiles(folder)))
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, lane) => write(lane)))
    expect(left).toBe(0)
    expect(most).toBeLessThanOrEqual(1.05 * 2 ** 20)
    expect(most).toBeGreaterThan(0.9 * 2 ** 20)
    const { bytes, entries, evicted = 0 } = cache.stats?.() ?? {}
    expect(bytes).toBe(countDiskBytes(listEntryFiles(folder)))
    expect(entries).toBe(listEntryFiles(folder).length)
    expect(evicted).toBe(keys.length - listEntryFiles(folder).length)
  })

  it('drops what was not asked for longest, and knows it from the files in a new process', async () => {
    const folder = createFolder()
    const first = fileCache({ folder, maxBytes: 40 * 8192 })
    for (const [index, each] of keys.slice(0, 40).entries()) {
      await first.set(each, entry(8000))
      utimesSync(pathOf(folder, each), 1000 + index, 500)
    }
    await first.close?.()
    const second = fileCache({ folder, maxBytes: 40 * 8192 })
    await second.get(keys[0] ?? '')
    for (const each of keys.slice(40, 62)) await second.set(each, entry(8000))
    expect(await found(second, ...keys.slice(0, 20))).toEqual([keys[0]])
    expect((await found(second, ...keys.slice(25, 62))).length).toBeGreaterThan(35)
  })

  it('knows what is there when the account was lost', async () => {
    const folder = createFolder()
    const first = fileCache({ folder, maxBytes: 2 ** 20 })
    for (const each of keys.slice(0, 100)) await first.set(each, entry(8000))
    await first.close?.()
    rmSync(join(folder, 'usage'))
    const second = fileCache({ folder, maxBytes: 400_000 })
    await second.set('new|1', entry(8000))
    await second.sweep?.()
    expect(countDiskBytes(listEntryFiles(folder))).toBeLessThanOrEqual(400_000)
    expect(second.stats?.()).toMatchObject({ bytes: countDiskBytes(listEntryFiles(folder)) })
  })

  it('counts anew when it is swept: files may have come and gone by hand', async () => {
    const { folder, cache } = create()
    for (const each of keys.slice(0, 20)) await cache.set(each, entry(8000))
    for (const path of listEntryFiles(folder).slice(0, 5)) rmSync(path)
    await cache.sweep?.()
    expect(cache.stats?.()).toMatchObject({ entries: 15, bytes: 15 * 8192 })
  })

  it('does not stand in the way of an account that tells nonsense', async () => {
    const { folder, cache } = create({ maxBytes: 200_000 })
    await cache.set(key, entry(8000))
    await cache.close?.()
    writeFileSync(join(folder, 'usage'), '99999999999 1\nrubbish\n5 \n-3\n')
    const second = fileCache({ folder, maxBytes: 200_000 })
    for (const each of keys.slice(0, 10)) await second.set(each, entry(8000))
    expect(await found(second, ...keys.slice(0, 10))).toHaveLength(10)
    expect(second.stats?.()).toMatchObject({ bytes: countDiskBytes(listEntryFiles(folder)) })
  })

  it('may be smaller than what is there', async () => {
    const folder = createFolder()
    const first = fileCache({ folder, maxBytes: 2 ** 20 })
    for (const each of keys.slice(0, 100)) await first.set(each, entry(8000))
    await first.close?.()
    const report = await fileCache({ folder, maxBytes: 100_000 }).sweep?.()
    expect(report?.deletedEntries).toBe(100 - listEntryFiles(folder).length)
    expect(countDiskBytes(listEntryFiles(folder))).toBeLessThanOrEqual(100_000)
  })

  it('leaves no long account behind', async () => {
    const { folder, cache } = create({ maxBytes: 60_000 })
    writeFileSync(join(folder, 'usage'), '4096 1\n-4096 -1\n'.repeat(6000))
    for (const each of keys.slice(0, 20)) await cache.set(each, entry(8000))
    expect(statSync(join(folder, 'usage')).size).toBeLessThan(5000)
    expect(cache.stats?.()).toMatchObject({ bytes: countDiskBytes(listEntryFiles(folder)) })
  })
})

describe('what killed processes left', () => {
  it('is deleted when it is swept; what is being written is not', async () => {
    const { folder, cache } = create()
    await cache.set(key, entry(100))
    const names = ['00000000-0000-4000-8000-000000000000.tmp', '11111111-1111-4111-8111-111111111111.tmp']
    const [old = '', young = ''] = names.map(name => join(folder, 'tmp', name))
    for (const path of [old, young]) writeFileSync(path, 'half')
    utimesSync(old, Date.now() / 1000, Date.now() / 1000 - 120)
    expect(await cache.sweep?.()).toEqual({ deletedEntries: 0, deletedBytes: 0, deletedLeftovers: 1 })
    expect(listTempFiles(folder)).toEqual([young])
    expect(await cache.get(key)).toBeDefined()
  })
})

describe('a sweep', () => {
  it('stops when it is told to, and changes nothing that is known', async () => {
    const { cache } = create()
    for (let index = 0; index < 20; index += 1) await cache.set(`image|1|${index}`, entry(100))
    const before = cache.stats?.()
    expect(await cache.sweep?.(AbortSignal.abort())).toMatchObject({ deletedEntries: 0 })
    expect(cache.stats?.()).toEqual(before)
  })
})

describe('the options of a file cache', () => {
  it.each([
    ['folder', ''],
    ['folder', 'a\0b'],
    ['maxBytes', 0],
    ['maxBytes', Number.POSITIVE_INFINITY],
    ['maxEntryBytes', 0],
    ['maxEntryBytes', maxBytes + 1],
    ['ttlSeconds', 0],
    ['fsync', 'yes'],
  ])('are named: %s cannot be %j', (name, value) => {
    expect(() => fileCache({ folder: 'x', maxBytes, [name]: value })).toThrow(
      new RegExp(`^${name}: expected `),
    )
  })
})

function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at)
  writeFileSync(path, bytes)
}
