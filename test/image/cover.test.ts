import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { ImageReader, Orientation } from '../../src/contracts.js'
import { formatCover, planCovered, renderCovered } from '../../src/image/cover.js'
import { createCoverStore } from '../../src/image/cover-store.js'
import { resolveEncodeOptions } from '../../src/image/encode-options.js'
import { resolveOverlay } from '../../src/image/overlay.js'
import { planRender } from '../../src/image/plan.js'
import { openReader } from '../../src/image/reader.js'
import { type RedactionOptions, resolveRedactions } from '../../src/image/redaction.js'
import { render } from '../../src/image/render.js'
import type { Dimensions } from '../../src/protocol/geometry.js'
import { listTileGrid } from '../../src/protocol/tiles.js'
import {
  answerCovered,
  boxOf,
  createRequests,
  type Hidden,
  saturation,
  secretPixels,
  type Writer,
  writers,
  writeSecret,
} from './covered-files.js'
import {
  bytesSource,
  createFolder,
  decode,
  distance,
  fromPixels,
  gridPixels,
  pixelAt,
  requestOf,
  writeSource,
} from './picture.js'

const size = { width: 301, height: 227 }
const redactions: readonly RedactionOptions[] = [
  { x: 101, y: 57, width: 83, height: 61 },
  { x: 270, y: 0, width: 31, height: 33, style: { kind: 'fill', colour: '#ffffff' } },
  { x: 10, y: 190, width: 3, height: 3 },
  { x: 190, y: 130, width: 60, height: 70, style: { kind: 'fill', colour: '#333' } },
]

/** 2 % of the range, which a blend of the marker would show. */
const visible = 5

function coverOf(list: readonly RedactionOptions[], image: Dimensions = size) {
  return { redactions: resolveRedactions(list, image) }
}

async function openSecret(
  writer: Writer,
  hidden: Hidden,
  orientation: Orientation = 1,
  folder?: string,
): Promise<ImageReader> {
  const bytes = await writeSecret(writer, size, redactions.map(boxOf), hidden, orientation)
  const name = `${hidden} ${orientation}`
  return openReader(folder === undefined ? bytesSource(bytes) : await writeSource(folder, name, bytes))
}

const writerOf = (name: string): Writer => writers.find(writer => writer.name === name)!

const cases = writers.flatMap((writer, index) => {
  const turned = [(index % 7) + 2, ((index + 3) % 7) + 2] as Orientation[]
  const orientations: readonly Orientation[] = writer.isOriented ? [1, ...turned] : [1]
  const count = Math.ceil(2000 / writers.length / orientations.length)
  return orientations.map(orientation => [writer.name, orientation, count, writer] as const)
})

describe('what is redacted shows in none of 2,000 requests at random', () => {
  it.each(cases)(
    'for a %s in orientation %i: %i of them',
    async (name, orientation, count, writer) => {
      // As a file and without one: the readers have ways of their own for each.
      const folder = (name.length + orientation) % 2 === 0 ? await createFolder() : undefined
      const marked = await openSecret(writer, 'marker', orientation, folder)
      const noisy = await openSecret(writer, 'noise', orientation, folder)
      expect(marked.description).toMatchObject(size)
      const nextRequest = createRequests(size, 64, 100 * name.length + orientation)
      const cover = coverOf(redactions)
      for (let i = 0; i < count; i += 1) {
        const wanted = nextRequest()
        const { bytes } = await answerCovered(marked, wanted, cover)
        const most = writer.isNeutral ? saturation(await decode(bytes)) : 0
        expect(most, JSON.stringify(wanted)).toBeLessThanOrEqual(visible)
        // Nothing of what is made depends on what is hidden: not a bit of it.
        const other = writer.isIndependent ? (await answerCovered(noisy, wanted, cover)).bytes : bytes
        expect(Buffer.from(bytes).equals(other), JSON.stringify(wanted)).toBe(true)
      }
      await Promise.all([marked.close(), noisy.close()])
    },
    60_000,
  )

  it('are that many', () => {
    expect(cases.reduce((sum, [, , count]) => sum + count, 0)).toBeGreaterThanOrEqual(2000)
  })

  it('of which the marker would show without redactions', async () => {
    const reader = await openSecret(writerOf('jpg'), 'marker')
    const { bytes } = await answerCovered(reader, {}, {})
    expect(saturation(await decode(bytes))).toBeGreaterThan(200)
    const { bytes: small } = await answerCovered(reader, { size: { width: 40, height: 30 } }, {})
    expect(saturation(await decode(small))).toBeGreaterThan(200)
  })
})

