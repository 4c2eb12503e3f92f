/* Files that are being written: in a folder of their own beside their place, whose name tells whose it is, and moved to
   their place when they are whole. What a run that was killed has left is found by the same name. */
import { createHash, randomBytes } from 'node:crypto'
import { link, lstat, mkdir, open, readdir, rename, rm, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'

/** A folder for what is not finished. */
export interface Workshop {
  /** Its path. */
  readonly path: string
  /**
   * Removes it. Whoever still writes into it from another thread finds no folder any more: with a mere file, it could
   * come back.
   */
  remove(): Promise<void>
}

/** What a name may keep of the file's own, so that a file system takes it. */
const maxNameBytes = 120
/** Of other machines, whose processes cannot be asked, what is this old is left over. */
const foreignAgeMs = 24 * 60 * 60 * 1000

const pattern = /\.honeydew-([0-9a-f]{8})-(\d+)-[0-9a-f]{12}\.part$/

/** Creates a folder for the making of the file `path`, on the same file system. */
export async function createWorkshop(path: string): Promise<Workshop> {
  const name = Buffer.from(basename(path)).subarray(0, maxNameBytes).toString().replaceAll('\ufffd', '')
  const owner = `${hashHost()}-${process.pid}-${randomBytes(6).toString('hex')}`
  const workshop = join(dirname(path), `.${name}.honeydew-${owner}.part`)
  await mkdir(workshop)
  return { path: workshop, remove: () => removeFolder(workshop) }
}

/**
 * Moves a finished file to its place, once its bytes are on the disk.
 *
 * @throws Error with the code `EEXIST` where there is a file that must not be replaced.
 */
export async function moveFinished(part: string, path: string, mayReplace: boolean): Promise<void> {
  const file = await open(part, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
  if (mayReplace) return rename(part, path)
  // A second name instead of a new one: it is refused where the name is taken, also at this very moment.
  try {
    await link(part, path)
  } catch (error) {
    if (!lacksLinks(error)) throw error
    if (await exists(path)) throw Object.assign(new Error('The file exists.'), { code: 'EEXIST' })
    return rename(part, path)
  }
  await unlink(part)
}

/** Whether something is at a path, a link that leads nowhere too. */
export async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

/** Removes what killed runs have left in a folder, and tells how much that was. */
export async function sweepWorkshops(folder: string, now: number = Date.now()): Promise<number> {
  let swept = 0
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name)
    if (!(await isLeftOver(path, now))) continue
    await removeFolder(path)
    swept += 1
  }
  return swept
}

async function isLeftOver(path: string, now: number): Promise<boolean> {
  const found = pattern.exec(path)
  const stats = found && (await lstat(path).catch(() => undefined))
  if (!stats?.isDirectory()) return false
  if (found?.[1] === hashHost() && !isRunning(Number(found[2]))) return true
  return now - stats.mtimeMs > foreignAgeMs
}

function removeFolder(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })
}

function hashHost(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
}

/* Who may not be signalled is there, too. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

function lacksLinks(error: unknown): boolean {
  return ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL'].includes(codeOf(error) ?? '')
}

/** The code of an error of the system. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
