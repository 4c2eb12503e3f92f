import { describe, expect, it } from 'vitest'
import type { ImageDescription } from '../../src/contracts.js'
import { createCoverStore } from '../../src/image/cover-store.js'
import { averageMosaic, planMosaic } from '../../src/image/mosaic.js'
import { openReader } from '../../src/image/reader.js'
import { type RedactionStyle, resolveRedactions } from '../../src/image/redaction.js'
import type { Box } from '../../src/protocol/geometry.js'
import { answerCovered, createRequests } from './covered-files.js'
import { createRandom } from './jpeg/coefficients.js'
import { bytesSource, decode, fromPixels, type Pixels, pixelAt, wavePixels } from './picture.js'
import { tiled } from './stored-files.js'

const box = (x: number, y: number, width: number, height: number): Box => ({ x, y, width, height })

const description: ImageDescription = {
  width: 4000,
  height: 3000,
  format: 'tif',
  pages: 1,
  levels: [1, 2, 4, 8].map(scaleFactor => ({
    width: 4000 / scaleFactor,
    height: 3000 / scaleFactor,
    scaleFactor,
  })) as unknown as ImageDescription['levels'],
  bands: 3,
  depth: 8,
  hasAlpha: false,
  colour: 'rgb',
  orientation: 1,
  hasProfile: false,
}

describe('the squares', () => {
  it.each([
    ['as many as asked for along the longer side', box(0, 0, 600, 300), 6, 6, 3],
    ['of equal sides, about', box(0, 0, 300, 610), 6, 2, 6],
    ['never smaller than 16 pixels', box(0, 0, 50, 20), 8, 3, 1],
    ['one, where there is no room for more', box(0, 0, 15, 9), 8, 1, 1],
    ['one row for a line of writing', box(0, 0, 800, 40), 8, 8, 1],
  ])('are %s', (_, rect, cells, columns, rows) => {
    expect(planMosaic(description, rect, cells, [])).toMatchObject({ columns, rows })
  })

  it.each([
    ['the smallest level that has enough for them', box(800, 800, 1600, 1600), 3, box(100, 100, 200, 200)],
    ['a larger one for a smaller rectangle', box(800, 800, 100, 100), 2, box(200, 200, 25, 25)],
    ['the largest where there is no other', box(801, 801, 16, 16), 2, box(200, 200, 5, 5)],
    ['the level that shows the last pixels', box(3990, 2990, 10, 10), 1, box(1995, 1495, 5, 5)],
  ])('are read from %s', (_, rect, level, part) => {
    expect(planMosaic(description, rect, 6, [])).toMatchObject({ level, box: part })
  })

  it('are read at a size of their own, however large the rectangle', () => {
    const flat = { ...description, levels: [description.levels[0]] as const }
    expect(planMosaic(flat, box(0, 0, 4000, 3000), 6, []).grid).toEqual({ width: 96, height: 64 })
  })

  it('lie in the frame of the stored pixels', () => {
    const turned = { ...description, width: 3000, height: 4000, orientation: 6 } as const
    expect(planMosaic(turned, box(0, 0, 300, 600), 6, [])).toMatchObject({ columns: 6, rows: 3 })
  })
})

describe('the colours', () => {
  const plan = { ...planMosaic(description, box(0, 0, 64, 32), 2, []), columns: 2, rows: 1 }
  const pixels = (colourAt: (x: number) => readonly [number, number, number]) => ({
    data: Uint8Array.from(Array.from({ length: 64 * 4 }, (_, at) => colourAt(at % 64)).flat()),
    width: 64,
    height: 4,
    channels: 3 as const,
  })

  it('are means in eight steps', () => {
    const found = averageMosaic(
      plan,
      pixels(x => (x < 32 ? [255, 0, (x % 2) * 255] : [100, 130, 31])),
    )
    expect(found).toEqual([
      { r: 255, g: 0, b: 109 },
      { r: 109, g: 146, b: 0 },
    ])
  })

  it('tell no more than eight steps', () => {
    const steps = new Set<number>()
    for (let value = 0; value < 256; value += 1)
      steps.add(
        averageMosaic(
          plan,
          pixels(() => [value, 0, 0]),
        )[0]!.r,
      )
    expect(steps.size).toBe(8)
  })

  it('count nothing that is hidden by a surface, and nothing close to it', () => {
    const surface = box(0, 0, 100, 400)
    const hidden = planMosaic(description, box(0, 0, 400, 400), 2, [surface, box(1000, 0, 10, 10)])
    expect(hidden).toMatchObject({ columns: 2, rows: 2, grid: { width: 32, height: 32 } })
    expect(hidden.hidden).toEqual([box(0, 0, 12, 32)])
    const data = new Uint8Array(32 * 32 * 3).map((_, at) => (Math.floor(at / 3) % 32 < 12 ? 255 : 0))
    expect(averageMosaic(hidden, { data, width: 32, height: 32, channels: 3 })).toEqual(
      Array.from({ length: 4 }, () => ({ r: 0, g: 0, b: 0 })),
    )
  })

  it('are grey where nothing counts', () => {
    const all = planMosaic(description, box(0, 0, 400, 400), 2, [box(0, 0, 400, 400)])
    const data = new Uint8Array(32 * 32 * 3).fill(255)
    const grey = { r: 146, g: 146, b: 146 }
    expect(averageMosaic(all, { data, width: 32, height: 32, channels: 3 })).toEqual(Array(4).fill(grey))
  })
})