describe('a redaction', () => {
  it('has its colour, exactly where it is, in lossless images', async () => {
    const reader = await openSecret(writerOf('png'), 'marker')
    const pixels = await decode((await answerCovered(reader, {}, coverOf(redactions))).bytes)
    const clean = secretPixels(size, [], 'marker')
    for (let y = 0; y < size.height; y += 1) {
      for (let x = 0; x < size.width; x += 1) {
        const found = redactions.findLast(
          box => x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height,
        )
        const expected = found
          ? { '#ffffff': [255, 255, 255], '#333': [51, 51, 51], '': [0, 0, 0] }[
              found.style?.kind === 'fill' ? (found.style.colour ?? '') : ''
            ]
          : pixelAt(clean, x, y)
        if (distance(pixelAt(pixels, x, y), expected!) > 0) expect([x, y]).toBe('as it should be')
      }
    }
  })

  it('covers the whole image where it is asked to', async () => {
    for (const name of ['jpg', 'pyramid of webp', 'pyramid of jpg']) {
      const reader = await openSecret(writerOf(name), 'marker')
      const cover = coverOf([{ x: -5, y: -5, width: 1000, height: 1000 }])
      for (const wanted of [
        {},
        { size: { width: 50, height: 40 } },
        { region: { x: 300, y: 226, width: 1, height: 1 } },
      ]) {
        const { data } = await decode((await answerCovered(reader, wanted, cover)).bytes)
        expect(data.every(sample => sample === 0)).toBe(true)
      }
    }
  })

  it('is opaque where the image is not', async () => {
    const reader = await openSecret(writerOf('png with alpha'), 'marker')
    const pixels = await decode((await answerCovered(reader, {}, coverOf(redactions))).bytes)
    expect(pixelAt(pixels, 120, 80)).toEqual([0, 0, 0, 255])
    expect(pixelAt(pixels, 50, 30)[3]).toBe(153)
  })

  it.each(['jpg', 'webp', 'tif in strips', 'png'])(
    'of a large %s is painted before it is scaled to the size of the response, and is not much larger for it',
    async name => {
      const large = { width: 1800, height: 1200 }
      const box = { x: 640, y: 480, width: 320, height: 256 }
      const folder = await createFolder()
      const cover = coverOf([box], large)
      const readers = await Promise.all(
        (['marker', 'noise'] as const).map(async hidden => {
          const bytes = await writeSecret(writerOf(name), large, [box], hidden)
          return openReader(await writeSource(folder, hidden, bytes))
        }),
      )
      for (const [width, height] of [
        [25, 17],
        [60, 40],
        [151, 103],
        [225, 1200],
        [449, 299],
        [450, 300],
      ] as const) {
        const wanted = { size: { width, height } }
        const plan = planRender(
          readers[0]!.description,
          requestOf(large, wanted),
          resolveEncodeOptions(),
          cover,
        )
        expect(plan.redaction?.frame).toEqual({
          width: Math.min(4 * width, 1800),
          height: Math.min(4 * height, 1200),
        })
        const [marked, noisy] = await Promise.all(readers.map(reader => answerCovered(reader, wanted, cover)))
        const pixels = await decode(marked!.bytes)
        expect(saturation(pixels)).toBeLessThanOrEqual(visible)
        if (name !== 'webp') expect(Buffer.from(marked!.bytes).equals(noisy!.bytes)).toBe(true)
        const isBlack = (x: number) => Math.max(...pixelAt(pixels, x, Math.floor(height / 2))) < 8
        const black = Array.from({ length: width }, (_, x) => x).filter(isBlack).length
        expect(black).toBeGreaterThanOrEqual(Math.floor((box.width / large.width) * width) - 2)
        expect(black).toBeLessThan((box.width / large.width) * width + 10 + (120 / large.width) * width)
      }
    },
  )

  it('joins without seams from tiles', async () => {
    const reader = await openSecret(writerOf('pyramid of deflate'), 'marker')
    const styles = [{ kind: 'fill' }, { kind: 'pixelate' }, { kind: 'blur' }] as const
    for (const style of styles) {
      const cover = { ...coverOf(redactions.map(item => ({ ...item, style }))), store: createCoverStore() }
      for (const factor of [1, 2, 4]) {
        const full = { width: Math.ceil(size.width / factor), height: Math.ceil(size.height / factor) }
        const whole = await decode((await answerCovered(reader, { size: full }, cover)).bytes)
        for (const { region, size: wanted } of listTileGrid(size, { width: 64, height: 64 }, factor)) {
          const tile = await decode((await answerCovered(reader, { region, size: wanted }, cover)).bytes)
          const part = await fromPixels(whole)
            .extract({ left: region.x / factor, top: region.y / factor, ...wanted })
            .raw()
            .toBuffer()
          // What smooth colours lose in rounding may differ by one.
          const apart = tile.data.reduce(
            (most, sample, at) => Math.max(most, Math.abs(sample - part[at]!)),
            0,
          )
          expect(apart).toBeLessThanOrEqual(style.kind === 'blur' ? 1 : 0)
        }
      }
    }
  })
})

