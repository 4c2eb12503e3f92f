import { describe, expect, it } from 'vitest'
import { resolveTiers } from '../../src/access/tiers.js'
import { buildView } from '../../src/access/view.js'
import { noLimits, resolveLimits } from '../../src/protocol/limits.js'

const image = { width: 6000, height: 4000 }
const half = { numerator: 1, denominator: 2 }
const tiers = resolveTiers(
  { public: { scale: { maxWidth: 800 } }, press: { limits: { maxWidth: 3000 } }, staff: {} },
  { limits: { maxScale: 2 } },
)

describe('buildView', () => {
  it('without tiers and scale is what the service is', () => {
    const view = buildView({ identifier: 'a' }, resolveTiers(), noLimits)
    expect(view).toMatchObject({ tier: undefined, limits: noLimits, passesSource: true, key: '' })
    expect(view.shownSize(image)).toBe(image)
  })

  it('of an identifier without a suffix is the highest tier', () => {
    const view = buildView({ identifier: 'a' }, tiers, noLimits)
    expect(view.tier?.name).toBe('staff')
    expect(view.limits).toEqual(resolveLimits({ maxScale: 2 }))
    expect(view.passesSource).toBe(true)
    expect(view.shownSize(image)).toBe(image)
  })

  it('of a tier that is shown smaller is an image of that size, which nobody scales up', () => {
    const view = buildView({ identifier: 'a', tier: 'public' }, tiers, noLimits)
    expect(view.shownSize(image)).toEqual({ width: 800, height: 533 })
    expect(view.limits.maxScale).toBe(1)
    expect(view.passesSource).toBe(false)
  })

  it('of a tier with limits shows the whole image within them, and source bytes are bound by them', () => {
    const view = buildView({ identifier: 'a', tier: 'press' }, tiers, noLimits)
    expect(view.shownSize(image)).toBe(image)
    expect(view.limits).toMatchObject({ maxWidth: 3000, maxScale: 2 })
    expect(view.passesSource).toBe(false)
  })

  it('of a scale is a smaller image too', () => {
    const view = buildView({ identifier: 'a', scale: half }, tiers, noLimits)
    expect(view.shownSize(image)).toEqual({ width: 3000, height: 2000 })
    expect(view.limits.maxScale).toBe(1)
    expect(view.passesSource).toBe(false)
  })

  it('takes the smaller size where a tier and a scale both have one', () => {
    const small = resolveTiers({ all: { scale: { maxWidth: 800 } } })
    const size = (denominator: number) =>
      buildView({ identifier: 'a', scale: { numerator: 1, denominator } }, small, noLimits).shownSize(image)
    expect(size(2)).toEqual({ width: 800, height: 533 })
    expect(size(10)).toEqual({ width: 600, height: 400 })
  })

  it('has a key of its own for every variant', () => {
    const keys = [
      buildView({ identifier: 'a' }, resolveTiers(), noLimits),
      buildView({ identifier: 'a', scale: half }, resolveTiers(), noLimits),
      buildView({ identifier: 'a' }, tiers, noLimits),
      buildView({ identifier: 'a', tier: 'public' }, tiers, noLimits),
      buildView({ identifier: 'a', tier: 'press' }, tiers, noLimits),
      buildView({ identifier: 'a', scale: half }, tiers, noLimits),
      buildView({ identifier: 'a', scale: { numerator: 1, denominator: 3 } }, tiers, noLimits),
    ].map(view => view.key)
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('of a tier that there is not is none, rather than the whole image', () => {
    expect(() => buildView({ identifier: 'a', tier: 'nobody' }, tiers, noLimits)).toThrow(TypeError)
  })
})
