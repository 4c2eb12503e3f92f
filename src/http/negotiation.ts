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
  /** The profile of JSON-LD that is meant; empty for any. */
  readonly profile: string
}

const jsonLd = 'application/ld+json'
const jsonLd3 = 'application/ld+json;profile="http://iiif.io/api/image/3/context.json"'
const presentations = {
  2: 'http://iiif.io/api/presentation/2/context.json',
  3: 'http://iiif.io/api/presentation/3/context.json',
} as const
const json = 'application/json'

// Longer than any browser's; a list beyond it is not worth the time and counts as absent.
const maxLength = 2048

const rangeShape = /^(?:\*\/\*|[!#$%&'+.^_`|~0-9a-z-]+\/(?:\*|[!#$%&'+.^_`|~0-9a-z-]+))$/
const weightShape = /^(?:0\.?|0?\.[0-9]{1,3}|1(?:\.0{0,3})?)$/

function parseAccept(accept: string | undefined): MediaRange[] {
  const text = accept === undefined || accept.length > maxLength ? '' : accept
  const ranges = splitUnquoted(text, ',').flatMap(item => parseMediaRange(item) ?? [])
  return ranges.length > 0 ? ranges : [{ range: '*/*', weight: 1, profile: '' }]
}

/** Reads one item; parameters but `q` and `profile` are passed over. */
function parseMediaRange(text: string): MediaRange | undefined {
  const [first = '', ...rest] = splitUnquoted(text, ';')
  const range = first.trim().toLowerCase()
  const parameters = rest.map(parseParameter)
  const read = (name: string) => parameters.find(parameter => parameter?.name === name)?.value
  const q = read('q') ?? '1'
  if (!rangeShape.test(range) || !weightShape.test(q)) return undefined
  return { range, weight: Number(q), profile: read('profile') ?? '' }
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
  return chooseJson(version, parseAccept(accept), jsonLd3)
}

function chooseJson(version: 2 | 3, ranges: readonly MediaRange[], linked3: string): string {
  const plain = weigh(ranges, json)
  if (version === 3) return plain > weigh(ranges, jsonLd) ? json : linked3
  const linked = named(ranges, jsonLd) ?? 0
  return linked > 0 && linked >= plain ? jsonLd : json
}

/** A document of the Presentation API as it will be sent. */
export interface NegotiatedPresentation {
  /** The version. */
  readonly version: 2 | 3
  /** The value of Content-Type. */
  readonly contentType: string
}

/**
 * Chooses the version and the Content-Type of a manifest or a collection: where Accept names the profile of a version, that
 * one; else that of the path (Presentation API 3.0 section 6.2). The media types are those of {@link negotiateInfo}.
 */
export function negotiatePresentation(ofPath: 2 | 3, accept: string | undefined): NegotiatedPresentation {
  const ranges = parseAccept(accept)
  const wanted = (version: 2 | 3): number =>
    Math.max(
      0,
      ...ranges.filter(({ profile }) => profile === presentations[version]).map(item => item.weight),
    )
  const other = ofPath === 3 ? 2 : 3
  const version = wanted(other) > wanted(ofPath) ? other : ofPath
  return { version, contentType: chooseJson(version, ranges, `${jsonLd};profile="${presentations[3]}"`) }
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
