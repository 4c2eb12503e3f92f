/* How an image is stored: read from its headers, its directories and its profile, without decoding a pixel. */
import sharp from 'sharp'
import type { ImageDescription, ImageSource } from '../contracts.js'
import { isSrgb, readProfileName } from '../image/icc.js'
import { openReader } from '../image/reader.js'
import type { TiffDirectory } from '../image/tiff/directory.js'
import { countTiles } from '../image/tiff/layout.js'
import { openTiff, readRange, type TiffFile } from '../image/tiff/open.js'
import { groupPages } from '../image/tiff/pyramid.js'
import { compressions } from '../image/tiff/tags.js'
import { locateTile } from '../image/tiff/tile-index.js'
import type { ProfileFacts, StoredFacts } from './diagnosis.js'

/** What is known of an image. */
export interface ImageFacts {
  /** What its reader tells. */
  readonly description: ImageDescription
  /** How it is stored. */
  readonly stored: StoredFacts
  /** Whether tiles were left out of the file. */
  readonly isSparse: boolean
  /** Whether its compression is one that the TIFF reader or libvips is known to read. */
  readonly isKnownCompression: boolean
}

/** The compressions of TIFF that somebody may meet, by their numbers (TIFF 6.0, and the registrations since). */
const compressionNames: Readonly<Record<number, string>> = {
  [compressions.none]: 'none',
  2: 'CCITT RLE',
  [compressions.fax3]: 'CCITT fax 3',
  4: 'CCITT fax 4',
  [compressions.lzw]: 'LZW',
  [compressions.oldJpeg]: 'old JPEG',
  [compressions.jpeg]: 'JPEG',
  [compressions.deflate]: 'deflate',
  [compressions.oldDeflate]: 'deflate',
  [compressions.packBits]: 'PackBits',
  [compressions.jpeg2000YCbCr]: 'JPEG 2000 (Aperio)',
  [compressions.jpeg2000Any]: 'JPEG 2000 (Aperio)',
  [compressions.jpeg2000Rgb]: 'JPEG 2000 (Aperio)',
  [compressions.jpeg2000]: 'JPEG 2000',
  [compressions.lerc]: 'LERC',
  [compressions.lzma]: 'LZMA',
  [compressions.zstd]: 'Zstandard',
  [compressions.webp]: 'WebP',
  [compressions.jpegXl]: 'JPEG XL',
}

const readable: readonly string[] = [
  ...['none', 'CCITT RLE', 'CCITT fax 3', 'CCITT fax 4', 'LZW', 'JPEG', 'old JPEG', 'deflate', 'PackBits'],
  'WebP',
]

const wholeCompressions: Readonly<Record<string, string>> = {
  jpg: 'JPEG',
  png: 'PNG',
  webp: 'WebP',
  gif: 'GIF',
  avif: 'AVIF',
}

/** How many tiles are looked up to find out whether some are missing. */
const maxLookUps = 512

/**
 * Reads how an image is stored.
 *
 * @throws {@link IIIFError} where it is no image, damaged, or of a kind that is not served by default.
 */
export async function readFacts(source: ImageSource): Promise<ImageFacts> {
  // Also what is too large to be served as it is can be told of.
  const reader = await openReader(source, { maxInputPixels: Infinity })
  try {
    const { description } = reader
    const tiff = description.format === 'tif' ? await readTiff(source) : undefined
    const { width, height, format, levels, orientation, pages } = description
    const icc = tiff ? tiff.icc : await readWholeProfile(source, description)
    const { tile, coding } = levels[0]
    return {
      description,
      stored: {
        format,
        width,
        height,
        bytes: source.size ?? 0,
        compression: tiff?.compression ?? wholeCompressions[format] ?? format,
        ...(tile ? { tile } : {}),
        ...(tiff?.stripRows === undefined ? {} : { stripRows: tiff.stripRows }),
        levels: levels.length,
        ...(coding ? { sentAs: coding.format } : {}),
        ...(icc ? { profile: describeProfile(icc) } : {}),
        orientation,
        pages,
      },
      isSparse: tiff?.isSparse ?? false,
      isKnownCompression: tiff === undefined || readable.includes(tiff.compression),
    }
  } finally {
    await reader.close()
  }
}

interface TiffFacts {
  readonly compression: string
  readonly stripRows?: number
  readonly icc: Uint8Array | undefined
  readonly isSparse: boolean
}

async function readTiff(source: ImageSource): Promise<TiffFacts> {
  const file = await openTiff(source)
  const [{ directory }] = groupPages(file)[0]
  const { layout, compression, iccProfile } = directory
  return {
    compression: compressionNames[compression] ?? `number ${compression}`,
    ...(layout.kind === 'strips' ? { stripRows: Math.min(layout.height, directory.height) } : {}),
    // An unreadable profile is for the reader to complain of.
    icc: iccProfile && (await readRange(file, iccProfile).catch(() => undefined)),
    isSparse: await lacksTiles(file, directory),
  }
}

async function lacksTiles(file: TiffFile, directory: TiffDirectory): Promise<boolean> {
  const count = countTiles(directory.layout)
  const step = Math.max(1, Math.ceil(count / maxLookUps))
  for (let index = 0; index < count; index += step) {
    const found = await locateTile(file, directory, index).catch(() => 'damaged')
    if (found === undefined) return true
  }
  return false
}

async function readWholeProfile(
  { path }: ImageSource,
  { hasProfile }: ImageDescription,
): Promise<Uint8Array | undefined> {
  // libvips takes what is in brackets at the end of a name for options.
  if (!hasProfile || path === undefined || path.endsWith(']')) return undefined
  return sharp(path, { limitInputPixels: false })
    .metadata()
    .then(
      ({ icc }) => icc,
      () => undefined,
    )
}

function describeProfile(icc: Uint8Array): ProfileFacts {
  return { name: readProfileName(icc) ?? 'without a name', bytes: icc.length, isSrgb: isSrgb(icc) }
}
