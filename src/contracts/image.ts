/* What the bytes of an image mean, and what is read of them. */
import type { Box, Dimensions } from '../protocol/geometry.js'
import type { LanguageMap } from '../protocol/language.js'

/** The formats that sources may have; `iiif` is an image that another image service has. */
export type SourceFormat = 'jpg' | 'png' | 'webp' | 'gif' | 'avif' | 'tif' | 'svg' | 'iiif'

/** What the colours of an image are before anything is done to them. */
export type SourceColour = 'gray' | 'rgb' | 'cmyk' | 'lab'

/** One of the eight EXIF orientations: what must be done to the stored pixels to stand upright. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

/** One stored resolution of an image; level 0 is the largest. Sizes are those of the stored, not yet upright pixels. */
export interface PyramidLevel {
  /** The true width of the stored pixels. */
  readonly width: number
  /** The true height of the stored pixels. */
  readonly height: number
  /** How many pixels of the full image one pixel of this level stands for: a power of two where the sizes allow it. */
  readonly scaleFactor: number
  /** The size of the stored tiles, where the level is tiled. */
  readonly tile?: Dimensions
  /** How the tiles are encoded, where their bytes can be sent as they are. */
  readonly coding?: StoredCoding
  /**
   * The sides of the blocks, counted from the top left, that lossy compression mixes the pixels of; 1 × 1 where every
   * sample is stored as it was. Absent where the compression reaches further, or where that is not known.
   */
  readonly blocks?: Dimensions
}

/** How stored tiles are encoded that are images by themselves. */
export interface StoredCoding {
  /** The format of the tiles. */
  readonly format: 'jpg' | 'webp'
  /** Where tiles can be cut and joined without decoding: positions that are multiples of these; absent if nowhere. */
  readonly grid?: Dimensions
  /**
   * Whether the tiles come from another image service: those at the edges are then cut to the image, and all of them are
   * worth keeping. @defaultValue false
   */
  readonly isRemote?: boolean
}

/** The facts about an image that everything else is decided by. */
export interface ImageDescription {
  /** The upright width: after the EXIF orientation. */
  readonly width: number
  /** The upright height: after the EXIF orientation. */
  readonly height: number
  /** The format of the source, told by its bytes. */
  readonly format: SourceFormat
  /** The number of pages or frames that are images of their own (not levels of a pyramid). */
  readonly pages: number
  /** The stored resolutions, the largest first. */
  readonly levels: readonly [PyramidLevel, ...PyramidLevel[]]
  /** The number of colour bands, alpha not counted. */
  readonly bands: number
  /** Bits per sample. */
  readonly depth: number
  /** Whether there is an alpha channel. */
  readonly hasAlpha: boolean
  /** The colour family of the samples. */
  readonly colour: SourceColour
  /** What must be done to stored pixels to stand upright. */
  readonly orientation: Orientation
  /** Pixels per inch, where the source tells. */
  readonly density?: number
  /** Whether an ICC profile is embedded. */
  readonly hasProfile: boolean
  /** Whether the image is stored in passes, so that a decoder must hold all of it. @defaultValue false */
  readonly isProgressive?: boolean
}

/** Where the pixels of a region can be had: what {@link ImageReader.pixels} gives to the renderer. */
export type PixelInput =
  | {
      /** The encoded image, in a file or in memory; `box` of it is wanted. */
      readonly kind: 'encoded'
      readonly data: string | Uint8Array
      /** The page of a multi-page format. */
      readonly page?: number
      /** The SubIFD of a TIFF page. */
      readonly subifd?: number
      /** The wanted part, in stored pixels of the level. */
      readonly box: Box
      /** Whether `box` is the whole level, so that the decoder may shrink while it loads. */
      readonly whole: boolean
      /** How many pixels the decoder may be asked for. */
      readonly maxPixels: number
      /** Rejects when a file is not the one any more that was opened; to be called when its pixels were read. */
      check?(): Promise<void>
    }
  | {
      /** Decoded samples, interleaved, of just the wanted part. */
      readonly kind: 'raw'
      readonly data: Uint8Array
      readonly width: number
      readonly height: number
      readonly channels: 1 | 2 | 3 | 4
      readonly depth: 8 | 16
      /** Whether nobody else holds the samples: their memory is given back when they were drawn. @defaultValue false */
      readonly isOwn?: boolean
    }

/** What an image may tell about itself in EXIF, IPTC and XMP. What tells of a place or of a device's owner is not read. */
export type EmbeddedField =
  | 'title'
  | 'description'
  | 'creator'
  | 'created'
  | 'copyright'
  | 'credit'
  | 'source'
  | 'keywords'
  | 'license'
  | 'camera'
  | 'lens'
  | 'software'

/** What an image tells about itself: plain text, as whoever wrote the file claims it; dates by ISO 8601. */
export type EmbeddedMetadata = Readonly<Partial<Record<EmbeddedField, LanguageMap>>>

/** An open image: made once for each version of a source, closed when it is no longer kept. */
export interface ImageReader {
  /** The facts about the image. */
  readonly description: ImageDescription
  /**
   * The bytes of `box` of a level as they are stored: of one tile, or, where {@link StoredCoding.grid} allows it, cut
   * and joined without decoding. A large result comes in pieces. `undefined` where it cannot be done after all.
   */
  stored?(level: number, box: Box, signal?: AbortSignal): Promise<StoredBytes | undefined>
  /**
   * As `stored`, of one tile or cut out of one, without waiting; `undefined` where it cannot be done now.
   *
   * @param allocate - gives memory for one tile as it is; of its own where there is none
   */
  storedSync?(level: number, box: Box, allocate?: (length: number) => Uint8Array): Uint8Array | undefined
  /**
   * Fetches what `storedSync` needs of an image that is far away; `undefined` where that is of no use. Where it fails because
   * of what the image is, `stored` tells.
   */
  prefetch?(level: number, box: Box, signal?: AbortSignal): Promise<void> | undefined
  /** The pixels of `box`, given in stored pixels of `level`. */
  pixels(level: number, box: Box, signal?: AbortSignal): Promise<PixelInput>
  /** Reads what the image tells about itself; what cannot be read is left out. */
  metadata?(signal?: AbortSignal): Promise<EmbeddedMetadata>
  /** How much memory it holds while it is open, in bytes. @defaultValue a few kilobytes */
  readonly heldBytes?: number
  /** Gives back files and memory. */
  close(): Promise<void>
}

/** Encoded bytes: at once, or piece by piece. */
export type StoredBytes = Uint8Array | AsyncIterable<Uint8Array>
