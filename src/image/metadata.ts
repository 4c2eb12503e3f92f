/* What an image tells about itself, put together from EXIF, IPTC and XMP. Where they contradict each other the younger one
   is believed: programs that know it write it last (Metadata Working Group, "Guidelines for Handling Image Metadata"). */
import type { EmbeddedField, EmbeddedMetadata } from '../contracts.js'
import type { LanguageMap } from '../protocol/language.js'
import { type FoundFields, parseExif } from './metadata/exif.js'
import { parseIptc } from './metadata/iptc.js'
import { cleanText, type FoundText } from './metadata/text.js'
import { parseXmp } from './metadata/xmp.js'

/** The blocks that an image holds, as they are stored. */
export interface MetadataBlocks {
  /** EXIF, with or without the marker of JPEG. */
  readonly exif?: Uint8Array | undefined
  /** An IPTC record, or the image resources of Photoshop. */
  readonly iptc?: Uint8Array | undefined
  /** An XMP packet. */
  readonly xmp?: Uint8Array | undefined
}

const fields: readonly EmbeddedField[] = [
  'title',
  'description',
  'creator',
  'created',
  'copyright',
  'credit',
  'source',
  'keywords',
  'license',
  'camera',
  'lens',
  'software',
]

const maxTexts = 50

/** Reads blocks of metadata; what is damaged is left out. */
export async function parseMetadata(
  { exif, iptc, xmp }: MetadataBlocks,
  others: FoundFields = {},
): Promise<EmbeddedMetadata> {
  return buildMetadata([
    xmp ? parseXmp(xmp) : {},
    iptc ? parseIptc(iptc) : {},
    exif ? await parseExif(exif) : others,
  ])
}

function buildMetadata(findings: readonly FoundFields[]): EmbeddedMetadata {
  const metadata: Partial<Record<EmbeddedField, LanguageMap>> = {}
  for (const field of fields) {
    const map = findings.map(found => buildMap(found[field] ?? [])).find(texts => texts !== undefined)
    if (map !== undefined) metadata[field] = map
  }
  return metadata
}

function buildMap(texts: readonly FoundText[]): LanguageMap | undefined {
  const map = new Map<string, string[]>()
  for (const { text, language } of texts.slice(0, maxTexts)) {
    const clean = cleanText(text)
    const tag = /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,4}$/.test(language) ? language : 'none'
    if (clean !== '' && !map.get(tag)?.includes(clean)) map.set(tag, [...(map.get(tag) ?? []), clean])
  }
  // What is the default is mostly one of the languages over again.
  const [none, ...named] = [map.get('none'), ...[...map].filter(([tag]) => tag !== 'none')]
  if (none && named.some(([, list]) => none.every(text => list.includes(text)))) map.delete('none')
  return map.size === 0 ? undefined : Object.fromEntries(map)
}
