/* Manifests and collections of Presentation API 2.1, for viewers that know nothing newer. They are written here and not by
   iiif-builder, which leaves out licences, hints and tiles and writes targets of annotations that 2.1 does not have. */
import { flattenText, isLanguageMap, type LanguageMap } from '../protocol/language.js'
import type { PresentationDocument, ResolvedLabelledText } from './about.js'
import {
  type CanvasDraft,
  type CollectionDraft,
  type ItemDraft,
  type ManifestDraft,
  type Picture,
  physicalDimensions,
  pictureFormat,
} from './draft.js'

const context = 'http://iiif.io/api/presentation/2/context.json'

/** Writes a manifest. */
export function buildManifest2(draft: ManifestDraft): PresentationDocument {
  const [first] = draft.canvases
  const { viewingDirection, behavior = [] } = draft
  const viewingHint = behavior.find(hint => hints.includes(hint))
  return {
    ...buildHead('sc:Manifest', draft),
    ...(first?.thumbnail && { thumbnail: buildPicture(first.thumbnail) }),
    ...(viewingDirection && { viewingDirection }),
    ...(viewingHint && { viewingHint }),
    // 5.2: "There must be at least one sequence, and the first sequence must be included within the manifest".
    sequences: [
      {
        '@id': `${draft.id}/sequence`,
        '@type': 'sc:Sequence',
        canvases: draft.canvases.map(buildCanvas),
      },
    ],
  }
}

// 3.3: the hints that a manifest can have and that version 3 has as behaviours.
const hints: readonly string[] = ['individuals', 'paged', 'continuous']

/** Writes a collection. */
export function buildCollection2(draft: CollectionDraft): PresentationDocument {
  // 5.8.1: `members` keeps manifests and collections in their order.
  return { ...buildHead('sc:Collection', draft), members: draft.items.map(buildItem) }
}

function buildItem({ type, id, label, thumbnail }: ItemDraft): PresentationDocument {
  return {
    '@id': id,
    '@type': `sc:${type}`,
    label: buildText(label),
    ...(thumbnail && { thumbnail: buildPicture(thumbnail) }),
  }
}

function buildHead(type: string, draft: ManifestDraft | CollectionDraft): PresentationDocument {
  const { id, label, summary, metadata, rights, partOf, others } = draft
  const [within] = partOf
  return {
    '@context': context,
    '@id': id,
    '@type': type,
    label: buildText(label),
    ...(summary && { description: buildText(summary) }),
    ...(metadata.length > 0 && { metadata: metadata.map(buildLabelled) }),
    ...buildAttribution(draft),
    ...(rights !== undefined && { license: rights }),
    ...(within && { within: within.id }),
    ...buildLinks(others),
  }
}

/* 3.2 and 3.4: one text and one picture that must be shown; who provides the images is named in them. */
function buildAttribution({
  requiredStatement,
  others,
}: ManifestDraft | CollectionDraft): PresentationDocument {
  const [provider] = listOf(others.provider)
  const statement = requiredStatement?.value ?? provider?.label
  const [logo] = listOf(provider?.logo)
  return {
    ...(isLanguageMap(statement) && { attribution: flattenText(statement) }),
    ...(logo && { logo: { '@id': logo.id } }),
  }
}

function buildLinks({ homepage, seeAlso, rendering, navDate }: PresentationDocument): PresentationDocument {
  const links = { related: homepage, seeAlso, rendering }
  const built = Object.entries(links).flatMap(([name, value]) => {
    const resources = listOf(value).map(buildLink)
    return resources.length === 0 ? [] : [[name, resources.length === 1 ? resources[0] : resources]]
  })
  return { ...Object.fromEntries(built), ...(navDate !== undefined && { navDate }) }
}

function buildLink({ id, label, format, profile }: PresentationDocument): PresentationDocument {
  return {
    '@id': id,
    ...(isLanguageMap(label) && { label: buildText(label) }),
    ...(format !== undefined && { format }),
    ...(profile !== undefined && { profile }),
  }
}

function listOf(value: unknown): readonly PresentationDocument[] {
  return Array.isArray(value) ? value : []
}

function buildLabelled({ label, value }: ResolvedLabelledText): PresentationDocument {
  return { label: buildText(label), value: buildText(value) }
}

/* 4.3: a string where the language is not known, else values with their languages. */
function buildText(map: LanguageMap): unknown {
  const values = Object.entries(map).flatMap(([language, texts]) =>
    texts.map(text => (language === 'none' ? text : { '@value': text, '@language': language })),
  )
  return values.length === 1 ? values[0] : values
}

function buildCanvas(canvas: CanvasDraft): PresentationDocument {
  const { id, label, width, height, body, thumbnail, inchesPerPixel } = canvas
  return {
    '@id': id,
    '@type': 'sc:Canvas',
    label: buildText(label),
    width,
    height,
    ...(thumbnail && { thumbnail: buildPicture(thumbnail) }),
    ...(inchesPerPixel !== undefined && { service: buildPhysicalDimensions(inchesPerPixel) }),
    images: [
      {
        '@id': `${id}/annotation`,
        '@type': 'oa:Annotation',
        motivation: 'sc:painting',
        resource: buildPicture(body),
        on: id,
      },
    ],
  }
}

function buildPicture({ id, width, height, services }: Picture): PresentationDocument {
  return {
    '@id': id,
    '@type': 'dctypes:Image',
    format: pictureFormat,
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    service: services.length === 1 ? services[0] : services,
  }
}

function buildPhysicalDimensions(inchesPerPixel: number): PresentationDocument {
  const { context: own, profile } = physicalDimensions
  return { '@context': own, profile, physicalScale: inchesPerPixel, physicalUnits: 'in' }
}
