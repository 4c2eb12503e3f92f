/* The image source of one file: opened at the first read, shared by all reads, streamed through a handle of its own. */
import type { ImageSource, StreamOptions } from '../contracts.js'
import { throwIfAborted } from './failure.js'
import { checkFile, type FileVersion, openVersionedFile, type VersionedFile } from './versioned-file.js'

const chunkBytes = 256 * 1024

/** What is known about the file of an image. */
export interface FileImage extends FileVersion {
  /** When the bytes last changed. */
  readonly lastModified: Date
  /** What the name promises of the format. */
  readonly formatHint?: string
}

/** Creates the source of one file; nothing is opened before it is read, and it may be read again after it was closed. */
export function createFileImageSource(file: FileImage): ImageSource {
  let opening: Promise<VersionedFile> | undefined
  let opened: VersionedFile | undefined
  const open = (): Promise<VersionedFile> => {
    opening ??= openVersionedFile(file).then(
      handle => {
        opened = handle
        return handle
      },
      (error: unknown) => {
        opening = undefined
        throw error
      },
    )
    return opening
  }
  return {
    ...file,
    isOwn: true,
    async read(offset, length, signal) {
      throwIfAborted(signal)
      return (await open()).read(offset, length, signal)
    },
    check: () => checkFile(file),
    readSync: (target, offset) => opened?.readSync(target, offset) ?? false,
    stream: options => streamFile(file, options),
    async close() {
      const closing = opening
      opening = undefined
      opened = undefined
      /* An open that failed has told its reader, and there is nothing to close. */
      await closing?.then(
        handle => handle.close(),
        () => undefined,
      )
    },
  }
}

async function* streamFile(file: FileVersion, options: StreamOptions = {}): AsyncGenerator<Uint8Array> {
  const { start = 0, end = file.size, signal } = options
  throwIfAborted(signal)
  const stop = Math.min(end, file.size)
  if (start >= stop) return
  const handle = await openVersionedFile(file)
  try {
    for (let offset = start; offset < stop; offset += chunkBytes)
      yield await handle.read(offset, Math.min(chunkBytes, stop - offset), signal)
  } finally {
    await handle.close()
  }
}
