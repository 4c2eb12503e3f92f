/* Conditional requests (RFC 9110 section 13) for GET and HEAD: decided before any pixel is read. */
import { createHash } from 'node:crypto'
import { type RequestHeaders, readHeader } from './header-field.js'

/** What identifies the response that would be sent now. */
export interface Validators {
  /** The ETag, with its quotes. */
  readonly etag?: string | undefined
  /** When the source last changed. */
  readonly lastModified?: HttpDate | undefined
}

/** A date, and how HTTP writes it. */
export interface HttpDate {
  /** Milliseconds since 1970. */
  readonly time: number
  /** The value of a header; none for a date that has no four-digit year, or that is no date. */
  readonly text: string | undefined
}

const imfDate = /^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT$/
const rfc850Date = /^[A-Z][a-z]{5,8}, [0-9]{2}-[A-Z][a-z]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT$/
const asctimeDate = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} [0-9]{4}$/

/**
 * Tells whether the client's copy is still good, so that 304 is the answer.
 *
 * "A recipient MUST ignore If-Modified-Since if the request contains an If-None-Match header field" (section 13.1.3).
 */
export function isFresh(headers: RequestHeaders, { etag, lastModified }: Validators): boolean {
  const noneMatch = readHeader(headers, 'if-none-match')
  if (noneMatch !== undefined) return matchesEtag(noneMatch, etag)
  const since = parseHttpDate(readHeader(headers, 'if-modified-since') ?? '')
  if (since === undefined || lastModified === undefined) return false
  // HTTP dates have whole seconds, file times do not.
  return Math.floor(lastModified.time / 1000) <= Math.floor(since / 1000)
}

function matchesEtag(list: string, etag: string | undefined): boolean {
  if (list.trim() === '*') return true
  if (etag === undefined) return false
  // Weak comparison: proxies that compress weaken a tag (section 8.8.3.2).
  const opaque = etag.replace(/^W\//, '')
  const tags: readonly string[] = list.match(/"[\x21\x23-\x7e\x80-\xff]*"/g) ?? []
  return tags.includes(opaque)
}

/**
 * Writes a strong ETag out of everything that the bytes depend on.
 *
 * The parts are hashed: a version may hold a path or a time that is nobody's business.
 */
export function formatEtag(parts: readonly string[]): string {
  // The length in front keeps ['ab', 'c'] and ['a', 'bc'] apart.
  const text = parts.map(part => `${part.length}:${part}`).join('')
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`
}

/** Writes a date as HTTP does. */
export function formatHttpDate(date: Date): HttpDate {
  const text = date.toUTCString()
  return { time: date.getTime(), text: imfDate.test(text) ? text : undefined }
}

/** Reads the three forms that a recipient MUST accept (section 5.6.7), in milliseconds since 1970. */
function parseHttpDate(text: string): number | undefined {
  const zoned = asctimeDate.test(text) ? `${text} GMT` : text
  if (zoned === text && !imfDate.test(text) && !rfc850Date.test(text)) return undefined
  const time = Date.parse(zoned)
  return Number.isNaN(time) ? undefined : time
}
