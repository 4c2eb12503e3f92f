/* The headers that do not depend on the image: CORS on every response, the preflight, Link, and what keeps browsers
   from taking a response for something else. */
import type { HttpReply } from '../contracts.js'
import { formatHeaderUri } from './uri.js'

/** One link of a Link header (RFC 8288). */
export interface Link {
  /** The absolute URI. */
  readonly uri: string
  /** The relation, such as `canonical` or `profile`. */
  readonly rel: string
}

/** The methods that every resource has, as Allow writes them. */
export const allowedMethods = 'GET, HEAD, OPTIONS'

/** What pages of other origins may read. */
const exposedHeaders =
  'Link, ETag, Content-Length, Content-Disposition, Content-Range, Accept-Ranges, Retry-After, WWW-Authenticate'

/**
 * Creates the headers of a response, to be added to; at first they are those of CORS, which every response has: images,
 * info.json, redirects, 304s and errors.
 *
 * They are sent without an `Origin` too, because a cache may give the response to another page later.
 */
export function createHeaders(): Record<string, string> {
  return { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': exposedHeaders }
}

/** Builds the answer to OPTIONS, a preflight or not: a day of freedom for what viewers send. */
export function buildPreflight(): HttpReply {
  return {
    status: 204,
    headers: {
      ...createHeaders(),
      Allow: allowedMethods,
      'Access-Control-Allow-Methods': allowedMethods,
      // A wildcard would not cover Authorization (Fetch standard), which the probe service of IIIF needs.
      'Access-Control-Allow-Headers':
        'Authorization, Content-Type, Accept, Cache-Control, If-None-Match, If-Modified-Since, If-Range, Range, ' +
        'X-Requested-With',
      'Access-Control-Max-Age': '86400',
    },
  }
}

// Both may hold scripts: SVG because sources are sent as they are, our HTML only if its escaping had a hole.
// Never for application/pdf: browsers refuse to show a PDF in a sandbox.
const scriptable = /^(?:image\/svg\+xml|text\/html)\b/i

/** Adds the media type, and what keeps a body what it says: embeddable everywhere and without scripts. */
export function addSafetyHeaders(headers: Record<string, string>, mediaType: string): void {
  headers['Content-Type'] = mediaType
  headers['X-Content-Type-Options'] = 'nosniff'
  // Images are made to be shown by others, also by pages that are cross-origin isolated.
  headers['Cross-Origin-Resource-Policy'] = 'cross-origin'
  if (scriptable.test(mediaType)) {
    headers['Content-Security-Policy'] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
  }
}

/** Writes a Link header: `<uri>;rel="canonical", <uri>;rel="profile"`. */
export function formatLink(links: readonly Link[]): string {
  return links
    .map(({ uri, rel }) => `<${formatHeaderUri(uri)}>;rel="${rel.replace(/[^\x20-\x7e]|["\\]/g, '')}"`)
    .join(', ')
}
