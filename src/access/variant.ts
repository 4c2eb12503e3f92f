/* The public identifiers of what an image is shown as: each tier and each scale has its own, so that no cache between
   client and server can give one for another (Authorization Flow API 2.0 section 7.1, tiered access: each at a different
   URI; Authentication API 1.0 section 3.2: a different identifier for each tier).

     variant = meta-identifier [ ";tier=" name ]

   A meta-identifier names a page and a scale too: see protocol/meta-identifier.ts. */
import { decodeSegment, formatIdentifier } from '../protocol/identifier.js'
import type { MetaIdentifier, MetaIdentifierCodec } from '../protocol/meta-identifier.js'
import { fullScale, isWithinScale, type Scale } from '../protocol/scale.js'

/** An identifier, and as what the image is shown. */
export interface Variant {
  /** The identifier that the source is looked up by. */
  readonly identifier: string
  /** The name of a tier; absent for the highest. */
  readonly tier?: string
  /** The part of its size; absent for the whole. */
  readonly scale?: Scale
  /** The page or frame, from 1; absent for the first. */
  readonly page?: number
}

/** Reads and writes identifiers of variants. */
export interface VariantCodec {
  /** Whether an identifier is certainly no more than that: a quick look. */
  isPlain(identifier: string): boolean
  /** Reads a decoded identifier; one without a suffix that is known is the whole image in the highest tier. */
  parse(identifier: string): Variant
  /** Writes the decoded identifier of a variant; what has no other spelling is written in one way only. */
  format(variant: Variant): string
  /**
   * Writes a variant in place of the one that an encoded identifier names, and leaves the rest of it as it was encoded,
   * by a client, or by a proxy that has given the image another name.
   *
   * @param decoded - the same identifier, decoded
   */
  rewrite(encoded: string, decoded: string, variant: Variant): string
}

/** Where a client finds an image, and by which identifier. */
export interface VariantAddress {
  /** The public URI in front of the identifier, without a slash at its end. */
  readonly prefix: string
  /** The identifier that was asked for, encoded. */
  readonly encodedIdentifier: string
  /** The identifier that was asked for, decoded. */
  readonly identifier: string
  /** The identifier that the client knows, encoded, where a proxy has named it. */
  readonly forwardedIdentifier?: string | undefined
}

/** Writes the public URI of a variant of the image that was asked for. */
export function formatVariantUri(codec: VariantCodec, address: VariantAddress, variant: Variant): string {
  const { prefix, forwardedIdentifier, encodedIdentifier, identifier } = address
  if (forwardedIdentifier === undefined)
    return `${prefix}/${codec.rewrite(encodedIdentifier, identifier, variant)}`
  const decoded = decodeSegment(forwardedIdentifier)
  return `${prefix}/${codec.rewrite(forwardedIdentifier, decoded, variant)}`
}

/**
 * Writes the identifier, encoded, by which another image is shown as the one that was asked for: in the same tier, the
 * same page and at the same scale, as far as the other identifier does not say otherwise.
 */
export function formatMoved(codec: VariantCodec, asked: string, identifier: string): string {
  return formatIdentifier(codec.format({ ...codec.parse(asked), ...codec.parse(identifier) }))
}

const tierShape = /;tier=([A-Za-z][\w-]*)$/

/**
 * Creates the codec of variants.
 *
 * @param tiers - the names of the tiers; the last one is the highest, whose identifier has no suffix
 * @param meta - reads pages and scales; without it identifiers have none
 */
export function createVariantCodec(
  tiers: readonly string[],
  meta: MetaIdentifierCodec | undefined,
): VariantCodec {
  const highest = tiers.at(-1)
  const format = ({ identifier, tier, scale = fullScale, page = 1 }: Variant): string => {
    const text = meta ? meta.format({ identifier, page, constraint: scale }) : identifier
    return tier === undefined || tier === highest ? text : `${text};tier=${tier}`
  }
  const codec: VariantCodec = {
    isPlain: text =>
      (meta === undefined || meta.isPlain?.(text) === true) &&
      (tiers.length === 0 || !text.includes(';tier=')),
    parse(text) {
      const [suffix, name] = tierShape.exec(text) ?? []
      // An identifier may end like a suffix and be none: it is looked up as it is.
      const isTier = suffix !== undefined && suffix.length < text.length && tiers.includes(name ?? '')
      const rest = isTier ? text.slice(0, -suffix.length) : text
      const { identifier, page, constraint } = meta?.parse(rest) ?? plain(rest)
      return {
        identifier,
        ...(isTier && name !== undefined && name !== highest && { tier: name }),
        ...(isWithinScale(fullScale, constraint) ? {} : { scale: constraint }),
        ...(page === 1 ? {} : { page }),
      }
    },
    format,
    rewrite(encoded, decoded, variant) {
      const { identifier } = codec.parse(decoded)
      const text = format({ ...variant, identifier })
      // A codec of one's own may write anything.
      if (!decoded.startsWith(identifier) || !text.startsWith(identifier)) return formatIdentifier(text)
      const suffix = text.slice(identifier.length)
      return cutEncoded(encoded, decoded.length - identifier.length) + encodeURI(suffix)
    },
  }
  return codec
}

const plain = (identifier: string): MetaIdentifier => ({ identifier, page: 1, constraint: fullScale })

// A suffix is ASCII: each of its characters is written as itself or as one escape of three.
function cutEncoded(encoded: string, count: number): string {
  let end = encoded.length
  for (let left = count; left > 0; left -= 1) end -= encoded[end - 3] === '%' ? 3 : 1
  return encoded.slice(0, end)
}
