/* The extensions of image files, and the formats that they promise; the bytes decide. */
import { extname } from 'node:path'
import type { SourceFormat } from '../contracts.js'

const formats: ReadonlyMap<string, SourceFormat> = new Map([
  ['jpg', 'jpg'],
  ['jpeg', 'jpg'],
  ['jpe', 'jpg'],
  ['jfif', 'jpg'],
  ['png', 'png'],
  ['webp', 'webp'],
  ['gif', 'gif'],
  ['avif', 'avif'],
  ['tif', 'tif'],
  ['tiff', 'tif'],
  ['ptif', 'tif'],
  ['ptiff', 'tif'],
  ['btf', 'tif'],
  ['svg', 'svg'],
])

/** The extensions of the formats that are on by default: all but SVG, in lower case, without the point. */
export const imageExtensions: readonly string[] = [...formats.keys()].filter(name => name !== 'svg')

/** The extension of a file name in lower case, without the point; empty where there is none. */
export function parseExtension(name: string): string {
  return extname(name).slice(1).toLowerCase()
}

/** The format that the extension of a file name promises; an unknown extension is given as it is. */
export function resolveFormatHint(name: string): string | undefined {
  const extension = parseExtension(name)
  return formats.get(extension) ?? (extension || undefined)
}
