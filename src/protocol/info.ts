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

/** What the owner of an image adds to its info.json; each version takes the properties that it has. */
export interface InfoExtras {
  /** The URI of a licence or rights statement; `license` in version 2. */
  readonly rights?: string
  /** The resources that the image is part of, for example its manifest; version 3 only. */
  readonly partOf?: readonly InfoDocument[]
  /** Descriptions of the image for machines; version 3 only. */
  readonly seeAlso?: readonly InfoDocument[]
  /** Services beside the image, for example for authorisation. */
  readonly service?: readonly InfoDocument[]
  /** Text that must be shown with the image; version 2 only. */
  readonly attribution?: string | readonly string[]
  /** The URI of an image that must be shown with the image; version 2 only. */
  readonly logo?: string
  /** JSON-LD contexts of extensions; they come before that of the Image API; version 3 only. */
  readonly contexts?: readonly string[]
}

/** An info.json of either version: plain JSON, keys in the order in which they are written. */
export type InfoDocument = Record<string, unknown>

/** Builds the info.json of an image; `id` is its base URI as the client called it, identifier encoded. */
export function buildInfo(
  version: ImageApiVersion,
  id: string,
  facts: InfoFacts,
  settings: InfoSettings,
  extras: InfoExtras = {},
): InfoDocument {
  return version === 2 ? buildInfo2(id, facts, settings, extras) : buildInfo3(id, facts, settings, extras)
}

/** The compliance level of what is switched on. */
export function resolveLevel(version: ImageApiVersion, settings: InfoSettings): ComplianceLevel {
  return computeLevel(version, describeOffer(version, settings))
}

function describeOffer(version: ImageApiVersion, { limits, formats, qualities }: InfoSettings): Offer {
  return { features: listFeatures(version, limits.maxScale > 1), qualities, formats }
}

function buildInfo3(id: string, facts: InfoFacts, settings: InfoSettings, added: InfoExtras): InfoDocument {
  const offer = describeOffer(3, settings)
  const level = computeLevel(3, offer)
  const extras = listExtras(3, level, offer)
  return dropEmpty({
    '@context': buildContext(added),
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
    rights: added.rights,
    partOf: added.partOf,
    seeAlso: added.seeAlso,
    service: added.service,
  })
}

function buildInfo2(id: string, facts: InfoFacts, settings: InfoSettings, added: InfoExtras): InfoDocument {
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
    attribution: added.attribution,
    license: added.rights,
    logo: added.logo,
    service: added.service,
  })
}

// 3.0 section 5.2: the context of the Image API is a string, or the last item of a list.
function buildContext({ contexts = [] }: InfoExtras): string | string[] {
  const own = versionFacts[3].context
  return contexts.length === 0 ? own : [...contexts, own]
}

function buildTiles(facts: InfoFacts, { limits, tileSize }: InfoSettings): InfoDocument[] {
  return listTiles(facts, limits, tileSize).map(({ width, height, scaleFactors }) =>
    // 5.4: a height that is left out is the width.
    height === width ? { width, scaleFactors } : { width, height, scaleFactors },
  )
}

// maxHeight is only told where it differs from maxWidth, which is its default (3.0 section 5.2).
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
