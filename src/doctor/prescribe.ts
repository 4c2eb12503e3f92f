/* The command that makes an image fast: `npx honeydew pyramid`, as a shell takes it wherever honeydew is installed. */
import { basename, dirname, extname, join, resolve } from 'node:path'
import type { Warning } from './diagnosis.js'
import type { ImageFacts } from './facts.js'

/** Beyond this the program wants to be told that it is meant. */
const maxPixels = 1_000_000_000

/** Writes the command that makes a pyramid of an image. */
export function prescribePyramid(
  path: string,
  { stored, description }: ImageFacts,
  warnings: readonly Warning[],
): string {
  const isLargeProfile = warnings.some(({ code }) => code === 'large-profile')
  // What has a pyramid already has tiles that are decoded, or hard to send: the command must say what to change.
  const needsJpeg = stored.tile !== undefined && !description.hasAlpha
  const options = [
    ...(needsJpeg ? ['--compression', 'jpeg'] : []),
    ...(isLargeProfile ? ['--profile', 'srgb'] : []),
    ...(stored.width * stored.height > maxPixels ? ['--max-pixels', 'none'] : []),
  ]
  return ['npx', 'honeydew', 'pyramid', ...options, quote(path), quote(choosePyramidPath(path))].join(' ')
}

/** Writes the command that makes pyramids of all images of a folder, in another one beside it. */
export function prescribePyramids(folder: string): string {
  const output = join(folder, '..', `${basename(resolve(folder))}-pyramids`)
  return ['npx', 'honeydew', 'pyramid', quote(folder), quote(output)].join(' ')
}

/** The name beside an image that its pyramid gets. */
export function choosePyramidPath(path: string): string {
  const extension = extname(path)
  const name = basename(path, extension)
  const isTaken = ['.tif', '.TIF'].includes(extension)
  return join(dirname(path), `${name}${isTaken ? '-pyramid' : ''}.tif`)
}

/**
 * Quotes a word for a POSIX shell, so that it is one word and nothing but itself, and no option; control characters are
 * written as bash and zsh read them, because a terminal would obey them.
 */
export function quote(word: string): string {
  const path = word.startsWith('-') ? `./${word}` : word
  if (/^[\w@%+=:,./-]+$/.test(path)) return path
  if (!/\p{Cc}/u.test(path)) return `'${path.replaceAll("'", `'\\''`)}'`
  const escaped = path
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    .replace(/\p{Cc}/gu, letter => `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`)
  return `$'${escaped}'`
}
