// Random images, limits and requests for the property tests; sizes are drawn near the image, so that many are valid.
import fc from 'fast-check'
import { type Format, mediaTypes } from '../../src/protocol/format.js'
import { type Limits, resolveLimits } from '../../src/protocol/limits.js'
import { type Quality, qualities } from '../../src/protocol/quality.js'
import type { Region } from '../../src/protocol/region.js'
import type { ImageParameters } from '../../src/protocol/request.js'
import type { ImageFacts } from '../../src/protocol/resolved.js'
import type { Rotation } from '../../src/protocol/rotation.js'
import type { Size } from '../../src/protocol/size.js'
import type { ImageApiVersion } from '../../src/protocol/version.js'

export const version: fc.Arbitrary<ImageApiVersion> = fc.constantFrom(2, 3)

/** Ordinary, tiny and very long sides alike. */
const side = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 8000 }), fc.constant(100_000))

export const image: fc.Arbitrary<ImageFacts> = fc.record({ width: side, height: side, isGray: fc.boolean() })

export const limits: fc.Arbitrary<Limits> = fc
  .record({
    maxWidth: fc.option(side),
    maxHeight: fc.option(side),
    maxArea: fc.option(fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 50_000_000 }))),
    maxScale: fc.constantFrom(1, 1, 1.5, 2, 3.7),
  })
  .map(({ maxWidth, maxHeight, maxArea, maxScale }) =>
    resolveLimits({
      ...(maxWidth === null ? {} : { maxWidth }),
      ...(maxHeight === null || maxWidth === null ? {} : { maxHeight }),
      ...(maxArea === null ? {} : { maxArea }),
      maxScale,
    }),
  )

/** Decimals as people write them, and any double that the grammar can write. */
export const decimal: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 0, max: 120_000 }).map(thousandths => thousandths / 1000),
  fc.double({ min: 0, max: Number.MAX_SAFE_INTEGER, noNaN: true }),
)

const whole = fc.oneof(fc.nat({ max: 10_000 }), fc.maxSafeNat())
const positive = whole.map(value => Math.max(1, value))
const share = fc.integer({ min: 0, max: 99_999 }).map(thousandths => thousandths / 1000)
const extent = decimal.filter(value => value > 0)

export const region: fc.Arbitrary<Region> = fc.oneof(
  fc.constant({ kind: 'full' } as const),
  fc.constant({ kind: 'square' } as const),
  fc.record({ kind: fc.constant('pixels' as const), x: whole, y: whole, width: positive, height: positive }),
  fc.record({
    kind: fc.constant('pixels' as const),
    x: fc.nat({ max: 5 }),
    y: fc.nat({ max: 5 }),
    width: positive,
    height: positive,
  }),
  fc.record({ kind: fc.constant('percent' as const), x: share, y: share, width: extent, height: extent }),
)

export function size(of: ImageApiVersion): fc.Arbitrary<Size> {
  const upscale = of === 3 ? fc.boolean() : fc.constant(false)
  const forms: fc.Arbitrary<Size>[] = [
    fc.record({ kind: fc.constant('max' as const), upscale }),
    fc.record({ kind: fc.constant('width' as const), width: positive, upscale }),
    fc.record({ kind: fc.constant('height' as const), height: positive, upscale }),
    fc.record({ kind: fc.constant('percent' as const), percent: extent, upscale }),
    fc.record({ kind: fc.constant('exact' as const), width: positive, height: positive, upscale }),
    fc.record({ kind: fc.constant('confined' as const), width: positive, height: positive, upscale }),
  ]
  return of === 3
    ? fc.oneof(...forms)
    : fc.oneof(fc.constant({ kind: 'full', upscale: false } as Size), ...forms)
}

export const rotation: fc.Arbitrary<Rotation> = fc.record({
  mirror: fc.boolean(),
  degrees: fc.oneof(
    fc.constantFrom(0, 90, 180, 270, 22.5),
    fc.double({ min: 0, max: 360, maxExcluded: true, noNaN: true }),
  ),
})

export const quality: fc.Arbitrary<Quality> = fc.constantFrom(...qualities)
export const format: fc.Arbitrary<Format> = fc.constantFrom(...(Object.keys(mediaTypes) as Format[]))

export function parameters(of: ImageApiVersion): fc.Arbitrary<ImageParameters> {
  return fc.record({ region, size: size(of), rotation, quality, format })
}

/** Any Unicode but control characters, which no identifier may hold. */
export const identifier: fc.Arbitrary<string> = fc
  .oneof(fc.string({ unit: 'binary', minLength: 1 }), fc.webUrl(), fc.string({ minLength: 1 }))
  .filter(text => !/\p{Cc}/u.test(text))
