/* The sample picture, as arithmetic: a Julia set, coloured by how long a point takes to escape, lit like a relief and
   engraved with contour lines that stand as close at every place, so that there is something to see at every zoom
   level. The same size always gives the same pixels, whichever rows are asked for. */
import { drawGrid } from './grid.js'

/** @typedef {{ width: number, height: number }} Size */

// The set is that of z² + constant, just outside the Mandelbrot set: nothing but spirals and no flat inside.
const constant = { re: -0.512511, im: 0.521295 }
const view = { re: -0.35, im: 0.3, width: 0.95 }
const maxIterations = 1200
const bailout = 1e4

const stops = ['0b2b2a', '12544a', '3f8f6b', 'a8d8a0', 'f4efcf', 'f2c14e', 'c8702a', '6b2b2e', '251733']
const lace = [255, 244, 214]
const shades = 2048
const palette = createPalette()

/**
 * Renders some rows of the picture, as interleaved RGB.
 *
 * @param {Size} size - the size of the whole picture
 * @param {number} top - the first row
 * @param {number} rows - how many rows
 * @returns {Uint8ClampedArray}
 */
export function renderRows(size, top, rows) {
  const { width } = size
  const pixels = new Uint8ClampedArray(width * rows * 3)
  let above = escapeTimes(size, top - 1)
  for (let row = 0; row < rows; row++) {
    const times = escapeTimes(size, top + row)
    for (let x = 0; x < width; x++) {
      const time = times[x + 1] ?? 0
      const [left, up, diagonal] = [times[x] ?? 0, above[x + 1] ?? 0, above[x] ?? 0]
      shade(time, time - left, time - up, time - diagonal, pixels, (row * width + x) * 3)
    }
    above = times
  }
  drawGrid(pixels, width, top, rows)
  return pixels
}

/**
 * The escape times of one row, beginning one pixel left of the picture, so that each has a left neighbour.
 *
 * @param {Size} size
 * @param {number} y
 * @returns {Float64Array}
 */
function escapeTimes({ width, height }, y) {
  const times = new Float64Array(width + 1)
  const step = view.width / width
  const im = view.im - (y - height / 2) * step
  const left = view.re - (1 + width / 2) * step
  for (let i = 0; i <= width; i += 2) {
    // Two points at once: neither waits for the result of the other, which keeps the processor busy.
    let [a, b, c, d] = [left + i * step, im, left + (i + 1) * step, im]
    let [aa, bb, cc, dd] = [a * a, b * b, c * c, d * d]
    let iterations = 0
    while (aa + bb < bailout && cc + dd < bailout && iterations < maxIterations) {
      b = 2 * a * b + constant.im
      d = 2 * c * d + constant.im
      a = aa - bb + constant.re
      c = cc - dd + constant.re
      aa = a * a
      bb = b * b
      cc = c * c
      dd = d * d
      iterations++
    }
    times[i] = escapeTime(a, b, iterations)
    times[i + 1] = escapeTime(c, d, iterations)
  }
  return times
}

/**
 * How many iterations a point takes to escape; the fraction makes the steps between whole iterations smooth.
 *
 * @param {number} re - where the point is after some iterations
 * @param {number} im
 * @param {number} from - after how many
 */
function escapeTime(re, im, from) {
  let iterations = from
  let [a, b] = [re, im]
  let [aa, bb] = [a * a, b * b]
  while (aa + bb < bailout && iterations < maxIterations) {
    b = 2 * a * b + constant.im
    a = aa - bb + constant.re
    aa = a * a
    bb = b * b
    iterations++
  }
  if (aa + bb < bailout) return maxIterations
  return iterations + 1 - Math.log2(Math.log(aa + bb) / Math.log(bailout))
}

/**
 * Colours one pixel by its escape time, and by how that differs from the pixels to the left, above, and between them.
 *
 * @param {number} time
 * @param {number} dx
 * @param {number} dy
 * @param {number} dxy
 * @param {Uint8ClampedArray} pixels
 * @param {number} at
 */
function shade(time, dx, dy, dxy, pixels, at) {
  const slope = Math.sqrt(dx * dx + dy * dy) + 1e-12
  const light = 0.5 - (0.6 * dx + 0.8 * dy) / (2 * slope)
  // Where the time changes faster than pixels can follow, the picture turns into lace instead of noise.
  const edge = 0.92 * ease(0.3, 1.8, Math.max(slope, Math.abs(dxy)))
  const engraving = contour(time, slope) * (1 - edge) * (0.55 - 0.3 * light)
  const relief = (1 + (light - 0.5) * Math.min(0.55, slope * 6)) * (1 - engraving) * (1 - edge)
  const laced = edge * (0.85 + 0.3 * (light - 0.5) * (1 - 0.6 * ease(2, 12, slope)))
  const turns = 1.15 * Math.log2(1 + time)
  const colour = Math.floor((turns - Math.floor(turns)) * shades) * 3
  for (let band = 0; band < 3; band++) {
    pixels[at + band] = (palette[colour + band] ?? 0) * relief + (lace[band] ?? 0) * laced
  }
}

/**
 * How much of a contour line covers a pixel. The lines stand 8 to 16 pixels apart; where they come closer, every
 * second one fades away.
 *
 * @param {number} time
 * @param {number} slope
 */
function contour(time, slope) {
  const density = Math.log2(slope * 8)
  const level = Math.floor(density)
  const unit = 2 ** level
  const fading = line(time / unit, unit / slope)
  const staying = line(time / (2 * unit), (2 * unit) / slope)
  return Math.max(staying, fading * (1 - density + level))
}

/**
 * @param {number} position - the line stands at whole numbers
 * @param {number} unit - the pixels between two of them
 */
function line(position, unit) {
  return Math.min(1, Math.max(0, 1.35 - Math.abs(position - Math.round(position)) * unit))
}

/**
 * @param {number} from
 * @param {number} to
 * @param {number} value
 */
function ease(from, to, value) {
  const part = Math.min(1, Math.max(0, (value - from) / (to - from)))
  return part * part * (3 - 2 * part)
}

/** A closed circle of colours, mixed as the cube roots of light, which is close to how the eye mixes. */
function createPalette() {
  const colours = stops.map(stop => [0, 2, 4].map(i => (parseInt(stop.slice(i, i + 2), 16) / 255) ** 0.75))
  return Float32Array.from({ length: shades * 3 }, (_, i) => {
    const position = (Math.floor(i / 3) / shades) * colours.length
    const [from, to] = [0, 1].map(
      next => colours[(Math.floor(position) + next) % colours.length]?.[i % 3] ?? 0,
    )
    return 255 * ((from ?? 0) + ((to ?? 0) - (from ?? 0)) * (position % 1)) ** (1 / 0.75)
  })
}
