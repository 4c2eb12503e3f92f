/* Text for people in several languages (Presentation API 3.0 section 4.1), and as old viewers want it. */

/** Texts by language tag; `none` where the language is not known. */
export type LanguageMap = Readonly<Record<string, readonly string[]>>

/** A text in one unnamed language, or texts by language. */
export type LanguageText = string | LanguageMap

/** Makes a language map of a text. @throws TypeError that names the option, for what is no text. */
export function resolveText(text: LanguageText, name: string): LanguageMap {
  if (typeof text === 'string') return { none: [text] }
  if (isLanguageMap(text)) return text
  throw new TypeError(`${name}: expected a text, or lists of texts by language such as { en: ["Log in"] }`)
}

/** Tells whether a value is a language map with at least one text. */
export function isLanguageMap(value: unknown): value is LanguageMap {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const entries = Object.entries(value)
  return (
    entries.length > 0 &&
    entries.every(
      ([language, texts]) =>
        /^[A-Za-z0-9-]+$/.test(language) &&
        Array.isArray(texts) &&
        texts.length > 0 &&
        texts.every(text => typeof text === 'string'),
    )
  )
}

/** One string for those who know no language maps: English where there is some, else what comes first. */
export function flattenText(text: LanguageMap): string {
  const texts = text.en ?? text.none ?? Object.values(text)[0] ?? []
  return texts.join(' ')
}
