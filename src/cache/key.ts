/* The keys of caches. A cache takes them for opaque but for one thing: which identifier a key belongs to can be told. */
import { BadRequestError } from '../errors.js'

/**
 * Builds a key: identifier, version and parts, each percent-encoded, joined by `|`, which encoding leaves nowhere
 * else. So a key begins with `<encodeURIComponent(identifier)>|`, and different lists never have the same key.
 *
 * @param parts - what else the result depends on, for example the canonical request and the encoder's settings.
 * @throws {@link BadRequestError} when the identifier or a part is not well-formed Unicode.
 */
export function buildCacheKey(identifier: string, version: string, parts: readonly string[]): string {
  return [identifier, version, ...parts].map(encodePart).join('|')
}

/**
 * Tells whether `key` was built for `identifier`, whatever its version and parts.
 *
 * @throws {@link BadRequestError} when the identifier is not well-formed Unicode.
 */
export function isKeyOf(identifier: string, key: string): boolean {
  return key.startsWith(`${encodePart(identifier)}|`)
}

function encodePart(part: string): string {
  try {
    return encodeURIComponent(part)
  } catch (cause) {
    throw new BadRequestError('invalid-identifier', 'The identifier is not well-formed Unicode.', { cause })
  }
}
