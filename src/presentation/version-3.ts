/* Manifests and collections of Presentation API 3.0, written by iiif-builder; the only file that knows it. It is loaded when
   the first document is built: it takes a tenth of a second and some megabytes, which services without manifests save. */
import type { PresentationDocument } from './about.js'
import {
  type CanvasDraft,
  type CollectionDraft,
  type ItemDraft,
  type ManifestDraft,
  type Picture,
  physicalDimensions,
  pictureFormat,
} from './draft.js'

/* What is used of a builder of iiif-builder, in our own words. */
interface EntityBuilder {
  setLabel(label: unknown): void
  setSummary(summary: unknown): void
  setMetadata(metadata: unknown): void
  setRequiredStatement(statement: unknown): void
  setRights(rights: string): void
  setService(services: unknown): void
  setViewingDirection(direction: string): void
  setBehavior(behavior: string[]): void
  addThumbnail(picture: unknown): void
}

interface CanvasBuilder extends EntityBuilder {
  setWidth(width: number): void
  setHeight(height: number): void
  createAnnotationPage(
    id: string,
    build: (page: { createAnnotation(annotation: unknown): void }) => void,
  ): void
}

/** Writes a manifest. */
export async function buildManifest3(draft: ManifestDraft): Promise<PresentationDocument> {
  const builder = await createBuilder()
  builder.createManifest(draft.id, manifest => {
    describe(manifest as EntityBuilder, draft)
    if (draft.viewingDirection) manifest.setViewingDirection(draft.viewingDirection)
    if (draft.behavior) manifest.setBehavior([...draft.behavior])
    const [first] = draft.canvases
    if (first?.thumbnail) manifest.addThumbnail(buildPicture(first.thumbnail) as never)
    for (const canvas of draft.canvases) {
      manifest.createCanvas(canvas.id, target => addCanvas(target as unknown as CanvasBuilder, canvas))
    }
  })
  return finish(builder.toPresentation3({ id: draft.id, type: 'Manifest' }), draft)
}

/** Writes a collection. */
export async function buildCollection3(draft: CollectionDraft): Promise<PresentationDocument> {
  const builder = await createBuilder()
  builder.createCollection(draft.id, collection => {
    describe(collection as EntityBuilder, draft)
    for (const item of draft.items) {
      const add = (target: unknown) => describeItem(target as EntityBuilder, item)
      if (item.type === 'Manifest') collection.createManifest(item.id, add)
      else collection.createCollection(item.id, add)
    }
  })
  const document = finish(builder.toPresentation3({ id: draft.id, type: 'Collection' }), draft)
  // 5.1: a collection must have items, if only an empty list.
  return { ...document, items: document.items ?? [] }
}

async function createBuilder() {
  const { IIIFBuilder } = await import('iiif-builder')
  return new IIIFBuilder()
}

function describe(target: EntityBuilder, draft: ManifestDraft | CollectionDraft): void {
  target.setLabel(draft.label)
  if (draft.summary) target.setSummary(draft.summary)
  if (draft.metadata.length > 0) target.setMetadata(draft.metadata)
  if (draft.requiredStatement) target.setRequiredStatement(draft.requiredStatement)
  if (draft.rights !== undefined) target.setRights(draft.rights)
}

function describeItem(target: EntityBuilder, { label, thumbnail }: ItemDraft): void {
  target.setLabel(label)
  if (thumbnail) target.addThumbnail(buildPicture(thumbnail))
}

function addCanvas(target: CanvasBuilder, canvas: CanvasDraft): void {
  const { id, label, width, height, body, thumbnail, inchesPerPixel } = canvas
  target.setLabel(label)
  target.setWidth(width)
  target.setHeight(height)
  if (thumbnail) target.addThumbnail(buildPicture(thumbnail))
  if (inchesPerPixel !== undefined) target.setService([buildPhysicalDimensions(id, inchesPerPixel)])
  target.createAnnotationPage(`${id}/page`, page =>
    page.createAnnotation({
      id: `${id}/annotation`,
      type: 'Annotation',
      motivation: 'painting',
      target: id,
      body: buildPicture(body),
    }),
  )
}

function buildPicture({ id, width, height, services }: Picture): PresentationDocument {
  return {
    id,
    type: 'Image',
    format: pictureFormat,
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    service: services,
  }
}

/* The annex is older than version 3, in which every service must have an identity and a type (section 3.4): ours are no
   more than that. */
function buildPhysicalDimensions(canvasUri: string, inchesPerPixel: number): PresentationDocument {
  const { context, profile } = physicalDimensions
  return {
    '@context': context,
    '@id': `${canvasUri}/physical-dimensions`,
    '@type': 'PhysicalDimensions',
    profile,
    physicalScale: inchesPerPixel,
    physicalUnits: 'in',
  }
}

/* What iiif-builder has no method for, or would take for the same thing as another with its URI, is added as it is. */
function finish(built: unknown, { others, partOf }: ManifestDraft | CollectionDraft): PresentationDocument {
  const { items, ...document } = built as PresentationDocument
  return {
    ...document,
    ...others,
    ...(partOf.length > 0 && { partOf }),
    ...(items !== undefined && { items }),
  }
}
