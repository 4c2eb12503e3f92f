import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { type ImageOverlay, resolveOverlay } from '../../src/image/overlay.js'
import { loadOverlayImage, refreshOverlay } from '../../src/image/overlay-image.js'
import { drawOverlay } from '../../src/image/overlay-raster.js'
import { bytesSource } from '../../src/source/bytes.js'
import { createFolder, fromPixels, gridPixels } from './picture.js'

const logo = await fromPixels(gridPixels(40, 20)).png().toBuffer()

function overlayOf(image: ImageOverlay['image']): ImageOverlay {
  const overlay = resolveOverlay({ kind: 'image', image })
  if (overlay.kind !== 'image') throw new Error('expected an image')
  return overlay
}

describe('the image of an overlay', () => {
  it('is read from a file or from memory, and measured as it is seen', async () => {
    const path = join(await createFolder(), 'logo.png')
    await writeFile(path, logo)
    expect(await loadOverlayImage(overlayOf(path))).toMatchObject({ width: 40, height: 20 })
    expect(await loadOverlayImage(overlayOf(logo))).toMatchObject({ width: 40, height: 20, bytes: logo })
    const lying = await sharp(logo).withMetadata({ orientation: 6 }).jpeg().toBuffer()
    expect(await loadOverlayImage(overlayOf(lying))).toMatchObject({ width: 20, height: 40 })
  })

  it('is read from a source of any kind, which is closed afterwards', async () => {
    let closed = 0
    const close = async () => {
      closed += 1
    }
    const source = { ...bytesSource(logo), close }
    expect(await loadOverlayImage(overlayOf(source))).toMatchObject({ width: 40, height: 20, bytes: logo })
    expect(closed).toBe(1)
  })

  it('is never another file than the one that was looked up', async () => {
    const path = join(await createFolder(), 'logo.png')
    await writeFile(path, logo)
    const overlay = overlayOf(path)
    await writeFile(path, Buffer.concat([logo, Buffer.alloc(10)]))
    await expect(loadOverlayImage(overlay)).rejects.toThrow('changed')
    const now = refreshOverlay(overlay)
    expect(now.key).not.toBe(overlay.key)
    expect(now).toEqual(overlayOf(path))
    expect(await loadOverlayImage(now as ImageOverlay)).toMatchObject({ width: 40, height: 20 })
  })

  it('is bounded in bytes also where nobody knows before how many there are', async () => {
    const large = { ...bytesSource(Buffer.concat([logo, Buffer.alloc(10 * 2 ** 20)])) }
    expect(() => overlayOf(large)).toThrow('overlay.image:')
    const { size: _size, ...unknown } = large
    await expect(loadOverlayImage(overlayOf(unknown))).rejects.toThrow('bytes')
  })

  it('is bounded in pixels before any is decoded', async () => {
    // The header says so; there are no pixels.
    const header = Buffer.from(logo)
    header.writeUInt32BE(60_000, 16)
    header.writeUInt32BE(60_000, 20)
    await expect(loadOverlayImage(overlayOf(header))).rejects.toThrow(/pixels|CRC|header/)
  })
})

describe('a drawn overlay', () => {
  const motif = { kind: 'image', image: { bytes: logo, width: 40, height: 20 } } as const

  it.each([
    [{ width: 40, height: 20 }, 1, { width: 40, height: 20 }],
    [{ width: 2000, height: 2000 }, 1, { width: 2000, height: 2000 }],
    [{ width: 2001, height: 2001 }, 2, { width: 1001, height: 1001 }],
    [{ width: 16_385, height: 10 }, 2, { width: 8193, height: 5 }],
    [{ width: 60_001, height: 40_000 }, 32, { width: 1876, height: 1250 }],
  ])('of %o is enlarged by %i', async (size, enlargement, drawn) => {
    const raster = await drawOverlay(motif, size, 1)
    expect(raster).toMatchObject({ size, enlargement, drawn })
    expect(raster.data.length).toBe(drawn.width * drawn.height * 4)
  })

  it('has the opacity that is wanted', async () => {
    const alphas = async (opacity: number) =>
      (await drawOverlay(motif, { width: 4, height: 2 }, opacity)).data[3]
    expect([await alphas(1), await alphas(0.5), await alphas(0)]).toEqual([255, 128, 0])
  })
})
