/* Finds old entries in a folder without a list of all, neither in memory nor on the disk: as many are looked at as it
   takes to know what is old here, the oldest fifth of them is kept in mind, and each is looked at again before it goes.
   Memory does not grow with the folder, and processes that share it need not agree on anything. */
import { type CacheFile, listEntries, listShards, statEntry } from './file-folder.js'

/* How many entries are looked at for a round; all, of a folder that has no more. */
const sampleEntries = 2000

/* How many are looked at together. The threads that wait for the disk are few, and others need them too. */
const batchEntries = 16

/** Finds old entries. */
export interface Sampler {
  /** An entry that was not asked for longer than nearly all others; `undefined` where there is none at all. */
  findOld(): Promise<CacheFile | undefined>
}

/**
 * Creates what finds old entries.
 *
 * @param lastUse - when this process last gave an entry, in milliseconds of Unix time; 0 where it does not know
 * @param random - where chance comes from: numbers from 0 to below 1; processes that share a folder begin elsewhere
 */
export function createSampler(
  folder: string,
  lastUse: (name: string) => number,
  random: () => number,
): Sampler {
  let old: CacheFile[] = []
  let shards: string[] = []
  const look = async (name: string): Promise<CacheFile | undefined> => {
    const file = await statEntry(folder, name)
    return file && { ...file, usedAt: Math.max(file.usedAt, lastUse(name)) }
  }
  const sample = async (): Promise<void> => {
    if (shards.length === 0) shards = rotate(await listShards(folder), random)
    const seen: CacheFile[] = []
    while (shards.length > 0 && seen.length < sampleEntries) {
      const names = pick(await listEntries(folder, shards.pop() ?? ''), sampleEntries, random)
      for (let at = 0; at < names.length; at += batchEntries) {
        const files = await Promise.all(names.slice(at, at + batchEntries).map(look))
        seen.push(...files.filter(file => file !== undefined))
      }
    }
    old = seen.sort((a, b) => b.usedAt - a.usedAt).slice(-Math.ceil(seen.length / 5))
  }
  return {
    async findOld() {
      for (let round = 0; round < 3; round += 1) {
        for (let known = old.pop(); known; known = old.pop()) {
          const file = await look(known.name)
          if (file && file.usedAt <= known.usedAt) return file
        }
        await sample()
      }
      return old.pop()
    },
  }
}

/* Neighbours do not belong together more than others: names are digests. */
function pick(names: readonly string[], count: number, random: () => number): readonly string[] {
  const start = Math.floor(random() * Math.max(0, names.length - count))
  return names.slice(start, start + count)
}

function rotate(shards: readonly string[], random: () => number): string[] {
  const start = Math.floor(random() * shards.length)
  return [...shards.slice(start), ...shards.slice(0, start)]
}
