/* Turns images that are too large to be turned in memory, which is how sharp turns them: the pixels are written to a file
   without compression, in tiles, and from there, a band of rows after another, to a file that stands upright. */
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'

import { throwIfAborted } from './failure.js'
import { orientDimensions, toStoredBox, turnOf } from './orientation.js'
import { type Field, formatDirectory } from './pyramid/directory.js'
import { type PixelFile, preparePixels, untilAborted, type Watching, watchSize } from './pyramid-encode.js'
import type { PyramidPlan } from './pyramid-plan.js'

/** The part of the whole time that turning takes. */
export const stageShare = 0.5

/** More than this is not held in memory to be turned, in bytes. */
const maxTurnedBytes = 256 * 2 ** 20
const bandRows = 256
const headerBytes = 16

/**
 * Turns a large image upright, in files of a folder; any other image is left as it is.
 *
 * @param maxBytes - up to so many bytes of pixels sharp may hold
 */
export async function stagePixels(
  image: PixelFile,
  folder: string,
  { onProgress, signal }: Watching,
  maxBytes: number = maxTurnedBytes,
): Promise<PixelFile> {
  const { plan } = image
  if (plan.orientation === 1 || plan.pixelBytes <= maxBytes) return image
  const tell = (from: number) => onProgress && ((part: number) => onProgress((from + part / 2) * stageShare))
  const [stored, upright] = [join(folder, 'stored.tif'), join(folder, 'upright.tif')]
  const layout = { tile: true, tileWidth: bandRows, tileHeight: bandRows, bigtiff: true } as const
  const pixels = preparePixels({ ...image, plan: { ...plan, orientation: 1 } })
  const stop = watchSize(stored, plan.pixelBytes, tell(0))
  try {
    await untilAborted(pixels.tiff({ compression: 'none', ...layout }).toFile(stored), signal)
  } finally {
    stop()
  }
  await writeUpright(stored, upright, plan, { onProgress: tell(0.5), signal })
  await rm(stored)
  const profile = plan.profile === 'convert' ? 'none' : plan.profile
  return { path: upright, format: 'tif', plan: { ...plan, orientation: 1, profile, isFlattened: false } }
}

async function writeUpright(
  stored: string,
  upright: string,
  plan: PyramidPlan,
  { onProgress, signal }: Watching,
): Promise<void> {
  const [{ height }] = plan.levels
  const strips: number[] = []
  const file = await open(upright, 'wx')
  try {
    let offset = headerBytes
    for (let y = 0; y < height; y += bandRows) {
      throwIfAborted(signal)
      const band = await readBand(stored, plan, y)
      await file.write(band, 0, band.length, offset)
      strips.push(band.length)
      offset += band.length
      onProgress?.(Math.min(1, (y + bandRows) / height))
    }
    const { icc } = await sharp(stored, { limitInputPixels: false }).metadata()
    await file.write(formatHeader(offset), 0, headerBytes, 0)
    const directory = { fields: listFields(plan, strips, icc), next: 0 }
    const bytes = formatDirectory(directory, offset, { littleEndian: true, bigTiff: true })
    await file.write(bytes, 0, bytes.length, offset)
  } finally {
    await file.close()
  }
}

/* Rows of the upright image, whichever rows or columns they are in the stored one. */
async function readBand(stored: string, plan: PyramidPlan, y: number): Promise<Buffer> {
  const { orientation, space, levels } = plan
  const [{ width, height }] = levels
  const rows = { x: 0, y, width, height: Math.min(bandRows, height - y) }
  const box = toStoredBox(rows, orientDimensions(levels[0], orientation), orientation)
  const { flop, angle } = turnOf(orientation)
  const part = sharp(stored, { limitInputPixels: false, ignoreIcc: true })
    .extract({ left: box.x, top: box.y, width: box.width, height: box.height })
    .toColourspace(space)
  // Mirrored first and turned afterwards: in two steps, because sharp has an order of its own.
  const { data, info } = await part
    .flop(flop)
    .raw({ depth: isDeep(plan) ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true })
  if (angle === 0) return data
  const samples = isDeep(plan) ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data
  return sharp(samples, {
    raw: { width: info.width, height: info.height, channels: info.channels },
    limitInputPixels: false,
  })
    .rotate(angle)
    .toColourspace(space)
    .raw({ depth: isDeep(plan) ? 'ushort' : 'uchar' })
    .toBuffer()
}

function isDeep({ space }: PyramidPlan): boolean {
  return space === 'rgb16' || space === 'grey16'
}

function formatHeader(first: number): Uint8Array {
  const header = Buffer.alloc(headerBytes)
  header.write('II+\0', 'latin1')
  header.writeUInt16LE(8, 4)
  header.writeBigUInt64LE(BigInt(first), 8)
  return header
}

/* The fields of an image without compression, in strips (TIFF 6.0 sections 3 to 6). */
function listFields(plan: PyramidPlan, strips: readonly number[], icc: Uint8Array | undefined): Field[] {
  const [{ width, height }] = plan.levels
  const isGray = plan.space === 'b-w' || plan.space === 'grey16'
  const bits = isDeep(plan) ? 16 : 8
  const channels = plan.pixelBytes / (width * height) / (bits / 8)
  const offsets = strips.map((_, index) =>
    strips.slice(0, index).reduce((sum, length) => sum + length, headerBytes),
  )
  const hasAlpha = channels === 2 || channels === 4
  return [
    numbers(256, [width]),
    numbers(257, [height]),
    numbers(258, Array<number>(channels).fill(bits)),
    numbers(259, [1]), // Compression: none
    numbers(262, [isGray ? 1 : 2]), // PhotometricInterpretation
    numbers(273, offsets),
    numbers(277, [channels]),
    numbers(278, [bandRows]), // RowsPerStrip
    numbers(279, strips),
    ...(hasAlpha ? [numbers(338, [2])] : []), // ExtraSamples: alpha that colours are not multiplied with
    ...(icc ? [{ tag: 34675, type: 7, count: icc.length, bytes: icc }] : []),
  ]
}

/* LONG8 holds what any of them may be; SHORT is what readers expect of those that describe samples. */
function numbers(tag: number, values: readonly number[]): Field {
  const isShort = [258, 259, 262, 277, 338].includes(tag)
  const bytes = Buffer.alloc(values.length * (isShort ? 2 : 8))
  for (const [index, value] of values.entries()) {
    if (isShort) bytes.writeUInt16LE(value, index * 2)
    else bytes.writeBigUInt64LE(BigInt(value), index * 8)
  }
  return { tag, type: isShort ? 3 : 16, count: values.length, bytes }
}
