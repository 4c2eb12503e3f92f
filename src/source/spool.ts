/* Whole files that had to be fetched: kept on disk under names that stand for their version, fetched once however many
   want them, bounded in bytes, gone when the last process that uses them closes. */
import { lstat, rename } from 'node:fs/promises'
import { AbortedError } from '../errors.js'
import { buildChanged, buildFailure, isMissing, throwIfAborted } from './failure.js'
import type { FileImage } from './file-image.js'
import { createWorkTable } from './shared-work.js'
import { createSpoolFolder, type SpoolFolder, touchFile } from './spool-folder.js'
import { createRoom, createWriter, type SpoolRoom, type SpoolWriter } from './spool-writer.js'
import { formatVersion } from './versioned-file.js'

/** What a {@link Spool} is made with. */
export interface SpoolOptions {
  /** The folder for temporary files; a folder of its own is made below it. */
  readonly directory: string
  /** The most bytes that all files together have. */
  readonly maxBytes: number
  /** The most bytes that one file has. */
  readonly maxFileBytes: number
}

/** Writes a whole file; rejects where it cannot. */
export type SaveFile = (writer: SpoolWriter, signal: AbortSignal) => Promise<void>

/** Whole files that had to be fetched. */
export interface Spool {
  /** Where a file is, or will be. */
  pathOf(name: string): string
  /** The file of a name: it is there, another request is fetching it, or it is fetched. */
  obtain(name: string, save: SaveFile, signal?: AbortSignal): Promise<FileImage>
  /** Fetches a file of which there is no name before its bytes are known. */
  add(nameOf: (digest: string) => string, save: SaveFile, signal?: AbortSignal): Promise<FileImage>
  /** Keeps a file from being removed until the returned function is called. */
  hold(name: string): () => void
  /** Removes the files, unless another process uses them. */
  close(): Promise<void>
}

/** Creates a spool; nothing is made before the first file. */
export function createSpool({ directory, maxBytes, maxFileBytes }: SpoolOptions): Spool {
  const folder = createSpoolFolder(directory)
  const room = createRoom(folder, maxBytes)
  const work = createWorkTable<FileImage>()
  const place = { folder, room, maxFileBytes }
  let opening: Promise<void> | undefined
  let isClosed = false
  let added = 0
  const ready = (): Promise<void> => {
    if (isClosed) throw new AbortedError('closed', 'The source is closed.')
    opening ??= folder.open()
    return opening
  }
  return {
    pathOf: folder.pathOf,
    obtain: (name, save, signal) => {
      const begin = async (given: AbortSignal): Promise<FileImage> => {
        await ready()
        return (await findFile(folder.pathOf(name))) ?? fetchFile(place, name, save, given)
      }
      return work.run(name, begin, signal)
    },
    add(nameOf, save, signal) {
      added += 1
      const name = `unnamed-${added}`
      return work.run(name, given => ready().then(() => fetchFile(place, name, save, given, nameOf)), signal)
    },
    hold: room.hold,
    async close() {
      isClosed = true
      await work.stop()
      // What could not be opened needs no closing.
      await opening?.then(folder.close, () => {})
    },
  }
}

interface Place {
  readonly folder: SpoolFolder
  readonly room: SpoolRoom
  readonly maxFileBytes: number
}

async function fetchFile(
  { folder, room, maxFileBytes }: Place,
  name: string,
  save: SaveFile,
  signal: AbortSignal,
  nameOf?: (digest: string) => string,
): Promise<FileImage> {
  const part = folder.choosePart(name)
  const writer = await createWriter(part, maxFileBytes, room, nameOf !== undefined)
  try {
    await save(writer, signal)
    throwIfAborted(signal)
    const digest = await writer.end()
    const path = folder.pathOf(nameOf?.(digest) ?? name)
    await rename(part, path)
    return await requireFile(path)
  } catch (error) {
    await writer.discard()
    throw error
  }
}

async function requireFile(path: string): Promise<FileImage> {
  const file = await findFile(path)
  if (file === undefined) throw buildChanged()
  return file
}

/* The time of change is a whole second from the beginning, so that setting the time of use does not change it. */
async function findFile(path: string): Promise<FileImage | undefined> {
  try {
    const stats = await lstat(path, { bigint: true })
    if (!stats.isFile()) return undefined
    await touchFile(path, stats.mtime)
    return { path, version: formatVersion(stats), size: Number(stats.size), lastModified: stats.mtime }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw buildFailure(error)
  }
}
