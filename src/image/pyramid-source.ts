/* The image that a pyramid is made of: opened, and what it says about its picture carried over. */
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import sharp, { type Metadata } from 'sharp'
import type { ImageDescription } from '../contracts.js'
import { ToolError } from '../errors.js'
import { toSourceFailure } from './failure.js'
import { disableOperationCache } from './libvips.js'
import { localFile, readFrom } from './local-file.js'
import { appendMetadata, type MetadataSource, readCarried } from './pyramid/metadata.js'
import type { PyramidPlan } from './pyramid-plan.js'
import { openReader } from './reader.js'

/** An image that a pyramid is made of. */
export interface PyramidInput {
  /** Its path. */
  readonly path: string
  /** What its reader tells. */
  readonly description: ImageDescription
  /** What libvips tells. */
  readonly metadata: Metadata
}

/**
 * Opens an image that a pyramid is to be made of.
 *
 * @throws {@link SourceError} where it is no image, or damaged; {@link ToolError} where libvips cannot open its name.
 */
export async function openInput(input: string): Promise<PyramidInput> {
  disableOperationCache()
  const path = resolve(input)
  if (path.endsWith(']')) {
    throw new ToolError(
      'libvips takes what is in brackets at the end of a name for options: rename the file.',
    )
  }
  const reader = await openReader(await localFile(path), { maxInputPixels: Infinity })
  await reader.close()
  try {
    const metadata = await sharp(path, { limitInputPixels: false }).metadata()
    return { path, description: reader.description, metadata }
  } catch (error) {
    throw toSourceFailure(error)
  }
}

/**
 * Adds what an image says about its picture to its pyramid, and tells what was left out: a picture without what its
 * camera has said is better than none.
 */
export async function carryMetadata(
  { path, description, metadata }: PyramidInput,
  plan: PyramidPlan,
  part: string,
): Promise<string[]> {
  const { xmp, iptc } = metadata
  const change = { size: plan.levels[0], isConverted: plan.profile === 'convert' }
  const exif = findExif(path, description, metadata)
  const notes: string[] = []
  const carried = await readCarried({ xmp, iptc, ...exif }, change).catch(() => {
    notes.push('its Exif data are damaged and are left out')
    return readCarried({ xmp, iptc }, change)
  })
  const file = await open(part, 'r+')
  try {
    await appendMetadata(
      {
        read: (offset, length) => readFrom(part, offset, length),
        write: (bytes, offset) => file.write(bytes, 0, bytes.length, offset),
        size: (await file.stat()).size,
      },
      carried,
    )
  } finally {
    await file.close()
  }
  return notes
}

const exifStart = 'Exif\0\0'

function findExif(
  path: string,
  { format }: ImageDescription,
  { exif }: Metadata,
): Pick<MetadataSource, 'exif'> {
  if (format === 'tif') return { exif: (offset, length) => readFrom(path, offset, length) }
  if (exif === undefined) return {}
  const start = exif.toString('latin1', 0, exifStart.length) === exifStart ? exifStart.length : 0
  return { exif: async (offset, length) => exif.subarray(start + offset, start + offset + length) }
}
