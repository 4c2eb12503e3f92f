import { describe, expect, it } from 'vitest'
import type { ImageDescription, Orientation, PyramidLevel, StoredCoding } from '../../src/contracts.js'
import { planStored, type StoredPlan } from '../../src/image/stored.js'
import { ceilDivide, type Dimensions } from '../../src/protocol/geometry.js'
import type { ResolvedRequest } from '../../src/protocol/resolved.js'
import { listTileGrid } from '../../src/protocol/tiles.js'
import { requestOf } from './picture.js'

const jpeg: StoredCoding = { format: 'jpg', grid: { width: 16, height: 16 } }
const webp: StoredCoding = { format: 'webp' }
const tile: Dimensions = { width: 256, height: 256 }

interface PyramidOptions {
  readonly coding?: StoredCoding | undefined
  readonly round?: (value: number) => number
  readonly orientation?: Orientation
  readonly tile?: Dimensions | undefined
  readonly factors?: readonly number[]
}

function pyramid(width: number, height: number, options: PyramidOptions = {}): ImageDescription {
  const { coding = jpeg, round = Math.floor, orientation = 1, factors = [1, 2, 4, 8] } = options
  const level = (scaleFactor: number): PyramidLevel => ({
    width: Math.max(1, round(width / scaleFactor)),
    height: Math.max(1, round(height / scaleFactor)),
    scaleFactor,
    ...('tile' in options ? (options.tile ? { tile: options.tile } : {}) : { tile }),
    ...('coding' in options && !options.coding ? {} : { coding }),
  })
  return {
    ...(orientation < 5 ? { width, height } : { width: height, height: width }),
    format: 'tif',
    pages: 1,
    levels: [level(factors[0] ?? 1), ...factors.slice(1).map(level)],
    bands: 3,
    depth: 8,
    hasAlpha: false,
    colour: 'rgb',
    orientation,
    hasProfile: false,
  }
}

const both = ['jpg', 'webp'] as const

function plan(
  description: ImageDescription,
  wanted: Partial<ResolvedRequest>,
  formats: readonly ('jpg' | 'webp')[] = both,
): StoredPlan | undefined {
  return planStored(description, requestOf(description, { format: 'jpg', ...wanted }), formats)
}

const box = (x: number, y: number, width: number, height: number) => ({ x, y, width, height })
const size = (width: number, height: number) => ({ width, height })

// 1201 × 903: levels of 600 × 451, 300 × 225, 150 × 112; all rounded down.
const floored = pyramid(1201, 903)
// 1216 × 928: every level is exact down to 152 × 116.
const exact = pyramid(1216, 928)

describe('a request is one stored tile', () => {
  it.each([
    ['at full size', box(0, 0, 256, 256), size(256, 256), 0, box(0, 0, 256, 256)],
    ['in the middle', box(256, 512, 256, 256), size(256, 256), 0, box(256, 512, 256, 256)],
    ['at half size', box(512, 0, 512, 512), size(256, 256), 1, box(256, 0, 256, 256)],
  ])('%s', (_, region, wanted, level, expected) => {
    for (const description of [floored, exact]) {
      expect(plan(description, { region, size: wanted })).toEqual({ kind: 'tile', level, box: expected })
    }
  })

  it('of WebP, whole tiles only', () => {
    const description = pyramid(1216, 928, { coding: webp })
    const region = box(256, 256, 256, 256)
    const asked = { region, size: size(256, 256), format: 'webp' } as const
    expect(plan(description, asked)).toEqual({ kind: 'tile', level: 0, box: region })
    expect(
      plan(description, { ...asked, region: box(1024, 0, 192, 256), size: size(192, 256) }),
    ).toBeUndefined()
    expect(plan(description, { ...asked, region: box(0, 0, 512, 512), size: size(512, 512) })).toBeUndefined()
    expect(plan(description, { ...asked, format: 'jpg' })).toBeUndefined()
  })

  it('where the tiles are no squares', () => {
    const description = pyramid(1216, 928, { tile: size(128, 64) })
    expect(plan(description, { region: box(128, 64, 128, 64) })?.kind).toBe('tile')
    expect(plan(description, { region: box(64, 64, 128, 64) })?.kind).toBe('join')
    expect(plan(description, { region: box(128, 64, 64, 64) })?.kind).toBe('join')
  })
})

describe('a request is joined of stored tiles', () => {
  it.each([
    ['at the right edge', exact, box(1024, 0, 192, 256), size(192, 256), 0, box(1024, 0, 192, 256)],
    ['at the bottom edge', exact, box(0, 768, 256, 160), size(256, 160), 0, box(0, 768, 256, 160)],
    ['in the last corner', floored, box(1024, 768, 177, 135), size(177, 135), 0, box(1024, 768, 177, 135)],
    ['of four tiles', exact, box(512, 256, 512, 512), size(512, 512), 0, box(512, 256, 512, 512)],
    ['of parts of four tiles', exact, box(240, 240, 32, 32), size(32, 32), 0, box(240, 240, 32, 32)],
    ['as a part of one tile', exact, box(16, 32, 100, 50), size(100, 50), 0, box(16, 32, 100, 50)],
    ['as one pixel', exact, box(16, 32, 1, 1), size(1, 1), 0, box(16, 32, 1, 1)],
    ['as the whole level', exact, box(0, 0, 1216, 928), size(608, 464), 1, box(0, 0, 608, 464)],
    ['as everything', floored, box(0, 0, 1201, 903), size(1201, 903), 0, box(0, 0, 1201, 903)],
    ['as the smallest level', exact, box(0, 0, 1216, 928), size(152, 116), 3, box(0, 0, 152, 116)],
    [
      'of a level rounded down, the size too',
      floored,
      box(0, 0, 1201, 903),
      size(600, 451),
      1,
      box(0, 0, 600, 451),
    ],
  ])('%s', (_, description, region, wanted, level, expected) => {
    expect(plan(description, { region, size: wanted })).toEqual({ kind: 'join', level, box: expected })
  })

  it('on a grid of 8 where colours are not halved', () => {
    const description = pyramid(1216, 928, { coding: { format: 'jpg', grid: size(8, 8) } })
    expect(plan(description, { region: box(8, 24, 100, 50) })?.kind).toBe('join')
    expect(plan(description, { region: box(12, 24, 100, 50) })).toBeUndefined()
  })

  it('on a grid of 16 by 8 where they are halved across', () => {
    const description = pyramid(1216, 928, { coding: { format: 'jpg', grid: size(16, 8) } })
    expect(plan(description, { region: box(16, 8, 100, 50) })?.kind).toBe('join')
    expect(plan(description, { region: box(8, 8, 100, 50) })).toBeUndefined()
  })

  it('where JPEG cannot hold more than 65535 pixels a side', () => {
    const wide = pyramid(65_536, 256, { factors: [1] })
    expect(plan(wide, { region: box(0, 0, 65_535, 256) })?.kind).toBe('stream')
    expect(plan(wide, { region: box(0, 0, 65_536, 256) })).toBeUndefined()
  })
})

