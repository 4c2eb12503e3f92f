import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Dimensions } from '../../src/protocol/geometry.js'
import { buildInfo, type InfoFacts } from '../../src/protocol/info.js'
import { noLimits, resolveLimits } from '../../src/protocol/limits.js'
import { parseParameters } from '../../src/protocol/request.js'
import { isUnchanged, type ResolvedRequest, resolveRequest } from '../../src/protocol/resolved.js'
import {
  expandRequest,
  formatScale,
  isWithinScale,
  parseScale,
  reduceScale,
  requireWithinScale,
  type Scale,
  shrinkFacts,
  shrinkLimits,
  shrinkSize,
} from '../../src/protocol/scale.js'
import { listTileGrid, listTiles } from '../../src/protocol/tiles.js'

const side = fc.integer({ min: 1, max: 20_000 })
const dimensions = fc.record({ width: side, height: side })
const scales = fc
  .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 40 }))
  .map(([numerator, more]): Scale => ({ numerator, denominator: numerator + more }))

function resolve(path: string, image: Dimensions): ResolvedRequest {
  const request = { ...parseParameters(path.split('/'), 3), version: 3 as const }
  return resolveRequest(request, { ...image, isGray: false }, noLimits)
}

describe('parseScale', () => {
  it.each<[text: string, scale: Scale | undefined]>([
    ['1:2', { numerator: 1, denominator: 2 }],
    ['2:4', { numerator: 1, denominator: 2 }],
    ['3:3', { numerator: 1, denominator: 1 }],
    ['6:9', { numerator: 2, denominator: 3 }],
    ['01:02', { numerator: 1, denominator: 2 }],
    ['2:1', undefined],
    ['0:1', undefined],
    ['1:0', undefined],
    ['1', undefined],
    ['1:2:3', undefined],
    ['1.5:2', undefined],
    ['-1:2', undefined],
    ['1:2 ', undefined],
    ['1:99999999', undefined],
    ['', undefined],
  ])('reads %j', (text, scale) => {
    expect(parseScale(text)).toEqual(scale)
  })

  it('after formatScale is the identity on what is reduced', () => {
    fc.assert(
      fc.property(scales, scale => {
        const reduced = reduceScale(scale.numerator, scale.denominator)
        expect(reduced && parseScale(formatScale(reduced))).toEqual(reduced)
        expect(reduced && reduced.numerator * scale.denominator).toBe(
          scale.numerator * (reduced?.denominator ?? 0),
        )
      }),
    )
  })
})

describe('isWithinScale', () => {
  it.each<[string, string, boolean]>([
    ['1:2', '1:2', true],
    ['1:4', '1:2', true],
    ['1:2', '1:4', false],
    ['2:4', '1:2', true],
    ['1:3', '333333:1000000', false],
    ['1:1', '1:1', true],
  ])('%s within %s: %s', (scale, other, expected) => {
    const parsed = [scale, other].map(text => parseScale(text))
    expect(parsed[0] && parsed[1] && isWithinScale(parsed[0], parsed[1])).toBe(expected)
  })
})

