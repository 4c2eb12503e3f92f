import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { Orientation } from '../../src/contracts.js'
import {
  combineTurns,
  invertTurn,
  orientDimensions,
  reversedAxes,
  swapsSides,
  toStoredBox,
  toUprightBox,
  turnBox,
  turnSides,
} from '../../src/image/orientation.js'
import type { Box, Dimensions } from '../../src/protocol/geometry.js'

const orientations: readonly Orientation[] = [1, 2, 3, 4, 5, 6, 7, 8]
const orientation = fc.constantFrom(...orientations)
const quarter = fc.constantFrom(0 as const, 90 as const, 180 as const, 270 as const)
const turn = fc.record({ flop: fc.boolean(), angle: quarter })
const picture: fc.Arbitrary<Dimensions> = fc.record({
  width: fc.integer({ min: 1, max: 50 }),
  height: fc.integer({ min: 1, max: 50 }),
})
const pictureWithBox = picture.chain(({ width, height }) =>
  fc
    .tuple(
      fc.integer({ min: 0, max: width - 1 }),
      fc.integer({ min: 0, max: height - 1 }),
      fc.integer({ min: 1, max: width }),
      fc.integer({ min: 1, max: height }),
    )
    .map(([x, y, w, h]) => ({
      dimensions: { width, height },
      box: { x, y, width: Math.min(w, width - x), height: Math.min(h, height - y) } satisfies Box,
    })),
)

describe('orientations', () => {
  it.each(orientations)('%i stands upright exactly as libvips turns it', async value => {
    const stored = { width: 3, height: 2 }
    const pixels = Uint8Array.from({ length: 6 }, (_, i) => i * 40)
    const png = await sharp(pixels, { raw: { ...stored, channels: 1 } })
      .withMetadata({ orientation: value })
      .toColourspace('b-w')
      .png()
      .toBuffer()
    const { data, info } = await sharp(png)
      .autoOrient()
      .toColourspace('b-w')
      .raw()
      .toBuffer({ resolveWithObject: true })
    expect(orientDimensions(stored, value)).toEqual({ width: info.width, height: info.height })
    for (const [i, sample] of pixels.entries()) {
      const at = toUprightBox({ x: i % 3, y: Math.floor(i / 3), width: 1, height: 1 }, stored, value)
      expect(data[at.y * info.width + at.x]).toBe(sample)
    }
  })

  it('swap the sides from the fifth on', () => {
    expect(orientations.filter(swapsSides)).toEqual([5, 6, 7, 8])
  })

  it('map boxes there and back', () => {
    fc.assert(
      fc.property(pictureWithBox, orientation, ({ dimensions, box }, value) => {
        const upright = toUprightBox(box, dimensions, value)
        const whole = orientDimensions(dimensions, value)
        expect(upright.x).toBeGreaterThanOrEqual(0)
        expect(upright.y).toBeGreaterThanOrEqual(0)
        expect(upright.x + upright.width).toBeLessThanOrEqual(whole.width)
        expect(upright.y + upright.height).toBeLessThanOrEqual(whole.height)
        expect(toStoredBox(upright, dimensions, value)).toEqual(box)
      }),
    )
  })

  it('tell which stored axes run backwards', () => {
    fc.assert(
      fc.property(pictureWithBox, orientation, ({ dimensions, box }, value) => {
        const upright = toUprightBox(box, dimensions, value)
        const [alongX, alongY] = swapsSides(value) ? [upright.y, upright.x] : [upright.x, upright.y]
        const reversed = reversedAxes(value)
        expect(alongX).toBe(reversed.x ? dimensions.width - box.x - box.width : box.x)
        expect(alongY).toBe(reversed.y ? dimensions.height - box.y - box.height : box.y)
      }),
    )
  })
})

describe('turns', () => {
  it('join into one turn that does the same as both, one after the other', () => {
    fc.assert(
      fc.property(pictureWithBox, orientation, fc.boolean(), quarter, (given, value, mirror, degrees) => {
        const { dimensions, box } = given
        const upright = orientDimensions(dimensions, value)
        const twice = turnBox(toUprightBox(box, dimensions, value), upright, { flop: mirror, angle: degrees })
        expect(turnBox(box, dimensions, combineTurns(value, { mirror, degrees }))).toEqual(twice)
      }),
    )
  })

  it('keep what is left of a free angle apart from the quarter turns', () => {
    expect(combineTurns(1, { mirror: false, degrees: 22.5 })).toEqual({ flop: false, angle: 0, tilt: 22.5 })
    expect(combineTurns(6, { mirror: false, degrees: 300 })).toEqual({ flop: false, angle: 0, tilt: 30 })
    expect(combineTurns(6, { mirror: true, degrees: 30 })).toEqual({ flop: true, angle: 270, tilt: 30 })
  })

  it('are undone by their inverse', () => {
    fc.assert(
      fc.property(pictureWithBox, turn, ({ dimensions, box }, there) => {
        const turned = turnBox({ x: 0, y: 0, ...dimensions }, dimensions, there)
        expect(turnBox(turnBox(box, dimensions, there), turned, invertTurn(there))).toEqual(box)
      }),
    )
  })

  it('turn the widths at the sides as they turn what lies inside', () => {
    fc.assert(
      fc.property(pictureWithBox, turn, ({ dimensions, box }, there) => {
        const sidesOf = (inner: Box, outer: Dimensions) => ({
          left: inner.x,
          top: inner.y,
          right: outer.width - inner.x - inner.width,
          bottom: outer.height - inner.y - inner.height,
        })
        const turned = turnBox({ x: 0, y: 0, ...dimensions }, dimensions, there)
        expect(turnSides(sidesOf(box, dimensions), there)).toEqual(
          sidesOf(turnBox(box, dimensions, there), turned),
        )
      }),
    )
  })

  it('of the orientations are eight different ones', () => {
    const upright = orientations.map(value =>
      JSON.stringify(combineTurns(value, { mirror: false, degrees: 0 })),
    )
    expect(new Set(upright).size).toBe(8)
  })
})
