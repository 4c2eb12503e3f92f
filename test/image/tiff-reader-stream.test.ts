import { beforeAll, describe, expect, it } from 'vitest'
import { createInlineJoiner } from '../../src/image/joiner.js'
import { createJpegJoiner } from '../../src/image/jpeg/join.js'
import { openReader } from '../../src/image/reader.js'
import { readLevels } from './jpeg/tiff-tiles.js'
import { bytesSource, decode, fromPixels, wavePixels } from './picture.js'
import { collect, compareJoined, readWithVips, tiled } from './stored-files.js'
import { box, openBytes, useCorpus } from './tiff-corpus.js'

useCorpus()

describe('a stream of rows', () => {
  // 4096 × 2304 pixels are beyond what is made in one piece.
  let large: Buffer
  beforeAll(async () => {
    const picture = fromPixels(wavePixels(4096, 2304))
    large = await picture
      .tiff({ compression: 'jpeg', quality: 80, ...tiled, tileWidth: 256, tileHeight: 256 })
      .toBuffer()
  }, 60_000)

  it('is the picture, in pieces', async () => {
    const reader = await openBytes(large)
    const stored = await reader.stored?.(0, box(0, 0, 4096, 2304))
    expect(stored).not.toBeInstanceOf(Uint8Array)
    let pieces = 0
    const chunks: Uint8Array[] = []
    for await (const chunk of stored as AsyncIterable<Uint8Array>) {
      pieces += 1
      chunks.push(Uint8Array.from(chunk))
    }
    expect(pieces).toBe(9)
    const found = await decode(Buffer.concat(chunks))
    const whole = box(0, 0, 4096, 2304)
    const { inside, borders, mean } = compareJoined(found, await readWithVips(large, whole), whole, 256)
    expect(inside).toBe(0)
    expect(borders).toBeLessThanOrEqual(32)
    expect(mean).toBeLessThan(0.1)
  })

  it('ends its join, however it ends', async () => {
    for (const ending of ['read', 'stopped', 'never begun'] as const) {
      let ended = 0
      const joiner = {
        ...createInlineJoiner(),
        begin(plan: Parameters<ReturnType<typeof createJpegJoiner>['begin']>[0]) {
          const join = createJpegJoiner().begin(plan)
          return {
            addRow: async (tiles: readonly Uint8Array[]) => join.addRow(tiles),
            end() {
              ended += 1
            },
          }
        },
      }
      const reader = await openReader(bytesSource(large), {}, undefined, joiner)
      const stored = (await reader.stored?.(0, box(0, 0, 4096, 2304))) as AsyncIterable<Uint8Array>
      if (ending === 'read') await collect(stored)
      else {
        const chunks = stored[Symbol.asyncIterator]()
        if (ending === 'stopped') await chunks.next()
        await chunks.return?.()
      }
      expect({ ending, ended }).toEqual({ ending, ended: 1 })
      await reader.close()
    }
  })

  it('breaks off where a later row is damaged', async () => {
    const bytes = Buffer.from(large)
    const [level] = readLevels(bytes)
    level!.tiles[80]!.fill(0)
    const reader = await openBytes(bytes)
    const stored = await reader.stored?.(0, box(0, 0, 4096, 2304))
    await expect(collect(stored!)).rejects.toThrow()
  })

  it('is rendered instead where the first row is damaged', async () => {
    const bytes = Buffer.from(large)
    const [level] = readLevels(bytes)
    level!.tiles[3]!.fill(0)
    const reader = await openBytes(bytes)
    expect(await reader.stored?.(0, box(0, 0, 4096, 2304))).toBeUndefined()
  })
})
