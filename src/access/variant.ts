/* The public identifiers of what an image is shown as: each tier and each scale has its own, so that no cache between
   client and server can give one for another (Authorization Flow API 2.0 section 7.1, tiered access: each at a different
   URI; Authentication API 1.0 section 3.2: a different identifier for each tier).

     variant = identifier [ ";tier=" name / ";" numerator ":" denominator ]                                            */
import { decodeSegment } from '../protocol/identifier.js'
import { formatScale, parseScale, type Scale } from './scale.js'

/** An identifier, and as what the image is shown. */
export interface Variant {
  /** The identifier that the source is looked up by. */
  readonly identifier: string
  /** The name of a tier; absent for the highest. */
  readonly tier?: string
  /** The part of its size; absent for the whole. Never beside a tier. */
  readonly scale?: Scale
}

/** Reads and writes identifiers of variants. */
export interface VariantCodec {
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

const suffixShape = /;(?:tier=([A-Za-z][\w-]*)|([0-9]+:[0-9]+))$/

/**
 * Creates the codec of variants.
 *
 * @param tiers - the names of the tiers; the last one is the highest, whose identifier has no suffix
 */
export function createVariantCodec(tiers: readonly string[]): VariantCodec {
  const highest = tiers.at(-1)
  const codec: VariantCodec = {
    parse(identifier) {
      const [suffix, name, parts] = suffixShape.exec(identifier) ?? []
      if (suffix === undefined) return { identifier }
      const rest = identifier.slice(0, -suffix.length)
      // An identifier may end like a suffix and be none: it is looked up as it is.
      if (rest === '' || (name !== undefined && !tiers.includes(name))) return { identifier }
      if (name !== undefined)
        return name === highest ? { identifier: rest } : { identifier: rest, tier: name }
      const scale = parseScale(parts ?? '')
      if (scale === undefined) return { identifier }
      return scale.denominator === 1 ? { identifier: rest } : { identifier: rest, scale }
    },
    format: variant => variant.identifier + formatSuffix(variant, highest),
    rewrite(encoded, decoded, variant) {
      const { length } = codec.parse(decoded).identifier
      return cutEncoded(encoded, decoded.length - length) + formatSuffix(variant, highest)
    },
  }
  return codec
}

function formatSuffix({ tier, scale }: Variant, highest: string | undefined): string {
  if (tier !== undefined && tier !== highest) return `;tier=${tier}`
  return scale === undefined || scale.denominator === 1 ? '' : `;${formatScale(scale)}`
}

// A suffix is ASCII: each of its characters is written as itself or as one escape of three.
function cutEncoded(encoded: string, count: number): string {
  let end = encoded.length
  for (let left = count; left > 0; left -= 1) end -= encoded[end - 3] === '%' ? 3 : 1
  return encoded.slice(0, end)
}
