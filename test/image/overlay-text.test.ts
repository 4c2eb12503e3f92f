import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { resolveOverlay, type TextOverlay, type TextOverlayOptions } from '../../src/image/overlay.js'
import { formatTextSvg, layOutText, measureText } from '../../src/image/overlay-text.js'
import { hasFonts } from './fonts.js'
import { createFolder } from './picture.js'

const overlayOf = (text: string, options: Partial<TextOverlayOptions> = {}): TextOverlay => {
  const overlay = resolveOverlay({ kind: 'text', text, font: 'DejaVu Sans', ...options })
  if (overlay.kind !== 'text') throw new Error('expected text')
  return overlay
}

/* The columns of an SVG that are not empty. */
async function inkOf(svg: string): Promise<{ left: number; width: number; top: number; height: number }> {
  const { data, info } = await sharp(Buffer.from(svg))
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  let [left, right, top, bottom] = [info.width, -1, info.height, -1]
  for (let at = 3; at < data.length; at += 4) {
    if (data[at] === 0) continue
    const [x, y] = [((at - 3) / 4) % info.width, Math.floor((at - 3) / 4 / info.width)]
    left = Math.min(left, x)
    right = Math.max(right, x)
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
  }
  return { left, width: right - left + 1, top, height: bottom - top + 1 }
}

describe('measured words', () => {
  it.skipIf(!hasFonts).each([
    ['Sample', {}],
    ['Two words', {}],
    ['three   spaces', {}],
    ['WAVE fi Å', { bold: true }],
    ['<b>&amp;', {}],
    ['iiii', { font: 'DejaVu Serif' }],
  ])('are as wide as they are drawn: %s %o', async (text, options) => {
    const overlay = overlayOf(text, { ...options, size: 100, stroke: { width: 0 }, position: 'left' })
    const measure = await measureText(overlay)
    const layout = layOutText(overlay, measure)
    const size = { width: Math.ceil(layout.width), height: Math.ceil(layout.height) }
    const ink = await inkOf(formatTextSvg(overlay, layout, size, 'rgb'))
    // Ink begins a little after the word does, and ends a little before.
    const width = measure.widthOf(text) * 100
    expect(ink.width).toBeLessThanOrEqual(width + 2)
    expect(ink.width).toBeGreaterThan(width - 30)
    expect(ink.left).toBeGreaterThanOrEqual(19)
    expect(ink.top).toBeGreaterThan(10)
    expect(ink.top + ink.height).toBeLessThan(size.height - 10)
  })
})

describe('a machine without fonts', () => {
  it('draws no text at all, rather than boxes that nobody can read', async () => {
    const module = new URL('../../dist/image/', import.meta.url)
    const script = `
      import { resolveOverlay } from '${module}overlay.js'
      import { measureText } from '${module}overlay-text.js'
      await measureText(resolveOverlay({ kind: 'text', text: 'x' })).catch(error => process.stdout.write(error.message))`
    const path = join(await createFolder(), 'fonts.conf')
    await writeFile(path, '<fontconfig></fontconfig>')
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', script],
      { env: { ...process.env, FONTCONFIG_FILE: path }, timeout: 25_000 },
    )
    expect(stdout).toBe('text: there are no fonts')
  })
})

