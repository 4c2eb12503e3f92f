/* Which media type a document is sent as (RFC 9110 section 12.5.1; Image API 3.0 and 2.1 section 5.1).
   A client that accepts nothing of ours still gets the default: JSON that was asked for in vain helps more than
   an empty 406 (our choice). Answers that depend on Accept are sent with `Vary: Accept`. */
import { parseParameter, splitUnquoted } from './header-field.js'

/** How the body of an error is written. */
export type ErrorBodyKind = 'text' | 'html' | 'json'

interface MediaRange {
  /** `type/subtype`, `type/*` or `*` + `/*`, in lower case. */
  readonly range: string
  /** The weight, from 0 to 1. */
  readonly weight: number
}

const jsonLd = 'application/ld+json'
const jsonLd3 = 'application/ld+json;profile="http://iiif.io/api/image/3/context.json"'
const json = 'application/json'

// Longer than any browser's; a list beyond it is not worth the time and counts as absent.
const maxLength = 2048

const rangeShape = /^(?:\*\/\*|[!#$%&'+.^_`|~0-9a-z-]+\/(?:\*|[!#$%&'+.^_`|~0-9a-z-]+))$/
const weightShape = /^(?:0\.?|0?\.[0-9]{1,3}|1(?:\.0{0,3})?)$/

function parseAccept(accept: string | undefined): MediaRange[] {
  const text = accept === undefined || accept.length > maxLength ? '' : accept
  const ranges = splitUnquoted(text, ',').flatMap(item => parseMediaRange(item) ?? [])
  return ranges.length > 0 ? ranges : [{ range: '*/*', weight: 1 }]
}

/** Reads one item; parameters but `q` are passed over: we have one profile for each version, so nothing to choose. */
function parseMediaRange(text: string): MediaRange | undefined {
  const [first = '', ...rest] = splitUnquoted(text, ';')
  const range = first.trim().toLowerCase()
  const q = rest.map(parseParameter).find(parameter => parameter?.name === 'q')?.value ?? '1'
  return rangeShape.test(range) && weightShape.test(q) ? { range, weight: Number(q) } : undefined
}

/** The weight of the most specific range that covers `type`; of several equal ones the highest. */
function weigh(ranges: readonly MediaRange[], type: string): number {
  const group = `${type.slice(0, type.indexOf('/'))}/*`
  return named(ranges, type) ?? named(ranges, group) ?? named(ranges, '*/*') ?? 0
}

function named(ranges: readonly MediaRange[], range: string): number | undefined {
  const weights = ranges.filter(item => item.range === range).map(item => item.weight)
  return weights.length > 0 ? Math.max(...weights) : undefined
}

/**
 * Chooses the Content-Type of info.json.
 *
 * Version 3 is JSON-LD with its profile unless plain JSON is preferred. Version 2 is plain JSON: "If the client
 * explicitly wants the JSON-LD content-type, then it must specify this in an Accept header" (2.1 section 5.1), so
 * that a wildcard is not enough.
 */
export function negotiateInfo(version: 2 | 3, accept: string | undefined): string {
  const ranges = parseAccept(accept)
  const plain = weigh(ranges, json)
  if (version === 3) return plain > weigh(ranges, jsonLd) ? json : jsonLd3
  const linked = named(ranges, jsonLd) ?? 0
  return linked > 0 && linked >= plain ? jsonLd : json
}

/** Chooses how an error is told: always JSON for info.json, else by Accept; text wins where two weigh the same. */
export function negotiateError(accept: string | undefined, isInfo: boolean): ErrorBodyKind {
  if (isInfo) return 'json'
  const ranges = parseAccept(accept)
  const text = weigh(ranges, 'text/plain')
  const html = weigh(ranges, 'text/html')
  const data = Math.max(weigh(ranges, json), named(ranges, jsonLd) ?? 0)
  if (data > text && data > html) return 'json'
  return html > text ? 'html' : 'text'
}
