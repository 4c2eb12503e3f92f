import { describe, expect, it } from 'vitest'
import { formatTilePath, parseRemoteInfo } from '../../src/source/iiif-info.js'

const info3 = {
  '@context': 'http://iiif.io/api/image/3/context.json',
  id: 'https://other.example.org/evil',
  type: 'ImageService3',
  profile: 'level0',
  width: 6000,
  height: 4000,
  tiles: [{ width: 512, scaleFactors: [1, 2, 4, 8, 16] }],
}
const info2 = {
  '@context': 'http://iiif.io/api/image/2/context.json',
  '@id': 'https://other.example.org/x',
  profile: ['http://iiif.io/api/image/2/level2.json', { maxWidth: 1000 }],
  width: 6000,
  height: 4000,
  tiles: [{ width: 1024, height: 256, scaleFactors: [4, 1, 2] }],
}

const parse = (value: unknown) => parseRemoteInfo(JSON.stringify(value))

describe('the info.json of another service', () => {
  it('tells the tiles that can be asked for', () => {
    const { version, width, height, levels } = parse(info3)
    expect({ version, width, height }).toEqual({ version: 3, width: 6000, height: 4000 })
    expect(levels).toHaveLength(5)
    expect(levels[4]).toEqual({ width: 375, height: 250, scaleFactor: 16, tile: { width: 512, height: 512 } })
  })

  it('of version 2 may have tiles that are no squares, in any order', () => {
    const { version, levels } = parse(info2)
    expect(version).toBe(2)
    expect(levels.map(({ scaleFactor }) => scaleFactor)).toEqual([1, 2, 4])
    expect(levels[0].tile).toEqual({ width: 1024, height: 256 })
  })

  it.each<[string, object, number[]]>([
    ['no tiles, of level 2', { ...info3, profile: 'level2', tiles: undefined }, [1, 2, 4, 8, 16]],
    [
      'no tiles, of level 1 in version 2',
      { ...info2, profile: 'http://iiif.io/api/image/2/level1.json', tiles: undefined },
      [1, 2, 4, 8, 16],
    ],
    [
      'tiles that leave the full size out, of level 2',
      { ...info3, profile: 'level2', tiles: [{ width: 512, scaleFactors: [2, 4] }] },
      [1, 2, 4],
    ],
    [
      'other contexts before that of the Image API',
      { ...info3, '@context': ['http://a.example/', info3['@context']] },
      [1, 2, 4, 8, 16],
    ],
  ])('with %s', (_, info, factors) => {
    expect(parse(info).levels.map(({ scaleFactor }) => scaleFactor)).toEqual(factors)
  })

  it.each<[string, unknown, number]>([
    ['no JSON', undefined, 502],
    ['nothing', null, 502],
    ['a list', [], 502],
    ['a page', '<html>', 502],
    ['no context', { ...info3, '@context': undefined }, 502],
    [
      'version 1',
      { ...info2, '@context': 'http://library.stanford.edu/iiif/image-api/1.1/context.json' },
      502,
    ],
    ['no size', { ...info3, width: undefined }, 502],
    ['a negative size', { ...info3, height: -1 }, 502],
    ['a size that is none', { ...info3, width: 1.5 }, 502],
    ['a size beyond reason', { ...info3, width: 1e12 }, 502],
    ['a size in words', { ...info3, width: '6000' }, 502],
    ['files only, and no tiles', { ...info3, tiles: undefined }, 501],
    ['files only, and not of the full size', { ...info3, tiles: [{ width: 512, scaleFactors: [2] }] }, 501],
    ['files only, and tiles beyond reason', { ...info3, tiles: [{ width: 1e6, scaleFactors: [1] }] }, 501],
    [
      'files only, and factors that are none',
      { ...info3, tiles: [{ width: 512, scaleFactors: [0, 1] }] },
      501,
    ],
    ['no profile, and no tiles', { ...info3, profile: undefined, tiles: undefined }, 501],
  ])('that has %s is refused', (_, info, status) => {
    const text = info === undefined ? '<html>' : JSON.stringify(info)
    expect(() => parseRemoteInfo(text)).toThrow(
      expect.objectContaining({ status, message: expect.not.stringContaining('evil') }),
    )
  })
})

describe('the path of a tile', () => {
  it.each([
    [info3, 0, 0, 0, '0,0,512,512/512,512/0/default.jpg'],
    [info3, 0, 11, 7, '5632,3584,368,416/368,416/0/default.jpg'],
    [info3, 2, 1, 1, '2048,2048,2048,1952/512,488/0/default.jpg'],
    [info3, 4, 0, 0, 'full/375,250/0/default.jpg'],
    [{ ...info3, width: 300, height: 200 }, 0, 0, 0, 'full/max/0/default.jpg'],
    [info2, 1, 1, 1, '2048,512,2048,512/1024,256/0/default.jpg'],
    [
      { ...info2, profile: 'http://iiif.io/api/image/2/level1.json' },
      1,
      1,
      1,
      '2048,512,2048,512/1024,/0/default.jpg',
    ],
    [{ ...info2, width: 300, height: 200 }, 0, 0, 0, 'full/full/0/default.jpg'],
    [{ ...info2, profile: 'level0', width: 1600, height: 200 }, 1, 0, 0, 'full/800,/0/default.jpg'],
  ])('%#: %i, %i, %i', (value, index, column, row, path) => {
    const info = parse(value)
    expect(formatTilePath(info, info.levels[index]!, column, row, 'jpg')).toBe(path)
  })
})
