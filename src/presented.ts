/* What manifests are made from in a service: the facts about its images, for those who may know them. */
import { describeFacts, resolveInfoExtras } from './answer-info.js'
import type { HttpReply, HttpRequest } from './contracts.js'
import type { Desk } from './desk.js'
import type { PublicBase } from './http/base-uri.js'
import type { ImageFactsSource } from './presentation/manifest.js'
import { buildInfo } from './protocol/info.js'
import type { InfoRequest } from './protocol/request.js'

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
