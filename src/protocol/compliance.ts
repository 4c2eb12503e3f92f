/* Compliance: which features, qualities and formats each level demands, and the highest level that what is switched on
   fulfils (Image API 3.0 and 2.1, "Compliance Levels" documents). */
import type { Format } from './format.js'
import type { Quality } from './quality.js'
import type { ComplianceLevel, ImageApiVersion } from './version.js'

/** What a server offers. */
export interface Offer {
  /** The names of features, in the vocabulary of the version. */
  readonly features: readonly string[]
  /** The values of the quality parameter. */
  readonly qualities: readonly Quality[]
  /** The values of the format parameter. */
  readonly formats: readonly Format[]
}

/** What level 0, level 1 and level 2 demand, each beside what the level under it demands. */
type Demands = readonly [Offer, Offer, Offer]

const demands: Readonly<Record<ImageApiVersion, Demands>> = {
  2: [
    { features: [], qualities: ['default'], formats: ['jpg'] },
    {
      features: [
        'regionByPx',
        'sizeByW',
        'sizeByH',
        'sizeByPct',
        'baseUriRedirect',
        'cors',
        'jsonldMediaType',
      ],
      qualities: [],
      formats: [],
    },
    {
      features: ['regionByPct', 'sizeByConfinedWh', 'sizeByDistortedWh', 'sizeByWh', 'rotationBy90s'],
      qualities: ['bitonal'],
      formats: ['png'],
    },
  ],
  3: [
    { features: [], qualities: ['default'], formats: ['jpg'] },
    {
      features: [
        'regionByPx',
        'regionSquare',
        'sizeByW',
        'sizeByH',
        'sizeByWh',
        'baseUriRedirect',
        'cors',
        'jsonldMediaType',
      ],
      qualities: [],
      formats: [],
    },
    {
      features: ['regionByPct', 'sizeByPct', 'sizeByConfinedWh', 'rotationBy90s'],
      qualities: [],
      formats: ['png'],
    },
  ],
}

const beyondEveryLevel: Readonly<Record<ImageApiVersion, readonly string[]>> = {
  2: ['canonicalLinkHeader', 'mirroring', 'profileLinkHeader', 'regionSquare', 'rotationArbitrary'],
  3: ['canonicalLinkHeader', 'mirroring', 'profileLinkHeader', 'rotationArbitrary'],
}

/** The features of this library, in the vocabulary of a version. */
export function listFeatures(version: ImageApiVersion, canUpscale: boolean): string[] {
  const upscaling = version === 2 ? 'sizeAboveFull' : 'sizeUpscaling'
  const demanded = demands[version].flatMap(demand => demand.features)
  return [...demanded, ...beyondEveryLevel[version], ...(canUpscale ? [upscaling] : [])]
}

/** The highest level whose demands, and those of the levels under it, are all met. */
export function computeLevel(version: ImageApiVersion, offer: Offer): ComplianceLevel {
  const levels = demands[version]
  if (!meets(offer, levels[0]) || !meets(offer, levels[1])) return 0
  return meets(offer, levels[2]) ? 2 : 1
}

function meets(offer: Offer, demand: Offer): boolean {
  return (
    demand.features.every(feature => offer.features.includes(feature)) &&
    demand.qualities.every(quality => offer.qualities.includes(quality)) &&
    demand.formats.every(format => offer.formats.includes(format))
  )
}

/** What an offer has beyond the demands of a level. */
export function listExtras(version: ImageApiVersion, level: ComplianceLevel, offer: Offer): Offer {
  const demanded = demands[version].slice(0, level + 1)
  const isExtra = (key: keyof Offer) => (name: string) =>
    !demanded.some(demand => includes(demand[key], name))
  return {
    features: offer.features.filter(isExtra('features')),
    qualities: offer.qualities.filter(isExtra('qualities')),
    formats: offer.formats.filter(isExtra('formats')),
  }
}

function includes(names: readonly string[], name: string): boolean {
  return names.includes(name)
}
