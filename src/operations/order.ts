/* What a task is told to do: the JSON of a POST, read strictly.

     order = { "kind": "purge", "identifier": text } | { "kind": "purge", "identifiers": [ text … ] }
           | { "kind": "purge", "expired": true } | { "kind": "purge", "all": true }
           | { "kind": "warm", "identifier": text, "sizes"?, "tiles"?, "scaleFactors"?, "format"? }

   The verbs of Cantaloupe's tasks that have the same meaning here are understood too. */
import type { HttpRequest } from '../contracts.js'
import { BadRequestError, IIIFError } from '../errors.js'
import { readHeader } from '../http/header-field.js'
import { isFormat } from '../protocol/format.js'
import type { WarmOptions } from '../service/upkeep.js'

/** What a task does. */
export type Order =
  | { readonly kind: 'purge'; readonly identifiers: readonly string[] }
  | { readonly kind: 'purge'; readonly expired: true }
  | { readonly kind: 'purge'; readonly all: true }
  | ({ readonly kind: 'warm'; readonly identifier: string } & Omit<WarmOptions, 'signal'>)

const maxBytes = 2 ** 20
const maxReadBytes = 2 * maxBytes
const maxIdentifiers = 10_000
const maxIdentifierLength = 4096
const maxScaleFactors = 32

/**
 * Reads the order that a request brings.
 *
 * @throws {@link IIIFError} when it is no JSON (415), too large (413), or no order (400).
 */
export async function readOrder(request: HttpRequest): Promise<Order> {
  const type = readHeader(request.headers, 'content-type') ?? ''
  // Forms, which pages of other sites may send, have other types (Fetch standard, CORS-safelisted request-header).
  if (!/^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i.test(type)) {
    throw new IIIFError(415, 'unsupported-media-type', 'Expected a body of application/json.')
  }
  return parseOrder(parseJson(await readBody(request)))
}

/**
 * Reads a body that may be an order.
 *
 * @throws {@link IIIFError} when it is too large (413), or breaks off (400).
 */
export async function readBody({ body, headers }: HttpRequest): Promise<Uint8Array> {
  const refuse = (): never => {
    throw new IIIFError(413, 'body-too-large', `Expected a body of at most ${maxBytes} bytes.`)
  }
  if (Number(readHeader(headers, 'content-length') ?? 0) > maxReadBytes) refuse()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of body ?? []) {
      size += chunk.byteLength
      // To leave the loop breaks the connection: what is not much too large is read to its end, and answered.
      if (size > maxReadBytes) break
      if (size <= maxBytes) chunks.push(chunk)
    }
  } catch (cause) {
    // A client that leaves is no failure of the server.
    throw refuseOrder('a body that comes to its end', { cause })
  }
  return size > maxBytes ? refuse() : Buffer.concat(chunks)
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw refuseOrder('a body of JSON', { cause })
  }
}

/** Reads an order. @throws {@link BadRequestError} that says what was expected. */
export function parseOrder(value: unknown): Order {
  const { kind, verb, ...rest } = requireRecord(value)
  if (kind === undefined && verb !== undefined) return parseVerb(verb, rest)
  if (verb !== undefined) throw refuseOrder('"kind" alone, without "verb"')
  if (kind === 'purge') return parsePurge(rest)
  if (kind === 'warm') return parseWarm(rest)
  throw refuseOrder('a "kind" of "purge" or "warm"')
}

type Rest = Readonly<Record<string, unknown>>

function parsePurge(rest: Rest): Order {
  const [name, ...others] = Object.keys(rest)
  if (name !== undefined && others.length === 0) {
    const value = rest[name]
    if (name === 'identifier') return { kind: 'purge', identifiers: [requireIdentifier(value, name)] }
    if (name === 'identifiers') return { kind: 'purge', identifiers: requireIdentifiers(value) }
    if (name === 'expired' && value === true) return { kind: 'purge', expired: true }
    if (name === 'all' && value === true) return { kind: 'purge', all: true }
  }
  throw refuseOrder('one of "identifier", "identifiers", "expired": true and "all": true')
}

function parseWarm({ identifier, sizes, tiles, scaleFactors, format, ...others }: Rest): Order {
  if (Object.keys(others).length > 0) {
    throw refuseOrder('"identifier", "sizes", "tiles", "scaleFactors" and "format", and nothing else')
  }
  return {
    kind: 'warm',
    identifier: requireIdentifier(identifier, 'identifier'),
    ...(sizes !== undefined && { sizes: requireBoolean(sizes, 'sizes') }),
    ...(tiles !== undefined && { tiles: requireBoolean(tiles, 'tiles') }),
    ...(scaleFactors !== undefined && { scaleFactors: requireScaleFactors(scaleFactors) }),
    ...(format !== undefined && { format: requireFormat(format) }),
  }
}

/* Cantaloupe keeps infos in a cache of their own; here they go with all else. */
function parseVerb(verb: unknown, rest: Rest): Order {
  if (verb === 'PurgeItemFromCache') return parsePurge(rest)
  if (Object.keys(rest).length === 0) {
    if (verb === 'PurgeCache') return { kind: 'purge', all: true }
    if (verb === 'PurgeInvalidFromCache') return { kind: 'purge', expired: true }
  }
  throw refuseOrder(
    'a "verb" of PurgeCache, PurgeInvalidFromCache or PurgeItemFromCache with an "identifier"',
  )
}

function requireRecord(value: unknown): Rest {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw refuseOrder('an object')
}

function requireIdentifier(value: unknown, name: string): string {
  const isIdentifier =
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= maxIdentifierLength &&
    value.isWellFormed()
  if (isIdentifier) return value
  throw refuseOrder(`"${name}" to be an identifier, not encoded`)
}

function requireIdentifiers(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.length > 0 && value.length <= maxIdentifiers) {
    return value.map(item => requireIdentifier(item, 'identifiers'))
  }
  throw refuseOrder(`"identifiers" to be a list of 1 to ${maxIdentifiers}`)
}

function requireBoolean(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value
  throw refuseOrder(`"${name}" to be true or false`)
}

function requireScaleFactors(value: unknown): readonly number[] {
  const isList =
    Array.isArray(value) &&
    value.length <= maxScaleFactors &&
    value.every(factor => Number.isSafeInteger(factor) && factor > 0)
  if (isList) return value
  throw refuseOrder(`"scaleFactors" to be a list of at most ${maxScaleFactors} whole numbers from 1`)
}

function requireFormat(value: unknown): NonNullable<WarmOptions['format']> {
  if (typeof value === 'string' && isFormat(value)) return value
  throw refuseOrder('"format" to be the name of a format')
}

function refuseOrder(expected: string, options?: ErrorOptions): BadRequestError {
  return new BadRequestError('invalid-task', `Expected ${expected}.`, options)
}
