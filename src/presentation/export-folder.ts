/* The folder of an export: every file in it is whole or not there, and a file beside them says what they are of, so that an
   export that was broken off goes on where it was. */
import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { IIIFError } from '../errors.js'

/** What a file is written from. */
export type FileBody = Uint8Array | string | AsyncIterable<Uint8Array>

/** A folder that is being filled. */
export interface ExportFolder {
  /** Whether a file is there already. */
  has(path: string): Promise<boolean>
  /** Writes a file, all of it or nothing. Gives its length in bytes. */
  write(path: string, body: FileBody): Promise<number>
  /** Takes away what was begun. */
  close(): Promise<void>
}

const stateName = '.honeydew-export.json'
const workshopName = '.honeydew-'

/** What was begun and given up so long ago is nobody's any more, in milliseconds. */
const leftoverAgeMs = 60 * 60 * 1000

/**
 * Opens a folder, and makes it where it is not there.
 *
 * @param state - what the files are of; equal where they are the same
 * @param overwrite - whether a folder with another state is taken, and all its files written anew
 * @throws {@link IIIFError} where the folder holds an export of something else.
 */
export async function openExportFolder(
  folder: string,
  state: string,
  overwrite: boolean,
): Promise<ExportFolder> {
  await mkdir(folder, { recursive: true })
  const found = await readFile(join(folder, stateName), 'utf8').catch(() => undefined)
  if (found !== undefined && found !== state && !overwrite) {
    const message = 'The folder holds the export of another image, or one that was made otherwise.'
    throw new IIIFError(409, 'export-differs', message)
  }
  await removeLeftovers(folder)
  const workshop = await mkdtemp(join(folder, workshopName))
  const write = (path: string, body: FileBody): Promise<number> =>
    writeWhole(workshop, join(folder, path), body)
  if (found !== state) await write(stateName, state)
  // What is older than the state is of another one.
  const { mtimeMs: since } = await stat(join(folder, stateName))
  return {
    has: async path => {
      const facts = await stat(join(folder, path)).catch(() => undefined)
      return facts !== undefined && facts.mtimeMs >= since
    },
    write,
    close: () => rm(workshop, { recursive: true, force: true }),
  }
}

/* A name is given to a file when all of it is written. */
async function writeWhole(workshop: string, target: string, body: FileBody): Promise<number> {
  const draft = join(workshop, randomUUID())
  await mkdir(dirname(target), { recursive: true })
  if (typeof body === 'string' || body instanceof Uint8Array) await writeFile(draft, body)
  else await pipeline(body, createWriteStream(draft))
  const { size } = await stat(draft)
  await rename(draft, target)
  return size
}

async function removeLeftovers(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory() || !entry.name.startsWith(workshopName)) continue
    const path = join(folder, entry.name)
    const { mtimeMs } = await stat(path)
    if (Date.now() - mtimeMs > leftoverAgeMs) await rm(path, { recursive: true, force: true })
  }
}
