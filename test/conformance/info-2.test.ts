/* Rows 139 to 146 of the checklist: the info.json of version 2 (Image API 2.1.1 section 5). */
import { beforeAll, expect, test } from 'vitest'
import type { ImageServiceOptions } from '../../src/options.js'
import { extras, type Info2, listTileRequests } from './info.js'
import { decode, type PictureName, sizes } from './pictures.js'
import { createFolder, fetchImage, type Server, startServer } from './server.js'

const pictures: PictureName[] = ['grid.png', '1000x667.png', 'gray.png', 'pyramid.tif', 'exif6.jpg']
let folder: string
let server: Server

beforeAll(async () => {
  folder = await createFolder(...pictures)
  server = await startServer(folder)
})

async function fetchInfo(at: Server, name: string): Promise<Info2> {
  return JSON.parse((await fetchImage(at, `/iiif/2/${name}/info.json`)).toString())
}

async function fetchWith(options: Omit<ImageServiceOptions, 'source'>, name = 'grid.png'): Promise<Info2> {
  return fetchInfo(await startServer(folder, options), name)
}

test('139 @context is the string of version 2', async () => {
  const info = await fetchInfo(server, 'grid.png')
  expect(Object.keys(info)[0]).toBe('@context')
  expect(info['@context']).toBe('http://iiif.io/api/image/2/context.json')
})

test.each(pictures)('140 %s has all that is required', async name => {
  expect(await fetchInfo(server, name)).toMatchObject({
    '@id': `${server.origin}/iiif/2/${name}`,
    protocol: 'http://iiif.io/api/image',
    ...sizes[name],
    profile: expect.any(Array),
  })
  expect([undefined, 'iiif:Image']).toContain(
    ((await fetchInfo(server, name)) as { '@type'?: string })['@type'],
  )
})

test('141 profile is a list: the level, then an object', async () => {
  const { profile } = await fetchInfo(server, 'grid.png')
  expect(profile).toHaveLength(2)
  expect(profile[0]).toBe('http://iiif.io/api/image/2/level2.json')
  expect(new Set(profile[1].formats)).toEqual(new Set(['jpg', 'png', 'webp', 'tif', 'gif', 'avif']))
  expect(new Set(profile[1].qualities)).toEqual(new Set(['default', 'color', 'gray', 'bitonal']))
  expect((await fetchWith({ formats: ['jpg'] })).profile[0]).toBe('http://iiif.io/api/image/2/level1.json')
  expect((await fetchWith({ qualities: ['default'] })).profile[0]).toBe(
    'http://iiif.io/api/image/2/level1.json',
  )
})

test('142 limits are in the object of the profile, not at the top', async () => {
  const info = await fetchWith({ limits: { maxWidth: 800, maxHeight: 500, maxArea: 300_000 } })
  expect(info.profile[1]).toMatchObject({ maxWidth: 800, maxHeight: 500, maxArea: 300_000 })
  for (const name of ['maxWidth', 'maxHeight', 'maxArea']) expect(info).not.toHaveProperty(name)
})

const known = [
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
  'sizeAboveFull',
  'sizeByConfinedWh',
  'sizeByDistortedWh',
  'sizeByH',
  'sizeByPct',
  'sizeByW',
  'sizeByWh',
]

test('143 supports has names of version 2, those of sizes above full only where they are served, and is never empty', async () => {
  const upscaling = await fetchWith({ limits: { maxScale: 2 } })
  const plain = await fetchInfo(server, 'grid.png')
  for (const { profile } of [plain, upscaling, await fetchWith({ formats: ['jpg'] })]) {
    expect(profile[1].supports.length).toBeGreaterThan(0)
    for (const feature of profile[1].supports) expect(known).toContain(feature)
  }
  expect(plain.profile[1].supports).not.toContain('sizeAboveFull')
  expect(upscaling.profile[1].supports).toContain('sizeAboveFull')
  expect(plain.profile[1].supports).toEqual(
    expect.arrayContaining(['regionSquare', 'mirroring', 'rotationArbitrary']),
  )
})

test('144 attribution, license and logo are told as version 2 names them', async () => {
  const info = await fetchWith({ info: extras })
  expect(info).toMatchObject({ attribution: 'The library', license: extras.rights, logo: extras.logo })
  for (const name of ['rights', 'partOf', 'seeAlso', 'preferredFormats'])
    expect(info).not.toHaveProperty(name)
})

test('145 services are told', async () => {
  const service = [
    {
      '@context': 'http://iiif.io/api/annex/services/physdim/1/context.json',
      profile: 'http://iiif.io/api/annex/services/physdim',
      physicalScale: 0.0025,
      physicalUnits: 'in',
    },
  ]
  expect(await fetchWith({ info: { service } })).toMatchObject({ service })
})

test.each(pictures)('146 sizes and tiles of %s are served as they are listed', async name => {
  const info = await fetchInfo(server, name)
  expect(info.sizes.length).toBeGreaterThan(0)
  for (const { width, height } of info.sizes) {
    const image = await decode(
      await fetchImage(server, `/iiif/2/${name}/full/${width},${height}/0/default.jpg`),
    )
    expect(image).toMatchObject({ width, height })
  }
  for (const tile of info.tiles) {
    for (const factor of tile.scaleFactors) {
      for (const { region, width, height } of listTileRequests(info, tile, factor)) {
        // Clients of version 2 ask for tiles by their width.
        const image = await decode(
          await fetchImage(server, `/iiif/2/${name}/${region}/${width},/0/default.png`),
        )
        expect(image.width).toBe(width)
        expect(Math.abs(image.height - height)).toBeLessThanOrEqual(1)
      }
    }
  }
})
