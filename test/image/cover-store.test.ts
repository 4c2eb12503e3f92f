import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { createCoverStore } from '../../src/image/cover-store.js'
import { resolveEncodeOptions } from '../../src/image/encode-options.js'
import { type OverlayOptions, resolveOverlay } from '../../src/image/overlay.js'
import { refreshOverlay } from '../../src/image/overlay-image.js'
import { planRender } from '../../src/image/plan.js'
import { openReader } from '../../src/image/reader.js'
import { render } from '../../src/image/render.js'
import { answerCovered } from './covered-files.js'
import { hasFonts } from './fonts.js'
import { createRandom } from './jpeg/coefficients.js'
import { bytesSource, createFolder, fromPixels, gridPixels, requestOf, wavePixels } from './picture.js'

const reader = await openReader(bytesSource(await fromPixels(wavePixels(300, 200)).png().toBuffer()))
const logo = await fromPixels(gridPixels(40, 20)).png().toBuffer()

function layersOf(options: OverlayOptions, size = { width: 300, height: 200 }) {
  const overlay = resolveOverlay(options)
  const plan = planRender(reader.description, requestOf(size), resolveEncodeOptions(), { overlay })
  return { overlay, plan: plan.overlay! }
}

describe('a store of covers', () => {
  it('draws an overlay once for all responses of a size', async () => {
    const path = join(await createFolder(), 'logo.png')
    await writeFile(path, logo)
    const store = createCoverStore()
    const { overlay, plan } = layersOf({ kind: 'image', image: path, position: 'center' })
    const first = await store.createLayers(overlay, plan)
    // What is not read again cannot fail.
    await rm(path)
    expect(await store.createLayers(overlay, plan)).toEqual(first)
    expect(first).toMatchObject([{ x: 130, y: 90, width: 40, height: 20 }])
  })

  it('reads it once where it is asked for twice at a time', async () => {
    const store = createCoverStore()
    const { overlay, plan } = layersOf({ kind: 'image', image: logo, position: 'center' })
    let reads = 0
    const counted = Object.defineProperty({ ...overlay }, 'image', {
      get: () => {
        reads += 1
        return logo
      },
    })
    const [one, two] = await Promise.all([1, 2].map(() => store.createLayers(counted, plan)))
    expect(one).toEqual(two)
    expect(reads).toBe(1)
  })

  it('draws again what is more than it may keep', async () => {
    const store = createCoverStore({ maxBytes: 100 })
    const { overlay, plan } = layersOf({ kind: 'image', image: logo })
    expect(await store.createLayers(overlay, plan)).toEqual(await store.createLayers(overlay, plan))
  })

  it('gives other layers to other overlays', async () => {
    const store = createCoverStore()
    const red = { width: 40, height: 20, channels: 3, background: '#f00' } as const
    const bytes = await sharp({ create: red }).png().toBuffer()
    const [one, two] = [layersOf({ kind: 'image', image: logo }), layersOf({ kind: 'image', image: bytes })]
    const [first] = await store.createLayers(one.overlay, one.plan)
    const [second] = await store.createLayers(two.overlay, two.plan)
    expect(Buffer.from(first!.data).equals(second!.data)).toBe(false)
  })

  it.skipIf(!hasFonts)('gives other layers of a text to images of other colours', async () => {
    const store = createCoverStore()
    const { overlay, plan } = layersOf({ kind: 'text', text: 'x', colour: '#ccc' })
    const [first] = await store.createLayers(overlay, plan)
    const [second] = await store.createLayers(overlay, { ...plan, tone: 'bitonal' })
    expect(Buffer.from(first!.data).equals(second!.data)).toBe(false)
  })

  it.each([0, -1, 1.5, Number.NaN])('refuses a bound of %d', maxBytes => {
    expect(() => createCoverStore({ maxBytes })).toThrow('maxBytes:')
  })
})

describe('an overlay that cannot be made refuses the image', () => {
  const failure = { status: 500, code: 'overlay-failed' }

  it.each<[string, () => Promise<Uint8Array>]>([
    ['what is no image', async () => Buffer.from('GIF89b no image')],
    ['an image that is cut short', async () => cutShort(await noise(100, 100))],
    [
      'too many pixels',
      async () =>
        sharp({ create: { width: 5000, height: 4000, channels: 3, background: '#fff' } })
          .png()
          .toBuffer(),
    ],
    [
      'a drawing of too many pixels',
      async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="30000" height="30000"/>'),
    ],
  ])('%s', async (_, create) => {
    const overlay = resolveOverlay({ kind: 'image', image: await create(), position: 'center' })
    await expect(answerCovered(reader, {}, { overlay })).rejects.toMatchObject(failure)
  })

  it('a file that is gone, of which nothing is said; and when it is back it is laid on', async () => {
    const path = join(await createFolder(), 'logo.png')
    await writeFile(path, logo)
    const overlay = resolveOverlay({ kind: 'image', image: path })
    await rm(path)
    const store = createCoverStore()
    const failed = answerCovered(reader, {}, { overlay, store })
    await expect(failed).rejects.toMatchObject(failure)
    await expect(failed).rejects.toThrow(/^[^/]*$/)
    await writeFile(path, logo)
    const again = refreshOverlay(overlay)
    await expect(answerCovered(reader, {}, { overlay: again, store })).resolves.toMatchObject({
      way: 'render',
    })
  })

  it('a plan that is rendered without what it plans', async () => {
    const overlay = resolveOverlay({ kind: 'text', text: 'x' })
    const plan = planRender(reader.description, requestOf(reader.description), resolveEncodeOptions(), {
      overlay,
    })
    const pixels = await reader.pixels(plan.level, plan.box)
    await expect(render(pixels, plan)).rejects.toMatchObject(failure)
  })

  it('a drawing opens no files', async () => {
    const path = join(await createFolder(), 'secret.png')
    await writeFile(path, logo)
    const svg = (href: string) =>
      `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="40" height="20"><image width="40" height="20" href="${href}" xlink:href="${href}"/></svg>`
    const store = createCoverStore()
    const drawn = async (href: string) => {
      const { overlay, plan } = layersOf({ kind: 'image', image: Buffer.from(svg(href)) })
      const [layer] = await store.createLayers(overlay, plan)
      return layer!.data.some(sample => sample !== 0)
    }
    expect(await drawn(`data:image/png;base64,${logo.toString('base64')}`)).toBe(true)
    expect(await drawn(path)).toBe(false)
    expect(await drawn(`file://${path}`)).toBe(false)
  })
})

async function noise(width: number, height: number): Promise<Buffer> {
  const random = createRandom(3)
  const data = Uint8Array.from({ length: width * height * 3 }, () => random() * 256)
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()
}

function cutShort(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length / 2)
}
