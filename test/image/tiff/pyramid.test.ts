import { describe, expect, it } from 'vitest'
import { NotFoundError, SourceError } from '../../../src/errors.js'
import { openTiff } from '../../../src/image/tiff/open.js'
import { describeTiff, groupPages } from '../../../src/image/tiff/pyramid.js'
import { createPicture, createSource } from './material.js'
import {
  ascii,
  type ImageOptions,
  imageFields,
  short,
  type WrittenField,
  type WrittenPage,
  writeTiff,
} from './writer.js'

const open = (pages: readonly WrittenPage[]) => openTiff(createSource(writeTiff(pages)))

/** A directory of which no pixel is read: all its tiles are sparse. */
function page(
  width: number,
  height: number,
  options: ImageOptions = {},
  ...more: WrittenField[]
): WrittenPage {
  const tile = options.tile ?? 256
  const count = tile > 0 ? Math.ceil(width / tile) * Math.ceil(height / tile) : 1
  const tiles = Array.from({ length: count }, () => new Uint8Array(0))
  return {
    fields: [...imageFields(width, height, { tile, samples: 3, ...options }), ...more],
    tiles,
    strips: tile === 0,
  }
}

const reduced = short(254, 1)

/** Sizes and scale factors of the levels of every page. */
async function group(pages: readonly WrittenPage[]) {
  return groupPages(await open(pages)).map(levels =>
    levels.map(({ directory, scaleFactor }) => `${directory.width}x${directory.height} /${scaleFactor}`),
  )
}

describe('groupPages', () => {
  it('reads the reduced pages of libvips, whose sizes are rounded down', async () => {
    const file = await createPicture(1201, 903, 3).tiff({ tile: true, pyramid: true }).toBuffer()
    const [levels, ...others] = groupPages(await openTiff(createSource(file)))
    expect(others).toEqual([])
    expect(levels.map(({ directory }) => [directory.page, directory.width, directory.height])).toEqual([
      [0, 1201, 903],
      [1, 600, 451],
      [2, 300, 225],
      [3, 150, 112],
    ])
    expect(levels.map(({ scaleFactor }) => scaleFactor)).toEqual([1, 2, 4, 8])
  })

  it.each([
    [
      'down',
      [
        [1201, 903],
        [600, 451],
        [300, 225],
        [150, 112],
        [75, 56],
        [37, 28],
        [18, 14],
        [9, 7],
        [4, 3],
        [2, 1],
        [1, 1],
      ],
    ],
    [
      'up',
      [
        [1201, 903],
        [601, 452],
        [301, 226],
        [151, 113],
        [76, 57],
        [38, 29],
        [19, 15],
        [10, 8],
        [5, 4],
        [3, 2],
        [2, 1],
      ],
    ],
  ])('gives powers of two to sizes that are rounded %s', async (_, sizes) => {
    const pages = sizes.map(([width, height], index) =>
      page(width!, height!, {}, ...(index > 0 ? [reduced] : [])),
    )
    expect(await group(pages)).toEqual([
      sizes.map(([width, height], index) => `${width}x${height} /${2 ** index}`),
    ])
  })

  it('reads SubIFDs, and knows which is which', async () => {
    const subifds = [page(600, 450, {}, reduced), page(40, 40, {}, reduced), page(300, 225, {}, reduced)]
    const levels = groupPages(
      await open([
        { ...page(1200, 900), subifds },
        { ...page(1200, 900), subifds },
      ]),
    )
    for (const [index, found] of levels.entries()) {
      expect(
        found.map(({ directory, scaleFactor }) => [directory.page, directory.subifd, scaleFactor]),
      ).toEqual([
        [index, undefined, 1],
        [index, 0, 2],
        [index, 2, 4],
      ])
    }
  })

  it('reads pages that halve and say nothing, when they are tiled', async () => {
    expect(await group([page(1201, 903), page(600, 451), page(300, 226)])).toEqual([
      ['1201x903 /1', '600x451 /2', '300x226 /4'],
    ])
    expect(await group([page(1200, 900, { tile: 0 }), page(600, 450, { tile: 0 })])).toHaveLength(2)
    expect(await group([page(1200, 900), page(600, 450, { samples: 1 })])).toHaveLength(2)
    expect(await group([page(1200, 900), page(600, 450, {}, short(254, 2))])).toHaveLength(2)
    expect(await group([page(1200, 900), page(300, 225), page(600, 451)])).toHaveLength(3)
  })

  it('keeps pages of one size apart, each with its own levels', async () => {
    const pages = [page(800, 600), page(400, 300, {}, reduced), page(800, 600), page(400, 300, {}, reduced)]
    expect(await group(pages)).toEqual([
      ['800x600 /1', '400x300 /2'],
      ['800x600 /1', '400x300 /2'],
    ])
  })

  it('gives the ratio where a level is no power of two', async () => {
    expect(await group([page(1200, 900), page(400, 300, {}, reduced)])).toEqual([
      ['1200x900 /1', '400x300 /3'],
    ])
  })

  it('leaves out masks, labels, other sample kinds and a second copy of a size', async () => {
    const pages = [
      page(1200, 900),
      page(1200, 900, { samples: 1, bits: 1 }, short(254, 4)),
      page(600, 450, {}, reduced),
      page(600, 450, { samples: 1, bits: 1 }, short(254, 5)),
      page(300, 225, { samples: 1 }, reduced),
      page(599, 450, {}, reduced),
      page(500, 500, {}, reduced),
      page(1200, 900, {}, reduced),
    ]
    expect(await group(pages)).toEqual([['1200x900 /1', '600x450 /2']])
  })

  it('reads the slides of Aperio: levels of a factor four, and neither thumbnail, label nor overview', async () => {
    const slide = ascii(270, 'Aperio Image Library v11.2.1')
    const pages = [
      page(46000, 32914, {}, slide),
      page(1024, 732, { tile: 0 }, slide),
      page(11500, 8228, {}, slide),
      page(2875, 2057, {}, slide),
      page(387, 463, { tile: 0 }, reduced),
      page(1280, 431, { tile: 0 }, short(254, 9)),
    ]
    expect(await group(pages)).toEqual([['46000x32914 /1', '11500x8228 /4', '2875x2057 /16']])
  })

  it('refuses a file of masks', async () => {
    const file = await open([page(100, 100, {}, short(254, 4))])
    expect(() => groupPages(file)).toThrow(SourceError)
  })
})

