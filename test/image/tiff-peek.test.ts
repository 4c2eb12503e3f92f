import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isIIIFError } from '../../src/errors.js'
import { peekTiff } from '../../src/image/tiff-peek.js'
import { fromPixels, gridPixels } from './picture.js'
import { buildTiff } from './tiff-file.js'

const readFrom = (bytes: Uint8Array) => async (offset: number, length: number) =>
  bytes.subarray(offset, offset + length)
const page = { width: 4, height: 3, data: new Uint8Array(36) }

describe('the directories of a TIFF', () => {
  it('are read with their tiles and profile', async () => {
    const bytes = await fromPixels(gridPixels(100, 80))
      .withIccProfile('srgb')
      .tiff({ tile: true, tileWidth: 32, tileHeight: 16, bigtiff: true })
      .toBuffer()
    expect(await peekTiff(readFrom(bytes))).toEqual([
      { width: 100, height: 80, samples: 3, hasProfile: true, tile: { width: 32, height: 16 }, children: [] },
    ])
  })

  it.each<[string, Uint8Array]>([
    ['that is a loop', buildTiff([page], { lastLink: 16 })],
    ['that leads out of the file', buildTiff([page], { lastLink: 1_000_000 })],
    ['of which there is none', Buffer.from('II*\0\0\0\0\0', 'latin1')],
    ['that is cut', buildTiff([page]).subarray(0, 60)],
    ['without dimensions', buildTiff([{ ...page, width: 0 }])],
    ['beyond every offset', Buffer.concat([Buffer.from('II+\0\x08\0\0\0', 'latin1'), Buffer.alloc(8, 255)])],
  ])('are damaged when there is a chain %s', async (_, bytes) => {
    await expect(peekTiff(readFrom(bytes))).rejects.toMatchObject({ code: 'source-damaged' })
  })

  it('never make more than an error of it, whatever the bytes are', async () => {
    const good = buildTiff([{ ...page, children: [page, { ...page }] }, { ...page }])
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        async changes => {
          const bytes = Buffer.from(good)
          for (const [at, value] of changes) if (at > 3) bytes[at] = value
          const result = await peekTiff(readFrom(bytes)).catch(error => error)
          expect(Array.isArray(result) || isIIIFError(result)).toBe(true)
        },
      ),
      { numRuns: 500 },
    )
  })
})
