/* Opens a source: tells its format by its bytes and gives it to the reader that knows the format. */
import type { ImageReader, ImageSource, SourceFormat } from '../contracts.js'
import { isIIIFError, NotImplementedError, SourceError } from '../errors.js'
import { throwIfAborted, toReadFailure, toSourceFailure } from './failure.js'
import { createInlineJoiner, type Joiner } from './joiner.js'
import { openRemoteReader } from './remote-reader.js'
import { openSharpReader } from './sharp-reader.js'
import { sniffFormat, sniffLength } from './sniff.js'
import { openTiffReader } from './tiff-reader.js'

/** How {@link openReader} opens a source. */
export interface ReaderOptions {
  /** The page or frame, from 0. @defaultValue 0 */
  readonly page?: number
  /** Whether SVG is drawn: a parser of its own, with all that it can be made to do. @defaultValue false */
  readonly svg?: boolean
  /** The most pixels that have to be decoded at once because there are no tiles. @defaultValue 300 million */
  readonly maxInputPixels?: number
  /** The most bytes of a source that is not a local file and is held in memory. @defaultValue 512 MiB */
  readonly maxInputBytes?: number
  /** Takes the memory that such a source is read into, and gives what gives it back. @defaultValue there is always enough */
  readonly reserve?: (bytes: number, signal?: AbortSignal) => Promise<() => void>
}

/**
 * Opens a source and describes it, without decoding a pixel.
 *
 * @param joiner - where JPEG tiles are joined; by default in this thread
 * @throws {@link SourceError} when it is no image (501), damaged (500) or too large (413).
 * @throws {@link NotImplementedError} for SVG, unless it is allowed.
 * @throws {@link NotFoundError} when the file or the page does not exist.
 */
export async function openReader(
  source: ImageSource,
  options: ReaderOptions = {},
  signal?: AbortSignal,
  joiner: Joiner = createInlineJoiner(),
): Promise<ImageReader> {
  throwIfAborted(signal)
  const settings = resolveReaderOptions(options)
  try {
    const reader = await openSource(source, settings, joiner, signal)
    throwIfAborted(signal)
    return reader
  } catch (error) {
    await source.close?.()
    throwIfAborted(signal)
    throw toSourceFailure(error)
  }
}

async function openSource(
  source: ImageSource,
  settings: Required<ReaderOptions>,
  joiner: Joiner,
  signal: AbortSignal | undefined,
): Promise<ImageReader> {
  if (source.openRemote) return openRemoteReader(await source.openRemote(signal), settings)
  const format = await readFormat(source, settings, signal)
  return openFormat(source, format, joiner, settings, signal)
}

async function readFormat(
  source: ImageSource,
  { svg }: Required<ReaderOptions>,
  signal: AbortSignal | undefined,
): Promise<SourceFormat> {
  const head = await source.read(0, sniffLength, signal).catch((cause: unknown) => {
    throwIfAborted(signal)
    throw toReadFailure(cause)
  })
  const format = sniffFormat(head)
  if (format === undefined) {
    const found = head.length === 0 ? 'it is empty' : 'its first bytes are those of no known image format'
    throw new SourceError(501, 'source-unsupported', `The source cannot be read as an image: ${found}.`)
  }
  if (format === 'svg' && !svg) throw new NotImplementedError('SVG images are not served here.')
  return format
}

async function openFormat(
  source: ImageSource,
  format: SourceFormat,
  joiner: Joiner,
  options: Required<ReaderOptions>,
  signal: AbortSignal | undefined,
): Promise<ImageReader> {
  if (format !== 'tif') return openSharpReader(source, format, options, signal)
  try {
    return await openTiffReader(source, options, joiner, signal)
  } catch (error) {
    // A few kinds of tiles can only be found by a decoder that has the whole file.
    if (!isIIIFError(error) || error.code !== 'source-unsupported') throw error
    return openSharpReader(source, format, options, signal)
  }
}

function resolveReaderOptions(options: ReaderOptions): Required<ReaderOptions> {
  const { page = 0, svg = false, maxInputPixels = 300_000_000, maxInputBytes = 512 * 1024 * 1024 } = options
  const { reserve = async () => () => {} } = options
  return { page, svg, maxInputPixels, maxInputBytes, reserve }
}
