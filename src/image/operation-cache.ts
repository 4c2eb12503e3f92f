/* libvips keeps its latest operations, opened files among them, by the name of the file: a TIFF or WebP that is replaced
   under its name would still show its old pixels. */
import sharp from 'sharp'

/**
 * Switches the operation cache of libvips off, for the whole process: sharp offers it no smaller. Whoever reads files by
 * their paths calls this once before. It costs a seventh of the time of a tile that is cut from a pyramid.
 */
export function disableOperationCache(): void {
  sharp.cache(false)
}
