/* What is set for libvips as a whole, and so for everything in the process that uses sharp. */
import sharp from 'sharp'

/**
 * Switches the operation cache of libvips off: it keeps the latest operations, opened files among them, by the name of the
 * file, and a TIFF or WebP that is replaced under its name would still show its old pixels. sharp offers it no smaller.
 * Whoever reads files by their paths calls this once before. It costs a seventh of the time of a tile that is cut from a
 * pyramid.
 */
export function disableOperationCache(): void {
  sharp.cache(false)
}

/** Sets how many threads libvips takes for one image; `test/bench/concurrency.js` shows what that does. */
export function setLibvipsThreads(threads: number): void {
  sharp.concurrency(threads)
}

/** Whether libvips is the one that comes with sharp, of which is known what it can read. */
export const isBundledLibvips: boolean = sharp.versions.tiff !== undefined

/** Tells the versions of sharp and of libvips. */
export function readLibvipsVersions(): { readonly sharp: string; readonly libvips: string } {
  const { sharp: ours = 'unknown', vips = 'unknown' } = sharp.versions
  return { sharp: ours, libvips: vips }
}
