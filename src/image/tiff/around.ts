/* Which tiles a viewer is likely to want beside one that it asks for: those of the same row, as far as a screen reaches. It
   fills its screen row by row, and writers put the tiles of a row next to each other, though not always from left to right.
   Of a level that is no wider than that it wants all rows, and these follow each other too. */
import type { ByteSpan } from '../../contracts.js'
import type { ByteRange } from './blocks.js'
import type { TiffDirectory } from './directory.js'
import type { TiffFile } from './open.js'
import { locateTileSync } from './tile-index.js'

/** How many pixels a screen shows on either side of a tile. */
const screenPixels = 1536

/**
 * The bytes of one read of tiles, together with those of their neighbours that lie next to them in the file.
 *
 * @param indices - of the tiles of the read
 * @param sideBytes - how many bytes the neighbours on either side have together at most
 */
export function spanNeighbours(
  file: TiffFile,
  directory: TiffDirectory,
  indices: readonly number[],
  { offset, length }: ByteRange,
  sideBytes: number,
): ByteSpan {
  const { across, down, width } = directory.layout
  const first = Math.min(...indices)
  const last = Math.max(...indices)
  let start = offset
  let end = offset + length
  const walk = (from: number, step: 1 | -1, most: number): void => {
    let taken = 0
    for (let steps = 1; steps <= most; steps += 1) {
      const range = locateQuietly(file, directory, from + steps * step)
      if (range === undefined || taken + range.length > sideBytes) return
      if (range.offset === end) end += range.length
      else if (range.offset + range.length === start) start = range.offset
      else return
      taken += range.length
    }
  }
  const reach = Math.ceil(screenPixels / width)
  const isNarrow = across * width <= screenPixels
  walk(first, -1, isNarrow ? first : Math.min(reach, first % across))
  walk(last, 1, isNarrow ? across * down - 1 - last : Math.min(reach, across - 1 - (last % across)))
  return { start, end }
}

/* A neighbour that is damaged is no reason to refuse the tile. */
function locateQuietly(file: TiffFile, directory: TiffDirectory, index: number): ByteRange | undefined {
  try {
    return locateTileSync(file, directory, index)
  } catch {
    return undefined
  }
}
