/* Which directories are images of their own, and which are smaller versions of another: the pyramid. Writers say it in
   four ways: reduced pages (libvips, GDAL), SubIFDs (libvips, OME), pages that halve and say nothing (old libvips, Kakadu),
   and slide scanners, whose labels and overviews must be told apart from it. */
import type { ImageDescription, PyramidLevel, SourceColour } from '../../contracts.js'
import { NotFoundError } from '../../errors.js'
import type { Dimensions } from '../../protocol/geometry.js'
import { createDamage } from './damage.js'
import type { TiffDirectory } from './directory.js'
import type { TiffFile } from './open.js'
import { compressions, photometrics } from './tags.js'

/** One resolution of a page. */
export interface TiffLevel {
  /** Where its pixels are. */
  readonly directory: TiffDirectory
  /** How many pixels of the full image one pixel stands for: a power of two where the sizes allow it. */
  readonly scaleFactor: number
}

/** One image of its own and its smaller versions, the largest first. */
export type TiffPage = readonly [TiffLevel, ...TiffLevel[]]

const colours: Readonly<Record<number, SourceColour>> = {
  [photometrics.whiteIsZero]: 'gray',
  [photometrics.blackIsZero]: 'gray',
  [photometrics.rgb]: 'rgb',
  [photometrics.palette]: 'rgb',
  [photometrics.separated]: 'cmyk',
  [photometrics.yCbCr]: 'rgb',
  [photometrics.cieLab]: 'lab',
  [photometrics.iccLab]: 'lab',
  [photometrics.ituLab]: 'lab',
}

// Sizes that are closer together are copies of each other.
const minStep = 1.2

const colourBands: Readonly<Record<SourceColour, number>> = { gray: 1, rgb: 3, lab: 3, cmyk: 4 }

function describeColour({ photometric, samplesPerPixel }: TiffDirectory): SourceColour {
  return colours[photometric] ?? (samplesPerPixel < 3 ? 'gray' : 'rgb')
}

/** Whether both hold samples of the same kind, so that one can stand for the other. */
function isSameKind(one: TiffDirectory, two: TiffDirectory): boolean {
  return (
    one.samplesPerPixel === two.samplesPerPixel &&
    describeColour(one) === describeColour(two) &&
    (one.photometric === photometrics.palette) === (two.photometric === photometrics.palette) &&
    one.bitsPerSample.every((bits, index) => bits === two.bitsPerSample[index]) &&
    one.sampleFormat.every((format, index) => format === two.sampleFormat[index])
  )
}

function isScaled(full: number, reduced: number, factor: number): boolean {
  return reduced >= Math.max(1, Math.floor(full / factor)) && reduced <= Math.ceil(full / factor)
}

/** The smallest power of two beyond `above` that both sides agree with, rounded in any way: tiny levels fit several. */
function findPowerOfTwo(full: TiffDirectory, reduced: TiffDirectory, above = 1): number | undefined {
  const nearest = Math.round(Math.log2(Math.max(full.width / reduced.width, full.height / reduced.height)))
  return [nearest - 1, nearest, nearest + 1]
    .map(exponent => 2 ** exponent)
    .find(
      factor =>
        factor > above &&
        isScaled(full.width, reduced.width, factor) &&
        isScaled(full.height, reduced.height, factor),
    )
}

/** The factor between two sizes of one aspect ratio: two ranges of ratios, each a pixel of rounding wide, overlap. */
function findRatio(full: TiffDirectory, reduced: TiffDirectory): number | undefined {
  if (reduced.width >= full.width || reduced.height >= full.height) return undefined
  const low = Math.max(full.width / (reduced.width + 1), full.height / (reduced.height + 1))
  const high = Math.min(full.width / (reduced.width - 1), full.height / (reduced.height - 1))
  if (low > high) return undefined
  return full.width >= full.height ? full.width / reduced.width : full.height / reduced.height
}

function isTiled({ layout }: TiffDirectory): boolean {
  return layout.kind === 'tiles'
}

/** Whether a page that says nothing of being reduced is a level nevertheless: tiled as the last level, and half of it. */
function isSilentLevel({ full, reduced }: Draft, candidate: TiffDirectory): boolean {
  const last = reduced.at(-1) ?? full
  if (candidate.paged || !isTiled(last) || !isTiled(candidate) || !isSameKind(last, candidate)) return false
  return findPowerOfTwo(full, candidate) !== undefined && findPowerOfTwo(last, candidate) === 2
}

/** Slides of Aperio hold one pyramid; its levels are tiled, its thumbnail, label and overview are not. */
function isAperio({ description }: TiffDirectory): boolean {
  return description?.startsWith('Aperio') ?? false
}

/** A page and what may be its levels, in the order of the file. */
interface Draft {
  readonly full: TiffDirectory
  readonly reduced: TiffDirectory[]
}

