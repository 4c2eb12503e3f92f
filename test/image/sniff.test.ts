import { describe, expect, it } from 'vitest'
import { sniffFormat } from '../../src/image/sniff.js'
import { fromPixels, gridPixels } from './picture.js'

const picture = () => fromPixels(gridPixels(20, 20))
const latin1 = (text: string) => Buffer.from(text, 'latin1')
const brandBox = (...brands: string[]) => {
  const [major = '', ...compatible] = brands
  const box = latin1(`\0\0\0\0ftyp${major}\0\0\0\0${compatible.join('')}`)
  box.writeUInt32BE(box.length)
  return Buffer.concat([box, latin1('\0\0\0\x08free')])
}

describe('the format of a source is told by its bytes', () => {
  it.each([
    ['jpg', () => picture().jpeg()],
    ['png', () => picture().png()],
    ['webp', () => picture().webp()],
    ['gif', () => picture().gif()],
    ['avif', () => picture().avif()],
    ['tif', () => picture().tiff()],
    ['tif', () => picture().tiff({ bigtiff: true })],
  ] as const)('%s as sharp writes it', async (format, write) => {
    expect(sniffFormat(await write().toBuffer())).toBe(format)
  })

  it.each<[string, Uint8Array, string]>([
    ['classic TIFF, little-endian', latin1('II*\0\x08\0\0\0'), 'tif'],
    ['classic TIFF, big-endian', latin1('MM\0*\0\0\0\x08'), 'tif'],
    ['BigTIFF, little-endian', latin1('II+\0\x08\0\0\0'), 'tif'],
    ['BigTIFF, big-endian', latin1('MM\0+\0\x08\0\0'), 'tif'],
    ['GIF of 1987', latin1('GIF87a'), 'gif'],
    ['AVIF', brandBox('avif', 'mif1'), 'avif'],
    ['AVIF sequence', brandBox('avis', 'msf1'), 'avif'],
    ['general HEIF that is compatible with AVIF', brandBox('mif1', 'miaf', 'avif'), 'avif'],
    ['SVG', latin1('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'svg'],
    ['SVG after a byte order mark', latin1('\xef\xbb\xbf<svg/>'), 'svg'],
    [
      'SVG after everything that may stand before it',
      latin1('\n<?xml version="1.0"?>\n<!-- a > b -- c -->\n<!DOCTYPE svg [ <!ENTITY a "b>"> ]>\n<svg >'),
      'svg',
    ],
  ])('%s', (_, head, format) => {
    expect(sniffFormat(head)).toBe(format)
  })

  it.each<[string, Uint8Array]>([
    ['nothing', latin1('')],
    ['text', latin1('This is not an image.')],
    ['HTML with an svg inside', latin1('<!doctype html><html><svg></svg></html>')],
    ['a comment that never ends', latin1(`<!-- ${'-->'.slice(0, 2).repeat(2000)}`)],
    ['another element that begins like svg', latin1('<svgx>')],
    ['PDF', latin1('%PDF-1.7')],
    ['RIFF that is no WebP', latin1('RIFF\0\0\0\0WAVE')],
    ['HEIC', brandBox('heic', 'mif1')],
    ['general HEIF without AVIF', brandBox('mif1', 'heic')],
    ['general HEIF with avif behind its brands', Buffer.concat([brandBox('mif1', 'heic'), latin1('avif')])],
    ['JPEG cut after two bytes', latin1('\xff\xd8')],
    ['TIFF version that is none', latin1('II,\0')],
  ])('%s is none', (_, head) => {
    expect(sniffFormat(head)).toBeUndefined()
  })
})
