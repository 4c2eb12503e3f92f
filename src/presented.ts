/* What manifests and info.json need of each other: the facts about images as a service has them, and where documents are
   for the client of a request. */
import { describeFacts, resolveInfoExtras } from './answer-info.js'
import type { HttpReply, HttpRequest } from './contracts.js'
import type { Desk } from './desk.js'
import type { PublicBase } from './http/base-uri.js'
import type { ImageFactsSource } from './presentation/manifest.js'
import { formatManifestUri, type Place } from './presentation/place.js'
import type { PageIdentifiers, PresentationSettings } from './presentation/service-options.js'
import { decodeSegment, formatIdentifier } from './protocol/identifier.js'
import { buildInfo, type InfoExtras } from './protocol/info.js'
import type { InfoRequest } from './protocol/request.js'
import type { ServiceSettings } from './settings.js'

/**
 * Decides whether who asks may see the documents about an image: as its info.json, for which `request` stands. For a
 * collection it is asked for each image, and those that it refuses are not listed.
 *
 * @throws {@link IIIFError} where they may not.
 */
export type Admit = (
  http: HttpRequest,
  base: PublicBase,
  request: InfoRequest,
) => Admission | Promise<Admission>

/** What {@link Admit} has decided. */
export type Admission =
  | {
      /** The document is given. */
      readonly kind: 'serve'
      /** Whether everybody is given it, so that shared caches may keep it. */
      readonly shared: boolean
    }
  | {
      /** Something else is answered with, such as a redirect. */
      readonly kind: 'reply'
      /** The answer. */
      readonly reply: HttpReply
    }

/** What is known of images, without a request for them. */
export function createFacts({ locate, store, settings }: Desk): ImageFactsSource {
  const describe: ImageFactsSource['describe'] = async (identifier, context = {}) =>
    store.describe(await locate(identifier, context), context.signal)
  return {
    describe,
    async info(identifier, version, id, context) {
      const facts = describeFacts(await describe(identifier, context))
      return buildInfo(version, id, facts, settings, await resolveInfoExtras(identifier, settings))
    },
    async metadata(identifier, context = {}) {
      const { reader, release } = await store.lend(await locate(identifier, context))
      try {
        return (await reader.metadata?.(context.signal)) ?? {}
      } finally {
        release()
      }
    },
  }
}

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
  }
}

/**
 * Finds the identifier of the whole image: of its first page, in the shortest form. Manifests have this one.
 *
 * @param segment - encoded; it stays as it was written where it is that of the whole image
 */
export function findWholeSegment(segment: string, pages: PageIdentifiers | undefined): string {
  if (pages === undefined) return segment
  const identifier = decodeSegment(segment)
  const whole = pages.format(pages.parse(identifier).identifier, 1)
  return whole === identifier ? segment : formatIdentifier(whole)
}

/** Adds to an info.json of version 3 that the image is part of its manifest. */
export function addPartOf(
  extras: InfoExtras,
  segment: string,
  base: PublicBase,
  settings: ServiceSettings,
): InfoExtras {
  const { presentation } = settings
  if (!presentation?.partOf) return extras
  const place = describePlace(base, settings, presentation)
  const id = formatManifestUri(place, 3, findWholeSegment(segment, presentation.pages))
  return { ...extras, partOf: [...(extras.partOf ?? []), { id, type: 'Manifest' }] }
}
