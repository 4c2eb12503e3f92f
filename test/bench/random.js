/* Numbers that look random and are the same in every run: pictures and URL lists must not differ between two machines. */

/**
 * Creates a generator of numbers from 0 up to, but not including, 1.
 *
 * @param {number} seed
 * @returns {() => number}
 */
export function createRandom(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    return hash(state) / 2 ** 32
  }
}

/**
 * Scatters a whole number over 32 bits.
 *
 * @param {number} value
 */
export function hash(value) {
  let bits = value | 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

/**
 * Puts a list into a random order.
 *
 * @template T
 * @param {readonly T[]} items
 * @param {() => number} random
 * @returns {T[]}
 */
export function shuffle(items, random) {
  const shuffled = [...items]
  for (let i = shuffled.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1))
    const kept = /** @type {T} */ (shuffled[i])
    shuffled[i] = /** @type {T} */ (shuffled[other])
    shuffled[other] = kept
  }
  return shuffled
}
