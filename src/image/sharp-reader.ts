/* The reader for everything that libvips decodes: it describes a source from its headers and says where the pixels of
   each level are to be had. It holds no pixels. */
import sharp, { type Metadata } from 'sharp'
import type {
  ImageDescription,
  ImageReader,
  ImageSource,
  Orientation,
  PixelInput,
  SourceColour,
  SourceFormat,
} from '../contracts.js'
import { NotFoundError, NotImplementedError, SourceError } from '../errors.js'
import { coversImage } from '../protocol/geometry.js'
import { throwIfAborted, tooLarge, toReadFailure, toSourceFailure } from './failure.js'
import { orientDimensions } from './orientation.js'
import { groupLevels, type StoredLevel, type StoredLevels } from './pyramid.js'
import { sniffFormat, sniffLength } from './sniff.js'
import { peekTiff, type ReadBytes } from './tiff-peek.js'

/** How {@link openReader} opens a source. */
export interface ReaderOptions {
  /** The page or frame, from 0. @defaultValue 0 */
  readonly page?: number
  /** Whether SVG is drawn: a parser of its own, with all that it can be made to do. @defaultValue false */
  readonly svg?: boolean
  /** The most pixels of an image that can only be decoded whole. @defaultValue 300 million */
  readonly maxInputPixels?: number
  /** The most bytes of a source that is not a local file and is held in memory. @defaultValue 512 MiB */
  readonly maxInputBytes?: number
}

/* Of a tiled image only the tiles that are wanted are read: its size costs nothing. */
const maxTiledPixels = 2 ** 36
const chunkLength = 4 * 1024 * 1024

interface Opened {
  readonly data: string | Uint8Array
  readonly format: SourceFormat
  readonly options: Required<ReaderOptions>
}

/**
 * Opens a source with libvips: tells its format by its bytes and describes it, without decoding a pixel.
 *
 * @throws {@link SourceError} when it is no image (501), damaged (500) or too large (413).
 * @throws {@link NotImplementedError} for SVG, unless it is allowed.
 * @throws {@link NotFoundError} when the file or the page does not exist.
 */
export async function openReader(
  source: ImageSource,
  options: ReaderOptions = {},
  signal?: AbortSignal,
): Promise<ImageReader> {
  throwIfAborted(signal)
  try {
    const settings = resolveReaderOptions(options)
    const head = await readSource(source, 0, sniffLength, signal)
    const format = sniffFormat(head)
    checkFormat(format, head.length, settings.svg)
    const data = canBePath(source.path, format) ? source.path : await readWhole(source, settings, signal)
    const read: ReadBytes =
      typeof data === 'string'
        ? (offset, length) => readSource(source, offset, length, signal)
        : async (offset, length) => data.subarray(offset, offset + length)
    const reader = await createReader({ data, format, options: settings }, read)
    throwIfAborted(signal)
    return reader
  } catch (error) {
    throwIfAborted(signal)
    throw toSourceFailure(error)
  } finally {
    // libvips opens the file by itself, and bytes are in memory now.
    await source.close?.()
  }
}

function resolveReaderOptions(options: ReaderOptions): Required<ReaderOptions> {
  const { page = 0, svg = false, maxInputPixels = 300_000_000, maxInputBytes = 512 * 1024 * 1024 } = options
  return { page, svg, maxInputPixels, maxInputBytes }
}

function checkFormat(
  format: SourceFormat | undefined,
  length: number,
  svg: boolean,
): asserts format is SourceFormat {
  if (format === undefined) {
    const found = length === 0 ? 'it is empty' : 'its first bytes are those of no known image format'
    throw new SourceError(501, 'source-unsupported', `The source cannot be read as an image: ${found}.`)
  }
  if (format === 'svg' && !svg) throw new NotImplementedError('SVG images are not served here.')
}

/* libvips takes what stands in brackets at the end of a name for options, and librsvg opens files that an SVG names
   beside its own: neither gets a path. */
function canBePath(path: string | undefined, format: SourceFormat): path is string {
  return path !== undefined && format !== 'svg' && !path.endsWith(']')
}

async function readSource(
  source: ImageSource,
  offset: number,
  length: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  throwIfAborted(signal)
  try {
    return await source.read(offset, length, signal)
  } catch (cause) {
    throwIfAborted(signal)
    throw toReadFailure(cause)
  }
}