describe('describeTiff', () => {
  it('gives sizes of stored pixels to levels, and their tiles', async () => {
    const strip = page(100, 75, { tile: 0 }, reduced)
    const blocks = { width: 1, height: 1 }
    const file = await open([
      page(400, 300, { tile: 64 }, short(274, 6)),
      page(200, 150, { tile: 128 }, reduced),
      strip,
    ])
    expect(describeTiff(file)).toEqual({
      width: 300,
      height: 400,
      format: 'tif',
      pages: 1,
      levels: [
        { width: 400, height: 300, scaleFactor: 1, tile: { width: 64, height: 64 }, blocks },
        { width: 200, height: 150, scaleFactor: 2, tile: { width: 128, height: 128 }, blocks },
        { width: 100, height: 75, scaleFactor: 4, blocks },
      ],
      bands: 3,
      depth: 8,
      hasAlpha: false,
      colour: 'rgb',
      orientation: 6,
      hasProfile: false,
    })
  })

  it.each<[string, ImageOptions, { bands: number; hasAlpha: boolean; colour: string }]>([
    ['white at zero', { samples: 1, photometric: 0 }, { bands: 1, hasAlpha: false, colour: 'gray' }],
    ['grey and alpha', { samples: 2 }, { bands: 1, hasAlpha: true, colour: 'gray' }],
    ['colours and alpha', { samples: 4, photometric: 2 }, { bands: 3, hasAlpha: true, colour: 'rgb' }],
    ['a palette', { samples: 1, photometric: 3 }, { bands: 3, hasAlpha: false, colour: 'rgb' }],
    ['inks', { samples: 4, photometric: 5 }, { bands: 4, hasAlpha: false, colour: 'cmyk' }],
    ['inks and alpha', { samples: 5, photometric: 5 }, { bands: 4, hasAlpha: true, colour: 'cmyk' }],
    ['luminance and chroma', { samples: 3, photometric: 6 }, { bands: 3, hasAlpha: false, colour: 'rgb' }],
    ['CIE L*a*b*', { samples: 3, photometric: 8 }, { bands: 3, hasAlpha: false, colour: 'lab' }],
    ['what nobody knows', { samples: 1, photometric: 32844 }, { bands: 1, hasAlpha: false, colour: 'gray' }],
  ])('tells the colours: %s', async (_, options, facts) => {
    expect(describeTiff(await open([page(64, 64, { bits: 16, ...options })]))).toMatchObject({
      depth: 16,
      ...facts,
    })
  })

  it.each<[string, ImageOptions, WrittenField[], object | undefined]>([
    ['one pixel where nothing is compressed', {}, [], { width: 1, height: 1 }],
    ['one pixel where nothing is lost', { compression: 5 }, [], { width: 1, height: 1 }],
    ['an MCU of JPEG with halved colours', { compression: 7 }, [], { width: 16, height: 16 }],
    [
      'as much, whatever is said of the colours',
      { compression: 7 },
      [short(530, 1, 1)],
      { width: 16, height: 16 },
    ],
    ['more, where more is said', { compression: 7 }, [short(530, 4, 1)], { width: 32, height: 16 }],
    [
      'not known, where MCUs do not fit into tiles',
      { compression: 7, tile: 48 },
      [short(530, 4, 1)],
      undefined,
    ],
    ['not known of WebP', { compression: 50001 }, [], undefined],
    ['not known of what nobody knows', { compression: 34712 }, [], undefined],
  ])('tells how far compression mixes pixels: %s', async (_, options, fields, blocks) => {
    const { levels } = describeTiff(await open([page(96, 96, options, ...fields)]))
    expect(levels[0].blocks).toEqual(blocks)
  })

  it('counts pages, and refuses one that does not exist', async () => {
    const file = await open([page(100, 100), page(64, 32), page(32, 16)])
    expect(describeTiff(file, 1)).toMatchObject({
      pages: 2,
      width: 64,
      levels: [{ width: 64 }, { width: 32 }],
    })
    for (const missing of [2, -1, 0.5, Number.NaN]) {
      expect(() => describeTiff(file, missing)).toThrow(NotFoundError)
    }
  })
})
