/* A file that was named by its owner on the command line: the source that readers take, without root and identifier. */
import { open, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ImageSource } from '../contracts.js'
import { NotFoundError } from '../errors.js'

/**
 * Gives the source of a local file; it is opened for each read.
 *
 * @throws {@link NotFoundError} where there is none.
 */
export async function localFile(file: string): Promise<ImageSource> {
  const path = resolve(file)
  const stats = await stat(path).catch((cause: unknown) => {
    throw new NotFoundError('not-found', 'There is no such file.', { cause })
  })
  if (!stats.isFile()) throw new NotFoundError('not-found', 'There is something else than a file.')
  return {
    version: `${stats.size}-${stats.mtimeMs}`,
    size: stats.size,
    lastModified: stats.mtime,
    path,
    read: (offset, length) => readFrom(path, offset, length),
  }
}

/** Reads up to `length` bytes of a file from `offset`. */
export async function readFrom(path: string, offset: number, length: number): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const bytes = Buffer.alloc(length)
    let read = 0
    while (read < length) {
      const { bytesRead } = await file.read(bytes, read, length - read, offset + read)
      if (bytesRead === 0) break
      read += bytesRead
    }
    return bytes.subarray(0, read)
  } finally {
    await file.close()
  }
}
