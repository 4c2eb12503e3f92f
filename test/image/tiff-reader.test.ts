import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { openReader } from '../../src/image/reader.js'
import { openTiff } from '../../src/image/tiff/open.js'
import { readTileBytes } from '../../src/image/tiff/tile.js'
import { fileSource as folderSource } from '../../src/source/file.js'
import { readLevels } from './jpeg/tiff-tiles.js'
import { bytesSource, decode, writeSource } from './picture.js'
import {
  answerWith,
  bothSources,
  collect,
  compare,
  compareJoined,
  countReads,
  readStored,
  readWithVips,
  renderBox,
} from './stored-files.js'
import {
  box,
  codings,
  files,
  folder,
  height,
  listOpen,
  openBytes,
  openSource,
  useCorpus,
  width,
} from './tiff-corpus.js'

useCorpus()

describe.each(['ycbcr', 'rgb', 'grey', 'webp'])('stored tiles of %s', name => {
  it('have the pixels of libvips, through a file and without one', async () => {
    for (const [, source] of await bothSources(folder, `${name}.tif`, files.get(name)!)) {
      const reader = await openSource(source)
      for (const [index, level] of reader.description.levels.entries()) {
        for (let y = 0; y + 128 <= level.height; y += 128) {
          for (let x = 0; x + 128 <= level.width; x += 128) {
            const wanted = box(x, y, 128, 128)
            const found = await decode(await readStored(reader, index, wanted))
            const expected = await readWithVips(files.get(name)!, wanted, index)
            expect(compare(found, expected)).toEqual({ mean: 0, worst: 0 })
          }
        }
      }
    }
  })
})

describe('a stored tile without waiting', () => {
  it('is the one that waiting gives, or nothing', async () => {
    const resolve = folderSource(folder)
    for (const name of ['ycbcr', 'rgb', 'grey', 'webp', 'deflate']) {
      await writeSource(folder, `sync-${name}.tif`, files.get(name)!)
      const source = (await resolve(`sync-${name}.tif`, {}))!
      const reader = await openSource(source)
      let found = 0
      for (const round of [1, 2]) {
        for (const wanted of [box(0, 0, 128, 128), box(512, 256, 128, 128), box(256, 128, 128, 128)]) {
          const bytes = reader.storedSync?.(0, wanted)
          const expected = await reader.stored?.(0, wanted)
          if (bytes === undefined) continue
          expect(Buffer.from(await collect(expected!)).equals(bytes)).toBe(true)
          found += round
        }
      }
      expect(found > 0).toBe(['ycbcr', 'rgb', 'grey'].includes(name))
      expect(reader.storedSync?.(9, box(0, 0, 128, 128))).toBeUndefined()
    }
  })

  it('may be cut: at the edges, or a part of it; what takes two tiles is waited for', async () => {
    const resolve = folderSource(folder)
    for (const name of ['ycbcr', 'rgb', 'grey']) {
      const reader = await openSource((await resolve(`sync-${name}.tif`, {}))!)
      for (const wanted of [box(640, 128, 60, 128), box(640, 384, 60, 116), box(144, 160, 32, 48)]) {
        const expected = Buffer.from(await collect((await reader.stored?.(0, wanted))!))
        const bytes = reader.storedSync?.(0, wanted)
        expect(bytes && expected.equals(bytes)).toBe(true)
      }
      expect(reader.storedSync?.(0, box(0, 0, 256, 128))).toBeUndefined()
      expect(reader.storedSync?.(0, box(120, 0, 16, 16))).toBeUndefined()
      // Off the grid of the MCUs nothing can be cut without decoding.
      expect(reader.storedSync?.(0, box(3, 5, 32, 32))).toBeUndefined()
    }
  })

  it('is not given when the file was changed, nor when the tile is damaged', async () => {
    const resolve = folderSource(folder)
    await writeSource(folder, 'changed.tif', files.get('ycbcr')!)
    const reader = await openSource((await resolve('changed.tif', {}))!)
    const wanted = box(128, 128, 128, 128)
    await reader.stored?.(0, wanted)
    expect(reader.storedSync?.(0, wanted)).toBeDefined()
    const level = readLevels(files.get('ycbcr')!)[0]!
    const bytes = Buffer.from(files.get('ycbcr')!)
    bytes.fill(0, bytes.indexOf(level.tiles[7]!), bytes.indexOf(level.tiles[7]!) + 50)
    await writeFile(join(folder, 'changed.tif'), bytes)
    expect(reader.storedSync?.(0, wanted)).toBeUndefined()
    await expect(reader.stored?.(0, wanted)).rejects.toMatchObject({ code: 'source-changed' })
    const damaged = await openSource((await resolve('changed.tif', {}))!)
    await damaged.stored?.(0, box(0, 0, 128, 128))
    expect(damaged.storedSync?.(0, wanted)).toBeUndefined()
  })
})

