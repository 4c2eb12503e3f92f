/* Where documents and images are for the client of a request, and the way from an info.json to its manifest. */
import type { VariantCodec } from '../access/variant.js'
import type { PublicBase } from '../http/base-uri.js'
import { formatManifestUri, formatSegment, type Place } from '../presentation/place.js'
import type { PresentationSettings } from '../presentation/service-options.js'
import { parseIdentifier } from '../protocol/identifier.js'
import type { InfoExtras } from '../protocol/info.js'
import type { InfoRequest } from '../protocol/request.js'
import type { ServiceSettings } from './settings.js'

/** Where documents and images are for the client of a request. */
export function describePlace(
  { origin, path }: PublicBase,
  { parse, publicPrefixes }: ServiceSettings,
  { publicPrefix }: PresentationSettings,
): Place {
  const [second, third] = ([2, 3] as const).map(
    version => parse.prefixes[version] !== false && publicPrefixes[version],
  )
  return {
    root: `${origin}${path}`,
    prefix: publicPrefix,
    imagePrefixes: { 2: second ?? false, 3: third ?? false },
    ...(parse.slashSubstitute && { slashSubstitute: parse.slashSubstitute }),
  }
}

/** Finds the identifier of the whole image in that of a page, a scale or a tier. */
export function findWhole(identifier: string, codec: VariantCodec): string {
  return codec.format({ identifier: codec.parse(identifier).identifier })
}

/** As {@link findWhole}, of an encoded identifier; it stays as it was written where it is that of the whole image. */
export function findWholeSegment(segment: string, codec: VariantCodec, place: Place): string {
  const identifier = parseIdentifier(segment, place.slashSubstitute)
  const whole = findWhole(identifier, codec)
  return whole === identifier ? segment : formatSegment(place, whole)
}

/** Adds to an info.json of version 3 that the image is part of its manifest. */
export function addPartOf(
  extras: InfoExtras,
  { identifier, encodedIdentifier }: InfoRequest,
  base: PublicBase,
  settings: ServiceSettings,
): InfoExtras {
  const { presentation } = settings
  if (!presentation?.partOf) return extras
  const place = describePlace(base, settings, presentation)
  // Where slashes may stand in identifiers of images as they are, they may not in those of documents.
  const asked = encodedIdentifier.includes('/') ? formatSegment(place, identifier) : encodedIdentifier
  const segment = findWholeSegment(base.forwardedIdentifier ?? asked, settings.access.codec, place)
  const id = formatManifestUri(place, 3, segment)
  return { ...extras, partOf: [...(extras.partOf ?? []), { id, type: 'Manifest' }] }
}
