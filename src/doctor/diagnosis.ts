/* What the doctor finds out about an image, as plain data. */
import type { IIIFError } from '../errors.js'

/** How much work an image makes: `fast`: tiles are sent as stored; `fair`: they are decoded; `slow`: far more is. */
export type CostClass = 'fast' | 'fair' | 'slow'

/** What the doctor warns of. */
export type WarningCode =
  | 'no-tiles'
  | 'strips'
  | 'huge-tiles'
  | 'no-pyramid'
  | 'gaps'
  | 'decoded-tiles'
  | 'progressive'
  | 'cmyk'
  | 'large-profile'
  | 'turned'
  | 'sparse'
  | 'compression'
  | 'pages'

/** One thing that makes an image dear, or that may surprise. */
export interface Warning {
  /** Its stable name. */
  readonly code: WarningCode
  /** What it means, in one sentence without a capital and a stop. */
  readonly message: string
}

/** The ICC profile of an image. */
export interface ProfileFacts {
  /** What it calls itself. */
  readonly name: string
  /** Its size in bytes. */
  readonly bytes: number
  /** Whether it says nothing that viewers would not take for granted. */
  readonly isSrgb: boolean
}

/** How an image is stored. */
export interface StoredFacts {
  /** The format, told by the bytes. */
  readonly format: string
  /** The upright width. */
  readonly width: number
  /** The upright height. */
  readonly height: number
  /** How many bytes the file has. */
  readonly bytes: number
  /** How the pixels are compressed. */
  readonly compression: string
  /** The size of the stored tiles; none where there are none. */
  readonly tile?: { readonly width: number; readonly height: number }
  /** How many rows a strip has, where there are strips. */
  readonly stripRows?: number
  /** How many sizes are stored: more than one is a pyramid. */
  readonly levels: number
  /** The format in which tiles are sent as they are stored, where they can be. */
  readonly sentAs?: 'jpg' | 'webp'
  /** The ICC profile, where there is one. */
  readonly profile?: ProfileFacts
  /** The EXIF orientation. */
  readonly orientation: number
  /** The number of images in the file. */
  readonly pages: number
}

/** What one request costs. */
export interface RequestCost {
  /** The request, behind the identifier. */
  readonly request: string
  /** How many pixels are decoded for it. */
  readonly decodedPixels: number
  /** How it is answered. */
  readonly way: 'source' | 'stored' | 'render'
  /** How long it took in the middle of several runs, in milliseconds; absent where nothing was measured. */
  readonly milliseconds?: number
  /** How many runs there were. */
  readonly runs?: number
}

/** What the doctor says about one image. */
export interface Diagnosis {
  /** The name: the path as it was given, or below the folder that was given. */
  readonly name: string
  /** The path of the file. */
  readonly path: string
  /** How it is stored; none where it cannot be read. */
  readonly stored?: StoredFacts
  /** What a tile of 512 pixels in its middle costs. */
  readonly tile?: RequestCost
  /** What a thumbnail of 200 pixels costs. */
  readonly thumbnail?: RequestCost
  /** How much work it makes; none where it cannot be served. */
  readonly cost?: CostClass
  /** What makes it dear, or may surprise. */
  readonly warnings: readonly Warning[]
  /** Why it cannot be served with the options that a service has by default. */
  readonly problem?: { readonly code: IIIFError['code'] | 'internal'; readonly message: string }
  /** The command that makes it fast, for a shell. */
  readonly command?: string
}
