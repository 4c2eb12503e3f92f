/* The pyramids of all images of a folder, in another folder: those that are up to date are left as they are, and what
   fails does not hold up the rest. */
import { mkdir, realpath, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { throwIfAborted } from './errors.js'
import {
  isOwnPyramid,
  OutputError,
  type WritePyramidOptions,
  type WrittenPyramid,
  writePyramid,
} from './image/pyramid-writer.js'
import { listImages } from './source/list.js'

/** What became of one image. */
export type PyramidOutcome = {
  /** The image: its path below the folder, with slashes. */
  readonly name: string
  /** The path of its pyramid. */
  readonly output: string
} & (
  | { readonly kind: 'made'; readonly written: WrittenPyramid }
  | { readonly kind: 'fresh' }
  | { readonly kind: 'failed'; readonly error: unknown }
)

/** How the pyramids of a folder are written. */
export interface FolderOptions extends Omit<WritePyramidOptions, 'onProgress'> {
  /** Hears of the image that is worked on, and how much of it is done, from 0 to 1. */
  readonly onProgress?: (name: string, part: number) => void
}

/**
 * Writes the pyramids of all images below a folder. Each has the name of its image, with `.tif` in place of the
 * extension, and is made again where its image is younger; files that were not made here are never replaced, unless
 * `force` is set.
 *
 * @param input - the folder of the images; hidden files and folders are left out
 * @param output - the folder of the pyramids; made where it is not there. It may lie inside of `input`
 * @throws {@link OutputError} where both are the same folder.
 * @throws {@link SourceError} where `input` cannot be read.
 * @throws {@link AbortedError} where the signal was given.
 */
export async function* writePyramids(
  input: string,
  output: string,
  options: FolderOptions = {},
): AsyncGenerator<PyramidOutcome> {
  const { signal } = options
  await mkdir(output, { recursive: true })
  const [from, to] = await Promise.all([realpath(input), realpath(output)])
  if (from === to) throw new OutputError('The folder of the pyramids is the folder of the images.')
  const own = `${relative(from, to).split(sep).join('/')}/`
  const makers = new Map<string, string>()
  const swept = new Set<string>()
  for await (const name of listImages(from, { ...(signal ? { signal } : {}) })) {
    if (name.startsWith(own)) continue
    const path = join(to, `${name.replace(/\.[^./]*$/, '')}.tif`)
    const maker = makers.get(path)
    makers.set(path, maker ?? name)
    // Once for each folder: it lists all that is in it.
    const sweep = !swept.has(dirname(path))
    swept.add(dirname(path))
    if (maker === undefined) yield await writeOne(name, join(from, name), path, { ...options, sweep })
    else yield failed(name, path, new OutputError(`Its pyramid would have the name of that of ${maker}.`))
    throwIfAborted(signal)
  }
}

async function writeOne(
  name: string,
  path: string,
  output: string,
  { onProgress, force = false, ...options }: FolderOptions,
): Promise<PyramidOutcome> {
  try {
    const age = force ? 'old' : await compareAges(path, output)
    if (age === 'fresh') return { kind: 'fresh', name, output }
    if (age === 'foreign') throw new OutputError('The output exists, and was not made by honeydew.')
    await mkdir(dirname(output), { recursive: true })
    const hear = onProgress && { onProgress: (part: number) => onProgress(name, part) }
    const written = await writePyramid(path, output, { ...options, ...hear, force: age === 'old' })
    return { kind: 'made', name, output, written }
  } catch (error) {
    throwIfAborted(options.signal)
    // A wrong option is wrong for all of them.
    if (error instanceof TypeError) throw error
    return failed(name, output, error)
  }
}

function failed(name: string, output: string, error: unknown): PyramidOutcome {
  return { kind: 'failed', name, output, error }
}

async function compareAges(path: string, output: string): Promise<'fresh' | 'old' | 'none' | 'foreign'> {
  const made = await stat(output).catch(() => undefined)
  if (made === undefined) return 'none'
  if (!(await isOwnPyramid(output))) return 'foreign'
  return made.mtimeMs >= (await stat(path)).mtimeMs ? 'fresh' : 'old'
}
