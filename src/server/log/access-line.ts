/* One line about one answer. What comes from outside is written so that it cannot end the line, leave its quotes, or give
   a secret away. */
import { maskSecrets } from '../mask.js'
import { formatJsonLine } from './json-line.js'

/** How lines are written. */
export type AccessLogFormat = 'combined' | 'timed' | 'json'

/** What is written down about an answer. */
export interface AccessEntry {
  /** When the request came. */
  readonly date: Date
  /** The address of the client. */
  readonly client?: string | undefined
  /** Who asked. */
  readonly user?: string | undefined
  /** The method. */
  readonly method: string
  /** Path and query, as they came. */
  readonly url: string
  /** The version of HTTP, such as `1.1`. */
  readonly httpVersion: string
  /** The status. */
  readonly status: number
  /** How many bytes of the body were taken. */
  readonly bytes: number
  /** Where the client says that it comes from. */
  readonly referer?: string | undefined
  /** What the client says that it is. */
  readonly userAgent?: string | undefined
  /** Everything that may be told beside it: numbers are milliseconds. */
  readonly details?: Readonly<Record<string, string | number | boolean | undefined>>
}

/** Writes the line, without its end. */
export function formatAccessLine(entry: AccessEntry, format: AccessLogFormat): string {
  if (format === 'json') return formatJson(entry)
  const { date, client, user, method, status, bytes, referer, userAgent } = entry
  const request = `${method} ${maskSecrets(entry.url)} HTTP/${entry.httpVersion}`
  const line =
    `${escapeWord(client)} - ${escapeWord(user)} [${formatDate(date)}] "${escapeQuoted(request)}" ${status} ` +
    `${bytes || '-'} "${escapeQuoted(referer && maskSecrets(referer))}" "${escapeQuoted(userAgent)}"`
  return format === 'timed' ? line + formatDetails(entry.details) : line
}

function formatJson({ date, details, url, referer, ...entry }: AccessEntry): string {
  return formatJsonLine({
    time: date.toISOString(),
    ...entry,
    url: maskSecrets(url),
    ...(referer !== undefined && { referer: maskSecrets(referer) }),
    ...details,
  })
}

function formatDetails(details: AccessEntry['details'] = {}): string {
  const words = Object.entries(details)
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) =>
        ` ${name}=${typeof value === 'number' ? value.toFixed(1) : escapeWord(String(value))}`,
    )
  return words.join('')
}

/* A request has no field that is longer than this and means anything. */
const maxLength = 4096

/* Printable ASCII stays as it is, but quotes and backslashes; all else is written as nginx does it: as bytes. */
function escapeQuoted(text: string | undefined): string {
  return text ? escapeBytes(text.slice(0, maxLength), /[^ !#-[\]-~]/gu) : '-'
}

function escapeWord(text: string | undefined): string {
  return text ? escapeBytes(text.slice(0, maxLength), /[^!#-[\]-~]/gu) : '-'
}

function escapeBytes(text: string, others: RegExp): string {
  return text.replace(others, letter =>
    Array.from(Buffer.from(letter), byte => `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(
      '',
    ),
  )
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/* 10/Oct/2000:13:55:36 +0000 */
function formatDate(date: Date): string {
  const [year = '', month = '', rest = ''] = date.toISOString().split('-')
  return `${rest.slice(0, 2)}/${months[Number(month) - 1]}/${year}:${rest.slice(3, 11)} +0000`
}
