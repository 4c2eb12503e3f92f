/* Which directories of a TIFF are pictures of their own, and which are smaller copies of one: its pyramid. */
import type { PyramidLevel } from '../contracts.js'
import type { TiffDirectory } from './tiff-peek.js'

/** A stored resolution and where it lies in the file. */
export interface StoredLevel extends PyramidLevel {
  /** The number of the directory, from 0. */
  readonly page: number
  /** The number of the sub-directory, from 0, where the level is one. */
  readonly subifd?: number
}

/** The levels of one picture, the largest first. */
export type StoredLevels = readonly [StoredLevel, ...StoredLevel[]]

/**
 * Sorts the directories into pictures and their levels: a directory, or sub-directory, is the next level when it has
 * half the size of the one before, rounded up or down, and the same kind of samples.
 */
export function groupLevels(directories: readonly TiffDirectory[]): readonly StoredLevels[] {
  const groups: [StoredLevel, ...StoredLevel[]][] = []
  let base: TiffDirectory | undefined
  for (const [page, directory] of directories.entries()) {
    const current = groups.at(-1)
    if (base && current && isNextLevel(base, current, directory)) {
      current.push(toLevel(directory, page, 2 ** current.length))
      continue
    }
    base = directory
    const group: [StoredLevel, ...StoredLevel[]] = [toLevel(directory, page, 1)]
    for (const [subifd, child] of directory.children.entries()) {
      if (isNextLevel(directory, group, child)) {
        group.push({ ...toLevel(child, page, 2 ** group.length), subifd })
      }
    }
    groups.push(group)
  }
  return groups
}

function toLevel({ width, height, tile }: TiffDirectory, page: number, scaleFactor: number): StoredLevel {
  return { page, width, height, scaleFactor, ...(tile ? { tile } : {}) }
}

function isNextLevel(base: TiffDirectory, levels: readonly StoredLevel[], candidate: TiffDirectory): boolean {
  const last = levels.at(-1)
  const scaleFactor = 2 ** levels.length
  return (
    last !== undefined &&
    (candidate.width < last.width || candidate.height < last.height) &&
    isScaled(base.width, candidate.width, scaleFactor) &&
    isScaled(base.height, candidate.height, scaleFactor) &&
    candidate.samples === base.samples &&
    // A copy without the profile of the original would show other colours.
    candidate.hasProfile === base.hasProfile
  )
}

function isScaled(full: number, side: number, scaleFactor: number): boolean {
  return side === Math.max(1, Math.floor(full / scaleFactor)) || side === Math.ceil(full / scaleFactor)
}