describe.each(['ycbcr', 'rgb', 'grey'])('joined tiles of %s', name => {
  it.each([
    ['a corner, cut to its size', box(640, 384, 60, 116)],
    ['the right edge', box(640, 128, 60, 128)],
    ['four tiles', box(128, 128, 256, 256)],
    ['parts of tiles', box(112, 208, 333, 155)],
    ['everything', box(0, 0, 700, 500)],
  ])('%s', async (_, wanted) => {
    for (const [, source] of await bothSources(folder, `${name}.tif`, files.get(name)!)) {
      const reader = await openSource(source)
      const bytes = await readStored(reader, 0, wanted)
      const found = await decode(bytes)
      const expected = await readWithVips(files.get(name)!, wanted)
      const { inside, borders, mean } = compareJoined(found, expected, wanted, 128)
      expect(inside).toBe(0)
      expect(borders).toBeLessThanOrEqual(name === 'ycbcr' ? 24 : 0)
      expect(mean).toBeLessThan(0.1)
      expect(await sharp(bytes).metadata()).toMatchObject({
        format: 'jpeg',
        width: wanted.width,
        height: wanted.height,
        channels: name === 'grey' ? 1 : 3,
        isProgressive: false,
      })
    }
  })
})

describe('pixels', () => {
  const boxes = [box(3, 5, 50, 60), box(100, 100, 301, 203), box(690, 490, 10, 10), box(0, 0, width, height)]
  it.each(codings.map(([name]) => name))('of %s are those of libvips', async name => {
    for (const [, source] of await bothSources(folder, `${name}.tif`, files.get(name)!)) {
      for (const wanted of boxes) {
        const found = await renderBox(source, wanted)
        const expected = await readWithVips(files.get(name)!, wanted)
        const { inside, borders } = compareJoined(found, expected, wanted, 128)
        expect(inside).toBe(0)
        expect(borders).toBeLessThanOrEqual(name === 'ycbcr' ? 24 : 0)
      }
    }
  })

  it.each(['ycbcr', 'webp', 'deflate'])('of smaller levels of %s too', async name => {
    const reader = await openBytes(files.get(name)!)
    const { levels } = reader.description
    expect(levels.length).toBeGreaterThan(2)
    for (const [index, level] of levels.entries()) {
      const whole = box(0, 0, level.width, level.height)
      const size = { width: level.width, height: level.height }
      const { bytes } = await answerWith(reader, { size, format: 'png' })
      const expected = await readWithVips(files.get(name)!, whole, index)
      const { inside, borders } = compareJoined(await decode(bytes), expected, whole, 128)
      expect(inside).toBe(0)
      expect(borders).toBeLessThanOrEqual(name === 'ycbcr' ? 24 : 0)
    }
  })

  it('refuses a level that there is not', async () => {
    const reader = await openBytes(files.get('ycbcr')!)
    await expect(reader.pixels(9, box(0, 0, 1, 1))).rejects.toThrow()
    expect(await reader.stored?.(9, box(0, 0, 128, 128))).toBeUndefined()
  })
})

