/* What makes two answers answers about the same bytes (RFC 9110 sections 8.8 and 13, and 14.4 for Content-Range). */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** What a server says of the version of a resource. */
export interface Validators {
  /** The entity tag as it was sent. */
  readonly etag?: string
  /** The time of the last change as it was sent. */
  readonly lastModified?: string
  /** The number of bytes. */
  readonly size?: number
}

/** A range of bytes and the whole that it is of. */
export interface ContentRange {
  /** The first byte. */
  readonly start: number
  /** The byte after the last one. */
  readonly end: number
  /** The number of bytes of the whole, where the server tells. */
  readonly total?: number
}

/** Reads the header of a 206: `bytes 0-99/1234`; `undefined` for anything else. */
export function parseContentRange(text: string | undefined): ContentRange | undefined {
  const [, first, last, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(text ?? '') ?? []
  const range = { start: Number(first), end: Number(last) + 1 }
  if (first === undefined || range.end <= range.start) return undefined
  if (total === '*') return range
  return Number(total) >= range.end ? { ...range, total: Number(total) } : undefined
}

/** Reads what an answer says of the version. */
export function readValidators({ headers, statusCode }: IncomingMessage): Validators {
  const { etag, 'last-modified': lastModified, 'content-length': length } = headers
  const size = statusCode === 206 ? parseContentRange(headers['content-range'])?.total : parseLength(length)
  return {
    ...(etag !== undefined && { etag }),
    ...(lastModified !== undefined && Number.isFinite(Date.parse(lastModified)) && { lastModified }),
    ...(size !== undefined && { size }),
  }
}

function parseLength(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/**
 * Formats a version: from the entity tag, which is enough where it is strong, or from the time of change; each with the
 * length. `undefined` where nothing is told that changes with the bytes.
 */
export function formatVersion({ etag, lastModified, size }: Validators): string | undefined {
  const isStrong = etag !== undefined && !etag.startsWith('W/')
  const mark = etag ?? lastModified
  if (mark === undefined || (!isStrong && size === undefined)) return undefined
  return createHash('sha256').update(`${mark}\n${size}`).digest('base64url').slice(0, 27)
}

/** Whether an answer is about other bytes: something that both tell is not the same. */
export function isOther(known: Validators, found: Validators): boolean {
  const names = ['etag', 'lastModified', 'size'] as const
  return names.some(
    name => known[name] !== undefined && found[name] !== undefined && known[name] !== found[name],
  )
}

/** The header that asks for a range of just these bytes, and for everything where they are others. */
export function formatIfRange({ etag, lastModified }: Validators): Readonly<Record<string, string>> {
  // 13.1.5: a weak entity tag MUST NOT be sent.
  if (etag !== undefined && !etag.startsWith('W/')) return { 'if-range': etag }
  return etag === undefined && lastModified !== undefined ? { 'if-range': lastModified } : {}
}

/** The header that asks for nothing where the bytes are still these. */
export function formatIfChanged({ etag, lastModified }: Validators): Readonly<Record<string, string>> {
  if (etag !== undefined) return { 'if-none-match': etag }
  return lastModified === undefined ? {} : { 'if-modified-since': lastModified }
}
