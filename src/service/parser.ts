/* Parses URLs and remembers those that are asked for again, and with them what was worked out for their answers. */
import { LRUCache } from 'lru-cache'
import {
  matchPrefix,
  type ParseOptions,
  type Prefixes,
  type PrefixMatch,
  parseMatch,
} from '../protocol/request.js'
import type { RememberedRequest } from './exchange.js'

/** A parser that remembers. */
export interface Parser {
  /** A URL that is remembered. */
  recall(url: string): RememberedRequest | undefined
  /** The version and the path of a URL under one of the prefixes. */
  match(url: string): PrefixMatch | undefined
  /** Parses a URL that lies under a prefix; see {@link parseRequest}. */
  parse(url: string, match: PrefixMatch): RememberedRequest
}

/** How many URLs are remembered; with what hangs on them, about two megabytes. */
const maxRemembered = 1_000

/** URLs beyond this many characters are no viewer's, and would cost memory. */
const maxRememberedLength = 1_024

/** Creates a parser. */
export function createParser(options: ParseOptions & { readonly prefixes: Prefixes }): Parser {
  const remembered = new LRUCache<string, RememberedRequest>({ max: maxRemembered })
  const isFamiliar = createFamiliarity()
  return {
    recall: url => remembered.get(url),
    match: url => matchPrefix(url, options.prefixes),
    parse(url, match) {
      const memory: RememberedRequest = { request: parseMatch(match, options) }
      if (url.length <= maxRememberedLength && isFamiliar(url)) remembered.set(url, memory)
      return memory
    },
  }
}

/** A power of two; more would call familiar what is forgotten again before it comes back. */
const familiarSlots = 1_024

/* Most tiles are asked for once, and to remember what is never asked for again costs more than to parse it: it lives for
   long enough to be a burden to the garbage collector. So the first time only a number is kept, each in the place that
   it gives itself; the next one there takes the place. Taking a stranger for an acquaintance costs nothing but memory. */
function createFamiliarity(): (url: string) => boolean {
  const seen = new Int32Array(familiarSlots)
  return url => {
    const hash = hashText(url)
    const slot = hash & (familiarSlots - 1)
    if (seen[slot] === hash) return true
    seen[slot] = hash
    return false
  }
}

/* FNV-1a, of 32 bits. */
function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash
}
