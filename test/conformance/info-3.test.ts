/* Rows 117 to 138 of the checklist: the info.json of version 3 (Image API 3.0 section 5). */
import sharp from 'sharp'
import { beforeAll, expect, test } from 'vitest'
import type { ImageServiceOptions } from '../../src/options.js'
import { extras, type Info3, listTileRequests } from './info.js'
import { decode, type PictureName, sizes } from './pictures.js'
import { createFolder, fetchImage, type Json, type Server, startServer } from './server.js'

const pictures: PictureName[] = [
  'grid.png',
  '600x400.png',
  '1000x667.png',
  '1000x3.png',
  'gray.png',
  'pyramid.tif',
  'exif6.jpg',
]
const rich = { info: extras, preferredFormats: ['webp', 'jpg'] } as const
let folder: string
let server: Server

beforeAll(async () => {
  folder = await createFolder(...pictures)
  server = await startServer(folder)
})

async function fetchInfo(at: Server, name: string): Promise<Info3> {
  return JSON.parse((await fetchImage(at, `/iiif/3/${name}/info.json`)).toString())
}

async function fetchWith(options: Omit<ImageServiceOptions, 'source'>, name = 'grid.png'): Promise<Info3> {
  return fetchInfo(await startServer(folder, options), name)
}

test('117 @context is the first key, a string with http, and the last item where there are others', async () => {
  const info = await fetchInfo(server, 'grid.png')
  expect(Object.keys(info)[0]).toBe('@context')
  expect(info['@context']).toBe('http://iiif.io/api/image/3/context.json')
  expect((await fetchWith(rich))['@context']).toEqual([
    'http://example.org/extension/context.json',
    'http://iiif.io/api/image/3/context.json',
  ])
})

test('118 id is the URI that info.json was asked from, without info.json', async () => {
  expect((await fetchInfo(server, 'grid.png')).id).toBe(`${server.origin}/iiif/3/grid.png`)
  expect((await fetchInfo(server, 'grid%2Epng')).id).toBe(`${server.origin}/iiif/3/grid%2Epng`)
})

test('119 type is ImageService3', async () => {
  expect((await fetchInfo(server, 'grid.png')).type).toBe('ImageService3')
})

test('120 protocol is that of the Image API', async () => {
  expect((await fetchInfo(server, 'grid.png')).protocol).toBe('http://iiif.io/api/image')
})

test('121 profile is a string, the highest level that is met', async () => {
  expect((await fetchInfo(server, 'grid.png')).profile).toBe('level2')
  expect((await fetchWith({ formats: ['jpg'] })).profile).toBe('level1')
})

test.each(pictures)(
  '122 width and height of %s are whole numbers, also where limits forbid that size',
  async name => {
    for (const info of [await fetchInfo(server, name), await fetchWith({ limits: { maxWidth: 50 } }, name)]) {
      expect({ width: info.width, height: info.height }).toEqual(sizes[name])
    }
  },
)

test('123 limits are at the top level', async () => {
  expect(await fetchInfo(server, 'grid.png')).toMatchObject({ maxArea: 50_000_000 })
  const info = await fetchWith({ limits: { maxWidth: 800, maxHeight: 500, maxArea: 300_000 } })
  expect(info).toMatchObject({ maxWidth: 800, maxHeight: 500, maxArea: 300_000 })
  const none = await fetchWith({ limits: { maxArea: Infinity } })
  expect(none).not.toHaveProperty('maxArea')
  expect(none).not.toHaveProperty('maxWidth')
})

test('124 sizes are those of the pyramid, where there is one, and ascend', async () => {
  const listed = (await fetchInfo(server, 'pyramid.tif')).sizes
  const stored = await Promise.all(
    [0, 1, 2, 3].map(async page => {
      const { width, height } = await sharp(`${folder}/pyramid.tif`, { page }).metadata()
      return { width, height }
    }),
  )
  expect(listed).toEqual(stored.reverse())
  for (const name of pictures) {
    const widths = (await fetchInfo(server, name)).sizes.map(size => size.width)
    expect(widths).toEqual([...widths].sort((a, b) => a - b))
    expect(widths.every(Number.isInteger)).toBe(true)
  }
})

test('125 tiles are whole numbers, each size and each scale factor once; a height that is the width is left out', async () => {
  for (const name of pictures) {
    const { tiles } = await fetchInfo(server, name)
    expect(tiles.length).toBeGreaterThan(0)
    const factors = tiles.flatMap(tile => tile.scaleFactors)
    expect(factors.every(factor => Number.isInteger(factor) && factor > 0)).toBe(true)
    expect(new Set(factors).size).toBe(factors.length)
    expect(new Set(tiles.map(({ width, height }) => `${width} ${height ?? width}`)).size).toBe(tiles.length)
    for (const { width, height } of tiles) expect(height).not.toBe(width)
  }
  expect((await fetchInfo(server, 'pyramid.tif')).tiles).toEqual([{ width: 128, scaleFactors: [1, 2, 4, 8] }])
  expect((await fetchWith({ tileSize: 200 })).tiles).toEqual([{ width: 200, scaleFactors: [1, 2, 4, 8] }])
})

