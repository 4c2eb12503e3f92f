/* Paints redactions into decoded pixels, so that nothing of the original is left for whatever is done to them later. */
import { type Box, floorPixels } from '../protocol/geometry.js'
import type { Colour } from './check.js'
import type { Mosaic, RgbPixels } from './mosaic.js'
import type { Paint, RedactionPlan, Ruler } from './redaction-plan.js'
import { createSlices } from './slices.js'

/**
 * Paints in place.
 *
 * @param mosaics - the colours of the squares, in the order of the plan
 * @throws Error when a colour is missing; the pixels must not be shown then.
 */
export async function paintRedactions(
  pixels: RgbPixels,
  { paints, mosaics: plans }: RedactionPlan,
  mosaics: readonly Mosaic[],
): Promise<void> {
  const { data, width, channels } = pixels
  const squaresAt = (index: number) => findSquares(index, plans, mosaics)
  const slice = createSlices()
  for (const paint of paints) {
    const { box } = paint
    const rowOf = createRows(paint, pixels, squaresAt)
    for (let y = box.y; y < box.y + box.height; y += 1) {
      const row = rowOf(y)
      data.set(row, (y * width + box.x) * channels)
      await slice(row.length)
    }
  }
}

interface Squares {
  readonly columns: number
  readonly rows: number
  /** Red, green and blue of each. */
  readonly samples: Float64Array
}

function findSquares(index: number, plans: RedactionPlan['mosaics'], mosaics: readonly Mosaic[]): Squares {
  const [plan, mosaic] = [plans[index], mosaics[index]]
  if (plan === undefined || mosaic?.length !== plan.columns * plan.rows) {
    throw new RangeError(`redaction: the squares ${index} were not made`)
  }
  const { columns, rows } = plan
  return { columns, rows, samples: Float64Array.from(mosaic.flatMap(({ r, g, b }) => [r, g, b])) }
}

/** Gives the painted samples of a row of the frame. */
type Rows = (y: number) => Uint8Array

type SquaresPaint = Exclude<Paint, { readonly kind: 'fill' | 'repeat' }>

function createRows(paint: Paint, pixels: RgbPixels, squaresAt: (index: number) => Squares): Rows {
  const { channels } = pixels
  if (paint.kind === 'repeat') return repeatRows(paint.box, paint.from, pixels)
  if (paint.kind !== 'fill') return squareRows(paint, squaresAt, channels)
  const { box, colour } = paint
  const row = createRow(box.width, channels, colour)
  return () => row
}

function repeatRows(box: Box, from: 'left' | 'above', { data, width, channels }: RgbPixels): Rows {
  const read = (x: number, y: number, length: number) =>
    data.slice((y * width + x) * channels, (y * width + x + length) * channels)
  if (from === 'above') {
    const row = read(box.x, box.y - 1, box.width)
    return () => row
  }
  return y => {
    const pixel = read(box.x - 1, y, 1)
    return Uint8Array.from({ length: box.width * channels }, (_, at) => pixel[at % channels] ?? 0)
  }
}

function squareRows(paint: SquaresPaint, squaresAt: (index: number) => Squares, channels: 3 | 4): Rows {
  const { box, across, down, kind } = paint
  const { columns, rows, samples } = squaresAt(paint.mosaic)
  const lookUp = kind === 'blur' ? between : within
  const places = Array.from({ length: box.width }, (_, x) => lookUp(read(across, box.x + x), columns))
  const row = new Uint8Array(box.width * channels).fill(255)
  const line = new Float64Array(columns * 3)
  let last: Place | undefined
  return y => {
    const place = lookUp(read(down, y), rows)
    if (last?.one === place.one && last.two === place.two && last.part === place.part) return row
    last = place
    for (let at = 0; at < line.length; at += 1) {
      line[at] = blend(samples, place.one * line.length + at, place.two * line.length + at, place.part)
    }
    for (const [x, { one, two, part }] of places.entries()) {
      for (let channel = 0; channel < 3; channel += 1) {
        row[x * channels + channel] = blend(line, one * 3 + channel, two * 3 + channel, part)
      }
    }
    return row
  }
}

function createRow(width: number, channels: 3 | 4, { r, g, b }: Colour): Uint8Array {
  const row = new Uint8Array(width * channels).fill(255)
  for (let at = 0; at < row.length; at += channels) row.set([r, g, b], at)
  return row
}

function read({ start, step }: Ruler, at: number): number {
  return start + at * step
}

/** A place among squares: between two of them, and how far from the first to the second. */
interface Place {
  readonly one: number
  readonly two: number
  readonly part: number
}

/* The painted box is larger than the rectangle: what lies outside has the colour of the nearest square. */
function clamp(value: number, count: number): number {
  return Math.min(Math.max(value, 0), count - 1)
}

/* A pixel in the middle between two squares belongs to one of them, in every region. */
function within(at: number, count: number): Place {
  const one = clamp(floorPixels(at), count)
  return { one, two: one, part: 0 }
}

/* Between the middles of squares, colours go over smoothly: a function of the same few colours. */
function between(at: number, count: number): Place {
  const first = Math.floor(at - 0.5)
  const part = at - 0.5 - first
  return { one: clamp(first, count), two: clamp(first + 1, count), part: part * part * (3 - 2 * part) }
}

function blend(samples: Float64Array, one: number, two: number, part: number): number {
  const from = samples[one] ?? 0
  return from + ((samples[two] ?? 0) - from) * part
}
