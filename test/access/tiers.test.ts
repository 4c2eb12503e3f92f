import { describe, expect, it } from 'vitest'
import { resolveTiers, type TierOptions } from '../../src/access/tiers.js'
import { resolveEncodeOptions } from '../../src/image/encode-options.js'
import { resolveLimits } from '../../src/protocol/limits.js'

describe('resolveTiers', () => {
  it('orders tiers as they are declared, from those who see least to those who see most', () => {
    const tiers = resolveTiers({ public: { limits: { maxWidth: 800 } }, press: {}, staff: {} })
    expect(tiers.names).toEqual(['public', 'press', 'staff'])
    expect(tiers.names.map(name => tiers.find(name)?.rank)).toEqual([0, 1, 2])
    expect(tiers.highest?.name).toBe('staff')
    expect(tiers.find('nobody')).toBeUndefined()
    expect(tiers.find('constructor')).toBeUndefined()
  })

  it('without tiers has no highest one', () => {
    expect(resolveTiers()).toMatchObject({ names: [], highest: undefined })
  })

  it('changes the limits of the service in part', () => {
    const base = { limits: { maxWidth: 5000, maxArea: 9_000_000 } }
    const tiers = resolveTiers({ public: { limits: { maxWidth: 800 } }, staff: {} }, base)
    expect(tiers.find('public')?.limits).toEqual(resolveLimits({ maxWidth: 800, maxArea: 9_000_000 }))
    expect(tiers.find('staff')?.limits).toEqual(resolveLimits(base.limits))
  })

  it('reads scales and boxes', () => {
    const shrink = (scale: NonNullable<TierOptions['scale']>) =>
      resolveTiers({ a: { scale } }).find('a')?.shrink
    expect(shrink('2:8')).toEqual({ numerator: 1, denominator: 4 })
    expect(shrink({ maxWidth: 800 })).toEqual({ width: 800, height: 800 })
    expect(shrink({ maxWidth: 800, maxHeight: 600 })).toEqual({ width: 800, height: 600 })
  })

  it('lets the rooms that make pixels check their own options', () => {
    const tiers = resolveTiers(
      { public: { encode: { jpg: { quality: 40 } }, overlay: 'logo' }, bare: { overlay: false } },
      {
        resolveEncode: encode => resolveEncodeOptions(encode as never),
        resolveOverlay: overlay => ({ text: overlay }),
      },
    )
    expect(tiers.find('public')?.encode?.jpg.quality).toBe(40)
    expect(tiers.find('public')?.overlay).toEqual({ text: 'logo' })
    expect(tiers.find('bare')?.overlay).toBe(false)
  })

  it.each<[tier: TierOptions, passes: boolean]>([
    [{}, true],
    [{ redactions: false, shared: true, label: 'All' }, true],
    [{ limits: { maxWidth: 800 } }, false],
    [{ limits: {} }, false],
    [{ scale: '1:2' }, false],
    [{ encode: {} }, false],
    [{ overlay: {} }, false],
    [{ overlay: false }, false],
  ])('with %j source bytes pass as they are: %s', (tier, passes) => {
    expect(resolveTiers({ a: tier }).find('a')?.passesSource).toBe(passes)
  })

  it('gives each tier a key of its own, which changes with whatever changes pixels', () => {
    const options: TierOptions[] = [
      {},
      { limits: { maxWidth: 800 } },
      { limits: { maxWidth: 801 } },
      { scale: '1:2' },
      { encode: { jpg: { quality: 40 } } },
      { overlay: { text: 'a' } },
      { overlay: { text: 'b' } },
      { overlay: false },
      { redactions: false },
    ]
    const keys = options.map(tier => resolveTiers({ a: tier }).find('a')?.key)
    expect(new Set(keys).size).toBe(options.length)
    const tiers = resolveTiers({ a: {}, b: {} })
    expect(tiers.find('a')?.key).not.toBe(tiers.find('b')?.key)
  })

  it('does not change the key for what changes no pixels', () => {
    const [plain, labelled] = [{}, { shared: true, label: 'All' }].map(tier => resolveTiers({ a: tier }))
    expect(plain?.find('a')?.key).toBe(labelled?.find('a')?.key)
  })

  it('is not changed by what happens to the options later', () => {
    const options: Record<string, TierOptions> = { public: { shared: true }, staff: {} }
    const tiers = resolveTiers(options)
    options.boss = {}
    expect(tiers.names).toEqual(['public', 'staff'])
    expect(() => (tiers.names as string[]).push('boss')).toThrow(TypeError)
    expect(() => Object.assign(tiers.find('public') ?? {}, { shared: false })).toThrow(TypeError)
  })

  it.each<[tiers: unknown, name: string]>([
    [{ '': {} }, 'tiers'],
    [{ '1': {} }, 'tiers'],
    [{ 'a b': {} }, 'tiers'],
    [{ 'a;b': {} }, 'tiers'],
    [{ 'a/b': {} }, 'tiers'],
    [{ a: null }, 'tiers.a'],
    [{ a: 'x' }, 'tiers.a'],
    [{ a: { maxWidth: 800 } }, 'tiers.a.maxWidth'],
    [{ a: { limits: { maxWidth: 0 } } }, 'tiers.a.limits.maxWidth'],
    [{ a: { limits: { maxHeight: 5 } } }, 'tiers.a.limits.maxHeight'],
    [{ a: { scale: '2:1' } }, 'tiers.a.scale'],
    [{ a: { scale: 'half' } }, 'tiers.a.scale'],
    [{ a: { scale: { maxWidth: 0 } } }, 'tiers.a.scale'],
    [{ a: { scale: {} } }, 'tiers.a.scale'],
    [{ a: { scale: { maxWidth: 10, maxHeight: -1 } } }, 'tiers.a.scale'],
    [{ a: { encode: { jpg: { quality: 200 } } } }, 'tiers.a.encode.jpg.quality'],
    [{ a: { redactions: 'no' } }, 'tiers.a.redactions'],
    [{ a: { shared: 1 } }, 'tiers.a.shared'],
    [{ a: { label: {} } }, 'tiers.a.label'],
  ])('refuses %j and names %s', (tiers, name) => {
    const base = { resolveEncode: (encode: unknown) => resolveEncodeOptions(encode as never) }
    expect(() => resolveTiers(tiers as never, base)).toThrow(TypeError)
    expect(() => resolveTiers(tiers as never, base)).toThrow(new RegExp(`^${name.replaceAll('.', '\\.')}\\b`))
  })
})
