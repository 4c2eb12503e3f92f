/* Images that are files below one folder. The folder is a wall: an identifier is refused by its grammar first, and
   what the file system makes of it (links, replaced folders) is held against the real path of the root again. */
import { lstat, realpath } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { ImageSource, SourceResolver } from '../contracts.js'
import { createDebug } from '../debug.js'
import { buildUnknownImage } from '../errors.js'
import { resolveFormatHint } from './extension.js'
import { buildFailure, buildRootFailure, isMissing, throwIfAborted } from './failure.js'
import { createFileImageSource } from './file-image.js'
import { isHidden, parseSegments } from './segments.js'
import { formatVersion } from './versioned-file.js'

const debug = createDebug('source:file')

/** Where {@link fileSource} looks for images. */
export interface FileSourceOptions {
  /** The folder that holds the images; a relative one is taken from the working directory at creation. */
  readonly root: string
  /** What is put before the identifier: folders, or the beginning of a name. @defaultValue `''` */
  readonly prefix?: string
  /** What is put after the identifier, for example `.tif`. @defaultValue `''` */
  readonly suffix?: string
  /** Whether links are followed. Those that leave the root never are. @defaultValue true */
  readonly followSymlinks?: boolean
  /** Whether an identifier may have names that begin with a point. @defaultValue `'ignore'` */
  readonly dotfiles?: 'ignore' | 'allow'
}

type Folder = Required<FileSourceOptions>

/**
 * Creates a resolver for files below a folder: the identifier is the path of a file, relative to the root, with
 * slashes on every system. What is missing, or is not a regular file, is `undefined`, so that resolvers chain.
 *
 * One look-up costs two system calls off the main thread, and opens nothing.
 *
 * @throws TypeError when an option is not what it must be.
 * @example
 * ```ts
 * const resolve = fileSource('./images')
 * const source = await resolve('maps/1652.tif', {})
 * ```
 */
export function fileSource(options: FileSourceOptions | string): SourceResolver<ImageSource> {
  const folder = parseOptions(typeof options === 'string' ? { root: options } : options)
  let realRoot: string | undefined

  /* The root is looked up once. It may be a link that a deployment turns elsewhere: then nothing lies inside the
     root as it was known, and it is looked up anew before anything is refused. */
  const findRoot = async (path: string): Promise<string | undefined> => {
    if (realRoot !== undefined && isInside(realRoot, path)) return realRoot
    realRoot = await realpath(folder.root)
    return isInside(realRoot, path) ? realRoot : undefined
  }

  return async (identifier, { signal }) => {
    throwIfAborted(signal)
    const segments = parseSegments(identifier)
    if (folder.dotfiles === 'ignore' && segments.some(isHidden)) throw buildUnknownImage()
    try {
      return await findImage(folder, identifier, findRoot)
    } catch (error) {
      if (!isMissing(error)) throw buildFailure(error)
      await checkRoot(folder.root)
      return undefined
    }
  }
}

async function findImage(
  folder: Folder,
  identifier: string,
  findRoot: (path: string) => Promise<string | undefined>,
): Promise<ImageSource | undefined> {
  const name = `${folder.prefix}${identifier}${folder.suffix}`
  const path = await realpath(join(folder.root, name))
  const root = await findRoot(path)
  if (root === undefined || (!folder.followSymlinks && path !== join(root, name))) {
    debug('a link was refused')
    throw buildUnknownImage()
  }
  /* The path is real: should it have become a link since, then `lstat` says so, and it is no regular file. */
  const stats = await lstat(path, { bigint: true })
  if (!stats.isFile()) return undefined
  const formatHint = resolveFormatHint(name)
  return createFileImageSource({
    path,
    version: formatVersion(stats),
    size: Number(stats.size),
    lastModified: stats.mtime,
    ...(formatHint !== undefined && { formatHint }),
  })
}

/** Whether a real path lies below a real folder. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

/* A missing image is a 404; a missing folder of images (a volume that is not mounted) is not: what was made of its
   images must not be given up for gone. */
async function checkRoot(root: string): Promise<void> {
  await realpath(root).catch((cause: unknown) => {
    throw buildRootFailure(cause)
  })
}

function parseOptions(options: FileSourceOptions): Folder {
  const { root, prefix = '', suffix = '', followSymlinks = true, dotfiles = 'ignore' } = options
  if (typeof root !== 'string' || root === '' || root.includes('\0'))
    throw new TypeError('root: expected the path of a folder')
  checkAffix('prefix', prefix, `${prefix}x`)
  checkAffix('suffix', suffix, `x${suffix}`)
  if (typeof followSymlinks !== 'boolean') throw new TypeError('followSymlinks: expected true or false')
  if (dotfiles !== 'ignore' && dotfiles !== 'allow')
    throw new TypeError("dotfiles: expected 'ignore' or 'allow'")
  return { root: resolve(root), prefix, suffix, followSymlinks, dotfiles }
}

function checkAffix(option: string, value: unknown, sample: string): void {
  try {
    if (typeof value === 'string') parseSegments(sample)
    else throw new TypeError('not a string')
  } catch (cause) {
    throw new TypeError(`${option}: expected a part of a path that stays below the root`, { cause })
  }
}
