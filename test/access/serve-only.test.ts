import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildGrid, isOnGrid, requireServed, type ServeOnly } from '../../src/access/serve-only.js'
import type { SignatureState } from '../../src/access/signature.js'
import { AccessError } from '../../src/errors.js'
import type { Box, Dimensions } from '../../src/protocol/geometry.js'
import { type Limits, noLimits, resolveLimits } from '../../src/protocol/limits.js'
import { parseParameters } from '../../src/protocol/request.js'
import { resolveRequest } from '../../src/protocol/resolved.js'
import { listSizes, listTileGrid, listTiles, type StoredSizes } from '../../src/protocol/tiles.js'
import type { ImageApiVersion } from '../../src/protocol/version.js'

const image: StoredSizes = { width: 6000, height: 4000 }

function isServed(
  path: string,
  {
    version = 3,
    facts = image,
    limits = noLimits,
  }: Partial<{
    version: ImageApiVersion
    facts: StoredSizes
    limits: Limits
  }> = {},
): boolean {
  const request = { ...parseParameters(path.split('/'), version), version }
  return isOnGrid(resolveRequest(request, { ...facts, isGray: false }, limits), buildGrid(facts, limits))
}

describe('isOnGrid', () => {
  it.each([
    'full/max/0/default.jpg',
    'full/max/0/default.webp',
    'full/max/0/color.jpg',
    'full/max/360/default.jpg',
    'pct:0,0,100,100/max/0/default.jpg',
    'full/3000,2000/0/default.jpg',
    'full/3000,/0/default.jpg',
    'full/,125/0/default.jpg',
    'full/pct:50/0/default.jpg',
    '0,0,512,512/512,512/0/default.jpg',
    '0,0,512,512/max/0/default.jpg',
    '5632,3584,512,512/max/0/default.jpg',
    '5632,3584,368,416/368,416/0/default.jpg',
    '0,0,1024,1024/512,512/0/default.jpg',
    '4096,0,1904,4000/238,500/0/default.jpg',
  ])('tiles and sizes of info.json are on it: %s', path => {
    expect(isServed(path)).toBe(true)
  })

  it.each([
    '1,0,512,512/max/0/default.jpg',
    '0,0,513,512/max/0/default.jpg',
    '0,0,512,511/max/0/default.jpg',
    '0,0,256,256/max/0/default.jpg',
    '0,0,512,512/511,/0/default.jpg',
    '0,0,512,512/256,256/0/default.jpg',
    '0,0,1024,1024/max/0/default.jpg',
    '512,0,1024,1024/512,512/0/default.jpg',
    'full/2999,/0/default.jpg',
    'full/3000,1999/0/default.jpg',
    'full/!200,200/0/default.jpg',
    'square/max/0/default.jpg',
    'pct:0,0,50,50/max/0/default.jpg',
    'full/max/90/default.jpg',
    'full/max/!0/default.jpg',
    'full/max/0.1/default.jpg',
    'full/max/0/gray.jpg',
    'full/max/0/bitonal.jpg',
    '0,0,512,512/max/90/default.jpg',
  ])('anything else is not: %s', path => {
    expect(isServed(path)).toBe(false)
  })

  it('the largest size within limits is, though no size of info.json', () => {
    const limits = resolveLimits({ maxWidth: 1000 })
    expect(isServed('full/max/0/default.jpg', { limits })).toBe(true)
    expect(isServed('full/1000,667/0/default.jpg', { limits })).toBe(true)
    expect(isServed('full/999,/0/default.jpg', { limits })).toBe(false)
  })

  it('the whole of what viewers ask for is, in the ways of both versions, of any image', () => {
    const side = fc.integer({ min: 1, max: 3000 })
    const facts = fc.record({ width: side, height: side })
    // One pixel wide and many high, a tile of version 2 is asked for by its width only, and comes out too high.
    const upscaling = resolveLimits({ maxArea: Infinity, maxWidth: 1_000_000, maxScale: 1000 })
    fc.assert(
      fc.property(facts, facts => {
        for (const path of listPaths(facts, 3)) expect(isServed(path, { facts }), path).toBe(true)
        for (const path of listPaths(facts, 2)) {
          expect(isServed(path, { facts, version: 2, limits: upscaling }), path).toBe(true)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('nobody finds more there than there are tiles and sizes, times three spellings of a size', () => {
    const facts = { width: 40, height: 30, tile: { width: 16, height: 16 } }
    const grid = buildGrid(facts, noLimits)
    const base = { ...parseParameters('full/max/0/default.jpg'.split('/'), 3), quality: 'default' as const }
    const requests = listBoxes(facts).flatMap(region =>
      [1, 2, 3, 4, 5].map(factor => ({
        ...base,
        region,
        size: { width: Math.ceil(region.width / factor), height: Math.ceil(region.height / factor) },
      })),
    )
    const count = requests.filter(request => isOnGrid(request, grid)).length
    const tiles = grid.tiles.flatMap(tile =>
      tile.scaleFactors.flatMap(factor => [...listTileGrid(facts, tile, factor)]),
    )
    expect(count).toBeGreaterThanOrEqual(tiles.length)
    expect(count).toBeLessThanOrEqual(3 * (tiles.length + grid.sizes.length))
  })
})

// What viewers ask for: every size of the whole, every tile.
function listPaths(facts: StoredSizes, version: ImageApiVersion): string[] {
  const format = ({ width, height }: Dimensions) => (version === 3 ? `${width},${height}` : `${width},`)
  const sizes = listSizes(facts, noLimits).map(size => `full/${size.width},${size.height}/0/default.jpg`)
  const tiles = listTiles(facts, noLimits).flatMap(tile =>
    tile.scaleFactors.flatMap(factor => [...listTileGrid(facts, tile, factor)]),
  )
  const paths = tiles.map(
    ({ region: { x, y, width, height }, size }) =>
      `${x},${y},${width},${height}/${format(size)}/0/default.jpg`,
  )
  return [...sizes, ...paths]
}

function listBoxes({ width, height }: Dimensions): Box[] {
  const spans = (length: number) =>
    Array.from({ length }, (_, from) =>
      Array.from({ length: length - from }, (_, more) => [from, more + 1]),
    ).flat()
  return spans(width).flatMap(([x = 0, w = 1]) =>
    spans(height).map(([y = 0, h = 1]) => ({ x, y, width: w, height: h })),
  )
}

describe('requireServed', () => {
  const states: Record<string, SignatureState> = {
    valid: { kind: 'valid', expires: 1 },
    unsigned: { kind: 'unsigned' },
    expired: { kind: 'expired' },
    invalid: { kind: 'invalid' },
  }

  it.each<[mode: ServeOnly, state: string, onGrid: boolean, code: string | undefined]>([
    ['signed', 'valid', false, undefined],
    ['signed', 'unsigned', true, 'invalid-signature'],
    ['signed', 'expired', true, 'invalid-signature'],
    ['signed', 'invalid', true, 'invalid-signature'],
    ['grid', 'unsigned', true, undefined],
    ['grid', 'unsigned', false, 'off-grid'],
    ['grid', 'valid', false, 'off-grid'],
    ['grid', 'invalid', true, undefined],
    ['signedOrGrid', 'valid', false, undefined],
    ['signedOrGrid', 'valid', true, undefined],
    ['signedOrGrid', 'unsigned', true, undefined],
    ['signedOrGrid', 'unsigned', false, 'off-grid'],
    ['signedOrGrid', 'expired', false, 'invalid-signature'],
    ['signedOrGrid', 'expired', true, undefined],
    ['signedOrGrid', 'invalid', false, 'invalid-signature'],
  ])('%s, %s, on the grid %s: %s', (mode, state, onGrid, code) => {
    const check = () => requireServed(mode, states[state] ?? { kind: 'invalid' }, () => onGrid)
    if (code === undefined) return expect(check).not.toThrow()
    expect(check).toThrow(AccessError)
    expect(check).toThrow(expect.objectContaining({ status: 403, code }))
  })

  it('asks for the grid only where it matters', () => {
    const ask = () => {
      throw new Error('asked')
    }
    requireServed('signedOrGrid', { kind: 'valid', expires: 1 }, ask)
    expect(() => requireServed('signed', { kind: 'expired' }, ask)).toThrow('has expired')
  })
})
