import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { choosePyramidPath, quote } from '../../src/doctor/prescribe.js'

const words = [
  'photo.jpg',
  '/a/b-c_d.tif',
  'my photo.jpg',
  "it's.jpg",
  '$(reboot)`x`"y"\\z.jpg',
  'ümläut & more;.png',
  '*?[a].jpg',
  'tab\tand\nline.jpg',
  "\u001b[31mred's.jpg",
  '',
]

describe('a word for a shell', () => {
  it.each(words)('is one word, and nothing but itself: %j', word => {
    const output = execFileSync('bash', ['-c', `printf '%s|' ${quote(word)}`], { encoding: 'utf8' })
    expect(output).toBe(`${word}|`)
    expect(quote(word)).not.toMatch(/\p{Cc}/u)
  })

  it('is no option, and is not quoted where that is not needed', () => {
    expect(quote('-rf')).toBe('./-rf')
    expect(quote('/a/b-c_d.tif')).toBe('/a/b-c_d.tif')
  })
})

it.each([
  ['a/photo.jpg', 'a/photo.tif'],
  ['photo', 'photo.tif'],
  ['photo.tiff', 'photo.tif'],
  ['a/scan.tif', 'a/scan-pyramid.tif'],
  ['SCAN.TIF', 'SCAN-pyramid.tif'],
])('the pyramid of %s is beside it: %s', (path, expected) => {
  expect(choosePyramidPath(path)).toBe(expected)
})
