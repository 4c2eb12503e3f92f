// What the doctor prescribes, taken: its commands run in a shell, and their files are sent as they are stored.
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { diagnose } from '../../src/doctor/diagnose.js'
import type { Diagnosis } from '../../src/doctor/diagnosis.js'
import { createImageService } from '../../src/service.js'
import { fileSource } from '../../src/source/file.js'
import { makeProfile } from '../image/icc.js'
import { decode, fromPixels, wavePixels } from '../image/picture.js'
import { compare } from '../image/stored-files.js'

const program = resolve(import.meta.dirname, '../../dist/cli/main.js')
const picture = wavePixels(2100, 1300)
const tiles = { tile: true, tileWidth: 256, tileHeight: 256 } as const
let folder = ''

const write = (name: string) => join(folder, name)
const image = () => fromPixels(picture)

const files: Readonly<Record<string, () => Promise<unknown>>> = {
  "it's a photo.jpg": () => image().jpeg({ quality: 95 }).toFile(write("it's a photo.jpg")),
  'progressive.jpg': () => image().jpeg({ progressive: true }).toFile(write('progressive.jpg')),
  'plain.png': () => image().png({ compressionLevel: 1 }).toFile(write('plain.png')),
  'strips.tif': () => image().tiff({ compression: 'none' }).toFile(write('strips.tif')),
  'tiles.tif': () =>
    image()
      .tiff({ compression: 'jpeg', ...tiles })
      .toFile(write('tiles.tif')),
  'deflate.tif': () =>
    image()
      .tiff({ compression: 'deflate', pyramid: true, ...tiles })
      .toFile(write('deflate.tif')),
  'turned.jpg': () => image().withMetadata({ orientation: 8 }).jpeg().toFile(write('turned.jpg')),
  'cmyk.jpg': () => image().toColourspace('cmyk').jpeg().toFile(write('cmyk.jpg')),
  'profile.jpg': async () => {
    await writeFile(write('large.icc'), makeProfile({ name: 'Scanner', ballast: 9000 }))
    await image().withIccProfile(write('large.icc')).jpeg().toFile(write('profile.jpg'))
  },
}

const found = new Map<string, Diagnosis>()

async function look(path: string): Promise<Diagnosis> {
  for await (const diagnosis of diagnose(path, { quick: true })) return diagnosis
  throw new Error(`nothing was found at ${path}`)
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'honeydew-cure-'))
  for (const [name, make] of Object.entries(files)) {
    await make()
    found.set(name, await look(write(name)))
  }
})

afterAll(() => rm(folder, { recursive: true, force: true }))

it.each(Object.keys(files))('%s becomes a pyramid whose tiles are sent as they are stored', async name => {
  const { command, cost } = found.get(name)!
  expect(cost).not.toBe('fast')
  const script = `npx() { shift; "${process.execPath}" "${program}" "$@" --json; }; ${command}`
  const { stdout } = await promisify(execFile)('bash', ['-c', script])
  const { output } = JSON.parse(stdout)
  const after = await look(output)
  expect(after).toMatchObject({
    cost: 'fast',
    stored: {
      format: 'tif',
      compression: 'JPEG',
      tile: { width: 512, height: 512 },
      sentAs: 'jpg',
      orientation: 1,
    },
    tile: { way: 'stored', decodedPixels: 0 },
  })
  expect(after.stored?.levels).toBeGreaterThan(2)
  expect(after.warnings).toEqual([])
  expect(after.command).toBeUndefined()
  // And it shows the same.
  const service = createImageService({ source: fileSource(folder) })
  const [one, two] = await Promise.all(
    [name, output.slice(folder.length + 1)].map(async identifier => {
      const request = service.parseRequest(
        `/iiif/3/${encodeURIComponent(identifier)}/full/!300,300/0/default.png`,
      )
      if (request?.kind !== 'image') throw new Error('no image request')
      return decode((await service.process(request)).body as Uint8Array)
    }),
  )
  await service.close()
  expect([two!.width, two!.height]).toEqual([one!.width, one!.height])
  expect(compare(one!, two!).mean).toBeLessThan(6)
})
