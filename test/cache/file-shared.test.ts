// Several processes on one folder. They run what was built: `npm run build` comes first.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { fileCache } from '../../src/cache/file.js'
import type { CacheStats } from '../../src/contracts.js'
import { formatKey, isRight, makeEntry } from '../bench/cache-trace.js'
import { countDiskBytes, createFolder, listEntryFiles, listTempFiles } from './cache-folder.js'

interface Seen extends CacheStats {
  readonly hits: number
  readonly misses: number
  readonly wrong: number
  readonly failures: number
}

const [items, meanBytes] = [600, 20_000]
const writer = join(import.meta.dirname, '../bench/cache-writer.js')

const launch = async (folder: string, maxBytes: number, seed: number): Promise<Seen> => {
  const words = [writer, folder, maxBytes, items, meanBytes, seed, 3].map(String)
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return JSON.parse(output.trim().split('\n').at(-1) ?? '')
}

describe('two processes on one folder', () => {
  it('give each other what they wrote, never anything wrong, and keep to one bound', async () => {
    const folder = createFolder()
    const maxBytes = 6 * 2 ** 20
    let most = 0
    const watch = setInterval(() => {
      most = Math.max(most, countDiskBytes(listEntryFiles(folder)))
    }, 20)
    const seen = await Promise.all([launch(folder, maxBytes, 1), launch(folder, maxBytes, 2)])
    clearInterval(watch)
    for (const { hits, misses, wrong, failures, damaged } of seen) {
      expect({ wrong, failures, damaged }).toEqual({ wrong: 0, failures: 0, damaged: 0 })
      expect(hits).toBeGreaterThan(0)
      expect(misses).toBeGreaterThan(0)
    }
    expect(most).toBeGreaterThan(0.8 * maxBytes)
    expect(most).toBeLessThanOrEqual(1.05 * maxBytes)
    expect(listTempFiles(folder)).toEqual([])
    const cache = fileCache({ folder, maxBytes })
    for (let number = 0; number < items; number += 1) {
      const found = await cache.get(formatKey(number))
      if (found && !isRight(formatKey(number), found, meanBytes)) expect.fail(`${number} is wrong`)
    }
  })

  it('are one set of files: what one has, the other need not write', async () => {
    const folder = createFolder()
    const maxBytes = 100 * 2 ** 20
    const seen = await Promise.all([launch(folder, maxBytes, 1), launch(folder, maxBytes, 2)])
    const files = listEntryFiles(folder)
    expect(files.length).toBeLessThanOrEqual(items)
    for (const { hits, wrong, failures } of seen) expect([hits > 0, wrong, failures]).toEqual([true, 0, 0])
    // Both wrote some of them at the same time: each is counted once.
    const cache = fileCache({ folder, maxBytes })
    await cache.set('new|1', makeEntry('new|1'))
    const all = listEntryFiles(folder)
    expect(cache.stats?.()).toMatchObject({ entries: all.length, bytes: countDiskBytes(all) })
  })

  it('hear of each other what there is, without looking', async () => {
    const folder = createFolder()
    const [one, two] = [fileCache({ folder, maxBytes: 2 ** 20 }), fileCache({ folder, maxBytes: 2 ** 20 })]
    const entry = { bytes: Buffer.alloc(8000), mediaType: 'image/jpeg' }
    for (let index = 0; index < 10; index += 1) {
      await one.set(`one|1|${index}`, entry)
      await two.set(`two|1|${index}`, entry)
    }
    await one.close?.()
    await two.close?.()
    await one.close?.()
    for (const cache of [one, two]) expect(cache.stats?.()).toMatchObject({ entries: 20, bytes: 20 * 8192 })
  })

  it('forget what one of them is told to forget', async () => {
    const folder = createFolder()
    const [one, two] = [fileCache({ folder, maxBytes: 2 ** 20 }), fileCache({ folder, maxBytes: 2 ** 20 })]
    const entry = { bytes: Buffer.alloc(8000), mediaType: 'image/jpeg' }
    for (const key of ['a|1|x', 'a|1|y', 'ab|1|x']) await one.set(key, entry)
    await two.delete({ kind: 'identifier', identifier: 'a' })
    expect(await one.get('a|1|x')).toBeUndefined()
    expect(await one.get('a|1|y')).toBeUndefined()
    expect(await one.get('ab|1|x')).toEqual(entry)
  })
})
