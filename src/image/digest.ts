/* Short names for records, for keys of caches and ETags. */
import { createHash } from 'node:crypto'

/** A digest of values: equal values have equal digests. Strings and bytes are taken as they are, all else as JSON. */
export function digest(...values: readonly unknown[]): string {
  const hash = createHash('sha256')
  for (const value of values) {
    const part = typeof value === 'string' || value instanceof Uint8Array ? value : JSON.stringify(value)
    // The length keeps what belongs to one value from being taken for the beginning of the next.
    hash.update(`${part.length}:`).update(part)
  }
  return hash.digest('base64url').slice(0, 22)
}
