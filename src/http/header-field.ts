/* Reading header fields: lists, quoted strings and parameters (RFC 9110 section 5.6), and the one place that says
   which header was ignored. Header values are claims of strangers: nothing here throws. */
import type { HttpRequest } from '../contracts.js'
import { createDebug } from '../debug.js'

const debug = createDebug('http')

/** The headers of a request; names in lower case. */
export type RequestHeaders = HttpRequest['headers']

/** One parameter of a header field, such as `q=0.5` or `host="example.org:8080"`. */
export interface HeaderParameter {
  /** The name, in lower case. */
  readonly name: string
  /** The value, without its quotes. */
  readonly value: string
}

/** Reads a header as one string; fields that came more than once are one list (RFC 9110 section 5.3). */
export function readHeader(headers: RequestHeaders, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' || value === undefined ? value : value.join(', ')
}

/**
 * Reads the first item of a header's list with `parse`; empty is the same as absent.
 *
 * What `parse` cannot read is ignored with a debug line, exactly as if the header had not been sent.
 */
export function readFirstItem<T>(
  headers: RequestHeaders,
  name: string,
  parse: (text: string) => T | undefined,
): T | undefined {
  return parseOrIgnore(name, readHeader(headers, name)?.split(',', 1)[0]?.trim(), parse)
}

/** Gives what `parse` makes of `text`; when that is nothing, a debug line says that `what` was ignored. */
export function parseOrIgnore<T>(
  what: string,
  text: string | undefined,
  parse: (text: string) => T | undefined,
): T | undefined {
  if (!text) return undefined
  const value = parse(text)
  // %o shows control characters as escapes, so that a header cannot forge lines of the log.
  if (value === undefined && debug.enabled) debug('ignored %s: %o', what, text.slice(0, 200))
  return value
}

/** Splits at every `separator` that is not inside a quoted string; a quote left open reaches to the end. */
export function splitUnquoted(text: string, separator: ',' | ';'): string[] {
  const parts: string[] = []
  let start = 0
  let quoted = false
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (character === '"') quoted = !quoted
    else if (quoted && character === '\\') index++
    else if (character === separator && !quoted) {
      parts.push(text.slice(start, index))
      start = index + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

// No two neighbours match the same character, so that the time grows with the length only.
const parameter = /^([!#$%&'*+.^_`|~0-9a-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^" \t][^"]*)?)$/is

/** Reads `name=value` or `name="value"`; `undefined` where it is neither. */
export function parseParameter(text: string): HeaderParameter | undefined {
  const [, name, quoted, plain = ''] = parameter.exec(text.trim()) ?? []
  if (name === undefined) return undefined
  return { name: name.toLowerCase(), value: quoted?.replace(/\\(.)/gs, '$1') ?? plain }
}
