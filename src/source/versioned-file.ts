/* One open file that gives only the bytes of one version: whatever happens to the file after it was looked up
   (replaced, rewritten in place, cut, swapped for a link), a read gives the bytes of that version or fails. */
import type { BigIntStats } from 'node:fs'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { buildChanged, buildFailure, isMissing, throwIfAborted } from './failure.js'
import { clampLength } from './range.js'

/** A file as it was found. */
export interface FileVersion {
  /** The real path: absolute, without links. */
  readonly path: string
  /** What {@link formatVersion} made of its facts. */
  readonly version: string
  /** Its size in bytes. */
  readonly size: number
}

/** An open file of one version. */
export interface VersionedFile {
  /** Reads up to `length` bytes from `offset`; fewer only at the end. */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>
  /** Closes the file when the reads that have begun are done. */
  close(): Promise<void>
}

/* The path is real, so a link in its last place was put there since; and an open must not wait for the writer of a
   FIFO. Windows has neither flag. */
const openFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/* The most that one system call is asked for: Node refuses 2 GiB and more. */
const maxCallBytes = 2 ** 30

/**
 * Formats a version: size, time of change in nanoseconds, and inode, which tells apart files that a deployment wrote
 * with equal sizes and times.
 */
export function formatVersion(stats: BigIntStats): string {
  return [stats.size, stats.mtimeNs, stats.ino].map(fact => fact.toString(36)).join('-')
}

/**
 * Opens a file that was found before. Whether it is still the same is told by each read, after it has read: only
 * there a file that is rewritten in place is noticed, and a check at the open would cost a system call for nothing.
 *
 * @throws {@link SourceError} when it is gone, or cannot be opened.
 */
export async function openVersionedFile(file: FileVersion): Promise<VersionedFile> {
  const handle = await open(file.path, openFlags).catch((error: unknown) => {
    throw isMissing(error) ? buildChanged(error) : buildFailure(error)
  })
  return {
    read: (offset, length, signal) => readBytes(handle, file, offset, length, signal),
    close: () => handle.close(),
  }
}

async function readBytes(
  handle: FileHandle,
  file: FileVersion,
  offset: number,
  length: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  throwIfAborted(signal)
  const wanted = clampLength(offset, length, file.size)
  if (wanted === 0) return new Uint8Array()
  try {
    const bytes = Buffer.allocUnsafeSlow(wanted)
    for (let filled = 0; filled < wanted; ) {
      throwIfAborted(signal)
      const ask = Math.min(wanted - filled, maxCallBytes)
      const { bytesRead } = await handle.read(bytes, filled, ask, offset + filled)
      if (bytesRead === 0) throw buildChanged()
      filled += bytesRead
    }
    await checkVersion(handle, file)
    return bytes
  } catch (error) {
    throw buildFailure(error)
  }
}

async function checkVersion(handle: FileHandle, file: FileVersion): Promise<void> {
  const stats = await handle.stat({ bigint: true })
  if (!stats.isFile() || formatVersion(stats) !== file.version) throw buildChanged()
}
