/* An image source whose bytes are fetched into a spool when they are first read; from then on it is a local file. */
import type { ImageSource } from '../contracts.js'
import type { SourceFacts } from './block-source.js'
import { buildChanged, throwIfAborted } from './failure.js'
import { createFileImageSource, type FileImage } from './file-image.js'
import type { SaveFile, Spool } from './spool.js'
import { checkFile } from './versioned-file.js'

/** Where the bytes of a spooled source are, and how they get there. */
export interface SpooledBytes {
  /** The spool. */
  readonly spool: Spool
  /** The name in the spool. */
  readonly name: string
  /** Fetches them. */
  readonly save: SaveFile
  /** How many there are, where that is known. */
  readonly size?: number
}

/** Creates the source; nothing is fetched before it is read. */
export function createSpooledSource(
  { spool, name, save, size }: SpooledBytes,
  facts: SourceFacts,
): ImageSource {
  let opened: ImageSource | undefined
  let file: FileImage | undefined
  let release = (): void => {}
  const open = async (signal?: AbortSignal): Promise<ImageSource> => {
    if (opened) return opened
    const found = await spool.obtain(name, save, signal)
    if (opened) return opened
    file = found
    release = spool.hold(name)
    opened = createFileImageSource(found)
    return opened
  }
  return {
    ...facts,
    path: spool.pathOf(name),
    ...(size !== undefined && { size }),
    read: async (offset, length, signal) => (await open(signal)).read(offset, length, signal),
    readSync: (target, offset) => opened?.readSync?.(target, offset) ?? false,
    async check() {
      if (file === undefined) throw buildChanged()
      await checkFile(file)
    },
    async *stream(options) {
      throwIfAborted(options?.signal)
      const found = await spool.obtain(name, save, options?.signal)
      const letGo = spool.hold(name)
      try {
        // It has a handle of its own: to leave it closes nothing that somebody else reads from.
        yield* createFileImageSource(found).stream?.(options) ?? []
      } finally {
        letGo()
      }
    },
    async close() {
      const closing = opened
      opened = undefined
      release()
      await closing?.close?.()
    },
  }
}
