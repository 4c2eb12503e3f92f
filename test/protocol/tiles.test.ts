import { describe, expect, it } from 'vitest'
import type { Dimensions } from '../../src/protocol/geometry.js'
import { isWithinLimits, noLimits, resolveLimits } from '../../src/protocol/limits.js'
import {
  defaultTileSize,
  listScaleFactors,
  listSizes,
  listTileGrid,
  listTiles,
  locateTile,
  type StoredSizes,
} from '../../src/protocol/tiles.js'

const pyramid: StoredSizes = {
  width: 6001,
  height: 4001,
  tile: { width: 256, height: 256 },
  levels: [
    { width: 6001, height: 4001, scaleFactor: 1 },
    { width: 3000, height: 2000, scaleFactor: 2 },
    { width: 1500, height: 1000, scaleFactor: 4 },
  ],
}

describe('listTiles', () => {
  it('row 125: makes square tiles and powers of two until one tile holds the image', () => {
    expect(listTiles({ width: 6000, height: 4000 }, noLimits)).toEqual([
      { width: defaultTileSize, height: defaultTileSize, scaleFactors: [1, 2, 4, 8, 16] },
    ])
    expect(listTiles({ width: 512, height: 512 }, noLimits, 256)).toEqual([
      { width: 256, height: 256, scaleFactors: [1, 2] },
    ])
  })

  it('row 125: takes the tiles and the scale factors that are stored', () => {
    expect(listTiles(pyramid, noLimits)).toEqual([{ width: 256, height: 256, scaleFactors: [1, 2, 4] }])
  })

  it('row 125: takes no scale factor that is not a whole number', () => {
    const levels = [
      { width: 600, height: 400, scaleFactor: 1 },
      { width: 400, height: 267, scaleFactor: 1.5 },
    ]
    const [tiles] = listTiles({ width: 600, height: 400, levels }, noLimits, 256)
    expect(tiles?.scaleFactors).toEqual([1, 2, 4])
  })

  it('row 125: takes stored tiles of an image with one level', () => {
    const striped: StoredSizes = { width: 1000, height: 700, tile: { width: 1000, height: 8 } }
    expect(listTiles(striped, noLimits)).toEqual([
      { width: 1000, height: 8, scaleFactors: [1, 2, 4, 8, 16, 32, 64, 128] },
    ])
  })

  it.each([{ maxWidth: 300 }, { maxWidth: 300, maxHeight: 100 }, { maxArea: 40_000 }, { maxArea: 1 }])(
    'row 64: keeps tiles within %o',
    options => {
      const limits = resolveLimits(options)
      const [tiles] = listTiles({ width: 6000, height: 4000 }, limits)
      expect(tiles && isWithinLimits(tiles, limits)).toBe(true)
    },
  )
})

describe('listScaleFactors', () => {
  it.each<[width: number, height: number, factors: number[]]>([
    [1, 1, [1]],
    [512, 512, [1]],
    [513, 1, [1, 2]],
    [1, 1025, [1, 2, 4]],
    [1024, 1024, [1, 2]],
  ])('row 125: of %d x %d in tiles of 512 are %j', (width, height, factors) => {
    expect(listScaleFactors({ width, height }, { width: 512, height: 512 })).toEqual(factors)
  })
})

describe('listSizes', () => {
  const pairs = (sizes: readonly Dimensions[]) => sizes.map(({ width, height }) => [width, height])

  it('row 124: halves down to the last size of at least 64 pixels, the smallest first', () => {
    expect(pairs(listSizes({ width: 600, height: 400 }, noLimits))).toEqual([
      [75, 50],
      [150, 100],
      [300, 200],
      [600, 400],
    ])
    expect(pairs(listSizes({ width: 50, height: 20 }, noLimits))).toEqual([[50, 20]])
    expect(pairs(listSizes({ width: 128, height: 1 }, noLimits))).toEqual([
      [64, 1],
      [128, 1],
    ])
  })

  it('row 124: gives the true sizes of a pyramid', () => {
    expect(pairs(listSizes(pyramid, noLimits))).toEqual([
      [1500, 1000],
      [3000, 2000],
      [6001, 4001],
    ])
  })

  it('row 64: leaves out what is over a limit', () => {
    expect(pairs(listSizes({ width: 600, height: 400 }, resolveLimits({ maxWidth: 299 })))).toEqual([
      [75, 50],
      [150, 100],
    ])
    expect(pairs(listSizes(pyramid, resolveLimits({ maxWidth: 100 })))).toEqual([])
  })
})

describe('locateTile', () => {
  const image = { width: 1001, height: 701 }
  const tile = { width: 256, height: 128 }

  it.each<[number, number, number, [number, number, number, number], [number, number]]>([
    [1, 0, 0, [0, 0, 256, 128], [256, 128]],
    [1, 3, 5, [768, 640, 233, 61], [233, 61]],
    [2, 1, 2, [512, 512, 489, 189], [245, 95]],
    [4, 0, 1, [0, 512, 1001, 189], [251, 48]],
    [8, 0, 0, [0, 0, 1001, 701], [126, 88]],
  ])(
    'row 126: at scale factor %i, column %i and row %i it is %j as %j',
    (factor, column, row, region, size) => {
      const [x, y, width, height] = region
      expect(locateTile(image, tile, factor, column, row)).toEqual({
        region: { x, y, width, height },
        size: { width: size[0], height: size[1] },
      })
    },
  )
})

describe('listTileGrid', () => {
  it('row 126: goes row by row', () => {
    const origins = [...listTileGrid({ width: 5, height: 3 }, { width: 1, height: 1 }, 2)].map(
      ({ region }) => `${region.x},${region.y},${region.width},${region.height}`,
    )
    expect(origins).toEqual(['0,0,2,2', '2,0,2,2', '4,0,1,2', '0,2,2,1', '2,2,2,1', '4,2,1,1'])
  })
})
