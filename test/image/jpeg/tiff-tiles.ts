/* A short walk through a little- or big-endian TIFF to its stored tiles, apart from the readers of src. */
import sharp, { type Sharp } from 'sharp'
import type { JpegColour } from '../../../src/image/jpeg/colour.js'
import { createRandom } from './coefficients.js'

export interface TiledLevel {
  width: number
  height: number
  tile: { width: number; height: number }
  columns: number
  tiles: Uint8Array[]
  tables: Uint8Array
  colour: JpegColour
}

const photometrics: Record<number, JpegColour['photometric']> = { 1: 'gray', 2: 'rgb', 6: 'ycbcr' }

/** Reads the pages of a TIFF whose tiles are JPEG. */
export function readLevels(file: Uint8Array): TiledLevel[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const little = file[0] === 0x49
  const levels: TiledLevel[] = []
  for (let at = view.getUint32(4, little); at !== 0; ) {
    const count = view.getUint16(at, little)
    const tags = new Map<number, number[]>()
    for (let i = 0; i < count; i += 1) {
      const entry = at + 2 + 12 * i
      const size = { 3: 2, 4: 4 }[view.getUint16(entry + 2, little)] ?? 1
      const length = view.getUint32(entry + 4, little)
      const start = length * size <= 4 ? entry + 8 : view.getUint32(entry + 8, little)
      const values = Array.from({ length }, (_, n) => {
        if (size === 1) return file[start + n]!
        return size === 2 ? view.getUint16(start + 2 * n, little) : view.getUint32(start + 4 * n, little)
      })
      tags.set(view.getUint16(entry, little), values)
    }
    const one = (tag: number): number => tags.get(tag)![0]!
    levels.push({
      width: one(256),
      height: one(257),
      tile: { width: one(322), height: one(323) },
      columns: Math.ceil(one(256) / one(322)),
      tiles: tags.get(324)!.map((start, i) => file.subarray(start, start + tags.get(325)![i]!)),
      tables: Uint8Array.from(tags.get(347) ?? [0xff, 0xd8, 0xff, 0xd9]),
      colour: { photometric: photometrics[one(262)]! },
    })
    at = view.getUint32(at + 2 + 12 * count, little)
  }
  return levels
}

/** A picture with gradients, edges and a little noise. */
export function drawPicture(width: number, height: number, channels: 1 | 3): Sharp {
  const random = createRandom(7)
  const pixels = new Uint8ClampedArray(width * height * channels)
  for (let i = 0; i < pixels.length; i += channels) {
    const x = (i / channels) % width
    const y = Math.floor(i / channels / width)
    const light = 120 + 70 * Math.sin(x / 41) * Math.cos(y / 29) + ((x + 2 * y) % 90 < 6 ? 50 : 0)
    const noise = (random() + random() - 1) * 12
    for (let c = 0; c < channels; c += 1) pixels[i + c] = light + noise + c * 25 * Math.cos((x + y) / 120)
  }
  return sharp(pixels, { raw: { width, height, channels } })
}

export async function makePyramid(
  width: number,
  height: number,
  channels: 1 | 3,
  quality: number,
): Promise<Buffer> {
  const tile = { tile: true, tileWidth: 128, tileHeight: 128 }
  const picture = drawPicture(width, height, channels)
  if (channels === 1) picture.toColourspace('b-w')
  return picture.tiff({ compression: 'jpeg', quality, pyramid: true, ...tile }).toBuffer()
}
