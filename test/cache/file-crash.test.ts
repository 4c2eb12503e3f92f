// Processes that write are killed at random moments. They run what was built: `npm run build` comes first.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fileCache } from '../../src/cache/file.js'
import { formatKey, isRight } from '../bench/cache-trace.js'
import { createRandom } from '../bench/random.js'
import { countDiskBytes, createFolder, listEntryFiles, listTempFiles } from './cache-folder.js'

const kills = 200
const [maxBytes, items, meanBytes] = [24 * 2 ** 20, 300, 200_000]
const folder = createFolder()
const writer = join(import.meta.dirname, '../bench/cache-writer.js')

describe('a process that writes to a file cache', () => {
  it('leaves nothing wrong behind when it is killed, 200 times, at random moments', {
    timeout: 120_000,
  }, async () => {
    const random = createRandom(7)
    let killed = 0
    const killOnce = async (seed: number): Promise<void> => {
      const words = [writer, folder, maxBytes, items, meanBytes, seed, 60].map(String)
      const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
      await once(child.stdout, 'data')
      await new Promise(later => setTimeout(later, random() * 30))
      child.kill('SIGKILL')
      const [, signal] = await once(child, 'exit')
      if (signal === 'SIGKILL') killed += 1
    }
    const lane = async (first: number): Promise<void> => {
      for (let seed = first; seed < kills; seed += 4) await killOnce(seed)
    }
    await Promise.all([0, 1, 2, 3].map(lane))
    expect(killed).toBe(kills)
    // Otherwise none of them was killed while it wrote, and nothing was tested.
    expect(listTempFiles(folder).length).toBeGreaterThan(0)

    const cache = fileCache({ folder, maxBytes, now: () => Date.now() + 120_000 })
    await cache.sweep?.()
    expect(listTempFiles(folder)).toEqual([])
    const outcomes = { right: 0, wrong: 0 }
    for (let number = 0; number < items; number += 1) {
      const key = formatKey(number)
      const found = await cache.get(key)
      if (found) outcomes[isRight(key, found, meanBytes) ? 'right' : 'wrong'] += 1
    }
    expect(outcomes).toEqual({ right: listEntryFiles(folder).length, wrong: 0 })
    expect(outcomes.right).toBeGreaterThan(50)
    expect(cache.stats?.()).toMatchObject({ damaged: 0, bytes: countDiskBytes(listEntryFiles(folder)) })
    expect(countDiskBytes(listEntryFiles(folder))).toBeLessThanOrEqual(maxBytes)
    expect(readdirSync(folder).filter(name => !/^(?:[0-9a-f]{2}|tmp|usage)$/.test(name))).toEqual([])
  })
})
