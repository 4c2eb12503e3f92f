/* The images below a folder, by name only: for pages that offer them. Nothing is opened. */
import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createDebug } from '../debug.js'
import { imageExtensions, parseExtension } from './extension.js'
import { buildRootFailure, throwIfAborted } from './failure.js'
import { isInside } from './file.js'
import { isHidden, parseSegments } from './segments.js'

const debug = createDebug('source:list')

/** What {@link listImages} lists. */
export interface ListImagesOptions {
  /**
   * The extensions of images, in lower case, without the point.
   *
   * @defaultValue those of the formats that are on by default
   */
  readonly extensions?: readonly string[]
  /** How many folders deep, the root being 1. @defaultValue 16 */
  readonly maxDepth?: number
  /** Ends the list. */
  readonly signal?: AbortSignal
}

/**
 * Lists the identifiers that `fileSource(root)` has an image file for: of each folder its files by name (in the order
 * of code units), then its folders. Hidden names are left out, and so are links to folders and links out of the root:
 * what a link inside the root leads to is listed where it is. In memory are the names of one folder, and of the folders
 * that are still to come.
 *
 * @throws TypeError when an option is not what it must be.
 * @throws {@link SourceError} when the root cannot be read; folders below that cannot be are left out.
 */
export function listImages(root: string, options: ListImagesOptions = {}): AsyncIterable<string> {
  const { extensions = imageExtensions, maxDepth = 16, signal } = options
  if (!Array.isArray(extensions)) throw new TypeError('extensions: expected an array of extensions')
  if (!Number.isInteger(maxDepth) || maxDepth < 1)
    throw new TypeError('maxDepth: expected a whole number from 1')
  return walk(root, { extensions, maxDepth, signal })
}

type Walk = Required<Omit<ListImagesOptions, 'signal'>> & { readonly signal: AbortSignal | undefined }

async function* walk(start: string, { extensions, maxDepth, signal }: Walk): AsyncGenerator<string> {
  throwIfAborted(signal)
  const root = await realpath(start).catch((error: unknown) => {
    throw buildRootFailure(error)
  })
  /* A stack, so that a folder comes before its sisters' folders: each with a slash at its end, the root without. */
  const pending: { readonly way: string; readonly depth: number }[] = [{ way: '', depth: 1 }]
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    const { way, depth } = folder
    const folders: string[] = []
    for (const entry of await readFolder(root, way)) {
      throwIfAborted(signal)
      const identifier = `${way}${entry.name}`
      if (entry.isDirectory()) folders.push(`${identifier}/`)
      else if (
        extensions.includes(parseExtension(entry.name)) &&
        (await isImageFile(root, identifier, entry))
      )
        yield identifier
    }
    if (depth === maxDepth) continue
    for (const way of folders.reverse()) pending.push({ way, depth: depth + 1 })
  }
}

/* A folder may be closed to us, or gone since its name was read: a list is a picture of what could be seen. */
async function readFolder(root: string, way: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(join(root, way), { withFileTypes: true })
    return entries.filter(entry => isListable(`${way}${entry.name}`, entry.name)).sort(byName)
  } catch (error) {
    if (way === '') throw buildRootFailure(error)
    debug('a folder was left out: %o', error)
    return []
  }
}

async function isImageFile(root: string, identifier: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile()
  try {
    const path = await realpath(join(root, identifier))
    return isInside(root, path) && (await stat(path)).isFile()
  } catch {
    return false
  }
}

/* What cannot be an identifier is not listed; nor is a name that is not UTF-8, which reads as U+FFFD. */
function isListable(identifier: string, name: string): boolean {
  if (isHidden(name) || name.includes('\ufffd')) return false
  try {
    parseSegments(identifier)
    return true
  } catch {
    return false
  }
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1
}
