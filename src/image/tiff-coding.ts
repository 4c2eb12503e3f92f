/* How the tiles of a TIFF level are encoded: which can be sent as they are, and what must be said with them. */
import type { StoredCoding } from '../contracts.js'
import { isIIIFError } from '../errors.js'
import type { JpegColour } from './jpeg/colour.js'
import { formatPrefix } from './jpeg/splice.js'
import type { JpegTiles } from './jpeg-tiles.js'
import type { TiffDirectory } from './tiff/directory.js'
import { readRange, type TiffFile } from './tiff/open.js'
import { compressions, photometrics } from './tiff/tags.js'

/** One level of an open TIFF. */
export interface TiffReaderLevel {
  /** Its directory. */
  readonly directory: TiffDirectory
  /** Its tiles, where they are JPEG that can be sent, cut and joined. */
  readonly jpeg?: JpegTiles
}

/** Reads what the tiles of a level share. */
export async function openLevel(
  file: TiffFile,
  directory: TiffDirectory,
  profile: Uint8Array | undefined,
  signal: AbortSignal | undefined,
): Promise<TiffReaderLevel> {
  const photometric = jpegPhotometric(directory)
  if (photometric === undefined) return { directory }
  const { jpegTables } = directory
  const tables = jpegTables && (await readRange(file, jpegTables, signal))
  const colour: JpegColour = { photometric, ...(profile ? { profile } : {}) }
  try {
    return { directory, jpeg: { file, directory, colour, tables, prefix: formatPrefix(tables, colour) } }
  } catch (error) {
    // Broken tables of one level are no reason to refuse the others.
    if (isIIIFError(error)) return { directory }
    throw error
  }
}

function jpegPhotometric(directory: TiffDirectory): JpegColour['photometric'] | undefined {
  const { compression, photometric, samplesPerPixel, bitsPerSample, layout } = directory
  const isPlain = layout.planes === 1 && bitsPerSample.every(bits => bits === 8)
  if (compression !== compressions.jpeg || layout.kind !== 'tiles' || !isPlain) return undefined
  if (photometric === photometrics.blackIsZero && samplesPerPixel === 1) return 'gray'
  if (samplesPerPixel !== 3) return undefined
  if (photometric === photometrics.yCbCr) return 'ycbcr'
  return photometric === photometrics.rgb ? 'rgb' : undefined
}

/** Tells whether and how the tiles of a level can be sent as they are. */
export function describeCoding(level: TiffReaderLevel | undefined): StoredCoding | undefined {
  if (level?.jpeg) {
    const { photometric, yCbCrSubSampling = [2, 2] } = level.directory
    const [across = 2, down = 2] = photometric === photometrics.yCbCr ? yCbCrSubSampling : [1, 1]
    return { format: 'jpg', grid: { width: 8 * across, height: 8 * down } }
  }
  const { compression, layout } = level?.directory ?? {}
  return compression === compressions.webp && layout?.kind === 'tiles' ? { format: 'webp' } : undefined
}
