/* The keys of caches, and the names that entries have in stores. A cache takes keys for opaque but for one thing: which
   identifier a key belongs to can be told. */
import { hash } from 'node:crypto'
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

/**
 * Formats the name of an entry for stores that are particular about names: file systems, object stores.
 *
 * `<digest of the identifier>-<digest of the key>-<readable part>`: at most 98 characters of `0-9`, `a-z`, `-` and `_`,
 * so that neither case nor length nor `..`, slashes or the names of devices matter. All names of an identifier, and no
 * others, begin with what {@link formatNamePrefix} gives. Digests are cut to 128 bits: a store must still compare the
 * whole key with that of the entry that it finds.
 */
export function formatEntryName(key: string): string {
  const bar = key.indexOf('|')
  const owner = bar < 0 ? key : key.slice(0, bar)
  return `${digest(owner)}-${digest(key)}-${formatReadable(owner)}`
}

/**
 * Formats the beginning of the names of an identifier's entries.
 *
 * @throws {@link BadRequestError} when the identifier is not well-formed Unicode.
 */
export function formatNamePrefix(identifier: string): string {
  return `${digest(encodePart(identifier))}-`
}

/** Tells whether `name` is one that {@link formatEntryName} gives: nothing else in a store is ever deleted. */
export function isEntryName(name: string): boolean {
  return /^[0-9a-f]{32}-[0-9a-f]{32}-[0-9a-z_]{0,32}$/.test(name)
}

function digest(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32)
}

/* For people who look into a store. The end of an identifier tells more than its beginning, which is often a folder. */
function formatReadable(owner: string): string {
  return owner
    .slice(-32)
    .toLowerCase()
    .replace(/[^0-9a-z]+/g, '_')
}

function encodePart(part: string): string {
  try {
    return encodeURIComponent(part)
  } catch (cause) {
    throw new BadRequestError('invalid-identifier', 'The identifier is not well-formed Unicode.', { cause })
  }
}
