/* As what an image is shown for one variant: the tier and the scale of an identifier, put together for those who build
   info.json, resolve requests and name cache entries. */
import type { Dimensions } from '../protocol/geometry.js'
import type { Limits } from '../protocol/limits.js'
import { formatScale, type Scale, type Shrink, shrinkLimits, shrinkSize } from '../protocol/scale.js'
import type { Tier, Tiers } from './tiers.js'
import type { Variant } from './variant.js'

/** As what an image is shown. */
export interface View<Encode = unknown, Overlay = unknown> {
  /** The tier; `undefined` where there are no tiers. */
  readonly tier: Tier<Encode, Overlay> | undefined
  /** The limits: as told in info.json and as enforced. */
  readonly limits: Limits
  /** Whether source bytes may be sent as they are, and are bound by no limit then. */
  readonly passesSource: boolean
  /**
   * Stands for the view in cache keys, ETags and where work is shared; empty where nothing differs from a service
   * without tiers.
   */
  readonly key: string
  /** The part of its size that the identifier names. */
  readonly scale: Scale | undefined
  /** As how much an image of these dimensions is shown; `undefined` for all of it. */
  shrinkOf(image: Dimensions): Shrink | undefined
  /** The size that an image of these dimensions is shown as. */
  shownSize(image: Dimensions): Dimensions
}

/**
 * Builds the view of a variant.
 *
 * @param limits - those of the service, for where there are no tiers
 * @throws TypeError for a tier that there is not: nobody is shown the whole image because of a slip.
 */
export function buildView<Encode, Overlay>(
  { tier: name, scale }: Variant,
  tiers: Tiers<Encode, Overlay>,
  limits: Limits,
): View<Encode, Overlay> {
  const tier = name === undefined ? tiers.highest : tiers.find(name)
  if (name !== undefined && tier === undefined) throw new TypeError(`there is no tier "${name}"`)
  const shrink = tier?.shrink
  const isShrunk = shrink !== undefined || scale !== undefined
  const own = tier?.limits ?? limits
  const shrinkOf = (image: Dimensions): Shrink | undefined => {
    if (shrink === undefined || scale === undefined) return shrink ?? scale
    const [byTier, byScale] = [shrinkSize(image, shrink), shrinkSize(image, scale)]
    return byTier.width * byTier.height <= byScale.width * byScale.height ? shrink : scale
  }
  return {
    tier,
    limits: isShrunk ? shrinkLimits(own) : own,
    passesSource: !isShrunk && (tier?.passesSource ?? true),
    key: [...(tier ? [tier.key] : []), ...(scale ? [formatScale(scale)] : [])].join(' '),
    scale,
    shrinkOf,
    shownSize(image) {
      const least = shrinkOf(image)
      return least ? shrinkSize(image, least) : image
    },
  }
}
