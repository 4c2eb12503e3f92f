/* From an identifier to the image that is meant: its source, one page of it, and as what it is shown. */
import type { Variant } from '../access/variant.js'
import { buildView, type View } from '../access/view.js'
import type { ResolveContext } from '../contracts.js'
import { NotFoundError } from '../errors.js'
import type { ResolvedEncodeOptions } from '../image/encode-options.js'
import type { Overlay } from '../image/overlay.js'
import type { Desk } from './desk.js'
import type { Located } from './locate.js'

/** As what images are shown by a service. */
export type ImageView = View<ResolvedEncodeOptions, Overlay>

/** An image that was found. */
export interface Found {
  /** The identifier, taken apart. */
  readonly variant: Variant
  /** The page of the image. */
  readonly image: Located
  /** As what it is shown. */
  readonly view: ImageView
}

/** Finds the image that an identifier means, with its page, scale and tier. */
export async function findImage(identifier: string, desk: Desk, context: ResolveContext): Promise<Found> {
  const { access, limits } = desk.settings
  const variant = access.codec.parse(identifier)
  const image = await findPage(variant, desk, context)
  return { variant, image, view: buildView(variant, access.tiers, limits) }
}

/**
 * Finds a page of an image.
 *
 * @throws {@link NotFoundError} when there is no such image, or it has fewer pages.
 */
export async function findPage(
  { identifier, page = 1 }: Pick<Variant, 'identifier' | 'page'>,
  desk: Desk,
  context: ResolveContext,
): Promise<Located> {
  const image = await desk.locate(identifier, context)
  if (page === 1) return image
  const { pages } = await desk.store.describe(image, context.signal)
  if (page <= pages) return { ...image, page }
  const count = pages === 1 ? 'one page' : `${pages} pages`
  throw new NotFoundError('not-found', `The image has ${count}; there is no page ${page}.`)
}
