import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import fc from 'fast-check'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ImageDescription, SourceFormat } from '../../src/contracts.js'
import { type Cost, estimateRender, estimateStored } from '../../src/image/cost.js'
import { resolveEncodeOptions } from '../../src/image/encode-options.js'
import { resolveOverlay, type TextOverlayOptions } from '../../src/image/overlay.js'
import { type PlannedCover, planRender } from '../../src/image/plan.js'
import { resolveRedactions } from '../../src/image/redaction.js'
import type { StoredPlan } from '../../src/image/stored.js'
import type { Format } from '../../src/protocol/format.js'
import type { ResolvedRequest } from '../../src/protocol/resolved.js'
import { createFolder, fromPixels, requestOf, wavePixels } from './picture.js'

const settings = resolveEncodeOptions()

function describeImage(
  width: number,
  height: number,
  facts: Partial<ImageDescription> = {},
): ImageDescription {
  return {
    width,
    height,
    format: 'jpg',
    pages: 1,
    levels: [{ width, height, scaleFactor: 1 }],
    bands: 3,
    depth: 8,
    hasAlpha: false,
    colour: 'rgb',
    orientation: 1,
    hasProfile: false,
    ...facts,
  }
}

const tile = { width: 256, height: 256 }

function describePyramid(width: number, height: number): ImageDescription {
  const levels = [1, 2, 4].map(scaleFactor => ({
    width: Math.max(1, Math.floor(width / scaleFactor)),
    height: Math.max(1, Math.floor(height / scaleFactor)),
    scaleFactor,
    tile,
  }))
  return describeImage(width, height, {
    format: 'tif',
    levels: levels as unknown as ImageDescription['levels'],
  })
}

function estimate(
  description: ImageDescription,
  wanted: Partial<ResolvedRequest> = {},
  cover?: PlannedCover,
): Cost {
  return estimateRender(description, planRender(description, requestOf(description, wanted), settings, cover))
}

const region = (width: number, height: number) => ({ x: 0, y: 0, width, height })

describe('the pixels of a render', () => {
  it.each<[title: string, description: ImageDescription, wanted: Partial<ResolvedRequest>, pixels: number]>([
    ['are all of a source without tiles, and those of the result', describeImage(1000, 800), {}, 1_600_000],
    [
      'are all of it also where a part is wanted: it is read from the top',
      describeImage(1000, 800),
      { region: region(100, 100) },
      810_000,
    ],
    [
      'are those of the tiles that hold the part, where there are tiles',
      describePyramid(1000, 800),
      { region: region(100, 100) },
      256 * 256 + 10_000,
    ],
    [
      'are those of four tiles where the part lies on their corner',
      describePyramid(1000, 800),
      { region: { x: 255, y: 255, width: 2, height: 2 } },
      512 * 512 + 4,
    ],
    [
      'are those of the level that is read',
      describePyramid(1000, 800),
      { size: { width: 250, height: 200 } },
      256 * 256 + 50_000,
    ],
  ])('%s', (_, description, wanted, pixels) => {
    expect(estimate(description, wanted).pixels).toBe(pixels)
  })
})

