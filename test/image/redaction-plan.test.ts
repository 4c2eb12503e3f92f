import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ImageDescription, Orientation } from '../../src/contracts.js'
import { resolveEncodeOptions } from '../../src/image/encode-options.js'
import { orientDimensions, toStoredBox } from '../../src/image/orientation.js'
import { planRender } from '../../src/image/plan.js'
import { type RedactionOptions, resolveRedactions } from '../../src/image/redaction.js'
import { isRedacted, type Paint } from '../../src/image/redaction-plan.js'
import type { Box, Dimensions } from '../../src/protocol/geometry.js'
import type { ResolvedRequest } from '../../src/protocol/resolved.js'
import { requestOf } from './picture.js'

interface PyramidOptions {
  readonly orientation?: Orientation
  readonly blocks?: Dimensions
  readonly tile?: Dimensions
  readonly factors?: readonly number[]
}

const exact = { width: 1, height: 1 }

function pyramid(stored: Dimensions, options: PyramidOptions = {}): ImageDescription {
  const { orientation = 1, tile, factors = [2, 4, 8] } = options
  const blocks = 'blocks' in options ? options.blocks : exact
  const level = (scaleFactor: number) => ({
    width: Math.max(1, Math.floor(stored.width / scaleFactor)),
    height: Math.max(1, Math.floor(stored.height / scaleFactor)),
    scaleFactor,
    ...(blocks ? { blocks } : {}),
    ...(tile ? { tile } : {}),
  })
  return {
    ...orientDimensions(stored, orientation),
    format: 'tif',
    pages: 1,
    levels: [level(1), ...factors.map(level)],
    bands: 3,
    depth: 8,
    hasAlpha: false,
    colour: 'rgb',
    orientation,
    hasProfile: false,
  }
}

function plan(
  description: ImageDescription,
  list: readonly RedactionOptions[],
  wanted: Partial<ResolvedRequest> = {},
) {
  const redactions = resolveRedactions(list, description)
  return planRender(description, requestOf(description, wanted), resolveEncodeOptions(), { redactions })
}

function paintsOf(...given: Parameters<typeof plan>): readonly Paint[] {
  return plan(...given).redaction?.paints ?? []
}

const box = (x: number, y: number, width: number, height: number): Box => ({ x, y, width, height })
const right = ({ x, width }: Box) => x + width

describe('what is painted', () => {
  const description = pyramid({ width: 1600, height: 1200 })
  const size = { width: 800, height: 600 }

  it('is nothing where no redaction touches what is read', () => {
    const region = box(0, 0, 400, 300)
    expect(plan(description, [box(400, 0, 10, 10)], { region })).not.toHaveProperty('redaction')
    expect(paintsOf(description, [box(399, 299, 10, 10)], { region })).toHaveLength(1)
  })

  it('is just the rectangle in full and lossless pixels', () => {
    expect(paintsOf(description, [box(100, 50, 10, 20)])).toMatchObject([{ box: box(100, 50, 10, 20) }])
    const region = box(95, 60, 300, 300)
    expect(paintsOf(description, [box(100, 50, 10, 20)], { region })).toMatchObject([
      { box: box(5, 0, 10, 10) },
    ])
  })

  it('is more on smaller levels: what kernels reach, and every pixel that is touched', () => {
    // 101 to 111 are the pixels 50 to 55 of the level.
    expect(paintsOf(description, [box(101, 51, 10, 1)], { size })).toMatchObject([
      { box: box(47, 22, 12, 7) },
    ])
  })

  it('is all of the blocks that were compressed together, and what is interpolated across them', () => {
    const jpeg = pyramid({ width: 1600, height: 1200 }, { blocks: { width: 16, height: 8 } })
    expect(paintsOf(jpeg, [box(100, 50, 10, 20)])).toMatchObject([{ box: box(94, 46, 20, 28) }])
    const unknown = pyramid({ width: 1600, height: 1200 }, { blocks: undefined as never })
    expect(paintsOf(unknown, [box(100, 50, 10, 20)])).toMatchObject([{ box: box(80, 16, 64, 96) }])
  })

  it('is every pixel of a level that shows any of a rectangle, in every orientation', () => {
    const side = fc.integer({ min: 20, max: 1500 })
    const orientations = fc.constantFrom<Orientation>(1, 2, 3, 4, 5, 6, 7, 8)
    fc.assert(
      fc.property(side, side, orientations, fc.nat(3), fc.nat(), fc.nat(), fc.nat(), fc.nat(), (...given) => {
        const [storedWidth, storedHeight, orientation, index, a, b, c, d] = given
        const stored = { width: storedWidth, height: storedHeight }
        const image = pyramid(stored, { orientation })
        const x = a % image.width
        const y = b % image.height
        const rect = box(x, y, 1 + (c % (image.width - x)), 1 + (d % (image.height - y)))
        const level = image.levels[index]!
        const target = orientDimensions(level, orientation)
        const found = plan(image, [rect], { size: target })
        expect(found.level).toBe(index)
        const paint = found.redaction!.paints[0]!
        const at = toStoredBox(rect, stored, orientation)
        // Where a reversed level lacks a pixel, the part begins one further.
        const { x: left, y: top } = found.box
        for (const [start, length, from, to, begin, count] of [
          [at.x, at.width, left + paint.box.x, left + right(paint.box), left, level.width],
          [at.y, at.height, top + paint.box.y, top + paint.box.y + paint.box.height, top, level.height],
        ] as const) {
          const first = Math.max(begin, Math.min(Math.floor(start / level.scaleFactor), count - 1))
          const last = Math.min(Math.ceil((start + length) / level.scaleFactor), count)
          expect(from).toBeLessThanOrEqual(first)
          expect(to).toBeGreaterThanOrEqual(last)
          // And not much more than that.
          expect(from).toBeGreaterThanOrEqual(first - 6 - Math.ceil(first / 20))
          expect(to).toBeLessThanOrEqual(last + 6 + Math.ceil(last / 20))
        }
      }),
      { numRuns: 500 },
    )
  })

  it('counts by the ratio of sizes too, where a level has no true factor', () => {
    // 1000 pixels became 249, not 250: the last pixels of the level lie four pixels further than the factor says.
    const image = pyramid({ width: 10_000, height: 100 }, { factors: [] })
    const level = { width: 2450, height: 25, scaleFactor: 4, blocks: exact }
    const odd = { ...image, levels: [image.levels[0], level] as const }
    const [paint] = paintsOf(odd, [box(9000, 0, 10, 100)], { size: { width: 2450, height: 25 } })
    expect(paint!.box.x).toBeLessThanOrEqual(Math.floor(9000 / (10_000 / 2450)) - 3)
    expect(right(paint!.box)).toBeGreaterThanOrEqual(Math.ceil(9010 / 4))
  })

  it('is the last pixel where rounding took the rectangle from the level', () => {
    const image = pyramid({ width: 1207, height: 1200 })
    const found = paintsOf(image, [box(1206, 0, 1, 1)], { size: { width: 151, height: 150 } })
    expect(right(found[0]!.box)).toBe(150)
  })

  it('is the blocks at the edges too, where last tiles hold nobody knows what', () => {
    const tile = { width: 256, height: 256 }
    const webp = pyramid({ width: 1000, height: 600 }, { blocks: undefined as never, tile })
    const far = [box(0, 0, 10, 10)]
    expect(paintsOf(webp, far, { region: box(512, 256, 256, 256) })).toEqual([])
    expect(paintsOf(webp, far, { region: box(512, 256, 488, 344) })).toEqual([
      { kind: 'repeat', box: box(472, 0, 16, 344), from: 'left' },
      { kind: 'repeat', box: box(0, 328, 488, 16), from: 'above' },
    ])
    // Where there is nothing beside them, there is nothing to repeat.
    expect(paintsOf(webp, far, { region: box(990, 256, 10, 100) })).toMatchObject([
      { kind: 'fill', box: box(0, 0, 10, 100) },
    ])
    const whole = pyramid({ width: 1024, height: 512 }, { blocks: undefined as never, tile })
    expect(paintsOf(whole, far, { region: box(768, 256, 256, 256) })).toEqual([])
  })
})

