/* What manifests are made from in a service: the facts about its images, without a request for them. */
import type { EmbeddedMetadata, ResolveContext } from '../contracts.js'
import type { ImageFactsSource } from '../presentation/manifest.js'
import type { Desk } from './desk.js'
import { findImage } from './find.js'
import { buildInfoDocument } from './info-document.js'

/** What is known of images: what the service itself tells programs. */
export function createFacts(desk: Desk): ImageFactsSource {
  const { store } = desk
  return {
    async describe(identifier, context = {}) {
      const { image } = await findImage(identifier, desk, context)
      return store.describe(image, context.signal)
    },
    async info(identifier, version, uri, context = {}) {
      const { image, view } = await findImage(identifier, desk, context)
      return buildInfoDocument(image, { version, uri, view }, desk, context)
    },
    metadata: (identifier, context) => readEmbedded(identifier, desk, context),
  }
}

/** Reads what an image tells about itself. */
export async function readEmbedded(
  identifier: string,
  desk: Desk,
  context: ResolveContext = {},
): Promise<EmbeddedMetadata> {
  const { image } = await findImage(identifier, desk, context)
  const { reader, release } = await desk.store.lend(image)
  try {
    return (await reader.metadata?.(context.signal)) ?? {}
  } finally {
    release()
  }
}