describe('the memory of a render', () => {
  const image = describeImage(4000, 3000)

  it('is never less than what any pipeline takes', () => {
    expect(estimate(describeImage(1, 1)).bytes).toBeGreaterThan(4_000_000)
  })

  it.each<[title: string, more: Cost, less: Cost]>([
    [
      'a progressive image than for one that is read from the top',
      estimate(describeImage(4000, 3000, { isProgressive: true })),
      estimate(image),
    ],
    ['sixteen bits than for eight', estimate(describeImage(4000, 3000, { depth: 16 })), estimate(image)],
    ['a turn than for none', estimate(image, { rotation: { mirror: false, degrees: 90 } }), estimate(image)],
    ['a tilt than for none', estimate(image, { rotation: { mirror: false, degrees: 10 } }), estimate(image)],
    [
      'an image that must be set upright than for one that is',
      estimate(describeImage(4000, 3000, { orientation: 6 })),
      estimate(image),
    ],
    [
      'a source without tiles than for one with them',
      estimate(image, { region: region(256, 256) }),
      estimate(describePyramid(4000, 3000), { region: region(256, 256) }),
    ],
  ])('is more for %s', (_, more, less) => {
    expect(more.bytes).toBeGreaterThan(less.bytes)
  })

  it.each<[SourceFormat]>([['webp'], ['gif'], ['avif'], ['svg']])(
    'counts all pixels of %s, which is decoded as a whole',
    format => {
      const whole = estimate(describeImage(4000, 3000, { format }), { size: { width: 40, height: 30 } })
      const sequential = estimate(image, { size: { width: 40, height: 30 } })
      expect(whole.bytes - sequential.bytes).toBeGreaterThan(4000 * 3000 * 5)
    },
  )

  it('counts all of a tile, however little of it is wanted', () => {
    const huge = { width: 8192, height: 8192 }
    const level = { width: 60_000, height: 60_000, scaleFactor: 1, tile: huge }
    const tiled = describeImage(60_000, 60_000, { format: 'tif', levels: [level] })
    const { pixels, bytes } = estimate(tiled, { region: region(10, 10) })
    expect(pixels).toBeGreaterThan(8192 * 8192)
    expect(bytes).toBeGreaterThan(8192 * 8192 * 3)
  })

  it('grows with the format that is written', () => {
    const formats: Format[] = ['jpg', 'png', 'tif', 'webp', 'avif']
    const all = formats.map(format => estimate(image, { format }).bytes)
    expect(all).toEqual([...all].sort((a, b) => a - b))
  })

  it('grows with the region, the size and the image, and never falls', () => {
    const side = fc.integer({ min: 1, max: 6000 })
    const sides = fc.tuple(side, side)
    const format = fc.constantFrom<Format>('jpg', 'png', 'webp', 'tif', 'gif', 'avif')
    const degrees = fc.constantFrom(0, 90, 22.5)
    fc.assert(
      fc.property(sides, sides, format, degrees, (one, other, wanted, turn) => {
        const [small, big] = [
          [Math.min(one[0], other[0]), Math.min(one[1], other[1])],
          [Math.max(one[0], other[0]), Math.max(one[1], other[1])],
        ] as const
        const rotation = { mirror: false, degrees: turn }
        const sized = ([width, height]: readonly [number, number]): Cost =>
          estimate(describeImage(6000, 6000), { size: { width, height }, format: wanted, rotation })
        const imaged = ([width, height]: readonly [number, number]): Cost =>
          estimate(describeImage(width, height), { format: wanted, rotation })
        const cut = ([width, height]: readonly [number, number]): Cost =>
          estimate(describePyramid(6000, 6000), { region: region(width, height), format: wanted, rotation })
        for (const of of [sized, imaged, cut]) {
          expect(of(big).bytes).toBeGreaterThanOrEqual(of(small).bytes)
          expect(of(big).pixels).toBeGreaterThanOrEqual(of(small).pixels)
        }
      }),
    )
  })
})