describe('stored tiles', () => {
  const wide = { width: 1024, height: 1024 }
  const cover = coverOf([{ x: 300, y: 300, width: 100, height: 100 }], wide)
  const box = (x: number, y: number, width: number, height: number) => ({ x, y, width, height })

  it.each([
    ['far from a redaction', box(768, 768, 64, 64), 'tile'],
    ['in a level far from a redaction', box(768, 768, 128, 128), 'tile'],
    ['joined far from a redaction', box(512, 512, 128, 192), 'join'],
    ['beside a redaction', box(448, 320, 64, 64), 'tile'],
    ['with a corner of a redaction', box(256, 256, 64, 64), 'render'],
    ['within a redaction', box(320, 320, 64, 64), 'render'],
    ['next to a block that has pixels of a redaction', box(400, 320, 16, 16), 'render'],
    ['of which a block that is not seen whole has pixels of a redaction', box(256, 256, 41, 64), 'render'],
    ['that end within a block', box(512, 512, 100, 100), 'render'],
    ['with a redaction in the middle', box(256, 256, 256, 256), 'render'],
  ] as const)('%s: %o is answered by %s', async (_, region, way) => {
    const bytes = await writeSecret(writerOf('pyramid of jpg'), wide, [box(300, 300, 100, 100)], 'marker')
    const reader = await openReader(bytesSource(bytes))
    const factor = region.width === 128 && region.height === 128 ? 2 : 1
    const wanted = { region, size: { width: region.width / factor, height: region.height / factor } }
    const answer = await answerCovered(reader, { ...wanted, format: 'jpg' }, cover)
    expect(answer.way).toBe(way)
    expect(saturation(await decode(answer.bytes))).toBeLessThanOrEqual(visible)
    const open = await answerCovered(reader, { ...wanted, format: 'jpg' }, {})
    expect(open.way).not.toBe('render')
  })

  it('of WebP are answered as stored far from a redaction only', async () => {
    const bytes = await writeSecret(writerOf('pyramid of webp'), wide, [box(300, 300, 100, 100)], 'marker')
    const reader = await openReader(bytesSource(bytes))
    const ways: string[] = []
    for (const { region } of listTileGrid(wide, { width: 64, height: 64 }, 1)) {
      const { way, bytes: tile } = await answerCovered(reader, { region, format: 'webp' }, cover)
      ways.push(way)
      expect(saturation(await decode(tile))).toBeLessThanOrEqual(visible)
    }
    expect(ways.filter(way => way === 'render').length).toBeGreaterThanOrEqual(4)
    expect(ways.filter(way => way === 'tile').length).toBeGreaterThan(200)
  })

  it('are never answered as stored under an overlay', async () => {
    const bytes = await writeSecret(writerOf('pyramid of jpg'), wide, [], 'marker')
    const { description } = await openReader(bytesSource(bytes))
    const request = requestOf(description, { region: box(0, 0, 64, 64), format: 'jpg' })
    const wayFor = (minWidth: number) =>
      planCovered(description, request, resolveEncodeOptions(), {
        overlay: resolveOverlay({ kind: 'text', text: 'x', minWidth }),
      }).way
    expect(wayFor(0)).toBe('render')
    expect(wayFor(64)).toBe('render')
    // Below the threshold there is no overlay.
    expect(wayFor(65)).toBe('stored')
  })
})

describe('the key of a cover', () => {
  it('is another for each pair of redactions and overlay, and empty for none', () => {
    const { redactions: hidden } = coverOf(redactions)
    const { redactions: other } = coverOf(redactions.slice(1))
    const overlay = resolveOverlay({ kind: 'text', text: 'x' })
    const keys = [
      { redactions: hidden },
      { redactions: other },
      { overlay },
      { redactions: hidden, overlay },
    ].map(formatCover)
    expect(new Set(keys).size).toBe(4)
    expect(keys.every(key => /^[\w-]*\+[\w-]*$/.test(key))).toBe(true)
    expect([formatCover(), formatCover({}), formatCover({ redactions: undefined })]).toEqual(['', '', ''])
  })
})

