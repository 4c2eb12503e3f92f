/* The options of a file cache. */
import { resolve } from 'node:path'
import { requireCount, requireSeconds } from './option.js'

/** Where and how much {@link fileCache} keeps. */
export interface FileCacheOptions {
  /**
   * The folder; it is made when there is something to keep. It should be the cache's own, though files that the cache
   * did not write are left alone. A relative one is taken from the working directory at creation.
   */
  readonly folder: string
  /** The bound in bytes, as the disk counts them: in whole blocks of 4 KiB. */
  readonly maxBytes: number
  /** The largest entry, in bytes; a larger one is not kept. It is read whole. @defaultValue 64 MiB */
  readonly maxEntryBytes?: number
  /** For how long an entry is kept, in seconds. @defaultValue without end: keys change with their sources */
  readonly ttlSeconds?: number
  /**
   * Whether bytes are on the disk before an entry counts as kept. Without it a power failure may leave damaged entries,
   * which are found and made anew; with it each new entry waits for the disk. @defaultValue false
   */
  readonly fsync?: boolean
  /** The clock, in milliseconds of Unix time. @internal */
  readonly now?: () => number
  /** Where chance comes from: numbers from 0 to below 1. @internal */
  readonly random?: () => number
}

/** {@link FileCacheOptions}, checked and complete. */
export type FileCacheSettings = Required<Omit<FileCacheOptions, 'ttlSeconds'>> & {
  readonly ttlSeconds: number | undefined
}

/** Checks the options of a file cache. @throws TypeError that names the option. */
export function resolveFileOptions(options: FileCacheOptions): FileCacheSettings {
  const { folder, maxBytes, ttlSeconds, fsync = false, now = Date.now, random = Math.random } = options
  if (typeof folder !== 'string' || folder === '' || folder.includes('\0'))
    throw new TypeError('folder: expected the path of a folder')
  requireCount('maxBytes', maxBytes)
  const { maxEntryBytes = Math.min(64 * 2 ** 20, maxBytes) } = options
  requireCount('maxEntryBytes', maxEntryBytes)
  if (maxEntryBytes > maxBytes) throw new TypeError('maxEntryBytes: expected no more than maxBytes')
  requireSeconds('ttlSeconds', ttlSeconds)
  if (typeof fsync !== 'boolean') throw new TypeError('fsync: expected true or false')
  return { folder: resolve(folder), maxBytes, maxEntryBytes, ttlSeconds, fsync, now, random }
}
