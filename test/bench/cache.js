/* `node test/bench/cache.js`: what a hit costs, how near the caches come to a perfect LRU, and two processes on one
   folder for a minute. `--quick` makes that five seconds, and the traces shorter. Needs `npm run build`. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileCache } from '../../dist/cache/file.js'
import { countFrameBytes } from '../../dist/cache/frame.js'
import { memoryCache } from '../../dist/cache/memory.js'
import { createSafeCache } from '../../dist/cache/safe.js'
import { createTrace, formatKey, makeEntry, measureHitRate, measureIdeal } from './cache-trace.js'

/** @typedef {import('../../src/contracts.js').Cache} Cache */

const isQuick = process.argv.includes('--quick')
const mebibyte = 2 ** 20
const longTraces = [
  { items: 20_000, requests: 100_000, mebibytes: 10 },
  { items: 20_000, requests: 100_000, mebibytes: 40 },
  { items: 100_000, requests: 200_000, mebibytes: 100 },
]

const [{ model = 'processor' } = {}] = cpus()
console.log(`${cpus().length} × ${model}, Node ${process.version}`)
await measureHits()
await measureHitRates()
await measureStorm(isQuick ? 5 : 60)

/** The processor time of a hit, each as the service asks for it: through the wall. */
async function measureHits() {
  console.log('\nprocessor time of a hit, 15 KB          one at a time    eight at a time')
  await withFolder(async folder => {
    const caches = { memory: memoryCache(), file: fileCache({ folder, maxBytes: 64 * mebibyte }) }
    for (const [name, cache] of Object.entries(caches)) {
      const safe = createSafeCache(cache)
      const keys = Array.from({ length: 500 }, (_, number) => formatKey(number))
      for (const key of keys) await safe.set(key, makeEntry(key))
      const alone = await measureGets(safe, keys, 1)
      const together = await measureGets(safe, keys, 8)
      console.log(`${name.padEnd(34)} ${formatMicroseconds(alone)} ${formatMicroseconds(together)}`)
      await safe.close?.()
    }
  })
}

/**
 * Microseconds of processor time for one hit.
 *
 * @param {Cache} cache
 * @param {readonly string[]} keys
 * @param {number} lanes
 */
async function measureGets(cache, keys, lanes) {
  const turns = isQuick ? 10 : 100
  for (const key of keys) await cache.get(key)
  const before = process.cpuUsage()
  const ask = async (/** @type {number} */ lane) => {
    for (let turn = lane; turn < turns * keys.length; turn += lanes) {
      const answer = cache.get(keys[turn % keys.length] ?? '')
      if (!(answer instanceof Promise ? await answer : answer)) throw new Error('a miss')
    }
  }
  await Promise.all(Array.from({ length: lanes }, (_, lane) => ask(lane)))
  const { user, system } = process.cpuUsage(before)
  return (user + system) / (turns * keys.length)
}

/** Hit rates beside those of a perfect LRU of the same size. */
async function measureHitRates() {
  console.log('\nhit rate, Zipf                           perfect LRU   memory     file')
  const traces = isQuick ? [{ items: 3000, requests: 12_000, mebibytes: 6 }] : longTraces
  for (const { items, requests, mebibytes } of traces) {
    const trace = createTrace(items, requests)
    const maxBytes = mebibytes * mebibyte
    const ideal = measureIdeal(trace, maxBytes, number => countOnDisk(formatKey(number)))
    const memory = await measureHitRate(trace, memoryCache({ maxBytes }))
    const file = await withFolder(async folder => {
      const cache = fileCache({ folder, maxBytes })
      const rate = await measureHitRate(trace, cache)
      // What it still has to write would make the folder anew.
      await cache.close?.()
      return rate
    })
    const title = `${requests} requests, ${items} items, ${mebibytes} MiB`
    console.log(`${title.padEnd(42)} ${formatPercent(ideal)} ${formatPercent(memory)} ${formatPercent(file)}`)
    console.log(
      `${'of the perfect LRU'.padEnd(50)} ${formatPercent(memory / ideal)} ${formatPercent(file / ideal)}`,
    )
  }
}

/**
 * Two processes that read and write in one folder.
 *
 * @param {number} seconds
 */
async function measureStorm(seconds) {
  console.log(`\ntwo processes on one folder of 64 MiB for ${seconds} s`)
  await withFolder(async folder => {
    const writer = join(import.meta.dirname, 'cache-writer.js')
    const run = async (/** @type {number} */ seed) => {
      const words = [writer, folder, 64 * mebibyte, 20_000, 15_000, seed, seconds].map(String)
      const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
      const [output] = await Promise.all([text(child.stdout), once(child, 'exit')])
      return output.trim().split('\n').at(-1)
    }
    for (const line of await Promise.all([run(1), run(2)])) console.log(line)
    const cache = fileCache({ folder, maxBytes: 64 * mebibyte })
    await cache.sweep?.()
    console.log('counted:', JSON.stringify(cache.stats?.()))
    await cache.close?.()
  })
}

/** @param {string} key */
function countOnDisk(key) {
  return Math.ceil(countFrameBytes(key, makeEntry(key)) / 4096) * 4096
}

/** @param {number} microseconds */
function formatMicroseconds(microseconds) {
  return `${microseconds.toFixed(2)} µs`.padStart(15)
}

/** @param {number} part */
function formatPercent(part) {
  return `${(part * 100).toFixed(1)} %`.padStart(9)
}

/**
 * Works in a folder that is gone afterwards.
 *
 * @template T
 * @param {(folder: string) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function withFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'honeydew-cache-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
