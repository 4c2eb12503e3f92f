import sharp, { type Sharp } from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ImageReader, Orientation } from '../../src/contracts.js'
import { createCoverStore } from '../../src/image/cover-store.js'
import { combineTurns, turnBox } from '../../src/image/orientation.js'
import { type OverlayOptions, type OverlayPosition, resolveOverlay } from '../../src/image/overlay.js'
import { openReader } from '../../src/image/reader.js'
import { resolveRedactions } from '../../src/image/redaction.js'
import { type Dimensions, rotateDimensions } from '../../src/protocol/geometry.js'
import type { ResolvedRequest } from '../../src/protocol/resolved.js'
import { listTileGrid } from '../../src/protocol/tiles.js'
import { answerCovered, saturation } from './covered-files.js'
import { hasFonts } from './fonts.js'
import {
  bytesSource,
  decode,
  distance,
  fromPixels,
  type Pixels,
  pixelAt,
  psnr,
  wavePixels,
} from './picture.js'
import { tiled } from './stored-files.js'

/* A mark whose corners all have their own colour, and that is half transparent. */
async function markOf(width: number, height: number): Promise<Buffer> {
  const data = new Uint8Array(width * height * 4)
  for (let at = 0; at < width * height; at += 1) {
    const [x, y] = [at % width, Math.floor(at / width)]
    data.set([x < width / 2 ? 255 : 0, y < height / 2 ? 255 : 0, (x * 7 + y * 13) % 256, 128], at * 4)
  }
  return sharp(data, { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer()
}

const mark = await markOf(90, 50)
const store = createCoverStore()

async function pixelsOf(
  reader: ImageReader,
  wanted: Partial<ResolvedRequest>,
  options?: OverlayOptions,
): Promise<Pixels> {
  const cover = options ? { overlay: resolveOverlay(options), store } : {}
  const encode = { png: { compressionLevel: 0 } }
  return decode((await answerCovered(reader, wanted, cover, encode)).bytes)
}

/* Where two pictures differ; of half transparent pixels, libvips rounds the colours. */
function differences(
  one: Pixels,
  two: Pixels,
): { x: number; y: number; width: number; height: number } | undefined {
  expect([one.width, one.height, one.channels]).toEqual([two.width, two.height, two.channels])
  let [left, right, top, bottom] = [one.width, -1, one.height, -1]
  for (let at = 0; at < one.data.length; at += 1) {
    if (one.data[at] === two.data[at]) continue
    const pixel = Math.floor(at / one.channels)
    if (one.channels === 4 && one.data[pixel * 4 + 3]! < 255 && two.data[pixel * 4 + 3]! < 255) continue
    const [x, y] = [pixel % one.width, Math.floor(pixel / one.width)]
    left = Math.min(left, x)
    right = Math.max(right, x)
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
  }
  return right < 0 ? undefined : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 }
}

describe('tiles with an overlay of the image', () => {
  const size = { width: 1501, height: 1103 }
  let reader: ImageReader
  beforeAll(async () => {
    const picture = fromPixels(wavePixels(size.width, size.height))
    const pyramid = { ...tiled, tileWidth: 256, tileHeight: 256, compression: 'deflate' } as const
    reader = await openReader(bytesSource(await picture.tiff(pyramid).toBuffer()))
  })

  const texts: readonly [string, OverlayOptions][] = [
    ['text in a corner', { kind: 'text', text: 'Library\nof tests', size: 90, inset: 31, bold: true }],
    [
      'text all over',
      { kind: 'text', text: 'SAMPLE', size: 70, position: 'repeat', inset: 53, opacity: 0.4 },
    ],
    ['text as large as can be', { kind: 'text', text: 'DRAFT', position: 'scaled', inset: 77 }],
  ]
  const images: readonly [string, OverlayOptions][] = [
    ['an image in the middle', { kind: 'image', image: mark, position: 'center' }],
    ['an image all over', { kind: 'image', image: mark, position: 'repeat' }],
  ]
  const turns = [
    { mirror: false, degrees: 0 },
    { mirror: false, degrees: 90 },
    { mirror: true, degrees: 0 },
    { mirror: true, degrees: 270 },
  ]

  const reassemble = async (_: string, given: OverlayOptions) => {
    const options = { ...given, relativeTo: 'image' } as const
    for (const [side, factor, turn] of [
      [256, 1, 0],
      [256, 2, 1],
      [256, 4, 2],
      [256, 2, 3],
      [512, 1, 3],
      [512, 2, 0],
      [512, 4, 1],
    ] as const) {
      const rotation = turns[turn]!
      const full = { width: Math.ceil(size.width / factor), height: Math.ceil(size.height / factor) }
      const whole = await pixelsOf(reader, { size: full, rotation }, options)
      expect(differences(whole, await pixelsOf(reader, { size: full, rotation }))).toBeDefined()
      for (const { region, size: target } of listTileGrid(size, { width: side, height: side }, factor)) {
        const tile = await pixelsOf(reader, { region, size: target, rotation }, options)
        const at = { x: region.x / factor, y: region.y / factor, ...target }
        const { x, y, width, height } = turnBox(at, full, combineTurns(1, rotation))
        const part = fromPixels(whole).extract({ left: x, top: y, width, height })
        const expected = await decode(await part.png({ compressionLevel: 0 }).toBuffer())
        expect(differences(tile, expected), `${side} ${factor} ${JSON.stringify(at)}`).toBeUndefined()
      }
    }
  }
  it.each(images)('reassemble to the whole, pixel by pixel: %s', reassemble, 60_000)
  it.skipIf(!hasFonts).each(texts)('reassemble to the whole, pixel by pixel: %s', reassemble, 60_000)

  it('have it at the same place at every size', async () => {
    const options = { kind: 'image', image: mark, relativeTo: 'image', position: 'center' } as const
    for (const factor of [1, 2, 4, 8]) {
      const full = { width: Math.ceil(size.width / factor), height: Math.ceil(size.height / factor) }
      const [with_, without] = [
        await pixelsOf(reader, { size: full }, options),
        await pixelsOf(reader, { size: full }),
      ]
      const box = differences(with_, without)!
      const expected = [(size.width - 90) / 2, (size.height - 50) / 2, 90, 50].map(value => value / factor)
      expect(distance([box.x, box.y, box.width, box.height], expected)).toBeLessThanOrEqual(1.5)
    }
  })
})

describe('an overlay that is larger than it may be drawn', () => {
  it('is enlarged where it is cut, and joins without seams', async () => {
    const size = { width: 3000, height: 2000 }
    const picture = sharp({ create: { ...size, channels: 3, background: '#808080' } })
    const pyramid = { ...tiled, tileWidth: 512, tileHeight: 512, compression: 'deflate' } as const
    const reader = await openReader(bytesSource(await picture.tiff(pyramid).toBuffer()))
    const big = await markOf(300, 180)
    const options = { kind: 'image', image: big, relativeTo: 'image', position: 'scaled', inset: 11 } as const
    const whole = await pixelsOf(reader, {}, options)
    const box = differences(whole, await pixelsOf(reader, {}))
    expect(box).toEqual({ x: 11, y: 107, width: 2978, height: 1787 })
    for (const region of [
      { x: 512, y: 0, width: 512, height: 512 },
      { x: 1024, y: 512, width: 512, height: 512 },
      { x: 2560, y: 1536, width: 440, height: 464 },
      { x: 0, y: 512, width: 512, height: 512 },
    ]) {
      const tile = await pixelsOf(reader, { region }, options)
      const { x, y, width, height } = region
      const part = fromPixels(whole).extract({ left: x, top: y, width, height })
      expect(differences(tile, await decode(await part.png().toBuffer()))).toBeUndefined()
    }
  })
})

describe('positions', () => {
  const size = { width: 400, height: 300 }
  let reader: ImageReader
  beforeAll(async () => {
    reader = await openReader(bytesSource(await fromPixels(wavePixels(400, 300)).png().toBuffer()))
  })
  const where = async (options: Partial<OverlayOptions>, wanted: Partial<ResolvedRequest> = {}) => {
    const overlay = { kind: 'image', image: mark, ...options } as OverlayOptions
    return differences(await pixelsOf(reader, wanted, overlay), await pixelsOf(reader, wanted))
  }
  const box = (x: number, y: number, width: number, height: number) => ({ x, y, width, height })

  it.each<[OverlayPosition, number, number]>([
    ['top-left', 7, 7],
    ['top', 155, 7],
    ['top-right', 303, 7],
    ['left', 7, 125],
    ['center', 155, 125],
    ['right', 303, 125],
    ['bottom-left', 7, 243],
    ['bottom', 155, 243],
    ['bottom-right', 303, 243],
  ])('%s', async (position, x, y) => {
    expect(await where({ position, inset: 7 })).toEqual(box(x, y, 90, 50))
    expect(await where({ position, inset: 7, relativeTo: 'image' })).toEqual(box(x, y, 90, 50))
  })

  it('scaled is as large as the inset allows, in the middle', async () => {
    expect(await where({ position: 'scaled', inset: 20 })).toEqual(box(20, 50, 360, 200))
    const small = { size: { width: 100, height: 75 } }
    expect(await where({ position: 'scaled', inset: 20 }, small)).toEqual(box(20, 21, 60, 33))
    expect(await where({ position: 'scaled', inset: 20, relativeTo: 'image' }, small)).toEqual(
      box(5, 13, 90, 50),
    )
  })

  it('repeat is all over, the inset between copies', async () => {
    const plain = await pixelsOf(reader, {})
    const found = await pixelsOf(reader, {}, { kind: 'image', image: mark, position: 'repeat', inset: 10 })
    for (let y = 0; y < 300; y += 1) {
      for (let x = 0; x < 400; x += 1) {
        const inside = x % 100 >= 10 && y % 60 >= 10
        if (!inside && distance(pixelAt(found, x, y), pixelAt(plain, x, y)) > 0)
          expect([x, y]).toBe('untouched')
      }
    }
    expect(await where({ position: 'repeat', inset: 10 })).toEqual(box(10, 10, 390, 290))
  })

  it('an image shrinks to the room that there is', async () => {
    expect(await where({ position: 'top-left', inset: 5 }, { size: { width: 55, height: 300 } })).toEqual(
      box(5, 5, 45, 25),
    )
    const strip = { region: { x: 0, y: 0, width: 400, height: 1 } }
    expect(await where({ position: 'top-left', inset: 0 }, strip)).toEqual(box(0, 0, 2, 1))
  })

  it('an inset larger than the response leaves the overlay in it', async () => {
    expect(await where({ position: 'top-left', inset: 1000 })).toBeDefined()
    expect(await where({ position: 'bottom-right', inset: 1000 })).toBeDefined()
    expect(await where({ position: 'scaled', inset: 1000 })).toBeDefined()
  })

  it('are those of the response after a turn, where the overlay is not turned', async () => {
    const rotation = { mirror: true, degrees: 90 }
    expect(await where({ position: 'top-right' }, { rotation })).toEqual(box(210, 0, 90, 50))
    const turned = await pixelsOf(reader, { rotation }, { kind: 'image', image: mark, position: 'top-left' })
    const base = await pixelsOf(reader, { rotation })
    // The half of the mark that is red is on the left.
    expect(pixelAt(turned, 10, 40)[0]! - pixelAt(base, 10, 40)[0]! / 2).toBeGreaterThan(120)
    expect(pixelAt(turned, 80, 40)[0]! - pixelAt(base, 80, 40)[0]! / 2).toBeLessThan(5)
  })

  it('are those of the image before a turn, where the overlay is turned with it', async () => {
    for (const rotation of [90, 180, 270].flatMap(degrees => [
      { mirror: false, degrees },
      { mirror: true, degrees },
    ])) {
      const options = { kind: 'image', image: mark, relativeTo: 'image', position: 'top-left' } as const
      const upright = fromPixels(await pixelsOf(reader, {}, options))
      const mirrored = fromPixels(
        await decode(await (rotation.mirror ? upright.flop() : upright).png().toBuffer()),
      )
      const expected = await decode(await mirrored.rotate(rotation.degrees).png().toBuffer())
      expect(differences(await pixelsOf(reader, { rotation }, options), expected)).toBeUndefined()
    }
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('go by the upright picture in orientation %i', async orientation => {
    const quarters = rotateDimensions(size, orientation < 5 ? 0 : 90)
    const bytes = await fromPixels(wavePixels(quarters.width, quarters.height))
      .withMetadata({ orientation })
      .png()
    const lying = await openReader(bytesSource(await bytes.toBuffer()))
    expect(lying.description).toMatchObject({ ...size, orientation: orientation as Orientation })
    for (const relativeTo of ['output', 'image'] as const) {
      const options = { kind: 'image', image: mark, relativeTo, position: 'top-right', inset: 3 } as const
      const found = await pixelsOf(lying, {}, options)
      expect(differences(found, await pixelsOf(lying, {}))).toEqual(box(307, 3, 90, 50))
      expect(pixelAt(found, 310, 5)[0]).toBeGreaterThan(126)
    }
  })

  it.each([0.5, 30, 133, 271.3])('are those of the canvas of a free angle: %d', async degrees => {
    const rotation = { mirror: false, degrees }
    const wanted = { rotation, format: 'tif' } as const
    const opaque = await sharp(mark).removeAlpha().png().toBuffer()
    const found = await where({ image: opaque, position: 'bottom-right', inset: 4 }, wanted)
    const { width, height } = await pixelsOf(reader, wanted)
    expect(found).toEqual(box(width - 94, height - 54, 90, 50))
    expect(await where({ relativeTo: 'image', position: 'center' }, wanted)).toBeDefined()
  })
})

describe('what is laid over', () => {
  const flat = (background: string, size: Dimensions = { width: 200, height: 100 }) =>
    sharp({ create: { ...size, channels: 4, background } })
  const red = async (alpha: number) =>
    sharp({ create: { width: 20, height: 20, channels: 4, background: { r: 255, g: 0, b: 0, alpha } } })
      .png()
      .toBuffer()
  const open = async (image: Sharp) => openReader(bytesSource(await image.png().toBuffer()))

  it.each([
    [1, 1, [255, 0, 0]],
    [1, 0.5, [177, 50, 50]],
    [0.5, 1, [177, 50, 50]],
    [0.5, 0.5, [139, 75, 75]],
    [1, 0, [100, 100, 100]],
  ])('shines through: alpha %d, opacity %d', async (alpha, opacity, expected) => {
    const reader = await open(flat('#646464').removeAlpha())
    const image = await red(alpha)
    const pixels = await pixelsOf(reader, {}, { kind: 'image', image, position: 'top-left', opacity })
    expect(pixels.channels).toBe(3)
    expect(distance(pixelAt(pixels, 5, 5), expected)).toBeLessThanOrEqual(2)
    expect(pixelAt(pixels, 50, 50)).toEqual([100, 100, 100])
  })

  it('leaves transparent pixels transparent, and is seen on them', async () => {
    const reader = await open(flat('#00000000'))
    const pixels = await pixelsOf(reader, {}, { kind: 'image', image: await red(1), position: 'top-left' })
    expect(pixelAt(pixels, 5, 5)).toEqual([255, 0, 0, 255])
    expect(pixelAt(pixels, 50, 50)[3]).toBe(0)
  })

  it('is upright though its file lies, and in sRGB though it has a profile', async () => {
    const lying = await sharp(await markOf(50, 90))
      .removeAlpha()
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer()
    const reader = await open(flat('#646464').removeAlpha())
    const options = { kind: 'image', image: lying, position: 'top-left' } as const
    expect(differences(await pixelsOf(reader, {}, options), await pixelsOf(reader, {}))).toMatchObject({
      width: 90,
      height: 50,
    })
    const p3 = await sharp({ create: { width: 20, height: 20, channels: 3, background: '#c83c3c' } })
      .withIccProfile('p3')
      .png()
      .toBuffer()
    const pixels = await pixelsOf(reader, {}, { kind: 'image', image: p3, position: 'top-left' })
    expect(distance(pixelAt(pixels, 5, 5), [200, 60, 60])).toBeLessThanOrEqual(2)
  })

  it('can be an SVG, which is drawn at the size that it is needed in', async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="5" height="10" fill="#00f"/></svg>'
    const reader = await open(flat('#646464').removeAlpha())
    const pixels = await pixelsOf(reader, {}, { kind: 'image', image: Buffer.from(svg), position: 'scaled' })
    expect(pixelAt(pixels, 98, 50)).toEqual([0, 0, 255])
    expect(pixelAt(pixels, 101, 50)).toEqual([100, 100, 100])
  })

  it.each(['jpg', 'png', 'webp', 'tif', 'gif', 'avif'] as const)('is seen in %s', async format => {
    const reader = await open(flat('#646464').removeAlpha())
    const image = await sharp({ create: { width: 60, height: 60, channels: 3, background: '#f00' } })
      .png()
      .toBuffer()
    const pixels = await pixelsOf(reader, { format }, { kind: 'image', image, position: 'center' })
    expect(distance(pixelAt(pixels, 100, 50).slice(0, 3), [255, 0, 0])).toBeLessThan(12)
    expect(distance(pixelAt(pixels, 5, 5).slice(0, 3), [100, 100, 100])).toBeLessThan(12)
  })

  it('is grey in grey images, and leaves the rest as it is', async () => {
    const reader = await openReader(bytesSource(await fromPixels(wavePixels(200, 100)).png().toBuffer()))
    const plain = await pixelsOf(reader, { quality: 'gray' })
    const found = await pixelsOf(
      reader,
      { quality: 'gray' },
      { kind: 'image', image: await red(1), position: 'top-left' },
    )
    expect(found.channels).toBe(1)
    expect(differences(found, plain)).toEqual({ x: 0, y: 0, width: 20, height: 20 })
    expect(new Set(found.data.subarray(0, 20)).size).toBe(1)
  })

  it('is placed on a wide picture in the right colours', async () => {
    const samples = Uint16Array.from({ length: 200 * 100 * 3 }, (_, i) => [50_000, 20_000, 20_000][i % 3]!)
    const raw = sharp(samples, { raw: { width: 200, height: 100, channels: 3 } })
    const wide = raw.toColourspace('rgb16').withIccProfile('p3')
    const reader = await openReader(bytesSource(await wide.png().toBuffer()))
    const green = sharp({ create: { width: 20, height: 20, channels: 3, background: '#50a05a' } })
    const image = await green.png().toBuffer()
    for (const relativeTo of ['output', 'image'] as const) {
      const options = { kind: 'image', image, position: 'top-left', relativeTo } as const
      const found = await pixelsOf(reader, {}, options)
      expect(pixelAt(found, 5, 5)).toEqual([80, 160, 90])
      expect(
        distance(pixelAt(found, 50, 50), pixelAt(await pixelsOf(reader, {}), 50, 50)),
      ).toBeLessThanOrEqual(1)
    }
  })

  it('is laid over what is redacted', async () => {
    const reader = await open(flat('#ff00ff').removeAlpha())
    const redactions = resolveRedactions([{ x: 0, y: 0, width: 200, height: 100 }], {
      width: 200,
      height: 100,
    })
    for (const relativeTo of ['output', 'image'] as const) {
      const overlay = resolveOverlay({
        kind: 'image',
        image: await red(0.5),
        position: 'top-left',
        relativeTo,
      })
      const { bytes } = await answerCovered(reader, {}, { redactions, overlay })
      const pixels = await decode(bytes)
      expect(distance(pixelAt(pixels, 5, 5), [128, 0, 0])).toBeLessThanOrEqual(2)
      expect(pixelAt(pixels, 50, 50)).toEqual([0, 0, 0])
    }
  })
})

describe.skipIf(!hasFonts)('text', () => {
  const open = async (background: string) =>
    openReader(
      bytesSource(
        await sharp({ create: { width: 300, height: 100, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    )
  const count = ({ data }: Pixels, sample: number) => data.filter(value => value === sample).length

  it.each(['#000000', '#ffffff'])('is read in two colours on %s', async background => {
    const reader = await open(background)
    for (const relativeTo of ['output', 'image'] as const) {
      for (const options of [
        { colour: '#ccc', opacity: 0.3 },
        { colour: '#333', stroke: { width: 0 } },
      ]) {
        const overlay = {
          kind: 'text',
          text: 'MMMM',
          size: 60,
          position: 'center',
          relativeTo,
          ...options,
        } as const
        const pixels = await pixelsOf(reader, { quality: 'bitonal' }, overlay)
        expect(count(pixels, 0) + count(pixels, 255)).toBe(pixels.data.length)
        expect(count(pixels, 0)).toBeGreaterThan(1000)
        expect(count(pixels, 255)).toBeGreaterThan(1000)
      }
    }
  })

  it('is read in grey though its colours are of one lightness', async () => {
    const reader = await open('#4c4c4c')
    const overlay = {
      kind: 'text',
      text: 'MMMM',
      size: 60,
      position: 'center',
      colour: '#f00',
      stroke: { colour: '#008000', width: 3 },
    } as const
    const pixels = await pixelsOf(reader, { quality: 'gray' }, overlay)
    expect(count(pixels, 255)).toBeGreaterThan(500)
  })

  it('lies on its surface', async () => {
    const reader = await open('#ffffff')
    const overlay = { kind: 'text', text: 'x', size: 40, background: '#00f', position: 'top-left' } as const
    const pixels = await pixelsOf(reader, {}, overlay)
    expect(pixelAt(pixels, 1, 1)).toEqual([0, 0, 255])
    expect(pixelAt(pixels, 200, 50)).toEqual([255, 255, 255])
  })

  it('is in every small part of a picture: none is a way around it', async () => {
    const reader = await open('#646464')
    const region = { x: 100, y: 40, width: 40, height: 20 }
    const onOutput = { kind: 'text', text: 'a long text that does not fit', size: 24, minSize: 12 } as const
    expect(
      psnr(await pixelsOf(reader, { region }, onOutput), await pixelsOf(reader, { region })),
    ).toBeLessThan(20)
    const onImage = { kind: 'text', text: 'A', size: 50, relativeTo: 'image', position: 'repeat' } as const
    expect(
      psnr(await pixelsOf(reader, { region }, onImage), await pixelsOf(reader, { region })),
    ).toBeLessThan(20)
  })

  it('has colours of its own', async () => {
    const pixels = await pixelsOf(
      await open('#646464'),
      {},
      {
        kind: 'text',
        text: 'MM',
        size: 60,
        colour: '#0f0',
        stroke: { width: 0 },
      },
    )
    expect(saturation(pixels)).toBe(255)
  })
})
