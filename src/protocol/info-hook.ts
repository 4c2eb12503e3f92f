/* What the owner of an image adds to its info.json when it is built: merged so that nothing is lost that clients need
   (Image API 3.0 sections 5.2 to 5.8, 2.1 sections 5.2 and 5.6). */
import { isFormat } from './format.js'
import type { InfoDocument, InfoExtras } from './info.js'
import { isLanguageMap, type LanguageMap } from './language.js'
import { versionFacts } from './version.js'

/** What a hook adds to an info.json; each version takes the properties that it has. */
export interface InfoAdditions extends InfoExtras {
  /** Formats in the order that clients should prefer, of those that are served; version 3 only. */
  readonly preferredFormats?: readonly string[]
  /** The name of the image, by language; version 3 only. */
  readonly label?: LanguageMap
  /** Properties of extensions; JSON, with a context that explains them among `contexts`. */
  readonly [property: string]: unknown
}

/** An info.json with additions. */
export interface AmendedInfo {
  /** The document. */
  readonly document: InfoDocument
  /** What was not taken, a sentence each, for the debug channel. */
  readonly dropped: readonly string[]
}

type Merge = (value: unknown, document: InfoDocument) => unknown

/** What a merge gives where a value cannot be taken. */
const refused = Symbol('refused')

/**
 * Merges what a hook gave into an info.json. Services and contexts are added to those that are there; other properties
 * are set. What is no JSON, has the wrong shape, or would change what the server is bound by (`@context`, `id`, `type`,
 * `protocol`, `profile`, sizes, tiles, limits, what is offered) is dropped, never the document.
 *
 * @param additions - what the hook returned; nothing is fine
 */
export function applyInfoHook(document: InfoDocument, additions: unknown): AmendedInfo {
  if (additions === undefined || additions === null) return { document, dropped: [] }
  const given = copyJson(additions)
  if (!isRecord(given)) return { document, dropped: ['The info hook gave no object of JSON.'] }
  const merges = document.type === 'ImageService3' ? merges3 : merges2
  const others = document.type === 'ImageService3' ? merges2 : merges3
  const dropped: string[] = []
  let amended = document
  for (const [name, value] of Object.entries(given)) {
    if (!merges.has(name) && others.has(name)) continue
    const merged = (merges.get(name) ?? mergeExtension(name))(value, amended)
    if (merged === refused) dropped.push(`The info hook's "${name}" was dropped: ${reasonOf(name)}.`)
    else amended = { ...amended, ...(merged as InfoDocument) }
  }
  return { document: amended, dropped }
}

function reasonOf(name: string): string {
  return bound.has(name)
    ? 'it tells what the server is bound by'
    : 'it has not the shape that the Image API demands'
}

/* What is not JSON is not sent: a copy is, without functions, getters and prototypes. */
function copyJson(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value) ?? 'null')
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is InfoDocument {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What only the server can tell. */
const bound: ReadonlySet<string> = new Set([
  '@context',
  'id',
  '@id',
  'type',
  '@type',
  'protocol',
  'profile',
  'width',
  'height',
  'maxWidth',
  'maxHeight',
  'maxArea',
  'sizes',
  'tiles',
  'extraFormats',
  'extraQualities',
  'extraFeatures',
  '__proto__',
])

function mergeExtension(name: string): Merge {
  return value => (bound.has(name) ? refused : { [name]: value })
}

const set =
  (name: string, isValid: (value: unknown) => boolean): Merge =>
  value =>
    isValid(value) ? { [name]: value } : refused

const isUri = (value: unknown): value is string =>
  typeof value === 'string' && /^[a-z][a-z0-9+.-]*:\S+$/i.test(value)

const isText = (value: unknown) => typeof value === 'string' && value !== ''

const isListOf = (isItem: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.length > 0 && value.every(isItem)

// 5.8: "Each item MUST have the id and type properties".
const isResource = (value: unknown) => isRecord(value) && isUri(value.id) && isText(value.type)

// 5.8: services "MUST have either the id and type properties, or the @id and @type properties".
const isService3 = (value: unknown) =>
  isResource(value) || (isRecord(value) && isUri(value['@id']) && isText(value['@type']))

// 2.1 section 7 and the annex on services: a context, mostly; what it is shows in its profile.
const isService2 = (value: unknown) =>
  isRecord(value) && (isText(value['@context']) || isText(value.profile) || isUri(value['@id']))

const mergeServices =
  (isService: (value: unknown) => boolean): Merge =>
  (value, { service = [] }) => {
    const added = [value].flat()
    if (added.length === 0) return {}
    // Services that are there already stay: who may log in must find where.
    return added.every(isService) ? { service: [...(service as readonly unknown[]), ...added] } : refused
  }

const mergeContexts: Merge = (value, document) => {
  const there = [document['@context']].flat()
  const own = versionFacts[3].context
  if (!isListOf(isUri)(value)) return refused
  const added = (value as readonly string[]).filter(context => context !== own && !there.includes(context))
  // 5.2: the context of the Image API is the last one.
  const contexts = [...there.filter(context => context !== own), ...new Set(added), own]
  return { '@context': contexts.length === 1 ? own : contexts }
}

const mergePreferredFormats: Merge = (value, { profile, extraFormats = [] }) => {
  if (!isListOf(isText)(value)) return refused
  const offered = ['jpg', ...(profile === 'level2' ? ['png'] : []), ...(extraFormats as readonly string[])]
  // 5.5: each MUST be one that is offered, by the profile or by extraFormats.
  const preferred = (value as readonly string[]).filter(
    format => isFormat(format) && offered.includes(format),
  )
  return preferred.length > 0 ? { preferredFormats: preferred } : refused
}

const merges3: ReadonlyMap<string, Merge> = new Map([
  ['rights', set('rights', isUri)],
  ['label', set('label', isLanguageMap)],
  ['partOf', set('partOf', isListOf(isResource))],
  ['seeAlso', set('seeAlso', isListOf(isResource))],
  ['service', mergeServices(isService3)],
  ['contexts', mergeContexts],
  ['preferredFormats', mergePreferredFormats],
])

const merges2: ReadonlyMap<string, Merge> = new Map([
  ['rights', set('license', isUri)],
  ['license', set('license', isUri)],
  ['attribution', set('attribution', value => isText(value) || isListOf(isText)(value))],
  ['logo', set('logo', isUri)],
  ['service', mergeServices(isService2)],
])
