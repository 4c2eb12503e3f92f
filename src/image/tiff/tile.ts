/* The stored bytes of tiles and strips. */
import type { Surroundings } from '../../contracts.js'
import { spanNeighbours } from './around.js'
import type { ByteRange } from './blocks.js'
import { createDamage } from './damage.js'
import type { TiffDirectory } from './directory.js'
import type { TiffFile } from './open.js'
import { locateTile, locateTileSync, maxTileBytes } from './tile-index.js'

const maxGapBytes = 4 * 1024
const maxRunBytes = 4 * 2 ** 20
const maxParallelReads = 8

/* One piece of memory serves all files: what is read to it is used before anything else is read. */
const maxLentBytes = 256 * 1024
let lent: Uint8Array | undefined

/**
 * Reads the stored bytes of the tile or strip `index` without waiting, to memory that the next call writes over;
 * `undefined` where it cannot be done now, or where the tile has more than `maxBytes`.
 *
 * @throws {@link SourceError} as {@link locateTile}.
 */
export function lendTileBytes(
  file: TiffFile,
  directory: TiffDirectory,
  index: number,
  maxBytes: number = maxLentBytes,
): Uint8Array | undefined {
  const range = locateTileSync(file, directory, index)
  if (range === undefined || range.length > Math.min(maxBytes, maxLentBytes)) return undefined
  lent ??= new Uint8Array(maxLentBytes)
  const bytes = lent.subarray(0, range.length)
  return file.bytes.fillSync(bytes, range.offset) ? bytes : undefined
}

/**
 * Reads the stored bytes of the tile or strip `index` in one read; `undefined` for a tile that is not stored.
 *
 * @throws {@link SourceError} as {@link locateTile}.
 */
export async function readTileBytes(
  file: TiffFile,
  directory: TiffDirectory,
  index: number,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  const range = await locateTile(file, directory, index, signal)
  return range && readRun(file, directory, [index], range, signal)
}

/**
 * Fetches the stored bytes of the tile or strip `index` to where {@link lendTileBytes} finds them; `undefined` where the
 * source keeps nothing, or where it is not known where the tile lies.
 *
 * @throws {@link SourceError} as {@link locateTile}.
 */
export function prefetchTile(
  file: TiffFile,
  directory: TiffDirectory,
  index: number,
  signal?: AbortSignal,
): Promise<void> | undefined {
  const range = locateTileSync(file, directory, index)
  return range && file.bytes.prefetch(range, signal, findAround(file, directory, [index], range))
}

/* One read of tiles; the source may ask what lies around them. */
function readRun(
  file: TiffFile,
  directory: TiffDirectory,
  indices: readonly number[],
  range: ByteRange,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  return file.bytes.readThrough(range, signal, findAround(file, directory, indices, range))
}

function findAround(
  file: TiffFile,
  directory: TiffDirectory,
  indices: readonly number[],
  range: ByteRange,
): Surroundings {
  return sideBytes => spanNeighbours(file, directory, indices, range, sideBytes)
}

interface Run {
  readonly offset: number
  end: number
  readonly members: { readonly at: number; readonly range: ByteRange }[]
}

/** Joins ranges with small gaps between them into runs of one read each. */
function buildRuns(ranges: readonly (ByteRange | undefined)[]): Run[] {
  const members = ranges.flatMap((range, at) => (range ? [{ at, range }] : []))
  members.sort((a, b) => a.range.offset - b.range.offset)
  const runs: Run[] = []
  for (const member of members) {
    const { offset, length } = member.range
    const run = runs.at(-1)
    const end = Math.max(run?.end ?? 0, offset + length)
    if (run && offset - run.end <= maxGapBytes && end - run.offset <= maxRunBytes) {
      run.members.push(member)
      run.end = end
    } else {
      runs.push({ offset, end: offset + length, members: [member] })
    }
  }
  return runs
}

/**
 * Reads the stored bytes of several tiles or strips, in the order of `indices`. Neighbours in the file share a read, and
 * the buffer that it gave; other reads go on side by side, eight at most.
 *
 * @throws {@link SourceError} as {@link locateTile}, and when the tiles together have more than 256 MiB.
 */
export async function readTileRange(
  file: TiffFile,
  directory: TiffDirectory,
  indices: readonly number[],
  signal?: AbortSignal,
): Promise<(Uint8Array | undefined)[]> {
  const ranges: (ByteRange | undefined)[] = []
  let total = 0
  for (const index of indices) {
    const range = await locateTile(file, directory, index, signal)
    total += range?.length ?? 0
    if (total > maxTileBytes)
      throw createDamage(`${indices.length} tiles have more than ${maxTileBytes} bytes`)
    ranges.push(range)
  }
  const found: (Uint8Array | undefined)[] = ranges.map(() => undefined)
  const runs = buildRuns(ranges)[Symbol.iterator]()
  async function readLane(): Promise<void> {
    // The lanes share one iterator: each takes the next run when it is done with its last.
    for (const run of runs) {
      const whole = { offset: run.offset, length: run.end - run.offset }
      const members = run.members.map(({ at }) => indices[at] ?? 0)
      const bytes = await readRun(file, directory, members, whole, signal)
      for (const { at, range } of run.members) {
        const start = range.offset - run.offset
        found[at] = bytes.subarray(start, start + range.length)
      }
    }
  }
  await Promise.all(Array.from({ length: maxParallelReads }, readLane))
  return found
}
