/* What a page of a TIFF file tells about itself: its own fields, its EXIF directory, and the IPTC and XMP beside them. */
import type { EmbeddedMetadata } from '../contracts.js'
import { throwIfAborted } from './failure.js'
import { readExif } from './metadata/exif.js'
import { parseMetadata } from './metadata.js'
import { type ByteRange, maxCachedBytes } from './tiff/blocks.js'
import type { TiffDirectory } from './tiff/directory.js'
import { readRange, type TiffFile } from './tiff/open.js'

/** Reads the metadata of a page; what is damaged is left out, for the pixels may be sound. */
export async function readTiffMetadata(
  file: TiffFile,
  directory: TiffDirectory | undefined,
  signal?: AbortSignal,
): Promise<EmbeddedMetadata> {
  if (directory === undefined) return {}
  const read = async (offset: number, length: number) =>
    length > maxCachedBytes ? undefined : attempt(() => file.bytes.read({ offset, length }, signal), signal)
  const readBlock = async (range: ByteRange | undefined) =>
    range && attempt(() => readRange(file, range, signal), signal)
  const { littleEndian, bigTiff } = file
  return parseMetadata(
    { iptc: await readBlock(directory.iptc), xmp: await readBlock(directory.xmp) },
    await readExif({ littleEndian, bigTiff, read }, directory.offset),
  )
}

async function attempt<T>(read: () => Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  try {
    return await read()
  } catch {
    throwIfAborted(signal)
    return undefined
  }
}
