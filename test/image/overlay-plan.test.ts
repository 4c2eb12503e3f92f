import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ImageDescription } from '../../src/contracts.js'
import { resolveEncodeOptions } from '../../src/image/encode-options.js'
import { type OverlayOptions, resolveOverlay } from '../../src/image/overlay.js'
import { planRender, type RenderPlan } from '../../src/image/plan.js'
import { ceilDivide, type Dimensions } from '../../src/protocol/geometry.js'
import type { ResolvedRequest } from '../../src/protocol/resolved.js'
import { listTileGrid } from '../../src/protocol/tiles.js'
import { requestOf } from './picture.js'

function describeImage(size: Dimensions, factors: readonly number[] = [1]): ImageDescription {
  const level = (scaleFactor: number) => ({
    width: Math.max(1, Math.floor(size.width / scaleFactor)),
    height: Math.max(1, Math.floor(size.height / scaleFactor)),
    scaleFactor,
  })
  return {
    ...size,
    format: 'tif',
    pages: 1,
    levels: [level(1), ...factors.slice(1).map(level)],
    bands: 3,
    depth: 8,
    hasAlpha: false,
    colour: 'rgb',
    orientation: 1,
    hasProfile: false,
  }
}

function plan(
  image: ImageDescription,
  wanted: Partial<ResolvedRequest>,
  options: Partial<OverlayOptions> = {},
): RenderPlan['overlay'] {
  const overlay = resolveOverlay({ kind: 'text', text: 'x', ...options } as OverlayOptions)
  return planRender(image, requestOf(image, wanted), resolveEncodeOptions(), { overlay }).overlay
}

const image = describeImage({ width: 1201, height: 903 })
const box = (x: number, y: number, width: number, height: number) => ({ x, y, width, height })
const unturned = { flop: false, angle: 0 }

describe('relative to the output', () => {
  it.each([
    ['the response', {}, { width: 300, height: 200 }],
    ['the turned response', { rotation: { mirror: true, degrees: 90 } }, { width: 200, height: 300 }],
    ['the canvas of a tilt', { rotation: { mirror: false, degrees: 45 } }, { width: 354, height: 354 }],
  ])('everything is counted on %s, and nothing is turned', (_, wanted, canvas) => {
    const found = plan(image, { ...wanted, size: { width: 300, height: 200 } })
    expect(found).toMatchObject({
      relativeTo: 'output',
      canvas,
      frame: canvas,
      scale: 1,
      window: { x: 0, y: 0, ...canvas },
      turn: unturned,
    })
  })
})

