import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type OverlayOptions, resolveOverlay } from '../../src/image/overlay.js'
import { bytesSource } from '../../src/source/bytes.js'
import { createFolder, fromPixels, gridPixels } from './picture.js'

const logo = await fromPixels(gridPixels(40, 20)).png().toBuffer()
const text = { kind: 'text', text: 'Sample' } as const
const image = { kind: 'image', image: logo } as const
const resolve = (options: object) => resolveOverlay(options as OverlayOptions)

describe('an overlay', () => {
  it('of text has defaults', () => {
    expect(resolve(text)).toEqual({
      kind: 'text',
      relativeTo: 'output',
      position: 'bottom-right',
      inset: 0,
      opacity: 1,
      minWidth: 0,
      minHeight: 0,
      lines: ['Sample'],
      style: {
        font: 'sans-serif',
        bold: false,
        colour: { r: 255, g: 255, b: 255 },
        stroke: { colour: { r: 0, g: 0, b: 0 }, width: 1 },
      },
      size: 24,
      minSize: 12,
      wrap: false,
      key: expect.stringMatching(/^[\w-]{22}$/),
    })
  })

  it('of an image has the bytes', () => {
    expect(resolve({ ...image, position: 'repeat', inset: 4.5, opacity: 0.5, relativeTo: 'image' })).toEqual({
      ...image,
      relativeTo: 'image',
      position: 'repeat',
      inset: 4.5,
      opacity: 0.5,
      minWidth: 0,
      minHeight: 0,
      key: expect.any(String),
    })
  })

  it.each<[string, readonly string[]]>([
    ['one\ntwo\r\nthree\rfour\u2028five', ['one', 'two', 'three', 'four', 'five']],
    ['a\tb \n\n c', ['a b', '', ' c']],
    ['\u0000bell\u0007 and half \ud83d', ['bell and half \ufffd']],
    ['<b>&amp;"\'', ['<b>&amp;"\'']],
  ])('breaks lines where %j says so, and drops what no drawing can hold', (given, lines) => {
    expect(resolve({ ...text, text: given })).toMatchObject({ lines })
  })
})

describe('what is not valid is refused by name', () => {
  it.each<[unknown, string]>([
    [undefined, 'overlay.kind'],
    [null, 'overlay.kind'],
    [{}, 'overlay.kind'],
    [{ kind: 'video' }, 'overlay.kind'],
    [{ ...text, position: 'top left' }, 'overlay.position'],
    [{ ...text, relativeTo: 'tile' }, 'overlay.relativeTo'],
    [{ ...text, inset: -1 }, 'overlay.inset'],
    [{ ...text, opacity: 1.1 }, 'overlay.opacity'],
    [{ ...text, opacity: Number.NaN }, 'overlay.opacity'],
    [{ ...text, minWidth: 0.5 }, 'overlay.minWidth'],
    [{ ...text, minHeight: -3 }, 'overlay.minHeight'],
    [{ ...text, image: logo }, 'overlay.image'],
    [{ ...text, text: ' \n ' }, 'overlay.text'],
    [{ ...text, text: 'x'.repeat(1001) }, 'overlay.text'],
    [{ ...text, text: 7 }, 'overlay.text'],
    [{ ...text, font: '"><script>' }, 'overlay.font'],
    [{ ...text, font: '' }, 'overlay.font'],
    [{ ...text, bold: 'yes' }, 'overlay.bold'],
    [{ ...text, size: 0 }, 'overlay.size'],
    [{ ...text, size: 1e6 }, 'overlay.size'],
    [{ ...text, size: 20, minSize: 21 }, 'overlay.minSize'],
    [{ ...text, colour: 'white' }, 'overlay.colour'],
    [{ ...text, background: '#12' }, 'overlay.background'],
    [{ ...text, stroke: 2 }, 'overlay.stroke'],
    [{ ...text, stroke: { width: -1 } }, 'overlay.stroke.width'],
    [{ ...text, stroke: { colour: 'url(#x)' } }, 'overlay.stroke.colour'],
    [{ ...text, stroke: { size: 1 } }, 'overlay.stroke.size'],
    [{ ...text, wrap: 1 }, 'overlay.wrap'],
    [{ ...image, text: 'x' }, 'overlay.text'],
    [{ kind: 'image' }, 'overlay.image'],
    [{ kind: 'image', image: { version: '1' } }, 'overlay.image'],
    [{ kind: 'image', image: async () => undefined }, 'overlay.image'],
    [{ kind: 'image', image: 'nowhere.png' }, 'overlay.image'],
    [{ kind: 'image', image: new Uint8Array(0) }, 'overlay.image'],
    [{ kind: 'image', image: new Uint8Array(10 * 2 ** 20 + 1) }, 'overlay.image'],
  ])('%o', (given, name) => {
    expect(() => resolve(given as object)).toThrow(TypeError)
    expect(() => resolve(given as object)).toThrow(`${name}:`)
  })

  it('a folder, and a file that is too large', async () => {
    const folder = await createFolder()
    await mkdir(join(folder, 'folder.png'))
    await writeFile(join(folder, 'large.png'), new Uint8Array(10 * 2 ** 20 + 1))
    for (const name of ['folder.png', 'large.png']) {
      expect(() => resolve({ kind: 'image', image: join(folder, name) })).toThrow('overlay.image:')
    }
  })
})

describe('the key', () => {
  it('is the same for the same overlay, and another for any other', () => {
    expect(resolve(text).key).toBe(resolve({ ...text, position: 'bottom-right', size: 24 }).key)
    expect(resolve(image).key).toBe(resolve({ kind: 'image', image: new Uint8Array(logo) }).key)
    const others = [
      text,
      image,
      { ...text, text: 'Sample ' + 'x' },
      { ...text, text: 'Sam\nple' },
      { ...text, font: 'serif' },
      { ...text, bold: true },
      { ...text, size: 25 },
      { ...text, minSize: 11 },
      { ...text, colour: '#fffffe' },
      { ...text, background: '#000' },
      { ...text, stroke: { width: 2 } },
      { ...text, wrap: true },
      { ...text, relativeTo: 'image' },
      { ...text, inset: 1 },
      { ...text, opacity: 0.9 },
      { ...text, minWidth: 1 },
      { ...text, minHeight: 1 },
      { ...image, position: 'top' },
      { ...image, image: Buffer.concat([logo, Buffer.alloc(1)]) },
    ].map(options => resolve(options).key)
    expect(new Set(others).size).toBe(others.length)
  })

  it('of a source is that of its version', () => {
    const keyOf = (version: string) => resolve({ kind: 'image', image: bytesSource(logo, { version }) }).key
    expect(keyOf('1')).toBe(keyOf('1'))
    expect(
      new Set([keyOf('1'), keyOf('2'), resolve({ kind: 'image', image: Buffer.from('1') }).key]).size,
    ).toBe(3)
  })

  it('of a file changes with the file', async () => {
    const path = join(await createFolder(), 'logo.png')
    await writeFile(path, logo)
    await utimes(path, 1000, 1000)
    const first = resolve({ kind: 'image', image: path }).key
    expect(resolve({ kind: 'image', image: path }).key).toBe(first)
    await utimes(path, 1000, 2000)
    expect(resolve({ kind: 'image', image: path }).key).not.toBe(first)
  })
})
