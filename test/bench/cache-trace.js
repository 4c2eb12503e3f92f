/* What the caches are measured and tested with: entries that can be told right from wrong, and requests as viewers make
   them, few things often and many things seldom (Zipf), with what a perfect LRU would have made of them. */
import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { createRandom, hash } from './random.js'

/**
 * The key of the item with this number: of one of many images, with one of a few versions.
 *
 * @param {number} number
 */
export function formatKey(number) {
  return `maps%2F${number % 97}.tif|v1|tile%20${number}`
}

/**
 * The entry of a key: what a fresh render would give, of a length and with bytes that are different for each key.
 *
 * @param {string} key
 * @param {number} [meanBytes]
 * @returns {{ bytes: Uint8Array, mediaType: string }}
 */
export function makeEntry(key, meanBytes = 15_000) {
  const digest = createHash('sha256').update(key).digest()
  const length = Math.round(meanBytes * (0.5 + digest.readUInt16LE(0) / 0xffff))
  return { bytes: Buffer.alloc(length, digest), mediaType: 'image/jpeg' }
}

/**
 * Whether an entry is that of the key.
 *
 * @param {string} key
 * @param {{ bytes: Uint8Array, mediaType: string }} entry
 * @param {number} [meanBytes]
 */
export function isRight(key, { bytes, mediaType }, meanBytes) {
  const right = makeEntry(key, meanBytes)
  return mediaType === right.mediaType && Buffer.compare(bytes, right.bytes) === 0
}

/**
 * The numbers of the items that are asked for, one after the other: the n-th most popular with a chance of 1 / n.
 *
 * @param {number} items
 * @param {number} requests
 * @param {number} [seed]
 * @returns {number[]}
 */
export function createTrace(items, requests, seed = 1) {
  const random = createRandom(seed)
  const sums = new Float64Array(items)
  let sum = 0
  for (let rank = 0; rank < items; rank++) {
    sum += 1 / (rank + 1)
    sums[rank] = sum
  }
  return Array.from({ length: requests }, () => {
    const rank = findFirst(sums, random() * sum)
    // The popular ones are not neighbours.
    return hash(rank) % items
  })
}

/**
 * The part of requests that a perfect LRU of this many bytes answers.
 *
 * @param {readonly number[]} trace
 * @param {number} maxBytes
 * @param {(number: number) => number} countBytes
 */
export function measureIdeal(trace, maxBytes, countBytes) {
  /** @type {LRUCache<number, true>} */
  const cache = new LRUCache({ maxSize: maxBytes, sizeCalculation: (_, number) => countBytes(number) })
  let hits = 0
  for (const number of trace) {
    if (cache.get(number)) hits += 1
    else cache.set(number, true)
  }
  return hits / trace.length
}

/**
 * The part of requests that a cache answers which is given what it does not have.
 *
 * @param {readonly number[]} trace
 * @param {import('../../src/contracts.js').Cache} cache
 */
export async function measureHitRate(trace, cache) {
  let hits = 0
  for (const number of trace) {
    const key = formatKey(number)
    if (await cache.get(key)) hits += 1
    else await cache.set(key, makeEntry(key))
  }
  return hits / trace.length
}

/**
 * The first place whose sum is not below `value`.
 *
 * @param {Float64Array} sums
 * @param {number} value
 */
function findFirst(sums, value) {
  let [low, high] = [0, sums.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sums[middle] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return low
}
