// What holds for every request, image and limit, not only for those of the tables.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isIIIFError } from '../../src/errors.js'
import { formatCanonical } from '../../src/protocol/canonical.js'
import { formatDecimal, parseDecimal } from '../../src/protocol/decimal.js'
import { type Dimensions, scaleSide } from '../../src/protocol/geometry.js'
import { formatIdentifier, parseIdentifier } from '../../src/protocol/identifier.js'
import { isWithinLimits, type Limits, noLimits } from '../../src/protocol/limits.js'
import { formatRegion, parseRegion, resolveRegion } from '../../src/protocol/region.js'
import { formatRequest, type IIIFRequest, parseParameters, parseRequest } from '../../src/protocol/request.js'
import { type ImageFacts, type ResolvedRequest, resolveRequest } from '../../src/protocol/resolved.js'
import { formatRotation, parseRotation } from '../../src/protocol/rotation.js'
import { formatSize, parseSize } from '../../src/protocol/size.js'
import { listSizes, listTileGrid, listTiles } from '../../src/protocol/tiles.js'
import type { ImageApiVersion } from '../../src/protocol/version.js'
import * as any from './arbitraries.js'

describe('parse after format is the identity', () => {
  it('of decimals', () => {
    const property = fc.property(any.decimal, value => {
      expect(parseDecimal(formatDecimal(value))).toBe(value)
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it('of identifiers: any Unicode without control characters', () => {
    const property = fc.property(any.identifier, identifier => {
      expect(parseIdentifier(formatIdentifier(identifier))).toBe(identifier)
      expect(formatIdentifier(identifier)).toMatch(/^[\x21-\x7e]+$/)
      expect(formatIdentifier(identifier)).not.toMatch(/[/?#[\]@]/)
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it('of regions', () => {
    const property = fc.property(any.region, region => {
      expect(parseRegion(formatRegion(region))).toEqual(region)
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it.each([2, 3] as const)('of sizes in version %i', version => {
    const property = fc.property(any.size(version), size => {
      expect(parseSize(formatSize(size), version)).toEqual(size)
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it('of rotations', () => {
    const property = fc.property(any.rotation, rotation => {
      expect(parseRotation(formatRotation(rotation))).toEqual(rotation)
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it.each([2, 3] as const)('of whole requests in version %i', version => {
    const target = { version: fc.constant(version), identifier: any.identifier }
    const request = fc.oneof(
      fc.record({ kind: fc.constant('info' as const), ...target }),
      fc.record({ kind: fc.constant('base' as const), ...target, trailingSlash: fc.boolean() }),
      fc
        .tuple(fc.record({ kind: fc.constant('image' as const), ...target }), any.parameters(version))
        .map(([head, parameters]) => ({ ...head, ...parameters })),
    )
    const property = fc.property(request, fc.boolean(), (drawn, allowSlashes) => {
      const written: IIIFRequest = { ...drawn, encodedIdentifier: formatIdentifier(drawn.identifier) }
      expect(parseRequest(formatRequest(written), { allowSlashes })).toEqual(written)
    })
    fc.assert(property, { numRuns: 1000 })
  })
})

/** Resolves, or gives `undefined` for what is refused; anything else that is thrown goes through. */
function attempt(act: () => ResolvedRequest): ResolvedRequest | undefined {
  try {
    return act()
  } catch (error) {
    if (isIIIFError(error)) return undefined
    throw error
  }
}

/** Runs a property over random requests that are not refused, and demands that there were many. */
function forResolved(
  version: ImageApiVersion,
  check: (resolved: ResolvedRequest, image: ImageFacts, limits: Limits) => void,
): void {
  let accepted = 0
  const inputs = [any.parameters(version), any.image, any.limits] as const
  const property = fc.property(...inputs, (parameters, image, limits) => {
    const resolved = attempt(() => resolveRequest({ version, ...parameters }, image, limits))
    if (!resolved) return
    accepted += 1
    check(resolved, image, limits)
  })
  fc.assert(property, { numRuns: 3000 })
  expect(accepted).toBeGreaterThan(600)
}

describe.each([2, 3] as const)('every resolved request of version %i', version => {
  it('is within the limits, at least a pixel, and inside the image', () => {
    forResolved(version, ({ region, size }, image, limits) => {
      expect(isWithinLimits(size, limits)).toBe(true)
      expect(Math.min(size.width, size.height, region.width, region.height)).toBeGreaterThanOrEqual(1)
      expect(Math.min(region.x, region.y)).toBeGreaterThanOrEqual(0)
      expect(region.x + region.width).toBeLessThanOrEqual(image.width)
      expect(region.y + region.height).toBeLessThanOrEqual(image.height)
      for (const value of [...Object.values(region), ...Object.values(size)]) {
        expect(Number.isSafeInteger(value)).toBe(true)
      }
    })
  })

  it('is scaled up by no more than maxScale, to the nearest pixel', () => {
    forResolved(version, ({ region, size }, _image, { maxScale }) => {
      expect(size.width).toBeLessThanOrEqual(region.width * maxScale + 0.5)
      expect(size.height).toBeLessThanOrEqual(region.height * maxScale + 0.5)
    })
  })

  it('row 116: has a canonical form that resolves to the same record and is its own canonical form', () => {
    forResolved(version, (resolved, image, limits) => {
      const context = { version, image, limits }
      const canonical = formatCanonical(resolved, context)
      const again = resolveRequest(
        { version, ...parseParameters(canonical.split('/'), version) },
        image,
        limits,
      )
      expect(again).toEqual(resolved)
      expect(formatCanonical(again, context)).toBe(canonical)
    })
  })
})

describe('derived sides', () => {
  it('row 107: are those of the one rounding rule', () => {
    const property = fc.property(
      any.image,
      any.version,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (image, version, share) => {
        const width = Math.max(1, Math.floor(image.width * share))
        const height = Math.max(1, Math.floor(image.height * share))
        const size = (text: string): Dimensions => {
          const parameters = parseParameters(['full', text, '0', 'default.jpg'], version)
          return resolveRequest({ version, ...parameters }, image, noLimits).size
        }
        expect(size(`${width},`)).toEqual({ width, height: scaleSide(image.height, image.width, width) })
        expect(size(`,${height}`)).toEqual({ width: scaleSide(image.width, image.height, height), height })
        expect([size(`${width},`), size(`,${height}`)]).toContainEqual(size(`!${width},${height}`))
      },
    )
    fc.assert(property, { numRuns: 1000 })
  })
})

describe('percent regions', () => {
  it('row 32: neither gap nor overlap where each is at least a pixel', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 999_999 }), { maxLength: 12 })
    const property = fc.property(cuts, fc.integer({ min: 1, max: 100_000 }), (inner, width) => {
      const edges = [0, ...inner.sort((a, b) => a - b), 1_000_000]
      let end = 0
      for (const [index, edge] of edges.entries()) {
        const next = edges[index + 1]
        if (next === undefined) break
        if ((next - edge) * width < 1_000_000) return
        const text = `pct:${formatDecimal(edge / 10_000)},0,${formatDecimal((next - edge) / 10_000)},100`
        const box = resolveRegion(parseRegion(text), { width, height: 1 })
        expect(box.x).toBe(end)
        end = box.x + box.width
      }
      expect(end).toBe(width)
    })
    fc.assert(property, { numRuns: 2000 })
  })
})

const tiny: fc.Arbitrary<ImageFacts> = fc.record({
  width: fc.integer({ min: 1, max: 90 }),
  height: fc.integer({ min: 1, max: 90 }),
  isGray: fc.constant(false),
})

describe('what info.json lists', () => {
  it('row 126: tiles of each scale factor cover every pixel exactly once', () => {
    const tile = fc.record({
      width: fc.integer({ min: 1, max: 40 }),
      height: fc.integer({ min: 1, max: 40 }),
    })
    const property = fc.property(tiny, tile, any.limits, (image, stored, limits) => {
      const [tiles] = listTiles({ ...image, tile: stored }, limits)
      for (const factor of tiles?.scaleFactors ?? []) {
        const covered = new Uint8Array(image.width * image.height)
        for (const { region } of listTileGrid(image, tiles ?? stored, factor)) {
          for (let y = region.y; y < region.y + region.height; y += 1) {
            for (let x = region.x; x < region.x + region.width; x += 1) covered[y * image.width + x]! += 1
          }
        }
        expect(covered.every(times => times === 1)).toBe(true)
      }
      expect(tiles?.scaleFactors.length).toBeGreaterThan(0)
    })
    fc.assert(property, { numRuns: 60 })
  })

  it('rows 61, 64, 78 and 126: every size and every tile resolves to just itself, and is not upscaling', () => {
    const property = fc.property(
      tiny,
      any.version,
      any.limits,
      fc.integer({ min: 4, max: 64 }),
      (image, version, limits, side) => {
        const ask = (region: string, { width, height }: Dimensions) => {
          const parameters = parseParameters([region, `${width},${height}`, '0', 'default.jpg'], version)
          const still = { ...limits, maxScale: 1 }
          expect(resolveRequest({ version, ...parameters }, image, still).size).toEqual({ width, height })
        }
        for (const size of listSizes(image, limits)) ask('full', size)
        const [tiles] = listTiles(image, limits, side)
        for (const factor of tiles?.scaleFactors ?? []) {
          for (const { region, size } of listTileGrid(image, tiles ?? image, factor)) {
            ask(`${region.x},${region.y},${region.width},${region.height}`, size)
          }
        }
      },
    )
    fc.assert(property, { numRuns: 100 })
  })
})