describe('the frame', () => {
  const large = pyramid({ width: 20_000, height: 10_000 }, { factors: [] })
  const rect = [box(10_000, 5000, 100, 100)]
  const frameFor = (width: number, height: number) =>
    plan(large, rect, { size: { width, height } }).redaction?.frame

  it('is four times the response where the image has more', () => {
    expect(frameFor(200, 100)).toEqual({ width: 800, height: 400 })
  })

  it('is bounded, where the response is not larger', () => {
    const { width, height } = frameFor(4000, 2000)!
    expect(width * height).toBeLessThanOrEqual(16_000_000)
    expect(width).toBeGreaterThan(5600)
    expect(height).toBeGreaterThan(2800)
  })

  it('is never smaller than the response, nor larger than the image', () => {
    expect(frameFor(10_000, 5000)).toEqual({ width: 10_000, height: 5000 })
    expect(frameFor(20_000, 10_000)).toEqual({ width: 20_000, height: 10_000 })
    expect(frameFor(30_000, 15_000)).toEqual({ width: 20_000, height: 10_000 })
    expect(frameFor(30_000, 10)).toEqual({ width: 20_000, height: 40 })
  })

  it('has the rectangles where they lie, with what scaling mixes in', () => {
    const found = plan(large, rect, { size: { width: 250, height: 125 } }).redaction
    expect(found).toMatchObject({
      frame: { width: 1000, height: 500 },
      paints: [{ box: box(496, 246, 13, 13) }],
    })
  })
})

describe('a box of a level', () => {
  const image = pyramid({ width: 1024, height: 1024 }, { blocks: { width: 16, height: 16 } })
  const redactions = resolveRedactions([box(512, 512, 64, 64)], image)!

  it.each([
    [0, box(512, 512, 64, 64), true],
    [0, box(448, 448, 64, 64), true],
    [0, box(432, 432, 64, 64), false],
    [0, box(578, 512, 64, 64), false],
    [0, box(577, 512, 64, 64), true],
    [1, box(256, 256, 16, 16), true],
    [1, box(0, 0, 128, 128), false],
    [3, box(64, 64, 8, 8), true],
  ] as const)('at level %i, %o: %s', (level, at, expected) => {
    expect(isRedacted(image, redactions, level, at)).toBe(expected)
  })
})

describe('a plan', () => {
  it('is plain data', () => {
    const image = pyramid({ width: 1600, height: 1200 })
    const found = plan(image, [
      { ...box(100, 100, 300, 300), style: { kind: 'blur' } },
      { ...box(150, 150, 30, 30) },
    ])
    expect(JSON.parse(JSON.stringify(found))).toEqual(found)
    expect(found.redaction).toMatchObject({
      paints: [{ kind: 'blur', mosaic: 0 }, { kind: 'fill' }],
      mosaics: [{ columns: 6, rows: 6 }],
    })
  })
})