async function readWhole(
  source: ImageSource,
  { maxInputBytes }: Required<ReaderOptions>,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let total = 0
  const stated = source.size ?? 0
  while (Math.max(total, stated) <= maxInputBytes) {
    const chunk = await readSource(source, total, chunkLength, signal)
    chunks.push(chunk)
    total += chunk.length
    if (chunk.length < chunkLength && total <= maxInputBytes) return Buffer.concat(chunks, total)
  }
  throw tooLarge(`The image has more than the ${maxInputBytes} bytes that are allowed.`)
}

async function createReader(opened: Opened, read: ReadBytes): Promise<ImageReader> {
  const { data, format, options } = opened
  const pictures = format === 'tif' ? groupLevels(await peekTiff(read)) : undefined
  const first = await readMetadata(opened, 0)
  const pages = pictures?.length ?? first.pages ?? 1
  if (!Number.isInteger(options.page) || options.page < 0 || options.page >= pages) {
    const count = pages === 1 ? 'one page' : `${pages} pages`
    throw new NotFoundError(
      'not-found',
      `The image has ${count}; there is none with the index ${options.page}.`,
    )
  }
  const page = pictures?.[options.page]?.[0].page ?? options.page
  const metadata = page === 0 ? first : await readMetadata(opened, page)
  const levels: StoredLevels = pictures?.[options.page] ?? [
    { page, width: metadata.width, height: metadata.height, scaleFactor: 1 },
  ]
  const maxPixels = levels[0].tile ? maxTiledPixels : options.maxInputPixels
  if (levels[0].width * levels[0].height > maxPixels) {
    const { width, height } = levels[0]
    throw tooLarge(`The image has ${width} × ${height} pixels; at most ${maxPixels} are allowed.`)
  }
  const description = describe(metadata, format, pages, levels)
  return {
    description,
    async pixels(level, box, signal): Promise<PixelInput> {
      throwIfAborted(signal)
      const stored = levels[level]
      if (stored === undefined)
        throw new RangeError(`level: expected 0 to ${levels.length - 1} but received ${level}`)
      return { kind: 'encoded', data, box, whole: coversImage(box, stored), maxPixels, ...locate(stored) }
    },
    async close() {},
  }
}

/* Page 0 is not named: of an AVIF with several images that means the primary one. */
function locate({ page, subifd }: StoredLevel): { page?: number; subifd?: number } {
  return { ...(page > 0 ? { page } : {}), ...(subifd === undefined ? {} : { subifd }) }
}

function readMetadata({ data }: Opened, page: number): Promise<Metadata> {
  // Only headers are read here: the limits are checked afterwards, with words of our own.
  const settings = { failOn: 'error', limitInputPixels: false, ...(page > 0 ? { page } : {}) } as const
  return sharp(data, settings).metadata()
}

function describe(
  metadata: Metadata,
  format: SourceFormat,
  pages: number,
  levels: StoredLevels,
): ImageDescription {
  const orientation = toOrientation(metadata.orientation)
  const { density, channels, hasAlpha } = metadata
  return {
    ...orientDimensions(levels[0], orientation),
    format,
    pages,
    levels: mapLevels(levels),
    bands: hasAlpha ? channels - 1 : channels,
    depth: depthOf(metadata),
    hasAlpha,
    colour: colourOf(metadata),
    orientation,
    ...(density === undefined ? {} : { density }),
    hasProfile: metadata.hasProfile,
  }
}

function mapLevels([first, ...others]: StoredLevels): ImageDescription['levels'] {
  const strip = ({ page: _page, subifd: _subifd, ...level }: StoredLevel) => level
  return [strip(first), ...others.map(strip)]
}

function toOrientation(value: number | undefined): Orientation {
  return value !== undefined && value >= 1 && value <= 8 ? (value as Orientation) : 1
}

const sampleDepths: Readonly<Record<string, number>> = { ushort: 16, short: 16, uint: 32, int: 32, float: 32 }

function depthOf({ isPalette, bitsPerSample, depth }: Metadata): number {
  // The bits of a palette image count its colours, not its samples.
  return isPalette ? 8 : (bitsPerSample ?? sampleDepths[depth] ?? 8)
}

function colourOf({ space, channels }: Metadata): SourceColour {
  if (space === 'cmyk') return 'cmyk'
  if (space === 'lab' || space === 'labs') return 'lab'
  return space === 'b-w' || space === 'grey16' || channels < 3 ? 'gray' : 'rgb'
}
