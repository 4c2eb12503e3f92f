/* The Content-Disposition of an image (RFC 6266, RFC 8187): what a link asks for is read and written anew, so that
   nothing of it reaches the header as it came. */
import { parseParameter, splitUnquoted } from './header-field.js'

interface Disposition {
  readonly type: 'inline' | 'attachment'
  readonly filename?: string
}

const maxAskedLength = 2048
const maxNameLength = 120

// Most names need no cleaning.
const plainName = /^\w[\w~,.-]{0,100}\.\w+$/
const imageExtension = /\.(?:jpe?g|png|webp|tiff?|gif|jp2|avif|pdf)$/i

/**
 * Writes a Content-Disposition header.
 *
 * @param asked - the value of the `response-content-disposition` query argument, decoded once; where it is missing or
 * is neither `inline` nor `attachment`, the response is shown inline.
 * @param filename - the name where `asked` has none; its extension is added to asked names that are no image's, so
 * that a link to an image cannot save itself as a program.
 */
export function buildContentDisposition(asked: string | undefined, filename: string): string {
  if (asked === undefined && plainName.test(filename)) return `inline; filename="${filename}"`
  const fallback = cleanFilename(filename) || 'image'
  const disposition = parseDisposition(asked ?? '')
  const name = cleanFilename(disposition?.filename ?? '')
  const chosen = name === '' ? fallback : ensureExtension(name, fallback)
  return `${disposition?.type ?? 'inline'}; ${formatFilename(shorten(chosen))}`
}

function parseDisposition(text: string): Disposition | undefined {
  if (text.length > maxAskedLength) return undefined
  const [first = '', ...rest] = splitUnquoted(text, ';')
  const type = first.trim().toLowerCase()
  if (type !== 'inline' && type !== 'attachment') return undefined
  const parameters = rest.flatMap(part => parseParameter(part) ?? [])
  const extended = parameters.find(({ name }) => name === 'filename*')
  // filename* is preferred where both are present and it can be read (RFC 6266 section 4.3).
  const filename =
    (extended && parseExtendedValue(extended.value)) ??
    parameters.find(({ name }) => name === 'filename')?.value
  return filename === undefined ? { type } : { type, filename }
}

/** Reads `UTF-8'language'%C3%BC.jpg`; the escapes may be gone already when the link was encoded only once. */
function parseExtendedValue(text: string): string | undefined {
  const [, value] = /^utf-8'[^']*'(.*)$/is.exec(text) ?? []
  try {
    return value === undefined ? undefined : decodeURIComponent(value)
  } catch {
    return undefined
  }
}

/** Drops what is invisible or reorders text, and makes separators and what Windows refuses an underscore. */
function cleanFilename(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, '')
    .replace(/[/\\:*?"<>|]/g, '_')
    .replace(/^[\s.]+/, '')
    .replace(/(?<![\s.])[\s.]+$/, '')
}

function ensureExtension(name: string, fallback: string): string {
  const [extension = ''] = /\.[0-9a-z]{1,8}$/i.exec(fallback) ?? []
  if (imageExtension.test(name) || name.toLowerCase().endsWith(extension.toLowerCase())) return name
  return name + extension
}

/** Cuts the middle out, so that the extension stays. */
function shorten(name: string): string {
  const characters = Array.from(name)
  if (characters.length <= maxNameLength) return name
  const [extension = ''] = /\.[0-9a-z]{1,8}$/i.exec(name) ?? []
  return characters.slice(0, maxNameLength - extension.length).join('') + extension
}

function formatFilename(name: string): string {
  // Accents fall away in the name for old clients. A percent sign there is an escape for some of them (appendix D).
  // Cleaned again, because a full-width slash decomposes to a slash.
  const decomposed = name.normalize('NFKD').replace(/\p{M}/gu, '')
  const plain = cleanFilename(decomposed.replace(/[^\x20-\x7e]|%/gu, '_')) || 'image'
  return plain === name
    ? `filename="${plain}"`
    : `filename="${plain}"; filename*=UTF-8''${formatExtendedValue(name)}`
}

/** The attr-char of RFC 8187 section 3.2.1 are fewer than what encodeURIComponent leaves. */
function formatExtendedValue(text: string): string {
  return encodeURIComponent(text).replace(
    /['()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
