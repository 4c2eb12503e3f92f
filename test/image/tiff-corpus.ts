/* Pyramids of one picture in every compression that has a way of its own, for the tests of the TIFF reader. */
import { readdirSync, readlinkSync } from 'node:fs'
import type { TiffOptions } from 'sharp'
import { afterAll, beforeAll } from 'vitest'
import type { ImageReader, ImageSource } from '../../src/contracts.js'
import { disableOperationCache } from '../../src/image/libvips.js'
import { openReader } from '../../src/image/reader.js'
import type { Box } from '../../src/protocol/geometry.js'
import { drawPicture } from './jpeg/tiff-tiles.js'
import { bytesSource, createFolder } from './picture.js'
import { tiled } from './stored-files.js'

export const box = (x: number, y: number, width: number, height: number): Box => ({ x, y, width, height })

/** The size of the picture: 6 × 4 tiles of 128, the last ones 60 wide and 116 high. */
export const [width, height] = [700, 500] as const

export const codings: readonly [name: string, channels: 1 | 3, options: TiffOptions][] = [
  ['ycbcr', 3, { compression: 'jpeg', quality: 85 }],
  ['rgb', 3, { compression: 'jpeg', quality: 92 }],
  ['grey', 1, { compression: 'jpeg', quality: 85 }],
  ['webp', 3, { compression: 'webp', quality: 80 }],
  ['deflate', 3, { compression: 'deflate', predictor: 'horizontal' }],
  ['none', 3, { compression: 'none' }],
  ['lzw', 3, { compression: 'lzw', predictor: 'horizontal' }],
]

/** The files by the name of their coding, from the first test on. */
export const files = new Map<string, Buffer>()

/** A folder of its own, from the first test on. */
export let folder: string

const readers: ImageReader[] = []

/** Makes the files before the tests of a file, and closes readers after them. */
export function useCorpus(): void {
  disableOperationCache()
  beforeAll(async () => {
    folder = await createFolder()
    for (const [name, channels, options] of codings) {
      const picture = drawPicture(width, height, channels)
      if (channels === 1) picture.toColourspace('b-w')
      files.set(name, await picture.tiff({ ...options, ...tiled }).toBuffer())
    }
  })
  afterAll(async () => {
    await Promise.all(readers.map(reader => reader.close()))
  })
}

/** Opens a source that is closed after the tests. */
export async function openSource(source: ImageSource): Promise<ImageReader> {
  const reader = await openReader(source)
  readers.push(reader)
  return reader
}

export const openBytes = (bytes: Uint8Array): Promise<ImageReader> => openSource(bytesSource(bytes))

export function listOpen(inside: string): string[] {
  return readdirSync('/proc/self/fd')
    .map(fd => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`)
      } catch {
        return ''
      }
    })
    .filter(path => path.startsWith(inside))
    .sort()
}
