/* One entry in one file: read in two steps that go to the disk, written so that nobody ever sees a part of it. */
import { close, constants, fstat, open, read } from 'node:fs'
import { link, lstat, open as openHandle, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import {
  countDiskBytes,
  createTempPath,
  deleteFile,
  inFolder,
  isMissing,
  unlessMissing,
} from './file-folder.js'
import { type Frame, type FramedEntry, parseFrame, readFrameBytes } from './frame.js'

/* Handles of node:fs/promises cost a third more than the plain numbers of node:fs. */
const openFile = promisify(open)
const readFile = promisify(read)
const statFile = promisify(fstat)
const closeFile = promisify(close)

/* A link in the place of an entry was put there by somebody else; an open must not wait for the writer of a FIFO. */
const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/* Most tiles are smaller: they are read in one go, before it is known how long they are. */
const firstReadBytes = 64 * 1024

/** What {@link readFrameFile} found. */
export type ReadOutcome = FramedEntry | 'missing' | 'damaged'

/** Reads the entry of `key`. A file longer than `maxBytes` counts as damaged: no memory is spent on it. */
export async function readFrameFile(path: string, key: string, maxBytes: number): Promise<ReadOutcome> {
  const descriptor = await unlessMissing(openFile(path, readFlags))
  if (descriptor === undefined) return 'missing'
  try {
    const frame = await readFrame(descriptor, maxBytes)
    return (frame && parseFrame(frame, key)) ?? 'damaged'
  } finally {
    // Nobody needs to wait until it is closed.
    closeFile(descriptor).catch(() => {})
  }
}

async function readFrame(descriptor: number, maxBytes: number): Promise<Uint8Array | undefined> {
  const start = Buffer.allocUnsafe(firstReadBytes)
  const { bytesRead } = await readFile(descriptor, start, 0, firstReadBytes, 0)
  const length = readFrameBytes(start.subarray(0, bytesRead))
  if (length === undefined || length > maxBytes) return undefined
  const isWhole = bytesRead === length
  // The length is what the file says of itself: before memory is spent on it, it is held against what is there.
  if (!isWhole && (await statFile(descriptor)).size !== length) return undefined
  const frame = Buffer.allocUnsafeSlow(length)
  let filled = start.copy(frame, 0, 0, bytesRead)
  while (filled < length) {
    const part = await readFile(descriptor, frame, filled, length - filled, filled)
    if (part.bytesRead === 0) return undefined
    filled += part.bytesRead
  }
  return frame
}

/**
 * Writes a frame to a file of its own, and then gives that the name `path`.
 *
 * @param fsync - whether the bytes are on the disk before the name is given: after a power failure a file is then whole
 * or not there, where otherwise it may be found damaged, which the checksum tells.
 * @returns what the file takes that had this name before, on the disk; `undefined` where there was none.
 */
export async function writeFrameFile(
  folder: string,
  path: string,
  frame: Frame,
  fsync: boolean,
): Promise<number | undefined> {
  const temp = createTempPath(folder)
  const handle = await inFolder(dirname(temp), () => openHandle(temp, 'wx', 0o600))
  try {
    try {
      for (const part of frame) await handle.writeFile(part)
      if (fsync) await handle.datasync()
    } finally {
      await handle.close()
    }
    return await inFolder(dirname(path), () => giveName(temp, path))
  } catch (error) {
    await deleteFile(temp).catch(() => {})
    throw error
  }
}

/* A link fails where the name is taken, a rename does not: of several that write the same entry at the same time, one is
   told that there was none before, and only that one counts it. Where there are no links, several may. */
async function giveName(temp: string, path: string): Promise<number | undefined> {
  try {
    await link(temp, path)
  } catch (error) {
    if (isMissing(error)) throw error
    const old = await unlessMissing(lstat(path))
    await rename(temp, path)
    return old && countDiskBytes(old.size)
  }
  // The entry is there, whatever becomes of its other name.
  await deleteFile(temp).catch(() => {})
  return undefined
}