test.each(pictures)(
  '126 every tile that clients compute for %s is served in its size, without a caret',
  async name => {
    const info = await fetchInfo(server, name)
    for (const tile of info.tiles) {
      for (const factor of tile.scaleFactors) {
        for (const { region, width, height } of listTileRequests(info, tile, factor)) {
          const path = `/iiif/3/${name}/${region}/${width},${height}/0/default.png`
          const image = await decode(await fetchImage(server, path))
          expect([path, image.width, image.height]).toEqual([path, width, height])
        }
      }
    }
  },
)

test('127 preferredFormats are in their order, and only those that are served', async () => {
  expect((await fetchWith(rich)).preferredFormats).toEqual(['webp', 'jpg'])
  const few = await fetchWith({ preferredFormats: ['avif', 'webp', 'png'], formats: ['jpg', 'png', 'webp'] })
  expect(few.preferredFormats).toEqual(['webp', 'png'])
  expect(await fetchInfo(server, 'grid.png')).not.toHaveProperty('preferredFormats')
})

test('128 rights is one string', async () => {
  expect(await fetchWith(rich)).toMatchObject({ rights: extras.rights })
})

test('129 extraQualities are those beyond default', async () => {
  expect(new Set((await fetchInfo(server, 'grid.png')).extraQualities)).toEqual(
    new Set(['color', 'gray', 'bitonal']),
  )
  expect((await fetchInfo(server, 'gray.png')).extraQualities).not.toContain('color')
})

test('130 extraFormats are those beyond the profile', async () => {
  expect(new Set((await fetchInfo(server, 'grid.png')).extraFormats)).toEqual(
    new Set(['webp', 'tif', 'gif', 'avif']),
  )
  expect((await fetchWith({ formats: ['jpg', 'webp'] })).extraFormats).toEqual(['webp'])
})

const features = [
  'baseUriRedirect',
  'canonicalLinkHeader',
  'cors',
  'jsonldMediaType',
  'mirroring',
  'profileLinkHeader',
  'regionByPct',
  'regionByPx',
  'regionSquare',
  'rotationArbitrary',
  'rotationBy90s',
  'sizeByConfinedWh',
  'sizeByH',
  'sizeByPct',
  'sizeByW',
  'sizeByWh',
  'sizeUpscaling',
]

test('131 extraFeatures have only names of the specification, and only what the level does not demand', async () => {
  const upscaling = await fetchWith({ limits: { maxScale: 2 } })
  for (const info of [
    await fetchInfo(server, 'grid.png'),
    upscaling,
    await fetchWith({ formats: ['jpg'] }),
  ]) {
    for (const feature of info.extraFeatures) expect(features).toContain(feature)
    expect(info.extraFeatures).not.toContain('regionByPx')
  }
  expect(new Set(upscaling.extraFeatures)).toEqual(
    new Set(['canonicalLinkHeader', 'mirroring', 'profileLinkHeader', 'rotationArbitrary', 'sizeUpscaling']),
  )
  // At level 1 the features of level 2 are extra.
  expect((await fetchWith({ formats: ['jpg'] })).extraFeatures).toEqual(
    expect.arrayContaining(['regionByPct', 'sizeByPct', 'sizeByConfinedWh', 'rotationBy90s']),
  )
})

test('132 the names of version 2 that are gone do not appear', async () => {
  for (const options of [{}, { limits: { maxScale: 2 } }, { formats: ['jpg'] }] as const) {
    const text = JSON.stringify(await fetchWith(options))
    expect(text).not.toMatch(/sizeAboveFull|sizeByWhListed|sizeByForcedWh|sizeByDistortedWh/)
  }
})

test('133 partOf is a list of what the owner says', async () => {
  expect(await fetchWith(rich)).toMatchObject({ partOf: extras.partOf })
})

test('134 seeAlso is a list of what the owner says', async () => {
  expect(await fetchWith(rich)).toMatchObject({ seeAlso: extras.seeAlso })
})

test('135 service is a list', async () => {
  expect(await fetchWith(rich)).toMatchObject({ service: extras.service })
})

test('136 labels are language maps, as the owner wrote them', async () => {
  const info = (await fetchWith(rich)) as unknown as { partOf: readonly Json[] }
  expect(info.partOf[0]?.label).toEqual({ en: ['A book'] })
})

test('137 what version 3 has dropped does not appear', async () => {
  for (const info of [await fetchInfo(server, 'grid.png'), await fetchWith(rich)]) {
    for (const name of [
      'attribution',
      'logo',
      'license',
      '@id',
      '@type',
      'formats',
      'qualities',
      'supports',
    ]) {
      expect(info).not.toHaveProperty(name)
    }
  }
})

test('138 nothing is empty', async () => {
  const bare = {
    formats: ['jpg', 'png'],
    qualities: ['default'],
    info: { partOf: [], seeAlso: [], service: [] },
  } as const
  const info = await fetchWith({ ...bare, limits: { maxWidth: 1 } })
  for (const value of Object.values(info)) expect(value).not.toEqual([])
  for (const value of Object.values(info)) expect([null, undefined, '']).not.toContain(value)
})