describe('the layout', () => {
  /* Every character is half as wide as the font is high. */
  const measure = { widthOf: (line: string) => line.length / 2 }

  it('has the size that is wanted where there is room', () => {
    const overlay = overlayOf('0123456789', { size: 20, stroke: { width: 2 } })
    const layout = { lines: ['0123456789'], size: 20, width: 100 + 2 * (2 + 4), height: 25 + 2 * (2 + 4) }
    expect(layOutText(overlay, measure, { width: 112, height: 37 })).toEqual(layout)
    expect(layOutText(overlay, measure)).toEqual(layout)
  })

  it.each([
    ['wide', { width: 80, height: 100 }],
    ['high', { width: 1000, height: 30 }],
  ])('shrinks where there is none: not %s enough', (_, room) => {
    const overlay = overlayOf('0123456789', { size: 20, minSize: 5, stroke: { width: 2 } })
    const layout = layOutText(overlay, measure, room)
    expect(layout.width).toBeLessThanOrEqual(room.width)
    expect(layout.height).toBeLessThanOrEqual(room.height)
    expect(layout.size).toBeGreaterThan(10)
    const larger = overlayOf('0123456789', { size: layout.size / 0.94, stroke: { width: 2 } })
    const { width, height } = layOutText(larger, measure)
    expect(width > room.width || height > room.height).toBe(true)
  })

  it('has the least size where nothing fits, and is not left out', () => {
    const overlay = overlayOf('0123456789', { size: 20, minSize: 8 })
    expect(layOutText(overlay, measure, { width: 1, height: 1 })).toMatchObject({ size: 8 })
  })

  it.each([
    ['breaks between words where wanted', 'aa bb cc dd', { wrap: true }, 70, ['aa bb', 'cc dd']],
    ['keeps line feeds', 'aa\nbb cc dd', { wrap: true }, 70, ['aa', 'bb cc', 'dd']],
    ['breaks no words', 'abcdefghij bb', { wrap: true, minSize: 20 }, 70, ['abcdefghij', 'bb']],
    ['does not break where it is not wanted', 'aa bb cc dd', { minSize: 20 }, 70, ['aa bb cc dd']],
    ['does not break where there is room', 'aa bb cc dd', { wrap: true }, 500, ['aa bb cc dd']],
    ['keeps empty lines', 'aa\n\nbb', { wrap: true }, 500, ['aa', '', 'bb']],
  ])('%s', (_, text, options, width, lines) => {
    const overlay = overlayOf(text, { size: 20, stroke: { width: 1 }, ...options })
    expect(layOutText(overlay, measure, { width, height: 1000 })).toMatchObject({ lines, size: 20 })
  })
})

describe('the drawing', () => {
  const measure = { widthOf: (line: string) => line.length / 2 }
  const draw = (
    text: string,
    options: Partial<TextOverlayOptions> = {},
    tone: 'rgb' | 'gray' | 'bitonal' = 'rgb',
  ) => {
    const overlay = overlayOf(text, options)
    return formatTextSvg(overlay, layOutText(overlay, measure), { width: 200, height: 50 }, tone)
  }

  it.each([
    `</text><image href="file:///etc/passwd"/><text>`,
    `"'><script>alert(1)</script>`,
    ']]><!ENTITY x SYSTEM "file:///etc/passwd">&x;',
    '&lt;&#60;&amp;',
  ])('has nothing but text of %s', async text => {
    const svg = draw(text)
    expect(svg.match(/<\w+/g)).toEqual(['<svg', '<g', '<text'])
    expect(svg).not.toMatch(/<!|<image|<script/)
    await expect(sharp(Buffer.from(svg)).metadata()).resolves.toMatchObject({ width: 200, height: 50 })
  })

  it('names fonts as strings, but for the generic ones', () => {
    expect(draw('x', { font: 'DejaVu Sans, 3270 Font ,serif' })).toContain(
      'font-family="&#39;DejaVu Sans&#39;, &#39;3270 Font&#39;, serif"',
    )
  })

  it('has a stroke around letters, and a surface behind them, where wanted', () => {
    const svg = draw('x', { stroke: { colour: '#0f0', width: 2 }, background: '#123' })
    expect(svg).toContain('stroke="rgb(0,255,0)" stroke-width="4"')
    expect(svg).toContain('<rect width="100%" height="100%" fill="rgb(17,34,51)"/>')
    expect(draw('x', { stroke: { width: 0 } })).not.toMatch(/stroke="|<rect/)
  })

  it.each([
    ['bitonal', { colour: '#ccc' }, 'rgb(255,255,255)', 'rgb(0,0,0)'],
    ['bitonal', { colour: '#700', stroke: { colour: '#600' } }, 'rgb(0,0,0)', 'rgb(255,255,255)'],
    ['gray', { colour: '#f00', stroke: { colour: '#060' } }, 'rgb(255,0,0)', 'rgb(255,255,255)'],
    ['gray', { colour: '#ff0', stroke: { colour: '#060' } }, 'rgb(255,255,0)', 'rgb(0,102,0)'],
    ['rgb', { colour: '#f00', stroke: { colour: '#060' } }, 'rgb(255,0,0)', 'rgb(0,102,0)'],
  ] as const)('in %s, letters of %o stand out', (tone, options, fill, stroke) => {
    const svg = draw('x', options, tone)
    expect(svg).toContain(`fill="${fill}"`)
    expect(svg).toContain(`stroke="${stroke}"`)
  })

  it('has a surface that letters stand out from', () => {
    expect(draw('x', { colour: '#eee', background: '#ddd' }, 'bitonal')).toContain('fill="rgb(0,0,0)"/>')
    expect(draw('x', { colour: '#333', background: '#300' }, 'gray')).toContain('fill="rgb(255,255,255)"/>')
  })
})
