import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp, { type TiffOptions } from 'sharp'
import { describe, expect, it } from 'vitest'
import type { Box } from '../../src/protocol/geometry.js'
import { makeProfile, type ProfileOptions } from './icc.js'
import { drawPicture } from './jpeg/tiff-tiles.js'
import { bytesSource, decode } from './picture.js'
import { answerWith, bothSources, compare, readWithVips, renderBox, tiled } from './stored-files.js'
import { createPicture } from './tiff/material.js'
import { box, files, folder, height, openBytes, openSource, useCorpus, width } from './tiff-corpus.js'

useCorpus()

describe('a profile', () => {
  const edge = box(640, 384, 60, 116)
  const tile = box(128, 128, 128, 128)
  const withProfile = async (coding: TiffOptions, options: ProfileOptions, space?: 'b-w') => {
    const path = join(folder, 'profile.icc')
    await writeFile(path, makeProfile(options))
    const picture = drawPicture(width, height, options.channels === 1 ? 1 : 3)
    if (space) picture.toColourspace(space)
    // The samples stay as they are; only the profile is attached.
    const raw = await picture.tiff({ ...coding, ...tiled }).toBuffer()
    return attachProfile(raw, makeProfile(options))
  }

  it.each<[string, TiffOptions, 'jpg' | 'webp']>([
    ['JPEG', { compression: 'jpeg', quality: 85 }, 'jpg'],
    ['WebP', { compression: 'webp', quality: 80 }, 'webp'],
  ])('that is small and not sRGB travels with tiles of %s', async (_, coding, format) => {
    const bytes = await withProfile(coding, { name: 'Wide' })
    for (const [, source] of await bothSources(folder, `small-${format}.tif`, bytes)) {
      const reader = await openSource(source)
      for (const wanted of format === 'jpg' ? [tile, edge, box(128, 128, 256, 256)] : [tile]) {
        const { way, bytes: answer } = await answerWith(reader, {
          region: wanted,
          size: { width: wanted.width, height: wanted.height },
          format,
        })
        expect(way).not.toBe('render')
        expect((await sharp(answer).metadata()).icc).toEqual(makeProfile({ name: 'Wide' }))
        // What a browser shows of it is what the rendered crop shows.
        const shown = await sharp(answer).toColourspace('srgb').raw().toBuffer()
        const rendered = await renderBox(source, wanted)
        const { mean, worst } = compare({ ...rendered, data: shown }, rendered)
        expect(mean).toBeLessThan(1)
        expect(worst).toBeLessThanOrEqual(16)
        // And the profile does something.
        const plain = await readWithVips(files.get(format === 'jpg' ? 'ycbcr' : 'webp')!, wanted)
        expect(compare(rendered, plain).mean).toBeGreaterThan(5)
      }
    }
  })

  it('that is small and grey travels with grey tiles', async () => {
    const coding = { compression: 'jpeg', quality: 85 } as const
    const bytes = await withProfile(coding, { name: 'Grey', channels: 1, gamma: 1 }, 'b-w')
    const source = bytesSource(bytes)
    const reader = await openSource(source)
    const size = { width: 128, height: 128 }
    const { way, bytes: answer } = await answerWith(reader, { region: tile, size, format: 'jpg' })
    expect(way).toBe('tile')
    const shown = await sharp(answer).toColourspace('b-w').raw().toBuffer()
    const rendered = await renderBox(source, tile)
    expect(compare({ ...rendered, data: shown }, rendered).mean).toBeLessThan(1)
    expect(compare(rendered, await readWithVips(files.get('grey')!, tile)).mean).toBeGreaterThan(5)
  })

  it.each<[string, TiffOptions, 'jpg' | 'webp']>([
    ['JPEG', { compression: 'jpeg', quality: 85 }, 'jpg'],
    ['WebP', { compression: 'webp', quality: 80 }, 'webp'],
  ])('that is large means rendering: %s', async (_, coding, format) => {
    const bytes = await withProfile(coding, { name: 'Large', ballast: 5000 })
    for (const [, source] of await bothSources(folder, `large-${format}.tif`, bytes)) {
      const reader = await openSource(source)
      expect(reader.description.levels.every(level => level.coding === undefined)).toBe(true)
      const size = { width: 128, height: 128 }
      const { way, bytes: answer } = await answerWith(reader, { region: tile, size, format })
      expect(way).toBe('render')
      const { mean } = compare(await decode(answer), await renderBox(source, tile))
      expect(mean).toBeLessThan(4)
      const plain = await readWithVips(files.get(format === 'jpg' ? 'ycbcr' : 'webp')!, tile)
      expect(compare(await renderBox(source, tile), plain).mean).toBeGreaterThan(5)
    }
  })

  it('that is sRGB is left out', async () => {
    const srgb = { name: 'sRGB IEC61966-2.1', gamma: 'srgb', gamut: 'srgb', ballast: 5000 } as const
    const bytes = await withProfile({ compression: 'jpeg', quality: 85 }, srgb)
    const reader = await openBytes(bytes)
    const size = { width: 128, height: 128 }
    const { way, bytes: answer } = await answerWith(reader, { region: tile, size, format: 'jpg' })
    expect(way).toBe('tile')
    expect((await sharp(answer).metadata()).icc).toBeUndefined()
  })

  it.each([
    'Linear, with the primaries of sRGB IEC61966-2.1',
    'sRGB IEC61966-2.1 (Linear RGB Profile)',
    'sRGB (linear)',
    'sRGB-elle-V2-g10.icc',
  ])('that only says that it is related to sRGB is not taken for it: %s', async name => {
    const linear = { name, gamma: 1, gamut: 'srgb' } as const
    const plain = await readWithVips(files.get('deflate')!, tile)
    const lossless = await withProfile({ compression: 'deflate' }, linear)
    expect(compare(await renderBox(bytesSource(lossless), tile), plain).mean).toBeGreaterThan(5)
    const reader = await openBytes(await withProfile({ compression: 'jpeg', quality: 85 }, linear))
    const stored = await reader.stored?.(0, tile)
    expect((await sharp(stored as Uint8Array).metadata()).icc).toBeDefined()
  })

  it.each(['deflate', 'none', 'lzw'] as const)(
    'is applied where tiles are decoded here: %s',
    async compression => {
      const bytes = await withProfile({ compression }, { name: 'Wide' })
      for (const [, source] of await bothSources(folder, `${compression}-icc.tif`, bytes)) {
        const found = await renderBox(source, box(100, 100, 200, 200))
        const expected = await readWithVips(bytes, box(100, 100, 200, 200))
        expect(compare(found, expected)).toEqual({ mean: 0, worst: 0 })
      }
    },
  )

  it('of sRGB does not change samples of 16 bits', async () => {
    const raw = await createPicture(300, 200, 3)
      .toColourspace('rgb16')
      .tiff({ compression: 'deflate', tile: true, tileWidth: 128, tileHeight: 128 })
      .toBuffer()
    const bytes = attachProfile(raw, makeProfile({ name: 'sRGB IEC61966-2.1', gamma: 'srgb', gamut: 'srgb' }))
    const wanted = box(20, 20, 200, 150)
    const found = await renderBox(bytesSource(bytes), wanted)
    // The picture was made of 8 bits, in sRGB.
    const expected = await decode(await createPicture(300, 200, 3).extract(toRegion(wanted)).png().toBuffer())
    expect(compare(found, expected).mean).toBeLessThan(1)
    expect(compare(found, expected).worst).toBeLessThanOrEqual(16)
  })

  it.each(['jpeg', 'deflate', 'webp'] as const)(
    'of the first page holds for smaller levels that have none: %s',
    async compression => {
      const raw = await drawPicture(width, height, 3)
        .tiff({ compression, quality: 90, ...tiled })
        .toBuffer()
      const bytes = attachProfile(raw, makeProfile({ name: 'Wide' }), [0])
      for (const [, source] of await bothSources(folder, `first-${compression}.tif`, bytes)) {
        const reader = await openSource(source)
        const { width: w, height: h } = reader.description.levels[1]!
        // Sizes that are a pixel apart come from different levels: they must not differ in colour.
        const small = await answerWith(reader, { size: { width: w, height: h }, format: 'png' })
        const large = await answerWith(reader, { size: { width: w + 2, height: h + 2 }, format: 'png' })
        const average = async (png: Uint8Array) =>
          (await sharp(png).stats()).channels.map(channel => Math.round(channel.mean))
        const [one, two] = [await average(small.bytes), await average(large.bytes)]
        for (const [channel, mean] of one.entries())
          expect(Math.abs(mean - two[channel]!)).toBeLessThanOrEqual(2)
      }
    },
  )
})

