/* The folder of a file cache: `<first two digits of the name>/<name>` for entries, `tmp/` for what is being written. 256
   shards keep folders short enough at tens of millions of entries, and are few enough to be looked through for a few
   thousand. Only what has a name of this grammar is ever read, counted or deleted: a folder that holds other files loses
   none of them. */
import { randomUUID } from 'node:crypto'
import { lstat, mkdir, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { isEntryName } from './key.js'

/** A file of the cache. */
export interface CacheFile {
  /** Its name. */
  readonly name: string
  /** Its path. */
  readonly path: string
  /** What it takes on the disk. */
  readonly diskBytes: number
  /** When the entry was stored, in milliseconds of Unix time: the time of modification. */
  readonly storedAt: number
  /** When the entry was last asked for, as far as it was written down: the time of access, which is set by hand. */
  readonly usedAt: number
}

/** What a file of `size` bytes takes on the disk: file systems give whole blocks. */
export function countDiskBytes(size: number): number {
  return Math.ceil(size / blockBytes) * blockBytes
}

const blockBytes = 4096

/** The path of an entry. */
export function formatEntryPath(folder: string, name: string): string {
  return join(folder, shardOf(name), name)
}

/** The shard of the entries whose names begin so. */
export function shardOf(beginning: string): string {
  return beginning.slice(0, 2)
}

/** A path that nobody else writes to. */
export function createTempPath(folder: string): string {
  return join(folder, 'tmp', `${randomUUID()}.tmp`)
}

/** The names of the shards that are there. */
export async function listShards(folder: string): Promise<string[]> {
  return (await listNames(folder)).filter(name => /^[0-9a-f]{2}$/.test(name))
}

/** The names of the entries in a shard; of one identifier's, where their prefix is given. */
export async function listEntries(folder: string, shard: string, prefix = ''): Promise<string[]> {
  const names = await listNames(join(folder, shard))
  return names.filter(name => name.startsWith(prefix) && isEntryName(name) && shardOf(name) === shard)
}

/** The paths of what is being written, or was when its writer ended. */
export async function listTemps(folder: string): Promise<string[]> {
  const names = await listNames(join(folder, 'tmp'))
  return names.filter(name => /^[0-9a-f-]{36}\.tmp$/.test(name)).map(name => join(folder, 'tmp', name))
}

/** The facts about an entry's file; `undefined` where there is none. */
export async function statEntry(folder: string, name: string): Promise<CacheFile | undefined> {
  const path = formatEntryPath(folder, name)
  const stats = await unlessMissing(lstat(path))
  if (!stats?.isFile()) return undefined
  const { size, mtimeMs, atimeMs } = stats
  return {
    name,
    path,
    diskBytes: countDiskBytes(size),
    storedAt: mtimeMs,
    usedAt: Math.max(mtimeMs, atimeMs),
  }
}

/** Deletes a file; `false` where another process was quicker. */
export async function deleteFile(path: string): Promise<boolean> {
  return (await unlessMissing(unlink(path).then(() => true))) ?? false
}

/** Does `work`; where its folder is missing, makes the folder and does it again. */
export async function inFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isMissing(error)) throw error
    // Entries may be of images that not everybody may see.
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return work()
  }
}

/** The outcome of `work`; `undefined` where it fails because there is no such file. */
export async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Tells whether an error says that the disk, or what this user may take of it, is full. */
export function isDiskFull(error: unknown): boolean {
  return hasCode(error, 'ENOSPC', 'EDQUOT')
}

/** Tells whether an error says that there is no such file, or no folder for it. */
export function isMissing(error: unknown): boolean {
  return hasCode(error, 'ENOENT', 'ENOTDIR')
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

async function listNames(folder: string): Promise<string[]> {
  return (await unlessMissing(readdir(folder))) ?? []
}