describe('shrinkSize', () => {
  it.each<[image: [number, number], shrink: Scale | Dimensions, shown: [number, number]]>([
    [[6000, 4000], { numerator: 1, denominator: 2 }, [3000, 2000]],
    [[6001, 4001], { numerator: 1, denominator: 2 }, [3001, 2001]],
    [[3, 1000], { numerator: 1, denominator: 100 }, [1, 10]],
    [[6000, 4000], { numerator: 1, denominator: 1 }, [6000, 4000]],
    [[6000, 4000], { width: 800, height: 800 }, [800, 533]],
    [[4000, 6000], { width: 800, height: 800 }, [533, 800]],
    [[600, 400], { width: 800, height: 800 }, [600, 400]],
    [[6000, 4000], { width: 800, height: 100 }, [150, 100]],
    [[10_000, 1], { width: 100, height: 100 }, [100, 1]],
    [[100, 100], { width: 1, height: 1 }, [1, 1]],
  ])('of %j by %j is %j', ([width, height], shrink, [shownWidth, shownHeight]) => {
    expect(shrinkSize({ width, height }, shrink)).toEqual({ width: shownWidth, height: shownHeight })
  })

  it('is never larger than the image or the box, and never nothing', () => {
    fc.assert(
      fc.property(dimensions, fc.oneof(scales, dimensions), (image, shrink) => {
        const shown = shrinkSize(image, shrink)
        expect(shown.width).toBeLessThanOrEqual(image.width)
        expect(shown.height).toBeLessThanOrEqual(image.height)
        expect(Math.min(shown.width, shown.height)).toBeGreaterThanOrEqual(1)
        if ('width' in shrink) {
          expect(shown.width).toBeLessThanOrEqual(shrink.width)
          expect(shown.height).toBeLessThanOrEqual(shrink.height)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

it('an image that is shown smaller is scaled up by nobody', () => {
  expect(shrinkLimits(resolveLimits({ maxWidth: 900, maxScale: 4 }))).toEqual(
    resolveLimits({ maxWidth: 900 }),
  )
})

describe('shrinkFacts', () => {
  const pyramid: InfoFacts = {
    width: 6000,
    height: 4000,
    isGray: false,
    tile: { width: 256, height: 256 },
    levels: [1, 2, 4, 8].map(scaleFactor => ({
      width: 6000 / scaleFactor,
      height: 4000 / scaleFactor,
      scaleFactor,
    })),
  }

  it('keeps the levels that are whole steps of what is shown, so that stored tiles are asked for', () => {
    const facts = shrinkFacts(pyramid, { width: 3000, height: 2000 })
    expect(listTiles(facts, noLimits)).toEqual([{ width: 256, height: 256, scaleFactors: [1, 2, 4] }])
    expect(facts).toMatchObject({ width: 3000, height: 2000, isGray: false })
  })

  it('shows an image as an image of another size where no level fits', () => {
    const facts = shrinkFacts(pyramid, { width: 800, height: 533 })
    const info = buildInfo(3, 'https://example.org/a', facts, {
      limits: noLimits,
      formats: ['jpg'],
      qualities: ['default'],
    })
    expect(info).toMatchObject({ width: 800, height: 533, tiles: [{ width: 256, scaleFactors: [1, 2, 4] }] })
    expect(info.sizes).toContainEqual({ width: 800, height: 533 })
    for (const { width } of info.sizes as Dimensions[]) expect(width).toBeLessThanOrEqual(800)
  })

  it('leaves alone what is shown whole', () => {
    expect(shrinkFacts(pyramid, { width: 6000, height: 4000 })).toBe(pyramid)
  })
})

describe('expandRequest', () => {
  const image = { width: 6000, height: 4000 }
  const shown = { width: 3000, height: 2000 }

  it.each<[asked: string, region: [number, number, number, number], size: [number, number]]>([
    ['full/max/0/default.jpg', [0, 0, 6000, 4000], [3000, 2000]],
    ['0,0,512,512/512,/0/default.jpg', [0, 0, 1024, 1024], [512, 512]],
    ['512,1024,512,512/256,/0/default.jpg', [1024, 2048, 1024, 1024], [256, 256]],
    ['2999,1999,100,100/max/0/default.jpg', [5998, 3998, 2, 2], [1, 1]],
    ['square/max/90/gray.png', [1000, 0, 4000, 4000], [2000, 2000]],
  ])('of %s', (asked, [x, y, width, height], [outWidth, outHeight]) => {
    const request = resolve(asked, shown)
    expect(expandRequest(request, image, shown)).toEqual({
      ...request,
      region: { x, y, width, height },
      size: { width: outWidth, height: outHeight },
    })
  })

  it('is exact where the scale is, so that tiles of what is shown are stored tiles', () => {
    const odd = { width: 12_001, height: 9001 }
    const half = { numerator: 1, denominator: 2 }
    const small = shrinkSize(odd, half)
    const request = resolve('5120,4096,512,405/512,405/0/default.jpg', small)
    expect(expandRequest(request, odd, small, half).region).toEqual({
      x: 10_240,
      y: 8192,
      width: 1024,
      height: 809,
    })
  })

  it('covers the image with what is shown of it, without gap or overlap', () => {
    const tile = fc.integer({ min: 1, max: 600 })
    fc.assert(
      fc.property(dimensions, fc.oneof(scales, dimensions), tile, (image, shrink, tile) => {
        const shown = shrinkSize(image, shrink)
        if (shown.width / tile > 500) return
        let next = 0
        for (let x = 0; x < shown.width; x += tile) {
          const width = Math.min(tile, shown.width - x)
          const request = resolve(`${x},0,${width},${shown.height}/1,1/0/default.jpg`, shown)
          const { region } = expandRequest(request, image, shown, shrink)
          expect(region).toMatchObject({ x: next, y: 0, height: image.height })
          next += region.width
        }
        expect(next).toBe(image.width)
      }),
    )
  })

  it('gives nobody the image unchanged', () => {
    const request = resolve('full/max/0/default.jpg', shown)
    expect(isUnchanged(request, shown, 'jpg')).toBe(true)
    expect(isUnchanged(expandRequest(request, image, shown), image, 'jpg')).toBe(false)
  })

  it('leaves alone what is shown whole', () => {
    const request = resolve('full/max/0/default.jpg', image)
    expect(expandRequest(request, image, image)).toBe(request)
  })

  it('gives no more detail than is granted, at any region', () => {
    const box = fc.tuple(side, side, side, side)
    fc.assert(
      fc.property(dimensions, fc.oneof(scales, dimensions), box, (image, shrink, [x, y, width, height]) => {
        const shown = shrinkSize(image, shrink)
        const region = `${x % shown.width},${y % shown.height},${width},${height}`
        const asked = resolve(`${region}/max/0/default.jpg`, shown)
        const { region: real, size } = expandRequest(asked, image, shown)
        expect(real.x + real.width).toBeLessThanOrEqual(image.width)
        expect(real.y + real.height).toBeLessThanOrEqual(image.height)
        // Rounding to whole pixels of the image moves each edge by half a pixel at most.
        expect(size.width * image.width).toBeLessThanOrEqual((real.width + 1) * shown.width)
        expect(size.height * image.height).toBeLessThanOrEqual((real.height + 1) * shown.height)
        expect(Math.min(real.width, real.height)).toBeGreaterThanOrEqual(1)
      }),
      { numRuns: 1000 },
    )
  })

  it('keeps neighbours neighbours: the tiles that are shown cover the image once', () => {
    const small = fc.integer({ min: 1, max: 3000 })
    fc.assert(
      fc.property(fc.record({ width: small, height: small }), scales, (image, scale) => {
        const shown = shrinkSize(image, scale)
        let area = 0
        for (const { region } of listTileGrid(shown, { width: 256, height: 256 }, 1)) {
          const path = `${region.x},${region.y},${region.width},${region.height}/max/0/default.jpg`
          const { region: real } = expandRequest(resolve(path, shown), image, shown)
          area += real.width * real.height
        }
        expect(area).toBe(image.width * image.height)
      }),
    )
  })
})

describe('requireWithinScale', () => {
  const shown = { width: 300, height: 200 }
  it.each([
    ['full/max', true],
    ['full/^max', true],
    ['full/300,200', true],
    ['full/10,', true],
    ['full/!3000,3000', true],
    ['0,0,150,100/150,', true],
    ['full/301,', false],
    ['full/^301,', false],
    ['full/300,201', false],
    ['full/pct:101', false],
    ['full/^pct:200', false],
    ['0,0,150,100/^300,', false],
  ])('of 300 x 200, %s is given: %s', (asked, isGiven) => {
    const request = parseParameters(`${asked}/0/default.jpg`.split('/'), 3)
    const check = () => requireWithinScale(request, shown, { numerator: 1, denominator: 2 }, 3)
    if (isGiven) expect(check).not.toThrow()
    else expect(check).toThrow(expect.objectContaining({ status: 403, code: 'scale-constrained' }))
  })
})