describe('the cost of covers', () => {
  const image = describeImage(4000, 3000)
  const hide = (kind: 'fill' | 'pixelate', side = 200): PlannedCover => ({
    redactions: resolveRedactions([{ x: 0, y: 0, width: side, height: side, style: { kind } }], image),
  })
  const write = (placement: Partial<TextOverlayOptions>): PlannedCover => ({
    overlay: resolveOverlay({ kind: 'text', text: 'Example', ...placement }),
  })
  const tileOf = region(256, 256)

  it.each<[title: string, more: Cost, less: Cost]>([
    ['what is painted over than for what is not', estimate(image, {}, hide('fill')), estimate(image)],
    ['an overlay than for none', estimate(image, {}, write({})), estimate(image)],
    [
      'one that is all over it than for one in a corner',
      estimate(image, {}, write({ position: 'repeat' })),
      estimate(image, {}, write({})),
    ],
    [
      'two colours than for all, with an overlay',
      estimate(image, { quality: 'bitonal' }, write({})),
      estimate(image, {}, write({})),
    ],
  ])('is more memory for %s', (_, more, less) => {
    expect(more.bytes).toBeGreaterThan(less.bytes)
  })

  it('is nothing where a region has nothing of them', () => {
    const far = { region: { x: 2048, y: 2048, width: 256, height: 256 } }
    const pyramid = describePyramid(4000, 3000)
    expect(estimate(pyramid, far, hide('fill'))).toEqual(estimate(pyramid, far))
    const large = write({ minWidth: 1000 })
    expect(estimate(pyramid, far, large)).toEqual(estimate(pyramid, far))
  })

  it('of a tile is little', () => {
    const pyramid = describePyramid(4000, 3000)
    const plain = estimate(pyramid, { region: tileOf }).bytes
    for (const cover of [hide('fill'), hide('pixelate'), write({ position: 'repeat' })])
      expect(estimate(pyramid, { region: tileOf }, cover).bytes).toBeLessThan(plain + 2_000_000)
  })

  it('counts the squares as work where a whole level must be read for them', () => {
    const tiled = describeImage(4000, 3000, {
      format: 'tif',
      levels: [{ width: 4000, height: 3000, scaleFactor: 1, tile }],
    })
    const [some, all] = [hide('pixelate'), hide('pixelate', 3000)].map(
      cover => estimate(tiled, { region: tileOf }, cover).pixels,
    )
    expect(all).toBeGreaterThan(9_000_000)
    expect(some).toBeLessThan(250_000)
  })
})

describe('what is cut from stored tiles', () => {
  const box = (width: number, height: number) => ({ x: 0, y: 0, width, height })
  const plan = (kind: StoredPlan['kind'], width: number, height: number): StoredPlan => ({
    kind,
    level: 0,
    box: box(width, height),
  })

  it('costs a fraction of what it costs to decode it', () => {
    const decoded = estimate(describePyramid(4000, 3000), { region: region(2048, 2048) })
    const cut = estimateStored(plan('join', 2048, 2048))
    expect(cut.pixels).toBeLessThan(decoded.pixels / 4)
    expect(cut.bytes).toBeLessThan(decoded.bytes)
  })

  it('grows with its size', () => {
    const all = [256, 1024, 2048].map(side => estimateStored(plan('join', side, side)))
    for (const [index, cost] of all.slice(1).entries()) {
      expect(cost.bytes).toBeGreaterThan(all[index]!.bytes)
      expect(cost.pixels).toBeGreaterThan(all[index]!.pixels)
    }
  })

  it('in pieces takes no more memory the higher it is', () => {
    expect(estimateStored(plan('stream', 10_000, 10_000))).toEqual(
      estimateStored(plan('stream', 10_000, 60_000)),
    )
  })
})

/* The peak of a process is only told by Linux. */
const canMeasure = existsSync('/proc/self/status')

/* What the allocator holds back, and what does not grow with the image. */
const slackBytes = 10_000_000

