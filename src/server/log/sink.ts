/* Where the lines of a log go: a file that others may rename while it is written, or a stream of the process. */
import { write } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { promisify } from 'node:util'

/** Takes text, one piece after the other. */
export interface Sink {
  /** Writes a piece; rejects where not all of it was written. */
  write(piece: Buffer): Promise<void>
  /** Opens the file anew: another program has renamed the one that was. */
  reopen(): Promise<void>
  /** Gives the file back. */
  close(): Promise<void>
}

/* The owner reads and writes, the group reads: logs tell who looked at what. */
const mode = 0o640

/**
 * Opens a file to append to; several processes may do so, each with whole lines.
 *
 * @throws what the file system throws.
 */
export async function openFileSink(path: string): Promise<Sink> {
  let file = await open(path, 'a', mode)
  return {
    write: piece => writeAll(file, piece),
    async reopen() {
      const old = file
      file = await open(path, 'a', mode)
      await old.close()
    },
    close: () => file.close(),
  }
}

async function writeAll(file: FileHandle, piece: Buffer): Promise<void> {
  for (let at = 0; at < piece.length; ) {
    const { bytesWritten } = await file.write(piece, at)
    at += bytesWritten
  }
}

/** Writes to a file that somebody else has opened, who also closes it. */
export function createDescriptorSink(descriptor: number): Sink {
  const writePart = promisify(write)
  return {
    async write(piece) {
      for (let at = 0; at < piece.length; ) at += (await writePart(descriptor, piece, at)).bytesWritten
    },
    reopen: async () => {},
    close: async () => {},
  }
}

/* Who read it has gone: that is no reason for the server to end. */
function ignore(): void {}

/** Writes to a stream of the process; it stays open. */
export function createStreamSink(stream: Writable): Sink {
  // Once, however often the log is opened anew.
  if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore)
  return {
    write: piece =>
      new Promise((resolve, reject) => {
        stream.write(piece, error => (error ? reject(error) : resolve()))
      }),
    reopen: async () => {},
    close: async () => {},
  }
}