describe('CMYK', () => {
  it.each(['jpeg', 'deflate'] as const)('is never passed through: %s', async compression => {
    const bytes = await drawPicture(300, 200, 3)
      .toColourspace('cmyk')
      .tiff({ compression, quality: 90, tile: true, tileWidth: 128, tileHeight: 128 })
      .toBuffer()
    for (const [, source] of await bothSources(folder, `cmyk-${compression}.tif`, bytes)) {
      const reader = await openSource(source)
      expect(reader.description.colour).toBe('cmyk')
      const size = { width: 128, height: 128 }
      const { way, bytes: answer } = await answerWith(reader, {
        region: box(0, 0, 128, 128),
        size,
        format: 'jpg',
      })
      expect(way).toBe('render')
      expect(await sharp(answer).metadata()).toMatchObject({ space: 'srgb', channels: 3 })
      const rendered = await renderBox(source, box(0, 0, 128, 128))
      expect(compare(rendered, await readWithVips(bytes, box(0, 0, 128, 128)))).toEqual({ mean: 0, worst: 0 })
    }
  })
})

function toRegion({ x, y, width: w, height: h }: Box) {
  return { left: x, top: y, width: w, height: h }
}

/** Adds an ICC profile to the pages of a little-endian TIFF: the directories are written anew at its end. */
function attachProfile(file: Buffer, profile: Buffer, pages?: readonly number[]): Buffer {
  const parts: Buffer[] = [Buffer.from(file)]
  let end = file.length
  const append = (part: Buffer): number => {
    const padded = part.length % 2 === 0 ? part : Buffer.concat([part, Buffer.alloc(1)])
    const at = end
    parts.push(padded)
    end += padded.length
    return at
  }
  if (end % 2 === 1) append(Buffer.alloc(1))
  const profileAt = append(profile)
  const places: { at: number; link: number }[] = []
  let page = 0
  for (let at = file.readUInt32LE(4); at !== 0; page += 1) {
    const count = file.readUInt16LE(at)
    const next = file.readUInt32LE(at + 2 + 12 * count)
    const entries = Array.from({ length: count }, (_, i) => file.subarray(at + 2 + 12 * i, at + 14 + 12 * i))
    const kept = entries.filter(entry => entry.readUInt16LE(0) !== 34675)
    if (pages === undefined || pages.includes(page)) {
      const entry = Buffer.alloc(12)
      entry.writeUInt16LE(34675, 0)
      entry.writeUInt16LE(7, 2)
      entry.writeUInt32LE(profile.length, 4)
      entry.writeUInt32LE(profileAt, 8)
      kept.push(entry)
    }
    kept.sort((a, b) => a.readUInt16LE(0) - b.readUInt16LE(0))
    const head = Buffer.alloc(2)
    head.writeUInt16LE(kept.length)
    const place = append(Buffer.concat([head, ...kept, Buffer.alloc(4)]))
    places.push({ at: place, link: place + 2 + 12 * kept.length })
    at = next
  }
  const result = Buffer.concat(parts)
  result.writeUInt32LE(places[0]!.at, 4)
  for (const [i, { link }] of places.entries()) result.writeUInt32LE(places[i + 1]?.at ?? 0, link)
  return result
}
