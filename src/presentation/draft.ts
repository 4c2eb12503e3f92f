/* A manifest before it is written in one of the versions: what stands on it, in order, with all URIs. */
import type { LanguageMap } from '../protocol/language.js'
import type { PresentationDocument, ResolvedAbout } from './about.js'

/** A picture to paint on a canvas, or its thumbnail. */
export interface Picture {
  /** The URI of the image. */
  readonly id: string
  /** Its width in pixels, where it is known. */
  readonly width?: number
  /** Its height in pixels, where it is known. */
  readonly height?: number
  /** The services that make it at any size, as the version of the document writes them. */
  readonly services: readonly PresentationDocument[]
}

/** One image or page. */
export interface CanvasDraft {
  /** Its URI. */
  readonly id: string
  /** Its name. */
  readonly label: LanguageMap
  /** The width of the full image, in pixels. */
  readonly width: number
  /** The height of the full image, in pixels. */
  readonly height: number
  /** The picture on it. */
  readonly body: Picture
  /** A small picture of it. */
  readonly thumbnail?: Picture
  /** How much of an inch a pixel is. */
  readonly inchesPerPixel?: number
}

/** A manifest. */
export interface ManifestDraft extends ResolvedAbout {
  /** Its URI. */
  readonly id: string
  /** Its name. */
  readonly label: LanguageMap
  /** What it is part of. */
  readonly partOf: readonly Reference[]
  /** What is shown. */
  readonly canvases: readonly CanvasDraft[]
}

/** A collection. */
export interface CollectionDraft extends ResolvedAbout {
  /** Its URI. */
  readonly id: string
  /** Its name. */
  readonly label: LanguageMap
  /** What it is part of. */
  readonly partOf: readonly Reference[]
  /** Manifests and collections, in order. */
  readonly items: readonly ItemDraft[]
}

/** A manifest or a collection that a collection tells of. */
export interface ItemDraft {
  /** Which of them. */
  readonly type: 'Manifest' | 'Collection'
  /** Its URI. */
  readonly id: string
  /** Its name. */
  readonly label: LanguageMap
  /** A small picture of it. */
  readonly thumbnail?: Picture
}

/** A document that is named only. */
export interface Reference {
  /** Its URI. */
  readonly id: string
  /** What it is. */
  readonly type: 'Manifest' | 'Collection'
}

/** All pictures are asked for as JPEG, which every server and every viewer knows. */
export const pictureFormat = 'image/jpeg'

/** Annex "Physical Dimensions" of the IIIF services: what a ruler needs. */
export const physicalDimensions = {
  context: 'http://iiif.io/api/annex/services/physdim/1/context.json',
  profile: 'http://iiif.io/api/annex/services/physdim',
} as const
