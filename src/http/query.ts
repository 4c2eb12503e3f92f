/* The query of a request: extensions of ours, never part of the IIIF syntax and never of a canonical URI. */

/**
 * Reads the query of a path as it came; broken escapes such as `%zz` stay as they are and nothing throws.
 *
 * Values are decoded and may hold anything, control characters too: each reader checks its own.
 */
export function parseQuery(url: string): URLSearchParams {
  const [beforeFragment = ''] = url.split('#', 1)
  const start = beforeFragment.indexOf('?')
  return new URLSearchParams(start < 0 ? '' : beforeFragment.slice(start + 1))
}
