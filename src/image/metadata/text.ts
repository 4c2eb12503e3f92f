/* Texts of metadata: bytes in encodings that nobody was careful with, written by strangers and shown to everybody. */

/** A text, and its language where that is known. */
export interface FoundText {
  /** The text. */
  readonly text: string
  /** A language tag; `none` where the language is not known. */
  readonly language: string
}

/** Longer texts are cut, in characters. */
const maxTextLength = 4_000

/* Control characters, halves of surrogate pairs, and what makes the text behind it run the other way. */
const unwanted = /[\p{Cc}\p{Cs}\ufeff\u202a-\u202e\u2066-\u2069]/gu

/** Makes a text fit to be shown: one line feed between lines, nothing that cannot be seen, no more than 4,000 characters. */
export function cleanText(text: string): string {
  const lines = text
    .slice(0, 2 * maxTextLength)
    .split(/\r\n?|\n/)
    .map(line => line.replace(/\t/g, ' ').replace(unwanted, '').trim())
  const clean = lines.join('\n').replace(/\n{3,}/g, '\n\n')
  return [...clean.trim()].slice(0, maxTextLength).join('')
}

/** Decodes bytes that end at a zero: as UTF-8 where they are that, else as what Windows took for Latin-1. */
export function decodeText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  const text = end < 0 ? bytes : bytes.subarray(0, end)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(text)
  } catch {
    return new TextDecoder('windows-1252').decode(text)
  }
}

// EXIF writes colons between the parts of a date, IPTC nothing, XMP what ISO 8601 wants.
const date =
  /^(\d{4})(?:[-:]?(\d{2})(?:[-:]?(\d{2}))?)?(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2})?))?$/

/** Reads a date in any of the three spellings, by ISO 8601 and as exact as it is told; `undefined` where it is none. */
export function parseDate(text: string): string | undefined {
  const [, year = '0000', month, day, time] = date.exec(text.trim()) ?? []
  if (year === '0000' || month === '00' || Number(month ?? 1) > 12 || Number(day ?? 1) > 31) return undefined
  const parts = [year, month, day === '00' ? undefined : day].filter(part => part !== undefined)
  return time !== undefined && parts.length === 3 ? `${parts.join('-')}T${time}` : parts.join('-')
}
