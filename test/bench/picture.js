/* The picture of the corpus, as arithmetic. Photographs have a spectrum that falls with the frequency, hard edges at all
   scales, and smooth areas beside rough ones. Discs that cover each other, with many small and few large ones, have just
   that; each has its colour, its gradient and its roughness, the latter out of noise with equal power in every octave.
   The same size always gives the same pixels, whichever rows are asked for. */
import { createRandom, hash } from './random.js'

/** @typedef {{ width: number, height: number }} Size */
/** @typedef {{ x: number, y: number, radius: number, light: number, red: number, blue: number, slopeX: number,
 *   slopeY: number, roughness: number }} Disc */

const smallest = 5
const coverage = 4
const cells = [2, 3, 6, 12, 24, 48, 96]
const octaveAmplitude = 14
const grain = 3

/**
 * The discs of a picture, the hindmost first.
 *
 * @param {Size} size
 * @returns {Disc[]}
 */
export function createDiscs({ width, height }) {
  const random = createRandom(width)
  const largest = Math.min(width, height) / 4
  // The number of discs of a radius falls with its third power, so that every octave covers the same area.
  const [few, many] = [1 / largest ** 2, 1 / smallest ** 2]
  const meanArea = (Math.PI * 2 * Math.log(largest / smallest)) / (many - few)
  const count = Math.round((coverage * width * height) / meanArea)
  return Array.from({ length: count }, () => {
    const radius = 1 / Math.sqrt(few + random() * (many - few))
    const light = 25 + 205 * random()
    const [slope, angle] = [(50 * random()) / radius, 2 * Math.PI * random()]
    return {
      x: random() * width,
      y: random() * height,
      radius,
      light,
      red: 50 * (random() - 0.4),
      blue: 50 * (random() - 0.6),
      slopeX: slope * Math.cos(angle),
      slopeY: slope * Math.sin(angle),
      roughness: random() ** 2,
    }
  })
}

/**
 * Renders some rows of the picture, as interleaved RGB.
 *
 * @param {Size} size - the size of the whole picture
 * @param {readonly Disc[]} discs - those of {@link createDiscs}
 * @param {number} top - the first row
 * @param {number} rows - how many rows
 * @returns {Uint8ClampedArray}
 */
export function renderRows({ width, height }, discs, top, rows) {
  const pixels = new Uint8ClampedArray(width * rows * 3)
  const near = discs.filter(({ y, radius }) => y + radius >= top && y - radius <= top + rows)
  const sky = { x: 0, y: height, light: 120, red: -20, blue: 30, slopeX: 0.005, slopeY: -0.01, roughness: 0 }
  const owners = new Uint32Array(width)
  const noise = new Float32Array(width)
  for (let row = 0; row < rows; row++) {
    const y = top + row
    drawSpans(owners, near, y)
    drawNoise(noise, y)
    for (let x = 0; x < width; x++) {
      const owner = owners[x] ?? 0
      const disc = (owner === 0 ? undefined : near[owner - 1]) ?? sky
      const slope = disc.slopeX * (x - disc.x) + disc.slopeY * (y - disc.y)
      const speckle = (hash(y * 65_537 + x) / 2 ** 31 - 1) * grain
      const light = disc.light + slope + disc.roughness * (noise[x] ?? 0) + speckle
      const at = (row * width + x) * 3
      pixels[at] = light + disc.red
      pixels[at + 1] = light
      pixels[at + 2] = light + disc.blue
    }
  }
  return pixels
}

/**
 * Writes which disc is seen at each place of a row, counted from 1.
 *
 * @param {Uint32Array} owners
 * @param {readonly Disc[]} discs
 * @param {number} row
 */
function drawSpans(owners, discs, row) {
  owners.fill(0)
  for (const [index, { x, y, radius }] of discs.entries()) {
    const half = Math.sqrt(radius * radius - (row - y) * (row - y))
    if (half > 0) owners.fill(index + 1, Math.max(0, x - half), Math.max(0, x + half))
  }
}

/**
 * Writes a row of noise: the sum of octaves, each a lattice of random values with straight lines between them.
 *
 * @param {Float32Array} noise
 * @param {number} y
 */
function drawNoise(noise, y) {
  noise.fill(0)
  for (const cell of cells) {
    const upper = Math.floor(y / cell)
    const down = y / cell - upper
    let left = latticeValue(cell, 0, upper, down)
    for (let start = 0; start < noise.length; start += cell) {
      const right = latticeValue(cell, start / cell + 1, upper, down)
      const step = (right - left) / cell
      const end = Math.min(start + cell, noise.length)
      for (let x = start; x < end; x++) noise[x] = (noise[x] ?? 0) + left + step * (x - start)
      left = right
    }
  }
}

/**
 * @param {number} cell - names the lattice
 * @param {number} column
 * @param {number} upper - the row of the lattice above the place
 * @param {number} down - how far below it the place is
 */
function latticeValue(cell, column, upper, down) {
  const [above, below] = [upper, upper + 1].map(row => hash(cell * 7_919 + row * 104_729 + column))
  return octaveAmplitude * (((above ?? 0) * (1 - down) + (below ?? 0) * down) / 2 ** 31 - 1)
}
