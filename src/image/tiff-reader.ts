/* The reader for TIFF: knows from the directories where every tile lies, and reads no more than a region needs. Tiles
   are sent as they are stored, cut and joined, or decoded by whatever is quickest for their compression. */
import type { ImageReader, ImageSource, PixelInput, PyramidLevel, StoredBytes } from '../contracts.js'
import { isIIIFError, SourceError } from '../errors.js'
import { type Box, coversImage } from '../protocol/geometry.js'
import type { Allocate } from './allocator.js'
import { throwIfAborted, tooLarge } from './failure.js'
import { isSrgb } from './icc.js'
import type { Joiner } from './joiner.js'
import { assembleJpeg, type JpegTiles, prefetchJpeg, takeJpeg } from './jpeg-tiles.js'
import type { ReaderOptions } from './reader.js'
import type { TiffDirectory } from './tiff/directory.js'
import { findTile, type TiffLayout } from './tiff/layout.js'
import { openTiff, readRange, type TiffFile } from './tiff/open.js'
import { describeTiff, groupPages } from './tiff/pyramid.js'
import { decodeRegion } from './tiff/region.js'
import { cutTiff, isCuttable } from './tiff/subset.js'
import { readTileBytes } from './tiff/tile.js'
import { fetchLists } from './tiff/tile-index.js'
import { countPixels, isForeign, isQuick, requireLibvips, requireReadable } from './tiff-choice.js'
import { describeCoding, openLevel, type TiffReaderLevel } from './tiff-coding.js'
import { readTiffMetadata } from './tiff-metadata.js'
import { checkWebpSize, withIccProfile } from './webp/profile.js'

/** A profile of up to this many bytes travels with every tile; larger ones are applied, which means decoding. */
const maxTileProfileBytes = 4096

interface Opened {
  readonly source: ImageSource
  readonly file: TiffFile
  readonly levels: readonly TiffReaderLevel[]
  /** The profile that the pixels are in. */
  readonly profile: Uint8Array | undefined
  /** The profile that stored tiles need. */
  readonly tileProfile: Uint8Array | undefined
  readonly maxPixels: number
  readonly joiner: Joiner
}

/**
 * Opens a TIFF; it stays open until {@link ImageReader.close}.
 *
 * @throws {@link SourceError} when it is damaged, or too large for being decoded in strips.
 * @throws {@link NotFoundError} when it has no such page.
 */
export async function openTiffReader(
  source: ImageSource,
  options: Required<ReaderOptions>,
  joiner: Joiner,
  signal?: AbortSignal,
): Promise<ImageReader> {
  const file = await openTiff(source, signal)
  const description = describeTiff(file, options.page)
  const page = groupPages(file)[options.page] ?? []
  for (const { directory } of page) requireReadable(directory)
  const range = page[0]?.directory.iccProfile
  const profile = range && (await readRange(file, range, signal))
  // A profile that says sRGB says what everybody takes for granted.
  const tileProfile = profile && isSrgb(profile) ? undefined : profile
  if (source.path === undefined && !page.every(({ directory }) => isCuttable(directory))) {
    throw new SourceError(501, 'source-unsupported', 'The tiles of the image cannot be read one by one.')
  }
  const levels = await Promise.all(
    page.map(({ directory }) => openLevel(file, directory, tileProfile, signal)),
  )
  if (source.path === undefined)
    await fetchLists(
      file,
      page.map(level => level.directory),
      signal,
    )
  const opened = { source, file, levels, profile, tileProfile, maxPixels: options.maxInputPixels, joiner }
  const isSmall = tileProfile === undefined || tileProfile.length <= maxTileProfileBytes
  const [first, ...others] = description.levels.map((level, index): PyramidLevel => {
    const coding = isSmall ? describeCoding(levels[index]) : undefined
    return coding ? { ...level, coding } : level
  })
  return {
    description: first ? { ...description, levels: [first, ...others] } : description,
    stored: (level, box, abort) => readStored(opened, level, box, abort),
    storedSync: (level, box, allocate) => takeStored(opened, level, box, allocate),
    ...(source.prefetch && {
      prefetch: (level, box, abort) => prefetchStored(opened, level, box, abort),
    }),
    pixels: (level, box, abort) => readPixels(opened, level, box, abort),
    metadata: abort => readTiffMetadata(file, levels[0]?.directory, abort),
    close: async () => source.close?.(),
  }
}

async function readStored(
  { levels, tileProfile, joiner, file }: Opened,
  index: number,
  box: Box,
  signal?: AbortSignal,
): Promise<StoredBytes | undefined> {
  const level = levels[index]
  if (level === undefined) return undefined
  try {
    if (level.jpeg) return await assembleJpeg(level.jpeg, box, joiner, signal)
    const { directory } = level
    const bytes = await readTileBytes(file, directory, findTile(directory.layout, box.x, box.y), signal)
    if (bytes === undefined) return undefined
    checkWebpSize(bytes, directory.layout)
    return tileProfile ? withIccProfile(bytes, tileProfile) : bytes
  } catch (error) {
    throwIfAborted(signal)
    // What cannot be joined can perhaps be decoded, which says better what is wrong with it.
    if (isIIIFError(error) && ['source-damaged', 'source-unsupported'].includes(error.code)) return undefined
    throw error
  }
}

