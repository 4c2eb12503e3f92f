import { describe, expect, it } from 'vitest'
import { computeLevel, listExtras, listFeatures, type Offer } from '../../src/protocol/compliance.js'
import { type Format, mediaTypes } from '../../src/protocol/format.js'
import { qualities } from '../../src/protocol/quality.js'
import type { ImageApiVersion } from '../../src/protocol/version.js'

const versions: readonly ImageApiVersion[] = [2, 3]

/** The level that first demands a feature; `never` where no level does. */
type Demanded = 1 | 2 | 'never'

function offerAll(version: ImageApiVersion): Offer {
  return {
    features: listFeatures(version, true),
    qualities,
    formats: Object.keys(mediaTypes) as Format[],
  }
}

function without(offer: Offer, key: keyof Offer, name: string): Offer {
  return { ...offer, [key]: offer[key].filter(offered => offered !== name) }
}

function expectDemand(version: ImageApiVersion, key: keyof Offer, name: string, demanded: Demanded): void {
  const all = offerAll(version)
  expect(all[key]).toContain(name)
  expect(computeLevel(version, without(all, key, name))).toBe(demanded === 'never' ? 2 : demanded - 1)
  expect((listExtras(version, 2, all)[key] as readonly string[]).includes(name)).toBe(demanded === 'never')
  expect((listExtras(version, 1, all)[key] as readonly string[]).includes(name)).toBe(demanded !== 1)
  expect(listExtras(version, 0, all)[key]).toContain(name)
}

describe('computeLevel and listExtras', () => {
  it.each<[row: number, feature: string, version3: Demanded, version2: Demanded]>([
    [147, 'regionByPx', 1, 1],
    [148, 'regionByPct', 2, 2],
    [149, 'regionSquare', 1, 'never'],
    [151, 'sizeByW', 1, 1],
    [151, 'sizeByH', 1, 1],
    [152, 'sizeByPct', 2, 1],
    [153, 'sizeByConfinedWh', 2, 2],
    [153, 'sizeByWh', 1, 2],
    [154, 'rotationBy90s', 2, 2],
    [157, 'baseUriRedirect', 1, 1],
    [157, 'cors', 1, 1],
    [157, 'jsonldMediaType', 1, 1],
    [158, 'profileLinkHeader', 'never', 'never'],
    [158, 'canonicalLinkHeader', 'never', 'never'],
    [158, 'mirroring', 'never', 'never'],
    [158, 'rotationArbitrary', 'never', 'never'],
  ])(
    'row %i: the level that demands %s is %s in version 3 and %s in version 2',
    (_row, feature, three, two) => {
      expectDemand(3, 'features', feature, three)
      expectDemand(2, 'features', feature, two)
    },
  )

  it('rows 73 and 153b: version 2 demands sizeByDistortedWh at level 2', () => {
    expectDemand(2, 'features', 'sizeByDistortedWh', 2)
  })

  it('row 155: demands bitonal in version 2 only, and neither color nor gray', () => {
    expectDemand(2, 'qualities', 'bitonal', 2)
    expectDemand(3, 'qualities', 'bitonal', 'never')
    for (const version of versions) {
      expectDemand(version, 'qualities', 'color', 'never')
      expectDemand(version, 'qualities', 'gray', 'never')
    }
  })

  it.each(versions)('row 156: version %i demands png at level 2', version => {
    expectDemand(version, 'formats', 'png', 2)
    expectDemand(version, 'formats', 'webp', 'never')
  })

  it.each(versions)('rows 91 and 98: version %i claims no level above 0 without jpg or default', version => {
    expect(computeLevel(version, without(offerAll(version), 'formats', 'jpg'))).toBe(0)
    expect(computeLevel(version, without(offerAll(version), 'qualities', 'default'))).toBe(0)
  })

  it.each(versions)('row 121: version %i reaches level 2 with what is offered', version => {
    expect(computeLevel(version, offerAll(version))).toBe(2)
    expect(computeLevel(version, { features: [], qualities: ['default'], formats: ['jpg'] })).toBe(0)
  })
})

// Row 131: the 17 names of version 3; row 143: those of version 2 that are not deprecated.
const names: Readonly<Record<ImageApiVersion, readonly string[]>> = {
  2: [
    'baseUriRedirect',
    'canonicalLinkHeader',
    'cors',
    'jsonldMediaType',
    'mirroring',
    'profileLinkHeader',
    'regionByPct',
    'regionByPx',
    'regionSquare',
    'rotationArbitrary',
    'rotationBy90s',
    'sizeAboveFull',
    'sizeByConfinedWh',
    'sizeByDistortedWh',
    'sizeByH',
    'sizeByPct',
    'sizeByW',
    'sizeByWh',
  ],
  3: [
    'baseUriRedirect',
    'canonicalLinkHeader',
    'cors',
    'jsonldMediaType',
    'mirroring',
    'profileLinkHeader',
    'regionByPct',
    'regionByPx',
    'regionSquare',
    'rotationArbitrary',
    'rotationBy90s',
    'sizeByConfinedWh',
    'sizeByH',
    'sizeByPct',
    'sizeByW',
    'sizeByWh',
    'sizeUpscaling',
  ],
}

describe('listFeatures', () => {
  it.each(versions)('rows 131, 132 and 143: version %i has just its own names, each once', version => {
    expect(listFeatures(version, true).sort()).toEqual(names[version])
  })

  it('rows 62 and 75: names upscaling only where it is on', () => {
    expect(listFeatures(3, false)).not.toContain('sizeUpscaling')
    expect(listFeatures(2, false)).not.toContain('sizeAboveFull')
  })
})
