import { mkdtempSync, rmSync, utimesSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type ExportOptions,
  type ExportProgress,
  exportLevel0,
} from '../../src/presentation/export-level-0.js'
import { listTileGrid, locateTile } from '../../src/protocol/tiles.js'
import { createFolder, createService } from './images.js'
import { findFaults, findSchemaFaults, upgrade } from './validate.js'

const { folder: images, fill } = createFolder()
beforeAll(fill)
const service = createService(images)
const place = mkdtempSync(join(tmpdir(), 'honeydew-export-'))
afterAll(() => rmSync(place, { recursive: true, force: true }))
const options: ExportOptions = { baseUri: 'https://static.example.org/cat' }
let count = 0
const newFolder = () => join(place, String(count++))

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted()
}

const readJson = async (...path: string[]) => JSON.parse(await readFile(join(...path), 'utf8'))

describe('an export', () => {
  it('is the info.json of a level 0, a manifest, and every file that viewers will ask for', async () => {
    const folder = newFolder()
    const result = await exportLevel0(service, 'map.tif', folder, options)
    const info = await readJson(folder, 'info.json')
    expect(info).toEqual({
      '@context': 'http://iiif.io/api/image/3/context.json',
      id: 'https://static.example.org/cat',
      type: 'ImageService3',
      protocol: 'http://iiif.io/api/image',
      profile: 'level0',
      width: 1216,
      height: 928,
      maxArea: 50_000_000,
      sizes: [
        { width: 152, height: 116 },
        { width: 304, height: 232 },
        { width: 608, height: 464 },
        { width: 1216, height: 928 },
      ],
      tiles: [{ width: 256, scaleFactors: [1, 2, 4, 8] }],
    })
    const files = await listFiles(folder)
    const expected = new Set(['full/max', ...info.sizes.slice(0, -1).map(formatSize)])
    for (const scaleFactor of [1, 2, 4, 8]) {
      for (const { region, size } of listTileGrid(info, { width: 256, height: 256 }, scaleFactor)) {
        const { x, y, width, height } = region
        expected.add(
          width === 1216 ? formatSize(size) : `${x},${y},${width},${height}/${size.width},${size.height}`,
        )
      }
    }
    expect(files).toEqual(
      [
        '.honeydew-export.json',
        'info.json',
        'manifest.json',
        ...[...expected].map(name => `${name}/0/default.jpg`),
      ].toSorted(),
    )
    expect(result).toMatchObject({
      done: expected.size,
      total: expected.size,
      skipped: 0,
      info: 'https://static.example.org/cat/info.json',
      manifest: 'https://static.example.org/cat/manifest.json',
    })
    const sizes = await Promise.all(
      files.filter(name => name.endsWith('.jpg')).map(name => stat(join(folder, name))),
    )
    expect(result.bytes).toBe(sizes.reduce((sum, { size }) => sum + size, 0))
  })

  it('has the pixels of the image in every tile, and copies what is stored', async () => {
    const folder = newFolder()
    await exportLevel0(service, 'map.tif', folder, options)
    for (const [scaleFactor, column, row] of [
      [1, 0, 0],
      [1, 4, 3],
      [2, 1, 1],
      [4, 1, 0],
    ] as const) {
      const { region, size } = locateTile(
        { width: 1216, height: 928 },
        { width: 256, height: 256 },
        scaleFactor,
        column,
        row,
      )
      const { x, y, width, height } = region
      const name = `${x},${y},${width},${height}/${size.width},${size.height}`
      const tile = await readFile(join(folder, name, '0/default.jpg'))
      const request = service.parseRequest(`/iiif/3/map.tif/${name}/0/default.jpg`)
      if (request?.kind !== 'image') throw new Error('expected an image')
      const { body, way } = await service.process(request)
      expect(way).toBe('stored')
      expect(tile.equals(body as Uint8Array)).toBe(true)
      expect(await sharp(tile).metadata()).toMatchObject({ width: size.width, height: size.height })
    }
  })

  it('has a manifest that needs no server either', async () => {
    const folder = newFolder()
    await exportLevel0(service, 'map.tif', folder, { ...options, about: { label: { en: ['A map'] } } })
    const manifest = await readJson(folder, 'manifest.json')
    expect(findFaults(manifest)).toEqual([])
    expect(manifest).toMatchObject({
      id: 'https://static.example.org/cat/manifest.json',
      label: { en: ['A map'] },
      items: [{ id: 'https://static.example.org/cat/canvas/1', width: 1216, height: 928 }],
    })
    const text = JSON.stringify(manifest)
    const files = await listFiles(folder)
    const pictures = [...text.matchAll(/https:\/\/static\.example\.org\/cat\/([^"]+\.jpg)/g)].map(
      ([, name]) => name,
    )
    expect(pictures.length).toBeGreaterThan(2)
    for (const name of pictures) expect(files).toContain(name)
    expect(text).toContain('level0')
    expect(text).not.toMatch(/level2|\/iiif\//)
  })

  it('of version 2 has the forms of version 2', async () => {
    const folder = newFolder()
    await exportLevel0(service, 'map.tif', folder, { ...options, version: 2, formats: ['jpg', 'webp'] })
    const info = await readJson(folder, 'info.json')
    expect(info).toMatchObject({
      '@id': 'https://static.example.org/cat',
      profile: [
        'http://iiif.io/api/image/2/level0.json',
        { formats: ['jpg', 'webp'], qualities: ['default'] },
      ],
    })
    const files = await listFiles(folder)
    for (const name of ['full/full', 'full/608,', '0,0,256,256/256,', '1024,768,192,160/192,']) {
      expect(files).toContain(`${name}/0/default.jpg`)
      expect(files).toContain(`${name}/0/default.webp`)
    }
    expect(files.some(name => name.includes('max'))).toBe(false)
    const manifest = await readJson(folder, 'manifest.json')
    expect(manifest['@type']).toBe('sc:Manifest')
    expect(findSchemaFaults(upgrade(manifest))).toEqual([])
    expect(JSON.stringify(manifest)).toContain('/cat/full/full/0/default.jpg')
  })

  it('has tiles of another size, and other formats, where that is wanted', async () => {
    const folder = newFolder()
    await exportLevel0(service, 'told.jpg', folder, { ...options, tileSize: 200, formats: ['webp', 'jpg'] })
    const info = await readJson(folder, 'info.json')
    expect(info.tiles).toEqual([{ width: 200, scaleFactors: [1, 2, 4, 8] }])
    expect(info.extraFormats).toEqual(['webp'])
    const tile = await readFile(join(folder, '200,400,200,200/200,200/0/default.webp'))
    expect(await sharp(tile).metadata()).toMatchObject({ format: 'webp', width: 200, height: 200 })
  })

  it('keeps within the limits of the service, and tells of them', async () => {
    const limited = createService(images, { limits: { maxWidth: 300 } })
    for (const version of [2, 3] as const) {
      const folder = newFolder()
      await exportLevel0(limited, 'map.tif', folder, { ...options, version, tileSize: 512 })
      const info = await readJson(folder, 'info.json')
      expect(version === 2 ? info.profile[1] : info).toMatchObject({ maxWidth: 300 })
      expect(info.tiles).toEqual([{ width: 300, scaleFactors: [1, 2, 4, 8] }])
      const whole = await sharp(join(folder, 'full/max/0/default.jpg')).metadata()
      expect([whole.width, whole.height]).toEqual([300, 229])
      const text = JSON.stringify(await readJson(folder, 'manifest.json'))
      expect(text).toContain('/full/max/0/default.jpg')
    }
  })

  it('has small sizes where the levels of the source are all large', async () => {
    const folder = newFolder()
    const info: typeof service.info = async (...asked) => ({
      ...(await service.info(...asked)),
      sizes: [{ width: 1216, height: 928 }],
    })
    await exportLevel0({ ...service, info }, 'map.tif', folder, options)
    expect((await readJson(folder, 'info.json')).sizes).toContainEqual({ width: 304, height: 232 })
    expect(await listFiles(folder)).toContain('full/304,232/0/default.jpg')
  })

  it('has folders for the pages behind the first', async () => {
    const folder = newFolder()
    const of = (identifier: string) => (identifier === 'book' ? 'map.tif' : 'told.jpg')
    const book: typeof service = {
      ...service,
      describe: async identifier => ({ ...(await service.describe(of(identifier))), pages: 2 }),
      info: (identifier, ...others) => service.info(of(identifier), ...others),
      process: request => service.process({ ...request, identifier: of(request.identifier) }),
      resolveSource: identifier => service.resolveSource(of(identifier)),
      metadata: identifier => service.metadata(of(identifier)),
    }
    const formatPageIdentifier = (identifier: string, page: number) => `${identifier};${page}`
    await exportLevel0(book, 'book', folder, { ...options, formatPageIdentifier })
    expect(await readJson(folder, 'page-2/info.json')).toMatchObject({
      id: 'https://static.example.org/cat/page-2',
      width: 900,
    })
    expect(await listFiles(folder)).toContain('page-2/full/max/0/default.jpg')
    const manifest = await readJson(folder, 'manifest.json')
    expect(findFaults(manifest)).toEqual([])
    expect(manifest.items).toMatchObject([
      { id: 'https://static.example.org/cat/canvas/1', width: 1216 },
      { id: 'https://static.example.org/cat/canvas/2', width: 900 },
    ])
    expect(JSON.stringify(manifest.items[1])).toContain(
      'https://static.example.org/cat/page-2/full/max/0/default.jpg',
    )
  })
})

describe('an export that was broken off', () => {
  it('leaves no file in part and no document, and goes on where it was', async () => {
    const folder = newFolder()
    const controller = new AbortController()
    const progress: ExportProgress[] = []
    const broken = exportLevel0(service, 'map.tif', folder, {
      ...options,
      concurrency: 2,
      signal: controller.signal,
      onProgress(step) {
        progress.push(step)
        if (step.done === 7) controller.abort()
      },
    })
    await expect(broken).rejects.toMatchObject({ code: 'aborted' })
    const files = await listFiles(folder)
    expect(files).not.toContain('info.json')
    expect(files).not.toContain('manifest.json')
    const images = files.filter(name => name.endsWith('.jpg'))
    expect(images.length).toBeGreaterThanOrEqual(7)
    for (const name of images) expect((await sharp(join(folder, name)).stats()).channels).toHaveLength(3)
    expect(files.toSorted()).toEqual(['.honeydew-export.json', ...images].toSorted())

    const made: string[] = []
    const counting: typeof service = {
      ...service,
      process(request, context) {
        made.push(request.identifier)
        return service.process(request, context)
      },
    }
    const result = await exportLevel0(counting, 'map.tif', folder, options)
    expect(result.skipped).toBe(images.length)
    expect(made).toHaveLength(result.total - images.length)
    expect(progress.at(-1)?.total).toBe(result.total)
  })

  it('stops where an image cannot be made, and nobody writes any more', async () => {
    const folder = newFolder()
    let made = 0
    const failing: typeof service = {
      ...service,
      async process(request, context) {
        made += 1
        if (made === 4) throw new Error('out of paint')
        return service.process(request, context)
      },
    }
    const failure = exportLevel0(failing, 'map.tif', folder, { ...options, concurrency: 3 })
    await expect(failure).rejects.toThrow('out of paint')
    const after = await listFiles(folder)
    expect(made).toBeLessThan(10)
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(await listFiles(folder)).toEqual(after)
  })

  it('changes its address without making an image anew', async () => {
    const folder = newFolder()
    const first = await exportLevel0(service, 'told.jpg', folder, options)
    const second = await exportLevel0(service, 'told.jpg', folder, {
      ...options,
      baseUri: 'https://other.example.org/',
    })
    expect(second).toMatchObject({
      skipped: first.total,
      bytes: 0,
      info: 'https://other.example.org/info.json',
    })
    expect((await readJson(folder, 'info.json')).id).toBe('https://other.example.org')
  })

  it('does not go on in the folder of another export, unless it is told to overwrite it', async () => {
    const folder = newFolder()
    await exportLevel0(service, 'told.jpg', folder, options)
    for (const [identifier, more] of [
      ['map.tif', {}],
      ['told.jpg', { tileSize: 300 }],
    ] as const) {
      const refused = exportLevel0(service, identifier, folder, { ...options, ...more })
      await expect(refused).rejects.toMatchObject({ code: 'export-differs' })
    }
    // What is there is of another image, and is made anew even where it has the same name.
    const before = await readFile(join(folder, 'full/max/0/default.jpg'))
    const controller = new AbortController()
    const again = { ...options, overwrite: true, concurrency: 1 }
    const onProgress = () => controller.abort()
    await exportLevel0(service, 'map.tif', folder, { ...again, onProgress, signal: controller.signal }).catch(
      () => {},
    )
    const result = await exportLevel0(service, 'map.tif', folder, again)
    expect(result.skipped).toBe(1)
    expect((await readFile(join(folder, 'full/max/0/default.jpg'))).equals(before)).toBe(false)
    expect((await readJson(folder, 'info.json')).width).toBe(1216)
  })

  it('takes away what a killed export has left, and nothing of one that may still run', async () => {
    const folder = newFolder()
    for (const name of ['.honeydew-old', '.honeydew-new', 'mine']) {
      await mkdir(join(folder, name), { recursive: true })
      await writeFile(join(folder, name, 'a'), 'a')
    }
    utimesSync(join(folder, '.honeydew-old'), 1, 1)
    await exportLevel0(service, 'plain.png', folder, options)
    const names = await readdir(folder)
    expect(names).toContain('mine')
    expect(names.filter(name => name.startsWith('.honeydew')).toSorted()).toEqual([
      '.honeydew-export.json',
      '.honeydew-new',
    ])
  })
})

describe('an export is refused', () => {
  it.each<[Partial<ExportOptions>, RegExp]>([
    [{ baseUri: 'static/cat' }, /^baseUri: /],
    [{ baseUri: undefined as never }, /^baseUri: /],
    [{ tileSize: 8 }, /^tileSize: /],
    [{ formats: ['webp'] }, /^formats: /],
    [{ formats: ['jpg', 'bmp' as never] }, /^formats: /],
    [{ version: 1 as never }, /^version: /],
    [{ concurrency: 0 }, /^concurrency: /],
  ])('for %j', async (wrong, message) => {
    const folder = newFolder()
    await expect(exportLevel0(service, 'map.tif', folder, { ...options, ...wrong })).rejects.toThrow(message)
    await expect(stat(folder)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('for an image that there is not, and leaves no folder', async () => {
    const folder = newFolder()
    await expect(exportLevel0(service, 'nobody.tif', folder, options)).rejects.toMatchObject({ status: 404 })
    await expect(stat(folder)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

function formatSize({ width, height }: { readonly width: number; readonly height: number }): string {
  return `full/${width},${height}`
}
