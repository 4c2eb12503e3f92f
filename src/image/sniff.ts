/* What the bytes of a source are, told by their first bytes alone; names and extensions are never trusted. */
import type { SourceFormat } from '../contracts.js'

/** How many bytes from the start {@link sniffFormat} can make use of. */
export const sniffLength = 4096

/** Tells the format of a source by its first bytes; `undefined` where it is none that honeydew reads. */
export function sniffFormat(head: Uint8Array): SourceFormat | undefined {
  if (startsWith(head, 0, '\xff\xd8\xff')) return 'jpg'
  if (startsWith(head, 0, '\x89PNG\r\n\x1a\n')) return 'png'
  if (startsWith(head, 0, 'RIFF') && startsWith(head, 8, 'WEBP')) return 'webp'
  if (startsWith(head, 0, 'GIF87a') || startsWith(head, 0, 'GIF89a')) return 'gif'
  if (tiffMagics.some(magic => startsWith(head, 0, magic))) return 'tif'
  if (isAvif(head)) return 'avif'
  if (isSvg(head)) return 'svg'
  return undefined
}

/* Classic TIFF is version 42, BigTIFF version 43; "II" is little-endian, "MM" big-endian. */
const tiffMagics = ['II*\0', 'MM\0*', 'II+\0', 'MM\0+']

function startsWith(bytes: Uint8Array, offset: number, magic: string): boolean {
  if (bytes.length < offset + magic.length) return false
  for (let i = 0; i < magic.length; i += 1) {
    if (bytes[offset + i] !== magic.charCodeAt(i)) return false
  }
  return true
}

/* ISO/IEC 14496-12: a file type box is its length, "ftyp", the major brand, a version and the compatible brands.
   The general HEIF brands hold AVIF, HEIC and more: there, only the compatible brands tell. */
function isAvif(head: Uint8Array): boolean {
  if (!startsWith(head, 4, 'ftyp') || head.length < 16) return false
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const end = Math.min(view.getUint32(0), head.length)
  const isAv1 = (offset: number) => startsWith(head, offset, 'avif') || startsWith(head, offset, 'avis')
  if (isAv1(8)) return true
  if (!startsWith(head, 8, 'mif1') && !startsWith(head, 8, 'msf1')) return false
  for (let offset = 16; offset + 4 <= end; offset += 4) {
    if (isAv1(offset)) return true
  }
  return false
}

/* Before the root element may stand white space, processing instructions, comments and a document type. */
function isSvg(head: Uint8Array): boolean {
  let rest: string | undefined = new TextDecoder().decode(head.subarray(0, sniffLength)).trimStart()
  while (rest !== undefined) {
    if (/^<svg[\s/>]/.test(rest)) return true
    if (rest.startsWith('<?')) rest = after(rest, '?>')
    else if (rest.startsWith('<!--')) rest = after(rest, '-->')
    else if (/^<!doctype\s/i.test(rest)) rest = afterDoctype(rest)
    else return false
  }
  return false
}

function after(text: string, end: string): string | undefined {
  const at = text.indexOf(end)
  return at < 0 ? undefined : text.slice(at + end.length).trimStart()
}

/* An internal subset in brackets may hold ">" of its own. */
function afterDoctype(text: string): string | undefined {
  const bracket = text.indexOf('[')
  const close = text.indexOf('>')
  const hasSubset = bracket >= 0 && bracket < close
  return after(hasSubset ? text.slice(Math.max(text.indexOf(']'), 0)) : text, '>')
}