describe('relative to the image', () => {
  const onImage = { relativeTo: 'image' } as const

  it('all tiles of a scale factor have one canvas, and lie on it side by side', () => {
    const side = fc.integer({ min: 1, max: 3000 })
    fc.assert(
      fc.property(side, side, fc.nat(4), fc.constantFrom(256, 200), (width, height, exponent, tile) => {
        const factor = 2 ** exponent
        const size = { width, height }
        const canvas = { width: ceilDivide(width, factor), height: ceilDivide(height, factor) }
        for (const { region, size: target } of listTileGrid(size, { width: tile, height: tile }, factor)) {
          // A corner of one pixel may belong to several scale factors.
          if (target.width === 1 && target.height === 1) continue
          expect(plan(describeImage(size), { region, size: target }, onImage)).toMatchObject({
            canvas,
            frame: size,
            scale: 1 / factor,
            window: { x: region.x / factor, y: region.y / factor, ...target },
          })
        }
      }),
      { numRuns: 100 },
    )
  })

  it('knows scale factors that are no powers of two from the levels', () => {
    const odd = describeImage({ width: 1000, height: 1000 }, [1, 3])
    const found = plan(odd, { region: box(768, 0, 232, 768), size: { width: 78, height: 256 } }, onImage)
    expect(found).toMatchObject({ canvas: { width: 334, height: 334 }, window: box(256, 0, 78, 256) })
  })

  it.each([
    [
      'the whole image at any size',
      box(0, 0, 1201, 903),
      { width: 600, height: 451 },
      { width: 600, height: 451 },
    ],
    [
      'any part at any size',
      box(100, 50, 500, 300),
      { width: 250, height: 200 },
      { width: 601, height: 602 },
    ],
    [
      'a part that is made larger',
      box(1000, 700, 100, 100),
      { width: 150, height: 150 },
      { width: 1802, height: 1355 },
    ],
    ['a single pixel of it all', box(0, 0, 1201, 903), { width: 1, height: 1 }, { width: 1, height: 1 }],
  ])('%s has the canvas of the image at that scale', (_, region, size, canvas) => {
    expect(plan(image, { region, size }, onImage)).toMatchObject({ canvas })
  })

  it('no part reaches out of its canvas', () => {
    const length = fc.nat(2000)
    fc.assert(
      fc.property(length, length, length, length, length, length, (a, b, c, d, e, f) => {
        const [x, y] = [a % 1201, b % 903]
        const region = box(x, y, 1 + (c % (1201 - x)), 1 + (d % (903 - y)))
        const found = plan(image, { region, size: { width: 1 + e, height: 1 + f } }, onImage)!
        expect(found.window.x + found.window.width).toBeLessThanOrEqual(found.canvas.width)
        expect(found.window.y + found.window.height).toBeLessThanOrEqual(found.canvas.height)
        expect(Object.values(found.window).every(value => Number.isInteger(value) && value >= 0)).toBe(true)
      }),
    )
  })

  it.each([
    [{ mirror: false, degrees: 0 }, unturned],
    [
      { mirror: true, degrees: 0 },
      { flop: true, angle: 0 },
    ],
    [
      { mirror: false, degrees: 90 },
      { flop: false, angle: 90 },
    ],
    [
      { mirror: true, degrees: 275.5 },
      { flop: true, angle: 270 },
    ],
  ])('is turned as the image is: %o', (rotation, turn) => {
    expect(plan(image, { rotation }, onImage)).toMatchObject({ turn })
    expect(plan({ ...image, orientation: 3 }, { rotation }, onImage)).toMatchObject({ turn })
  })
})

describe('thresholds', () => {
  const size = { width: 300, height: 200 }

  it.each([
    [{ minWidth: 300 }, true],
    [{ minWidth: 301 }, false],
    [{ minHeight: 200 }, true],
    [{ minHeight: 201 }, false],
    [{ minWidth: 1, minHeight: 300 }, false],
  ])('%o: the response of 300 × 200 has the overlay: %s', (options, expected) => {
    expect(plan(image, { size }, options) !== undefined).toBe(expected)
  })

  it('count the turned response', () => {
    const rotation = { mirror: false, degrees: 90 }
    expect(plan(image, { size, rotation }, { minWidth: 201 })).toBeUndefined()
    expect(plan(image, { size, rotation }, { minWidth: 200 })).toBeDefined()
  })

  it('count the whole image where the overlay is relative to it: all tiles have it, or none', () => {
    for (const [factor, minWidth, expected] of [
      [1, 1201, true],
      [1, 1202, false],
      [4, 301, true],
      [4, 302, false],
    ] as const) {
      for (const { region, size: target } of listTileGrid(image, { width: 64, height: 64 }, factor)) {
        const found = plan(image, { region, size: target }, { minWidth, relativeTo: 'image' })
        expect(found !== undefined).toBe(expected)
      }
    }
  })
})

describe('a plan', () => {
  it('is plain data and does not hold the overlay', () => {
    const overlay = resolveOverlay({ kind: 'image', image: new Uint8Array(1000) })
    const found = planRender(image, requestOf(image), resolveEncodeOptions(), { overlay })
    expect(JSON.parse(JSON.stringify(found))).toEqual(found)
    expect(found.overlay).toMatchObject({ key: overlay.key, tone: 'rgb', opaque: true })
    expect(JSON.stringify(found).length).toBeLessThan(1500)
  })

  it.each([
    ['a picture without alpha', {}, {}, {}, true],
    ['one with alpha', { hasAlpha: true }, {}, {}, false],
    ['one with alpha as JPEG', { hasAlpha: true }, { format: 'jpg' }, {}, true],
    ['corners that are laid open', {}, { rotation: { mirror: false, degrees: 5 } }, {}, false],
    ['what is turned later', {}, { rotation: { mirror: false, degrees: 5 } }, { relativeTo: 'image' }, true],
  ] as const)('tells whether %s stays opaque', (_, facts, wanted, options, opaque) => {
    expect(plan({ ...image, ...facts }, wanted, options)).toMatchObject({ opaque })
  })
})
