/* What the owner of images says of them in manifests and collections, and how it is checked (Presentation API 3.0
   section 3). */
import { type LanguageMap, type LanguageText, resolveText } from '../protocol/language.js'

/** A document of the Presentation API, or a part of one: plain JSON. */
export type PresentationDocument = Record<string, unknown>

/** A label and its value, as people read them. */
export interface LabelledText {
  /** What it is. */
  readonly label: LanguageText
  /** What it says; HTML with few elements, where it begins with `<` and ends with `>`. */
  readonly value: LanguageText
}

/** What is told of a manifest or a collection. */
export interface DocumentAbout {
  /** Its name. @defaultValue the title that the image holds, else the name of the file */
  readonly label?: LanguageText
  /** What it is, in a few sentences. @defaultValue the description that the image holds */
  readonly summary?: LanguageText
  /** Facts for people; they stand before those that the image holds. */
  readonly metadata?: readonly LabelledText[]
  /** The URI of a licence or rights statement. @defaultValue that of info.json, else the licence that the image holds */
  readonly rights?: string
  /** What must be shown with it. */
  readonly requiredStatement?: LabelledText
  /** Who has made it available: agents, as version 3 writes them. */
  readonly provider?: readonly PresentationDocument[]
  /** Pages about it, as version 3 writes them. */
  readonly homepage?: readonly PresentationDocument[]
  /** Descriptions for machines, as version 3 writes them. */
  readonly seeAlso?: readonly PresentationDocument[]
  /** Other forms of it, such as PDF, as version 3 writes them. */
  readonly rendering?: readonly PresentationDocument[]
  /** The date that it is shown under, with a time zone, for example `1652-01-01T00:00:00Z`. */
  readonly navDate?: string
}

/** In which direction pages follow each other. */
export type ViewingDirection = 'left-to-right' | 'right-to-left' | 'top-to-bottom' | 'bottom-to-top'

/** What is told of a manifest. */
export interface ManifestAbout extends DocumentAbout {
  /** In which direction its pages follow each other. @defaultValue not told: left to right */
  readonly viewingDirection?: ViewingDirection
  /** How viewers show its pages, for example `paged` for those of a book. @defaultValue not told */
  readonly behavior?: readonly string[]
}

/** {@link ManifestAbout}, checked; texts by language. */
export interface ResolvedAbout {
  /** Its name. */
  readonly label?: LanguageMap
  /** What it is. */
  readonly summary?: LanguageMap
  /** Facts for people. */
  readonly metadata: readonly ResolvedLabelledText[]
  /** What must be shown with it. */
  readonly requiredStatement?: ResolvedLabelledText
  /** The URI of a licence or rights statement. */
  readonly rights?: string
  /** In which direction its pages follow each other. */
  readonly viewingDirection?: ViewingDirection
  /** How viewers show its pages. */
  readonly behavior?: readonly string[]
  /** What goes into the document as it is. */
  readonly others: PresentationDocument
}

/** {@link LabelledText} with texts by language. */
export interface ResolvedLabelledText {
  /** What it is. */
  readonly label: LanguageMap
  /** What it says. */
  readonly value: LanguageMap
}

const directions: readonly unknown[] = ['left-to-right', 'right-to-left', 'top-to-bottom', 'bottom-to-top']

/** Checks what is told of a document. @throws TypeError that names the property. */
export function resolveAbout(about: ManifestAbout): ResolvedAbout {
  const { label, summary, metadata = [], requiredStatement, rights, viewingDirection, behavior } = about
  const { provider, homepage, seeAlso, rendering, navDate } = about
  if (rights !== undefined && !/^https?:\/\/\S+$/.test(rights)) throw new TypeError('rights: expected a URI')
  if (viewingDirection !== undefined && !directions.includes(viewingDirection))
    throw new TypeError(`viewingDirection: expected one of ${directions.join(', ')}`)
  return {
    ...(label !== undefined && { label: resolveText(label, 'label') }),
    ...(summary !== undefined && { summary: resolveText(summary, 'summary') }),
    metadata: metadata.map((item, index) => resolveLabelled(item, `metadata[${index}]`)),
    ...(requiredStatement && { requiredStatement: resolveLabelled(requiredStatement, 'requiredStatement') }),
    ...(rights !== undefined && { rights }),
    ...(viewingDirection !== undefined && { viewingDirection }),
    ...(behavior !== undefined && { behavior: [...behavior] }),
    others: {
      ...(provider && { provider }),
      ...(homepage && { homepage }),
      ...(seeAlso && { seeAlso }),
      ...(rendering && { rendering }),
      ...(navDate !== undefined && { navDate }),
    },
  }
}

function resolveLabelled({ label, value }: LabelledText, name: string): ResolvedLabelledText {
  return { label: resolveText(label, `${name}.label`), value: resolveText(value, `${name}.value`) }
}