describe.skipIf(!canMeasure)('the estimate, held against what libvips takes', () => {
  const script = fileURLToPath(new URL('./measure-peak.js', import.meta.url))
  let folder: string

  beforeAll(async () => {
    folder = await createFolder()
    const picture = await fromPixels(wavePixels(3600, 2400)).raw().toBuffer()
    const copy = () => fromPixels({ data: picture, width: 3600, height: 2400, channels: 3 })
    const pyramid = { tile: true, tileWidth: 256, tileHeight: 256, pyramid: true } as const
    await copy().jpeg().toFile(join(folder, 'plain.jpg'))
    await copy().jpeg({ progressive: true }).toFile(join(folder, 'progressive.jpg'))
    await copy().png({ compressionLevel: 1, progressive: true }).toFile(join(folder, 'interlaced.png'))
    await copy().webp({ effort: 0 }).toFile(join(folder, 'image.webp'))
    await copy().avif({ effort: 0 }).toFile(join(folder, 'image.avif'))
    await copy()
      .tiff({ ...pyramid, compression: 'lzw' })
      .toFile(join(folder, 'pyramid.tif'))
    const mark = sharp({ create: { width: 300, height: 200, channels: 4, background: '#ff000080' } })
    await mark.png().toFile(join(folder, 'mark.png'))
  }, 60_000)

  it.each<[name: string, format: Format, scale: number, degrees: number]>([
    ['plain.jpg', 'jpg', 1, 0],
    ['plain.jpg', 'jpg', 1, 90],
    ['plain.jpg', 'png', 1, 22.5],
    ['plain.jpg', 'webp', 1, 0],
    ['plain.jpg', 'gif', 0.2, 0],
    ['plain.jpg', 'avif', 0.4, 0],
    ['progressive.jpg', 'jpg', 1, 0],
    ['interlaced.png', 'jpg', 0.1, 0],
    ['image.webp', 'jpg', 1, 0],
    ['image.avif', 'jpg', 0.1, 0],
    ['pyramid.tif', 'tif', 1, 0],
  ])(
    'is not below it: %s as %s, scaled to %d, turned by %d degrees',
    async (name, format, scale, degrees) => {
      const wanted = [join(folder, name), format, String(scale), String(degrees)]
      const { stdout } = await promisify(execFile)(process.execPath, [script, ...wanted])
      const { estimated, taken } = JSON.parse(stdout)
      expect(taken).toBeGreaterThan(0)
      expect(taken).toBeLessThan(estimated + slackBytes)
    },
  )

  const face = (x: number) => ({ x, y: 100, width: 300, height: 500, style: { kind: 'pixelate' } })
  const faces = { redactions: [face(0), face(900), face(1800), face(2700)] }
  const fill = { redactions: [{ x: 100, y: 100, width: 500, height: 500 }] }
  const mark = (placement: object) => ({ overlay: { kind: 'image', image: 'mark.png', ...placement } })

  it.each<[name: string, format: Format, scale: number, degrees: number, covers: object]>([
    ['plain.jpg', 'jpg', 1, 0, fill],
    ['plain.jpg', 'jpg', 0.2, 0, fill],
    ['pyramid.tif', 'jpg', 1, 0, faces],
    ['progressive.jpg', 'jpg', 0.1, 0, faces],
    ['image.webp', 'jpg', 0.1, 0, faces],
    ['image.avif', 'jpg', 0.1, 0, faces],
    ['plain.jpg', 'jpg', 1, 0, mark({ position: 'repeat' })],
    ['plain.jpg', 'png', 1, 0, mark({ position: 'scaled' })],
    ['plain.jpg', 'jpg', 1, 0, mark({ position: 'top-left' })],
    ['plain.jpg', 'jpg', 1, 22.5, mark({ position: 'repeat' })],
    ['pyramid.tif', 'jpg', 1, 90, { ...fill, ...mark({ position: 'repeat', relativeTo: 'image' }) }],
  ])(
    'is not below it where it is covered: %s as %s, scaled to %d, turned by %d degrees, with %j',
    async (name, format, scale, degrees, covers) => {
      const wanted = [join(folder, name), format, String(scale), String(degrees), JSON.stringify(covers)]
      const { stdout } = await promisify(execFile)(process.execPath, [script, ...wanted], { cwd: folder })
      const { estimated, taken } = JSON.parse(stdout)
      expect(taken).toBeGreaterThan(0)
      expect(taken).toBeLessThan(estimated + slackBytes)
    },
  )
})
