import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DiagnoseOptions, diagnose } from '../../src/doctor/diagnose.js'
import type { Diagnosis, WarningCode } from '../../src/doctor/diagnosis.js'
import { makeProfile } from '../image/icc.js'
import { fromPixels, wavePixels } from '../image/picture.js'

let folder = ''
const found = new Map<string, Diagnosis>()

const large = fromPixels(wavePixels(2400, 1800))
const tiled = { tile: true, tileWidth: 256, tileHeight: 256 } as const
const pyramid = { ...tiled, pyramid: true } as const

/** Writes the files, each of a kind of its own. */
const files: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  'photo.jpg': path => large.clone().jpeg().toFile(path),
  'progressive.jpg': path => large.clone().jpeg({ progressive: true }).toFile(path),
  'small.jpg': path => large.clone().resize(400).jpeg().toFile(path),
  'plain.png': path => large.clone().png({ compressionLevel: 1 }).toFile(path),
  'strips.tif': path => large.clone().tiff({ compression: 'none' }).toFile(path),
  'tiles.tif': path =>
    large
      .clone()
      .tiff({ compression: 'jpeg', ...tiled })
      .toFile(path),
  'huge.tif': path =>
    large
      .clone()
      .tiff({ compression: 'jpeg', tile: true, tileWidth: 2048, tileHeight: 2048, pyramid: true })
      .toFile(path),
  'pyramid.tif': path =>
    large
      .clone()
      .tiff({ compression: 'jpeg', ...pyramid })
      .toFile(path),
  'deflate.tif': path =>
    large
      .clone()
      .tiff({ compression: 'deflate', ...pyramid })
      .toFile(path),
  'glass.tif': path =>
    large
      .clone()
      .ensureAlpha(0.5)
      .tiff({ compression: 'webp', ...pyramid })
      .toFile(path),
  'turned.jpg': path => large.clone().withMetadata({ orientation: 6 }).jpeg().toFile(path),
  'cmyk.jpg': path => large.clone().toColourspace('cmyk').jpeg().toFile(path),
  'pages.gif': async path => {
    const pages = await Promise.all(
      ['#c04020', '#2040c0'].map(color => large.clone().resize(40).tint(color).png().toBuffer()),
    )
    await sharp(pages, { join: { animated: true } })
      .gif()
      .toFile(path)
  },
  'profile.tif': path => writeWithProfile(large.clone(), path),
  'broken.jpg': path => writeFile(path, 'no image'),
  'cut.png': async path => writeFile(path, (await large.clone().png().toBuffer()).subarray(0, 3000)),
}

async function writeWithProfile(image: Sharp, path: string): Promise<void> {
  const profile = join(folder, 'large.icc')
  await writeFile(profile, makeProfile({ name: 'Scanner', ballast: 9000 }))
  await image
    .withIccProfile(profile)
    .tiff({ compression: 'jpeg', ...pyramid })
    .toFile(path)
}

async function list(place: string, options: DiagnoseOptions = {}): Promise<Diagnosis[]> {
  const diagnoses: Diagnosis[] = []
  for await (const diagnosis of diagnose(place, options)) diagnoses.push(diagnosis)
  return diagnoses
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'honeydew-doctor-'))
  for (const [name, write] of Object.entries(files)) await write(join(folder, name))
  for (const diagnosis of await list(folder, { quick: true })) found.set(diagnosis.name, diagnosis)
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const cases: readonly (readonly [string, Diagnosis['cost'], readonly WarningCode[], boolean])[] = [
  ['photo.jpg', 'slow', ['no-tiles'], true],
  ['progressive.jpg', 'slow', ['no-tiles', 'progressive'], true],
  ['small.jpg', 'fast', [], false],
  ['plain.png', 'slow', ['no-tiles'], true],
  ['strips.tif', 'slow', ['strips'], true],
  ['tiles.tif', 'slow', ['no-pyramid'], true],
  ['huge.tif', 'slow', ['huge-tiles', 'gaps'], true],
  ['pyramid.tif', 'fast', [], false],
  ['deflate.tif', 'fair', ['decoded-tiles'], true],
  ['glass.tif', 'fair', ['decoded-tiles'], false],
  ['turned.jpg', 'slow', ['no-tiles', 'turned'], true],
  ['cmyk.jpg', 'slow', ['no-tiles', 'cmyk'], true],
  ['pages.gif', 'fair', ['pages'], false],
  ['profile.tif', 'fair', ['decoded-tiles', 'large-profile'], true],
]

