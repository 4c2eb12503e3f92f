import { describe, expect, it } from 'vitest'
import type { MosaicPlan } from '../../src/image/mosaic.js'
import { paintRedactions } from '../../src/image/redaction-paint.js'
import type { Paint } from '../../src/image/redaction-plan.js'

const box = (x: number, y: number, width: number, height: number) => ({ x, y, width, height })
const grey = (value: number) => ({ r: value, g: value, b: value })
const mosaicOf = (columns: number, rows: number): MosaicPlan => ({
  level: 0,
  box: box(0, 0, 1, 1),
  grid: { width: 1, height: 1 },
  columns,
  rows,
  hidden: [],
})

/* A picture of 8 × 6 pixels whose samples count up. */
async function paint(
  paints: readonly Paint[],
  squares: readonly (readonly number[])[] = [],
  mosaics: readonly MosaicPlan[] = [],
  channels: 3 | 4 = 3,
): Promise<number[][]> {
  const data = Uint8Array.from({ length: 8 * 6 * channels }, (_, at) => Math.floor(at / channels))
  const plan = { frame: { width: 8, height: 6 }, paints, mosaics }
  await paintRedactions(
    { data, width: 8, height: 6, channels },
    plan,
    squares.map(list => list.map(grey)),
  )
  for (let at = 0; at < data.length; at += channels) {
    expect([data[at + 1], data[at + 2]]).toEqual([data[at], data[at]])
  }
  return Array.from({ length: 6 }, (_, y) =>
    Array.from({ length: 8 }, (_, x) => data[(y * 8 + x) * channels]!),
  )
}

describe('painting', () => {
  it.each([3, 4] as const)('fills a box and nothing else, of %i channels', async channels => {
    const rows = await paint([{ kind: 'fill', box: box(2, 1, 3, 2), colour: grey(200) }], [], [], channels)
    for (let y = 0; y < 6; y += 1) {
      for (let x = 0; x < 8; x += 1) {
        const inside = x >= 2 && x < 5 && y >= 1 && y < 3
        expect(rows[y]![x]).toBe(inside ? 200 : y * 8 + x)
      }
    }
  })

  it('makes what it paints opaque', async () => {
    const data = new Uint8Array(4)
    const plan = {
      frame: { width: 1, height: 1 },
      paints: [{ kind: 'fill', box: box(0, 0, 1, 1), colour: { r: 1, g: 2, b: 3 } }],
      mosaics: [],
    } as const
    await paintRedactions({ data, width: 1, height: 1, channels: 4 }, plan, [])
    expect([...data]).toEqual([1, 2, 3, 255])
  })

  it('paints in the order of the plan', async () => {
    const rows = await paint([
      { kind: 'fill', box: box(0, 0, 4, 1), colour: grey(100) },
      { kind: 'fill', box: box(2, 0, 4, 1), colour: grey(200) },
    ])
    expect(rows[0]).toEqual([100, 100, 200, 200, 200, 200, 6, 7])
  })

  it('repeats what is beside a box, as it is by then', async () => {
    const rows = await paint([
      { kind: 'fill', box: box(4, 0, 2, 2), colour: grey(100) },
      { kind: 'repeat', box: box(6, 0, 2, 6), from: 'left' },
      { kind: 'repeat', box: box(0, 4, 8, 2), from: 'above' },
    ])
    expect(rows[0]).toEqual([0, 1, 2, 3, 100, 100, 100, 100])
    expect(rows[3]).toEqual([24, 25, 26, 27, 28, 29, 29, 29])
    expect(rows[5]).toEqual(rows[3])
  })

  it('paints squares where their rulers say, and the nearest beyond their edges', async () => {
    const paints: Paint[] = [
      {
        kind: 'pixelate',
        box: box(0, 0, 8, 6),
        mosaic: 0,
        across: { start: -0.75, step: 0.5 },
        down: { start: -1.5, step: 1 },
      },
    ]
    const rows = await paint(paints, [[10, 20, 30, 40]], [mosaicOf(2, 2)])
    expect(rows.slice(0, 3)).toEqual(Array(3).fill([10, 10, 10, 10, 20, 20, 20, 20]))
    expect(rows.slice(3)).toEqual(Array(3).fill([30, 30, 30, 30, 40, 40, 40, 40]))
  })

  it('lets squares run into each other, smoothly and within their colours', async () => {
    const paints: Paint[] = [
      {
        kind: 'blur',
        box: box(0, 0, 8, 6),
        mosaic: 0,
        across: { start: 0.125, step: 0.25 },
        down: { start: -0.5, step: 1 },
      },
    ]
    const rows = await paint(paints, [[0, 200, 100, 100]], [mosaicOf(2, 2)])
    expect(rows[0]).toEqual([0, 0, 8, 63, 136, 191, 200, 200])
    expect(rows[1]).toEqual(rows[0])
    expect(rows[2]).toEqual(Array(8).fill(100))
    expect(rows[5]).toEqual(rows[2])
  })

  it.each<[string, readonly (readonly number[])[], readonly MosaicPlan[]]>([
    ['were not planned', [[1]], []],
    ['were not made', [], [mosaicOf(1, 1)]],
    ['are not all there', [[1, 2, 3]], [mosaicOf(2, 2)]],
  ])('fails where squares %s', async (_, squares, mosaics) => {
    const ruler = { start: 0, step: 1 }
    const paints: Paint[] = [{ kind: 'blur', box: box(0, 0, 8, 6), mosaic: 0, across: ruler, down: ruler }]
    await expect(paint(paints, squares, mosaics)).rejects.toThrow('squares')
  })

  it('of much lets others run meanwhile', async () => {
    const [width, height] = [3000, 1000]
    const data = new Uint8Array(width * height * 3)
    const all: Paint = { kind: 'fill', box: box(0, 0, width, height), colour: grey(7) }
    let turns = 0
    let isDone = false
    const count = () => {
      turns += 1
      if (!isDone) setImmediate(count)
    }
    setImmediate(count)
    await paintRedactions(
      { data, width, height, channels: 3 },
      { frame: { width, height }, paints: [all], mosaics: [] },
      [],
    )
    isDone = true
    expect(turns).toBeGreaterThanOrEqual(2)
    expect(data.every(sample => sample === 7)).toBe(true)
  })
})
