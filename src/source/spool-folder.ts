/* The folder of a spool: one that belongs to this user alone, shared by the processes that use it. Its files tell by
   their names what they are: `<name>.bytes` is whole, `<name>.<owner>.part` is being written, `<owner>.owner` stands for
   a process that uses the folder. */
import { createHash, randomBytes } from 'node:crypto'
import { lstat, mkdir, readdir, rm, rmdir, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { SourceError } from '../errors.js'
import { isMissing } from './failure.js'

/** A file in the folder. */
export interface FolderFile {
  /** Its name. */
  readonly name: string
  /** Its path. */
  readonly path: string
  /** Its size in bytes. */
  readonly size: number
  /** When it was last used or written, in milliseconds. */
  readonly usedMs: number
}

/** The folder of a spool. */
export interface SpoolFolder {
  /** The path of a file that is whole. */
  pathOf(name: string): string
  /** A path for a file that is being written. */
  choosePart(name: string): string
  /** Makes the folder, and removes what processes that are gone have left. */
  open(): Promise<void>
  /** Lists the files, whole and in parts, those that were used longest ago first. */
  list(): Promise<readonly FolderFile[]>
  /** Takes leave: the last process to go takes the folder with it. */
  close(): Promise<void>
}

const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8)

/* In a container every process has the same number: the time of its start tells which one it is. */
const start = Math.round(performance.timeOrigin).toString(36)

/* What was not written to for this long nobody writes to: every download has a shorter limit for standing still. */
const stalePartMs = 10 * 60_000

/* A process elsewhere that has not been heard of for this long is gone; at worst it fetches again. */
const staleOwnerMs = 24 * 3_600_000

/** Creates the folder of a spool, `honeydew-spool` below `directory`; nothing is made before it is opened. */
export function createSpoolFolder(directory: string): SpoolFolder {
  const root = join(directory, 'honeydew-spool')
  const owner = `${host}-${process.pid}-${start}-${randomBytes(6).toString('hex')}`
  let parts = 0
  const list = async (): Promise<FolderFile[]> => {
    const names = await readdir(root).catch(ignoreMissing)
    const files = await Promise.all((names ?? []).map(name => readFacts(root, name)))
    return files.filter(file => file !== undefined).toSorted((a, b) => a.usedMs - b.usedMs)
  }
  const removeStale = async (): Promise<void> => {
    const now = Date.now()
    for (const { name, path, usedMs } of await list()) {
      if (!name.endsWith('.bytes') && isStale(name, now - usedMs)) await rm(path, { force: true })
    }
  }
  return {
    pathOf: name => join(root, `${name}.bytes`),
    choosePart(name) {
      parts += 1
      return join(root, `${name}.${owner}-${parts}.part`)
    },
    async open() {
      await mkdir(root, { recursive: true, mode: 0o700 })
      await requireOwn(root)
      await writeFile(join(root, `${owner}.owner`), '', { mode: 0o600 })
      await removeStale()
    },
    list: async () => (await list()).filter(({ name }) => !name.endsWith('.owner')),
    async close() {
      await rm(join(root, `${owner}.owner`), { force: true })
      await removeStale()
      const left = await list()
      if (left.some(({ name }) => name.endsWith('.owner'))) return
      for (const { path } of left) await rm(path, { force: true })
      // Somebody may have come meanwhile; then the folder is not empty, and stays.
      await rmdir(root).catch(() => {})
    },
  }
}

/** Notes that a file was used, without a change to what its version is made of. */
export async function touchFile(path: string, mtime: Date): Promise<void> {
  await utimes(path, new Date(), mtime).catch(ignoreMissing)
}

async function readFacts(root: string, name: string): Promise<FolderFile | undefined> {
  const path = join(root, name)
  const stats = await lstat(path).catch(ignoreMissing)
  if (!stats?.isFile()) return undefined
  return { name, path, size: stats.size, usedMs: Math.max(stats.atimeMs, stats.mtimeMs) }
}

/* Whether the process that a name tells of is gone: of this machine the system knows, of others their silence tells. */
function isStale(name: string, silentMs: number): boolean {
  const [, at, pid, since, kind] =
    /(?:^|\.)([\da-f]{8})-(\d+)-([\da-z]+)-[\da-f]{12}(?:-\d+)?\.(part|owner)$/.exec(name) ?? []
  const isSilent = silentMs > (kind === 'owner' ? staleOwnerMs : stalePartMs)
  if (at !== host) return isSilent
  const isGone = Number(pid) === process.pid ? since !== start : !isRunning(Number(pid))
  // Who is there and silent may have nothing to say; but nobody writes to a part for so long.
  return isGone || (kind === 'part' && isSilent)
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH')
  }
}

/* In a folder for everybody, somebody else may have made this one first, to read along or to put in what he likes. */
async function requireOwn(root: string): Promise<void> {
  const stats = await lstat(root)
  const isOwn = process.getuid === undefined || stats.uid === process.getuid()
  if (stats.isDirectory() && isOwn && (stats.mode & 0o022) === 0) return
  const cause = new Error(`${root} is no folder of this user alone`)
  throw new SourceError(500, 'source-unreadable', 'The folder for temporary files cannot be used.', { cause })
}

function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error
}
