/* The identifier parameter: a path segment, decoded exactly once (Image API 3.0 sections 3 and 9, 2.1 section 9).

     identifier = 1*( unreserved / sub-delims / ":" / pct-encoded )
     to be encoded: "/" "?" "#" "[" "]" "@" "%" and everything that is not US-ASCII                                  */
import { BadRequestError } from '../errors.js'

// Our choice: what no URI may contain is refused, but "^" "|" "{" "}" pass, which browsers send as they are.
const neverInAPath = /[^\x21-\x7e]|["<>[\\\]`]/
const controlCharacter = /\p{Cc}/u
const needlesslyEncoded = /%(?:3A|3B|2C|24|26|2B|3D)/g

/**
 * Decodes one percent-encoded path segment, once: `%253C` becomes `%3C`, not `<`.
 *
 * @throws {@link BadRequestError} for characters that no path may contain, escapes that are none, and bytes that are not UTF-8.
 */
export function decodeSegment(segment: string): string {
  if (neverInAPath.test(segment)) {
    throw new BadRequestError('invalid-path', 'The path contains characters that must be percent-encoded.')
  }
  if (!segment.includes('%')) return segment
  const decoded = decodeOnce(segment)
  // Nothing of the protocol has control characters; refused here, they never come near a header or a log.
  if (controlCharacter.test(decoded)) {
    throw new BadRequestError('invalid-identifier', 'The path contains encoded control characters.')
  }
  return decoded
}

function decodeOnce(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (cause) {
    throw new BadRequestError('invalid-path', 'The path contains an invalid percent-encoding.', { cause })
  }
}

/**
 * Reads an identifier from its segment of the path.
 *
 * @param slashSubstitute a string that stands for a slash, for proxies that do not let `%2F` pass
 * @throws {@link BadRequestError} when it is not well encoded or holds control characters.
 */
export function parseIdentifier(segment: string, slashSubstitute?: string): string {
  const decoded = decodeSegment(segment)
  return slashSubstitute ? decoded.replaceAll(slashSubstitute, '/') : decoded
}

/**
 * Writes an identifier as a segment of a path: encodes what the specification wants encoded, and no more.
 *
 * @throws {@link BadRequestError} when it holds half a surrogate pair, which has no encoding.
 */
export function formatIdentifier(identifier: string): string {
  if (!identifier.isWellFormed()) {
    throw new BadRequestError('invalid-identifier', 'The identifier is not well-formed Unicode.')
  }
  return encodeURIComponent(identifier).replace(needlesslyEncoded, decodeURIComponent)
}
