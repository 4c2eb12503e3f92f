/* One file of a spool while it is written, and the room that files need. */
import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open, rm, utimes } from 'node:fs/promises'
import { SourceError } from '../errors.js'
import type { SpoolFolder } from './spool-folder.js'

/** Takes the bytes of a file. */
export interface SpoolWriter {
  /** Begins anew: what was written is forgotten. `size` is the length that is promised. */
  restart(size?: number): Promise<void>
  /** Adds bytes. */
  write(bytes: Uint8Array): Promise<void>
}

/** A writer and what becomes of its file. */
export interface OpenWriter extends SpoolWriter {
  /** Ends the file; gives the digest of its bytes where that was wanted. */
  end(): Promise<string>
  /** Removes the file. */
  discard(): Promise<void>
}

/** The room that the files of a spool may take. */
export interface SpoolRoom {
  /** Makes sure that the file at `path` may grow to `bytes`. */
  reserve(path: string, bytes: number): Promise<void>
  /** Hears that the file at `path` grows no more. */
  release(path: string): void
  /** Keeps a file from being removed until the returned function is called. */
  hold(name: string): () => void
}

/* Where no length is promised, room is made in steps. */
const stepBytes = 16 * 2 ** 20

/** Creates a writer for a new file of at most `maxBytes`. */
export async function createWriter(
  path: string,
  maxBytes: number,
  room: SpoolRoom,
  isHashed: boolean,
): Promise<OpenWriter> {
  const handle: FileHandle = await open(path, 'wx', 0o600)
  let hash: Hash | undefined
  let size = 0
  let reserved = 0
  const reserve = async (bytes: number): Promise<void> => {
    if (bytes > maxBytes) throw tooLarge(maxBytes)
    await room.reserve(path, bytes)
    reserved = bytes
  }
  return {
    async restart(promised) {
      if (size > 0) await handle.truncate(0)
      hash = isHashed ? createHash('sha256') : undefined
      size = 0
      reserved = 0
      if (promised !== undefined) await reserve(promised)
    },
    async write(bytes) {
      const end = size + bytes.length
      if (end > maxBytes) throw tooLarge(maxBytes)
      if (end > reserved) await reserve(Math.min(end + stepBytes, maxBytes))
      hash?.update(bytes)
      while (size < end) {
        const { bytesWritten } = await handle.write(bytes, bytes.length - (end - size), end - size, size)
        size += bytesWritten
      }
    },
    async end() {
      await handle.close()
      room.release(path)
      // A whole second: setting the time of use later must not change this one.
      const now = Math.floor(Date.now() / 1000)
      await utimes(path, now, now)
      return hash?.digest('base64url') ?? ''
    },
    async discard() {
      room.release(path)
      await handle.close().catch(() => {})
      await rm(path, { force: true })
    },
  }
}

function tooLarge(maxBytes: number): SourceError {
  const message = `The source has more than the ${maxBytes} bytes that are allowed.`
  return new SourceError(413, 'source-too-large', message)
}

/** Creates the account of a folder's room. */
export function createRoom(folder: SpoolFolder, maxBytes: number): SpoolRoom {
  const held = new Map<string, number>()
  const reserved = new Map<string, number>()
  const isHeld = (name: string): boolean => !name.endsWith(ending) || held.has(name.slice(0, -ending.length))
  return {
    async reserve(path, bytes) {
      reserved.set(path, bytes)
      const files = await folder.list()
      const sizes = new Map(files.map(file => [file.path, file.size]))
      for (const [part, most] of reserved) sizes.set(part, Math.max(most, sizes.get(part) ?? 0))
      let total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
      // A file that another process has open stays readable to it; one that it knows only by name it fetches again.
      for (const file of files) {
        if (total <= maxBytes) return
        if (isHeld(file.name)) continue
        await rm(file.path, { force: true })
        total -= file.size
      }
      if (total > maxBytes) throw noRoom(total, maxBytes)
    },
    release: path => void reserved.delete(path),
    hold(name) {
      held.set(name, (held.get(name) ?? 0) + 1)
      let holds = true
      return () => {
        if (!holds) return
        holds = false
        const left = (held.get(name) ?? 1) - 1
        if (left === 0) held.delete(name)
        else held.set(name, left)
      }
    },
  }
}

const ending = '.bytes'

function noRoom(total: number, maxBytes: number): SourceError {
  const cause = new Error(`the temporary files would have ${total} bytes; ${maxBytes} are allowed`)
  const message = 'There is no room for temporary files to read the source.'
  return new SourceError(500, 'source-unreadable', message, { cause })
}
