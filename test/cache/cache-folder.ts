// Folders for caches, and what lies in them.
import { type Dirent, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A new folder that is gone when the tests of this file are done. */
export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'honeydew-cache-'))
  folders.push(folder)
  return folder
}

/** The paths of the entries in the folder of a file cache. */
export function listEntryFiles(folder: string): string[] {
  return listFiles(folder).filter(path => /[\\/][0-9a-f]{2}[\\/][^\\/]+$/.test(path))
}

/** The paths of what is being written in the folder of a file cache, or was. */
export function listTempFiles(folder: string): string[] {
  return listFiles(join(folder, 'tmp'))
}

/** What files take on the disk; of files that go in between, nothing. */
export function countDiskBytes(paths: readonly string[]): number {
  let sum = 0
  for (const path of paths)
    sum += Math.ceil((statSync(path, { throwIfNoEntry: false })?.size ?? 0) / 4096) * 4096
  return sum
}

function listFiles(folder: string): string[] {
  if (!existsSync(folder)) return []
  const entries: Dirent[] = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.filter(entry => !entry.isDirectory()).map(entry => join(entry.parentPath, entry.name))
}