describe('reading', () => {
  it.each(['ycbcr', 'webp', 'deflate', 'none'])(
    'one tile of %s reads little more than its bytes',
    async name => {
      const file = files.get(name)!
      const directories = await openTiff(bytesSource(file))
      for (const index of [0, 8, 14]) {
        const source = countReads(bytesSource(file))
        const reader = await openSource(source)
        const opening = source.reads.reduce((sum, { length }) => sum + length, 0)
        const [column, row] = [index % 6, Math.floor(index / 6)]
        const wanted = box(column * 128, row * 128, 128, 128)
        const stored = (await readTileBytes(directories, directories.directories[0]!, index))!.length
        const before = source.reads.length
        const format = name === 'webp' ? 'webp' : 'jpg'
        const asked = { region: wanted, size: { width: 128, height: 128 }, format } as const
        await answerWith(reader, asked)
        const first = source.reads.slice(before).reduce((sum, { length }) => sum + length, 0)
        // The lists of tiles belong to the directory; a block of them may be read with the first tile.
        expect(first).toBeLessThanOrEqual(1.2 * stored + 32 * 1024)
        const again = source.reads.length
        await answerWith(reader, asked)
        const second = source.reads.slice(again).reduce((sum, { length }) => sum + length, 0)
        expect(second).toBeLessThanOrEqual(1.2 * stored)
        expect(second).toBeGreaterThanOrEqual(stored)
        expect(opening).toBeLessThan(128 * 1024)
      }
    },
  )

  it('a level is read in far fewer reads than it has tiles', async () => {
    const source = countReads(bytesSource(files.get('ycbcr')!))
    const reader = await openSource(source)
    const before = source.reads.length
    await readStored(reader, 0, box(0, 0, width, height))
    expect(source.reads.length - before).toBeLessThanOrEqual(6)
  })

  it('is given up when it is aborted', async () => {
    const reader = await openBytes(files.get('ycbcr')!)
    for (const wanted of [box(0, 0, 128, 128), box(0, 0, width, height)]) {
      const aborted = AbortSignal.abort()
      const source = {
        ...bytesSource(files.get('ycbcr')!),
        async read(offset: number, length: number, signal?: AbortSignal) {
          signal?.throwIfAborted()
          return files.get('ycbcr')!.subarray(offset, offset + length)
        },
      }
      const strict = await openSource(source)
      await expect(strict.stored?.(0, wanted, aborted)).rejects.toMatchObject({ code: 'aborted' })
      await expect(reader.stored?.(0, wanted)).resolves.toBeDefined()
    }
  })
})

describe('closing', () => {
  it.each(codings.map(([name]) => name))('leaves no file open: %s', async name => {
    await writeSource(folder, `open-${name}.tif`, files.get(name)!)
    const resolve = folderSource(folder)
    const before = listOpen(folder)
    const source = countReads((await resolve(`open-${name}.tif`, {}))!)
    const reader = await openReader(source)
    const format = name === 'webp' ? 'webp' : 'jpg'
    await answerWith(reader, { region: box(0, 0, 128, 128), size: { width: 128, height: 128 }, format })
    await answerWith(reader, {
      region: box(5, 5, 300, 300),
      size: { width: 300, height: 300 },
      format: 'png',
    })
    await reader.close()
    expect(source.closed).toBeGreaterThan(0)
    expect(listOpen(folder)).toEqual(before)
  })

  it('gives the source back when it cannot be opened', async () => {
    const source = countReads(bytesSource(Buffer.from('II*\0\x08\0\0\0\x01\0', 'latin1')))
    await expect(openReader(source)).rejects.toMatchObject({ code: 'source-damaged' })
    expect(source.closed).toBeGreaterThan(0)
  })
})
