/* The two versions of the Image API as data: whatever differs between 2.1.1 and 3.0 and is a value stands here. */

/** A major version of the Image API: 2 is 2.1.1, 3 is 3.0. */
export type ImageApiVersion = 2 | 3

/** A compliance level. */
export type ComplianceLevel = 0 | 1 | 2

/** What the specification of one version fixes as values. */
export interface VersionFacts {
  /** The JSON-LD context of info.json; `http`, as the specification writes it. */
  readonly context: string
  /** Under which path honeydew serves this version by default. */
  readonly defaultPrefix: string
  /** The start of the URI of the level documents; the rel="profile" link is this, the level and `.json`. */
  readonly profile: string
  /** The size parameter that asks for all pixels there are. */
  readonly largestSize: 'full' | 'max'
}

/** The facts of each version (Image API 3.0 sections 5.2 and 6, 2.1 sections 5.2 and 5.3). */
export const versionFacts: Readonly<Record<ImageApiVersion, VersionFacts>> = {
  2: {
    context: 'http://iiif.io/api/image/2/context.json',
    defaultPrefix: '/iiif/2',
    profile: 'http://iiif.io/api/image/2/level',
    largestSize: 'full',
  },
  3: {
    context: 'http://iiif.io/api/image/3/context.json',
    defaultPrefix: '/iiif/3',
    profile: 'http://iiif.io/api/image/3/level',
    largestSize: 'max',
  },
}

/** The `protocol` of every info.json. */
export const protocolUri = 'http://iiif.io/api/image'

/** The URI of a level document, as the rel="profile" link and the profile of version 2 name it. */
export function formatProfileUri(version: ImageApiVersion, level: ComplianceLevel): string {
  return `${versionFacts[version].profile}${level}.json`
}
