import { describe, expect, it } from 'vitest'
import { spanNeighbours } from '../../../src/image/tiff/around.js'
import { openTiff } from '../../../src/image/tiff/open.js'
import { readTileBytes, readTileRange } from '../../../src/image/tiff/tile.js'
import { locateTile } from '../../../src/image/tiff/tile-index.js'
import { createSource } from './material.js'
import { imageFields, long, writeTiff } from './writer.js'

const side = 96 * 1024
const first = 100_000

/** Opens an image of two rows of tiles that are listed as they are given. */
async function open(tiles: readonly { readonly at: number; readonly length: number }[]) {
  const width = (tiles.length / 2) * 256
  const lists = [long(324, ...tiles.map(({ at }) => at)), long(325, ...tiles.map(({ length }) => length))]
  const file = new Uint8Array(2_000_000)
  file.set(writeTiff([{ fields: [...imageFields(width, 512, { tile: 256 }), ...lists] }]))
  const source = createSource(file)
  const around: unknown[] = []
  const opened = await openTiff({
    ...source,
    read(offset, length, signal, span) {
      if (span) around.push(span(side))
      return source.read(offset, length, signal)
    },
  })
  return { file: opened, directory: opened.directories[0]!, around }
}

const inOrder = (length: number, count = 20) =>
  Array.from({ length: count }, (_, index) => ({ at: first + index * length, length }))

async function spanOf(tiles: readonly { readonly at: number; readonly length: number }[], index: number) {
  const { file, directory } = await open(tiles)
  const range = await locateTile(file, directory, index)
  return spanNeighbours(file, directory, [index], range!, side)
}

describe('the neighbours of a tile', () => {
  it.each([
    [0, 0, 7],
    [1, 0, 8],
    [4, 0, 10],
    [9, 3, 10],
    [10, 10, 17],
  ])('are those of its row, six on either side: of tile %i, from %i to %i', async (index, from, to) => {
    const span = await spanOf(inOrder(1000), index)
    expect(span).toEqual({ start: first + from * 1000, end: first + to * 1000 })
  })

  it.each([0, 5, 6, 11])('are all of a level that a screen shows as a whole: of tile %i', async index => {
    const span = await spanOf(inOrder(1000, 12), index)
    expect(span).toEqual({ start: first, end: first + 12_000 })
  })

  it('are as many on either side as have so many bytes together', async () => {
    const length = Math.floor(side / 2)
    expect(await spanOf(inOrder(length), 3)).toEqual({
      start: first + length,
      end: first + 6 * length,
    })
    expect(await spanOf(inOrder(side + 1), 3)).toEqual({
      start: first + 3 * (side + 1),
      end: first + 4 * (side + 1),
    })
  })

  it('are found where a row was written from right to left', async () => {
    const tiles = inOrder(1000).map(({ length }, index) => ({ at: first + (19 - index) * 1000, length }))
    expect(await spanOf(tiles, 2)).toEqual({ start: first + 11_000, end: first + 20_000 })
  })

  it('end where something else lies between, where a tile is not stored, and where one is damaged', async () => {
    const tiles = inOrder(1000).map(({ at, length }, index) => ({
      at: index === 4 ? at + 500_000 : index === 7 ? 0 : index === 9 ? 1_999_999 : at,
      length,
    }))
    expect(await spanOf(tiles, 2)).toEqual({ start: first, end: first + 4000 })
    expect(await spanOf(tiles, 8)).toEqual({ start: first + 8000, end: first + 9000 })
  })

  it('are told to the source with each read', async () => {
    const { file, directory, around } = await open(inOrder(1000))
    await readTileBytes(file, directory, 1)
    await readTileRange(file, directory, [8, 9])
    expect(around).toEqual([
      { start: first, end: first + 8000 },
      { start: first + 2000, end: first + 10_000 },
    ])
  })
})
