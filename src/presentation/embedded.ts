/* What an image tells about itself, as a manifest says it: only what is on the list, as plain text, because it comes from
   whoever wrote the file. */
import type { EmbeddedField, EmbeddedMetadata } from '../contracts.js'
import type { LanguageMap } from '../protocol/language.js'
import type { ResolvedAbout, ResolvedLabelledText } from './about.js'

/** The fields that are shown where no option says otherwise: what describes a picture, nothing of how it was made. */
export const defaultEmbeddedFields: readonly EmbeddedField[] = [
  'title',
  'description',
  'creator',
  'created',
  'copyright',
  'credit',
  'source',
  'license',
]

const labels: Readonly<Record<EmbeddedField, string>> = {
  title: 'Title',
  description: 'Description',
  creator: 'Creator',
  created: 'Date created',
  copyright: 'Copyright',
  credit: 'Credit line',
  source: 'Source',
  keywords: 'Keywords',
  license: 'Licence',
  camera: 'Camera',
  lens: 'Lens',
  software: 'Software',
}

/** Tells whether a word is the name of a field. */
export function isEmbeddedField(word: unknown): word is EmbeddedField {
  return typeof word === 'string' && Object.hasOwn(labels, word)
}

/** What an image tells about itself, in the order of the list. The title, the description and the licence have places of their own. */
export function describeEmbedded(
  embedded: EmbeddedMetadata,
  shown: readonly EmbeddedField[],
): Pick<ResolvedAbout, 'label' | 'summary' | 'rights' | 'metadata'> {
  const { title, description, license } = Object.fromEntries(
    Object.entries(embedded).filter(([field]) => (shown as readonly string[]).includes(field)),
  ) as EmbeddedMetadata
  const rights = license && findLicense(license)
  return {
    ...(title && { label: title }),
    ...(description && { summary: mapTexts(description, escapePlain) }),
    ...(rights && { rights }),
    metadata: shown.flatMap(field => describeField(field, embedded)),
  }
}

function describeField(field: EmbeddedField, embedded: EmbeddedMetadata): ResolvedLabelledText[] {
  const value = embedded[field]
  if (value === undefined || field === 'title' || field === 'description' || field === 'license') return []
  return [{ label: { en: [labels[field]] }, value: mapTexts(value, escapePlain) }]
}

/* 3.2: rights MUST be one of these, or of a registry of the owner's. Both write them with http. */
const license =
  /^https?:\/\/((?:creativecommons\.org\/(?:licenses|publicdomain)|rightsstatements\.org\/(?:vocab|page))\/[\w./-]+)$/

function findLicense(map: LanguageMap): string | undefined {
  const found = Object.values(map)
    .flat()
    .map(text => license.exec(text)?.[1])
    .find(text => text !== undefined)
  return found && `http://${found.replace('rightsstatements.org/page/', 'rightsstatements.org/vocab/')}`
}

function mapTexts(map: LanguageMap, change: (text: string) => string): LanguageMap {
  return Object.fromEntries(Object.entries(map).map(([language, texts]) => [language, texts.map(change)]))
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/* 3.2: what begins with "<" and ends with ">" is HTML to viewers. As one element with escaped text it shows what it says. */
function escapePlain(text: string): string {
  const isMarkup = text.trimStart().startsWith('<') && text.trimEnd().endsWith('>')
  return isMarkup ? `<span>${text.replace(/[&<>]/g, character => entities[character] ?? '')}</span>` : text
}
