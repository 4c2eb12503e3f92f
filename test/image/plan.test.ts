import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ImageDescription, Orientation } from '../../src/contracts.js'
import { resolveEncodeOptions } from '../../src/image/encode-options.js'
import { planRender } from '../../src/image/plan.js'
import { ceilDivide, type Dimensions } from '../../src/protocol/geometry.js'
import type { ResolvedRequest } from '../../src/protocol/resolved.js'
import { requestOf } from './picture.js'

const settings = resolveEncodeOptions()

function pyramid(
  stored: Dimensions,
  round: (value: number) => number = Math.floor,
  orientation: Orientation = 1,
): ImageDescription {
  const level = (scaleFactor: number) => ({
    width: Math.max(1, round(stored.width / scaleFactor)),
    height: Math.max(1, round(stored.height / scaleFactor)),
    scaleFactor,
  })
  const { width, height } = stored
  return {
    ...(orientation < 5 ? { width, height } : { width: height, height: width }),
    format: 'tif',
    pages: 1,
    levels: [level(1), level(2), level(4), level(8)],
    bands: 3,
    depth: 8,
    hasAlpha: false,
    colour: 'rgb',
    orientation,
    hasProfile: false,
  }
}

const plan = (description: ImageDescription, wanted: Partial<ResolvedRequest>) =>
  planRender(description, requestOf(description, wanted), settings)

describe('the level', () => {
  const description = pyramid({ width: 1201, height: 903 })
  const full = (width: number, height: number) => plan(description, { size: { width, height } })

  it.each([
    ['the first for all pixels', 1201, 903, 0],
    ['the first for more than all pixels', 2402, 1806, 0],
    ['the first for just more than half', 602, 452, 0],
    ['the second for half, rounded up', 601, 452, 1],
    ['the second for half, rounded down', 600, 451, 1],
    ['the second for a third', 400, 301, 1],
    ['the last for less than any level has', 20, 15, 3],
    ['enough for the wider axis of a distorted size', 601, 10, 1],
  ])('is %s', (_, width, height, level) => {
    expect(full(width, height).level).toBe(level)
  })

  it('has the wanted resolution also off the grid, where nothing is rounded up', () => {
    const region = { x: 3, y: 3, width: 12, height: 12 }
    expect(plan(description, { region, size: { width: 2, height: 2 } }).level).toBe(2)
    expect(plan(description, { region, size: { width: 1, height: 1 } }).level).toBe(3)
  })

  it('of a tile is always the one of its scale factor, without scaling', () => {
    const side = fc.integer({ min: 1, max: 3000 })
    const orientations = fc.constantFrom<Orientation>(1, 2, 3, 4, 5, 6, 7, 8)
    const rounding = fc.constantFrom(Math.floor, Math.ceil)
    fc.assert(
      fc.property(side, side, rounding, orientations, fc.nat(), fc.nat(), fc.nat(3), (...given) => {
        const [storedWidth, storedHeight, round, orientation, column, row, index] = given
        const image = pyramid({ width: storedWidth, height: storedHeight }, round, orientation)
        const scaleFactor = 2 ** index
        const step = 64 * scaleFactor
        const x = (column % ceilDivide(image.width, step)) * step
        const y = (row % ceilDivide(image.height, step)) * step
        const region = {
          x,
          y,
          width: Math.min(step, image.width - x),
          height: Math.min(step, image.height - y),
        }
        const size = {
          width: ceilDivide(region.width, scaleFactor),
          height: ceilDivide(region.height, scaleFactor),
        }
        const found = plan(image, { region, size })
        // A tile of one or two pixels may come from a smaller level that has as many.
        if (region.width === step && region.height === step) expect(found.level).toBe(index)
        expect(found.level).toBeGreaterThanOrEqual(index)
        const level = image.levels[found.level]!
        expect(found.box.x >= 0 && found.box.y >= 0 && found.box.width > 0 && found.box.height > 0).toBe(true)
        expect(found.box.x + found.box.width).toBeLessThanOrEqual(level.width)
        expect(found.box.y + found.box.height).toBeLessThanOrEqual(level.height)
        expect(found).not.toHaveProperty('resize')
        const { left = 0, top = 0, right = 0, bottom = 0 } = found.extend ?? {}
        expect(left + right + top + bottom).toBeLessThanOrEqual(2)
        const [width, height] =
          orientation < 5 ? [found.box.width, found.box.height] : [found.box.height, found.box.width]
        expect({ width: width + left + right, height: height + top + bottom }).toEqual(size)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('positions', () => {
  it('go by the scale factor, and a pixel that the level lacks is its neighbour', () => {
    const description = pyramid({ width: 1201, height: 903 })
    const region = { x: 1024, y: 512, width: 177, height: 391 }
    const found = plan(description, { region, size: { width: 23, height: 49 } })
    expect(found).toMatchObject({
      level: 3,
      box: { x: 128, y: 64, width: 22, height: 48 },
      extend: { left: 0, top: 0, right: 1, bottom: 1 },
    })
    expect(found).not.toHaveProperty('resize')
  })

  it('of turned pictures have the repeated pixel where it is seen', () => {
    const description = pyramid({ width: 1201, height: 903 }, Math.floor, 6)
    const region = { x: 0, y: 1024, width: 512, height: 177 }
    const found = plan(description, {
      region,
      size: { width: 64, height: 23 },
      rotation: { mirror: false, degrees: 180 },
    })
    expect(found).toMatchObject({ level: 3, angle: 270, flop: false, extend: { top: 1, bottom: 0 } })
  })

  it('off the grid are those of the nearest stored pixels', () => {
    const description = pyramid({ width: 1200, height: 900 })
    const region = { x: 101, y: 50, width: 401, height: 300 }
    const found = plan(description, { region, size: { width: 100, height: 75 } })
    expect(found).toMatchObject({
      level: 2,
      box: { x: 25, y: 13, width: 101, height: 75 },
      resize: { width: 100, height: 75 },
    })
  })
})

describe('a plan', () => {
  it('is plain data', () => {
    const description = { ...pyramid({ width: 1201, height: 903 }), hasAlpha: true }
    const found = plan(description, { size: { width: 151, height: 113 }, format: 'jpg' })
    expect(JSON.parse(JSON.stringify(found))).toEqual(found)
    expect(found).toEqual({
      level: 3,
      box: { x: 0, y: 0, width: 150, height: 112 },
      whole: true,
      failOn: 'warning',
      wide: false,
      oriented: false,
      flatten: true,
      flop: false,
      angle: 0,
      extend: { left: 0, top: 0, right: 1, bottom: 1 },
      tilt: 0,
      colour: 'rgb',
      transparent: false,
      background: { r: 255, g: 255, b: 255 },
      kernel: 'lanczos3',
      output: { width: 151, height: 113 },
      encoding: {
        format: 'jpg',
        quality: 85,
        progressive: false,
        chromaSubsampling: '4:2:0',
        optimiseCoding: false,
      },
    })
  })
})
