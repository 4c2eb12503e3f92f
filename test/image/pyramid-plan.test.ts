import sharp, { type Metadata } from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { type PyramidOptions, resolvePyramidOptions } from '../../src/image/pyramid-options.js'
import { planPyramid } from '../../src/image/pyramid-plan.js'

let metadata: Metadata

beforeAll(async () => {
  const image = sharp({ create: { width: 1000, height: 700, channels: 3, background: '#123' } })
  metadata = await sharp(await image.jpeg().toBuffer()).metadata()
})

const plan = (facts: Partial<Metadata>, options: PyramidOptions = {}, pages = 1) =>
  planPyramid({ ...metadata, ...facts }, pages, resolvePyramidOptions(options))

describe('levels', () => {
  it.each([
    [1000, 700, 512, ['1000x700', '500x350']],
    [512, 512, 512, ['512x512']],
    [513, 1, 512, ['513x1', '256x1']],
    [1001, 701, 256, ['1001x701', '500x350', '250x175']],
  ])('of %i × %i in tiles of %i are %j', (width, height, tile, levels) => {
    const sizes = plan({ width, height }, { tile }).levels.map(level => `${level.width}x${level.height}`)
    expect(sizes).toEqual(levels)
  })
})

describe('a BigTIFF', () => {
  it.each([
    ['jpeg', 44_000, 44_000, 'uchar', false],
    ['jpeg', 45_000, 45_000, 'uchar', true],
    ['deflate', 31_000, 31_000, 'uchar', false],
    ['deflate', 32_000, 32_000, 'uchar', true],
    ['deflate', 23_000, 23_000, 'ushort', true],
  ] as const)('for %s of %i × %i, %s: %s', (compression, width, height, depth, bigTiff) => {
    const options = { compression, maxInputPixels: Infinity }
    expect(plan({ width, height, depth }, options).bigTiff).toBe(bigTiff)
  })
})

describe('what is lost', () => {
  it.each([
    [{}, 1, []],
    [{}, 3, ['only the first of its 3 pages is kept']],
    [{ depth: 'float', space: 'lab' }, 1, ['its samples (float) become 8 bits', 'lab becomes sRGB']],
  ] as const)('is told: %j, %i pages', (facts, pages, notes) => {
    expect(plan(facts as Partial<Metadata>, {}, pages).notes).toEqual(notes)
  })
})

describe('the profile', () => {
  const icc = Buffer.from('no profile that says sRGB')
  it.each([
    ['srgb', 'keep', 'auto', 'keep'],
    ['srgb', 'srgb', 'auto', 'convert'],
    ['cmyk', 'keep', 'auto', 'convert'],
    ['b-w', 'keep', 'auto', 'keep'],
    ['b-w', 'keep', 'webp', 'convert'],
    ['lab', 'keep', 'deflate', 'convert'],
  ] as const)('of %s, wished to be %s, in %s: %s', (space, profile, compression, expected) => {
    const facts = { space, hasProfile: true, icc, channels: space === 'b-w' ? 1 : 3 } as const
    expect(plan(facts, { profile, compression }).profile).toBe(expected)
    expect(plan({ ...facts, hasProfile: false }, { profile, compression }).profile).toBe('none')
  })
})

it('an image with more pixels than are allowed is refused', () => {
  const large = () => plan({ width: 40_000, height: 30_000 })
  expect(large).toThrow('The image has 40000 × 30000 pixels; at most 1000000000 are allowed.')
  expect(plan({ width: 40_000, height: 30_000 }, { maxInputPixels: Infinity }).levels).toHaveLength(8)
})
