/* The query of a request: extensions of ours, never part of the IIIF syntax and never of a canonical URI. */

/**
 * Reads the query of a path as it came; broken escapes such as `%zz` stay as they are and nothing throws.
 *
 * Values are decoded and may hold anything, control characters too: each reader checks its own.
 */
export function parseQuery(url: string): URLSearchParams {
  return new URLSearchParams(splitQuery(url).query.slice(1))
}

/** Cuts a path as it came into the path and its query, with its question mark; a fragment is no part of either. */
export function splitQuery(url: string): { readonly path: string; readonly query: string } {
  const [beforeFragment = ''] = url.split('#', 1)
  const start = beforeFragment.indexOf('?')
  return start < 0
    ? { path: beforeFragment, query: '' }
    : { path: beforeFragment.slice(0, start), query: beforeFragment.slice(start) }
}