describe.each(['pixelate', 'blur'] as const)('a redaction with %s', kind => {
  const rect = box(64, 96, 192, 96)
  const size = { width: 384, height: 256 }
  const style: RedactionStyle = { kind, cells: 6 }
  const cover = { redactions: resolveRedactions([{ ...rect, style }], size), store: createCoverStore() }

  /* The same means for every square, and nothing else alike. */
  function secretOf(seed: number): Pixels {
    const picture = wavePixels(size.width, size.height)
    const random = createRandom(seed)
    for (let y = rect.y; y < rect.y + rect.height; y += 2) {
      for (let x = rect.x; x < rect.x + rect.width; x += 2) {
        const [r, g, b] = [x % 96, y % 64, 40].map(base => base + 60) as [number, number, number]
        const [one, two] = [random() * 50 - 25, random() * 50 - 25]
        for (const [dx, dy, by] of [
          [0, 0, one],
          [1, 0, -one],
          [0, 1, two],
          [1, 1, -two],
        ] as const) {
          picture.data.set([r + by, g + by, b + by], ((y + dy) * size.width + x + dx) * 3)
        }
      }
    }
    return picture
  }

  const open = async (pixels: Pixels, isPyramid: boolean) => {
    const image = fromPixels(pixels)
    const pyramid = { ...tiled, tileWidth: 64, tileHeight: 64, compression: 'deflate' } as const
    return openReader(bytesSource(await (isPyramid ? image.tiff(pyramid) : image.png()).toBuffer()))
  }

  it.each([false, true])(
    'shows the same whatever else is under it, in all requests (pyramid: %s)',
    async isPyramid => {
      const readers = await Promise.all([1, 2].map(seed => open(secretOf(seed), isPyramid)))
      const nextRequest = createRequests(size, 64, 9)
      const plain = await Promise.all(readers.map(reader => answerCovered(reader, {}, {})))
      expect(Buffer.from(plain[0]!.bytes).equals(plain[1]!.bytes)).toBe(false)
      for (let i = 0; i < 60; i += 1) {
        const wanted = nextRequest()
        const [one, two] = await Promise.all(readers.map(reader => answerCovered(reader, wanted, cover)))
        expect(Buffer.from(one!.bytes).equals(two!.bytes), JSON.stringify(wanted)).toBe(true)
      }
    },
  )

  it('has its squares at the same places at every region', async () => {
    const reader = await open(secretOf(1), false)
    const whole = await decode((await answerCovered(reader, {}, cover)).bytes)
    const region = box(101, 97, 150, 90)
    const part = await decode((await answerCovered(reader, { region }, cover)).bytes)
    for (const [x, y] of [
      [101, 97],
      [128, 130],
      [200, 150],
      [250, 186],
    ] as const) {
      expect(pixelAt(part, x - region.x, y - region.y)).toEqual(pixelAt(whole, x, y))
    }
    if (kind === 'pixelate') {
      const colours = new Set<string>()
      for (let y = rect.y; y < rect.y + rect.height; y += 1) {
        for (let x = rect.x; x < rect.x + rect.width; x += 1) colours.add(pixelAt(whole, x, y).join())
      }
      expect(colours.size).toBeLessThanOrEqual(18)
      expect(pixelAt(whole, 64, 96)).toEqual(pixelAt(whole, 95, 127))
      expect(pixelAt(whole, 64, 96)).not.toEqual(pixelAt(whole, 96, 96))
    }
  })

  it('is read once for all requests of an image', async () => {
    const reader = await open(secretOf(1), false)
    const boxes: string[] = []
    const counted = {
      ...reader,
      pixels: (level: number, part: Box) => {
        boxes.push(JSON.stringify(part))
        return reader.pixels(level, part)
      },
    }
    const store = createCoverStore()
    for (const width of [300, 200, 100]) {
      await answerCovered(counted, { size: { width, height: 100 } }, { ...cover, store })
    }
    expect(boxes.filter(part => part === JSON.stringify(rect))).toHaveLength(1)
    expect(boxes).toHaveLength(4)
  })
})