function takeStored(
  { levels, joiner }: Opened,
  index: number,
  box: Box,
  allocate?: Allocate,
): Uint8Array | undefined {
  const jpeg = levels[index]?.jpeg
  try {
    return jpeg && takeJpeg(jpeg, box, joiner, allocate)
  } catch {
    // The way that waits has words for what is wrong, and other ways.
    return undefined
  }
}

function prefetchStored(
  { levels }: Opened,
  index: number,
  box: Box,
  signal?: AbortSignal,
): Promise<void> | undefined {
  const jpeg = levels[index]?.jpeg
  try {
    return jpeg && prefetchJpeg(jpeg, box, signal)
  } catch {
    return undefined
  }
}

/* The order is that of measurements: what lies within one tile is decoded quickest from the bytes of the tile (1.4 times as
   quick for deflate), anything more of a local file by libvips, which need not put tiles together. Where there is no
   file, JPEG tiles are joined, simple compressions decoded here, and libvips gets the tiles of the rest alone. */
async function readPixels(
  opened: Opened,
  index: number,
  box: Box,
  signal?: AbortSignal,
): Promise<PixelInput> {
  const { levels, file, profile, source } = opened
  const level = levels[index]
  if (level === undefined) throw new RangeError(`level: there is no ${index}`)
  const { directory, jpeg } = level
  const path = findPath(opened, directory)
  const isOurs = path === undefined || isForeign(directory) || isOneTile(directory.layout, box)
  const joined = isOurs && jpeg ? await joinPixels(opened, jpeg, box, signal) : undefined
  if (joined) return joined
  const isPlain =
    profile === undefined || (opened.tileProfile === undefined && directory.bitsPerSample[0] === 8)
  if (isOurs && isQuick(directory, box, isPlain)) {
    const region = await decodeRegion(file, directory, box, signal)
    if (region) return { ...region, kind: 'raw' }
  }
  requireLibvips(directory)
  checkPixels(opened, directory, box)
  if (path !== undefined) {
    const { page, subifd } = directory
    const place = { ...(page > 0 ? { page } : {}), ...(subifd === undefined ? {} : { subifd }) }
    const whole = coversImage(box, directory)
    const check = source.check?.bind(source)
    const input = {
      kind: 'encoded',
      data: path,
      ...place,
      box,
      whole,
      maxPixels: countPixels(directory),
    } as const
    return check ? { ...input, check } : input
  }
  const { bytes, size, box: inner } = await cutTiff(file, directory, box, profile, signal)
  return {
    kind: 'encoded',
    data: bytes,
    box: inner,
    whole: coversImage(inner, size),
    maxPixels: countPixels(size),
  }
}

/* The file for libvips: not where it would miss a profile that only the first level has, nor where it takes the end of
   the name for options. */
function findPath({ source, profile }: Opened, directory: TiffDirectory): string | undefined {
  const { path } = source
  const hasItsProfile = profile === undefined || directory.iccProfile !== undefined || !isCuttable(directory)
  return path?.endsWith(']') || !hasItsProfile ? undefined : path
}

function isOneTile(layout: TiffLayout, { x, y, width, height }: Box): boolean {
  return findTile(layout, x, y) === findTile(layout, x + width - 1, y + height - 1)
}

const maxFinePixels = 4_000_000

/* The tiles of the region as one JPEG in memory; from where they meet the grid of their MCUs. */
async function joinPixels(
  { joiner }: Opened,
  jpeg: JpegTiles,
  box: Box,
  signal?: AbortSignal,
): Promise<PixelInput | undefined> {
  const { layout } = jpeg.directory
  const x = Math.floor(box.x / layout.width) * layout.width
  const y = Math.floor(box.y / layout.height) * layout.height
  const around = { x, y, width: box.x + box.width - x, height: box.y + box.height - y }
  if (Math.max(around.width, around.height) > 0xffff) return undefined
  try {
    const bytes = await assembleJpeg(jpeg, around, joiner, signal, Infinity)
    if (!(bytes instanceof Uint8Array)) return undefined
    const inner = { ...box, x: box.x - x, y: box.y - y }
    const maxPixels = countPixels(around)
    // Shrinking while loading is coarser: good for what would be too much to decode, which the level of a pyramid is not.
    const whole = maxPixels > maxFinePixels && coversImage(inner, around)
    return { kind: 'encoded', data: bytes, box: inner, whole, maxPixels }
  } catch (error) {
    throwIfAborted(signal)
    if (isIIIFError(error)) return undefined
    throw error
  }
}

/* Strips run across the whole image, and one strip may be all of it: what must be decoded is bounded. */
function checkPixels({ maxPixels }: Opened, directory: TiffDirectory, box: Box): void {
  const { layout, width } = directory
  if (layout.kind === 'tiles') return
  const rows = Math.max(box.height, layout.height)
  if (width * rows > maxPixels) {
    throw tooLarge(`The image is stored in strips of which ${width * rows} pixels would have to be decoded.`)
  }
}