describe('pixels must be changed', () => {
  const region = box(256, 256, 256, 256)
  it.each<[string, Partial<ResolvedRequest>]>([
    ['for a turn', { rotation: { mirror: false, degrees: 90 } }],
    ['for a half turn', { rotation: { mirror: false, degrees: 180 } }],
    ['for a tilt', { rotation: { mirror: false, degrees: 0.5 } }],
    ['for a mirror', { rotation: { mirror: true, degrees: 0 } }],
    ['for grey', { quality: 'gray' }],
    ['for black and white', { quality: 'bitonal' }],
    ['for PNG', { format: 'png' }],
    ['for WebP from JPEG', { format: 'webp' }],
    ['for a size between levels', { size: size(200, 200) }],
    ['for a distorted size', { size: size(256, 128) }],
    ['for a size beyond the stored one', { size: size(512, 512) }],
    ['for a region beside the grid', { region: box(257, 256, 256, 256) }],
    ['for a region beside the grid, downwards', { region: box(256, 260, 256, 256) }],
    ['for a region that begins between pixels of the level', { region: box(257, 256, 512, 512) }],
    [
      'for a region that is on the grid of pixels but not of the level',
      { region: box(16, 16, 512, 512), size: size(256, 256) },
    ],
  ])('%s', (_, wanted) => {
    expect(plan(exact, { region, size: size(256, 256), ...wanted })).toBeUndefined()
    expect(plan(exact, { region, size: size(256, 256) })?.kind).toBe('tile')
  })

  it.each([2, 3, 4, 5, 6, 7, 8] as const)('where the picture lies in orientation %s', orientation => {
    const description = pyramid(1024, 1024, { orientation })
    expect(plan(description, { region, size: size(256, 256) })).toBeUndefined()
  })

  it('where tiles are not images by themselves, or there are none', () => {
    expect(plan(pyramid(1216, 928, { coding: undefined }), { region })).toBeUndefined()
    expect(plan(pyramid(1216, 928, { tile: undefined }), { region })).toBeUndefined()
  })

  it('where the options ask for other bytes', () => {
    expect(plan(exact, { region }, ['jpg'])?.kind).toBe('tile')
    expect(plan(exact, { region }, ['webp'])).toBeUndefined()
    expect(plan(exact, { region }, [])).toBeUndefined()
  })

  it.each([
    ['column', box(1024, 0, 177, 512), size(89, 256)],
    ['row', box(0, 512, 512, 391), size(256, 196)],
    ['column and row', box(1024, 512, 177, 391), size(89, 196)],
    ['column and row of everything', box(0, 0, 1201, 903), size(601, 452)],
  ])('where rounding took the last %s from the level', (_, wanted, target) => {
    expect(plan(floored, { region: wanted, size: target })).toBeUndefined()
    expect(plan(pyramid(1201, 903, { round: Math.ceil }), { region: wanted, size: target })?.kind).toBe(
      'join',
    )
  })

  it('where the level has no power of two as its factor', () => {
    const description = pyramid(1200, 900, { factors: [1, 3] })
    expect(plan(description, { region: box(0, 0, 768, 768), size: size(256, 256) })?.kind).toBe('tile')
    expect(plan(description, { region: box(0, 0, 1024, 768), size: size(512, 384) })).toBeUndefined()
  })
})

describe('the tiles that info.json tells of', () => {
  it.each([
    ['exact', exact, 0],
    ['rounded up', pyramid(1201, 903, { round: Math.ceil }), 0],
    ['rounded down', floored, 1],
  ])('are all stored bytes where levels are %s, but for last rows and columns', (_, description, missing) => {
    const { width, height, levels } = description
    let rendered = 0
    for (const { scaleFactor, width: stored, height: high } of levels) {
      const isShort = stored < ceilDivide(width, scaleFactor) || high < ceilDivide(height, scaleFactor)
      for (const { region, size: wanted } of listTileGrid({ width, height }, tile, scaleFactor)) {
        const found = plan(description, { region, size: wanted })
        if (found) {
          expect(found.level).toBe(levels.findIndex(level => level.scaleFactor === scaleFactor))
          expect(found.box).toEqual(
            box(region.x / scaleFactor, region.y / scaleFactor, wanted.width, wanted.height),
          )
        } else {
          const isLast = region.x + region.width === width || region.y + region.height === height
          expect(isLast && isShort).toBe(true)
          rendered += 1
        }
      }
    }
    expect(rendered > 0).toBe(missing > 0)
  })
})