function createDraft(full: TiffDirectory): Draft {
  return { full, reduced: [...full.subdirectories] }
}

/** Takes of a draft what is a level: not a mask, a label, a thumbnail of other samples, or a second copy of a level. */
function buildPage({ full, reduced }: Draft): TiffPage {
  const candidates = reduced.filter(directory => !directory.mask && isSameKind(full, directory))
  candidates.sort((one, two) => two.width - one.width || two.height - one.height)
  const levels: TiffLevel[] = []
  let last = 1
  for (const directory of candidates) {
    const scaleFactor = findPowerOfTwo(full, directory, last) ?? findRatio(full, directory)
    if (scaleFactor === undefined || scaleFactor < last * minStep) continue
    levels.push({ directory, scaleFactor })
    last = scaleFactor
  }
  return [{ directory: full, scaleFactor: 1 }, ...levels]
}

/**
 * Groups the directories of a file into pages and their levels.
 *
 * @throws {@link SourceError} when the file holds nothing but masks.
 */
export function groupPages({ directories }: TiffFile): readonly [TiffPage, ...TiffPage[]] {
  const [first, ...others] = directories.filter(({ mask }) => !mask)
  if (first === undefined) throw createDamage('it holds masks only')
  const slide = isAperio(first)
  let draft = createDraft(first)
  const drafts = [draft]
  for (const candidate of others) {
    if (slide && !isTiled(candidate)) continue
    if (slide || candidate.reduced || isSilentLevel(draft, candidate)) {
      draft.reduced.push(candidate)
    } else {
      draft = createDraft(candidate)
      drafts.push(draft)
    }
  }
  return [buildPage(drafts[0] ?? draft), ...drafts.slice(1).map(buildPage)]
}

function describeLevel({ directory, scaleFactor }: TiffLevel): PyramidLevel {
  const { width, height, layout } = directory
  const tile = { width: layout.width, height: layout.height }
  const blocks = describeBlocks(directory)
  return { width, height, scaleFactor, ...(isTiled(directory) && { tile }), ...(blocks && { blocks }) }
}

const lossless: readonly number[] = [
  compressions.none,
  compressions.fax3,
  compressions.lzw,
  compressions.deflate,
  compressions.oldDeflate,
  compressions.packBits,
  compressions.zstd,
]

/** The MCUs of JPEG: no smaller than is usual, because not every field that says so is true. */
function describeBlocks({
  compression,
  yCbCrSubSampling = [],
  layout,
}: TiffDirectory): Dimensions | undefined {
  if (lossless.includes(compression)) return { width: 1, height: 1 }
  if (compression !== compressions.jpeg) return undefined
  const [across = 2, down = 2] = yCbCrSubSampling
  const mcu = { width: 8 * Math.max(across, 2), height: 8 * Math.max(down, 2) }
  // They begin anew in every tile.
  const isAligned = layout.width % mcu.width === 0 && layout.height % mcu.height === 0
  return isAligned || layout.kind === 'strips' ? mcu : undefined
}

/** Pixels per inch. One pixel per millimetre is what libvips writes where it knows nothing, and sharp takes it so. */
function describeDensity({ resolution }: TiffDirectory): number | undefined {
  if (resolution === undefined || resolution.unit === 'none') return undefined
  const density = resolution.unit === 'inch' ? resolution.x : resolution.x * 2.54
  return Math.abs(density - 25.4) < 0.01 ? undefined : density
}

/**
 * Describes a page of a file, counted among those that {@link groupPages} finds.
 *
 * @throws {@link NotFoundError} when there is no such page.
 */
export function describeTiff(file: TiffFile, page = 0): ImageDescription {
  const pages = groupPages(file)
  const found = pages[page]
  if (found === undefined) {
    throw new NotFoundError('not-found', `There is no page ${page}; the file has ${pages.length}.`)
  }
  const [full, ...levels] = found
  const { directory } = full
  const { orientation, photometric, samplesPerPixel, bitsPerSample, width, height } = directory
  const colour = describeColour(directory)
  // As in libvips, the sample after the colours is alpha, whatever ExtraSamples says.
  const hasAlpha = photometric !== photometrics.palette && samplesPerPixel > colourBands[colour]
  const turned = orientation > 4
  const density = describeDensity(directory)
  return {
    width: turned ? height : width,
    height: turned ? width : height,
    format: 'tif',
    pages: pages.length,
    levels: [describeLevel(full), ...levels.map(describeLevel)],
    bands: photometric === photometrics.palette ? 3 : samplesPerPixel - (hasAlpha ? 1 : 0),
    depth: Math.max(...bitsPerSample),
    hasAlpha,
    colour,
    orientation,
    ...(density !== undefined && { density }),
    hasProfile: directory.iccProfile !== undefined,
  }
}
