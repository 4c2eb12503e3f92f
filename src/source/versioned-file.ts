/* One open file that gives only the bytes of one version: whatever happens to the file after it was looked up
   (replaced, rewritten in place, cut, swapped for a link), a read gives the bytes of that version or fails. */
import { type BigIntStats, constants, fstatSync, lstatSync, readSync, type Stats } from 'node:fs'
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
  /** Fills `target` without waiting; `false` for a read that is long enough to hold up others. */
  readSync(target: Uint8Array, offset: number): boolean
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
  const readAtOnce = createBlockingRead(handle.fd, file)
  return {
    read: (offset, length, signal) => readBytes(handle, file, readAtOnce, { offset, length }, signal),
    readSync(target, offset) {
      if (target.byteLength > maxBlockingBytes || offset + target.byteLength > file.size) return false
      readAtOnce(target, offset)
      return true
    },
    close: () => handle.close(),
  }
}

/**
 * Looks whether the path still leads to the file that was found; at once, as the thread pool is where pictures are decoded,
 * and a look takes microseconds.
 *
 * @throws {@link SourceError} when it leads to another one, or to none.
 */
export async function checkFile(file: FileVersion): Promise<void> {
  try {
    checkVersion(lstatSync(file.path, { bigint: true }), file)
  } catch (error) {
    throw isMissing(error) ? buildChanged(error) : buildFailure(error)
  }
}

async function readBytes(
  handle: FileHandle,
  file: FileVersion,
  readAtOnce: BlockingRead,
  { offset, length }: { readonly offset: number; readonly length: number },
  signal?: AbortSignal,
): Promise<Uint8Array> {
  throwIfAborted(signal)
  const wanted = clampLength(offset, length, file.size)
  if (wanted === 0) return new Uint8Array()
  try {
    const bytes = Buffer.allocUnsafeSlow(wanted)
    if (wanted <= maxBlockingBytes) return readAtOnce(bytes, offset)
    for (let filled = 0; filled < wanted; ) {
      throwIfAborted(signal)
      const ask = Math.min(wanted - filled, maxCallBytes)
      const { bytesRead } = await handle.read(bytes, filled, ask, offset + filled)
      if (bytesRead === 0) throw buildChanged()
      filled += bytesRead
    }
    checkVersion(await handle.stat({ bigint: true }), file)
    return bytes
  } catch (error) {
    throw buildFailure(error)
  }
}

/* A tile is mostly in the page cache of the system, which answers in microseconds: a trip to the thread pool and back
   takes ten times as long as the read. */
const maxBlockingBytes = 128 * 1024

type BlockingRead = (bytes: Uint8Array, offset: number) => Uint8Array

/* The version is made of exact numbers, which are slow: once it was found right, the same facts in quick numbers stand
   for it. Their times are those of the same clock, to a quarter of a microsecond. */
function createBlockingRead(descriptor: number, file: FileVersion): BlockingRead {
  let right: Stats | undefined
  const check = (): void => {
    const stats = fstatSync(descriptor)
    if (right && stats.mtimeMs === right.mtimeMs && stats.size === right.size && stats.ino === right.ino)
      return
    checkVersion(fstatSync(descriptor, { bigint: true }), file)
    right = stats
  }
  return (bytes, offset) => {
    const wanted = bytes.byteLength
    for (let filled = 0; filled < wanted; ) {
      const bytesRead = readSync(descriptor, bytes, filled, wanted - filled, offset + filled)
      if (bytesRead === 0) throw buildChanged()
      filled += bytesRead
    }
    check()
    return bytes
  }
}

function checkVersion(stats: BigIntStats, file: FileVersion): void {
  if (!stats.isFile() || formatVersion(stats) !== file.version) throw buildChanged()
}
