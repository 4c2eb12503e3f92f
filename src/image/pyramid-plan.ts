/* What a pyramid of an image will be: decided from its headers, before a pixel is decoded. */
import type { Metadata } from 'sharp'
import type { Orientation } from '../contracts.js'
import type { Dimensions } from '../protocol/geometry.js'
import { tooLarge } from './failure.js'
import { isSrgb } from './icc.js'
import { orientDimensions } from './orientation.js'
import type { ResolvedPyramidOptions } from './pyramid-options.js'
import { toOrientation } from './sharp-reader.js'

/** How an image becomes a pyramid. */
export interface PyramidPlan {
  /** The stored sizes, the largest first: each half of the one before, until one tile holds it. */
  readonly levels: readonly [Dimensions, ...Dimensions[]]
  /** How tiles are stored. */
  readonly compression: 'jpeg' | 'webp' | 'deflate'
  /** The quality of JPEG and WebP. */
  readonly quality: number
  /** The side of the tiles. */
  readonly tile: number
  /** Whether offsets have 64 bits. */
  readonly bigTiff: boolean
  /** What the samples will be, by the names of libvips. */
  readonly space: 'srgb' | 'b-w' | 'rgb16' | 'grey16'
  /** What becomes of the ICC profile; of `convert` none is left, because the colours are sRGB then. */
  readonly profile: 'none' | 'keep' | 'convert'
  /** What is done to stored pixels, so that they stand upright; which costs disk space where they are many. */
  readonly orientation: Orientation
  /** How many bytes the pixels have. */
  readonly pixelBytes: number
  /** Whether transparency is laid on white. */
  readonly isFlattened: boolean
  /** Pixels per inch, where the source tells. */
  readonly density: number | undefined
  /** What the user should know: what is lost, and why. */
  readonly notes: readonly string[]
}

/**
 * Plans the pyramid of an image.
 *
 * @param metadata - what libvips tells of it
 * @param pages - how many images of their own the file holds
 * @throws {@link SourceError} (413) when it has more pixels than the options allow.
 */
export function planPyramid(metadata: Metadata, pages: number, options: ResolvedPyramidOptions): PyramidPlan {
  const { width, height, hasAlpha, density } = metadata
  if (width * height > options.maxInputPixels) {
    throw tooLarge(
      `The image has ${width} × ${height} pixels; at most ${options.maxInputPixels} are allowed.`,
    )
  }
  const orientation = toOrientation(metadata.orientation)
  const compression = chooseCompression(options.compression, hasAlpha)
  const full = orientDimensions({ width, height }, orientation)
  const space = chooseSpace(metadata, compression)
  return {
    levels: listLevels(full, options.tile),
    compression,
    quality: options.quality,
    tile: options.tile,
    bigTiff: isBig(full, metadata, compression, options.bigtiff),
    space,
    profile: chooseProfile(metadata, options.profile, space),
    orientation,
    pixelBytes: countBytes(full, hasAlpha && compression !== 'jpeg', space),
    isFlattened: hasAlpha && compression === 'jpeg',
    density,
    notes: listNotes(metadata, pages, compression),
  }
}

function chooseCompression(
  wanted: ResolvedPyramidOptions['compression'],
  hasAlpha: boolean,
): PyramidPlan['compression'] {
  if (wanted !== 'auto') return wanted
  return hasAlpha ? 'webp' : 'jpeg'
}

function countBytes({ width, height }: Dimensions, hasAlpha: boolean, space: PyramidPlan['space']): number {
  const bands = graySpaces.includes(space) ? 1 : 3
  return width * height * (bands + (hasAlpha ? 1 : 0)) * (deepSpaces.includes(space) ? 2 : 1)
}

const graySpaces: readonly string[] = ['b-w', 'grey16']
const deepSpaces: readonly string[] = ['rgb16', 'grey16']

/* JPEG has 8 bits, and so has WebP, which has no greys either. */
function chooseSpace(
  { space, depth, channels }: Metadata,
  compression: PyramidPlan['compression'],
): PyramidPlan['space'] {
  const isGray = (graySpaces.includes(space) || channels < 3) && compression !== 'webp'
  const isDeep = (deepSpaces.includes(space) || depth === 'ushort') && compression === 'deflate'
  if (isDeep) return isGray ? 'grey16' : 'rgb16'
  return isGray ? 'b-w' : 'srgb'
}

const keptSpaces: readonly string[] = ['srgb', 'rgb', 'rgb16', 'b-w', 'grey16']

/* A profile belongs to a kind of samples: where they become another kind, it has done its work. */
function chooseProfile(
  { hasProfile, icc, space }: Metadata,
  wanted: ResolvedPyramidOptions['profile'],
  target: PyramidPlan['space'],
): PyramidPlan['profile'] {
  if (!hasProfile) return 'none'
  const isSameKind = keptSpaces.includes(space) && graySpaces.includes(space) === graySpaces.includes(target)
  if (!isSameKind) return 'convert'
  return wanted === 'srgb' && !(icc && isSrgb(icc)) ? 'convert' : 'keep'
}

/* As libvips halves: down, and never to nothing. */
function listLevels(full: Dimensions, tile: number): [Dimensions, ...Dimensions[]] {
  const levels: [Dimensions, ...Dimensions[]] = [full]
  for (let { width, height } = full; width > tile || height > tile; ) {
    width = Math.max(1, Math.floor(width / 2))
    height = Math.max(1, Math.floor(height / 2))
    levels.push({ width, height })
  }
  return levels
}

/** What a pixel takes at the most, in bytes, in compressions that lose something. */
const lossyBytesPerPixel = 1.5
/** All levels together are a third more than the first. */
const pyramidShare = 4 / 3
const maxClassicBytes = 4e9

function isBig(
  { width, height }: Dimensions,
  { channels, depth }: Metadata,
  compression: PyramidPlan['compression'],
  wanted: ResolvedPyramidOptions['bigtiff'],
): boolean {
  if (wanted !== 'auto') return wanted === 'always'
  const exact = channels * (depth === 'uchar' ? 1 : 2)
  const perPixel = compression === 'deflate' ? exact : lossyBytesPerPixel
  return width * height * perPixel * pyramidShare > maxClassicBytes
}

function listNotes(
  { depth, hasAlpha, space }: Metadata,
  pages: number,
  compression: PyramidPlan['compression'],
): string[] {
  const notes: string[] = []
  if (depth !== 'uchar' && !(depth === 'ushort' && compression === 'deflate')) {
    notes.push(`its samples (${depth}) become 8 bits`)
  }
  if (hasAlpha && compression === 'jpeg') notes.push('transparency is laid on white')
  if (space === 'cmyk' || space === 'lab' || space === 'labs') notes.push(`${space} becomes sRGB`)
  if (pages > 1) notes.push(`only the first of its ${pages} pages is kept`)
  return notes
}
