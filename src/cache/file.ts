/* A cache in a folder: it survives restarts and crashes, and several processes may share it, without a lock and without
   knowing of each other. An entry is one file, written aside and given its name when it is whole; what is read is
   checked to the last bit, and what is found damaged is deleted and is a miss. */
import type { Cache, CacheEntry, CacheMatch } from '../contracts.js'
import { createDebug } from '../debug.js'
import { countDiskBytes, formatEntryPath, listEntries, listShards, shardOf } from './file-folder.js'
import { readFrameFile, writeFrameFile } from './file-frame.js'
import { type FileCacheOptions, type FileCacheSettings, resolveFileOptions } from './file-options.js'
import { createRecency } from './file-recency.js'
import { createFileStore, type FileStore } from './file-store.js'
import { buildFrame, countFrameBytes } from './frame.js'
import { formatEntryName, formatNamePrefix } from './key.js'

const debug = createDebug('cache:file')

/**
 * Creates a cache in a folder. A hit costs two trips to the disk, of which the page cache mostly answers; a new entry is
 * written aside and given its name when it is whole.
 *
 * Memory does not grow with the folder. Which entries go when it is full is decided by looking at some of them: those
 * that go were not asked for longer than four fifths of the others. The bound holds for all processes together, to
 * within some thousandths for each of them. Call `sweep` now and then: it deletes what has expired and what killed
 * processes left, and counts anew.
 *
 * A folder that cannot be written to, or a full disk, makes `set` reject; on a full disk old entries go first.
 *
 * @throws TypeError that names the option, where one is not valid.
 */
export function fileCache(options: FileCacheOptions): Cache {
  const settings = resolveFileOptions(options)
  const { folder, now } = settings
  const recency = createRecency(now)
  const store = createFileStore(settings, recency)
  let damaged = 0
  return {
    async get(key) {
      const name = formatEntryName(key)
      const path = formatEntryPath(folder, name)
      const found = await readFrameFile(path, key, settings.maxEntryBytes)
      if (found === 'missing') return undefined
      if (found !== 'damaged' && found.storedAt >= store.expiresBefore()) {
        recency.note(name, path, found.storedAt)
        return found.entry
      }
      if (found === 'damaged') damaged += 1
      debug('%s is %s', name, found === 'damaged' ? found : 'expired')
      await store.remove(name).catch((error: unknown) => debug('it could not be deleted: %o', error))
      return undefined
    },
    set: (key, entry) => setEntry(key, entry, settings, store),
    delete: match => deleteMatching(match, folder, store),
    sweep: signal => store.sweep(signal),
    stats: () => ({ ...store.amount(), evicted: store.evicted(), damaged }),
    close: () => store.close(),
  }
}

async function setEntry(
  key: string,
  entry: CacheEntry,
  { folder, maxEntryBytes, fsync, now }: FileCacheSettings,
  store: FileStore,
): Promise<void> {
  const name = formatEntryName(key)
  const bytes = countFrameBytes(key, entry)
  // What was kept under the key is not what it stands for any more.
  if (bytes > maxEntryBytes) return store.remove(name)
  await store.reserve(countDiskBytes(bytes), () =>
    writeFrameFile(folder, formatEntryPath(folder, name), buildFrame(key, entry, now()), fsync),
  )
}

/* How many files are deleted together. */
const batchEntries = 16

async function deleteMatching(match: CacheMatch, folder: string, store: FileStore): Promise<void> {
  if (match.kind === 'key') return store.remove(formatEntryName(match.key))
  const prefix = match.kind === 'identifier' ? formatNamePrefix(match.identifier) : ''
  const shards = prefix ? [shardOf(prefix)] : await listShards(folder)
  for (const shard of shards) {
    const names = await listEntries(folder, shard, prefix)
    for (let at = 0; at < names.length; at += batchEntries)
      await Promise.all(names.slice(at, at + batchEntries).map(store.remove))
  }
}