describe('what goes wrong refuses the image', () => {
  const failure = { status: 500, code: 'redaction-failed' }

  it('when redactions are meant for an image of another size', async () => {
    const reader = await openSecret(writerOf('png'), 'marker')
    const cover = coverOf(redactions, { width: 602, height: 454 })
    await expect(answerCovered(reader, {}, cover)).rejects.toMatchObject(failure)
    const stored = await openSecret(writerOf('pyramid of jpg'), 'marker')
    const tile = { region: { x: 0, y: 0, width: 64, height: 64 }, format: 'jpg' } as const
    await expect(answerCovered(stored, tile, cover)).rejects.toMatchObject(failure)
  })

  it('when the squares were not made', async () => {
    const reader = await openSecret(writerOf('png'), 'marker')
    const cover = coverOf([{ x: 0, y: 0, width: 200, height: 200, style: { kind: 'pixelate' } }])
    const plan = planRender(reader.description, requestOf(size), resolveEncodeOptions(), cover)
    const pixels = await reader.pixels(plan.level, plan.box)
    await expect(render(pixels, plan)).rejects.toMatchObject(failure)
    await expect(render(pixels, plan, undefined, { mosaics: [[]] })).rejects.toMatchObject(failure)
  })

  it('when the pixels of the squares cannot be read', async () => {
    const reader = await openSecret(writerOf('png'), 'marker')
    const cover = coverOf([{ x: 0, y: 0, width: 200, height: 200, style: { kind: 'blur' } }])
    const plan = planRender(reader.description, requestOf(size), resolveEncodeOptions(), cover)
    let reads = 0
    const broken: ImageReader = {
      ...reader,
      pixels: (level, box) => {
        reads += 1
        return reads === 1 ? Promise.reject(new Error('disk /secret/path')) : reader.pixels(level, box)
      },
    }
    const failed = renderCovered(broken, plan, cover)
    await expect(failed).rejects.toMatchObject(failure)
    await expect(failed).rejects.toThrow(/^[^/]*$/)
    // A failure is not remembered.
    await expect(renderCovered(broken, plan, cover)).resolves.toBeInstanceOf(Uint8Array)
  })

  it('when the client has left', async () => {
    const reader = await openSecret(writerOf('png'), 'marker')
    const plan = planRender(reader.description, requestOf(size), resolveEncodeOptions(), coverOf(redactions))
    await expect(renderCovered(reader, plan, coverOf(redactions), AbortSignal.abort())).rejects.toMatchObject(
      { code: 'aborted' },
    )
  })
})

describe('metadata of the source', () => {
  it.each(['jpg', 'png', 'webp', 'tif', 'gif', 'avif'] as const)(
    'and its thumbnail are in no %s',
    async format => {
      const thumbnail = await fromPixels(gridPixels(64, 48)).jpeg().toBuffer()
      const secret = 'a-secret-that-metadata-tells'
      const image = fromPixels(secretPixels(size, redactions.map(boxOf), 'marker'))
        .withExif({ IFD0: { ImageDescription: secret, Copyright: thumbnail.toString('latin1') } })
        .withXmp(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><secret>${secret}</secret></x:xmpmeta>`)
        .withIccProfile('p3')
      for (const bytes of [await image.clone().jpeg().toBuffer(), await image.clone().tiff().toBuffer()]) {
        expect(bytes.includes(secret)).toBe(true)
        const reader = await openReader(bytesSource(bytes))
        for (const cover of [
          coverOf(redactions),
          { overlay: resolveOverlay({ kind: 'image', image: thumbnail }) },
          {
            ...coverOf(redactions),
            overlay: resolveOverlay({ kind: 'image', image: thumbnail, relativeTo: 'image' }),
          },
        ]) {
          const made = Buffer.from((await answerCovered(reader, { format }, cover)).bytes)
          const { exif, xmp, iptc, icc } = await sharp(made).metadata()
          expect({ exif, xmp, iptc, icc }).toEqual({})
          expect(made.includes(secret)).toBe(false)
          // No second JPEG, or any, inside.
          expect(made.indexOf(Buffer.from([0xff, 0xd8, 0xff]), 1)).toBe(-1)
        }
      }
    },
  )
})
