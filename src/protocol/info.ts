/* info.json: what an image and this server offer (Image API 3.0 section 5, 2.1 section 5). */
import { computeLevel, listExtras, listFeatures, type Offer } from './compliance.js'
import type { Format } from './format.js'
import type { Limits } from './limits.js'
import type { Quality } from './quality.js'
import { listSizes, listTiles, type StoredSizes } from './tiles.js'
import {
  type ComplianceLevel,
  formatProfileUri,
  type ImageApiVersion,
  protocolUri,
  versionFacts,
} from './version.js'

/** The facts of an image that info.json tells; sizes are upright. */
export interface InfoFacts extends StoredSizes {
  /** Whether the image has no colours but greys. */
  readonly isGray: boolean
}

/** What a server offers for every image. */
export interface InfoSettings {
  /** The limits. */
  readonly limits: Limits
  /** The formats that are switched on. */
  readonly formats: readonly Format[]
  /** The qualities that are switched on. */
  readonly qualities: readonly Quality[]
  /** Formats in the order that clients should prefer; version 3 only. */
  readonly preferredFormats?: readonly Format[]
  /** The side of tiles for sources without tiles of their own, in pixels. */
  readonly tileSize?: number
}

/** An info.json of either version: plain JSON, keys in the order in which they are written. */
export type InfoDocument = Record<string, unknown>

/** Builds the info.json of an image; `id` is its base URI as the client called it, identifier encoded. */
export function buildInfo(
  version: ImageApiVersion,
  id: string,
  facts: InfoFacts,
  settings: InfoSettings,
): InfoDocument {
  return version === 2 ? buildInfo2(id, facts, settings) : buildInfo3(id, facts, settings)
}

/** The compliance level of what is switched on. */
export function resolveLevel(version: ImageApiVersion, settings: InfoSettings): ComplianceLevel {
  return computeLevel(version, describeOffer(version, settings))
}

function describeOffer(version: ImageApiVersion, { limits, formats, qualities }: InfoSettings): Offer {
  return { features: listFeatures(version, limits.maxScale > 1), qualities, formats }
}

function buildInfo3(id: string, facts: InfoFacts, settings: InfoSettings): InfoDocument {
  const offer = describeOffer(3, settings)
  const level = computeLevel(3, offer)
  const extras = listExtras(3, level, offer)
  return dropEmpty({
    '@context': versionFacts[3].context,
    id,
    type: 'ImageService3',
    protocol: protocolUri,
    profile: `level${level}`,
    width: facts.width,
    height: facts.height,
    ...listLimits(settings.limits),
    sizes: listSizes(facts, settings.limits),
    tiles: buildTiles(facts, settings),
    preferredFormats: settings.preferredFormats?.filter(format => settings.formats.includes(format)),
    extraFormats: extras.formats,
    // 5.7: a grey image has no "color": what it would give is the default.
    extraQualities: extras.qualities.filter(quality => !(quality === 'color' && facts.isGray)),
    extraFeatures: extras.features,
  })
}

function buildInfo2(id: string, facts: InfoFacts, settings: InfoSettings): InfoDocument {
  const offer = describeOffer(2, settings)
  const level = computeLevel(2, offer)
  const details = dropEmpty({
    formats: settings.formats,
    qualities: settings.qualities,
    supports: listExtras(2, level, offer).features,
    ...listLimits(settings.limits),
  })
  return dropEmpty({
    '@context': versionFacts[2].context,
    '@id': id,
    protocol: protocolUri,
    width: facts.width,
    height: facts.height,
    sizes: listSizes(facts, settings.limits),
    tiles: buildTiles(facts, settings),
    profile: [formatProfileUri(2, level), details],
  })
}

function buildTiles(facts: InfoFacts, { limits, tileSize }: InfoSettings): InfoDocument[] {
  return listTiles(facts, limits, tileSize).map(({ width, height, scaleFactors }) =>
    // 5.4: a height that is left out is the width.
    height === width ? { width, scaleFactors } : { width, height, scaleFactors },
  )
}

// maxHeight is only told where it differs from maxWidth, which is its default (3.0 section 5.3).
function listLimits({ maxWidth, maxHeight, maxArea }: Limits): InfoDocument {
  return {
    ...(maxWidth === Infinity ? {} : { maxWidth }),
    ...(maxHeight === maxWidth ? {} : { maxHeight }),
    ...(maxArea === Infinity ? {} : { maxArea }),
  }
}

function dropEmpty(document: InfoDocument): InfoDocument {
  return Object.fromEntries(
    Object.entries(document).filter(
      ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
    ),
  )
}
