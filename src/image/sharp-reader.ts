/* The reader for images that libvips decodes as a whole: it describes a source from its headers and says where its
   pixels are to be had. It holds no pixels. */
import sharp, { type Metadata } from 'sharp'
import type {
  ImageDescription,
  ImageReader,
  ImageSource,
  Orientation,
  PixelInput,
  PyramidLevel,
  SourceColour,
  SourceFormat,
} from '../contracts.js'
import { NotFoundError } from '../errors.js'
import { coversImage, type Dimensions } from '../protocol/geometry.js'
import { throwIfAborted, tooLarge, toReadFailure } from './failure.js'
import { parseMetadata } from './metadata.js'
import { orientDimensions } from './orientation.js'
import type { ReaderOptions } from './reader.js'

const chunkLength = 4 * 1024 * 1024

interface Opened {
  readonly data: string | Uint8Array
  readonly format: SourceFormat
  readonly options: Required<ReaderOptions>
  check?(): Promise<void>
}

/**
 * Opens a source of a known format with libvips and describes it, without decoding a pixel.
 *
 * @throws {@link SourceError} when it is damaged (500) or too large (413).
 * @throws {@link NotFoundError} when the file or the page does not exist.
 */
export async function openSharpReader(
  source: ImageSource,
  format: SourceFormat,
  options: Required<ReaderOptions>,
  signal?: AbortSignal,
): Promise<ImageReader> {
  try {
    const data = canBePath(source.path, format) ? source.path : await readWhole(source, options, signal)
    const check = typeof data === 'string' ? source.check?.bind(source) : undefined
    const reader = await createReader({ data, format, options, ...(check ? { check } : {}) })
    await check?.()
    return reader
  } finally {
    // libvips opens the file by itself, and bytes are in memory now.
    await source.close?.()
  }
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
  { maxInputBytes, reserve }: Required<ReaderOptions>,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const { size = maxInputBytes } = source
  if (size > maxInputBytes) throw tooManyBytes(maxInputBytes)
  const giveBack = await reserve(size, signal)
  try {
    return await readChunks(source, maxInputBytes, signal)
  } finally {
    // The pool of open readers counts from here what is held.
    giveBack()
  }
}

async function readChunks(
  source: ImageSource,
  maxInputBytes: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const { size = Infinity } = source
  // Where the size is known, bytes are not held twice.
  const whole = size === Infinity ? undefined : Buffer.allocUnsafe(size)
  const chunks: Uint8Array[] = []
  for (let total = 0; total <= maxInputBytes; ) {
    const chunk = await readSource(source, total, Math.min(chunkLength, size - total), signal)
    if (whole) whole.set(chunk, total)
    else chunks.push(chunk)
    total += chunk.length
    const isLast = chunk.length < chunkLength || total === size
    if (isLast && total <= maxInputBytes) return whole?.subarray(0, total) ?? Buffer.concat(chunks, total)
  }
  throw tooManyBytes(maxInputBytes)
}

function tooManyBytes(maxInputBytes: number): Error {
  return tooLarge(`The image has more than the ${maxInputBytes} bytes that are allowed.`)
}

async function createReader(opened: Opened): Promise<ImageReader> {
  const { data, format, options, check } = opened
  const { page } = options
  const first = await readMetadata(opened, 0)
  const pages = first.pages ?? 1
  if (!Number.isInteger(page) || page < 0 || page >= pages) {
    const count = pages === 1 ? 'one page' : `${pages} pages`
    throw new NotFoundError('not-found', `The image has ${count}; there is none with the index ${page}.`)
  }
  const metadata = page === 0 ? first : await readMetadata(opened, page)
  const { width, height } = metadata
  const { maxInputPixels: maxPixels } = options
  if (width * height > maxPixels) {
    throw tooLarge(`The image has ${width} × ${height} pixels; at most ${maxPixels} are allowed.`)
  }
  return {
    description: describe(metadata, format, pages),
    ...(typeof data === 'string' ? {} : { heldBytes: data.byteLength }),
    async pixels(_level, box, signal): Promise<PixelInput> {
      throwIfAborted(signal)
      const whole = coversImage(box, metadata)
      // Page 0 is not named: of an AVIF with several images that means the primary one.
      const input = { kind: 'encoded', data, box, whole, maxPixels, ...(check ? { check } : {}) } as const
      return page > 0 ? { ...input, page } : input
    },
    metadata: async () => parseMetadata(await readMetadata(opened, page)),
    async close() {},
  }
}

function readMetadata({ data }: Opened, page: number): Promise<Metadata> {
  // Only headers are read here: the limits are checked afterwards, with words of our own.
  const settings = { failOn: 'error', limitInputPixels: false, ...(page > 0 ? { page } : {}) } as const
  return sharp(data, settings).metadata()
}

function describe(metadata: Metadata, format: SourceFormat, pages: number): ImageDescription {
  const orientation = toOrientation(metadata.orientation)
  const { density, channels, hasAlpha, width, height } = metadata
  return {
    ...orientDimensions({ width, height }, orientation),
    format,
    pages,
    levels: [{ width, height, scaleFactor: 1, ...describeBlocks(format) }],
    bands: hasAlpha ? channels - 1 : channels,
    depth: depthOf(metadata),
    hasAlpha,
    colour: colourOf(metadata),
    orientation,
    ...(density === undefined ? {} : { density }),
    hasProfile: metadata.hasProfile,
    ...(metadata.isProgressive ? { isProgressive: true } : {}),
  }
}

const single = { width: 1, height: 1 }

/* libvips tells the sampling of a JPEG only roughly; B.2.3 of T.81 allows MCUs of up to 32 × 16, or turned. */
const blocks: Readonly<Partial<Record<SourceFormat, Dimensions>>> = {
  png: single,
  gif: single,
  jpg: { width: 32, height: 32 },
}

function describeBlocks(format: SourceFormat): Pick<PyramidLevel, 'blocks'> {
  const found = blocks[format]
  return found ? { blocks: found } : {}
}

/** Takes what is no orientation for none. */
export function toOrientation(value: number | undefined): Orientation {
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
