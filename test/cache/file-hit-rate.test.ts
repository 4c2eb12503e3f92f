import { describe, expect, it } from 'vitest'
import { fileCache } from '../../src/cache/file.js'
import { countFrameBytes } from '../../src/cache/frame.js'
import { memoryCache } from '../../src/cache/memory.js'
import { createTrace, formatKey, makeEntry, measureHitRate, measureIdeal } from '../bench/cache-trace.js'
import { createRandom } from '../bench/random.js'
import { createFolder } from './cache-folder.js'

const trace = createTrace(3000, 12_000)
const maxBytes = 6 * 2 ** 20

describe('of requests as viewers make them', () => {
  it('the memory cache answers nearly as many as a perfect LRU', async () => {
    const ideal = measureIdeal(trace, maxBytes, number => makeEntry(formatKey(number)).bytes.byteLength)
    expect(ideal).toBeGreaterThan(0.5)
    expect(await measureHitRate(trace, memoryCache({ maxBytes }))).toBeGreaterThan(0.95 * ideal)
  })

  it('the file cache answers nearly as many as a perfect LRU', async () => {
    const ideal = measureIdeal(trace, maxBytes, number => countOnDisk(formatKey(number)))
    const cache = fileCache({ folder: createFolder(), maxBytes, random: createRandom(3) })
    expect(await measureHitRate(trace, cache)).toBeGreaterThan(0.95 * ideal)
  })
})

function countOnDisk(key: string): number {
  return Math.ceil(countFrameBytes(key, makeEntry(key)) / 4096) * 4096
}
