import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { comparePyramid } from '../../src/image/pyramid-check.js'
import { type PixelFile, preparePixels } from '../../src/image/pyramid-encode.js'
import { resolvePyramidOptions } from '../../src/image/pyramid-options.js'
import { planPyramid } from '../../src/image/pyramid-plan.js'
import { stagePixels } from '../../src/image/pyramid-stage.js'
import { fromPixels, wavePixels } from './picture.js'

const folders: string[] = []
afterAll(() => Promise.all(folders.map(path => rm(path, { recursive: true, force: true }))))

async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'honeydew-stage-'))
  folders.push(folder)
  return folder
}

async function plan(path: string): Promise<PixelFile> {
  const metadata = await sharp(path).metadata()
  const options = resolvePyramidOptions({ compression: 'deflate' })
  return { path, format: 'png', plan: planPyramid(metadata, 1, options) }
}

const picture = wavePixels(700, 300)
const deep = sharp(
  new Uint16Array(700 * 300 * 3).map((_, i) => (i * 7919) % 65_536),
  {
    raw: { width: 700, height: 300, channels: 3 },
  },
)

describe('an image that is turned in files', () => {
  it.each([2, 3, 4, 5, 6, 7, 8])(
    'has the pixels of one that is turned in memory: orientation %i',
    async orientation => {
      const folder = await createFolder()
      const path = join(folder, 'in.png')
      await fromPixels(picture).withMetadata({ orientation }).png().toFile(path)
      const image = await plan(path)
      const parts: number[] = []
      const staged = await stagePixels(image, folder, { onProgress: part => parts.push(part) }, 1000)
      expect(staged.path).toBe(join(folder, 'upright.tif'))
      const one = await preparePixels(staged).raw().toBuffer({ resolveWithObject: true })
      const two = await sharp(path).autoOrient().raw().toBuffer({ resolveWithObject: true })
      expect([one.info.width, one.info.height]).toEqual([two.info.width, two.info.height])
      expect(one.data.equals(two.data)).toBe(true)
      expect((await readdir(folder)).sort()).toEqual(['in.png', 'upright.tif'])
      expect(parts).toEqual(parts.toSorted((a, b) => a - b))
      expect(parts.at(-1)).toBe(0.5)
    },
  )

  it.each([
    ['with transparency', () => fromPixels(picture).ensureAlpha(0.5).png(), 4],
    ['in greys', () => fromPixels(picture).toColourspace('b-w').png(), 1],
    ['of 16 bits', () => deep.clone().toColourspace('rgb16').png(), 3],
    ['with a profile', () => fromPixels(picture).withIccProfile('p3').png(), 3],
  ] as const)('keeps what it is: %s', async (_what, make, channels) => {
    const folder = await createFolder()
    const path = join(folder, 'in.png')
    await make()
      .withExif({ IFD0: { Orientation: '6' } })
      .toFile(path)
    const image = await plan(path)
    const staged = await stagePixels(image, folder, {}, 1000)
    const [one, two] = await Promise.all([staged.path, path].map(file => sharp(file).metadata()))
    expect([one?.channels, one?.depth, one?.icc]).toEqual([channels, two?.depth, two?.icc])
    // The comparison decodes both: it is that of --check.
    const compared = { image, pyramid: staged.path, workshop: folder }
    expect(await comparePyramid(compared, {})).toEqual({ mean: 0, worstTile: 0, max: 0 })
  })
})

it('an image that stands upright, or is small, is left as it is', async () => {
  const folder = await createFolder()
  const path = join(folder, 'in.png')
  for (const [orientation, maxBytes] of [
    [1, 1000],
    [6, 1e9],
  ] as const) {
    await fromPixels(picture).withMetadata({ orientation }).png().toFile(path)
    const image = await plan(path)
    expect(await stagePixels(image, folder, {}, maxBytes)).toBe(image)
  }
})
