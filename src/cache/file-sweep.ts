/* Looks through a whole folder: what has expired goes, what writers left that were killed goes, the rest is counted. */
import { lstat } from 'node:fs/promises'
import { deleteFile, listEntries, listShards, listTemps, statEntry, unlessMissing } from './file-folder.js'
import type { Amount } from './file-usage.js'

/* A file that nobody has written to for a minute belongs to nobody any more. Should somebody come back to it after all,
   then that entry is not kept. */
const abandonedMs = 60_000

/* How many files are looked at together: few, so that requests need not wait for the disk. */
const batchEntries = 4

/** What {@link sweepFolder} found and did. */
export interface FolderReport {
  /** What is left. */
  readonly kept: Amount
  /** What was deleted. */
  readonly deleted: Amount
}

/**
 * Looks through a folder and deletes the entries that were stored before `expiresBefore`, in milliseconds of Unix time;
 * `undefined` when it was given up.
 */
export async function sweepFolder(
  folder: string,
  expiresBefore: number,
  signal?: AbortSignal,
): Promise<FolderReport | undefined> {
  const [kept, deleted] = [
    { bytes: 0, entries: 0 },
    { bytes: 0, entries: 0 },
  ]
  const look = async (name: string): Promise<void> => {
    const file = await statEntry(folder, name)
    if (!file) return
    const sum = file.storedAt < expiresBefore && (await deleteFile(file.path)) ? deleted : kept
    sum.bytes += file.diskBytes
    sum.entries += 1
  }
  for (const shard of await listShards(folder)) {
    const names = await listEntries(folder, shard)
    for (let at = 0; at < names.length; at += batchEntries) {
      if (signal?.aborted) return undefined
      await Promise.all(names.slice(at, at + batchEntries).map(look))
    }
  }
  return { kept, deleted }
}

/** Deletes what writers left that were killed, and tells how many files these were. */
export async function sweepTemps(folder: string, now: number): Promise<number> {
  let deleted = 0
  for (const path of await listTemps(folder)) {
    const stats = await unlessMissing(lstat(path))
    if (stats && stats.mtimeMs < now - abandonedMs && (await deleteFile(path))) deleted += 1
  }
  return deleted
}