describe('the doctor', () => {
  it.each(cases)('says of %s: %s, %j', (name, cost, warnings, hasCommand) => {
    const diagnosis = found.get(name)
    expect(diagnosis).toMatchObject({ name, cost, path: join(folder, name) })
    expect(diagnosis?.warnings.map(({ code }) => code)).toEqual(warnings)
    expect(diagnosis?.problem).toBeUndefined()
    expect(diagnosis?.command !== undefined).toBe(hasCommand)
  })

  it('never fails on a bad file: it says what is wrong', () => {
    expect(found.get('broken.jpg')).toMatchObject({
      warnings: [],
      problem: { code: 'source-unsupported', message: expect.stringContaining('cannot be read as an image') },
    })
    expect(found.size).toBe(Object.keys(files).length)
  })

  it('finds what only shows when the image is made, by making it', async () => {
    expect(found.get('cut.png')?.problem).toBeUndefined()
    expect(await list(join(folder, 'cut.png'))).toMatchObject([
      { problem: { code: 'source-damaged' }, stored: { width: 2400, height: 1800 } },
    ])
  })

  it('tells how images are stored', () => {
    expect(found.get('photo.jpg')?.stored).toMatchObject({
      format: 'jpg',
      width: 2400,
      height: 1800,
      compression: 'JPEG',
      levels: 1,
      orientation: 1,
    })
    expect(found.get('turned.jpg')?.stored).toMatchObject({ width: 1800, height: 2400, orientation: 6 })
    expect(found.get('pyramid.tif')?.stored).toMatchObject({
      compression: 'JPEG',
      tile: { width: 256, height: 256 },
      levels: 5,
      sentAs: 'jpg',
    })
    expect(found.get('strips.tif')?.stored).toMatchObject({
      compression: 'none',
      stripRows: expect.any(Number),
    })
    expect(found.get('profile.tif')?.stored?.profile).toMatchObject({ name: 'Scanner', isSrgb: false })
  })

  it('measures a tile and a thumbnail, several times', async () => {
    for (const [name, way] of [
      ['photo.jpg', 'render'],
      ['pyramid.tif', 'stored'],
    ] as const) {
      const [diagnosis] = await list(join(folder, name), { budgetSeconds: 0.2 })
      expect(diagnosis?.tile).toMatchObject({ way, request: '1024,512,512,512/512,512/0/default.jpg' })
      expect(diagnosis?.thumbnail?.request).toBe('full/!200,200/0/default.jpg')
      for (const cost of [diagnosis?.tile, diagnosis?.thumbnail]) {
        expect(cost?.milliseconds).toBeGreaterThan(0)
        expect(cost?.runs).toBeGreaterThan(0)
      }
    }
  })

  it('takes a file by any name, and one that is not there for a finding', async () => {
    expect(await list(join(folder, 'nobody.jpg'))).toMatchObject([{ problem: { code: 'not-found' } }])
    expect(await list(join(folder, 'large.icc'))).toMatchObject([{ problem: { code: 'source-unsupported' } }])
  })

  it('gives up a file that takes too long', async () => {
    const [diagnosis] = await list(join(folder, 'plain.png'), { timeoutSeconds: 0.001 })
    expect(diagnosis?.problem?.code).toBe('timeout')
  })

  it('ends when it is told to', async () => {
    const controller = new AbortController()
    const work = list(folder, { signal: controller.signal, onImage: () => controller.abort() })
    await expect(work).rejects.toMatchObject({ code: 'aborted' })
  })
})
