/* Parses URLs and remembers the latest, and with them what was worked out for their answers. */
import { LRUCache } from 'lru-cache'
import type { RememberedRequest } from './answer.js'
import { type ParseOptions, parseRequest } from './protocol/request.js'

/** A parser that remembers. */
export interface Parser {
  /** A URL that is remembered. */
  recall(url: string): RememberedRequest | undefined
  /** Parses a URL; see {@link parseRequest}. */
  parse(url: string): RememberedRequest | undefined
}

/** How many URLs are remembered; with what hangs on them, about three megabytes. */
const maxRemembered = 1_000

/** URLs beyond this many characters are no viewer's, and would cost memory. */
const maxRememberedLength = 1_024

/** Creates a parser. */
export function createParser(options: ParseOptions): Parser {
  const remembered = new LRUCache<string, RememberedRequest>({ max: maxRemembered })
  return {
    recall: url => remembered.get(url),
    parse(url) {
      const request = parseRequest(url, options)
      if (request === undefined) return undefined
      const memory: RememberedRequest = { request }
      if (url.length <= maxRememberedLength) remembered.set(url, memory)
      return memory
    },
  }
}
